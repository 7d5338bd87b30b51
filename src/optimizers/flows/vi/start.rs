//! The guide with which a run begins: the one that the start cloud looks like.

use super::guide::{Guide, Noise};
use crate::measures::{Gaussian, Point};
use crate::scalar::normal_pair;

/// A guide fitted to a cloud.
pub struct Fitted {
    /// Its parameters.
    pub theta: Vec<f64>,
    /// The noise of which each particle is made.
    pub base: Vec<Noise>,
    /// The particles have no extent in some direction.
    pub flat: bool,
}

/// Below this part of the window's diagonal a standard deviation counts as none.
const NONE: f64 = 1e-6;
/// Which part of the diagonal takes its place.
const FALLBACK: f64 = 0.01;
/// The Philox slot of noise that cannot be read off the particles.
const BASE: u32 = 0x4000_0030;

/// Fits a guide to particles by moments, so that T_theta of the base is the cloud:
///
/// - a normal law, bent by nothing: mean and covariance, the base being the whitened cloud. Independent coordinates
///   have the two variances alone, and the same base: T_theta of it is the cloud without its correlation;
/// - a ring: the mean, the mean distance from it and its standard deviation; an angle is that of the particle as seen
///   from the mean, and the noise goes inwards and outwards alone.
///
/// Where a standard deviation is below 1e-6 of `diagonal`, a hundredth of it is taken, and the noise in this direction
/// is drawn by `seed`: a cloud on one point spreads with the first step. A single particle shows the mean of a normal
/// guide.
pub fn fit(guide: Guide, cloud: &[Point], diagonal: f64, seed: u64) -> Fitted {
    if let Guide::Ring { .. } = guide {
        return fit_ring(cloud, diagonal, seed);
    }
    let law = Gaussian::of_points(cloud);
    let Replaced { deviation: e1, by_draws: draw1 } = replaced(law.covariance.m11.sqrt(), diagonal);
    let b = if draw1 { 0.0 } else { law.covariance.m12 / e1 };
    // What the first coordinate does not explain; rounding may make it negative.
    let rest = (law.covariance.m22 - b * b).max(0.0).sqrt();
    let Replaced { deviation: e2, by_draws: draw2 } = replaced(rest, diagonal);
    let single = cloud.len() == 1;
    let noise = |(i, x): (usize, &Point)| {
        let drawn = if single { [0.0; 2] } else { normal_pair(seed, i as u32, 0, BASE) };
        let z1 = if draw1 { drawn[0] } else { (x[0] - law.mean.x) / e1 };
        let z2 = if draw2 { drawn[1] } else { (x[1] - law.mean.y - b * z1) / e2 };
        Noise { normal: [z1, z2], angles: Vec::new() }
    };
    let base = cloud.iter().enumerate().map(noise).collect();
    let mut theta = vec![law.mean.x, law.mean.y, libm::log(e1), libm::log(e2), b];
    if guide == Guide::MeanField {
        theta[3] = libm::log(libm::hypot(b, e2));
    }
    theta.resize(guide.parameters(), 0.0);
    Fitted { theta, base, flat: draw1 || draw2 }
}

fn fit_ring(cloud: &[Point], diagonal: f64, seed: u64) -> Fitted {
    let law = Gaussian::of_points(cloud);
    let from_mean = |x: &Point| [x[0] - law.mean.x, x[1] - law.mean.y];
    let radii: Vec<f64> = cloud.iter().map(from_mean).map(|[u, v]| libm::hypot(u, v)).collect();
    let count = radii.len().max(1) as f64;
    let mean = radii.iter().sum::<f64>() / count;
    let variance = radii.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / count;
    let Replaced { deviation: r, by_draws: no_radius } = replaced(mean, diagonal);
    let Replaced { deviation: s, by_draws: no_width } = replaced(variance.sqrt(), diagonal);
    let noise = |((i, x), radius): ((usize, &Point), &f64)| {
        let [u, v] = from_mean(x);
        let drawn = normal_pair(seed, i as u32, 0, BASE);
        // Independent normal draws have a uniform direction.
        let angle = if no_radius { libm::atan2(drawn[1], drawn[0]) } else { libm::atan2(v, u) };
        let out = (radius - mean) / s;
        let drawn = normal_pair(seed, i as u32, 1, BASE);
        let normal = if no_width { drawn } else { [out * libm::cos(angle), out * libm::sin(angle)] };
        Noise { normal, angles: vec![angle] }
    };
    let base = cloud.iter().enumerate().zip(&radii).map(noise).collect();
    let theta = vec![law.mean.x, law.mean.y, libm::log(r), libm::log(s)];
    Fitted { theta, base, flat: no_radius || no_width }
}

/// A standard deviation, or what takes its place.
struct Replaced {
    deviation: f64,
    by_draws: bool,
}

fn replaced(deviation: f64, diagonal: f64) -> Replaced {
    // A deviation that is no number is none either.
    let by_draws = !(deviation.is_finite() && deviation > NONE * diagonal);
    Replaced { deviation: if by_draws { FALLBACK * diagonal } else { deviation }, by_draws }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud() -> Vec<Point> {
        (0..40).map(|i| normal_pair(3, i, 0, 0)).map(|[u, v]| [1.0 + 2.0 * u, 0.7 * u - 0.5 * v]).collect()
    }

    #[test]
    fn a_run_begins_with_the_start_cloud() {
        for guide in [Guide::Full, Guide::Coupling, Guide::Ring { inner: 0 }] {
            let Fitted { theta, base, flat } = fit(guide, &cloud(), 10.0, 1);
            assert!(!flat && theta.len() == guide.parameters());
            for (x, noise) in cloud().iter().zip(&base) {
                let y = guide.draw(&theta, noise).x;
                // Rounding.
                assert!((x[0] - y[0]).abs() < 1e-14 && (x[1] - y[1]).abs() < 1e-14, "{guide:?}: {x:?} {y:?}");
            }
        }
    }

    #[test]
    fn the_base_of_a_normal_guide_is_white_and_independent_coordinates_keep_the_variances() {
        for guide in [Guide::MeanField, Guide::Full] {
            let Fitted { theta, base, .. } = fit(guide, &cloud(), 10.0, 1);
            let points = |of: &dyn Fn(&Noise) -> Point| Gaussian::of_points(&base.iter().map(of).collect::<Vec<_>>());
            let white = points(&|noise| noise.normal);
            // Rounding.
            assert!(white.mean.norm() < 1e-14 && (white.covariance - nalgebra::Matrix2::identity()).norm() < 1e-14);
            let (start, begun) = (Gaussian::of_points(&cloud()), points(&|noise| guide.draw(&theta, noise).x));
            assert!((start.mean - begun.mean).norm() < 1e-14);
            let [before, after] = [start.covariance, begun.covariance].map(|covariance| covariance.diagonal());
            assert!((before - after).norm() < 1e-13, "{before} {after}");
            assert!(guide == Guide::Full || begun.covariance.m12.abs() < 1e-14);
        }
    }

    #[test]
    fn what_has_no_extent_gets_a_hundredth_of_the_window() {
        let line: Vec<Point> = cloud().iter().map(|x| [x[0], 2.0]).collect();
        for (cloud, guide) in [
            (vec![[1.0, 2.0]; 5], Guide::MeanField),
            (line, Guide::Full),
            (vec![[1.0, 2.0]], Guide::Full),
            (vec![[1.0, 2.0]; 5], Guide::Ring { inner: 0 }),
        ] {
            let Fitted { theta, base, flat } = fit(guide, &cloud, 10.0, 1);
            assert!(flat && (theta[3] - 0.1_f64.ln()).abs() < 1e-15, "{guide:?}: {theta:?}");
            assert!(base.iter().all(|noise| noise.normal.iter().all(|z| z.is_finite())));
            let same = base.iter().all(|noise| noise == &base[0]);
            assert_eq!(same, cloud.len() == 1);
        }
    }
}
