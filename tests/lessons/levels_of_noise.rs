//! "Levels of noise": one network for all of them, weights, and gradients that do not agree.

use super::{Reading, clouds::Clouds, digits};
use thalweg::optimizers::flows::score::denoiser::Denoiser;
use thalweg::optimizers::flows::{Flow as _, now};
use thalweg::problems::measure::{Direct, MeasureOracle};

/// Updates until the energy distance is first below `bound`; `None` where it never is.
fn reached(of: &Clouds, method: usize, bound: f64) -> Option<f64> {
    of.trace(method).rows.iter().find(|row| row.distance < bound).map(|row| row.time)
}

/// The cosines of the gradients of all pairs of levels, after `steps` steps of the first method.
fn cosines(of: &Clouds, steps: u32) -> Vec<Vec<f64>> {
    let (problem, experiment) = (of.run.problem.clone(), &of.experiment);
    let mut flow = Denoiser::new(&experiment.methods[0].base.knobs, &problem.setting);
    let mut cloud = problem.setting.start.to_vec();
    let mut oracle = MeasureOracle::new(problem, Box::new(Direct), experiment.seed, experiment.run);
    for step in 1..=steps {
        oracle.begin_step(step);
        now(flow.step(&mut cloud, &mut oracle));
    }
    assert_eq!(cloud, of.at(0, steps).cloud);
    let gradients = flow.gradients_of_levels(8, 1);
    let row = |a: usize| gradients.iter().map(|g| g.dot(&gradients[a]) / (g.norm() * gradients[a].norm())).collect();
    (0..gradients.len()).map(row).collect()
}

/// The middle one of five.
fn median(mut of: [f64; 5]) -> f64 {
    of.sort_by(f64::total_cmp);
    of[2]
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("levels_of_noise");

    let one = text.cloud_setup(1);
    let knob = |of: &Clouds, method: usize, id: &str| of.experiment.methods[method].base.knobs.get(id);
    text.says(1, &format!("at {} levels", knob(&one, 0, "levels")));
    text.says(1, &format!("A step is {} updates", knob(&one, 0, "updates")));
    let [start, a, b, c, d] = [0, 5, 20, 40, 100].map(|step| one.at(0, step));
    let phrase = format!(
        "is {:.2} for the start cloud, {:.2} at step 5, {:.2} at step 20 and {:.2} at step 40, which is what independent points have, {:.2}.",
        start.distance,
        a.distance,
        b.distance,
        c.distance,
        one.level().distance
    );
    text.says(1, &phrase);
    text.says(1, &format!("to {:.2} at step 100", d.distance));
    let [a, b, c, d] = [a, b, c, d].map(|row| row.gauge);
    text.says(1, &format!("{a:.2}, {b:.2}, {c:.2} and {d:.2} at the same steps"));

    let four = text.cloud_setup(2);
    let gamma = knob(&four, 2, "gamma");
    text.says(2, &format!("the lesser of SNR and {gamma}"));
    text.says(
        2,
        &format!("are 1, SNR, min(SNR, {gamma}) and max(SNR, 1), with {} updates a step", knob(&four, 0, "updates")),
    );
    assert_eq!([0, 1, 2, 3].map(|method| knob(&four, method, "weighting")), [0.0, 1.0, 2.0, 3.0]);
    let seeds: [Clouds; 5] = std::array::from_fn(|seed| four.with_seed(seed as u64));
    let bound = 0.2;
    text.says(2, &format!("come as near as {bound} to the law"));
    let updates = |method: usize| seeds.each_ref().map(|of| reached(of, method, bound).unwrap_or(f64::INFINITY));
    let [constant, snr, least, most] = [0, 1, 2, 3].map(|method| median(updates(method)));
    let phrase = format!(
        "Over {} seeds the median is {constant} updates with the constant, {snr} with SNR, {least} with the lesser and {most} with max(SNR, 1).",
        seeds.len()
    );
    text.says(2, &phrase);
    text.says(2, &format!("that is {:.1} times as fast", snr / least));
    text.says(2, &format!("it is {:.1} times", constant / least));
    let (low, high) = updates(0).iter().fold((f64::INFINITY, 0.0_f64), |(low, high), u| (low.min(*u), high.max(*u)));
    text.says(2, &format!("the constant takes {low} to {high} updates"));
    let [a, b, c, d] = [0, 1, 2, 3].map(|method| median(seeds.each_ref().map(|of| of.last(method).gauge)));
    text.says(2, &format!("has the medians {a:.2}, {b:.2}, {c:.2} and {d:.2}."));

    let run = text.cloud_setup(3);
    assert_eq!(run.experiment.methods, one.experiment.methods);
    let [before, early, middle, late] = [0, 5, 20, 60].map(|steps| cosines(&run, steps));
    let count = before.len();
    let pairs = |apart: std::ops::Range<usize>| {
        (0..count).flat_map(move |a| (a + 1..count).map(move |b| (a, b))).filter(move |(a, b)| apart.contains(&(b - a)))
    };
    let negative = |of: &[Vec<f64>]| pairs(1..count).filter(|(a, b)| of[*a][*b] < 0.0).count();
    assert_eq!(negative(&before), 0);
    let least = before.iter().flatten().copied().fold(1.0, f64::min);
    text.says(3, &format!("the least is {least:.2}"));
    let [a, b, c] = [&early, &middle, &late].map(|of| negative(of));
    let all = pairs(1..count).count();
    text.says(
        3,
        &format!("At step 5 they are negative for {a} of the {all} pairs, at step 20 for {b}, at step 60 for {c}."),
    );
    let neighbours = pairs(1..2).map(|(a, b)| middle[a][b]).sum::<f64>() / (count - 1) as f64;
    let ends = |of: &[Vec<f64>]| digits(of[0][count - 1], 2);
    text.says(3, "At step 20 it is as the paper says.");
    text.says(3, &format!("have {neighbours:.2} on average, the first and the last level {}", ends(&middle)));
    assert!(pairs(1..5).all(|(a, b)| middle[a][b] > 0.0));
    text.says(3, &format!("of the {} pairs less than 5 levels apart none", pairs(1..5).count()));
    text.says(3, &format!("at step 60 the first and the last have {}.", ends(&late)));

    text.finish(&[(2, "report training 3.4 times as fast")]);
}
