//! "Two time scales": a pair, clouds, and the two densities on a grid.

use super::{Reading, clouds::Clouds, digits};
use thalweg::experiment::measure::MeasureOutcome;
use thalweg::measures::game::{GameGrid, smoothed};
use thalweg::scalar::uniform_pair;

const TEMPERATURE: f64 = 0.2;

/// Gaps of the densities from the particles' start on, each `steps` of `dt` after the one before.
fn gaps(of: &Clouds, ratio: f64, dt: f64, steps: usize) -> Vec<f64> {
    let game = of.run.problem.setting.game.expect("it is a game");
    let mut grid = GameGrid::new(&game, smoothed([0.3], 0.15), smoothed([0.6], 0.15));
    let mut gaps = vec![grid.nash_gap(TEMPERATURE)];
    for _ in 0..6 {
        (0..steps).for_each(|_| grid.step(dt, TEMPERATURE, ratio));
        gaps.push(grid.nash_gap(TEMPERATURE));
    }
    gaps
}

/// The mean gap of independent particles of the even laws.
fn level(of: &Clouds, temperature: f64) -> f64 {
    let game = of.run.problem.setting.game.expect("it is a game");
    let n = of.run.problem.setting.start.len() as u32;
    let even = || smoothed([], 0.1);
    let grid = GameGrid::new(&game, even(), even());
    let bandwidth = if temperature > 0.0 { 0.1 * f64::from(n).powf(-0.2) } else { 0.0 };
    let law = |trial: u32, k: usize| smoothed((0..n).map(|i| uniform_pair(5, i, trial, 0)[k]), bandwidth);
    (0..40).map(|trial| grid.with(law(trial, 0), law(trial, 1)).nash_gap(temperature)).sum::<f64>() / 40.0
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("two_time_scales");

    let pair = text.cloud_setup(1);
    let rows = &pair.trace(0).rows;
    let least = rows.iter().filter(|row| row.step >= 400).map(|row| row.energy).fold(f64::INFINITY, f64::min);
    assert_eq!(pair.trace(0).outcome, MeasureOutcome::OutOfBudget);
    let bound = (least * 100.0).floor() / 100.0;
    text.says(1, &format!("from step 400 on the gap stays above {bound:.2}"));
    let other = text.cloud_link(1, "From (0.3, 0.6)");
    text.says(1, "From (0.3, 0.6)");
    assert!(matches!(other.trace(0).outcome, MeasureOutcome::Settled { .. }));
    let [x, y] = other.last(0).mean;
    text.says(1, &format!("at ({}, {}).", digits(x, 2), digits(y, 2)));
    text.says(1, &format!("the gap is {:.2} there", other.last(0).energy));
    let chase = text.cloud_link(1, "pure chase");
    let apart = chase.trace(0).rows.iter().map(|row| (row.mean[1] - row.mean[0]).rem_euclid(1.0));
    let (low, high) = apart.fold((1.0_f64, 0.0_f64), |(low, high), d| (low.min(d), high.max(d)));
    // Both move by the same in every step, but for rounding.
    assert!(high - low < 1e-9);
    text.says(1, &format!("stays at {low:.2}."));

    let laws = text.cloud_setup(2);
    let n = laws.run.problem.setting.start.len();
    text.says(2, &format!("has {n} particles"));
    text.says(2, &format!("start at a gap of {:.2}", laws.trace(0).rows[0].energy));
    let ratios = [0, 1, 2].map(|method| laws.experiment.methods[method].base.knobs.get("eta"));
    text.says(2, &format!("have $ = {}, {} and {}, and", ratios[0], ratios[1], ratios[2]));
    let ends = [0, 1, 2].map(|method| laws.last(method).energy);
    text.says(2, &format!("are {:.3}, {:.3} and {:.3}.", ends[0], ends[1], ends[2]));
    let chance = level(&laws, TEMPERATURE);
    assert!(ends.iter().all(|gap| *gap < 2.0 * chance));
    text.says(2, &format!("equilibrium have {chance:.2} with as many"));

    let factors = |gaps: &[f64]| gaps.windows(2).map(|pair| pair[0] / pair[1]).collect::<Vec<f64>>();
    let fast = factors(&gaps(&laws, 10.0, 2e-4, 250));
    text.says(2, "With $ = 10 every time of 0.05 divides");
    // The last four are equal but for a twentieth.
    assert!(fast[3..].iter().all(|factor| (factor / fast[5] - 1.0).abs() < 0.05), "{fast:?}");
    text.says(2, &format!("divides the gap by {:.1}, after", fast[5]));
    let slow = factors(&gaps(&laws, 0.1, 2e-3, 250));
    let least = slow.iter().copied().fold(f64::INFINITY, f64::min);
    text.says(2, &format!("With 0.1 it is divided by {least:.0} at least in every time of 0.5"));
    let equal = gaps(&laws, 1.0, 1e-3, 50);
    assert!(equal.windows(2).all(|pair| pair[1] < 0.6 * pair[0]), "{equal:?}");
    text.says(
        2,
        &format!(
            "With 1, which the theorem leaves out, it falls too: from {:.2} to {:.4} in a time of 0.3",
            equal[0], equal[6]
        ),
    );

    let cold = text.cloud_setup(3);
    let knob = |method: usize| cold.experiment.methods[method].base.knobs.get("anneal");
    text.says(3, &format!("$ is {} and {}, and the gap", knob(0), knob(1)));
    let gap = |method: usize| cold.last(method).energy;
    text.says(3, &format!("With {} the gap falls from {:.2} to {:.2}", knob(0), cold.trace(0).rows[0].energy, gap(0)));
    text.says(3, &format!("with {} to {:.2}.", knob(1), gap(1)));
    let even = level(&cold, 0.0);
    text.says(3, &format!("equilibrium have {even:.2} on average, so"));
    text.says(3, &format!("more to gain with {n} particles"));
    assert!(gap(0) < 1.5 * even && gap(1) > 1.5 * even);
    text.says(3, &format!("come from {:.2} to {:.2} only", knob(0), cold.last(0).gauge));
    let e = std::f64::consts::E;
    let (half, quarter) = (e.powi(2) - e, e.powi(4) - e);
    let lr = cold.experiment.methods[0].base.knobs.get("lr");
    text.says(
        3,
        &format!("at time {half:.1} and quartered at time {quarter:.0}, which would be {:.0} steps", quarter / lr),
    );

    text.finish(&[(2, "is far from 1, in"), (2, "a grid of 256")]);
}

/// Against even laws every place costs the same, at every temperature.
#[test]
fn even_laws_are_an_equilibrium() {
    let laws = Reading::of("two_time_scales").cloud_setup(2);
    let game = laws.run.problem.setting.game.expect("it is a game");
    let even = GameGrid::new(&game, smoothed([], 0.1), smoothed([], 0.1));
    for temperature in [0.0, 0.02, 0.2, 1.0] {
        // Rounding of sums of 256 numbers of order one.
        assert!(even.nash_gap(temperature).abs() < 1e-12);
    }
}
