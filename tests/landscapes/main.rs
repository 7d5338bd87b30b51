//! Every number in `src/landscapes/landscapes.toml` is measured here, on the formula as it is written there.

mod complete;
mod functions;
mod games;
mod grid;
mod kinks;
mod online;
mod points;

use thalweg::formula::Evaluator;
use thalweg::landscapes::{CriticalKind, CriticalPoint, Group, Landscape, VARIABLES, all};
use thalweg::scalar::Dual;

type Gradient = Dual<f64, 2>;
type Hessian = Dual<Gradient, 2>;

/// A landscape with its default parameters, ready to be asked.
struct Local {
    row: &'static Landscape,
    value: Evaluator<f64>,
    gradient: Evaluator<Gradient>,
    hessian: Evaluator<Hessian>,
}

impl Local {
    fn new(row: &'static Landscape) -> Self {
        let formula = row.read(row.formula, &VARIABLES).unwrap_or_else(|error| panic!("{}: {error}", row.id));
        let program = formula.program(&row.defaults());
        Self { row, value: program.evaluator(), gradient: program.evaluator(), hessian: program.evaluator() }
    }

    fn value(&mut self, at: [f64; 2]) -> f64 {
        self.value.evaluate(&at)
    }

    fn gradient(&mut self, [x, y]: [f64; 2]) -> [f64; 2] {
        self.gradient.evaluate(&[Dual::variable(x, 0), Dual::variable(y, 1)]).derivative
    }

    /// Gradient, and the Hessian's entries xx, xy, yy.
    fn second_order(&mut self, at: [f64; 2]) -> ([f64; 2], [f64; 3]) {
        let seed = |i: usize| Hessian::variable(Gradient::variable(at[i], i), i);
        let f = self.hessian.evaluate(&[seed(0), seed(1)]);
        let [dx, dy] = f.derivative;
        (f.value.derivative, [dx.derivative[0], dx.derivative[1], dy.derivative[1]])
    }

    /// Width and height of the domain.
    fn size(&self) -> [f64; 2] {
        let [x0, x1, y0, y1] = self.row.domain;
        [x1 - x0, y1 - y0]
    }

    fn contains(&self, [x, y]: [f64; 2]) -> bool {
        let [x0, x1, y0, y1] = self.row.domain;
        x0 <= x && x <= x1 && y0 <= y && y <= y1
    }
}

/// Rows with a formula.
fn with_formula() -> impl Iterator<Item = &'static Landscape> {
    all().iter().filter(|row| row.field.is_none())
}

fn listed(row: &'static Landscape) -> impl Iterator<Item = &'static CriticalPoint> {
    row.minima.iter().chain(row.saddles).chain(row.maxima)
}

/// Which of the four edges of the domain the point lies on: left, right, bottom, top.
fn edges(row: &Landscape, point: &CriticalPoint) -> [bool; 4] {
    let [x0, x1, y0, y1] = row.domain;
    [point.x == x0, point.x == x1, point.y == y0, point.y == y1]
}

/// Eigenvalues of the symmetric matrix with entries xx, xy, yy, smaller first.
///
/// The one of smaller size comes from the determinant: as a difference it would drown in rounding where the other one
/// is a billion times larger.
fn eigenvalues([a, b, c]: [f64; 3]) -> [f64; 2] {
    let mean = 0.5 * (a + c);
    let large = mean + (0.5 * (a - c)).hypot(b).copysign(mean);
    if large == 0.0 {
        return [0.0; 2];
    }
    let other = (a * c - b * b) / large;
    [large.min(other), large.max(other)]
}

fn norm([x, y]: [f64; 2]) -> f64 {
    x.hypot(y)
}

#[test]
fn there_are_137_rows_and_their_ids_are_unique() {
    assert_eq!(all().len(), 137);
    let ids: std::collections::BTreeSet<&str> = all().iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), 137);
    let games: Vec<_> = all().iter().filter(|row| !row.is_offered()).collect();
    assert_eq!(games.len(), 10);
    assert!(games.iter().all(|row| row.group == Group::Game));
}

#[test]
fn parameters_do_not_hide_constants_or_variables() {
    for row in all() {
        for (name, value) in row.params {
            assert!(!["x", "y", "pi", "e"].contains(name), "{}: {name}", row.id);
            assert!(!(row.sample.is_some() && ["u", "w"].contains(name)), "{}: {name}", row.id);
            assert!(!(row.formula_t.is_some() && *name == "t"), "{}: {name}", row.id);
            assert!(value.is_finite());
        }
    }
}

#[test]
fn the_start_is_inside_the_domain_and_has_the_listed_value() {
    for row in with_formula() {
        let mut local = Local::new(row);
        assert!(local.contains(row.start), "{}", row.id);
        let f = local.value(row.start);
        // Twelve digits are listed; cancellation may leave 1e-14 of the range of values.
        let tolerance = 5e-12 * f.abs() + 1e-14 * (row.f_hi - row.f_lo);
        assert!((f - row.f_start).abs() <= tolerance, "{}: {f} against {}", row.id, row.f_start);
    }
}

#[test]
fn the_best_minimum_is_listed_first_and_kinds_follow_the_values() {
    for row in with_formula() {
        let Some(best) = row.minima.first() else { continue };
        let same = |f: f64| (f - best.f).abs() <= 1e-11 * best.f.abs();
        for minimum in row.minima {
            let expected = if same(minimum.f) { CriticalKind::GlobalMinimum } else { CriticalKind::LocalMinimum };
            assert_eq!(minimum.kind, expected, "{}: {minimum:?}", row.id);
            assert!(minimum.f >= best.f || same(minimum.f), "{}: {minimum:?}", row.id);
        }
    }
}
