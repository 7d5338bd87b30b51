//! Listed minima where the gradient does not tell: kinks, edges, flat places.

use super::{Local, norm, with_formula};
use thalweg::landscapes::find;

#[test]
fn nothing_close_to_a_listed_minimum_is_lower() {
    for row in with_formula() {
        let mut local = Local::new(row);
        let [width, height] = local.size();
        for minimum in row.minima {
            // Radii from a hundredth of a pixel to a pixel of a large picture.
            for radius in [1e-5, 1e-4, 1e-3] {
                let mut circle: Vec<([f64; 2], f64)> = Vec::new();
                for k in 0..720 {
                    let (sin, cos) = (f64::from(k) * 0.5f64.to_radians()).sin_cos();
                    let at = [minimum.x + radius * width * cos, minimum.y + radius * height * sin];
                    if local.contains(at) {
                        circle.push((at, local.value(at)));
                    }
                }
                assert!(circle.len() >= 300, "{}: {minimum:?}", row.id);
                // The point is good to 5e-12 of its coordinates, so at a kink the value is good to that times the
                // steepest slope nearby; beyond that some rounding of the range of values.
                let slope =
                    circle.iter().map(|(at, f)| (f - minimum.f).abs() / norm([at[0] - minimum.x, at[1] - minimum.y]));
                let steepest = slope.fold(0.0, f64::max);
                let tolerance = 1e-11 * norm([minimum.x, minimum.y]) * steepest
                    + 5e-12 * minimum.f.abs()
                    + 1e-15 * (row.f_hi - row.f_lo);
                for (at, f) in circle {
                    assert!(f >= minimum.f - tolerance, "{}: {f} at {at:?} below {minimum:?}", row.id);
                }
            }
        }
    }
}

#[test]
fn listed_minima_of_a_continuum_are_equally_deep() {
    for row in with_formula().filter(|row| row.minimizer_set.is_some()) {
        for minimum in row.minima {
            assert_eq!(minimum.f, row.minima[0].f, "{}", row.id);
        }
    }
}

/// The sets that `minimizer_set` describes in words, walked along.
#[test]
fn continua_of_minimisers_have_the_value_they_claim() {
    let walk = |id: &str, curve: &dyn Fn(f64) -> [f64; 2]| {
        let row = find(id).unwrap_or_else(|| panic!("{id} is not listed"));
        assert!(row.minimizer_set.is_some(), "{id}");
        let mut local = Local::new(row);
        for k in 1..=40 {
            let at = curve(0.05 * f64::from(k));
            let f = local.value(at);
            // Zero up to the square of the rounding in x y - 1 and the like.
            assert!(f.abs() < 1e-28, "{id}: {f} at {at:?}");
        }
    };
    walk("eos_quartic", &|s| [s, 1.0 / s]);
    walk("eos_quartic", &|s| [s, -1.0 / s]);
    walk("scalar_factorization", &|s| [s, 1.0 / s]);
    walk("deep_linear", &|s| [s, 1.0 / (s * s)]);
    walk("ring", &|s| [s.cos(), s.sin()]);
    walk("step", &|s| [0.249 * s, 0.5 - 0.25 * s - 1e-9]);
    walk("dead_relu", &|s| [s, 1.0 / s]);
    walk("donut", &|s| [2.6 * s.cos(), 2.6 * s.sin()]);
    walk("rezende_u2", &|s| [s, (0.5 * std::f64::consts::PI * s).sin()]);
}

#[test]
fn the_infimum_of_the_separable_logistic_loss_is_zero_at_infinity() {
    let row = find("separable_logistic").unwrap_or_else(|| panic!("not listed"));
    let mut local = Local::new(row);
    let along: Vec<f64> = [1.0, 10.0, 20.0].iter().map(|&s| local.value([s, 0.5 * s])).collect();
    assert!(along[0] > along[1] && along[1] > along[2] && along[2] > 0.0 && along[2] < 1e-10, "{along:?}");
}
