//! A denoising network, with the noise levels weighted in four ways.

use super::mlp::{Mlp, Pass};
use super::{Example, GAUGE, LEVELS, Level, TRAIN, TRAINING, WAVES, WEIGHTS};
use super::{base, features, levels, reversed, score_error, tests, training_points, updates};
use crate::measures::{Point, squared_distance};
use crate::optimizers::flows::given::Given;
use crate::optimizers::flows::{Flow, FlowBuild, Later, Needs, Notice, ParticleOracle, Setting, settle};
use crate::optimizers::knob::count;
use crate::optimizers::{Entry, Family, Knob, Knobs, Optimizer, Paper, Scalars, Scale, adam, state_len};
use crate::scalar::{Block, Vector, normal_pair, uniform_pair};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "denoiser",
    title: "Denoising network",
    family: Family::Flow,
    paper: Paper {
        authors: "Hang, Gu, Li, Bao, Chen, Hu, Geng, Guo",
        title: "Efficient diffusion training via Min-SNR weighting strategy",
        year: 2023,
        reference: "arXiv:2303.09556",
    },
    summary: "trains a network to take noise off points of the law, and shows what it makes of noise by now",
    knobs: &[
        Knob::lr(0.003),
        Knob::whole(
            "weighting",
            "w",
            2.0,
            (0.0, 3.0),
            "weights of the levels, by their signal-to-noise ratio: 0: 1; 1: SNR; 2: min(SNR, γ); 3: max(SNR, 1)",
        ),
        Knob {
            id: "gamma",
            symbol: "γ",
            default: 5.0,
            range: (1e-3, 1e6),
            scale: Scale::Log { from: 1e-2 },
            meaning: "the largest weight of min(SNR, γ)",
        },
        Knob::whole("batch", "B", 64.0, (1.0, 1024.0), "noisy points of an update"),
        updates(20.0),
        TRAINING,
        LEVELS,
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Mixture,
        gauge: GAUGE,
        seen: None,
        build: |knobs, setting| Box::new(Denoiser::new(knobs, setting)),
    }),
};

/// Units of each hidden layer.
const HIDDEN: usize = 32;
/// What goes into the network: a point, and cosines and sines of the level.
const INPUTS: usize = 2 + 2 * WAVES;
/// Noisy training points that the loss which is shown is the mean over.
const SHOWN: usize = 512;

/// A network f_theta that predicts X_0 from X_t, trained by denoising:
/// ```text
/// X_0 a training point, k a level, both uniform;   x = keep_k X_0 + deviation_k N
/// g = gradient of the mean over a batch of w_k |f_theta(k, x) - X_0|^2,   theta <- Adam's step with g
/// w_k = 1,   SNR_k,   min(SNR_k, gamma)   or   max(SNR_k, 1)
/// ```
/// afresh in each of the `updates` of a step. `f_theta` has two hidden layers of 32 units, max(0, .), and is told the level
/// by cos(j pi u) and sin(j pi u), j = 1, 2, where u runs from 0 to 1 evenly in log SNR: 1346 parameters. Since Adam divides
/// by the size of gradients, a factor of all weights matters little, and the weights only say what the network is to be good
/// at. The energy is the weighted loss over 512 noisy training points that stay the same, so that energies of different weights
/// are not comparable; the test error is. One gradient is counted for each point of a batch.
///
/// A step after which the parameters or the samples are no number is not taken, which is reported. Nothing is trained without
/// training points.
///
/// Hang et al. 2023, section 3.4, in the form for a network that predicts X_0; SNR is the weight under which this is a
/// prediction of the noise. Departs by the schedule (theirs has 1000 steps of the cosine or linear kind) and the network.
pub struct Denoiser {
    weights: Vec<f64>,
    levels: Vec<Level>,
    /// What the network is told of each level.
    features: Vec<[f64; 2 * WAVES]>,
    batch: usize,
    updates: usize,
    train: Vec<Point>,
    tests: Vec<Example>,
    shown: Vec<Example>,
    /// Noise that the cloud is made of.
    base: Vec<Point>,
    theta: Vector<f64>,
    optimizer: Box<dyn Optimizer<f64>>,
    /// How many numbers the optimizer keeps.
    kept: usize,
    evaluations: u64,
}

const NETWORK: Mlp = Mlp { widths: [INPUTS, HIDDEN, HIDDEN, 2] };

impl Denoiser {
    /// The network before training.
    pub fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        let levels = levels(count(knobs, "levels"));
        let train = training_points(setting, count(knobs, "train"));
        let (weighting, gamma) = (count(knobs, "weighting"), knobs.get("gamma"));
        let weight = |level: &Level| match weighting {
            0 => 1.0,
            1 => level.snr(),
            2 => level.snr().min(gamma),
            _ => level.snr().max(1.0),
        };
        let theta = Vector::from_slice(&NETWORK.start(setting.seed, WEIGHTS));
        let mut values = adam::ENTRY.defaults();
        values.set("lr", knobs.get("lr"));
        let mut optimizer = adam::ENTRY.build(&values, &theta, &Block::column(theta.len()));
        let draw = |i: u32| {
            let chosen = uniform_pair(setting.seed, i, 0, TRAIN);
            example(&train, &levels, chosen, normal_pair(setting.seed, i, 1, TRAIN))
        };
        Self {
            weights: levels.iter().map(weight).collect(),
            features: features(&levels),
            batch: count(knobs, "batch"),
            updates: knobs.get("updates").round() as usize,
            tests: tests(setting, &levels),
            shown: if train.is_empty() { Vec::new() } else { (0..SHOWN as u32).map(draw).collect() },
            base: base(setting),
            kept: state_len(&mut *optimizer),
            evaluations: 0,
            levels,
            train,
            theta,
            optimizer,
        }
    }

    /// The network's prediction of X_0.
    fn predict(&self, level: usize, x: Point, pass: &mut Pass) -> Point {
        let [a, b, c, d] = self.features[level];
        let out = NETWORK.forward(self.theta.as_slice(), &[x[0], x[1], a, b, c, d], pass);
        [out[0], out[1]]
    }

    /// Predictions of X_0 at points of one level.
    fn denoise(&self, level: usize, points: &[Point]) -> Vec<Point> {
        let mut pass = NETWORK.pass();
        points.iter().map(|x| self.predict(level, *x, &mut pass)).collect()
    }

    fn samples(&self) -> Vec<Point> {
        reversed(&self.base, &self.levels, |level, points| self.denoise(level, points))
    }

    /// The mean over examples of w |f - X_0|^2; `None` for none, and where it is no number.
    fn loss(&self, examples: &[Example]) -> Option<f64> {
        let mut pass = NETWORK.pass();
        let mut one =
            |e: &Example| self.weights[e.level] * squared_distance(self.predict(e.level, e.x, &mut pass), e.clean);
        let loss = examples.iter().map(&mut one).sum::<f64>() / examples.len() as f64;
        loss.is_finite().then_some(loss)
    }

    /// The gradient of that loss by the parameters.
    fn gradient(&self, examples: &[Example]) -> Vector<f64> {
        let mut pass = NETWORK.pass();
        let mut gradient = Vector::zeros(NETWORK.len());
        for Example { level, x, clean } in examples {
            let out = self.predict(*level, *x, &mut pass);
            let scale = 2.0 * self.weights[*level] / examples.len() as f64;
            let slope = [0, 1].map(|k| scale * (out[k] - clean[k]));
            NETWORK.backward(self.theta.as_slice(), &slope, &mut pass, gradient.as_mut_slice());
        }
        gradient
    }

    /// The gradient of the loss of every level, over all training points with `copies` draws of noise each: from the least
    /// noise to the most. Draws are those of the seed, the same for every level.
    pub fn gradients_of_levels(&self, copies: u32, seed: u64) -> Vec<Vector<f64>> {
        let of_level = |level: usize| {
            let noisy = |copy: u32, i: usize| {
                let noise = normal_pair(seed, i as u32, copy, TRAIN);
                Example { level, x: self.levels[level].noisy(self.train[i], noise), clean: self.train[i] }
            };
            let points = 0..self.train.len();
            let examples: Vec<Example> =
                (0..copies).flat_map(|copy| points.clone().map(move |i| noisy(copy, i))).collect();
            self.gradient(&examples)
        };
        (0..self.levels.len()).map(of_level).collect()
    }

    /// The levels, from the least noise to the most.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }
}

/// A training point and a level, chosen by two numbers of (0, 1), with noise. There is a training point.
fn example(train: &[Point], levels: &[Level], [u, v]: [f64; 2], noise: Point) -> Example {
    let chosen = |u: f64, count: usize| ((u * count as f64) as usize).min(count - 1);
    let (level, clean) = (chosen(v, levels.len()), train[chosen(u, train.len())]);
    Example { level, x: levels[level].noisy(clean, noise), clean }
}

impl Flow for Denoiser {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            if self.train.is_empty() {
                return;
            }
            let before = self.theta.clone();
            for update in 0..self.updates as u32 {
                let (chosen, noise) =
                    (oracle.uniform(2 * update, self.batch), oracle.normal(2 * update + 1, self.batch));
                let drawn = chosen.into_iter().zip(noise);
                let examples: Vec<Example> = drawn.map(|(u, z)| example(&self.train, &self.levels, u, z)).collect();
                let gradient = self.gradient(&examples);
                self.evaluations += self.batch as u64;
                self.optimizer.step(&mut self.theta, &mut Given(gradient));
            }
            let mut samples = self.samples();
            if !samples.iter().flatten().chain(self.theta.as_slice()).all(|x| x.is_finite()) {
                oracle.report(Notice::NoStep);
                self.theta = before;
                samples = self.samples();
            }
            settle(cloud, samples, oracle);
        })
    }

    /// The number of updates: training time.
    fn time_step(&self) -> f64 {
        self.updates as f64
    }

    fn energy(&self, _: &[Point], _: &mut dyn ParticleOracle) -> Option<f64> {
        self.loss(&self.shown)
    }

    fn gauge(&self) -> Option<f64> {
        score_error(&self.tests, &self.levels, |level, points| self.denoise(level, points))
    }

    fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// The parameters, and what Adam keeps of them.
    fn memory(&self) -> usize {
        self.kept + self.theta.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::{Component, Mixture};
    use crate::optimizers::flows::testing::{Simple, normal_cloud, setting, walk};
    use std::sync::Arc;

    fn nothing(_: Point) -> (f64, Point) {
        unreachable!("the law is known by its points")
    }

    /// Two normal laws, with `samples` points.
    fn two(samples: usize) -> Setting {
        let law = Mixture::new(vec![Component::round(1.0, [-1.5, 0.5], 0.3), Component::round(1.0, [1.5, 0.0], 0.3)]);
        let points = (0..samples).map(|i| law.sample(1, i, samples, 7)).collect();
        Setting { samples: Some(points), mixture: Some(Arc::new(law)), ..setting(&normal_cloud(100, [0.0; 2], 1.0)) }
    }

    fn built(knobs: &[(&str, f64)], setting: &Setting) -> Denoiser {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        Denoiser::new(&values, setting)
    }

    #[test]
    fn the_gradient_of_the_loss_agrees_with_differences() {
        let mut flow = built(&[("levels", 5.0)], &two(64));
        let examples = flow.shown[..20].to_vec();
        let gradient = flow.gradient(&examples);
        let h = 1e-6;
        for k in (0..flow.theta.len()).step_by(7) {
            let mut at = |d: f64| {
                let kept = flow.theta[k];
                flow.theta[k] = kept + d;
                let loss = flow.loss(&examples).expect("a number");
                flow.theta[k] = kept;
                loss
            };
            let differences = (at(h) - at(-h)) / (2.0 * h);
            // Rounding of a loss near 20 over the step, 1e-9 each; a kink within the step would be seen.
            assert!(
                (differences - gradient[k]).abs() < 1e-7 * (1.0 + gradient[k].abs()),
                "{k}: {differences} {}",
                gradient[k]
            );
        }
    }

    #[test]
    fn weights_are_those_of_the_paper() {
        let setting = two(64);
        let snr: Vec<f64> = levels(25).into_iter().map(Level::snr).collect();
        assert!(snr.is_sorted_by(|a, b| a > b) && snr[0] > 200.0 && snr[24] < 1e-3);
        let weights = |weighting| built(&[("weighting", weighting)], &setting).weights;
        assert_eq!(weights(0.0), vec![1.0; 25]);
        assert_eq!(weights(1.0), snr);
        assert_eq!(weights(2.0), snr.iter().map(|snr| snr.min(5.0)).collect::<Vec<_>>());
        assert_eq!(weights(3.0), snr.iter().map(|snr| snr.max(1.0)).collect::<Vec<_>>());
    }

    #[test]
    fn training_finds_both_clusters() {
        let setting = two(256);
        let mut flow = built(&[("updates", 100.0)], &setting);
        let mut cloud = setting.start.to_vec();
        let (loss, error) = (flow.loss(&flow.shown), flow.gauge());
        walk(&mut flow, &mut cloud, &mut Simple::new(nothing), 10);
        // 2.9 -> 0.22 and 4.5 -> 0.34 when this was written.
        assert!(flow.loss(&flow.shown) < loss.map(|loss| 0.3 * loss), "{loss:?} {:?}", flow.loss(&flow.shown));
        assert!(flow.gauge() < error.map(|error| 0.3 * error), "{error:?} {:?}", flow.gauge());
        let near = |x: &&Point| squared_distance(**x, [-1.5, 0.5]).min(squared_distance(**x, [1.5, 0.0])) < 1.0;
        let left = cloud.iter().filter(|x| x[0] < 0.0).count();
        assert!(cloud.iter().filter(near).count() > 85 && (30..70).contains(&left), "{left}");
        assert_eq!(flow.evaluations(), 10 * 100 * 64);
        assert_eq!(flow.memory(), 3 * 1346 + 2);
    }

    #[test]
    fn a_huge_step_leaves_numbers_and_one_point_is_learned() {
        let mut setting = two(64);
        let mut cloud = setting.start.to_vec();
        let mut oracle = Simple::new(nothing);
        walk(&mut built(&[("lr", 1000.0), ("levels", 2.0)], &setting), &mut cloud, &mut oracle, 20);
        assert!(cloud.iter().flatten().all(|x| x.is_finite()));
        setting.samples = Some([[1.0, -1.0]].into());
        let mut flow = built(&[], &setting);
        walk(&mut flow, &mut cloud, &mut oracle, 20);
        assert!(cloud.iter().all(|x| squared_distance(*x, [1.0, -1.0]) < 0.1));
        setting.samples = Some([].into());
        let before = cloud.clone();
        walk(&mut built(&[], &setting), &mut cloud, &mut oracle, 2);
        assert_eq!(cloud, before);
    }

    #[test]
    fn gradients_of_levels_add_up_to_that_of_all() {
        let flow = built(&[("levels", 4.0), ("train", 8.0)], &two(64));
        let gradients = flow.gradients_of_levels(3, 5);
        let mut examples = Vec::new();
        for (level, noise) in flow.levels().iter().enumerate() {
            for (copy, i) in (0..3).flat_map(|copy| (0..8).map(move |i| (copy, i))) {
                let x = noise.noisy(flow.train[i], normal_pair(5, i as u32, copy, TRAIN));
                examples.push(Example { level, x, clean: flow.train[i] });
            }
        }
        let all = flow.gradient(&examples);
        for k in 0..all.len() {
            let mean = gradients.iter().map(|g| g[k]).sum::<f64>() / 4.0;
            // Sums of 96 terms in another order.
            assert!((mean - all[k]).abs() < 1e-12 * (1.0 + all[k].abs()));
        }
    }
}
