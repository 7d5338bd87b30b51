//! A network of two hidden layers, with its gradient by the parameters.

use crate::scalar::normal_pair;

/// f(u) = W3 r(W2 r(W1 u + b1) + b2) + b3 with r(z) = max(0, z), whose slope at a kink is zero.
///
/// The parameters are one list: the matrix of a layer, column by column, then its offsets, layer by layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mlp {
    /// Numbers that go in, units of each hidden layer, numbers that come out.
    pub(super) widths: [usize; 4],
}

/// What a pass through the network leaves: what each layer was given, and the result.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    values: [Vec<f64>; 4],
    /// The gradient by `values`, of the layers above the first.
    slopes: [Vec<f64>; 4],
}

impl Mlp {
    /// Where a layer's matrix and its offsets are in the list.
    fn places(self, layer: usize) -> (usize, usize, usize) {
        let size = |layer: usize| (self.widths[layer] + 1) * self.widths[layer + 1];
        let from: usize = (0..layer).map(size).sum();
        (from, from + self.widths[layer] * self.widths[layer + 1], from + size(layer))
    }

    /// How many parameters there are.
    pub(super) fn len(self) -> usize {
        self.places(2).2
    }

    /// Matrices with normal entries of the variance 2 / inputs of the layer, which keeps the size of what passes (He, Zhang,
    /// Ren, Sun 2015, equation 10), and offsets of zero.
    pub(super) fn start(self, seed: u64, slot: u32) -> Vec<f64> {
        let mut theta = vec![0.0; self.len()];
        for layer in 0..3 {
            let (from, to, _) = self.places(layer);
            let deviation = (2.0 / self.widths[layer] as f64).sqrt();
            for (pair, entries) in theta[from..to].chunks_mut(2).enumerate() {
                let draws = normal_pair(seed, pair as u32, layer as u32, slot);
                entries.iter_mut().zip(draws).for_each(|(entry, draw)| *entry = deviation * draw);
            }
        }
        theta
    }

    pub(super) fn pass(self) -> Pass {
        Pass { values: self.widths.map(|width| vec![0.0; width]), slopes: self.widths.map(|width| vec![0.0; width]) }
    }

    /// What the network makes of `input`.
    pub(super) fn forward<'a>(self, theta: &[f64], input: &[f64], pass: &'a mut Pass) -> &'a [f64] {
        pass.values[0].copy_from_slice(input);
        for layer in 0..3 {
            let (from, offsets, to) = self.places(layer);
            let [.., given, out] = &mut pass.values[..layer + 2] else { unreachable!("a layer has two sides") };
            out.copy_from_slice(&theta[offsets..to]);
            for (column, value) in theta[from..offsets].chunks_exact(self.widths[layer + 1]).zip(given.iter()) {
                // Half of what the hidden layers give is zero.
                if *value != 0.0 {
                    out.iter_mut().zip(column).for_each(|(out, w)| *out += w * value);
                }
            }
            if layer < 2 {
                out.iter_mut().for_each(|z| *z = z.max(0.0));
            }
        }
        &pass.values[3]
    }

    /// Adds to `gradient` that of slope . f(u) by the parameters, for the input of the last pass.
    pub(super) fn backward(self, theta: &[f64], slope: &[f64], pass: &mut Pass, gradient: &mut [f64]) {
        pass.slopes[3].copy_from_slice(slope);
        for layer in (0..3).rev() {
            let (from, offsets, to) = self.places(layer);
            let width = self.widths[layer + 1];
            let [.., below, above] = &mut pass.slopes[..layer + 2] else { unreachable!("a layer has two sides") };
            gradient[offsets..to].iter_mut().zip(above.iter()).for_each(|(g, slope)| *g += slope);
            let columns = theta[from..offsets].chunks_exact(width).zip(gradient[from..offsets].chunks_exact_mut(width));
            for (((column, g), value), below) in columns.zip(&pass.values[layer]).zip(below) {
                *below = 0.0;
                if *value != 0.0 {
                    g.iter_mut().zip(above.iter()).for_each(|(g, slope)| *g += slope * value);
                    if layer > 0 {
                        *below = dot(column, above);
                    }
                }
            }
        }
    }
}

/// The inner product, in four sums at a time: one after another would wait for each addition.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (fours, rest) = a.as_chunks::<4>();
    let (other, other_rest) = b.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in fours.iter().zip(other) {
        (0..4).for_each(|k| sums[k] += a[k] * b[k]);
    }
    let rest: f64 = rest.iter().zip(other_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_agrees_with_differences() {
        let network = Mlp { widths: [3, 7, 5, 2] };
        let mut theta = network.start(3, 0);
        // Offsets that are not zero.
        theta.iter_mut().enumerate().for_each(|(k, entry)| *entry += 0.1 * libm::sin(k as f64));
        let mut pass = network.pass();
        let (input, slope) = ([0.3, -0.8, 1.1], [0.7, -1.3]);
        let mut gradient = vec![0.0; network.len()];
        network.forward(&theta, &input, &mut pass);
        network.backward(&theta, &slope, &mut pass, &mut gradient);
        let mut value = |theta: &[f64]| {
            let out = network.forward(theta, &input, &mut pass);
            slope[0] * out[0] + slope[1] * out[1]
        };
        let h = 1e-6;
        for k in 0..theta.len() {
            let mut at = |d: f64| {
                let mut moved = theta.clone();
                moved[k] += d;
                value(&moved)
            };
            // The function is made of pieces linear in each parameter; the differences round to 1e-16 * 3 / 1e-6.
            assert!(((at(h) - at(-h)) / (2.0 * h) - gradient[k]).abs() < 1e-8, "{k}");
        }
        assert!(gradient.iter().filter(|g| **g != 0.0).count() > 20);
    }

    #[test]
    fn gradients_add_up() {
        let network = Mlp { widths: [2, 4, 4, 1] };
        let theta = network.start(1, 0);
        let mut pass = network.pass();
        network.forward(&theta, &[1.0, -0.5], &mut pass);
        let (mut once, mut twice) = (vec![0.0; network.len()], vec![0.0; network.len()]);
        network.backward(&theta, &[1.0], &mut pass, &mut once);
        (0..2).for_each(|_| network.backward(&theta, &[1.0], &mut pass, &mut twice));
        assert!(once.iter().zip(&twice).all(|(once, twice)| *twice == 2.0 * once));
    }
}
