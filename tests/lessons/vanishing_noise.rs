//! "Noise that vanishes": path gradients against the whole gradient.

use super::{Reading, clouds::Clouds};
use nalgebra::Matrix2;
use thalweg::experiment::measure::Row;

/// The mean over the second half of what was recorded.
pub fn late(of: &Clouds, method: usize, number: impl Fn(&Row) -> f64) -> f64 {
    let rows = &of.trace(method).rows;
    let half = &rows[rows.len() / 2..];
    half.iter().map(|row| number(row)).sum::<f64>() / half.len() as f64
}

fn covariance(of: &Clouds) -> Matrix2<f64> {
    of.run.problem.exact.as_ref().expect("a normal law is sought").target().covariance
}

/// The trace of the Fisher information of a normal law by its mean, the logarithms of the diagonal of its lower
/// triangle L, and the entry below: the precisions, 2 + (b / l22)^2 and 2, and 1 / l22^2.
fn fisher(covariance: Matrix2<f64>) -> f64 {
    let l = covariance.cholesky().expect("it is positive").l();
    let precision = covariance.try_inverse().expect("it is positive");
    precision.trace() + 4.0 + (l.m21 * l.m21 + 1.0) / (l.m22 * l.m22)
}

/// The least divergence of a normal law with independent coordinates: half the logarithm of the product of the
/// precision's diagonal times the determinant of the covariance.
fn least_divergence(covariance: Matrix2<f64>) -> f64 {
    let precision = covariance.try_inverse().expect("it is positive");
    0.5 * (precision.m11 * precision.m22 * covariance.determinant()).ln()
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("vanishing_noise");

    let full = text.cloud_setup(1);
    let draws = full.experiment.methods[0].base.knobs.get("draws");
    text.says(1, &format!("the same {draws} draws in each step"));
    text.says(1, &format!("The cloud shows {} draws", full.last(0).cloud.len()));
    text.says(1, &format!("the divergence is {:.4} on average", late(&full, 0, |row| row.divergence)));
    assert!(full.at(1, 150).divergence < 1e-14 && full.last(1).divergence.abs() < 1e-15);
    let ratio = |step| full.at(1, step).gauge / full.at(1, step).divergence;
    let [a, b, c, d] = [36, 74, 112, 150].map(ratio);
    text.says(1, "by step 150");
    text.says(1, &format!("at the steps 36, 74, 112 and 150 it is {a:.1}, {b:.1}, {c:.1} and {d:.1} times as large"));
    let shown = late(&full, 0, |row| row.gauge);
    text.says(
        1,
        &format!(
            "{:.1} in all, and on average over the second half the run shows {shown:.1}",
            fisher(covariance(&full))
        ),
    );

    let independent = text.cloud_setup(2);
    let [whole, path] = [0, 1].map(|method| late(&independent, method, |row| row.gauge));
    text.says(2, &format!("ends near {path:.1}, that of the whole gradient near {whole:.1}"));
    let [whole, path] = [0, 1].map(|method| late(&independent, method, |row| row.divergence));
    text.says(2, &format!("the divergences are {path:.4} and {whole:.4}"));
    text.says(2, &format!("such a guide can have is {:.4}", least_divergence(covariance(&independent))));
    let first = independent.again(|experiment| experiment.steps = 1);
    text.says(2, &format!("{:.1} and {:.1}", first.last(1).gauge, first.last(0).gauge));

    let bent = text.cloud_setup(3);
    let least = -std::f64::consts::PI.ln();
    text.says(3, &format!("is {:.1} on average for the whole gradient", late(&bent, 0, |row| row.gauge)));
    text.says(3, &format!("{:.5} for the path gradient", bent.last(1).gauge));
    text.says(3, &format!("ends {:.5} from its least value", (bent.last(1).energy - least).abs()));
    text.says(3, &format!("gradient {:.4}, and more on the way", (bent.last(0).energy - least).abs()));
    assert!(late(&bent, 0, |row| (row.energy - least).abs()) > 2.0 * (bent.last(0).energy - least).abs());
    let long = text.cloud_link(3, "With steps twice as long");
    let [early, late] = [200, 400].map(|step| (long.at(1, step).energy - least).abs());
    text.says(3, &format!("is {early:.5} from the least energy at step 200 and {late:.4} at step 400"));

    text.finish(&[]);
}

#[test]
fn other_draws_end_the_same_way() {
    let setup = Reading::of("vanishing_noise").cloud_setup(1);
    for seed in 1..5 {
        let run = setup.with_seed(seed);
        // The rate is (1 - lr)^2 a step, for the flat direction; chance shifts the step at which rounding is reached.
        assert!(run.at(1, 150).divergence < 1e-12 && run.last(1).divergence.abs() < 1e-15, "{seed}");
        let (divergence, variance) = (late(&run, 0, |row| row.divergence), late(&run, 0, |row| row.gauge));
        // The level at which it hovers, and the Fisher information, within a tenth.
        assert!(
            divergence > 1e-3 && (variance / fisher(covariance(&run)) - 1.0).abs() < 0.1,
            "{divergence} {variance}"
        );
    }
}
