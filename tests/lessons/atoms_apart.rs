//! "Atoms apart": particle descent on the energy distance, nearly on a line.

use super::{Reading, clouds::Clouds};
use thalweg::experiment::measure::MeasureOutcome;
use thalweg::measures::squared_distance;

/// How many particles end further than `reach` from every sample.
fn lost(of: &Clouds, method: usize, reach: f64) -> usize {
    let samples = of.run.problem.setting.samples.clone().expect("the law has them");
    let far = |x: &&[f64; 2]| samples.iter().all(|y| squared_distance(**x, *y) > reach * reach);
    of.last(method).cloud.iter().filter(far).count()
}

fn particles(of: &Clouds) -> usize {
    of.run.problem.setting.start.len()
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("atoms_apart");

    let first = text.cloud_setup(1);
    let samples = first.run.problem.setting.samples.clone().expect("the law has them");
    text.says(1, &format!("with {} samples. All {} particles", samples.len(), particles(&first)));
    // Nearly a line: a hundredth as wide as it is long.
    assert!(samples.iter().all(|y| y[1].abs() < 0.04));
    text.says(1, &format!("is {:.3}. The first run", first.at(0, 0).energy));
    assert_eq!(first.experiment.methods[1].base.knobs.get("noise"), 0.1);
    let [plain, noisy] = [0, 1].map(|method| first.last(method));
    assert!(matches!(first.trace(0).outcome, MeasureOutcome::Gathered { .. }));
    assert!((plain.energy - 0.452).abs() < 5e-4, "the text has it in an equation: {}", plain.energy);
    assert!(plain.cloud.iter().all(|x| squared_distance(*x, plain.cloud[0]) < 1e-20));
    text.says(1, &format!("is {:.4} after {} steps", noisy.energy, noisy.step));

    let many = text.cloud_setup(2);
    text.says(2, &format!("With {} particles", particles(&many)));
    let at = [160, 640, 2560].map(|step| many.at(0, step));
    assert_eq!(at.map(|row| row.step), [160, 640, 2560]);
    let [a, b, c] = at.map(|row| row.energy);
    text.says(2, &format!("of {a:.5}, {b:.5} and {c:.5} after 160, 640 and 2560 steps"));
    text.says(2, &format!("divide it by {:.1} and {:.1}, where $ would divide it by 2", a / b, b / c));
    let [some, few] = ["With 16", "with 4"].map(|link| text.cloud_link(2, link));
    assert!([&some, &few].iter().all(|of| of.run.problem.setting.samples == many.run.problem.setting.samples));
    let [at_some, at_few] = [&some, &few].map(|of| of.last(0).energy);
    text.says(2, &format!("What will {} and {} particles reach", particles(&some), particles(&few)));
    text.says(2, &format!("With {} it is {at_some:.4}, with {} it is {at_few:.4}", particles(&some), particles(&few)));
    text.says(2, "hardly changes after step 160 any more");
    assert!((few.at(0, 160).energy / at_few - 1.0).abs() < 0.02);
    text.says(2, &format!("From 4 particles to 16 the end is divided by {:.1}", at_few / at_some));
    text.says(2, "where the bound promises 2");

    let stuck = text.cloud_setup(3);
    text.says(3, &format!("the width is {}", stuck.experiment.methods[0].base.knobs.get("bandwidth")));
    text.says(3, &format!("a spread of {}", stuck.run.problem.knobs.get("spread")));
    text.says(3, &format!("{} of {} end further than 1", lost(&stuck, 0, 1.0), particles(&stuck)));
    text.says(
        3,
        &format!(
            "is {:.3}, and after half of the steps it was {:.3}",
            stuck.last(0).distance,
            stuck.at(0, 320).distance
        ),
    );
    assert_eq!((lost(&stuck, 1, 1.0), stuck.at(0, 320).step), (0, 320));
    text.says(3, &format!("has {:.3}", stuck.last(1).distance));
    let noisy = text.cloud_link(3, "With noise of 0.3");
    text.says(
        3,
        &format!(
            "With noise of {} still {} are lost",
            noisy.experiment.methods[0].base.knobs.get("noise"),
            lost(&noisy, 0, 1.0)
        ),
    );
    let wide = text.cloud_link(3, "A kernel as wide as the samples");
    text.says(3, &format!("loses {}, and comes to {:.3}", lost(&wide, 0, 1.0), wide.last(0).distance));

    text.finish(&[]);
}
