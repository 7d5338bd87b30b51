//! "What superfluous columns cost": a matrix of rank three in 20 x 20, seen entirely, fitted with three and with six columns.

use super::{Reading, matrices::Matrices};
use thalweg::dense;

/// What a step takes away of the error, in percent.
fn percent(factor: f64) -> f64 {
    100.0 * (1.0 - factor)
}

fn imbalances(of: &Matrices, method: usize) -> [f64; 2] {
    let frames = &of.trace(method).frames;
    [frames[0].imbalance, frames[frames.len() - 1].imbalance].map(|imbalance| imbalance.expect("two factors"))
}

/// The step size times the least eigenvalue of F^T F at the end.
///
/// Rows of G outside the truth's row space obey G <- G (I - lr F^T F); what F G^T has inside is corrected much faster.
fn predicted_rate(of: &Matrices) -> f64 {
    let last = of.trace(0).frames.last().expect("the last step has a frame");
    let f = &of.run.outline.model.parts(&last.parameters)[0];
    of.experiment.methods[0].base.knobs.get("lr") * dense::eigen(&f.tr_mul(f)).expect("finite").0[0]
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("superfluous_columns");

    let exact = text.matrix_setup(1);
    assert_eq!((exact.run.outline.count("width"), exact.run.outline.spectrum.len()), (3, 3));
    text.says(1, &format!("multiplies the error by {:.3} in the end", exact.rate(0).factor));
    let more = text.matrix_link(1, "It goes much slower");
    assert_eq!(more.run.outline.count("width"), 6);
    let errors = &more.trace(0).errors;
    text.says(1, &format!("After 1000 steps the error is {:.4}, after 4000 it is {:.4}", errors[1000], errors[4000]));
    assert!(exact.rate(0).is_geometric() && !more.rate(0).is_geometric());
    // In the text the power stands in an equation.
    assert_eq!(format!("{:.2}", more.rate(0).power), "-0.98");

    let small = text.matrix_setup(2);
    let large = text.matrix_link(2, "With 0.4");
    let alphas = [&small, &large].map(|of| of.run.outline.value("alpha"));
    text.says(2, &format!("columns of length {}", alphas[0]));
    text.says(2, &format!("With {}", alphas[1]));
    assert!(alphas[1] == 2.0 * alphas[0] && [&small, &large].iter().all(|of| of.rate(0).is_geometric()));
    let [from, to] = small.experiment.view.fit.expect("named");
    let rates = [&small, &large].map(|of| percent(of.rate(0).factor));
    text.says(2, &format!("between steps {from} and {to} each step takes away {:.3} %", rates[0]));
    text.says(2, &format!("takes away {:.3} %, {:.1} times as much", rates[1], rates[1] / rates[0]));
    let [a, b] = imbalances(&small, 0);
    text.says(2, &format!("its norm is {a:.3} at the start and {b:.3} at the end"));
    let [a, b] = imbalances(&large, 0);
    text.says(2, &format!("with the larger start {a:.3} and {b:.3}"));
    let predicted = [&small, &large].map(|of| 100.0 * predicted_rate(of));
    text.says(2, &format!("times $ is {:.3} % and {:.3} %", predicted[0], predicted[1]));

    let small = text.matrix_setup(3);
    let large = text.matrix_link(3, "and the same from the larger start");
    let at = small.experiment.methods[1].base.knobs.get("at");
    text.says(3, &format!("Before step {at} this method"));
    text.says(3, &format!("all its singular values {}, and", small.experiment.methods[1].base.knobs.get("beta")));
    text.says(3, &format!("each step multiplies the error by {:.3}, as with three", small.rate(1).factor));
    assert_eq!(format!("{:.3}", large.rate(1).factor), format!("{:.3}", small.rate(1).factor));
    let [after, other] = [&small, &large].map(|of| format!("{:.3}", imbalances(of, 1)[1]));
    text.says(3, &format!("The imbalance jumps to {after} in both"));
    assert_eq!(after, other);
    let steps = [&small, &large].map(|of| of.recovered(1));
    text.says(3, &format!("at steps {} and {}", steps[0], steps[1]));
    let without = [small.error_at(0, steps[0]), large.error_at(0, steps[1])];
    text.says(3, &format!("still {:.4} and {:.4}", without[0], without[1]));

    text.finish(&[]);
}

#[test]
fn the_three_rates_hold_for_other_starts() {
    let text = Reading::of("superfluous_columns");
    for seed in 1..3 {
        let exact = text.matrix_setup(1).with_seed(seed);
        // 1 - lr sigma: what is orthogonal to the truth falls slowest, by lr times the smallest singular value.
        assert!((exact.rate(0).factor - 0.9).abs() < 1e-4, "{seed}: {:?}", exact.rate(0));
        let more = text.matrix_link(1, "It goes much slower").with_seed(seed);
        // x^2 = 1 / (1/x_0^2 + 2 lr t) with x_0 of about 0.5: the power is -1 only when 2 lr t = 200 and more outweighs 4.
        assert!((more.rate(0).power + 1.0).abs() < 0.04, "{seed}: {:?}", more.rate(0));

        let rates = ["small", "large"].map(|which| {
            let of = if which == "small" { text.matrix_setup(2) } else { text.matrix_link(2, "With 0.4") };
            let steps = if which == "small" { 20_000 } else { 5_000 };
            let of = of.again(|experiment| (experiment.seed, experiment.steps) = (seed, steps));
            // Where the product has only its last, slowest part left, far above rounding.
            let measured = of.rate_between(0, [of.below(0, 1e-5), of.below(0, 1e-7)]);
            let predicted = predicted_rate(&of);
            // A thousandth: the other directions of G, not much faster, have not died out entirely.
            assert!(((1.0 - measured.factor) / predicted - 1.0).abs() < 1e-3, "{seed}: {measured:?} {predicted}");
            assert!(measured.is_geometric());
            1.0 - measured.factor
        });
        // The imbalance is quadratic in the start but for what the first steps change.
        assert!((rates[1] / rates[0] / 4.0 - 1.0).abs() < 0.15, "{seed}: {rates:?}");

        let [small, large] = [text.matrix_setup(3), text.matrix_link(3, "and the same from the larger start")]
            .map(|of| of.with_seed(seed).rate(1).factor);
        assert!((small - 0.9).abs() < 1e-3 && (large - small).abs() < 1e-3, "{seed}: {small} {large}");
    }
}
