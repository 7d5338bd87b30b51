//! A run of a mass run by the direct code: in double precision, and for methods that cannot be recorded as well.

#[cfg(not(target_arch = "wasm32"))]
use super::Cell;
use super::landing::bounds;
use super::{Job, Landing, Lanes, Layout};
use crate::experiment::Runner;
use crate::problems::Noise;

impl Job {
    /// The run of one start, with the same bookkeeping as a kernel's: equal to the tape of its method in `f64`.
    pub fn fly(&self, start: [f64; 2]) -> Landing {
        let (centre, [reach, calm]) = (self.problem.centre(), bounds(&self.problem));
        let mut runner = Runner::new(&self.problem, &self.method, start, Noise::None, 0);
        let mut moved = 0;
        for step in 1..=self.steps {
            let before = runner.point();
            runner.step();
            let after = runner.point();
            // False for NaN as well.
            let within = (0..2).all(|i| (after[i] - centre[i]).abs() < reach);
            if !within {
                return Landing { at: before, left: step, moved };
            }
            if (after[0] - before[0]).abs() + (after[1] - before[1]).abs() > calm {
                moved = step;
            }
        }
        Landing { at: runner.point(), left: 0, moved }
    }

    /// The runs of all cells by the direct code, as a kernel in double precision would leave them: see
    /// [`Layout::outputs`].
    pub fn fly_all(&self) -> Vec<u8> {
        let cells = self.columns * self.rows;
        let layout = Layout::new(&self.method, Lanes::F64x2, cells);
        let landings: Vec<Landing> =
            (0..cells).map(|cell| self.fly(self.start(cell % self.columns, cell / self.columns))).collect();
        layout.written(&landings)
    }

    /// What became of every cell, row by row from the top, computed by as many threads.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn run(&self, threads: usize) -> Vec<Cell> {
        let mut cells = vec![None; self.columns * self.rows];
        let rows = self.rows.div_ceil(threads.max(1)).max(1);
        std::thread::scope(|scope| {
            for (part, cells) in cells.chunks_mut(rows * self.columns.max(1)).enumerate() {
                scope.spawn(move || {
                    for (place, cell) in cells.iter_mut().enumerate() {
                        let (column, row) = (place % self.columns, part * rows + place / self.columns);
                        *cell = Some(self.judge(self.fly(self.start(column, row))));
                    }
                });
            }
        });
        cells.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Flight, Verdict};
    use crate::experiment::Method;
    use crate::problems::PlaneProblem;

    fn job(problem: &str, method: &str, lr: f64) -> Job {
        let problem = PlaneProblem::landscape(problem, &[]).expect("a listed landscape");
        let method = Method::new(method, &[("lr", lr)]).expect("the method has lr");
        let window = problem.domain;
        Job { problem, method, steps: 80, window, columns: 5, rows: 4 }
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
            let flight = Flight::record(&job.problem, &job.method).expect("a recordable optimizer");
            for cell in 0..job.columns * job.rows {
                let start = job.start(cell % job.columns, cell / job.columns);
                let outputs: Vec<f64> = flight.interpret(&job, start);
                let taped = Landing::from_outputs(outputs.try_into().expect("four outputs"));
                assert_eq!(job.fly(start), taped, "{method} on {problem} from {start:?}");
            }
        }
    }

    #[test]
    fn what_the_direct_code_writes_is_read_like_a_kernels_outputs() {
        let job = Job { columns: 3, rows: 3, ..job("himmelblau", "adam", 0.1) };
        let layout = Layout::new(&job.method, Lanes::F64x2, 9);
        let read = layout.landings(&job.fly_all());
        let flown: Vec<Landing> = (0..9).map(|cell| job.fly(job.start(cell % 3, cell / 3))).collect();
        assert_eq!(read, flown);
    }

    #[test]
    fn threads_change_nothing() {
        let job = Job { rows: 7, ..job("himmelblau", "adam", 0.1) };
        let alone = job.run(1);
        assert_eq!(alone.len(), 35);
        for threads in [0, 2, 3, 50] {
            assert_eq!(job.run(threads), alone);
        }
    }

    #[test]
    fn methods_that_search_have_maps_too() {
        let mut job = job("himmelblau", "sgd", 0.01);
        job.method = Method::new("bfgs", &[]).expect("a registered optimizer");
        let arrived = job.run(2).iter().filter(|cell| matches!(cell.verdict, Verdict::Minimum(_))).count();
        assert!(arrived > 15, "{arrived} of 20");
    }
}
