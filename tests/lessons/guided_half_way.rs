//! "Guided half way": reverse diffusion with an exact score, guided to a class.

use super::{Reading, clouds::Clouds};
use thalweg::experiment::measure::Row;
use thalweg::measures::{Point, squared_distance};

/// The root of the energy distance between two clouds, as the table has it between a cloud and samples.
fn apart(a: &[Point], b: &[Point]) -> f64 {
    let mean = |a: &[Point], b: &[Point]| {
        let total: f64 = a.iter().flat_map(|x| b.iter().map(|y| squared_distance(*x, *y).sqrt())).sum();
        total / (a.len() * b.len()) as f64
    };
    (2.0 * mean(a, b) - mean(a, a) - mean(b, b)).max(0.0).sqrt()
}

fn total_variance(row: &Row) -> f64 {
    row.covariance[0] + row.covariance[2]
}

/// How far the cloud's middle is from the origin.
fn middle(row: &Row) -> f64 {
    row.mean[0].hypot(row.mean[1])
}

/// In how many steps both scores were evaluated: the cosine changes in those alone.
fn guided(of: &Clouds, method: usize) -> usize {
    let rows = &of.trace(method).rows;
    assert_eq!(rows.len(), of.experiment.steps as usize + 1, "every step is recorded");
    rows.windows(2).filter(|pair| pair[0].gauge.to_bits() != pair[1].gauge.to_bits()).count()
}

/// Scores evaluated a particle.
fn scores(of: &Clouds, method: usize) -> usize {
    of.experiment.steps as usize + guided(of, method)
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("guided_half_way");

    let smooth = text.cloud_setup(1);
    let knob = |of: &Clouds, method: usize, id: &str| of.experiment.methods[method].base.knobs.get(id);
    let [a, b, c] = [0, 1, 2].map(|method| knob(&smooth, method, "guidance"));
    let n = smooth.run.problem.setting.start.len();
    text.says(1, &format!("the same {n} draws of noise are led by $ = {a}, {b} and {c}"));
    let law = smooth.run.problem.setting.mixture.clone().expect("it is one");
    assert_eq!(law.components().len(), 4);
    let class = &law.components()[knob(&smooth, 0, "class") as usize - 1];
    text.says(1, &format!("total variance of {:.2}", class.covariance[0] + class.covariance[2]));
    text.says(1, &format!("when guidance is {a}, and when it is {c}"));
    let ends = [0, 1, 2].map(|method| smooth.last(method));
    let [u, v, w] = ends.map(total_variance);
    text.says(1, &format!("With {a} nearly that of the class: the total variance is {u:.3}"));
    text.says(1, &format!("With {b} it is {v:.3}, with {c} it is {w:.3}"));
    let [u, v, w] = ends.map(middle);
    let own = class.mean[0].hypot(class.mean[1]);
    text.says(1, &format!("is {u:.2}, {v:.2} and {w:.2} from the origin, where the class has {own:.0}."));
    let fresh = text.cloud_link(1, "With fresh noise in every step");
    let ends = [0, 1, 2].map(|method| fresh.last(method));
    let [u, v, w] = ends.map(total_variance);
    let [x, y, z] = ends.map(middle);
    text.says(1, &format!("variances are {u:.3}, {v:.3} and {w:.3}, the distances {x:.2}, {y:.2} and {z:.2}"));

    let adaptive = text.cloud_setup(2);
    let bound = knob(&adaptive, 1, "gamma_bar");
    text.says(2, &format!("such as {bound}"));
    let first = adaptive.at(0, 1).gauge;
    assert!(first > bound);
    text.says(2, &format!("begins at {:.4}", (first * 1e4).floor() / 1e4));
    let least = adaptive.trace(0).rows[1..].iter().min_by(|p, q| p.gauge.total_cmp(&q.gauge)).expect("steps");
    text.says(2, &format!("falls to {:.3} at step {}", least.gauge, least.step));
    assert!(adaptive.last(0).gauge > 0.999_999);
    let steps = adaptive.experiment.steps;
    text.says(2, &format!("guides for {} of {steps} steps", guided(&adaptive, 1)));
    text.says(2, &format!("needs {} scores a particle in place of {}", scores(&adaptive, 1), scores(&adaptive, 0)));
    let full = &adaptive.last(0).cloud;
    text.says(2, &format!("between the two clouds is {:.3}", apart(&adaptive.last(1).cloud, full)));

    let shares = text.cloud_setup(3);
    assert_eq!(&shares.last(0).cloud, full);
    let [a, b, c] = [0, 1, 2].map(|method| scores(&shares, method));
    text.says(3, &format!("{a}, {b} and {c} scores a particle"));
    let [early, half] = [1, 2].map(|method| apart(&shares.last(method).cloud, full));
    let unguided = text.cloud_link(3, "no guidance at all");
    let none = apart(&unguided.last(1).cloud, full);
    text.says(3, &format!("{early:.2} from full guidance, where no guidance at all is {none:.2}"));
    text.says(3, &format!("Half way leaves {half:.2}"));
    // From half way to two thirds against the first fifth. The adaptive run ends at two thirds.
    assert!((32..35).contains(&guided(&adaptive, 1)));
    assert!(half - apart(&adaptive.last(1).cloud, full) > none - early);

    text.finish(&[]);
}
