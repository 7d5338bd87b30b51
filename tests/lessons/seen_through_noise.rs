//! "Seen through noise": Tweedie's formula against the least mean squared error.

use super::{Reading, clouds::Clouds};
use thalweg::measures::{Mixture, Point, squared_distance};

/// Noisy samples over which the posterior variance is averaged.
const COUNT: usize = 4000;

fn law(of: &Clouds) -> Mixture {
    of.run.problem.setting.mixture.as_deref().expect("it is one").clone()
}

fn sigma(of: &Clouds, method: usize) -> f64 {
    of.experiment.methods[method].base.knobs.get("sigma")
}

/// The variance of each component in a direction.
fn width(law: &Mixture) -> f64 {
    let [first, ..] = law.components() else { unreachable!("a mixture has components") };
    assert!(law.components().iter().all(|part| part.covariance == first.covariance));
    first.covariance[0]
}

/// The total variance of the law: the components lie evenly around the origin.
fn variance(law: &Mixture) -> f64 {
    let far: f64 = law.components().iter().map(|part| part.weight * squared_distance(part.mean, [0.0; 2])).sum();
    far + 2.0 * width(law)
}

/// The least mean squared error: the total variance of the posterior, averaged over noisy samples. Within a component the
/// mean is m + s (y - m), s = v / (v + sigma^2), and the variance v (1 - s) in each direction.
fn least(law: &Mixture, sigma: f64) -> f64 {
    let (v, noisy) = (width(law), law.diffused(1.0, sigma));
    let s = v / (v + sigma * sigma);
    let posterior = |y: Point| {
        let shares = noisy.responsibilities(y);
        let means: Vec<Point> =
            law.components().iter().map(|part| [0, 1].map(|k| part.mean[k] + s * (y[k] - part.mean[k]))).collect();
        let mean = [0, 1].map(|k| shares.iter().zip(&means).map(|(share, m)| share * m[k]).sum::<f64>());
        let spread: f64 = shares.iter().zip(&means).map(|(share, m)| share * squared_distance(*m, mean)).sum();
        spread + 2.0 * v * (1.0 - s)
    };
    (0..COUNT).map(|i| posterior(noisy.sample(77, i, COUNT, 0))).sum::<f64>() / COUNT as f64
}

/// The mean squared error of the best linear estimate.
fn linear(law: &Mixture, sigma: f64) -> f64 {
    let (clean, noise) = (variance(law), 2.0 * sigma * sigma);
    clean * noise / (clean + noise)
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("seen_through_noise");

    let first = text.cloud_setup(1);
    let (law, noise) = (law(&first), sigma(&first, 0));
    text.says(1, &format!("of {noise} and moves {} particles", first.run.problem.setting.start.len()));
    text.says(1, &format!("squared length of {}", 2.0 * noise * noise));
    text.says(1, &format!("About a half: {:.3}", first.last(0).gauge));
    text.says(1, &format!("better than {:.3} on average", least(&law, noise)));
    text.says(1, &format!("over {COUNT} noisy samples"));
    // One step is enough: the steps are only there to be seen.
    let error = |seed| first.again(|of| (of.seed, of.steps) = (seed, 1)).last(0).gauge;
    let seeds = 20;
    let mean = (0..seeds).map(error).sum::<f64>() / seeds as f64;
    text.says(1, &format!("over {seeds} seeds the mean is {mean:.3}"));
    text.says(1, &format!("linear in $ has {:.3}", linear(&law, noise)));

    let many = text.cloud_setup(2);
    let four = |f: &dyn Fn(usize) -> f64, digits: usize| {
        let [a, b, c, d] = [0, 1, 2, 3].map(|method| format!("{:.digits$}", f(method)));
        format!("{a}, {b}, {c} and {d}")
    };
    let [a, b, c, d] = [0, 1, 2, 3].map(|method| sigma(&many, method));
    text.says(2, &format!("of {a}, {b}, {c} and {d}"));
    let [a, b, c, d] = [a, b, c, d].map(|sigma| 2.0 * sigma * sigma);
    text.says(2, &format!("the squared noise is {a:.2}, {b}, {c} and {d}"));
    let far = law.components()[0].mean;
    text.says(2, &format!("The clusters are {:.0} from the origin", far[0].hypot(far[1])));
    text.says(2, &format!("total variance of the law is {:.2}", variance(&law)));
    text.says(2, &format!("The errors are {}", four(&|method| many.last(method).gauge, 3)));
    text.says(2, &format!("on average are {}", four(&|method| least(&law, sigma(&many, method)), 3)));
    text.says(2, &format!("would have {}", four(&|method| linear(&law, sigma(&many, method)), 3)));
    let [xx, _, yy] = many.last(3).covariance;
    text.says(2, &format!("with a total variance of {:.2}", xx + yy));

    let way = text.cloud_setup(3);
    text.says(3, &format!("$ is {}, and the curve", sigma(&way, 0)));
    let rows = &way.trace(0).rows[1..];
    let nearest = rows.iter().min_by(|p, q| p.distance.total_cmp(&q.distance)).expect("steps");
    let (begin, end) = (&rows[0], way.last(0));
    text.says(3, &format!("from {:.3} at step {} to {:.3}", begin.distance, begin.step, nearest.distance));
    text.says(3, &format!("at step {}, and rises to {:.3} at step {}", nearest.step, end.distance, end.step));
    text.says(3, &format!("independent points of the law have {:.3}", way.level().distance));
    let total = |covariance: [f64; 3]| covariance[0] + covariance[2];
    text.says(3, &format!("variance of {:.1}", total(begin.covariance)));
    text.says(3, &format!("too narrow, with {:.2}", total(end.covariance)));

    text.finish(&[]);
}
