//! "One half at a time": Mirror Sinkhorn beside Sinkhorn, against the cost of exact transport.

use super::{Reading, clouds::Clouds, digits};
use thalweg::experiment::measure::Row;
use thalweg::measures::transport::{assignment::assignment, squared_distances};

/// The cost of exact transport from the start to the samples.
fn exact(of: &Clouds) -> f64 {
    let setting = &of.run.problem.setting;
    let cost = squared_distances(&setting.start, setting.samples.as_ref().expect("the clouds have them"));
    let partner = assignment(&cost).expect("equally many");
    partner.iter().enumerate().map(|(i, j)| cost[(i, *j)]).sum::<f64>() / partner.len() as f64
}

/// The power of the step with which something falls: the least-squares slope of the logarithms, over recorded steps.
fn power(of: &Clouds, window: [u32; 2], what: impl Fn(&Row) -> f64) -> f64 {
    let rows = of.trace(0).rows.iter().filter(|row| (window[0]..=window[1]).contains(&row.step));
    let points: Vec<(f64, f64)> = rows.map(|row| (f64::from(row.step).ln(), what(row).ln())).collect();
    let mean = |f: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    mean(&|p| (p.0 - x) * (p.1 - y)) / mean(&|p| (p.0 - x) * (p.0 - x))
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("one_half_at_a_time");

    let first = text.cloud_setup(1);
    let cost = exact(&first);
    let gap = |row: &Row| row.energy - cost;
    let start = &first.run.problem.setting.start;
    text.says(1, &format!("{} of either", start.len()));
    text.says(1, &format!("Exact transport costs {cost:.4}"));
    let [a, b, c] = [100, 400, 1600].map(|step| first.at(0, step));
    assert_eq!([a.step, b.step, c.step], [100, 400, 1600]);
    text.says(1, &format!("After {} steps the average costs {:.4}, which is {:.4} too much", a.step, a.energy, gap(a)));
    text.says(1, &format!("{:.4} after {} steps, and {:.4} after {}", gap(b), b.step, gap(c), c.step));
    assert!([gap(a) / gap(b), gap(b) / gap(c)].iter().all(|ratio| (1.9..2.2).contains(ratio)));
    let whole = [100, 1600];
    text.says(1, &format!("to the power {}", digits(power(&first, whole, gap), 2)));
    text.says(1, &format!("violation is {:.4}, {:.4} and {:.4}", a.gauge, b.gauge, c.gauge));
    text.says(1, &format!("a power of {}", digits(power(&first, whole, |row| row.gauge), 2)));
    text.says(1, &format!("from 400 on, the power is {}", digits(power(&first, [400, 1600], |row| row.gauge), 2)));

    let both = text.cloud_setup(2);
    assert_eq!(exact(&both), cost);
    text.says(2, &format!("With {}", both.experiment.methods[1].base.knobs.get("eps")));
    assert!(both.at(1, 100).gauge < 1e-4);
    text.says(
        2,
        &format!("after 100 steps the violation is below 0.0001, where that of Mirror Sinkhorn is {:.4}", a.gauge),
    );
    assert_eq!(both.at(0, 100).gauge, a.gauge);
    let settled = both.last(1).energy;
    // It has long been there.
    assert!((both.at(1, 400).energy - settled).abs() < 1e-6);
    text.says(2, &format!("costs {settled:.4} and stays there, {:.4} above", settled - cost));
    let passed = both.trace(0).rows.iter().rposition(|row| row.energy >= settled).expect("it begins above") + 1;
    text.says(2, &format!("from about step {} on", both.trace(0).rows[passed].step));
    let smaller = text.cloud_link(2, "With 0.02");
    assert_eq!(smaller.experiment.methods[1].base.knobs.get("eps"), 0.02);
    text.says(2, "With 0.02");
    text.says(2, &format!("the gap is {:.4} after {} steps", gap(smaller.last(1)), smaller.last(1).step));
    assert!(gap(smaller.last(1)) < 0.2 * gap(b));
    assert!(smaller.last(1).gauge > smaller.last(0).gauge, "a smaller entropy takes longer");

    let lengths = text.cloud_setup(3);
    text.says(3, &format!("The first run takes {} of it", lengths.experiment.methods[0].base.knobs.get("lr")));
    text.says(3, &format!("for {} steps", lengths.experiment.steps));
    let [a, b, c] = [0, 1, 2].map(|method| lengths.last(method));
    text.says(3, &format!("the gaps are {:.4}, {:.4} and {:.4}", gap(a), gap(b), gap(c)));
    text.says(3, &format!("The violations are {:.4}, {:.4} and {:.4}", a.gauge, b.gauge, c.gauge));

    text.finish(&[]);
}

/// The slope is not that of one pair of clouds.
#[test]
fn the_gap_falls_alike_for_other_clouds() {
    for seed in 1..4 {
        let of = Reading::of("one_half_at_a_time").cloud_setup(1).with_seed(seed);
        let cost = exact(&of);
        let slope = power(&of, [100, 1600], |row| row.energy - cost);
        // A tenth around one half: curves are not quite straight.
        assert!((-0.6..-0.4).contains(&slope), "seed {seed}: {slope}");
    }
}
