//! Adam's two averages, for whatever part of a method is Adam.

use crate::scalar::Real;

/// Averages of a gradient and of its square, entry by entry, with what corrects them for starting at zero.
#[derive(Clone)]
pub(super) struct Moments {
    /// Average of the gradient.
    pub m: Vec<f64>,
    /// Average of its square.
    pub v: Vec<f64>,
    /// 1 - beta1^t and 1 - beta2^t, built up as in `adam.rs`.
    pub weights: [f64; 2],
}

impl Moments {
    pub fn new(n: usize) -> Self {
        Self { m: vec![0.0; n], v: vec![0.0; n], weights: [0.0; 2] }
    }

    /// Takes a gradient into both averages.
    pub fn learn(&mut self, g: &[f64], betas: [f64; 2]) {
        self.learn_both(g, g, betas);
    }

    /// Takes one vector into the average and the square of another into that of squares.
    pub fn learn_both(&mut self, g: &[f64], turned: &[f64], [beta1, beta2]: [f64; 2]) {
        for ((m, v), (g, turned)) in self.m.iter_mut().zip(&mut self.v).zip(g.iter().zip(turned)) {
            *m = *m * beta1 + g * (1.0 - beta1);
            *v = *v * beta2 + turned * turned * (1.0 - beta2);
        }
        self.weights = [self.weights[0] * beta1 + (1.0 - beta1), self.weights[1] * beta2 + (1.0 - beta2)];
    }

    /// Adam's direction, corrected average over corrected root, with `eps` added to the corrected root: the paper's
    /// place.
    pub fn direction(&self, eps: f64) -> impl Iterator<Item = f64> + '_ {
        let [m_scale, v_scale] = self.weights.map(|weight| 1.0 / weight);
        self.m.iter().zip(&self.v).map(move |(m, v)| m * m_scale / (Real::sqrt(v * v_scale) + eps))
    }

    /// The same with `eps` added to the root before the correction, as in the AdamW of Hugging Face, from which GaLore
    /// and its successors come.
    pub fn direction_eps_first(&self, eps: f64) -> impl Iterator<Item = f64> + '_ {
        let scale = Real::sqrt(self.weights[1]) / self.weights[0];
        self.m.iter().zip(&self.v).map(move |(m, v)| scale * m / (Real::sqrt(*v) + eps))
    }

    /// Shows the memory.
    pub fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        visit("m", &mut self.m);
        visit("v", &mut self.v);
        visit("weights", &mut self.weights);
    }
}
