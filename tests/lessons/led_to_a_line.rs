//! "Led to a line": diffusions led to a measurement, against the posterior in closed form.

use super::{Reading, clouds::Clouds};
use thalweg::measures::Point;

/// The line a' x = y of a method's measurement.
struct Line {
    normal: Point,
    y: f64,
}

/// The law of a mixture on a line: means and variances along it, and weights.
struct Posterior {
    weights: Vec<f64>,
    mean: f64,
    variance: f64,
}

impl Line {
    fn of(clouds: &Clouds, method: usize) -> Self {
        let knob = |id| clouds.experiment.methods[method].base.knobs.get(id);
        let angle: f64 = knob("angle").to_radians();
        Self { normal: [angle.cos(), angle.sin()], y: knob("y") }
    }

    /// y - a' x.
    fn residual(&self, [x, y]: Point) -> f64 {
        self.y - self.normal[0] * x - self.normal[1] * y
    }

    /// The coordinate along the line.
    fn along(&self, [x, y]: Point) -> f64 {
        self.normal[0] * y - self.normal[1] * x
    }

    /// A round normal law N(m, v) has density N(y; a' m, v) on the line, and there again variance v.
    fn posterior(&self, clouds: &Clouds) -> Posterior {
        let law = clouds.run.problem.setting.mixture.clone().expect("it is one");
        let parts = law.components();
        let mut weights = Vec::new();
        for part in parts {
            let [v, xy, yy] = part.covariance;
            assert!(xy == 0.0 && yy == v, "components are round and alike");
            weights.push(part.weight * (-self.residual(part.mean).powi(2) / (2.0 * v)).exp());
        }
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        let sum = |f: &dyn Fn(f64) -> f64| -> f64 {
            parts.iter().zip(&weights).map(|(part, weight)| weight * f(self.along(part.mean))).sum()
        };
        let mean = sum(&|u| u);
        let variance = parts[0].covariance[0] + sum(&|u| (u - mean).powi(2));
        Posterior { weights, mean, variance }
    }

    fn error(&self, cloud: &[Point]) -> f64 {
        cloud.iter().map(|x| self.residual(*x).abs()).sum::<f64>() / cloud.len() as f64
    }

    fn mean_and_variance(&self, cloud: &[Point]) -> [f64; 2] {
        let average =
            |f: &dyn Fn(f64) -> f64| cloud.iter().map(|x| f(self.along(*x))).sum::<f64>() / cloud.len() as f64;
        let mean = average(&|u| u);
        [mean, average(&|u| (u - mean).powi(2))]
    }
}

/// The share of the particles below the horizontal axis.
fn below(cloud: &[Point]) -> f64 {
    cloud.iter().filter(|x| x[1] < 0.0).count() as f64 / cloud.len() as f64
}

/// Condition error, share below the axis, variance along the line, of every method in the end.
fn ends(of: &Clouds) -> Vec<[f64; 3]> {
    let end = |method| {
        let (line, last) = (Line::of(of, method), of.last(method));
        let error = line.error(&last.cloud);
        // What the picture's gauge shows is the same, up to rounding.
        assert!((last.gauge - error).abs() < 1e-12 * (1.0 + error), "{} {error}", last.gauge);
        [error, below(&last.cloud), line.mean_and_variance(&last.cloud)[1]]
    };
    (0..of.experiment.methods.len()).map(end).collect()
}

/// Scores and Hessians evaluated a particle.
fn evaluations(of: &Clouds, method: usize) -> u64 {
    of.last(method).calls.gradient / of.last(method).cloud.len() as u64
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("led_to_a_line");

    let both = text.cloud_setup(1);
    let exact = Line::of(&both, 0).posterior(&both);
    let modes = both.run.problem.setting.mixture.clone().expect("it is one");
    let weight = |right: f64, up: f64| {
        let here = |x: Point| x[0] * right > 0.0 && x[1] * up > 0.0;
        let parts = modes.components().iter().zip(&exact.weights);
        parts.filter(|(part, _)| here(part.mean)).map(|(_, weight)| weight).sum::<f64>()
    };
    let [lower, upper] = [weight(1.0, -1.0), weight(1.0, 1.0)];
    text.says(1, &format!("has {lower:.2} of its mass in the lower right mode and {upper:.2} in the upper right one"));
    text.says(1, &format!("its variance along the line is {:.2}.", exact.variance));
    text.says(1, &format!("both have {} steps", both.experiment.steps));
    let [[e, share, variance], [f, other, wider]] = ends(&both)[..] else { unreachable!("there are two") };
    text.says(1, &format!("is {e:.4} with DPS and {f:.3} with Dreamguider"));
    let unguided = text.cloud_link(1, "unguided");
    text.says(1, &format!("unguided it is {:.2}", ends(&unguided)[0][0]));
    text.says(1, &format!("of the DPS cloud {share:.2} lies below"));
    text.says(1, &format!("of Dreamguider’s {other:.2}, where the posterior has {lower:.2}"));
    text.says(1, &format!("are {variance:.2} and {wider:.2}"));
    let [a, b] = [0, 1].map(|method| evaluations(&both, method));
    text.says(1, &format!("evaluates {a} scores and Hessians a particle, Dreamguider {b} scores"));
    let longer = text.cloud_link(1, "With 200 steps");
    assert_eq!(evaluations(&longer, 0), a);
    text.says(1, &format!("With {} steps", longer.experiment.steps));
    let [g, share, _] = ends(&longer)[0];
    text.says(1, &format!("an error of {g:.3}, and a share of {share:.2}"));

    let strengths = text.cloud_setup(2);
    let zeta = |of: &Clouds, method: usize| of.experiment.methods[method].base.knobs.get("zeta");
    let [a, b, c] = [0, 1, 2].map(|method| zeta(&strengths, method));
    text.says(2, &format!("$ is {a}, {b} and {c}."));
    let [u, v, w] = ends(&strengths)[..] else { unreachable!("there are three") };
    text.says(2, &format!("The errors are {:.3}, {:.4} and {:.3}.", u[0], v[0], w[0]));
    let above = text.cloud_link(2, "Above one");
    let [p, q] = ends(&above)[..] else { unreachable!("there are two") };
    text.says(
        2,
        &format!("with {} the error is {:.2}, with {} it is {:.0}.", zeta(&above, 0), p[0], zeta(&above, 1), q[0]),
    );
    text.says(2, &format!("with the strength: {:.2}, {:.2} and {:.2}, and", u[1], v[1], w[1]));
    text.says(2, &format!("the variance falls, {:.2}, {:.2} and {:.2}.", u[2], v[2], w[2]));
    let longer = text.cloud_link(2, "with 300 steps");
    text.says(2, &format!("with {} steps", longer.experiment.steps));
    let [_, share, variance] = ends(&longer)[0];
    let strength = zeta(&longer, 0);
    text.says(2, &format!("the same $ of {strength} the share is {share:.2} and the variance {variance:.2}"));

    let lengths = text.cloud_setup(3);
    let [a, b] = [0, 1].map(|method| zeta(&lengths, method));
    text.says(3, &format!("$ = {a} and {b}, beside"));
    let [u, v, w] = ends(&lengths)[..] else { unreachable!("there are three") };
    text.says(3, &format!("errors of {:.2} and {:.2}: the error is", u[0], v[0]));
    text.says(3, &format!("its error is {:.3}, and", w[0]));
    let mut error = |link: &str, before: &str, digits: usize| {
        let error = ends(&text.cloud_link(3, link))[0][0];
        text.says(3, &format!("{before}{error:.digits$}"));
    };
    error("with three times the scale", "with three times the scale ", 3);
    error("without fresh noise", "the error is ", 2);
    error("8 shifts", "8 shifts of the estimate gives ", 3);
    error("one", "over one ", 3);

    text.finish(&[]);
}

/// What the first page finds is no accident of its random numbers: a share of 256 has a standard error of 0.03 at most.
#[test]
fn neither_is_the_posterior() {
    let setup = Reading::of("led_to_a_line").cloud_setup(1);
    let exact = Line::of(&setup, 0).posterior(&setup);
    for seed in 1..4 {
        let other = setup.with_seed(seed);
        let [[dps_error, dps, _], [dreamguider_error, dreamguider, _]] = ends(&other)[..] else { unreachable!() };
        assert!(dps_error < 0.01 && dreamguider_error < 0.05, "{dps_error} {dreamguider_error}");
        assert!(dps < 0.88 - 0.09 && dreamguider < dps - 0.09, "{dps} {dreamguider}");
        // The mean along the line says the same.
        let mean = |method| Line::of(&other, method).mean_and_variance(&other.last(method).cloud)[0];
        assert!(exact.mean + 0.2 < mean(0) && mean(0) + 0.2 < mean(1), "{} {} {}", exact.mean, mean(0), mean(1));
    }
}
