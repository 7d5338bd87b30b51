//! Shapes that clouds start from and go to.

use crate::measures::Point;
use crate::scalar::{normal_pair, uniform_pair};
use std::f64::consts::TAU;

/// Shapes by name: points of about the unit disc.
pub const SHAPES: [(&str, Shape); 9] = [
    ("gaussian", Shape::Gaussian),
    ("disc", Shape::Disc),
    ("ring", Shape::Ring),
    ("square", Shape::Square),
    ("moons", Shape::Moons),
    ("spiral", Shape::Spiral),
    ("heart", Shape::Heart),
    ("cross", Shape::Cross),
    ("lattice", Shape::Lattice),
];

/// A shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A normal law, standard deviation 0.4.
    Gaussian,
    /// The unit disc, evenly.
    Disc,
    /// A ring of radius one, a tenth wide.
    Ring,
    /// A square, evenly.
    Square,
    /// Two crescents that reach into each other.
    Moons,
    /// Two turns of a spiral.
    Spiral,
    /// A heart's outline.
    Heart,
    /// Two beams that cross.
    Cross,
    /// Five by five small heaps.
    Lattice,
}

impl Shape {
    /// The shape of this name.
    pub fn find(name: &str) -> Option<Self> {
        SHAPES.iter().find(|(known, _)| *known == name).map(|(_, shape)| *shape)
    }

    /// `count` points of it, drawn from Philox's (seed, point, `slot`).
    pub fn points(self, count: usize, seed: u64, slot: u32) -> Vec<Point> {
        (0..count).map(|i| self.point((i as f64 + 0.5) / count as f64, seed, i as u32, slot)).collect()
    }

    /// The point at the share `t` of the way along the shape.
    fn point(self, t: f64, seed: u64, i: u32, slot: u32) -> Point {
        let [u, v] = uniform_pair(seed, i, 0, slot);
        let noise = |size: f64| normal_pair(seed, i, 0, slot + 1).map(|z| size * z);
        let at = |radius: f64, turn: f64| [radius * libm::cos(TAU * turn), radius * libm::sin(TAU * turn)];
        let blurred = |[x, y]: Point, size: f64| {
            let [dx, dy] = noise(size);
            [x + dx, y + dy]
        };
        match self {
            Self::Gaussian => noise(0.4),
            Self::Disc => at(u.sqrt(), v),
            Self::Ring => at(0.95 + 0.1 * u, t),
            Self::Square => [1.8 * u - 0.9, 1.8 * v - 0.9],
            Self::Moons => {
                let (side, along) = if t < 0.5 { (1.0, 2.0 * t) } else { (-1.0, 2.0 * t - 1.0) };
                let [x, y] = at(0.7, along / 2.0);
                blurred([side * (x - 0.35), side * (y - 0.18)], 0.05)
            }
            Self::Spiral => blurred(at(0.15 + 0.9 * t.sqrt(), 2.0 * t.sqrt()), 0.02),
            Self::Heart => {
                let (sin, cos) = (libm::sin(TAU * t), libm::cos(TAU * t));
                let (cos2, cos3) = (libm::cos(2.0 * TAU * t), libm::cos(3.0 * TAU * t));
                let y = 13.0 * cos - 5.0 * cos2 - 2.0 * cos3 - libm::cos(4.0 * TAU * t);
                blurred([sin * sin * sin, (y + 2.0) / 16.0], 0.02)
            }
            Self::Cross => {
                let along = 2.0 * (2.0 * t).fract() - 1.0;
                let across = 0.2 * (u - 0.5);
                let turned = if t < 0.5 { [along, across] } else { [across, along] };
                let half = std::f64::consts::FRAC_1_SQRT_2;
                [half * (turned[0] - turned[1]), half * (turned[0] + turned[1])]
            }
            Self::Lattice => {
                let heap = (25.0 * t) as usize;
                let place = |k: usize| 0.45 * (k as f64 - 2.0);
                blurred([place(heap % 5), place(heap / 5)], 0.05)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_about_as_large_as_the_unit_disc() {
        for (name, shape) in SHAPES {
            let points = shape.points(500, 3, 0);
            let far = points.iter().flatten().map(|x| x.abs()).fold(0.0, f64::max);
            assert!((0.7..2.0).contains(&far), "{name}: {far}");
            assert_eq!(Shape::find(name), Some(shape));
            assert_eq!(points, shape.points(500, 3, 0));
        }
    }
}
