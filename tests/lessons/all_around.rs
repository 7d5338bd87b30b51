//! "All around the ring": the cone of programmable variational inference.

use super::{Reading, clouds::Clouds, digits};
use thalweg::experiment::measure::Row;

/// The distance from the ring of the radius sqrt 5.
fn off([x, y]: [f64; 2]) -> f64 {
    (x.hypot(y) - 5.0_f64.sqrt()).abs()
}

/// How many of twelve sectors around the middle hold a particle.
fn sectors(row: &Row) -> usize {
    let mut held = [false; 12];
    for [x, y] in &row.cloud {
        let turn = y.atan2(*x) / std::f64::consts::TAU;
        held[((turn - turn.floor()) * 12.0) as usize % 12] = true;
    }
    held.iter().filter(|held| **held).count()
}

/// The angle that the particles span as seen from the middle, in degrees: what the widest gap leaves.
fn span(row: &Row) -> f64 {
    let mut angles: Vec<f64> = row.cloud.iter().map(|[x, y]| y.atan2(*x).to_degrees()).collect();
    angles.sort_by(f64::total_cmp);
    let around = angles[0] + 360.0 - angles[angles.len() - 1];
    360.0 - angles.windows(2).map(|pair| pair[1] - pair[0]).fold(around, f64::max)
}

/// The standard deviation of the distances from the middle.
fn width(row: &Row) -> f64 {
    let radii: Vec<f64> = row.cloud.iter().map(|[x, y]| x.hypot(*y)).collect();
    let mean = radii.iter().sum::<f64>() / radii.len() as f64;
    (radii.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / radii.len() as f64).sqrt()
}

/// The bound at the end; the energy is minus it.
fn bound(of: &Clouds, method: usize) -> f64 {
    -of.last(method).energy
}

/// Rounded to three digits.
fn three_digits(x: f64) -> String {
    let unit = 10.0_f64.powi(x.abs().log10().floor() as i32 - 2);
    format!("{:.0}", (x / unit).round() * unit)
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("all_around");

    let arc = text.cloud_setup(1);
    let samples = arc.experiment.methods[1].base.knobs.get("samples");
    text.says(1, &format!("bound of {samples} draws (IWAE)"));
    text.says(1, &format!("as long as one of {samples} is good"));
    let [sgvb, iwae] = [arc.last(0), arc.last(1)];
    let farthest = sgvb.cloud.iter().map(|x| off(*x)).fold(0.0, f64::max);
    text.says(1, &format!("all of its {} particles lie within {:.0} degrees", sgvb.cloud.len(), span(sgvb).ceil()));
    text.says(1, &format!("at most {farthest:.2} from the ring"));
    let held =
        format!("{} of 12 sectors of 30 degrees hold a particle, where SGVB has {}", sectors(iwae), sectors(sgvb));
    text.says(1, &held);
    let near = iwae.cloud.iter().filter(|x| off(**x) < 0.2).count();
    text.says(1, &format!("{near} particles lie within 0.2 of the ring"));
    let evidence = arc.run.problem.log_partition.expect("it is summed up");
    text.says(1, &format!("{} and {}, where the", digits(bound(&arc, 0), 1), digits(bound(&arc, 1), 1)));
    text.says(1, &format!("evidence is {evidence:.2}"));

    let ring = text.cloud_setup(2);
    let knob = |method: usize, id: &str| ring.experiment.methods[method].base.knobs.get(id);
    assert_eq!([0, 1, 2].map(|method| knob(method, "inner")), [0.0, 1.0, 5.0]);
    text.says(2, "then from that and 4 more");
    let [exact, one, five, independent] = [0, 1, 2, 3].map(|method| bound(&ring, method));
    text.says(2, &format!("The ring’s: {exact:.2} of {evidence:.2} at the end"));
    text.says(2, &format!("independent coordinates have {}.", digits(independent, 2)));
    assert!((0..3).all(|method| sectors(ring.last(method)) == 12));
    text.says(2, "All 12 sectors hold");
    text.says(2, &format!("end at {:.3} and {:.3}", width(ring.last(1)), width(ring.last(0))));
    text.says(2, &format!("the two guides are {one:.2} and {exact:.2}"));
    text.says(2, "Of 4 more angles");
    text.says(2, &format!("so thin a ring: the bound is {five:.2}."));
    let narrow = text.cloud_link(2, "From a narrow start beside the middle");
    text.says(
        2,
        &format!("{} of 12 sectors, and a bound of {}", sectors(narrow.last(0)), digits(bound(&narrow, 0), 1)),
    );

    let five = text.cloud_setup(3);
    let knob = |id: &str| five.experiment.methods[0].base.knobs.get(id);
    let (draws, lr) = (knob("draws"), knob("lr"));
    text.says(3, &format!("with {draws} draws each"));
    text.says(3, &format!("The step is {lr} times"));
    let start = five.at(0, 0).mean[0];
    let means = [0, 1, 2, 3, 4].map(|method| (start - five.last(method).mean[0]) / lr);
    let [a, b, c, d, e] = means.map(|mean| digits(mean, 0));
    text.says(3, &format!("are {a}, {b}, {c}, {d} and {e}."));
    let variances = [0, 1, 2, 3, 4].map(|method| five.last(method).gauge);
    let [a, b, c, d, e] = variances.map(three_digits);
    text.says(3, &format!("together are {a}, {b}, {c}, {d} and {e} a draw"));
    let errors = variances.map(|variance| (variance / draws).sqrt());
    let [a, b, c, d, e] = errors.map(|error| format!("{error:.0}"));
    text.says(3, &format!("the mean of {draws} draws is uncertain by {a}, {b}, {c}, {d} and {e} in all"));
    for (mean, error) in means.iter().zip(errors) {
        // All parameters' uncertainty is above that of one; twice the two.
        assert!((mean - means[0]).abs() <= 2.0 * (error + errors[0]), "{means:?} {errors:?}");
    }
    let [values, baseline, pairs] = [2, 3, 4].map(|method| variances[method] / variances[0]);
    text.says(3, &format!("needs {values:.0} times, with a baseline {baseline:.0} times as many"));
    let calls = five.last(4).calls.value as f64 / draws;
    text.says(3, &format!("pairs of points, {calls} values a draw"));
    text.says(3, &format!("Pairs of values need {pairs:.1} times as many, each of which asks {calls} times"));

    text.finish(&[(1, "with the deviation 10,")]);
}

#[test]
fn other_draws_show_the_same() {
    let text = Reading::of("all_around");
    let (arc, ring) = (text.cloud_setup(1), text.cloud_setup(2));
    let narrow = text.cloud_link(2, "From a narrow start beside the middle");
    for seed in 1..4 {
        let [arc, ring, narrow] = [&arc, &ring, &narrow].map(|of| of.with_seed(seed));
        assert!(sectors(arc.last(1)) >= 3 * sectors(arc.last(0)), "{seed}");
        assert!(sectors(narrow.last(0)) <= 3, "{seed}");
        assert_eq!(sectors(ring.last(0)), 12, "{seed}");
        let [exact, one, five, independent] = [0, 1, 2, 3].map(|method| bound(&ring, method));
        assert!(exact > five && five > one && one > independent + 1.0, "{seed}: {exact} {one} {five} {independent}");
    }
}
