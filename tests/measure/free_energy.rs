//! Free energies of interaction, potential and entropy, against what is known of them in closed form.

use super::run;
use thalweg::experiment::measure::Row;

/// The variance about the mean: half the covariance's trace.
fn variance(row: &Row) -> f64 {
    0.5 * (row.covariance[0] + row.covariance[2])
}

/// Particles that pull each other by W = r^2/2 are an Ornstein-Uhlenbeck process around their mean: at the temperature T the
/// variance goes from v to T like T + (v - T) exp(-2 t), whatever the start.
#[test]
fn springs_between_particles_against_diffusion_follow_the_closed_form() {
    let n = 600.0_f64;
    let run = run(
        "problem=measure_interaction;w=r%5E2/2;n=600&steps=150&seed=4&opt=langevin;lr=0.01;temperature=0.2&opt=blob;lr=0.01;temperature=0.2",
    );
    for (trace, name) in run.traces.iter().zip(["langevin", "blob"]) {
        let start = variance(&trace.rows[0]);
        for k in 1..=10 {
            let row = trace.row_at(15.0 * f64::from(k)).expect("recorded");
            let exact = 0.2 + (start - 0.2) * (-2.0 * row.time).exp();
            // Langevin: the mean of two variances of n draws has the relative standard error 1/sqrt(n); four of them, and half a step.
            // Blobs: smoothing inside the logarithm leaves the cloud narrower by a share that grows with (bandwidth / deviation)^2.
            let [below, above] = if name == "langevin" { [4.0 / n.sqrt(), 4.0 / n.sqrt()] } else { [0.2, 0.02] };
            let ratio = variance(row) / exact;
            assert!((1.0 - below..1.0 + above).contains(&ratio), "{name}, t = {}: {ratio}", row.time);
        }
    }
}

/// Keller-Segel in the plane, W = ln r with mass one: the second moment changes at the rate 4 T - 1, so that particles
/// spread above the temperature 1/4 and collapse below it.
///
/// Blanchet, Dolbeault, Perthame 2006, "Two-dimensional Keller-Segel model: optimal critical mass": the mass 8 pi in their
/// units is the temperature 1/4 in these.
#[test]
fn the_second_moment_under_a_logarithm_changes_at_the_rate_of_theory() {
    let moment = |row: &Row| 2.0 * variance(row) + row.mean[0].powi(2) + row.mean[1].powi(2);
    for temperature in [0.05_f64, 0.25, 0.5] {
        let link = format!(
            "problem=measure_interaction;w=ln(r);softening=0.01;n=1000;spread=1&steps=100&seed=3&opt=langevin;lr=0.004;temperature={temperature}"
        );
        let run = run(&link);
        let [first, last] = [&run.traces[0].rows[0], &run.traces[0].rows[run.traces[0].rows.len() - 1]];
        let rate = (moment(last) - moment(first)) / (last.time - first.time);
        let exact = 4.0 * temperature - (1.0 - 1.0 / 1000.0);
        // The noise of a step adds 2 sqrt(2 T dt) x.z to |x|^2; over n particles and the time 0.4 the rate's standard
        // error is sqrt(8 T E|x|^2 / (0.4 n)), E|x|^2 being about 2. Four of them, and a hundredth for softening and steps.
        let error = (8.0 * temperature * 2.0 / (0.4 * 1000.0)).sqrt();
        assert!((rate - exact).abs() < 4.0 * error + 0.01, "T = {temperature}: {rate} {exact}, error {error}");
    }
}

/// A potential beside the interaction: springs to the middle by f = c |x|^2 / 2 do what the family's own spring does.
#[test]
fn a_typed_potential_acts_beside_the_interaction() {
    let last = |problem: &str| {
        let run = run(&format!(
            "problem=measure_interaction;{problem}n=80&domain=-2,2,-2,2&steps=60&opt=sgd;lr=0.05&opt=blob;temperature=0.1;lr=0.02"
        ));
        let row = |i: usize| run.traces[i].rows[run.traces[i].rows.len() - 1].clone();
        [row(0), row(1)]
    };
    let (own, typed) = (last("confine=0.7;"), last("f=0.35*(x%5E2%2By%5E2);"));
    for (own, typed) in own.iter().zip(&typed) {
        // Equal but for rounding: 60 steps of a motion that does not tear particles apart.
        assert!((own.energy - typed.energy).abs() < 1e-9 * own.energy.abs(), "{} {}", own.energy, typed.energy);
        let far = own.cloud.iter().zip(&typed.cloud).map(|(a, b)| (a[0] - b[0]).abs().max((a[1] - b[1]).abs()));
        assert!(far.fold(0.0, f64::max) < 1e-9);
    }
}
