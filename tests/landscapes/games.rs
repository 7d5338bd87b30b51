//! Games: x minimises and y maximises; the listed numbers are about simultaneous gradient descent-ascent flow.

use super::{Gradient, Local};
use thalweg::landscapes::{Equilibrium, Group, Landscape, Stability, VARIABLES, all};
use thalweg::scalar::Dual;

/// The flow's velocity and its Jacobian, row by row.
fn flow(row: &'static Landscape, [x, y]: [f64; 2]) -> ([f64; 2], [[f64; 2]; 2]) {
    let Some((field_x, field_y)) = row.field else {
        let ([fx, fy], [a, b, c]) = Local::new(row).second_order([x, y]);
        return ([-fx, fy], [[-a, -b], [b, c]]);
    };
    let component = |text: &str| {
        let formula = row.read(text, &VARIABLES).unwrap_or_else(|error| panic!("{}: {error}", row.id));
        let mut evaluator = formula.program(&row.defaults()).evaluator::<Gradient>();
        evaluator.evaluate(&[Dual::variable(x, 0), Dual::variable(y, 1)])
    };
    let (u, v) = (component(field_x), component(field_y));
    ([-u.value, -v.value], [u.derivative.map(|d| -d), v.derivative.map(|d| -d)])
}

/// Largest real part of the eigenvalues of a 2 x 2 matrix.
fn growth([[a, b], [c, d]]: [[f64; 2]; 2]) -> f64 {
    let mean = 0.5 * (a + d);
    let discriminant = 0.25 * (a - d) * (a - d) + b * c;
    mean + discriminant.max(0.0).sqrt()
}

fn games() -> impl Iterator<Item = (&'static Landscape, &'static Equilibrium)> {
    let rows = all().iter().filter(|row| row.group == Group::Game);
    rows.flat_map(|row| row.equilibria.iter().map(move |equilibrium| (row, equilibrium)))
}

#[test]
fn every_game_has_an_equilibrium_at_which_the_flow_stands_still() {
    assert_eq!(games().count(), 10);
    for (row, equilibrium) in games() {
        let (velocity, jacobian) = flow(row, [equilibrium.x, equilibrium.y]);
        // The point is good to 5e-12 of its coordinates, at most one half, and the Jacobian turns that into velocity.
        let steepest = jacobian.as_flattened().iter().fold(0.0f64, |most, entry| most.max(entry.abs()));
        assert!(velocity[0].hypot(velocity[1]) <= 1e-11 * steepest, "{}: {velocity:?}", row.id);
    }
}

#[test]
fn growth_and_its_sign_are_as_listed() {
    for (row, equilibrium) in games() {
        let (_, jacobian) = flow(row, [equilibrium.x, equilibrium.y]);
        let computed = growth(jacobian);
        // Twelve digits of the growth, of the parameters and of the point.
        let off = (computed - equilibrium.growth).abs();
        assert!(off <= 1e-11 * (1.0 + computed.abs()), "{}: {computed} against {}", row.id, equilibrium.growth);
        let expected = match equilibrium.growth {
            0.0 => Stability::Centre,
            growth if growth > 0.0 => Stability::Repels,
            _ => Stability::Attracts,
        };
        assert_eq!(equilibrium.gda, expected, "{}", row.id);
    }
}

#[test]
fn payoffs_are_as_listed() {
    for (row, equilibrium) in games() {
        assert_eq!(equilibrium.f.is_none(), row.field.is_some(), "{}", row.id);
        if let Some(listed) = equilibrium.f {
            let f = Local::new(row).value([equilibrium.x, equilibrium.y]);
            assert!((f - listed).abs() <= 5e-12 * f.abs() + 1e-15, "{}: {f} against {listed}", row.id);
        }
    }
}
