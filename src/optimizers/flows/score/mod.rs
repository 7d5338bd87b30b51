//! Scores that are learned: a network is trained to take noise away, and the cloud shows what it can do by now.
//!
//! Here time is training time. A step of the lab is some updates of the parameters, and the cloud is what a reverse process
//! without fresh noise makes of noise that was drawn once: it is not moved but made anew in every step. The cloud of step 0
//! is that of the problem, which no method here looks at.
//!
//! This file has the noise, the reverse process and the test; every other file is a network or a line of the registry.

pub mod denoiser;
mod mlp;
pub mod score_network;
mod two_layer;

use super::Setting;
use crate::measures::{Mixture, Point, squared_distance};
use crate::optimizers::{Knob, Scale};
use crate::scalar::normal_pair;

/// How much is left of the data, and how much noise has come, after a time t of the process of Ornstein and Uhlenbeck:
/// X_t = exp(-t) X_0 + sqrt(1 - exp(-2t)) N, N standard normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// exp(-t).
    pub keep: f64,
    /// sqrt(1 - exp(-2t)), the standard deviation of the noise.
    pub deviation: f64,
}

/// The times of the first and the last level. Less noise than 0.06 is not learned; of data four units from the origin less
/// than a tenth is left at the end, where the reverse process begins with noise alone.
const TIMES: [f64; 2] = [0.002, 4.0];

impl Level {
    fn at(time: f64) -> Self {
        Self { keep: libm::exp(-time), deviation: (-libm::expm1(-2.0 * time)).sqrt() }
    }

    /// The signal-to-noise ratio keep^2 / deviation^2.
    pub fn snr(self) -> f64 {
        let ratio = self.keep / self.deviation;
        ratio * ratio
    }

    fn noisy(self, clean: Point, noise: Point) -> Point {
        [0, 1].map(|k| self.keep * clean[k] + self.deviation * noise[k])
    }

    /// E[X_0 | X_t = x], by Tweedie's formula: (x + deviation^2 score(x)) / keep. `diffused` is the law of X_t.
    fn posterior_mean(self, diffused: &Mixture, x: Point) -> Point {
        let score = diffused.score(x);
        [0, 1].map(|k| (x[k] + self.deviation * self.deviation * score[k]) / self.keep)
    }
}

/// `count` levels, at least two, whose times are a geometric sequence, from little noise to much.
fn levels(count: usize) -> Vec<Level> {
    let last = count.max(2) - 1;
    let ratio = TIMES[1] / TIMES[0];
    (0..=last).map(|k| Level::at(TIMES[0] * libm::pow(ratio, k as f64 / last as f64))).collect()
}

/// Waves by which a network is told the level.
const WAVES: usize = 2;

/// Cosines and sines of each level's place between the first and the last in log SNR.
fn features(levels: &[Level]) -> Vec<[f64; 2 * WAVES]> {
    let place = |level: &Level| libm::log(level.snr());
    let (first, last) = (place(&levels[0]), place(&levels[levels.len() - 1]));
    let of_level = |level: &Level| {
        let angle = std::f64::consts::PI * (place(level) - first) / (last - first);
        std::array::from_fn(|k| {
            let angle = (k / 2 + 1) as f64 * angle;
            if k % 2 == 0 { libm::cos(angle) } else { libm::sin(angle) }
        })
    };
    levels.iter().map(of_level).collect()
}

/// What the reverse process without fresh noise makes of `noise`, from the last level to the first:
/// ```text
/// x0 = denoise(level, x),   x <- keep' x0 + deviation' (x - keep x0) / deviation,   at the end x <- x0
/// ```
/// where the primes are of the level below. Song, Meng, Ermon 2020, arXiv:2010.02502, equation 12 without noise.
fn reversed(noise: &[Point], levels: &[Level], mut denoise: impl FnMut(usize, &[Point]) -> Vec<Point>) -> Vec<Point> {
    let mut points = noise.to_vec();
    for (k, now) in levels.iter().enumerate().rev() {
        let next = k.checked_sub(1).map_or(Level { keep: 1.0, deviation: 0.0 }, |below| levels[below]);
        let clean = denoise(k, &points);
        let share = next.deviation / now.deviation;
        for (x, x0) in points.iter_mut().zip(clean) {
            *x = [0, 1].map(|i| next.keep * x0[i] + share * (x[i] - now.keep * x0[i]));
        }
    }
    points
}

/// A noisy point, and what is wanted in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Example {
    level: usize,
    x: Point,
    clean: Point,
}

/// Points of each level at which the learned score is tested.
const TESTS: usize = 16;
/// Philox slots of what is drawn once from the seed.
const NOISE: u32 = 0x5000_0000;
const TEST: u32 = 0x5000_0010;
const TRAIN: u32 = 0x5000_0020;
const WEIGHTS: u32 = 0x5000_0030;

/// Noise that the samples shown are made of.
fn base(setting: &Setting) -> Vec<Point> {
    (0..setting.start.len() as u32).map(|i| normal_pair(setting.seed, i, 0, NOISE)).collect()
}

/// `count` of the samples that a setting has, evenly, or all of them: they are sorted by component.
fn training_points(setting: &Setting, count: usize) -> Vec<Point> {
    let Some(samples) = &setting.samples else { return Vec::new() };
    let count = count.min(samples.len());
    (0..count).map(|i| samples[i * samples.len() / count]).collect()
}

/// Fresh points of the noisy laws, with E[X_0 | X_t] exactly.
fn tests(setting: &Setting, levels: &[Level]) -> Vec<Example> {
    let Some(mixture) = &setting.mixture else { return Vec::new() };
    let mut examples = Vec::new();
    for (k, level) in levels.iter().enumerate() {
        let diffused = mixture.diffused(level.keep, level.deviation);
        for i in k * TESTS..(k + 1) * TESTS {
            let clean = mixture.draw(setting.seed, i, TEST);
            let x = level.noisy(clean, normal_pair(setting.seed, i as u32, 0, TEST));
            examples.push(Example { level: k, x, clean: level.posterior_mean(&diffused, x) });
        }
    }
    examples
}

/// The test error of the score: the mean over levels and points of deviation^2 |s - s*|^2, where s = (keep f - x) / deviation^2
/// is the learned score of a denoiser f and s* the exact one. It is the mean of snr |f - f*|^2, and that of the squared error
/// of a prediction of the noise. `None` where it is no number.
fn score_error(
    tests: &[Example],
    levels: &[Level],
    mut denoise: impl FnMut(usize, &[Point]) -> Vec<Point>,
) -> Option<f64> {
    let mut sum = 0.0;
    for of_level in tests.chunk_by(|a, b| a.level == b.level) {
        let points: Vec<Point> = of_level.iter().map(|test| test.x).collect();
        let level = of_level[0].level;
        let learned = denoise(level, &points).into_iter();
        sum +=
            levels[level].snr() * learned.zip(of_level).map(|(f, test)| squared_distance(f, test.clean)).sum::<f64>();
    }
    let error = sum / tests.len().max(1) as f64;
    (!tests.is_empty() && error.is_finite()).then_some(error)
}

/// The name of the number that they tell.
const GAUGE: &str = "test error of the score";

/// The knob for the number of training points.
const TRAINING: Knob = Knob::whole(
    "train",
    "N",
    256.0,
    (1.0, 512.0),
    "points of the law that it is trained with; there are as many as particles, 64 to 512",
);

/// The knob for the number of noise levels.
const LEVELS: Knob =
    Knob::whole("levels", "L", 25.0, (2.0, 200.0), "levels of noise, and so steps of the reverse process");

/// The knob for the pace of the lab.
const fn updates(default: f64) -> Knob {
    Knob {
        id: "updates",
        symbol: "u",
        default,
        range: (1.0, 200.0),
        scale: Scale::Log { from: 1.0 },
        meaning: "updates of the parameters in a step of the lab",
    }
}

#[cfg(test)]
mod checks {
    use super::*;
    use crate::measures::{Component, Gaussian};
    use crate::optimizers::flows::testing::setting;
    use std::sync::Arc;

    fn law() -> Mixture {
        Mixture::new(vec![Component::round(1.0, [-1.0, 0.0], 0.4), Component::round(3.0, [1.0, 0.5], 0.3)])
    }

    #[test]
    fn levels_are_a_geometric_sequence_of_times() {
        let levels = levels(3);
        let middle = Level::at((TIMES[0] * TIMES[1]).sqrt());
        for (level, exact) in levels.iter().zip([Level::at(TIMES[0]), middle, Level::at(TIMES[1])]) {
            // The middle time is the root of a power.
            assert!((level.keep - exact.keep).abs() < 1e-14 && (level.deviation - exact.deviation).abs() < 1e-14);
            assert!((level.keep.powi(2) + level.deviation.powi(2) - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn with_the_exact_score_the_reverse_process_makes_the_law_and_no_error() {
        let (law, levels) = (law(), levels(100));
        let noise: Vec<Point> = (0..2000).map(|i| normal_pair(1, i, 0, NOISE)).collect();
        let exact = |k: usize, points: &[Point]| -> Vec<Point> {
            let diffused = law.diffused(levels[k].keep, levels[k].deviation);
            points.iter().map(|x| levels[k].posterior_mean(&diffused, *x)).collect()
        };
        let seen = Gaussian::of_points(&reversed(&noise, &levels, exact));
        // Mean (0.5, 0.375), variance of x 0.75 + 0.1075. Four standard errors of 2000 points, and the bias of a hundred
        // steps, 0.02.
        assert!((seen.mean.x - 0.5).abs() < 0.1 && (seen.mean.y - 0.375).abs() < 0.06, "{seen:?}");
        assert!((seen.covariance.m11 - 0.8575).abs() < 0.12, "{seen:?}");
        let tests = tests(&Setting { mixture: Some(Arc::new(law.clone())), ..setting(&[]) }, &levels);
        assert_eq!((tests.len(), score_error(&tests, &levels, exact)), (100 * TESTS, Some(0.0)));
        // Predicting x / keep says that there is no score: deviation^2 |s*|^2, near 2 where there is much noise.
        let none = |k: usize, points: &[Point]| points.iter().map(|x| x.map(|c| c / levels[k].keep)).collect();
        let error = score_error(&tests, &levels, none).expect("a number");
        assert!((0.5..2.5).contains(&error), "{error}");
    }

    #[test]
    fn training_points_are_spread_over_all_samples() {
        let samples: Vec<Point> = (0..10).map(|i| [f64::from(i), 0.0]).collect();
        let setting = Setting { samples: Some(samples.into()), ..setting(&[]) };
        assert_eq!(training_points(&setting, 3), [[0.0, 0.0], [3.0, 0.0], [6.0, 0.0]]);
        assert_eq!(training_points(&setting, 99).len(), 10);
    }
}
