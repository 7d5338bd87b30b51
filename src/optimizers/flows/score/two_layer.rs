//! Regression by gradient descent, with a wide network of two layers or with the kernel that it becomes.

use super::WAVES;
use crate::measures::Point;
use crate::scalar::normal_pair;

/// What goes in: a point, cosines and sines of the level, and a one.
pub(super) const INPUTS: usize = 3 + 2 * WAVES;
pub(super) type Input = [f64; INPUTS];

fn dot(a: &Input, b: &Input) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A function of inputs that is fitted to data by gradient descent on (1/2N) sum_j |f(u_j) - y_j|^2.
pub(super) trait Regression {
    /// The function's values.
    fn values(&self, inputs: &[Input]) -> Vec<Point>;
    /// A step of length `lr` for residuals f(u_j) - y_j at the data.
    fn descend(&mut self, residuals: &[Point], lr: f64);
    /// The function's values at the data.
    fn fitted(&self) -> Vec<Point>;
    /// How many numbers change.
    fn len(&self) -> usize;
    /// Whether they are numbers.
    fn is_finite(&self) -> bool;
}

/// f(u) = m^(-1/2) sum_r a_r max(0, w_r . u), of which the w_r are trained. The slope at a kink is zero.
///
/// The w_r begin as standard normal draws; the a_r are signs, one for each of two outputs, and stay. Units come in pairs with
/// the same w_r and opposite a_r, so that f = 0 at the start, as it is for the kernel (Chizat, Oyallon, Bach 2018, section
/// 2.2); the signs of the outputs agree for every other pair, which makes the mean of their product zero.
#[derive(Clone)]
pub(super) struct TwoLayer {
    data: Vec<Input>,
    weights: Vec<Input>,
    signs: Vec<Point>,
}

impl TwoLayer {
    /// With `units`, rounded up to a multiple of four.
    pub(super) fn new(data: Vec<Input>, units: usize, seed: u64, slot: u32) -> Self {
        let units = units.max(1).next_multiple_of(4);
        let weight = |r: usize| {
            let mut w = [0.0; INPUTS];
            for (k, entries) in w.chunks_mut(2).enumerate() {
                let draws = normal_pair(seed, (r / 2) as u32, k as u32, slot);
                entries.iter_mut().zip(draws).for_each(|(entry, draw)| *entry = draw);
            }
            w
        };
        let sign = |r: usize| {
            let one = if r.is_multiple_of(2) { 1.0 } else { -1.0 };
            [one, if r % 4 < 2 { one } else { -one }]
        };
        Self { data, weights: (0..units).map(weight).collect(), signs: (0..units).map(sign).collect() }
    }

    fn value(&self, input: &Input) -> Point {
        let mut sum = [0.0; 2];
        for (w, sign) in self.weights.iter().zip(&self.signs) {
            let out = dot(w, input).max(0.0);
            sum = [sum[0] + sign[0] * out, sum[1] + sign[1] * out];
        }
        sum.map(|sum| sum / (self.weights.len() as f64).sqrt())
    }
}

impl Regression for TwoLayer {
    fn values(&self, inputs: &[Input]) -> Vec<Point> {
        inputs.iter().map(|input| self.value(input)).collect()
    }

    fn descend(&mut self, residuals: &[Point], lr: f64) {
        let scale = lr / ((self.weights.len() as f64).sqrt() * self.data.len() as f64);
        for (w, sign) in self.weights.iter_mut().zip(&self.signs) {
            let mut gradient = [0.0; INPUTS];
            for (input, residual) in self.data.iter().zip(residuals) {
                if dot(w, input) > 0.0 {
                    let slope = sign[0] * residual[0] + sign[1] * residual[1];
                    gradient.iter_mut().zip(input).for_each(|(g, u)| *g += slope * u);
                }
            }
            w.iter_mut().zip(gradient).for_each(|(w, g)| *w -= scale * g);
        }
    }

    fn fitted(&self) -> Vec<Point> {
        self.values(&self.data)
    }

    fn len(&self) -> usize {
        INPUTS * self.weights.len()
    }

    fn is_finite(&self) -> bool {
        self.weights.iter().flatten().all(|w| w.is_finite())
    }
}

/// The function f(u) = sum_j K(u, u_j) c_j that gradient descent on infinitely many units follows, with the same steps:
/// c_j <- c_j - lr (f(u_j) - y_j) / N. The kernel is the mean over standard normal w of the product of two gradients of a unit,
/// ```text
/// K(u, v) = E[u . v 1{w . u > 0} 1{w . v > 0}] = u . v (pi - angle(u, v)) / (2 pi)
/// ```
/// u . v times half the arc-cosine kernel of order 0 (Cho, Saul 2009); between the two outputs it is zero. Inputs end with a
/// one, so none is zero.
#[derive(Clone)]
pub(super) struct Tangent {
    data: Vec<Input>,
    gram: Vec<f64>,
    coefficients: Vec<Point>,
}

impl Tangent {
    pub(super) fn new(data: Vec<Input>) -> Self {
        let gram = data.iter().flat_map(|u| data.iter().map(|v| kernel(u, v))).collect();
        Self { coefficients: vec![[0.0; 2]; data.len()], gram, data }
    }

    fn combined(&self, kernels: impl Iterator<Item = f64>) -> Point {
        let sum = |[a, b]: Point, (k, c): (f64, &Point)| [a + k * c[0], b + k * c[1]];
        kernels.zip(&self.coefficients).fold([0.0; 2], sum)
    }
}

fn kernel(u: &Input, v: &Input) -> f64 {
    let product = dot(u, v);
    let cosine = product / (dot(u, u) * dot(v, v)).sqrt();
    product * (0.5 - libm::acos(cosine.clamp(-1.0, 1.0)) / std::f64::consts::TAU)
}

impl Regression for Tangent {
    fn values(&self, inputs: &[Input]) -> Vec<Point> {
        inputs.iter().map(|u| self.combined(self.data.iter().map(|v| kernel(u, v)))).collect()
    }

    fn descend(&mut self, residuals: &[Point], lr: f64) {
        let scale = lr / self.data.len() as f64;
        for (c, residual) in self.coefficients.iter_mut().zip(residuals) {
            *c = [0, 1].map(|k| c[k] - scale * residual[k]);
        }
    }

    fn fitted(&self) -> Vec<Point> {
        self.gram.chunks(self.data.len().max(1)).map(|row| self.combined(row.iter().copied())).collect()
    }

    fn len(&self) -> usize {
        2 * self.coefficients.len()
    }

    fn is_finite(&self) -> bool {
        self.coefficients.iter().flatten().all(|c| c.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(count: usize) -> Vec<Input> {
        let input = |i: usize| {
            let mut u = [1.0; INPUTS];
            for (k, entry) in u[..INPUTS - 1].iter_mut().enumerate() {
                *entry = normal_pair(4, i as u32, k as u32, 0)[0];
            }
            u
        };
        (0..count).map(input).collect()
    }

    fn residuals(fitted: &[Point], wanted: &[Point]) -> Vec<Point> {
        fitted.iter().zip(wanted).map(|(f, y)| [f[0] - y[0], f[1] - y[1]]).collect()
    }

    fn loss(fitted: &[Point], wanted: &[Point]) -> f64 {
        let squares: f64 = residuals(fitted, wanted).iter().flatten().map(|r| r * r).sum();
        squares / (2 * wanted.len()) as f64
    }

    #[test]
    fn a_step_goes_along_the_gradient_of_the_loss() {
        let data = data(9);
        let wanted: Vec<Point> = (0..9).map(|i| normal_pair(5, i, 0, 0)).collect();
        let mut net = TwoLayer::new(data, 8, 1, 0);
        assert_eq!(net.fitted(), vec![[0.0; 2]; 9]);
        // Away from the start, where pairs cancel.
        net.descend(&residuals(&net.fitted(), &wanted), 1.0);
        let mut moved = net.clone();
        moved.descend(&residuals(&net.fitted(), &wanted), 1.0);
        let h = 1e-6;
        for r in 0..8 {
            for k in 0..INPUTS {
                let at = |d: f64| {
                    let mut net = net.clone();
                    net.weights[r][k] += d;
                    loss(&net.fitted(), &wanted)
                };
                let slope = (at(h) - at(-h)) / (2.0 * h);
                // Rounding of the differences, 1e-16 / 1e-6.
                assert!((net.weights[r][k] - moved.weights[r][k] - slope).abs() < 1e-8, "{r} {k}");
            }
        }
    }

    #[test]
    fn the_kernel_is_the_mean_over_units() {
        let data = data(2);
        let units = 40_000;
        let net = TwoLayer::new(data.clone(), 2 * units, 2, 0);
        let active = |w: &&Input| data.iter().all(|u| dot(w, u) > 0.0);
        let share = net.weights.iter().step_by(2).filter(active).count() as f64 / units as f64;
        // Four standard errors of a share.
        assert!((kernel(&data[0], &data[1]) / dot(&data[0], &data[1]) - share).abs() < 0.01);
        assert!((kernel(&data[0], &data[0]) - 0.5 * dot(&data[0], &data[0])).abs() < 1e-7);
    }

    #[test]
    fn wide_networks_follow_the_kernel() {
        let (data, probes) = (data(20), &data(40)[20..]);
        let wanted: Vec<Point> = (0..20).map(|i| normal_pair(5, i, 0, 0)).collect();
        let train = |model: &mut dyn Regression| {
            for _ in 0..50 {
                let residuals = residuals(&model.fitted(), &wanted);
                model.descend(&residuals, 0.5);
            }
            model.values(probes)
        };
        let exact = train(&mut Tangent::new(data.clone()));
        // The mean of four seeds: one varies by half.
        let gap = |units| {
            (0..4)
                .map(|seed| loss(&train(&mut TwoLayer::new(data.clone(), units, seed, 0)), &exact).sqrt())
                .sum::<f64>()
        };
        let (few, many) = (gap(64), gap(4096));
        // Eight times if like the root of the number of units.
        assert!((4.0..16.0).contains(&(few / many)), "{few} {many}");
    }
}
