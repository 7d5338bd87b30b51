//! "Better noise": ReNO with a reward that has a goal, and with one that has none.

use super::{Reading, clouds::Clouds};
use thalweg::measures::Point;

fn length([u, v]: Point) -> f64 {
    u.hypot(v)
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// The generator of the method, from its doc comment.
fn made(of: &Clouds, method: usize, [u, v]: Point) -> Point {
    let knobs = &of.experiment.methods[method].base.knobs;
    let scale = knobs.get("radius") / (u * u + v * v + 0.04).sqrt() + knobs.get("width");
    [scale * u, scale * v]
}

fn loss(of: &Clouds, x: Point) -> f64 {
    let mut potential = of.run.problem.potential.clone().expect("a formula");
    potential.value(x)
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("better_noise");

    let goal = text.cloud_setup(1);
    let noise: Vec<Point> = goal.at(0, 0).cloud.clone();
    text.says(1, &format!("{} draws of noise", noise.len()));
    text.says(1, &format!("no gradient longer than {}", goal.experiment.methods[0].base.knobs.get("clip")));
    let before = mean(noise.iter().map(|e| loss(&goal, made(&goal, 0, *e))));
    let after = |step: u32| mean(goal.at(0, step).cloud.iter().map(|x| loss(&goal, *x)));
    assert_eq!(goal.last(0).step, 50);
    text.says(1, &format!("from {before:.2} to {:.3} after 20 steps and {:.3} after 50", after(20), after(50)));
    let best = noise[..50].iter().map(|e| loss(&goal, made(&goal, 0, *e))).fold(f64::INFINITY, f64::min);
    text.says(1, &format!("best of the first 50 draws has {best:.4}"));
    let worst = goal.last(0).cloud.iter().map(|x| loss(&goal, *x)).fold(0.0, f64::max);
    text.says(1, &format!("the worst of all particles has {worst:.2}"));
    // Both pictures are of one run.
    let pairs = goal.last(0).cloud.iter().zip(&goal.last(1).cloud);
    assert!(pairs.into_iter().all(|(x, e)| made(&goal, 0, *e) == *x));

    let endless = text.cloud_setup(2);
    let knob = |method: usize, id: &str| endless.experiment.methods[method].base.knobs.get(id);
    assert_eq!([knob(0, "reg"), knob(1, "reg"), knob(2, "reg")], [0.0, 0.01, 2.0]);
    let shell = |method: usize| endless.last(method).gauge;
    text.says(2, &format!("noise is {:.1} long on average", shell(0)));
    text.says(2, &format!("with 0.01, the paper’s weight, {:.1}", shell(1)));
    text.says(2, &format!("with 2 it is {:.3}", shell(2)));
    let start = mean(endless.at(0, 0).cloud.iter().map(|e| length(*e)));
    text.says(2, &format!("where the draws had {start:.2}"));
    let rewards = [0, 1, 2].map(|method| -mean(endless.last(method).cloud.iter().map(|x| loss(&endless, *x))));
    text.says(2, &format!("rewards are {:.2}, {:.2} and {:.2},", rewards[0], rewards[1], rewards[2]));
    let outer = [0, 1, 2].map(|method| mean(endless.last(method).cloud.iter().map(|x| length(*x))));
    text.says(2, &format!("{:.2}, {:.2} and {:.2} from the middle", outer[0], outer[1], outer[2]));
    let ring = mean(endless.at(0, 0).cloud.iter().map(|e| length(made(&endless, 0, *e))));
    text.says(2, &format!("what it makes of fresh noise is {ring:.2} from there"));

    text.finish(&[]);
}
