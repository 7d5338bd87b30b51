//! "Over the barrier": where crowds end on Rastrigin's function, over seeds, and the step that a hop is.

use super::{Reading, clouds::Clouds, digits};
use thalweg::experiment::measure::MeasureOutcome;

/// The dent of Rastrigin's function in which the crowd's consensus is.
fn dent(of: &Clouds, method: usize) -> [i32; 2] {
    of.last(method).landmark.expect("a crowd has a consensus").map(|x| x.round() as i32)
}

/// Over ten seeds, how often a crowd has come to the middle, and how often it has left the dent where it began.
fn ends(of: &Clouds, method: usize) -> [usize; 2] {
    let dents: Vec<_> = (0..10).map(|seed| dent(&only(of, method).with_seed(seed), 0)).collect();
    [dents.iter().filter(|dent| **dent == [0, 0]).count(), dents.iter().filter(|dent| **dent != [3, 3]).count()]
}

/// The same experiment with one of its methods.
fn only(of: &Clouds, method: usize) -> Clouds {
    of.again(|experiment| experiment.methods = vec![experiment.methods[method].clone()])
}

fn point([x, y]: [f64; 2], places: usize) -> String {
    format!("({}, {})", digits(x, places), digits(y, places))
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("over_the_barrier");

    let first = text.cloud_setup(1);
    let n = first.last(0).cloud.len();
    text.says(1, &format!("{n} particles start around (3, 3)"));
    let inside = first.last(0).cloud.iter().filter(|x| x.iter().all(|c| c.abs() < 0.5)).count();
    assert_eq!(inside, 0);
    text.says(1, &format!("Of the {n} none ends in the middle"));
    let MeasureOutcome::Gathered { at } = first.trace(1).outcome else { panic!("{:?}", first.trace(1).outcome) };
    text.says(1, &format!("gathers at {}, where $ is {:.2}", point(at, 2), first.last(1).energy));
    text.says(1, &format!("in the middle {} time", ends(&first, 1)[0]));
    let wide = text.cloud_link(1, "A start that is four times as wide");
    text.says(1, &format!("it is {} times of ten", ends(&wide, 1)[0]));

    let slope = text.cloud_setup(2);
    let knobs = &slope.experiment.methods[0].base.knobs;
    let tau = knobs.get("alpha") * knobs.get("sigma").powi(2);
    text.says(2, &format!("which is {tau:.1} here"));
    let end = slope.last(0).landmark.expect("it has one");
    text.says(
        2,
        &format!("should lead to {}, and they have led to {}.", point([-10.0 * tau, 20.0 * tau], 0), point(end, 2)),
    );
    // Weights exp(-alpha g.z sigma) have the relative variance exp((alpha sigma |g|)^2) - 1; the starting mean is in it too.
    let samples = slope.last(0).cloud.len();
    let counted = samples as f64 / ((knobs.get("alpha") * knobs.get("sigma")).powi(2) * 5.0).exp();
    text.says(2, &format!("that of {samples} samples"));
    text.says(2, &format!("count as about {:.0}", (counted / 100.0).round() * 100.0));
    let stray = knobs.get("sigma") * (10.0 / counted).sqrt();
    text.says(2, &format!("stray by about {stray:.2} in each"));
    assert!((end[0] + 2.0).abs() < 3.0 * stray && (end[1] - 4.0).abs() < 3.0 * stray, "{end:?}");

    let hops = text.cloud_setup(3);
    let [long, short] = [0, 1].map(|method| ends(&hops, method));
    let time = |method| hops.last(method).time / f64::from(hops.last(method).step);
    text.says(3, &format!("is {:.0}, beside", time(0)));
    text.says(3, &format!("which is a step of {:.1}. Gradient descent with a step of {:.0}", time(1), time(0)));
    text.says(3, &format!("after {} steps {} times", hops.last(0).step, long[0]));
    text.says(3, &format!("it began {} times", long[1]));
    text.says(3, &format!("in the middle {} times, and has left {} time", short[0], short[1]));
    let later = text.cloud_link(3, "After 600 steps");
    text.says(
        3,
        &format!(
            "After {} steps the long one is at {}",
            later.last(0).step,
            point(later.last(0).landmark.expect("it has one"), 2)
        ),
    );

    text.finish(&[]);
}
