//! What the estimators must do together.

use super::super::testing::{Simple, normal_cloud, setting, walk};
use super::guide::{Draw, Guide, Noise, Slopes};
use super::*;
use crate::measures::Gaussian;
use crate::optimizers::Entry;
use crate::optimizers::Scalars;
use nalgebra::{Matrix2, Vector2};

/// U and its gradient.
type Potential = fn(Point) -> (f64, Point);

/// U = (x^2 + 4 y^2 + 2 x y) / 2, the normal law with the precision [[1, 1], [1, 4]].
fn bowl([x, y]: Point) -> (f64, Point) {
    (0.5 * (x * x + 4.0 * y * y + 2.0 * x * y), [x + y, 4.0 * y + x])
}

/// U of x standard normal and y = x^2 + normal noise of the variance 1/10.
fn banana([x, y]: Point) -> (f64, Point) {
    let rest = y - x * x;
    (0.5 * x * x + 5.0 * rest * rest, [x - 20.0 * x * rest, 10.0 * rest])
}

fn law_of_bowl() -> Gaussian {
    let precision = Matrix2::new(1.0, 1.0, 1.0, 4.0);
    Gaussian { mean: Vector2::zeros(), covariance: precision.try_inverse().expect("it is regular") }
}

/// The lower triangle L of L L^T = covariance of the bowl's law: [[4, -1], [-1, 1]] / 3.
fn of_bowl() -> Vec<f64> {
    let l11 = (4.0_f64 / 3.0).sqrt();
    let b = -1.0 / (3.0 * l11);
    vec![0.0, 0.0, l11.ln(), 0.5 * (1.0 / 3.0 - b * b).ln(), b]
}

fn of_banana() -> Vec<f64> {
    vec![0.0, 0.0, 0.0, 0.5 * 0.1_f64.ln(), 0.0, 10.0_f64.sqrt(), 0.0]
}

fn built(entry: &Entry, knobs: &[(&str, f64)], start: &[Point]) -> Box<dyn Flow> {
    let mut values = entry.defaults();
    knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value), "{id}"));
    let Scalars::Flow(flow) = entry.scalars else { unreachable!("all of them are flows") };
    (flow.build)(&values, &setting(start))
}

/// Every estimator of the reverse divergence that works with a guide.
fn every(guide: Guide) -> Vec<(&'static str, Box<dyn Estimator>)> {
    let mut estimators = vec![
        ("sgvb", sgvb::estimator()),
        ("path", path_gradient::estimator()),
        ("score", score_function::estimator(false)),
        ("score with baseline", score_function::estimator(true)),
        ("iwae of one", iwae::estimator(1)),
    ];
    if guide == Guide::MeanField {
        estimators.push(("measure-valued", measure_valued::estimator()));
    }
    estimators
}

fn draws(guide: Guide, theta: &[f64], count: usize, oracle: &mut Simple) -> Vec<Draw> {
    guide.noise(count, oracle).iter().map(|noise| guide.draw(theta, noise)).collect()
}

/// The mean of estimates with its standard error in each parameter.
fn mean_and_error(estimates: &[Slopes]) -> (Slopes, Slopes) {
    let (mean, _) = moments(estimates);
    let count = estimates.len() as f64;
    let error = |k: usize| {
        let squares: f64 = estimates.iter().map(|g| (g[k] - mean[k]) * (g[k] - mean[k])).sum();
        (squares / (count - 1.0) / count).sqrt()
    };
    (mean, std::array::from_fn(error))
}

/// KL of a normal guide from the bowl's law, differentiated by differences.
fn exact_gradient(theta: &[f64]) -> Vec<f64> {
    let target = law_of_bowl();
    let divergence = |theta: &[f64]| {
        let l = Matrix2::new(theta[2].exp(), 0.0, theta.get(4).copied().unwrap_or(0.0), theta[3].exp());
        let law = Gaussian { mean: Vector2::new(theta[0], theta[1]), covariance: l * l.transpose() };
        law.divergence(&target)
    };
    let slope = |k: usize| {
        let at = |shift: f64| {
            let mut theta = theta.to_vec();
            theta[k] += shift;
            divergence(&theta)
        };
        (at(1e-5) - at(-1e-5)) / 2e-5
    };
    (0..theta.len()).map(slope).collect()
}

#[test]
fn means_of_all_estimators_are_the_gradient_of_the_divergence() {
    let theta = [0.5, -0.3, 0.2, -0.4, 0.3];
    for (guide, theta) in [(Guide::MeanField, &theta[..4]), (Guide::Full, &theta[..])] {
        let exact = exact_gradient(theta);
        for (name, estimator) in every(guide) {
            let mut oracle = Simple::new(bowl);
            let draws = draws(guide, theta, 20_000, &mut oracle);
            let (mean, error) = mean_and_error(&estimator.estimates(theta, &draws, &mut oracle));
            for (k, exact) in exact.iter().enumerate() {
                // Four standard errors, and the error of the differences.
                let allowed = 4.0 * error[k] + 1e-8;
                assert!((mean[k] - exact).abs() < allowed, "{name} {guide:?} {k}: {} {exact} {allowed}", mean[k]);
            }
        }
    }
}

/// Of other guides and another law: the means agree with that of the gradients through the draws.
#[test]
fn means_agree_on_a_banana() {
    let bent = [0.2, -0.3, 0.1, -0.4, 0.3, 0.5, -0.6];
    let ring = [0.3, -0.2, 0.4, -0.5];
    for (guide, theta) in
        [(Guide::MeanField, &bent[..4]), (Guide::Coupling, &bent[..]), (Guide::Ring { inner: 0 }, &ring[..])]
    {
        let of = |estimator: &dyn Estimator| {
            let mut oracle = Simple::new(banana);
            let draws = draws(guide, theta, 40_000, &mut oracle);
            mean_and_error(&estimator.estimates(theta, &draws, &mut oracle))
        };
        let (reference, its_error) = of(&*sgvb::estimator());
        for (name, estimator) in every(guide) {
            let (mean, error) = of(&*estimator);
            for k in 0..theta.len() {
                // Four standard errors of the difference, at most.
                let allowed = 4.0 * (error[k] + its_error[k]);
                let gap = (mean[k] - reference[k]).abs();
                assert!(gap <= allowed, "{name} {guide:?} {k}: {} {} {allowed}", mean[k], reference[k]);
            }
        }
    }
}

#[test]
fn at_the_optimum_each_path_gradient_is_zero_and_the_others_vary() {
    let cases: [(Guide, Vec<f64>, Potential); 2] =
        [(Guide::Full, of_bowl(), bowl), (Guide::Coupling, of_banana(), banana)];
    for (guide, theta, potential) in cases {
        let mut oracle = Simple::new(potential);
        let draws = draws(guide, &theta, 500, &mut oracle);
        let path = path_gradient::estimator().estimates(&theta, &draws, &mut oracle);
        // Rounding of terms up to some hundreds.
        assert!(path.iter().flatten().all(|g| g.abs() < 1e-12), "{guide:?}");
        let standard = sgvb::estimator().estimates(&theta, &draws, &mut oracle);
        // What is left is minus the score, of which the variance is the Fisher information.
        for (g, draw) in standard.iter().zip(&draws) {
            let score = draw.parameter_score();
            assert!((0..guide.parameters()).all(|k| (g[k] - score[k]).abs() < 1e-12), "{guide:?}: {g:?} {score:?}");
        }
        assert!(moments(&standard).1.is_some_and(|variance| variance > 5.0));
    }
}

/// For a normal guide the derivative of log q along a draw is that of the entropy: the same for all draws.
#[test]
fn the_entropy_of_a_normal_guide_has_no_variance() {
    let mut oracle = Simple::new(bowl);
    for draw in draws(Guide::Full, &[0.5, -0.3, 0.2, -0.4, 0.3], 20, &mut oracle) {
        assert_eq!(draw.total[..5], [0.0, 0.0, -1.0, -1.0, 0.0]);
    }
}

#[test]
fn far_away_values_alone_give_a_larger_variance_than_gradients_and_at_the_optimum_a_smaller_one() {
    let variances = |theta: &[f64]| {
        let variance = |estimator: Box<dyn Estimator>| {
            let mut oracle = Simple::new(bowl);
            let draws = draws(Guide::Full, theta, 20_000, &mut oracle);
            moments(&estimator.estimates(theta, &draws, &mut oracle)).1.expect("there are many")
        };
        [sgvb::estimator(), score_function::estimator(false), score_function::estimator(true)].map(variance)
    };
    let [through, score, baseline] = variances(&[2.0, 1.0, -1.2, -1.2, 0.0]);
    // 44, 1200 and 441 when this was written.
    assert!(score > 20.0 * through && baseline > 5.0 * through && baseline < score, "{through} {score} {baseline}");
    // At the optimum it is the other way round: all draws cost the same, and with the baseline nothing is left but
    // rounding.
    let [through, score, baseline] = variances(&of_bowl());
    assert!(through > 5.0 && score > 5.0 && baseline < 1e-24, "{through} {score} {baseline}");
}

#[test]
fn more_samples_tighten_the_bound() {
    let guide = Guide::MeanField;
    let mut oracle = Simple::new(bowl);
    let draws = draws(guide, &[0.3, 0.0, -0.2, -0.6], 4096, &mut oracle);
    let costs: Vec<f64> = draws.iter().map(|draw| draw.log_density + bowl(draw.x).0).collect();
    let energies = [1, 2, 8, 64].map(|samples| iwae::estimator(samples).objective(&costs));
    // Z of the bowl is 2 pi / sqrt 3. With 64 samples the bound is short of it by half the variance of a weight over
    // 64: 0.03.
    let least = -(std::f64::consts::TAU / 3.0_f64.sqrt()).ln();
    assert!(energies.is_sorted_by(|a, b| a > b) && (energies[3] - least).abs() < 0.05, "{energies:?} {least}");
    assert_eq!(energies[0], sgvb::estimator().objective(&costs));
}

#[test]
fn path_gradients_reach_the_law_to_rounding_and_the_others_hover() {
    let start = normal_cloud(50, [2.0, 1.0], 0.5);
    let end = |entry: &Entry| {
        let mut flow = built(entry, &[("adam", 0.0), ("lr", 0.1)], &start);
        let mut cloud = start.clone();
        let mut oracle = Simple::new(bowl);
        walk(&mut *flow, &mut cloud, &mut oracle, 600);
        (Gaussian::of_points(&cloud).divergence(&law_of_bowl()), flow.gauge().expect("there are many draws"))
    };
    let (divergence, variance) = end(&path_gradient::ENTRY);
    // Rounding of a sum of squares; squares of roundings of the gradient.
    assert!(divergence.abs() < 1e-14 && variance < 1e-24, "{divergence} {variance}");
    let (divergence, variance) = end(&sgvb::ENTRY);
    assert!(divergence > 1e-4 && variance > 1.0, "{divergence} {variance}");
}

/// KL - log Z, by the closed form for the law of the cloud.
#[test]
fn the_energy_of_a_normal_guide_is_exact_for_a_quadratic_potential() {
    let start = normal_cloud(20, [2.0, 1.0], 0.5);
    for guide in [1.0, 2.0] {
        let mut flow = built(&sgvb::ENTRY, &[("guide", guide), ("lr", 0.1)], &start);
        let mut cloud = start.clone();
        let mut oracle = Simple::new(bowl);
        walk(&mut *flow, &mut cloud, &mut oracle, 10);
        let exact =
            Gaussian::of_points(&cloud).divergence(&law_of_bowl()) - (std::f64::consts::TAU / 3.0_f64.sqrt()).ln();
        let energy = flow.energy(&cloud, &mut oracle).expect("the potential is defined everywhere");
        // Rounding of numbers up to ten.
        assert!((energy - exact).abs() < 1e-13, "{energy} {exact}");
    }
}

#[test]
fn the_cloud_of_the_first_step_is_the_start_moved_by_the_gradient() {
    // One draw, gradient descent: theta - lr g, with g by the estimator.
    let start = normal_cloud(7, [1.0, -1.0], 0.7);
    let mut flow = built(&path_gradient::ENTRY, &[("adam", 0.0), ("lr", 0.25), ("draws", 1.0)], &start);
    let mut cloud = start.clone();
    let mut oracle = Simple::new(bowl);
    walk(&mut *flow, &mut cloud, &mut oracle, 1);
    let start::Fitted { theta, base, .. } = start::fit(Guide::Full, &start, setting(&start).diagonal(), 1);
    let noise = Guide::Full.noise(1, &mut oracle).remove(0);
    let draw = Guide::Full.draw(&theta, &noise);
    let g = path_gradient::estimator().estimates(&theta, &[draw], &mut oracle)[0];
    let moved: Vec<f64> = theta.iter().zip(g).map(|(theta, g)| theta - 0.25 * g).collect();
    let place = |noise: &Noise| Guide::Full.draw(&moved, noise).x;
    assert_eq!(cloud, base.iter().map(place).collect::<Vec<_>>());
    // One estimate has no variance.
    assert_eq!(flow.gauge(), None);
}

/// What the estimate from few angles costs: more angles, less of it, and never less than nothing.
#[test]
fn an_estimated_density_lowers_the_bound_of_a_ring() {
    let theta = [0.0, 0.0, 2.0_f64.ln(), 0.3_f64.ln()];
    let mean = |inner| {
        let mut oracle = Simple::new(bowl);
        let draws = draws(Guide::Ring { inner }, &theta, 4000, &mut oracle);
        draws.iter().map(|draw| draw.log_density).sum::<f64>() / draws.len() as f64
    };
    // -0.43, -1.61, -2.58 and -2.76: the first gap to the last is what an angle tells about its point.
    let means = [1, 4, 32, 0].map(mean);
    assert!(means.is_sorted_by(|a, b| a > b) && means[2] - means[3] < 0.2 * (means[0] - means[3]), "{means:?}");
}

#[test]
fn a_ring_finds_a_ring() {
    let potential = |[x, y]: Point| {
        let r = libm::hypot(x, y).max(1e-9);
        let slope = (r - 2.0) / 0.04;
        (0.5 * (r - 2.0) * slope, [slope * x / r, slope * y / r])
    };
    let start = normal_cloud(100, [0.3, -0.2], 1.0);
    let mut cloud = start.clone();
    let mut flow = built(&sgvb::ENTRY, &[("guide", 4.0)], &start);
    walk(&mut *flow, &mut cloud, &mut Simple::new(potential), 300);
    let radii: Vec<f64> = cloud.iter().map(|[x, y]| libm::hypot(*x, *y)).collect();
    let mean = radii.iter().sum::<f64>() / 100.0;
    let variance = radii.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / 100.0;
    // The law's radius is 2 + 0.04 / 2 on average, its deviation 0.2; the noise of 64 draws, and of Adam's step.
    assert!((mean - 2.02).abs() < 0.1 && (variance.sqrt() - 0.2).abs() < 0.06, "{mean} {variance}");
}

#[test]
fn what_cannot_be_done_is_told_and_nothing_becomes_no_number() {
    let entries = [sgvb::ENTRY, path_gradient::ENTRY, score_function::ENTRY, iwae::ENTRY, measure_valued::ENTRY];
    for entry in &entries {
        for guide in 1..=4 {
            // Defined on a half plane alone, and steep.
            let half = |[x, y]: Point| (1e3 * x.ln() + y, [1e3 / x, 1.0]);
            for (start, lr) in
                [(vec![[0.5, 0.5]; 4], 0.1), (vec![[1.0, 0.0]], 0.1), (normal_cloud(5, [0.0; 2], 1.0), 1e3)]
            {
                let mut cloud = start.clone();
                let mut oracle = Simple::new(half);
                let knobs = [("lr", lr), ("adam", 0.0), ("guide", f64::from(guide))];
                let known = if entry.knob("guide").is_some() { 3 } else { 2 };
                let mut flow = built(entry, &knobs[..known], &start);
                walk(&mut *flow, &mut cloud, &mut oracle, 30);
                assert!(cloud.iter().flatten().all(|x| x.is_finite()), "{} {guide}", entry.id);
                assert!(flow.energy(&cloud, &mut oracle).is_none_or(f64::is_finite));
                assert!(flow.gauge().is_none_or(f64::is_finite));
                let flat = start.len() < 5;
                assert_eq!(oracle.notices.contains(&Notice::Spread), flat, "{} {guide}", entry.id);
                assert!(
                    flat || oracle.notices.contains(&Notice::NoStep) || oracle.notices.contains(&Notice::NotCounted)
                );
            }
        }
        // No particle at all is no trouble either.
        walk(&mut *built(entry, &[], &[]), &mut Vec::new(), &mut Simple::new(bowl), 2);
    }
}
