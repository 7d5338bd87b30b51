//! A wide network fitted to noisy points by full gradient descent, or its tangent kernel.

use super::two_layer::{Input, Regression, Tangent, TwoLayer};
use super::{Example, GAUGE, LEVELS, Level, TRAIN, TRAINING, WAVES, WEIGHTS};
use super::{base, features, levels, reversed, score_error, tests, training_points, updates};
use crate::measures::{Point, squared_distance};
use crate::optimizers::flows::{Flow, FlowBuild, Later, Needs, Notice, ParticleOracle, Setting, settle};
use crate::optimizers::knob::{count, switched_on};
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars};
use crate::scalar::normal_pair;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "score_network",
    title: "Wide score network",
    family: Family::Flow,
    paper: Paper {
        authors: "Han, Razaviyayn, Xu",
        title: "Neural network-based score estimation in diffusion models: optimization and generalization",
        year: 2024,
        reference: "arXiv:2401.15604",
    },
    summary: "fits a wide network to noisy points by full gradient descent, and shows what it makes of noise by now",
    knobs: &[
        Knob::lr(0.5),
        Knob::whole("units", "m", 256.0, (4.0, 2048.0), "units of the hidden layer, rounded up to a multiple of four"),
        Knob::switch(
            "kernel",
            "K",
            false,
            "the tangent kernel, that of infinitely many units, in place of the network",
        ),
        Knob::whole(
            "copies",
            "c",
            4.0,
            (1.0, 64.0),
            "noisy points that are made of each training point; they stay the same",
        ),
        updates(20.0),
        Knob { default: 64.0, ..TRAINING },
        LEVELS,
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Mixture,
        gauge: GAUGE,
        seen: None,
        build: |knobs, setting| Box::new(ScoreNetwork::new(knobs, setting)),
    }),
};

/// Noisy points at most: a kernel keeps a number for each pair.
const MOST: usize = 1024;

/// Gradient descent, without batches, on
/// ```text
/// L(W) = (1/2N) sum_j |f_W(k_j, X_j) - X_0j|^2,   X_j = keep X_0j + deviation N_j at the level k_j
/// f_W(k, x) = m^(-1/2) sum_r a_r max(0, w_r . u),  u = (x, cos and sin of pi s, of 2 pi s, 1)
/// ```
/// or, with `kernel`, the function that infinitely many units follow by the same steps. `s` runs from 0 to 1 over the levels, evenly
/// in log SNR. The N noisy points are `copies` of each training point, at levels that take turns; of more than 1024, whole copies
/// are left out. They are drawn once, so that both the points and their noise can be learned by heart. `lr`: gradient descent is
/// stable below 2 N over the largest eigenvalue of the kernel's matrix. The energy is L. One gradient is counted for each noisy
/// point and update.
///
/// Once the parameters or the samples are no number the cloud stays as it was, which is reported. Nothing is trained without
/// training points.
///
/// Han, Razaviyayn, Xu 2024: denoising as a regression of X_0 on (t, X_t), and its coupling to kernel regression. Departs by the
/// mean in place of the sum (`lr`), by inputs that are not truncated and contain t through waves, and by a start at f = 0
/// (`two_layer.rs`).
struct ScoreNetwork {
    lr: f64,
    updates: usize,
    levels: Vec<Level>,
    features: Vec<[f64; 2 * WAVES]>,
    wanted: Vec<Point>,
    model: Box<dyn Regression>,
    tests: Vec<Example>,
    base: Vec<Point>,
    /// A step led to what is no number; nothing moves any more.
    failed: bool,
    evaluations: u64,
}

fn input([x, y]: Point, [a, b, c, d]: [f64; 2 * WAVES]) -> Input {
    [x, y, a, b, c, d, 1.0]
}

impl ScoreNetwork {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        let levels = levels(count(knobs, "levels"));
        let features = features(&levels);
        let train = training_points(setting, count(knobs, "train"));
        let copies = count(knobs, "copies").min(MOST / train.len().max(1));
        let noisy = |j: usize| {
            let (i, level) = (j % train.len(), j % levels.len());
            // One further with each copy, lest a number of points that the levels divide gives every copy the same level.
            let level = (level + j / train.len()) % levels.len();
            let noise = normal_pair(setting.seed, j as u32, 0, TRAIN);
            (input(levels[level].noisy(train[i], noise), features[level]), train[i])
        };
        let (data, wanted): (Vec<Input>, Vec<Point>) = (0..copies * train.len()).map(noisy).unzip();
        let model: Box<dyn Regression> = if switched_on(knobs, "kernel") {
            Box::new(Tangent::new(data))
        } else {
            Box::new(TwoLayer::new(data, count(knobs, "units"), setting.seed, WEIGHTS))
        };
        Self {
            lr: knobs.get("lr"),
            updates: knobs.get("updates").round() as usize,
            tests: tests(setting, &levels),
            base: base(setting),
            levels,
            features,
            wanted,
            model,
            failed: false,
            evaluations: 0,
        }
    }

    fn denoise(&self, level: usize, points: &[Point]) -> Vec<Point> {
        let inputs: Vec<Input> = points.iter().map(|x| input(*x, self.features[level])).collect();
        self.model.values(&inputs)
    }
}

impl Flow for ScoreNetwork {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            if self.wanted.is_empty() || self.failed {
                return;
            }
            for _ in 0..self.updates {
                let fitted = self.model.fitted().into_iter();
                let residuals: Vec<Point> = fitted.zip(&self.wanted).map(|(f, y)| [f[0] - y[0], f[1] - y[1]]).collect();
                self.model.descend(&residuals, self.lr);
                self.evaluations += self.wanted.len() as u64;
            }
            let samples = reversed(&self.base, &self.levels, |level, points| self.denoise(level, points));
            self.failed = !self.model.is_finite() || !samples.iter().flatten().all(|x| x.is_finite());
            if self.failed {
                oracle.report(Notice::NoStep);
            } else {
                settle(cloud, samples, oracle);
            }
        })
    }

    /// The number of updates: training time.
    fn time_step(&self) -> f64 {
        self.updates as f64
    }

    fn energy(&self, _: &[Point], _: &mut dyn ParticleOracle) -> Option<f64> {
        let fitted = self.model.fitted();
        let squares: f64 = fitted.iter().zip(&self.wanted).map(|(f, y)| squared_distance(*f, *y)).sum();
        let loss = squares / (2 * self.wanted.len()) as f64;
        loss.is_finite().then_some(loss)
    }

    fn gauge(&self) -> Option<f64> {
        score_error(&self.tests, &self.levels, |level, points| self.denoise(level, points))
    }

    fn evaluations(&self) -> u64 {
        self.evaluations
    }

    fn memory(&self) -> usize {
        self.model.len()
    }
}

#[cfg(test)]
mod checks {
    use super::*;
    use crate::measures::{Component, Mixture};
    use crate::optimizers::flows::testing::{Simple, normal_cloud, setting, walk};
    use std::sync::Arc;

    fn two() -> Setting {
        let law = Mixture::new(vec![Component::round(1.0, [-1.5, 0.5], 0.3), Component::round(1.0, [1.5, 0.0], 0.3)]);
        let points = (0..64).map(|i| law.sample(1, i, 64, 7)).collect();
        Setting { samples: Some(points), mixture: Some(Arc::new(law)), ..setting(&normal_cloud(50, [0.0; 2], 1.0)) }
    }

    fn built(knobs: &[(&str, f64)], setting: &Setting) -> ScoreNetwork {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        ScoreNetwork::new(&values, setting)
    }

    #[test]
    fn the_loss_falls_in_every_step_with_network_and_kernel() {
        let setting = two();
        let mut oracle = Simple::new(|_| unreachable!("the law is known by its points"));
        for kernel in [0.0, 1.0] {
            let mut flow = built(&[("kernel", kernel)], &setting);
            let mut cloud = setting.start.to_vec();
            let mut losses = vec![flow.energy(&cloud, &mut oracle).expect("a number")];
            let error = flow.gauge();
            for _ in 0..10 {
                walk(&mut flow, &mut cloud, &mut oracle, 1);
                losses.push(flow.energy(&cloud, &mut oracle).expect("a number"));
            }
            assert!(losses.is_sorted_by(|a, b| a > b) && losses[10] < 0.4 * losses[0], "{losses:?}");
            assert!(flow.gauge() < error, "{error:?} {:?}", flow.gauge());
            assert_eq!(flow.evaluations(), 10 * 20 * 256);
            assert_eq!(flow.memory(), if kernel > 0.0 { 512 } else { 7 * 256 });
        }
    }

    #[test]
    fn a_step_that_is_too_long_is_told_and_no_points_train_nothing() {
        let mut setting = two();
        let mut oracle = Simple::new(|_| unreachable!("the law is known by its points"));
        let mut cloud = setting.start.to_vec();
        walk(&mut built(&[("lr", 1000.0)], &setting), &mut cloud, &mut oracle, 50);
        assert_eq!(oracle.notices, [Notice::NoStep]);
        assert!(cloud.iter().flatten().all(|x| x.is_finite()));
        setting.samples = Some([].into());
        let before = cloud.clone();
        walk(&mut built(&[], &setting), &mut cloud, &mut oracle, 2);
        assert_eq!(cloud, before);
        assert_eq!(built(&[], &setting).energy(&cloud, &mut oracle), None);
        let most = built(&[("copies", 64.0), ("units", 4.0)], &two());
        assert_eq!((most.wanted.len(), most.model.len()), (1024, 28));
    }
}
