//! "A law that is too narrow": the variance of few particles, and the corners of a mixture.

use super::{Reading, clouds::Clouds};

/// The share of the variance along the flat direction at the end.
fn share(of: &Clouds, method: usize) -> f64 {
    of.variance_shares(of.last(method))[0]
}

/// How many particles have each corner as their nearest, from the most to the fewest.
fn corners(of: &Clouds, method: usize) -> [usize; 4] {
    let mut counts = [0; 4];
    for [x, y] in &of.last(method).cloud {
        counts[usize::from(*x < 0.0) + 2 * usize::from(*y < 0.0)] += 1;
    }
    counts
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("too_narrow");

    let eight = text.cloud_setup(1);
    let other = text.cloud_link(1, "another seed");
    text.says(1, &format!("They have {:.2} of it", share(&eight, 0)));
    text.says(1, &format!("another seed has {:.2}", share(&other, 0)));
    let seeds: Vec<f64> = (0..10).map(|seed| share(&eight.with_seed(seed), 0)).collect();
    let (low, high) = seeds.iter().fold((1.0_f64, 0.0_f64), |(low, high), s| (low.min(*s), high.max(*s)));
    text.says(1, &format!("lie between {low:.2} and {high:.2}."));
    text.says(1, &format!("have {:.2} at this moment, {:.2} with the other seed", share(&eight, 1), share(&other, 1)));
    text.says(1, "which is 0.875: one eighth");

    let more = text.cloud_setup(2);
    let most = text.cloud_link(2, "with 128");
    let n = |of: &Clouds| of.run.problem.setting.start.len();
    assert_eq!([n(&eight), n(&more), n(&most)], [8, 32, 128]);
    text.says(2, "are 32 particles with that rule, and beside them 32 with");
    text.says(2, "What will 32 and 128 particles do");
    text.says(2, &format!("With 32 the rule gives {:.2} of it, and with 128 {:.2}.", share(&more, 0), share(&most, 0)));
    let missing = [&eight, &more, &most].map(|of| 1.0 - share(of, 0));
    text.says(2, &format!("from {:.2} over {:.2} to {:.2}", missing[0], missing[1], missing[2]));
    text.says(2, &format!("better with 32, {:.2}, and with 128, {:.2}.", share(&more, 1), share(&most, 1)));
    let wide = text.cloud_link(2, "eight with a bandwidth of 3");
    text.says(2, &format!("eight with a bandwidth of 3 reach {:.2}", share(&wide, 0)));

    let corner = text.cloud_setup(3);
    let last = corner.last(0);
    let [svgd, langevin] = [0, 1].map(|method| corners(&corner, method));
    text.says(3, &format!("all {} particles start", last.cloud.len()));
    text.says(3, &format!("After {} steps SVGD has {} of the {}", last.step, svgd[3], last.cloud.len()));
    text.says(3, &format!("{} of the 4 corners hold", svgd.iter().filter(|count| **count > 0).count()));
    let (distance, level) = (last.distance, corner.level().distance);
    text.says(3, &format!("the mixture is {distance:.1}, where independent points have {level:.2}"));
    text.says(3, &format!("Langevin has {} there", langevin[3]));
    let middle = text.cloud_link(3, "From the middle");
    let [upper_right, upper_left, lower_right, lower_left] = corners(&middle, 0);
    text.says(3, &format!("with {upper_right}, {upper_left}, {lower_left} and {lower_right} particles where 32 would"));

    text.finish(&[]);
}

/// Independent points have 1 - 1/n of the variance on average.
#[test]
fn langevin_is_right_on_average() {
    let setup = Reading::of("too_narrow").cloud_setup(1);
    let seeds = 100;
    let mean = (0..seeds).map(|seed| share(&setup.with_seed(seed), 1)).sum::<f64>() / seeds as f64;
    // The deviation of the variance of eight points is half of it: three standard errors of a hundred, and the bias of a
    // step, lr / 2 of it.
    assert!((mean - 0.875).abs() < 0.16, "{mean}");
}
