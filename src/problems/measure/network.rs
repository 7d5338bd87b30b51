//! A network with one hidden layer as a law of neurons.

use crate::measures::Point;

/// Fits a function of z by the mean over the neurons (a, b) of 8 a max(0, z - b).
///
/// The loss is half the mean square over the data. As a function of the law it is convex, and its Wasserstein gradient flow
/// is gradient descent on the neurons with a step size n times as large: Chizat, Bach 2018; Mei, Montanari, Nguyen 2018. The
/// factor 8 lets neurons of size one reach the heights of the function.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The data: z and f*(z).
    pub data: Vec<[f64; 2]>,
}

const GAIN: f64 = 8.0;

impl Network {
    /// So many points z, evenly from -1 to 1, of the function sin(pi z) + |z|/2.
    pub fn new(points: usize) -> Self {
        let at = |i: usize| {
            let z = 2.0 * i as f64 / (points - 1) as f64 - 1.0;
            [z, libm::sin(std::f64::consts::PI * z) + 0.5 * z.abs()]
        };
        Self { data: (0..points).map(at).collect() }
    }

    /// What the network makes of each z.
    pub fn outputs(&self, neurons: &[Point]) -> Vec<f64> {
        let n = neurons.len().max(1) as f64;
        let output = |z: f64| GAIN * neurons.iter().map(|[a, b]| a * (z - b).max(0.0)).sum::<f64>() / n;
        self.data.iter().map(|[z, _]| output(*z)).collect()
    }

    /// The loss and n times its gradient by each neuron: the Wasserstein gradient. At a kink the slope is zero.
    pub fn loss_and_gradient(&self, neurons: &[Point]) -> (f64, Vec<Point>) {
        let outputs = self.outputs(neurons);
        let residuals: Vec<[f64; 2]> = self.data.iter().zip(&outputs).map(|([z, f], out)| [*z, out - f]).collect();
        let m = residuals.len() as f64;
        let loss = residuals.iter().map(|[_, r]| r * r).sum::<f64>() / (2.0 * m);
        let gradient = |[a, b]: &Point| {
            let active = residuals.iter().filter(|[z, _]| z > b);
            let sums = active.fold([0.0; 2], |[da, db], [z, r]| [da + r * (z - b), db - r * a]);
            sums.map(|sum| GAIN * sum / m)
        };
        (loss, neurons.iter().map(gradient).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_agrees_with_differences() {
        let network = Network::new(33);
        let neurons = [[0.4, -0.31], [-0.7, 0.22], [0.2, 0.71]];
        let (_, gradient) = network.loss_and_gradient(&neurons);
        let h = 1e-6;
        for i in 0..3 {
            for k in 0..2 {
                let at = |d: f64| {
                    let mut moved = neurons;
                    moved[i][k] += d;
                    network.loss_and_gradient(&moved).0
                };
                // n = 3 times the derivative of the loss; the differences round to 1e-10.
                assert!((3.0 * (at(h) - at(-h)) / (2.0 * h) - gradient[i][k]).abs() < 1e-8);
            }
        }
    }
}
