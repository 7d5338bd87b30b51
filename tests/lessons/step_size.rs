//! "What a step size does": runs on x^2 + kappa y^2, where theory and runs agree to rounding.

use super::{Reading, digits};
use thalweg::experiment::Strip;

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("step_size");

    let crawling = text.setup(1);
    text.says(1, &format!("The step size is {}", crawling.knob(0, "lr")));
    let [x, y] = crawling.trace(0).points[1];
    text.says(
        1,
        &format!("each step takes away {:.0} % of $, but {:.0} % of $", 100.0 * (1.0 - x / 4.0), 100.0 * (1.0 - y)),
    );
    text.says(1, &format!("After {} steps $ is still {}", crawling.experiment.steps, digits(crawling.end(0)[0], 3)));
    text.says(1, &format!("are {} steps enough", crawling.experiment.steps));
    text.says(1, &format!("the run is {}", crawling.verdict(0)));

    let faster = text.setup(2);
    let [x, y] = faster.trace(0).points[1];
    let lr = faster.knob(0, "lr");
    assert_eq!(y, 0.0);
    text.says(
        2,
        &format!("{lr}, each step takes away {:.0} % of $, and the first one all of $", 100.0 * (1.0 - x / 4.0)),
    );
    text.says(2, &format!("converged at step {}", faster.converged(0)));
    let (edge, beyond) = (text.link(2, "At 0.2"), text.link(2, "At 0.21"));
    for phrase in ["{a}, and then {b}.", "at {a}, and what at {b}?", "At {a}", "At {b}"] {
        let phrase = phrase.replace("{a}", &edge.knob(0, "lr")).replace("{b}", &beyond.knob(0, "lr"));
        text.says(2, &phrase);
    }
    let [from, to] = [0, 1].map(|k| digits(edge.trace(0).points[k][1], 0));
    text.says(2, &format!("jumps from {from} to {to} and back for ever: the run {}", edge.verdict(0)));
    let jump = |k: usize| (beyond.trace(0).points[k + 1][1] - beyond.trace(0).points[k][1]).abs();
    text.says(2, &format!("every jump is {:.0} % longer", 100.0 * (jump(5) / jump(4) - 1.0)));
    text.says(2, &format!("has diverged at step {}", beyond.diverged(0)));
    assert!(beyond.end(0)[0].abs() < 1e-9);

    let strip = text.setup(3);
    text.says(3, &format!("after {} steps", strip.experiment.steps));
    let mut curve = Strip::new(strip.run.problem, strip.experiment);
    while curve.advance() {}
    let samples = &curve.curves[0].samples;
    let first_lost = samples.iter().position(|(_, value)| value.is_none()).unwrap_or(samples.len());
    let lowest =
        samples.iter().flat_map(|(lr, value)| value.map(|value| (value, *lr))).min_by(|a, b| a.0.total_cmp(&b.0));
    let (last, lost) = (samples[first_lost - 1].0, samples[first_lost].0);
    assert_eq!(lowest.map(|(_, lr)| lr), Some(last));
    assert!(samples[first_lost..].iter().all(|(_, value)| value.is_none()));
    // Curvatures 1 and 10.
    assert!(last < 0.2 && 0.2 < lost);
    text.says(3, "At 2/10 = 0.2.");
    text.says(3, &format!("{last:.3} still ends low, the lowest of all; the next one, {lost:.3}, diverges"));

    let best = text.setup(4);
    text.says(4, &format!("2/11 = {:.3}", 2.0 / 11.0));
    assert!((best.experiment.methods[0].base.knobs.get("lr") - 2.0 / 11.0).abs() < 5e-5);
    text.says(
        4,
        &format!(
            "Each step leaves {:.3} of the distance, and the run has converged at step {}",
            best.rate(0, 0..100),
            best.converged(0)
        ),
    );
    let narrow = text.link(4, "With curvatures 1 and 100");
    text.says(4, "With curvatures 1 and 100");
    text.says(4, &format!("2/101 = {}", narrow.knob(0, "lr")));
    text.says(4, &format!("leaves {:.3} of the distance", narrow.rate(0, 0..500)));
    text.says(4, &format!("converged at step {}", narrow.converged(0)));
    let ratio = narrow.converged(0) as f64 / best.converged(0) as f64;
    assert!((9.0..12.0).contains(&ratio), "about ten times as many: {ratio}");

    text.finish(&[]);
}
