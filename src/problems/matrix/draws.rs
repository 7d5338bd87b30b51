//! Random matrices: pure functions of (seed, what they are for).

use crate::scalar::normal_pair;
use nalgebra::DMatrix;

/// What draws are for: each purpose has numbers of its own, so that changing one part of a problem leaves the others.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Singular vectors of the truth, left and right.
    Truth,
    /// Where optimizers start.
    Start,
    /// What is measured.
    Measurements,
    /// Noise of the measurements.
    Noise,
    /// Which entries are observed, which measurements are outliers.
    Choice,
    /// How large outliers are.
    Outliers,
}

/// A stream of standard normal numbers; each is known by its place.
pub struct Normals {
    seed: u64,
    purpose: u32,
    next: u64,
    spare: Option<f64>,
}

impl Normals {
    /// The numbers of a seed for a purpose.
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        // The draws of runs have small numbers; these count from the other end.
        Self { seed, purpose: u32::MAX - purpose as u32, next: 0, spare: None }
    }

    /// The next one.
    pub fn draw(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let [first, second] = normal_pair(self.seed, self.purpose, (self.next >> 32) as u32, self.next as u32);
        self.next += 1;
        self.spare = Some(second);
        first
    }

    /// A matrix of independent standard normal numbers, drawn row by row.
    pub fn matrix(&mut self, rows: usize, columns: usize) -> DMatrix<f64> {
        let entries: Vec<f64> = (0..rows * columns).map(|_| self.draw()).collect();
        DMatrix::from_row_slice(rows, columns, &entries)
    }

    /// The length of a vector of so many standard normal numbers: a chi variable with that many degrees of freedom.
    pub fn chi(&mut self, degrees: usize) -> f64 {
        (0..degrees).map(|_| self.draw()).map(|x| x * x).sum::<f64>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_and_seeds_have_numbers_of_their_own() {
        let first = |seed, purpose| Normals::new(seed, purpose).matrix(2, 2);
        assert_eq!(first(3, Purpose::Truth), first(3, Purpose::Truth));
        assert_ne!(first(3, Purpose::Truth), first(4, Purpose::Truth));
        assert_ne!(first(3, Purpose::Truth), first(3, Purpose::Start));
    }

    #[test]
    fn they_are_standard_normal() {
        let matrix = Normals::new(1, Purpose::Measurements).matrix(300, 300);
        // Standard errors of mean and variance of 90,000 draws: 1/300 and sqrt(2)/300.
        assert!(matrix.mean().abs() < 4.0 / 300.0, "{}", matrix.mean());
        assert!((matrix.variance() - 1.0).abs() < 4.0 * 1.415 / 300.0, "{}", matrix.variance());
    }
}
