//! "Noise that moves a density": clouds against the closed form of the flow of normal laws.

use super::{Reading, clouds::Clouds, digits};
use thalweg::experiment::measure::Row;
use thalweg::measures::Gaussian;

fn exact(of: &Clouds, time: f64) -> Gaussian {
    of.run.problem.exact.as_ref().expect("a normal law is sought").at(time)
}

/// How far the mean of a cloud is from the formula's at the same time.
fn astray(of: &Clouds, row: &Row) -> f64 {
    let mean = exact(of, row.time).mean;
    libm::hypot(row.mean[0] - mean.x, row.mean[1] - mean.y)
}

/// The same distance for n independent points of the formula's law, as a root mean square.
fn by_chance(of: &Clouds, time: f64) -> f64 {
    (exact(of, time).covariance.trace() / of.run.problem.setting.start.len() as f64).sqrt()
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("noise_and_density");

    let few = text.cloud_setup(1);
    let n = few.run.problem.setting.start.len();
    let row = few.at(0, 50);
    let formula = exact(&few, 1.0).mean;
    assert!((row.time - 1.0).abs() < 1e-12);
    text.says(1, &format!("are {n} particles. At time 1, which is step {},", row.step));
    text.says(1, &format!("mean at ({}, {}), and", digits(formula.x, 2), digits(formula.y, 2)));
    text.says(1, &format!("cloud is {:.2} away from it", astray(&few, row)));
    text.says(1, &format!("would be {:.2} away", by_chance(&few, 1.0)));
    assert_eq!(few.at(0, 150).step, 150);
    text.says(1, &format!("at time 3 the distance is {:.2}", astray(&few, few.at(0, 150))));
    let many = text.cloud_link(1, "With 512");
    assert_eq!(many.run.problem.setting.start.len(), 4 * n);
    text.says(1, &format!("is halved, to {:.2}", by_chance(&many, 1.0)));
    text.says(1, &format!("With 512 this run has {:.2}", astray(&many, many.last(0))));

    let three = text.cloud_setup(2);
    let strays = [0, 1, 2].map(|method| astray(&three, three.last(method)));
    text.says(2, &format!("at time {} that of Langevin is {:.3} away", three.last(0).time.round(), strays[0]));
    text.says(2, &format!("that of blob {:.3} and that of JKO {:.3}.", strays[1], strays[2]));
    let end = three.run.problem.exact.as_ref().expect("a normal law is sought");
    // e^{-8} of what was missing.
    assert!((end.at(4.0).covariance - end.target().covariance).norm() < 1e-3);
    let shares = [0, 1, 2].map(|method| three.variance_shares(three.last(method)));
    text.says(2, &format!("blob has {:.2} and {:.2} of them", shares[1][0], shares[1][1]));
    text.says(2, &format!("JKO {:.2} and {:.2}.", shares[2][0], shares[2][1]));
    // The deviation of the variance of n points of a normal law is sqrt(2/n) of it.
    let chance = (2.0 / n as f64).sqrt();
    text.says(2, &format!("has {:.2} and {:.2}, where chance explains {chance:.2}", shares[0][0], shares[0][1]));
    let [left, right, ..] = three.run.problem.setting.window;
    text.says(2, &format!("which is {:.1} wide", (right - left) / 32.0));

    let third = text.cloud_setup(3);
    let law = third.run.problem.exact.clone().expect("a normal law is sought");
    let divergence = |time: f64| law.at(time).divergence(&law.target());
    assert!((law.rate() - 1.0).abs() < 1e-12);
    let (start, bound) = (divergence(0.0), divergence(0.0) * (-2.0_f64).exp());
    text.says(3, &format!("is {start:.2} at the start, so the bound for time 1 is {bound:.2}"));
    text.says(3, &format!("the formula is at {:.3}. Blob is at {:.3}.", divergence(1.0), third.at(0, 50).divergence));
    text.says(3, &format!("By time 4 the formula has come to {:.4}", divergence(4.0)));
    text.says(3, &format!("blob ends at {:.4}", third.last(0).divergence));
    text.says(3, &format!(", which is {:.4}, since", 5.0 / (2.0 * n as f64)));
    let energies = [150, 200].map(|step| third.at(0, step).energy);
    assert!(energies[0] < energies[1]);
    text.says(3, &format!("from {:.4} at time 3 to {:.4} at time 4", energies[0], energies[1]));
    text.says(3, &format!("a step of {}", digits(third.experiment.methods[0].base.knobs.get("lr"), 2)));
    let wide = text.cloud_link(3, "A bandwidth of 0.15");
    text.says(3, "A bandwidth of 0.15");
    assert!(wide.trace(0).rows.windows(2).all(|rows| rows[1].energy < rows[0].energy));
    text.says(3, &format!("the cloud and {} points", n));
    assert_eq!(third.run.problem.setting.samples.as_ref().map(|samples| samples.len()), Some(n));
    text.says(3, &format!("its divergence is {:.3}", third.last(1).divergence));
    let default = text.cloud_link(3, "With the default bandwidth");
    text.says(3, &format!("and at time 1 it is {:.0}.", default.last(0).divergence));
    text.says(3, "at time 4 its");
    let near = text.cloud_link(3, "A start that overlaps");
    let [estimated, told] = [0, 1].map(|method| near.last(method).divergence);
    text.says(3, &format!("brings {estimated:.3}, where Langevin has {told:.3}"));

    text.finish(&[(2, "in 1998")]);
}

/// KL falls at least like exp(-2 rate t) from any time on.
#[test]
fn the_formula_falls_at_least_as_fast_as_its_bound() {
    let law = Reading::of("noise_and_density").cloud_setup(1).run.problem.exact.clone().expect("a normal law");
    let divergence = |k: i32| law.at(f64::from(k) * 0.05).divergence(&law.target());
    let factor = (-2.0 * law.rate() * 0.05).exp();
    // Rounding of a sum of numbers of order one.
    assert!((0..80).all(|k| divergence(k + 1) <= factor * divergence(k) + 1e-14));
}

/// The root mean square over seeds is what independent points have.
#[test]
fn the_mean_of_a_cloud_errs_by_chance() {
    let setup = Reading::of("noise_and_density").cloud_setup(1).again(|experiment| {
        experiment.steps = 50;
        experiment.problem.set_parameter("n", 64.0);
    });
    let seeds = 40;
    let mut square = 0.0;
    for seed in 0..seeds {
        let run = setup.with_seed(seed);
        square += astray(&run, run.last(0)).powi(2) / seeds as f64;
    }
    // Two coordinates and forty seeds: a deviation of about an eighth for the square; three of them.
    let expected = by_chance(&setup, 1.0).powi(2);
    assert!((square / expected - 1.0).abs() < 0.6, "{square} {expected}");
}
