//! "When Adam fails": the online problem of Reddi, Kale and Kumar, without the walls of the paper.

use super::{Reading, digits};
use thalweg::experiment::Runner;
use thalweg::problems::Noise;

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("adam_fails");

    let gradient = text.setup(1);
    assert_eq!(gradient.run.problem.parameters, [("C".to_owned(), 3.0)]);
    assert_eq!(gradient.experiment.noise, Noise::Own);
    let mut runner = Runner::new(&gradient.run.problem, &gradient.experiment.methods[0], [0.0, 0.0], Noise::Own, 0);
    let pushes: Vec<f64> = (0..7)
        .map(|_| {
            let before = runner.point()[0];
            runner.step();
            ((runner.point()[0] - before) / -0.01).round()
        })
        .collect();
    assert_eq!(pushes, [3.0, -1.0, -1.0, 3.0, -1.0, -1.0, 3.0]);
    text.says(1, "At step 1, 4, 7, … it is");
    text.says(1, &format!("after {} steps $ is {}", gradient.experiment.steps, digits(gradient.end(0)[0], 2)));

    let adam = text.setup(2);
    text.says(2, &format!("After {} steps $ is {}", adam.experiment.steps, digits(adam.end(0)[0], 3)));
    assert!(adam.trace(0).values[300] > adam.trace(0).values[0], "higher than at the start");
    // Every round goes right, by as much as the sum on the page says.
    let x: Vec<f64> = adam.trace(0).points.iter().map(|point| point[0]).collect();
    assert!((1..=100).all(|round| x[3 * round] > x[3 * round - 3]));
    assert_eq!(format!("{:.2}", (x[300] - x[297]) / 0.01), "0.68");

    let method = &adam.experiment.methods[0];
    let mut runner = Runner::new(&adam.run.problem, method, adam.run.problem.start, Noise::Own, 0);
    (0..297).for_each(|_| runner.step());
    let v = [0; 3].map(|_| {
        runner.step();
        // beta2^t has died out: the corrected average is the average.
        let state = runner.state().into_iter().find(|(name, _)| *name == "v");
        state.map_or(f64::NAN, |(_, v)| v[0])
    });
    text.says(3, &format!("{:.3} when the gradient is 3, then {:.3}, then {:.3}", v[0], v[1], v[2]));
    for (link, words) in
        [("0.45", "Adam still goes right, to"), ("0.5", "left, to"), ("usual values", "0.9 and 0.999, reach")]
    {
        let measured = text.link(3, link);
        text.says(3, &format!("{words} {}", digits(measured.end(0)[0], 3)));
        assert_eq!(measured.experiment.steps, adam.experiment.steps);
        if link != "usual values" {
            text.says(3, &measured.knob(0, "beta2"));
        } else {
            text.says(3, &format!("{} and {}, reach", measured.knob(0, "beta1"), measured.knob(0, "beta2")));
        }
    }

    let amsgrad = text.setup(4);
    assert_eq!(amsgrad.experiment.steps, gradient.experiment.steps);
    text.says(4, &format!("be after {} steps", amsgrad.experiment.steps));
    text.says(4, &format!("At {}:", digits(amsgrad.end(1)[0], 3)));
    let share = amsgrad.end(1)[0] / gradient.end(0)[0];
    assert!((0.3..0.37).contains(&share), "a third: {share}");
    // -3 + 1 + 1 divided by the root of the largest v.
    let root = v[0].sqrt();
    let round = -(amsgrad.trace(1).points[300][0] - amsgrad.trace(1).points[297][0]) / 0.01;
    assert!((root - 2.86).abs() < 5e-3 && (round - 1.0 / root).abs() < 1e-3, "{root} {round}");

    let longer = text.setup(5);
    text.says(5, &format!("goes on, to {} after {} steps", digits(longer.end(0)[0], 2), longer.experiment.steps));
    let averaged = text.link(5, "On this problem");
    let ends = [averaged.end(0)[0], averaged.end(1)[0]].map(|x| digits(x, 3));
    text.says(5, &format!("goes left, to {}, while $ goes right, to {}", ends[1], ends[0]));
    text.says(5, &format!("below {:.3}", 0.1_f64.sqrt()));

    text.finish(&[(1, "Reddi, Kale and Kumar 2018"), (5, "between \u{2212}1 and 1"), (5, "Adam passes 1 and")]);
}
