//! Online and stochastic losses: their average is the landscape.

use super::{Gradient, Local, with_formula};
use thalweg::landscapes::find;
use thalweg::scalar::{Dual, Real};

/// Points to compare gradients at, as parts of the domain.
const PARTS: [[f64; 2]; 4] = [[0.1, 0.2], [0.5, 0.5], [0.8, 0.35], [0.95, 0.9]];

fn places(local: &Local) -> [[f64; 2]; 4] {
    let [x0, _, y0, _] = local.row.domain;
    let [width, height] = local.size();
    PARTS.map(|[x, y]| [x0 + x * width, y0 + y * height])
}

#[test]
fn the_mean_gradient_of_a_stochastic_loss_is_the_gradient_of_the_formula() {
    let rows: Vec<_> = with_formula().filter(|row| row.sample.is_some()).collect();
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert!(row.formula_s.is_some(), "{}", row.id);
        let text = row.sample.unwrap_or_default();
        let sample = row.read(text, &["x", "y", "u", "w"]).unwrap_or_else(|error| panic!("{}: {error}", row.id));
        let mut sample = sample.program(&row.defaults()).evaluator::<Gradient>();
        let mut local = Local::new(row);
        for at in places(&local) {
            // The midpoint rule with 200 x 200 cells: exact up to rounding, since the losses are constant in u and w
            // but for jumps at 0.01, 0.1 and 0.5, which are borders of cells.
            let n = 200;
            let mut mean = [0.0; 2];
            let mut largest: f64 = 0.0;
            for k in 0..n * n {
                let middle = |i: usize| Gradient::from_f64((i as f64 + 0.5) / n as f64);
                let [x, y] = [Dual::variable(at[0], 0), Dual::variable(at[1], 1)];
                let [gx, gy] = sample.evaluate(&[x, y, middle(k % n), middle(k / n)]).derivative;
                mean = [mean[0] + gx, mean[1] + gy];
                largest = largest.max(gx.abs()).max(gy.abs());
            }
            let mean = mean.map(|sum| sum / (n * n) as f64);
            let exact = local.gradient(at);
            for i in 0..2 {
                // A sum of 40,000 terms rounds by less than 40,000 half units of its largest partial sum.
                let tolerance = 4e4 * f64::EPSILON * largest;
                assert!((mean[i] - exact[i]).abs() <= tolerance, "{} at {at:?}: {mean:?} {exact:?}", row.id);
            }
            assert!(largest > 1.5 * exact[0].abs().max(exact[1].abs()), "{} has hardly any noise", row.id);
        }
    }
}

#[test]
fn the_online_loss_has_the_listed_period_and_average() {
    let row = find("reddi_online").unwrap_or_else(|| panic!("not listed"));
    let text = row.formula_t.unwrap_or_default();
    let loss = row.read(text, &["x", "y", "t"]).unwrap_or_else(|error| panic!("{error}"));
    let mut loss = loss.program(&row.defaults()).evaluator::<Gradient>();
    let mut local = Local::new(row);
    for at in places(&local) {
        let gradients: Vec<[f64; 2]> = (1..=6)
            .map(|t| {
                let [x, y] = [Dual::variable(at[0], 0), Dual::variable(at[1], 1)];
                loss.evaluate(&[x, y, Gradient::from_f64(f64::from(t))]).derivative
            })
            .collect();
        // Reddi, Kale and Kumar 2018: the gradient is C at t = 1, 4, ... and -1 at all other times.
        assert_eq!(gradients.iter().map(|g| g[0]).collect::<Vec<_>>(), [3.0, -1.0, -1.0, 3.0, -1.0, -1.0]);
        let exact = local.gradient(at);
        for i in 0..2 {
            let mean = gradients[..3].iter().map(|g| g[i]).sum::<f64>() / 3.0;
            // Three terms of order one.
            assert!((mean - exact[i]).abs() <= 4.0 * f64::EPSILON, "{mean} against {}", exact[i]);
        }
    }
    assert_eq!(with_formula().filter(|row| row.formula_t.is_some()).count(), 1);
}
