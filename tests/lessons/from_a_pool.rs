//! "Chosen from a pool": GIO on a compact target and on a hollow one.

use super::{Reading, clouds::Clouds};
use thalweg::measures::{Point, squared_distance};

/// The points that GIO chose, without the `seeds` that were drawn.
fn chosen(of: &Clouds, method: usize) -> Vec<Point> {
    let seeds = of.experiment.methods[method].base.knobs.get("seeds") as usize;
    of.last(method).cloud[seeds..].to_vec()
}

fn within(points: &[Point], centre: Point, radius: f64) -> usize {
    points.iter().filter(|x| squared_distance(**x, centre) <= radius * radius).count()
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("from_a_pool");

    let compact = text.cloud_setup(1);
    let pool = compact.run.problem.setting.start.clone();
    let knobs = &compact.run.problem.knobs;
    // The target's standard deviation is 0.4 of its size.
    let (centre, deviation) = ([knobs.get("apart"), 0.0], 0.4 * knobs.get("size"));
    text.says(1, &format!("a pool of {} points in 25 heaps", pool.len()));
    text.says(1, &format!("standard deviation {deviation:.1}"));
    let own = chosen(&compact, 0);
    let near = within(&own, centre, 2.0 * deviation);
    let in_pool = within(&pool, centre, 2.0 * deviation);
    let seeds = compact.last(0).cloud.len() - own.len();
    text.says(1, &format!("{seeds} points are drawn at random"));
    text.says(1, &format!("{near} of the {} lie within two standard deviations", own.len()));
    text.says(1, &format!("of the pool {:.0} % do", 100.0 * in_pool as f64 / pool.len() as f64));
    let [first, last] = [compact.at(0, 1), compact.last(0)];
    text.says(1, &format!("from {:.2} after the first choice to {:.3}", first.energy, last.energy));
    let pooled = compact.at(0, 0).distance;
    text.says(1, &format!("falls from {pooled:.2} for the pool to {:.2}", last.distance));
    text.says(1, "With 20 to begin with");
    let twenty = text.cloud_link(1, "20 to begin with");
    assert_eq!(twenty.last(0).cloud.len() - chosen(&twenty, 0).len(), 20);
    text.says(1, &format!("chooses {} and ends at {:.2}", chosen(&twenty, 0).len(), twenty.last(0).distance));

    let hollow = text.cloud_setup(2);
    let [start, first, last] = [hollow.at(0, 0), hollow.at(0, 1), hollow.last(0)];
    text.says(2, &format!("falls, from {:.2} to {:.2}", first.energy, last.energy));
    text.says(2, &format!("rises from {:.2} for the pool to {:.2}", start.distance, last.distance));
    let own = chosen(&hollow, 0);
    let inside = within(&own, [0.0; 2], 0.5);
    text.says(2, &format!("{inside} of the {} choices lie within 0.5 of the middle", own.len()));
    let samples = hollow.run.problem.setting.samples.clone().expect("there is a target");
    let share = |points: &[Point]| 100.0 * within(points, [0.0; 2], 0.5) as f64 / points.len() as f64;
    text.says(2, &format!("where {:.0} % of the target and {:.0} % of the pool lie", share(&samples), share(&pool)));
    let ring = text.cloud_link(2, "a ring");
    assert!(chosen(&ring, 0).is_empty() && ring.experiment.steps > 1);
    text.says(2, "nothing at all");

    text.finish(&[]);
}

/// The mean logarithm of the distance to a circle is the same at every place inside it.
#[test]
fn inside_a_circle_the_estimate_is_flat() {
    let circle: Vec<Point> =
        (0..400).map(|k| (f64::from(k) * std::f64::consts::TAU / 400.0).sin_cos().into()).collect();
    for v in [[0.0, 0.0], [0.5, 0.2], [-0.3, 0.8]] {
        let mean = circle.iter().map(|x| 0.5 * squared_distance(v, *x).ln()).sum::<f64>() / 400.0;
        // log of the radius, one; 400 points on it are as good as all of it but very near.
        assert!(mean.abs() < 1e-9, "{v:?}: {mean}");
    }
}
