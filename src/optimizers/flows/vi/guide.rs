//! Guides: families of laws q_theta in the plane, of which a draw is T_theta(noise).

use super::bessel::log_i0_and_ratio;
use crate::measures::Point;
use crate::optimizers::flows::ParticleOracle;
use crate::scalar::{Dual, Real};
use std::f64::consts::TAU;

/// Parameters of a guide at most.
pub const MOST: usize = 7;

/// A number for each parameter; those that a guide does not have are zero.
pub type Slopes = [f64; MOST];

/// A number with its derivatives by the parameters.
type Number = Dual<f64, MOST>;

/// A family of laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guide {
    /// A normal law with independent coordinates.
    MeanField,
    /// Any normal law.
    Full,
    /// A normal law bent by one coupling layer.
    Coupling,
    /// A circle with normal noise; `inner` of its angles estimate the density, 0: it is computed.
    Ring {
        /// How many.
        inner: usize,
    },
}

/// What a draw is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Noise {
    /// Standard normal.
    pub normal: Point,
    /// Of a ring: the angle of the draw, then those that estimate the density with it, uniform, in radians.
    pub angles: Vec<f64>,
}

/// A draw x = T_theta(noise), with derivatives.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// x.
    pub x: Point,
    /// log q_theta(x), or its estimate.
    pub log_density: f64,
    /// The derivatives of x by the parameters, a row for each coordinate.
    pub jacobian: [Slopes; 2],
    /// The derivatives of log q_theta(T_theta(noise)) by the parameters: through the law and through the point.
    pub total: Slopes,
    /// The gradient of log q_theta at x, theta being held.
    pub score: Point,
}

impl Draw {
    /// The Jacobian's transpose times a vector of the plane.
    pub fn pulled(&self, v: Point) -> Slopes {
        std::array::from_fn(|k| self.jacobian[0][k] * v[0] + self.jacobian[1][k] * v[1])
    }

    /// The derivatives of log q_theta(x) by the parameters, x being held: what the total has beyond the way through x.
    /// Not of a density that is estimated.
    pub fn parameter_score(&self) -> Slopes {
        let through = self.pulled(self.score);
        std::array::from_fn(|k| self.total[k] - through[k])
    }
}

/// The guides, theta in the order of the symbols:
/// ```text
/// theta = m1, m2, a1, a2, b, c, d                                                       noise z standard normal
/// y = (z1,  e^s z2 + c z1^2),   s = d tanh z1                                           a coupling layer
/// x = (m1 + e^a1 y1,  m2 + b y1 + e^a2 y2)                                              an affine layer
/// log q = -log 2 pi - |z|^2 / 2 - s - a1 - a2
///
/// theta = m1, m2, log r, log s                              noise z standard normal, an angle t uniform on the circle
/// x = m + r (cos t, sin t) + s z
/// q = mean over t of N(x | m + r (cos t, sin t), s^2 I)
///   = exp(-(|x - m|^2 + r^2) / (2 s^2)) I0(|x - m| r / s^2) / (2 pi s^2)
/// ```
/// The mean-field normal law has b = c = d = 0, the full one c = d = 0; the guide with the coupling layer has all of
/// them, and holds every banana y = k x^2 + normal noise, x normal, exactly. m, r, s, e^a and b are lengths, c and d
/// numbers; the logarithm of the layer's scale is at most |d|.
///
/// Coupling layers: Dinh, Sohl-Dickstein, Bengio 2016, arXiv:1605.08803, with a square and a tanh for their networks. The
/// ring is the guide of the cone in Becker et al. 2024, arXiv:2406.15742, with free centre and radius. With `inner` = N its
/// density is estimated by the mean over N angles, the first of them the one of the draw: for N = 1 this is hierarchical
/// variational inference (Ranganath, Tran, Blei 2016, arXiv:1511.02386), for more its importance-weighted form (Sobolev,
/// Vetrov 2019, arXiv:1905.03290), the auxiliary law of the angle given x being uniform in both. The mean of the
/// estimate's logarithm is not below that of log q, so that the bound stays a bound. `inner` = 0 is the exact density.
impl Guide {
    /// The guide of this number in links; `inner` counts for the ring alone.
    pub fn numbered(number: usize, inner: usize) -> Self {
        match number {
            1 => Self::MeanField,
            2 => Self::Full,
            3 => Self::Coupling,
            _ => Self::Ring { inner },
        }
    }

    /// The same laws, with the exact density.
    pub fn exact(self) -> Self {
        if let Self::Ring { .. } = self { Self::Ring { inner: 0 } } else { self }
    }

    /// How many parameters it has.
    pub fn parameters(self) -> usize {
        match self {
            Self::MeanField | Self::Ring { .. } => 4,
            Self::Full => 5,
            Self::Coupling => 7,
        }
    }

    /// The noise of `count` draws in this step.
    pub fn noise(self, count: usize, oracle: &mut dyn ParticleOracle) -> Vec<Noise> {
        let normal = oracle.normal(0, count);
        let mut noise: Vec<Noise> = normal.into_iter().map(|normal| Noise { normal, angles: Vec::new() }).collect();
        if let Self::Ring { inner } = self {
            let angles = inner.max(1);
            for slot in 1..=angles.div_ceil(2) {
                for (noise, pair) in noise.iter_mut().zip(oracle.uniform(slot as u32, count)) {
                    noise.angles.extend(pair.map(|u| TAU * u));
                }
            }
            noise.iter_mut().for_each(|noise| noise.angles.truncate(angles));
        }
        noise
    }

    /// The draw of this noise; `theta` has a number for each parameter.
    pub fn draw(self, theta: &[f64], noise: &Noise) -> Draw {
        let number = |k: usize| theta.get(k).map_or(Number::zero(), |value| Number::variable(*value, k));
        let theta: [Number; MOST] = std::array::from_fn(number);
        match self {
            Self::Ring { inner } => ring(&theta, noise, inner),
            _ => flow(&theta, noise.normal),
        }
    }
}

fn constant(x: f64) -> Number {
    Number::constant(x)
}

fn drawn(x: [Number; 2], log_density: Number, score: Point) -> Draw {
    Draw {
        x: x.map(|x| x.value),
        log_density: log_density.value,
        jacobian: x.map(|x| x.derivative),
        total: log_density.derivative,
        score,
    }
}

/// A draw through the coupling layer and the affine layer. Its score comes with it layer by layer,
/// ```text
/// delta_0 = grad log q_0(z) = -z,      delta_{l+1} = (dT_l)^-T (delta_l - grad log |det dT_l|)
/// ```
/// so that no layer has to be inverted: Vaitl, Winkler, Richter, Kessel 2024, arXiv:2403.15881, the recursion of
/// section 3.
fn flow([m1, m2, a1, a2, b, c, d]: &[Number; MOST], [z1, z2]: Point) -> Draw {
    let tanh = libm::tanh(z1);
    let log_scale = *d * constant(tanh);
    let scale = log_scale.exp();
    let y2 = scale * constant(z2) + *c * constant(z1 * z1);
    let (e1, e2) = (a1.exp(), a2.exp());
    let x = [*m1 + e1 * constant(z1), *m2 + *b * constant(z1) + e2 * y2];
    let log_density = constant(-libm::log(TAU) - 0.5 * (z1 * z1 + z2 * z2)) - log_scale - *a1 - *a2;

    let slope = d.value * (1.0 - tanh * tanh);
    // The coupling's Jacobian is [[1, 0], [bend, scale]].
    let bend = slope * scale.value * z2 + 2.0 * c.value * z1;
    let second = -z2 / scale.value;
    let first = -z1 - slope - bend * second;
    // The affine layer's is [[e1, 0], [b, e2]].
    let second = second / e2.value;
    drawn(x, log_density, [(first - b.value * second) / e1.value, second])
}

/// A draw of a ring.
fn ring([m1, m2, log_r, log_s, ..]: &[Number; MOST], noise: &Noise, inner: usize) -> Draw {
    let (r, s) = (log_r.exp(), log_s.exp());
    let direction = |angle: f64| [libm::cos(angle), libm::sin(angle)];
    let angle = noise.angles.first().copied().unwrap_or(0.0);
    let [cos, sin] = direction(angle);
    let [z1, z2] = noise.normal;
    // From the centre.
    let [u, v] = [r * constant(cos) + s * constant(z1), r * constant(sin) + s * constant(z2)];
    let precision = Number::one() / (s * s);
    let half = constant(0.5) * precision;
    let radius = u.hypot(v);
    let k = radius * r * precision;
    let (log_i0, ratio) = log_i0_and_ratio(k.value);
    let log_mean = if inner == 0 {
        let log_i0 = Dual { value: log_i0, derivative: k.derivative.map(|slope| (ratio - 1.0) * slope) };
        log_i0 - (radius - r) * (radius - r) * half
    } else {
        let exponent = |angle: &f64| {
            let [cos, sin] = direction(*angle);
            let [du, dv] = [u - r * constant(cos), v - r * constant(sin)];
            -(du * du + dv * dv) * half
        };
        log_mean_exp(&noise.angles.iter().map(exponent).collect::<Vec<_>>())
    };
    let log_density = log_mean - constant(libm::log(TAU)) - *log_s - *log_s;
    // I1(k) / (k I0(k)) is a half at the centre.
    let by_k = if k.value > 1e-8 { ratio / k.value } else { 0.5 };
    let inward = precision.value * (r.value * r.value * precision.value * by_k - 1.0);
    drawn([*m1 + u, *m2 + v], log_density, [inward * u.value, inward * v.value])
}

/// The logarithm of the mean of exp; the largest exponent is taken out first.
fn log_mean_exp(exponents: &[Number]) -> Number {
    let largest = constant(exponents.iter().map(|e| e.value).fold(f64::NEG_INFINITY, f64::max));
    let sum = exponents.iter().fold(Number::zero(), |sum, e| sum + (*e - largest).exp());
    (sum * constant(1.0 / exponents.len().max(1) as f64)).ln() + largest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::Gaussian;
    use nalgebra::{Matrix2, Vector2};

    const THETA: [f64; MOST] = [0.3, -0.7, 0.4, -0.5, 0.8, 0.6, -0.9];

    fn every() -> Vec<(Guide, Noise)> {
        let angles = vec![0.4, 2.0, 5.0];
        let ring = [0, 1, 3].map(|inner| Guide::Ring { inner });
        let made = |guide| (guide, Noise { normal: [0.9, -0.6], angles: angles.clone() });
        [Guide::MeanField, Guide::Full, Guide::Coupling].into_iter().chain(ring).map(made).collect()
    }

    #[test]
    fn derivatives_by_the_parameters_are_differences() {
        let h = 1e-5;
        for (guide, noise) in every() {
            let theta = &THETA[..guide.parameters()];
            let draw = guide.draw(theta, &noise);
            for k in 0..guide.parameters() {
                let at = |shift: f64| {
                    let mut theta = theta.to_vec();
                    theta[k] += shift;
                    let draw = guide.draw(&theta, &noise);
                    [draw.x[0], draw.x[1], draw.log_density]
                };
                let (high, low) = (at(h), at(-h));
                let exact = [draw.jacobian[0][k], draw.jacobian[1][k], draw.total[k]];
                for (i, exact) in exact.into_iter().enumerate() {
                    let difference = (high[i] - low[i]) / (2.0 * h);
                    // h^2 times third derivatives, up to a hundred, and rounding over h.
                    assert!((difference - exact).abs() < 1e-7, "{guide:?} {k} {i}: {difference} {exact}");
                }
            }
        }
    }

    /// d/dz log q(T(z)) = (dT/dz)^T score, both derivatives as differences.
    #[test]
    fn the_score_that_comes_with_a_draw_is_that_of_the_law() {
        let h = 1e-5;
        for (guide, noise) in every() {
            let guide = guide.exact();
            let theta = &THETA[..guide.parameters()];
            let score = guide.draw(theta, &noise).score;
            for k in 0..2 {
                let at = |shift: f64| {
                    let mut noise = noise.clone();
                    noise.normal[k] += shift;
                    guide.draw(theta, &noise)
                };
                let (high, low) = (at(h), at(-h));
                let along = [0, 1].map(|i| (high.x[i] - low.x[i]) / (2.0 * h));
                let difference = (high.log_density - low.log_density) / (2.0 * h);
                let exact = along[0] * score[0] + along[1] * score[1];
                // As above.
                assert!((difference - exact).abs() < 1e-7, "{guide:?} {k}: {difference} {exact}");
            }
        }
    }

    #[test]
    fn a_full_guide_has_the_density_of_a_normal_law() {
        let [m1, m2, a1, a2, b, ..] = THETA;
        let l = Matrix2::new(a1.exp(), 0.0, b, a2.exp());
        let law = Gaussian { mean: Vector2::new(m1, m2), covariance: l * l.transpose() };
        for normal in [[0.0, 0.0], [1.0, -2.0], [-0.4, 0.3]] {
            let draw = Guide::Full.draw(&THETA[..5], &Noise { normal, angles: Vec::new() });
            let gap = Vector2::from(draw.x) - law.mean;
            let inverse = law.covariance.try_inverse().expect("regular");
            let exact = -TAU.ln() - 0.5 * law.covariance.determinant().ln() - 0.5 * gap.dot(&(inverse * gap));
            // Rounding.
            assert!((draw.log_density - exact).abs() < 1e-14, "{} {exact}", draw.log_density);
        }
    }

    #[test]
    fn the_density_of_a_ring_is_the_mean_over_its_angles() {
        let steps = 2000;
        for normal in [[0.0, 0.0], [1.0, -2.0], [-3.0, 0.3]] {
            let angle = |j: u32| 1.0 + TAU * f64::from(j) / f64::from(steps);
            let noise = Noise { normal, angles: (0..steps).map(angle).collect() };
            let theta = [0.3, -0.7, 0.6, -0.9];
            let exact = Guide::Ring { inner: 0 }.draw(&theta, &noise);
            let mean = Guide::Ring { inner: 1 }.draw(&theta, &noise);
            // Even steps over a circle integrate to rounding.
            assert!((exact.log_density - mean.log_density).abs() < 1e-12, "{exact:?} {mean:?}");
            assert_eq!(exact.x, mean.x);
        }
    }

    #[test]
    fn with_one_angle_the_density_is_that_given_the_angle() {
        let noise = Noise { normal: [0.5, 2.0], angles: vec![1.0] };
        let draw = Guide::Ring { inner: 1 }.draw(&[0.3, -0.7, 0.6, -0.9], &noise);
        // -log 2 pi - 2 log s - |z|^2 / 2.
        assert!((draw.log_density - (-TAU.ln() + 1.8 - 2.125)).abs() < 1e-14, "{draw:?}");
    }
}
