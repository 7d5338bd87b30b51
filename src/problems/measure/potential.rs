//! Potentials: minus the logarithm of the density that is sought, up to a constant.

use crate::measures::{Mixture, Point};
use crate::problems::Local;
use crate::scalar::uniform_pair;
use std::sync::Arc;

/// U, of which exp(-U) is the density up to a factor.
#[derive(Clone, Debug)]
pub enum Potential {
    /// A loss over a temperature.
    Formula {
        /// Evaluates the loss.
        local: Box<Local>,
        /// What it is divided by.
        temperature: f64,
    },
    /// Minus the logarithm of a mixture's density.
    Mixture(Arc<Mixture>),
}

impl Potential {
    /// U and its gradient.
    pub fn value_and_gradient(&mut self, at: Point) -> (f64, Point) {
        match self {
            Self::Formula { local, temperature } => {
                let (value, gradient) = local.first_order(at);
                (value / *temperature, gradient.map(|g| g / *temperature))
            }
            Self::Mixture(mixture) => {
                let (log_density, score) = mixture.log_density_and_score(at);
                (-log_density, score.map(|s| -s))
            }
        }
    }

    /// U alone.
    pub fn value(&mut self, at: Point) -> f64 {
        match self {
            Self::Formula { local, temperature } => local.value(at) / *temperature,
            Self::Mixture(mixture) => -mixture.log_density_and_score(at).0,
        }
    }
}

/// Cells along each side of a window on which a density is summed up.
const CELLS: usize = 192;

/// A density on the cells of a window.
///
/// What lies outside the window does not count, and within a cell the density counts as constant: points drawn from it stand
/// for the law up to 1/192 of the window.
#[derive(Clone, Debug)]
pub struct Gridded {
    window: [f64; 4],
    /// Mass up to and with each cell, row by row; the last is one.
    sums: Vec<f64>,
    /// Logarithm of the integral of exp(-U) over the window.
    pub log_partition: f64,
}

impl Gridded {
    /// Sums up exp(-U) in the middles of the cells. `None` if it is nowhere a positive number.
    pub fn new(potential: &mut Potential, window: [f64; 4]) -> Option<Self> {
        let [x0, x1, y0, y1] = window;
        let [dx, dy] = [(x1 - x0) / CELLS as f64, (y1 - y0) / CELLS as f64];
        let place = |k: usize| [x0 + ((k % CELLS) as f64 + 0.5) * dx, y0 + ((k / CELLS) as f64 + 0.5) * dy];
        let values: Vec<f64> = (0..CELLS * CELLS).map(|k| potential.value(place(k))).collect();
        let least = values.iter().copied().filter(|u| u.is_finite()).fold(f64::INFINITY, f64::min);
        if !least.is_finite() {
            return None;
        }
        let weight = |u: f64| if u.is_finite() { libm::exp(least - u) } else { 0.0 };
        let mut total = 0.0;
        let mut sums: Vec<f64> = values
            .iter()
            .map(|u| {
                total += weight(*u);
                total
            })
            .collect();
        sums.iter_mut().for_each(|sum| *sum /= total);
        Some(Self { window, sums, log_partition: libm::log(total * dx * dy) - least })
    }

    /// `count` points of it, spread evenly over the mass, each at a random place in its cell.
    pub fn samples(&self, count: usize, seed: u64, slot: u32) -> Vec<Point> {
        (0..count).map(|i| self.place((i as f64 + 0.5) / count as f64, seed, i as u32, slot)).collect()
    }

    /// `count` independent points of it.
    pub fn draws(&self, count: usize, seed: u64, slot: u32) -> Vec<Point> {
        (0..count as u32).map(|i| self.place(uniform_pair(seed, i, 1, slot)[0], seed, i, slot)).collect()
    }

    /// A random place in the cell up to which the share `share` of the mass lies.
    fn place(&self, share: f64, seed: u64, i: u32, slot: u32) -> Point {
        let [x0, x1, y0, y1] = self.window;
        let cell = self.sums.partition_point(|sum| *sum < share).min(CELLS * CELLS - 1);
        let [u, v] = uniform_pair(seed, i, 0, slot);
        let along = |cell: usize, u: f64, low: f64, high: f64| low + (cell as f64 + u) / CELLS as f64 * (high - low);
        [along(cell % CELLS, u, x0, x1), along(cell / CELLS, v, y0, y1)]
    }
}
