//! "Values or slopes": SGVB against the score function, and what a normal guide holds of other laws.

use super::vanishing_noise::late;
use super::{Reading, digits};

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("values_or_slopes");

    let three = text.cloud_setup(1);
    let [slopes, values, baseline] = [0, 1, 2].map(|method| three.at(method, 1).gauge);
    assert_eq!(three.at(0, 1).step, 1);
    text.says(1, &format!("the variances are {slopes:.0}, {values:.0} and {baseline:.0}"));
    text.says(1, &format!("values have {:.0} times that of slopes", values / slopes));
    text.says(1, &format!("and {:.1} times with the baseline", baseline / slopes));
    let [a, b, c] = [0, 1, 2].map(|method| three.at(method, 50).divergence);
    text.says(1, &format!("After 50 steps the divergences are {a:.1}, {b:.1} and {c:.1}"));
    let [a, b, c] = [0, 1, 2].map(|method| three.last(method).gauge);
    text.says(1, &format!("At step {} the order is another: {a:.1}, {b:.1} and {c:.1}", three.last(0).step));
    let [a, b, c] = [0, 1, 2].map(|method| three.last(method).divergence);
    text.says(1, &format!("are {a:.3}, {b:.3} and {c:.3}"));

    let apart = text.cloud_setup(2);
    let radius = apart.run.problem.knobs.get("radius");
    text.says(2, &format!("at a distance of {radius} from the middle"));
    let last = apart.last(0);
    let [x, y] = last.mean.map(|mean| digits(mean, 2));
    let own = apart.run.problem.setting.mixture.as_ref().expect("it is one").components()[0].covariance[2];
    text.says(
        2,
        &format!("ends at ({x}, {y}), the variance of y is {:.2}", last.covariance[2]).replace(" of y ", " of $ "),
    );
    text.says(2, &format!("a single one, {own:.2}"));
    text.says(2, &format!("ends at {:.3}.", last.energy));
    text.says(2, &format!("{:.3}. To cover both", std::f64::consts::LN_2));
    let below = text.cloud_link(2, "From below the middle");
    assert!((below.last(0).mean[1] + radius).abs() < 0.1);
    let near = text.cloud_link(2, "At a distance of 1");
    text.says(2, "At a distance of 1 ");
    let (energy, variance) = (late(&near, 0, |row| row.energy), late(&near, 0, |row| row.covariance[2]));
    text.says(2, &format!("at {energy:.2} on average"));
    text.says(2, &format!("is {variance:.2} then, where the mixture has {:.2}", 1.0 + own));

    let banana = text.cloud_setup(3);
    let excess = |method| late(&banana, method, |row| row.energy + std::f64::consts::PI.ln());
    let [a, b] = [0, 1].map(|method| banana.last(method).covariance[0]);
    assert_eq!(format!("{a:.2}"), format!("{b:.2}"));
    text.says(3, &format!("ends at {a:.2} with both ellipses, where the law has 1:"));
    text.says(3, &format!("The divergences are {:.2} and {:.2} on average", excess(0), excess(1)));
    let last = banana.last(2).covariance[0];
    text.says(3, &format!("has {:.3}, and the variance of $ is {last:.2} at the end", excess(2)));

    text.finish(&[]);
}

#[test]
fn other_draws_have_the_same_order() {
    let text = Reading::of("values_or_slopes");
    let (three, apart) = (text.cloud_setup(1), text.cloud_setup(2));
    for seed in 1..5 {
        let run = three.with_seed(seed);
        let [slopes, values, baseline] = [0, 1, 2].map(|method| run.at(method, 1).gauge);
        assert!(values > 10.0 * slopes && baseline > 3.0 * slopes, "{seed}: {slopes} {values} {baseline}");
        let [slopes, baseline] = [0, 2].map(|method| run.last(method).gauge);
        assert!(baseline < slopes, "{seed}: {slopes} {baseline}");
        // One of the two, whichever: ln 2 and the noise of the last steps.
        let run = apart.with_seed(seed);
        assert!((run.last(0).energy - std::f64::consts::LN_2).abs() < 0.05, "{seed}: {}", run.last(0).energy);
        assert!(run.last(0).mean[1].abs() > 1.3, "{seed}: {:?}", run.last(0).mean);
    }
}
