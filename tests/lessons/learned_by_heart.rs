//! "Learned by heart": the test error in training time, samples that collapse on training points, and the width of a network.

use super::{Reading, clouds::Clouds};
use std::collections::BTreeSet;
use thalweg::experiment::measure::Row;
use thalweg::measures::{Point, squared_distance};

/// The mean distance of particles to the nearest of some points.
fn to_nearest(row: &Row, points: &[Point]) -> f64 {
    let nearest = |x: &Point| points.iter().map(|p| squared_distance(*x, *p)).fold(f64::INFINITY, f64::min).sqrt();
    row.cloud.iter().map(nearest).sum::<f64>() / row.cloud.len() as f64
}

/// The points that a method is trained with: `train` of the samples, evenly.
fn training_points(of: &Clouds, method: usize) -> Vec<Point> {
    let samples = of.run.problem.setting.samples.as_ref().expect("a mixture has samples");
    let count = (of.experiment.methods[method].base.knobs.get("train") as usize).min(samples.len());
    (0..count).map(|i| samples[i * samples.len() / count]).collect()
}

/// The row with the least test error.
fn best(of: &Clouds, method: usize) -> &Row {
    of.trace(method).rows.iter().min_by(|a, b| a.gauge.total_cmp(&b.gauge)).expect("the start is recorded")
}

/// The root of the mean square distance between the clouds of two methods at a step.
fn gap(of: &Clouds, [a, b]: [usize; 2], step: u32) -> f64 {
    let (a, b) = (&of.at(a, step).cloud, &of.at(b, step).cloud);
    (a.iter().zip(b).map(|(a, b)| squared_distance(*a, *b)).sum::<f64>() / a.len() as f64).sqrt()
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("learned_by_heart");

    let few = text.cloud_setup(1);
    let points = training_points(&few, 0);
    let knob = |of: &Clouds, id: &str| of.experiment.methods[0].base.knobs.get(id);
    let (n, updates) = (few.at(0, 0).cloud.len(), knob(&few, "updates"));
    text.says(1, &format!("take noise off {} points", points.len()));
    text.says(1, &format!("A step is {updates} updates of the network, and the cloud is what it makes of {n} draws"));
    text.says(1, "The cloud of step 0 is only where the problem starts");
    assert_eq!(few.at(0, 0).cloud, few.run.problem.setting.start.to_vec());
    let (start, low, end) = (few.at(0, 0), best(&few, 0), few.last(0));
    text.says(1, &format!("The loss falls from {:.0} to {:.2}.", start.energy, end.energy));
    text.says(1, &format!("After step {}:", low.step));
    text.says(1, &format!("It is {:.1} there and {:.1} at the end", low.gauge, end.gauge));
    text.says(1, &format!("the loss goes from {:.2} to {:.2}.", low.energy, end.energy));
    text.says(1, &format!("learns in between is the {} points", points.len()));
    let fresh = Row { cloud: few.run.problem.independent_samples(n).expect("a mixture"), ..start.clone() };
    let near = to_nearest(&fresh, &points);
    text.says(1, &format!("are {near:.2} from the nearest of the {} on average", points.len()));
    let [early, late] = [low, end].map(|row| to_nearest(row, &points));
    text.says(1, &format!("is {early:.2} from them at step {} and {late:.2} at the end", low.step));
    let (a, b, c) = (low.distance, end.distance, few.at(0, 60).distance);
    text.says(1, &format!("it is {a:.2} at step {} and {b:.2} at the end, and was {c:.2} at step 60", low.step));
    let corner = |x: &Point| (x[0] < 0.0, x[1] < 0.0);
    assert_eq!(points.iter().map(corner).collect::<BTreeSet<_>>().len(), 4);
    text.says(1, &format!("The {} points lie in all four clusters", points.len()));

    let full = text.cloud_setup(2);
    let points = training_points(&full, 0);
    let (units, copies) = (knob(&full, "units"), knob(&full, "copies"));
    text.says(
        2,
        &format!("{units} units and the kernel, with {copies} noisy copies of each of {} points", points.len()),
    );
    text.says(2, &format!("and {} updates a step", knob(&full, "updates")));
    let (low, end) = (best(&full, 1), full.last(1));
    text.says(2, &format!("it falls to {:.2} at step {} and rises to {:.2}", low.gauge, low.step, end.gauge));
    text.says(2, &format!("while the loss falls to {:.3}.", end.energy));
    for method in [0, 1] {
        assert!(full.trace(method).rows.is_sorted_by(|a, b| a.energy > b.energy), "the loss falls in every step");
    }
    let (network, last) = (best(&full, 0), full.last(0));
    let phrase = format!(
        "falls to {:.2} at step {}, on the way up and down a little, and ends at {:.2}.",
        network.gauge, network.step, last.gauge
    );
    text.says(2, &phrase);
    assert!(full.at(0, 10).gauge > full.at(0, 5).gauge);
    let level = full.level().distance;
    let (first, late) = (full.at(1, 1).distance, end.distance);
    text.says(
        2,
        &format!(
            "it is {first:.2} after the first step and {late:.2} at the end, where independent points have {level:.2}"
        ),
    );
    let fresh = Row { cloud: full.run.problem.independent_samples(n).expect("a mixture"), ..start.clone() };
    let [near, far] = [end, &fresh].map(|row| to_nearest(row, &points));
    text.says(
        2,
        &format!("they are {near:.2} from the nearest training point, and fresh points of the law are {far:.2}."),
    );
    text.says(2, &format!("seen at {copies} levels of noise only"));

    let wide = text.cloud_setup(3);
    let units = [0, 1, 2].map(|method| wide.experiment.methods[method].base.knobs.get("units"));
    text.says(3, &format!("{}, {} and {} units", units[0], units[1], units[2]));
    let step = 10;
    let [a, b, c] = [0, 1, 2].map(|method| gap(&wide, [method, 3], step));
    text.says(
        3,
        &format!("at step {step} is {a:.2}, {b:.2} and {c:.2}: less by the factors {:.1} and {:.1}.", a / b, b / c),
    );
    text.says(3, "the factor would be 2.");

    text.finish(&[]);
}
