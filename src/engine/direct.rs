//! A run of a mass run by the direct code: in double precision, and for methods that cannot be recorded as well.

#[cfg(not(target_arch = "wasm32"))]
use super::{Cell, Minima};
use super::{Goal, Job, Landing, Lanes, Layout, Loss};
use crate::experiment::Runner;
use std::ops::Range;

impl Job {
    fn runner(&self, cell: usize) -> Runner {
        let launch = self.launch(cell);
        let method = self.method_of(&launch);
        Runner::numbered(&self.problem, &method, launch.start, self.noise, self.seed, launch.run)
    }

    /// False for NaN as well.
    fn is_within(&self, [x, y]: [f64; 2]) -> bool {
        let ([cx, cy], [reach, _]) = (self.problem.centre(), self.bounds());
        (x - cx).abs() < reach && (y - cy).abs() < reach
    }

    /// Where the run of a cell ends, with the same bookkeeping as a kernel's: equal to the tape of its method in `f64`.
    pub fn fly(&self, cell: usize) -> Landing {
        let [_, calm] = self.bounds();
        let mut runner = self.runner(cell);
        let (mut moved, mut back) = (0, 0);
        let (mut since, mut anchor) = (0, runner.point());
        for step in 1..=self.steps {
            let before = runner.point();
            runner.step();
            let after = runner.point();
            if !self.is_within(after) {
                return Landing { at: before, left: step, moved, back };
            }
            let distance = |from: [f64; 2]| (after[0] - from[0]).abs() + (after[1] - from[1]).abs();
            if distance(before) > calm {
                moved = step;
            }
            if since > 0 && distance(anchor) <= calm {
                back = step;
            }
            if 2 * since < step {
                (since, anchor) = (step, after);
            }
        }
        Landing { at: runner.point(), left: 0, moved, back }
    }

    /// How low the run of a cell comes.
    pub fn loss(&self, cell: usize) -> Loss {
        let [_, target] = self.bounds();
        let mut runner = self.runner(cell);
        let mut local = self.problem.local();
        let mut reached = None;
        for step in 0..=self.steps {
            let value = local.value(runner.point());
            if reached.is_none() && value <= target {
                reached = Some(step);
            }
            if step == self.steps {
                return Loss { value: Some(value).filter(|value| value.is_finite()), reached };
            }
            runner.step();
            if !self.is_within(runner.point()) {
                break;
            }
        }
        Loss { value: None, reached }
    }

    /// The runs of some cells by the direct code, as a kernel in double precision would leave them: see
    /// [`Layout::outputs`].
    pub fn fly_all(&self, cells: Range<usize>) -> Vec<u8> {
        let layout = Layout::new(self, Lanes::F64x2, cells.len());
        let numbers = |cell| match self.goal {
            Goal::Landing => self.fly(cell).outputs().to_vec(),
            Goal::Loss { .. } => self.loss(cell).outputs().to_vec(),
        };
        layout.written(&cells.map(numbers).collect::<Vec<_>>())
    }

    /// How every cell's run ends, computed by as many threads.
    #[cfg(not(target_arch = "wasm32"))]
    fn landings(&self, threads: usize) -> Vec<Landing> {
        let mut landings = vec![None; self.cells()];
        let share = self.cells().div_ceil(threads.max(1)).max(1);
        std::thread::scope(|scope| {
            for (part, landings) in landings.chunks_mut(share).enumerate() {
                scope.spawn(move || {
                    for (place, landing) in landings.iter_mut().enumerate() {
                        *landing = Some(self.fly(part * share + place));
                    }
                });
            }
        });
        landings.into_iter().flatten().collect()
    }

    /// What became of every cell, row by row from the top, computed by as many threads, and the minima it is told by.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn run(&self, threads: usize) -> (Vec<Cell>, Minima) {
        self.told(&self.landings(threads))
    }

    /// What became of every cell by how it ended, and the minima it is told by.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn told(&self, landings: &[Landing]) -> (Vec<Cell>, Minima) {
        let mut minima = Minima::known(&self.problem);
        minima.learn(self, landings);
        (landings.iter().map(|landing| minima.judge(self, *landing)).collect(), minima)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{DOUBLE_DRAWS, Flight, Verdict};
    use crate::experiment::{Experiment, Method};
    use crate::problems::PlaneProblem;

    fn job(problem: &str, method: &str, lr: f64) -> Job {
        let problem = PlaneProblem::landscape(problem, &[]).expect("a listed landscape");
        let method = Method::new(method, &[("lr", lr)]).expect("the method has lr");
        let experiment = Experiment { methods: vec![method], steps: 80, ..Experiment::default() };
        let job = Job::of(&experiment, &problem, 0, problem.domain).expect("the experiment has a method");
        Job { columns: 5, rows: 4, ..job }
    }

    #[test]
    fn the_direct_code_lands_where_the_tape_lands() {
        for (problem, method, lr) in [
            ("himmelblau", "adam", 0.1),
            ("himmelblau", "heavy_ball", 0.02),
            ("ackley", "lion", 0.05),
            ("beale", "sgd", 0.1),
        ] {
            let job = job(problem, method, lr);
            let flight = Flight::record(&job).expect("a recordable optimizer");
            let lossy = Job { goal: Goal::Loss { target: 1.0 }, ..job.clone() };
            let low = Flight::record(&lossy).expect("a recordable optimizer");
            for cell in 0..job.cells() {
                let place = format!("{method} on {problem} from {:?}", job.launch(cell).start);
                let outputs = flight.interpret(&job, cell, DOUBLE_DRAWS);
                let taped = Landing::from_outputs(outputs.try_into().expect("five outputs"));
                assert_eq!(job.fly(cell), taped, "{place}");
                let outputs = low.interpret(&lossy, cell, DOUBLE_DRAWS);
                let taped = Loss::from_outputs(outputs.try_into().expect("three outputs"), job.steps);
                assert_eq!(lossy.loss(cell), taped, "{place}");
            }
        }
    }

    #[test]
    fn what_the_direct_code_writes_is_read_like_a_kernels_outputs() {
        let job = Job { columns: 3, rows: 3, ..job("himmelblau", "adam", 0.1) };
        let read = Layout::new(&job, Lanes::F64x2, 7).landings(&job.fly_all(2..9));
        let flown: Vec<Landing> = (2..9).map(|cell| job.fly(cell)).collect();
        assert_eq!(read, flown);
        let low = Job { goal: Goal::Loss { target: 0.5 }, ..job };
        let read = Layout::new(&low, Lanes::F64x2, 9).losses(&low.fly_all(0..9), low.steps);
        let flown: Vec<Loss> = (0..9).map(|cell| low.loss(cell)).collect();
        assert_eq!(read, flown);
    }

    #[test]
    fn threads_change_nothing() {
        let job = Job { rows: 7, ..job("himmelblau", "adam", 0.1) };
        let alone = job.run(1);
        assert_eq!(alone.0.len(), 35);
        for threads in [0, 2, 3, 50] {
            assert_eq!(job.run(threads), alone);
        }
    }

    #[test]
    fn methods_that_search_have_maps_too() {
        let mut job = job("himmelblau", "sgd", 0.01);
        job.method = Method::new("bfgs", &[]).expect("a registered optimizer");
        let arrived = job.run(2).0.iter().filter(|cell| matches!(cell.verdict, Verdict::Minimum(_))).count();
        assert!(arrived > 15, "{arrived} of 20");
    }
}
