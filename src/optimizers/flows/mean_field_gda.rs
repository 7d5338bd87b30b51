//! Mean-field gradient descent ascent on two time scales.

use super::{Flow, FlowBuild, Game, Later, Needs, ParticleOracle, Setting, settle};
use crate::measures::Point;
use crate::measures::game::{GameGrid, smoothed};
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars, Scale};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "mean_field_gda",
    title: "Mean-field GDA, two scales",
    family: Family::Flow,
    paper: Paper {
        authors: "Lu",
        title: "Two-scale gradient descent ascent dynamics finds mixed Nash equilibria of continuous games",
        year: 2022,
        reference: "arXiv:2212.08791",
    },
    summary: "every x descends against all y, every y ascends against all x, with noise, and one of the two is faster",
    knobs: &[
        Knob::lr(0.0005),
        Knob {
            id: "temperature",
            symbol: "T",
            default: 0.2,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-3 },
            meaning: "weight of the entropies; 0 is without noise",
        },
        Knob {
            id: "eta",
            symbol: "η",
            default: 10.0,
            range: (0.0, 1e4),
            scale: Scale::Log { from: 1e-2 },
            meaning: "how many times as fast y moves as x",
        },
        Knob {
            id: "anneal",
            symbol: "c",
            default: 0.0,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-2 },
            meaning: "temperature c / ln(e + time) in place of the constant; 0: constant",
        },
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Game,
        gauge: "temperature",
        seen: None,
        build: |knobs, setting| Box::new(MeanFieldGda::new(knobs, setting)),
    }),
};

/// Mean-field gradient descent ascent for a game with the payoff K on the circle of length one:
/// ```text
/// X_i <- X_i -     lr (1/n) sum_j K_x(X_i, Y_j) + sqrt(2     T lr) xi_i
/// Y_i <- Y_i + eta lr (1/n) sum_j K_y(X_j, Y_i) + sqrt(2 eta T lr) zeta_i         modulo 1
/// T = temperature, or anneal / ln(e + s) at the time s, lr times the number of steps before
/// ```
/// A particle of the cloud is a pair (X_i, Y_i), of which only the two laws matter; both see the others where they were.
/// `lr`: a time; `T`: units of K. The laws flow down, respectively up, INT K dmu dnu - T (H(mu) - H(nu)), H the entropy.
/// With one particle and T = 0 this is gradient descent ascent, which may cycle for ever. With T = 0, equal particles stay
/// equal. The energy that is shown is the Nash gap at T, of the particles' laws after each particle has been spread by
/// 0.1 n^(-1/5); with annealing, and for T = 0, that of the game without entropies, of the particles as they are. On a grid
/// of 256.
///
/// Lu 2022, the particles of its mean-field equations with the temperature T = 1 / tau, by the step of Euler and Maruyama;
/// the two scales of the theorems are `eta` far above or far below one. Departs from the annealed version by a constant
/// `eta`, which there grows with time.
struct MeanFieldGda {
    lr: f64,
    temperature: f64,
    eta: f64,
    anneal: f64,
    game: Option<Game>,
    grid: Option<GameGrid>,
    /// Time that has passed.
    time: f64,
}

impl MeanFieldGda {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        let [lr, temperature, eta, anneal] = ["lr", "temperature", "eta", "anneal"].map(|id| knobs.get(id));
        let grid = setting.game.map(|game| GameGrid::new(&game, smoothed([], 0.1), smoothed([], 0.1)));
        Self { lr, temperature, eta, anneal, game: setting.game, grid, time: 0.0 }
    }

    /// The temperature now.
    fn now(&self) -> f64 {
        if self.anneal > 0.0 { self.anneal / libm::log(std::f64::consts::E + self.time) } else { self.temperature }
    }
}

/// The place on the circle of length one, in [0, 1).
fn wrap(x: f64) -> f64 {
    let rest = x - libm::floor(x);
    // A tiny negative number is rounded up to one.
    if rest < 1.0 { rest } else { 0.0 }
}

impl Flow for MeanFieldGda {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            let Some(game) = self.game else { return };
            let n = cloud.len();
            let mut slopes = vec![[0.0; 2]; n];
            for i in 0..n {
                for j in 0..n {
                    let [by_x, by_y] = (game.gradient)(cloud[i][0], cloud[j][1]);
                    slopes[i][0] += by_x;
                    slopes[j][1] += by_y;
                }
            }
            let noise = oracle.normal(0, n);
            let step = self.lr / n.max(1) as f64;
            let shake = (2.0 * self.lr * self.now()).sqrt();
            let place = |i: usize| {
                let ([x, y], [by_x, by_y], [xi, zeta]) = (cloud[i], slopes[i], noise[i]);
                let x = x - step * by_x + shake * xi;
                let y = y + self.eta * step * by_y + self.eta.sqrt() * shake * zeta;
                [wrap(x), wrap(y)]
            };
            let places: Vec<Point> = (0..n).map(place).collect();
            settle(cloud, places, oracle);
            self.time += self.lr;
        })
    }

    fn time_step(&self) -> f64 {
        self.lr
    }

    fn energy(&self, cloud: &[Point], _: &mut dyn ParticleOracle) -> Option<f64> {
        let temperature = if self.anneal > 0.0 { 0.0 } else { self.temperature };
        let bandwidth = if temperature > 0.0 { 0.1 * libm::pow(cloud.len().max(1) as f64, -0.2) } else { 0.0 };
        let law = |k: usize| smoothed(cloud.iter().map(|particle| particle[k]), bandwidth);
        Some(self.grid.as_ref()?.with(law(0), law(1)).nash_gap(temperature))
    }

    fn gauge(&self) -> Option<f64> {
        (self.anneal > 0.0).then(|| self.now())
    }

    fn memory(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, setting, walk};
    use super::*;
    use crate::measures::game::waves;
    use crate::scalar::uniform_pair;

    fn nothing(_: Point) -> (f64, Point) {
        unreachable!("the game is asked, not the potential")
    }

    fn built(knobs: &[(&str, f64)], game: Game) -> MeanFieldGda {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        MeanFieldGda::new(&values, &Setting { game: Some(game), ..setting(&[]) })
    }

    #[test]
    fn two_particles_step_as_the_formula_says() {
        // K = x y near the middle: K_x = y, K_y = x, so the means of the others' places are the slopes.
        let product = Game { payoff: |x, y| x * y, gradient: |x, y| [y, x] };
        let mut cloud = vec![[0.5, 0.25], [0.25, 0.5]];
        let mut flow = built(&[("lr", 0.5), ("eta", 0.5), ("temperature", 0.0)], product);
        walk(&mut flow, &mut cloud, &mut Simple::new(nothing), 1);
        assert_eq!(cloud, [[0.3125, 0.34375], [0.0625, 0.59375]]);
    }

    #[test]
    fn noise_has_the_temperature_and_the_time_scale() {
        let flat = Game { payoff: |_, _| 0.0, gradient: |_, _| [0.0; 2] };
        let mut cloud = vec![[0.5, 0.5]];
        let mut oracle = Simple::new(nothing);
        let mut flow = built(&[("lr", 1e-4), ("eta", 4.0), ("temperature", 2.0)], flat);
        walk(&mut flow, &mut cloud, &mut oracle, 1);
        let [xi, zeta] = oracle.normal(0, 1)[0];
        // sqrt(2 * 2 * 1e-4) = 0.02, and twice that.
        assert!((cloud[0][0] - 0.5 - 0.02 * xi).abs() < 1e-15 && (cloud[0][1] - 0.5 - 0.04 * zeta).abs() < 1e-15);
        let mut flow = built(&[("lr", 0.1), ("anneal", 0.3)], flat);
        walk(&mut flow, &mut cloud, &mut oracle, 20);
        let hot = flow.gauge().expect("it has one");
        assert!((hot - 0.3 / (std::f64::consts::E + 2.0).ln()).abs() < 1e-14);
    }

    #[test]
    fn a_single_pair_without_noise_never_settles() {
        let mut cloud = vec![[0.2, 0.6]];
        let mut flow = built(&[("lr", 0.001), ("eta", 1.0), ("temperature", 0.0)], waves());
        let mut oracle = Simple::new(nothing);
        walk(&mut flow, &mut cloud, &mut oracle, 20_000);
        let mut seen = Vec::new();
        for _ in 0..200 {
            walk(&mut flow, &mut cloud, &mut oracle, 20);
            seen.push((cloud[0], flow.energy(&cloud, &mut oracle).expect("it has one")));
        }
        let (low, high) = seen.iter().fold((1.0_f64, 0.0_f64), |(low, high), ([x, _], _)| (low.min(*x), high.max(*x)));
        let least = seen.iter().map(|(_, gap)| *gap).fold(f64::INFINITY, f64::min);
        // After a time of 20 it still goes all the way around, and the gap of a pair is never below 2.04.
        assert!(low < 0.01 && high > 0.99 && least > 2.0, "{low} {high} {least}");
    }

    #[test]
    fn particles_reach_the_floor_of_the_gap() {
        // The equilibrium, by the flow of the densities, and the gap of independent draws from it: what a finite cloud has
        // at best, up to chance.
        let n = 200;
        let mut exact = built(&[], waves()).grid.expect("there is a game");
        (0..500).for_each(|_| exact.step(1e-3, 0.2, 1.0));
        assert!(exact.nash_gap(0.2) < 1e-12);
        let draw = |law: &[f64], u: f64| {
            let mut passed = 0.0;
            let above = |share: &f64| {
                passed += share;
                u < passed
            };
            law.iter().position(above).unwrap_or(0) as f64 / law.len() as f64
        };
        let flow = built(&[], waves());
        let gap = |cloud: &[Point]| flow.energy(cloud, &mut Simple::new(nothing)).expect("it has one");
        let drawn = |seed| {
            let at = |i| uniform_pair(seed, i, 0, 0);
            (0..n).map(at).map(|[u, v]| [draw(&exact.mu, u), draw(&exact.nu, v)]).collect::<Vec<Point>>()
        };
        let floor = (0..10).map(|seed| gap(&drawn(seed))).sum::<f64>() / 10.0;
        for (eta, lr) in [(10.0, 1e-3), (0.1, 1e-2)] {
            let mut flow = built(&[("eta", eta), ("lr", lr)], waves());
            let mut cloud = vec![[0.2, 0.6]; n as usize];
            let mut oracle = Simple::new(nothing);
            let start = gap(&cloud);
            walk(&mut flow, &mut cloud, &mut oracle, 250);
            let mut late = 0.0;
            for _ in 0..5 {
                walk(&mut flow, &mut cloud, &mut oracle, 10);
                late += gap(&cloud) / 5.0;
            }
            // The gap of one cloud varies by its own size: 0.006 to 0.038 among draws with a mean of 0.016 for n = 300.
            assert!(start > 1.0 && late < 2.0 * floor, "{eta}: {start} -> {late}, {floor}");
        }
    }

    #[test]
    fn the_places_stay_on_the_circle() {
        assert_eq!((wrap(-1e-20), wrap(1.0), wrap(-0.25)), (0.0, 0.0, 0.75));
        let mut cloud: Vec<Point> = (0..20).map(|i| uniform_pair(4, i, 0, 0)).collect();
        let mut flow = built(&[("lr", 0.5), ("temperature", 3.0)], waves());
        walk(&mut flow, &mut cloud, &mut Simple::new(nothing), 20);
        assert!(cloud.iter().flatten().all(|x| (0.0..1.0).contains(x)));
        // None at all is no trouble either.
        walk(&mut flow, &mut Vec::new(), &mut Simple::new(nothing), 1);
    }
}
