//! "Why momentum works": heavy ball on x^2 + kappa y^2.

use super::{Reading, plain};

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("momentum");

    let race = text.setup(1);
    text.says(1, &format!("converged at step {}, heavy ball at step {}", race.converged(0), race.converged(1)));
    text.says(1, "the curvatures are 1 and 100");

    let three = text.setup(2);
    let lr = |method| three.knob(method, "lr");
    text.says(
        2,
        &format!("in it, {}, {} and {}, share the momentum {}", lr(0), lr(1), lr(2), three.knob(0, "momentum")),
    );
    let steps = [0, 1, 2].map(|method| three.converged(method));
    text.says(2, &format!("at steps {}, {} and {}", steps[0], steps[1], steps[2]));
    for method in 0..3 {
        // Both coordinates swing, so the distance only shrinks by 0.9 on average: 300 steps leave half a percent.
        let rate = three.rate(method, 100..400);
        assert!((rate - 0.9).abs() < 5e-3, "a tenth a step: {rate}");
    }
    let (below, above) = (text.link(2, "0.005"), text.link(2, "0.0365"));
    text.says(2, &format!("{} takes {} steps", below.knob(0, "lr"), below.converged(0)));
    text.says(2, &format!("{} has diverged at step {}", above.knob(0, "lr"), above.diverged(0)));

    let best = text.setup(3);
    let knob = |id| best.experiment.methods[0].base.knobs.get(id);
    // L = 100, mu = 1; the link has eight digits.
    assert!((knob("lr") - 4.0 / 121.0).abs() < 1e-8 && (knob("momentum") - 81.0 / 121.0).abs() < 1e-8);
    text.says(3, "For curvatures 1 and 100");
    // The distance shrinks like k 0.818^k: from step 200 to 450 the factor k adds 0.003 to the rate.
    let rate = best.rate(0, 200..450);
    assert!((rate - 9.0 / 11.0).abs() < 5e-3, "{rate}");
    text.says(3, &format!("a step leaves $ = {:.3} of the distance", 9.0 / 11.0));
    text.says(3, "only where $ is 10, not 100");
    let better = text.link(3, "0.03 with 0.7");
    text.says(
        3,
        &format!(
            "converged at step {}, but {} with {} at step {}",
            best.converged(0),
            better.knob(0, "lr"),
            better.knob(0, "momentum"),
            better.converged(0)
        ),
    );
    let beyond = text.link(3, "0.034 with 0.67");
    text.says(
        3,
        &format!(
            "{} with {} has diverged at step {}",
            beyond.knob(0, "lr"),
            beyond.knob(0, "momentum"),
            beyond.diverged(0)
        ),
    );
    let narrow = text.link(3, "curvatures 1 and 1000");
    text.says(3, "curvatures 1 and 1000");
    text.says(
        3,
        &format!("gradient descent takes {} steps and heavy ball {}", narrow.converged(0), narrow.converged(1)),
    );
    // kappa grew tenfold.
    let grown = |a: usize, b: usize| a as f64 / b as f64;
    let (gradient, ball) =
        (grown(narrow.converged(0), race.converged(0)), grown(narrow.converged(1), race.converged(1)));
    assert!((9.0..12.0).contains(&gradient) && (2.8..3.6).contains(&ball), "{gradient} {ball}");

    let much = text.setup(4);
    let momentum = |method| much.knob(method, "momentum");
    text.says(
        4,
        &format!(
            "the step size is {} and the momentum {}, {} and {}",
            much.knob(0, "lr"),
            momentum(0),
            momentum(1),
            momentum(2)
        ),
    );
    text.says(4, &format!("{} has converged at step {}", momentum(1), much.converged(1)));
    assert_eq!([much.verdict(0), much.verdict(2)], ["on its way"; 2]);
    text.says(4, &format!("the other two are on their way after {} steps", much.experiment.steps));
    let x: Vec<f64> = much.trace(2).points.iter().map(|point| point[0]).collect();
    let turns = x.windows(2).filter(|pair| pair[0] * pair[1] < 0.0).count();
    text.says(4, &format!("With {} it rings", plain(much.experiment.methods[2].base.knobs.get("momentum"))));
    text.says(4, &format!("$ changes its sign {turns} times"));

    text.finish(&[(1, "Polyak 1964"), (4, "Goh 2017")]);
}
