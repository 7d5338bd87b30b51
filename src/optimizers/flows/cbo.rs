//! Consensus-based optimization.

use super::{Flow, FlowBuild, Later, Needs, Notice, ParticleOracle, settle};
use crate::measures::{Point, squared_distance};
use crate::optimizers::knob::switched_on;
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars, Scale};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "cbo",
    title: "Consensus-based optimization",
    family: Family::Flow,
    paper: Paper {
        authors: "Pinnau, Totzeck, Tse, Martin",
        title: "A consensus-based model for global optimization and its mean-field limit",
        year: 2017,
        reference: "arXiv:1604.05648",
    },
    summary: "the particles drift to an average that favours low values, with noise as large as they are far from it",
    knobs: &[
        Knob::lr(0.05),
        ALPHA,
        Knob {
            id: "lambda",
            symbol: "λ",
            default: 1.0,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-3 },
            meaning: "how fast the particles drift to the consensus",
        },
        Knob {
            id: "sigma",
            symbol: "σ",
            default: 0.7,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-3 },
            meaning: "how much noise there is, as a share of the distance from the consensus",
        },
        Knob::switch("anisotropic", "⊥", false, "every coordinate has noise of the size of its own distance"),
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Values,
        gauge: "mean squared distance from the consensus",
        seen: None,
        build: |knobs, _| Box::new(Cbo::new(knobs)),
    }),
};

/// How much low values are favoured.
pub(super) const ALPHA: Knob = Knob {
    id: "alpha",
    symbol: "α",
    default: 100.0,
    range: (0.0, 1e9),
    scale: Scale::Log { from: 1e-2 },
    meaning: "weights exp(−α f): 0 is the plain mean, a large value picks out the best particle",
};

/// Consensus-based optimization:
/// ```text
/// c = sum_i x_i exp(-alpha f(x_i)) / sum_i exp(-alpha f(x_i))
/// x_i <- x_i - lr lambda (x_i - c) + sigma sqrt(lr) D_i z_i        z_i standard normal
/// D_i = |x_i - c|;  anisotropic: the coordinates of x_i - c, each for its own coordinate of z_i
/// ```
/// `f`: the potential, of which only values are asked. `lr`: a time, the step dt of the stochastic differential equation;
/// `lambda`: one over a time; `sigma`: one over the root of a time. A particle on the consensus stands still, so the method
/// settles where 2 lambda > d sigma^2 with d = 2 dimensions, or d = 1 with anisotropic noise. One particle is its own
/// consensus. Weights are taken after the least value has been subtracted, so that they do not all underflow. Particles
/// where f is no number or infinite count for nothing in c, which is reported; where all are such, none moves.
///
/// Pinnau, Totzeck, Tse, Martin 2017, by the step of Euler and Maruyama, without their Heaviside
/// function (which lets particles that are better than the consensus stand still) and without the factor sqrt(2) of the
/// noise: as CBXPy has it. Anisotropic: Carrillo, Jin, Li, Zhu 2019, arXiv:1909.09249.
struct Cbo {
    lr: f64,
    alpha: f64,
    lambda: f64,
    sigma: f64,
    anisotropic: bool,
    /// The consensus of the last step.
    consensus: Option<Point>,
    /// The mean squared distance of the particles from it after the step.
    spread: Option<f64>,
}

impl Cbo {
    fn new(knobs: &Knobs<f64>) -> Self {
        Self {
            lr: knobs.get("lr"),
            alpha: knobs.get("alpha"),
            lambda: knobs.get("lambda"),
            sigma: knobs.get("sigma"),
            anisotropic: switched_on(knobs, "anisotropic"),
            consensus: None,
            spread: None,
        }
    }
}

impl Flow for Cbo {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            let Some(c) = ask_consensus(cloud, self.alpha, oracle) else { return };
            let noise = oracle.normal(0, cloud.len());
            let size = self.sigma * self.lr.sqrt();
            let place = |(x, z): (&Point, &Point)| {
                let away = [x[0] - c[0], x[1] - c[1]];
                let distance = libm::hypot(away[0], away[1]);
                [0, 1].map(|k| {
                    let width = if self.anisotropic { away[k] } else { distance };
                    x[k] - self.lr * self.lambda * away[k] + size * width * z[k]
                })
            };
            let places: Vec<Point> = cloud.iter().zip(&noise).map(place).collect();
            settle(cloud, places, oracle);
            self.consensus = Some(c);
            let total: f64 = cloud.iter().map(|x| squared_distance(*x, c)).sum();
            self.spread = Some(total / cloud.len() as f64);
        })
    }

    fn time_step(&self) -> f64 {
        self.lr
    }

    fn gauge(&self) -> Option<f64> {
        self.spread
    }

    fn landmark(&self) -> Option<Point> {
        self.consensus
    }
}

/// Asks for the values of a cloud and takes its consensus. `None`, which is reported, where no value is a number.
pub(super) fn ask_consensus(cloud: &[Point], alpha: f64, oracle: &mut dyn ParticleOracle) -> Option<Point> {
    let values = oracle.potential(cloud);
    if values.iter().any(|f| !f.is_finite()) {
        oracle.report(Notice::NotCounted);
    }
    consensus(cloud, &values, alpha)
}

/// The mean of points with the weights exp(-alpha f). `None` where no value is finite.
fn consensus(points: &[Point], values: &[f64], alpha: f64) -> Option<Point> {
    let counted = || points.iter().zip(values).filter(|(_, f)| f.is_finite());
    let least = counted().map(|(_, f)| *f).min_by(f64::total_cmp)?;
    let (mut mass, mut sum) = (0.0, [0.0; 2]);
    for (x, f) in counted() {
        let weight = libm::exp(-alpha * (f - least));
        mass += weight;
        sum = [sum[0] + weight * x[0], sum[1] + weight * x[1]];
    }
    Some(sum.map(|s| s / mass))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, normal_cloud, walk};
    use super::*;
    use crate::measures::{Pair, PairSums, Source};
    use crate::optimizers::flows::now;
    use serde_json::Value;

    fn built(knobs: &[(&str, f64)]) -> Cbo {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        Cbo::new(&values)
    }

    /// Hands out recorded noise.
    struct Recorded {
        potential: fn(Point) -> f64,
        noise: Vec<Point>,
    }

    impl ParticleOracle for Recorded {
        fn potential(&mut self, points: &[Point]) -> Vec<f64> {
            points.iter().map(|x| (self.potential)(*x)).collect()
        }
        fn potential_gradient(&mut self, _: &[Point]) -> Vec<Point> {
            unreachable!("the method asks for values alone")
        }
        fn pairs<'a>(&'a mut self, _: &'a Pair, _: f64, _: &'a [Point], _: &'a [Source]) -> Later<'a, Vec<PairSums>> {
            unreachable!("particles act on each other through the consensus alone")
        }
        fn normal(&mut self, _: u32, count: usize) -> Vec<Point> {
            assert_eq!(count, self.noise.len());
            self.noise.clone()
        }
        fn uniform(&mut self, _: u32, _: usize) -> Vec<Point> {
            unreachable!("all draws are normal")
        }
        fn report(&mut self, notice: Notice) {
            panic!("{notice:?}");
        }
    }

    fn himmelblau([x, y]: Point) -> f64 {
        (x * x + y - 11.0).powi(2) + (x + y * y - 7.0).powi(2)
    }

    fn styblinski_tang(x: Point) -> f64 {
        x.iter().map(|x| 0.5 * (x.powi(4) - 16.0 * x * x + 5.0 * x)).sum()
    }

    /// Relative error as in the other records: of the largest coordinate, which counts as at least 1e-3.
    fn error(p: &[Point], q: &[Point]) -> f64 {
        let largest = q.iter().flatten().fold(1e-3_f64, |most, x| most.max(x.abs()));
        p.iter().flatten().zip(q.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest
    }

    #[test]
    fn it_follows_cbxpy() {
        let points = |value: &Value| -> Vec<Point> { serde_json::from_value(value.clone()).expect("points") };
        let mut records = 0;
        for line in include_str!("../../../tests/data/consensus.jsonl").lines() {
            let record: Value = serde_json::from_str(line).expect("a record");
            let knob = |name: &str| record["hyperparameters"][name].as_f64().expect("a number");
            let anisotropic = record["hyperparameters"]["noise"] == "anisotropic";
            let mut flow = built(&[
                ("lr", knob("dt")),
                ("alpha", knob("alpha")),
                ("lambda", knob("lamda")),
                ("sigma", knob("sigma")),
                ("anisotropic", f64::from(u8::from(anisotropic))),
            ]);
            let potential = match record["problem"]["id"].as_str() {
                Some("himmelblau") => himmelblau,
                Some("styblinski_tang") => styblinski_tang,
                other => panic!("{other:?}"),
            };
            let tolerance = record["tolerance"]["rel"].as_f64().expect("a tolerance");
            let mut cloud = points(&record["start_particles"]);
            let recorded: Vec<usize> = serde_json::from_value(record["steps_recorded"].clone()).expect("steps");
            for k in 0..record["steps"].as_u64().expect("a count") as usize {
                now(flow.step(&mut cloud, &mut Recorded { potential, noise: points(&record["noise"][k]) }));
                let consensus: Point = serde_json::from_value(record["consensus"][k].clone()).expect("a point");
                assert!(error(&[flow.landmark().expect("it has one")], &[consensus]) < tolerance);
                if let Some(at) = recorded.iter().position(|step| *step == k + 1) {
                    let far = error(&cloud, &points(&record["particles"][at]));
                    assert!(far < tolerance, "{} step {}: {far:e}", record["id"], k + 1);
                }
            }
            records += 1;
        }
        assert_eq!(records, 3);
    }

    #[test]
    fn a_step_without_noise_by_hand() {
        // Values 0 and 1 with alpha = ln 2: weights 1 and 1/2, so the consensus of (0, 0) and (3, 0) is (1, 0).
        let mut cloud = vec![[0.0, 0.0], [3.0, 0.0]];
        let mut oracle = Simple::new(|[x, _]| (x / 3.0, [1.0 / 3.0, 0.0]));
        let mut flow = built(&[("lr", 0.5), ("alpha", 2.0_f64.ln()), ("sigma", 0.0)]);
        walk(&mut flow, &mut cloud, &mut oracle, 1);
        // Rounding of exp.
        assert!((cloud[0][0] - 0.5).abs() < 1e-15 && (cloud[1][0] - 2.0).abs() < 1e-15, "{cloud:?}");
    }

    #[test]
    fn alpha_chooses_between_the_mean_and_the_best() {
        let points = [[0.0, 0.0], [1.0, 2.0], [5.0, 1.0]];
        assert_eq!(consensus(&points, &[3e5, 2e5, 7e5], 0.0), Some([2.0, 1.0]));
        // Without subtracting the least value all weights would be zero.
        assert_eq!(consensus(&points, &[3e5, 2e5, 7e5], 1e9), Some([1.0, 2.0]));
    }

    #[test]
    fn a_single_particle_and_particles_on_one_point_stand_still() {
        for n in [1, 5] {
            let mut cloud = vec![[1.5, -0.5]; n];
            walk(&mut built(&[]), &mut cloud, &mut Simple::new(|x| (x[0], [1.0, 0.0])), 3);
            // The consensus of equal points is rounded.
            assert!(cloud.iter().all(|x| (x[0] - 1.5).abs() < 1e-14 && (x[1] + 0.5).abs() < 1e-14), "{cloud:?}");
        }
    }

    #[test]
    fn particles_without_a_value_count_for_nothing() {
        let wall = |x: Point| (if x[0] < 0.0 { f64::NAN } else { x[0] }, [1.0, 0.0]);
        let mut oracle = Simple::new(wall);
        let mut cloud = vec![[-2.0, 0.0], [1.0, 1.0]];
        let mut flow = built(&[("sigma", 0.0), ("lr", 1.0)]);
        walk(&mut flow, &mut cloud, &mut oracle, 1);
        assert_eq!((cloud, flow.landmark()), (vec![[1.0, 1.0]; 2], Some([1.0, 1.0])));
        let mut nowhere = vec![[-2.0, 0.0], [-1.0, 1.0]];
        walk(&mut built(&[]), &mut nowhere, &mut oracle, 1);
        assert_eq!((nowhere, oracle.notices), (vec![[-2.0, 0.0], [-1.0, 1.0]], vec![Notice::NotCounted; 2]));
    }

    #[test]
    fn it_settles_at_the_best_of_many_minima() {
        // Rastrigin's function, 25 minima where the cloud is; the best is at the origin.
        let rastrigin = |x: Point| {
            let wave = |x: f64| x * x + 10.0 * (1.0 - libm::cos(std::f64::consts::TAU * x));
            (wave(x[0]) + wave(x[1]), [0.0; 2])
        };
        let start = normal_cloud(200, [1.0, 1.0], 1.5);
        let mut hits = 0;
        for seed in 0..20 {
            let mut oracle = Simple { seed, ..Simple::new(rastrigin) };
            let mut cloud = start.clone();
            let mut flow = built(&[]);
            walk(&mut flow, &mut cloud, &mut oracle, 400);
            assert!(flow.gauge().expect("it has one") < 1e-3, "it has settled");
            let [x, y] = flow.landmark().expect("it has one");
            hits += usize::from(libm::hypot(x, y) < 0.1);
        }
        // All of them, when this was written.
        assert!(hits >= 19, "{hits} of 20");
    }
}
