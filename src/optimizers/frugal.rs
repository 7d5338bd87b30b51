//! FRUGAL: Adam for a part of the coordinates, signs for the rest.

use super::knob::count;
use super::moments::Moments;
use super::{Entry, Family, Knob, Knobs, Optimizer, Oracle, Paper, Scalars, Scale};
use crate::scalar::{Block, Vector};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "frugal",
    title: "FRUGAL",
    family: Family::Matrix,
    paper: Paper {
        authors: "Zmushko, Beznosikov, Takáč, Horváth",
        title: "FRUGAL: memory-efficient optimization by reducing state overhead for scalable training",
        year: 2024,
        reference: "arXiv:2411.07837",
    },
    summary: "Adam on a random part of the coordinates, changed now and then; the others move by their sign",
    knobs: &[
        Knob::lr(0.001),
        Knob::average("beta1", "β₁", 0.9, "how much of the averaged gradient is kept"),
        Knob::average("beta2", "β₂", 0.999, "how much of the averaged squared gradient is kept"),
        Knob::eps(1e-8),
        Knob::fraction("density", "ρ", 0.25, "the part of the coordinates that Adam has"),
        Knob::whole("update_gap", "T", 200.0, (1.0, 10_000.0), "steps from one choice of coordinates to the next"),
        Knob {
            id: "inactive_lr_scale",
            symbol: "lr′",
            default: 1.0,
            range: (0.0, 100.0),
            scale: Scale::Log { from: 1e-3 },
            meaning: "step size of the other coordinates, in units of lr",
        },
        Knob::weight_decay(0.0, "what each step takes off the weights, times the step size"),
    ],
    scalars: Scalars::F64(|knobs, _, blocks| Box::new(Frugal::new(knobs, blocks))),
};

/// FRUGAL, for each matrix or vector:
/// ```text
/// every update_gap steps: J <- round(density n) of its n coordinates, drawn anew;  m, v, t <- 0
/// x <- (1 - lr weight_decay) x
/// in J:      x <- x - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps), as Adam
/// elsewhere: x <- x - lr inactive_lr_scale sign(g)
/// ```
/// `g`: gradient at `x`. `m`: units of g; `v`: units of g squared; for the coordinates of J alone. `lr`: units of x:
/// the first step after each choice has length `lr` in J and `lr inactive_lr_scale` elsewhere. The sign of zero is
/// zero. `density = 1` is Adam, started anew now and then; `density = 0` is signSGD. Coordinates are drawn by giving
/// each a normal draw and taking the largest; where an oracle draws nothing but zeros, they are the first ones.
///
/// Zmushko et al. 2024, with AdamW as the state-full and signSGD as the state-free part, and the authors' RandK
/// projection, resetting the averages as their program does by default. Left out are their other projections (whole
/// blocks, singular vectors), and that they leave norms, biases and embeddings to AdamW as a whole. What is kept is 3
/// density n numbers, since J is among them; drawn from a seed again it would be 2 density n.
struct Frugal {
    parts: Vec<Part>,
    /// Steps so far.
    t: f64,
    lr: f64,
    betas: [f64; 2],
    eps: f64,
    gap: usize,
    inactive_lr_scale: f64,
    weight_decay: f64,
}

/// A matrix or vector with the coordinates that are Adam's, ascending, and Adam's averages for them.
struct Part {
    block: Block,
    /// Whole numbers, kept as what memory is made of.
    coordinates: Vec<f64>,
    adam: Moments,
}

impl Frugal {
    fn new(knobs: &Knobs<f64>, blocks: &[Block]) -> Self {
        let density = knobs.get("density");
        let part = |&block: &Block| {
            let kept = ((density * block.len() as f64).round() as usize).min(block.len());
            Part { block, coordinates: (0..kept).map(|i| i as f64).collect(), adam: Moments::new(kept) }
        };
        Self {
            parts: blocks.iter().map(part).collect(),
            t: 0.0,
            lr: knobs.get("lr"),
            betas: [knobs.get("beta1"), knobs.get("beta2")],
            eps: knobs.get("eps"),
            gap: count(knobs, "update_gap").max(1),
            inactive_lr_scale: knobs.get("inactive_lr_scale"),
            weight_decay: knobs.get("weight_decay"),
        }
    }
}

impl Part {
    /// Draws the coordinates anew. Uses the draws from `slot` on and returns the first unused one.
    fn draw(&mut self, oracle: &mut dyn Oracle<f64>, mut slot: u32) -> u32 {
        let (n, kept) = (self.block.len(), self.coordinates.len());
        if kept > 0 && kept < n {
            let mut draws = Vec::with_capacity(n + 1);
            while draws.len() < n {
                let pair = oracle.normal(slot);
                draws.extend([pair[0], pair[1]]);
                slot += 1;
            }
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&i, &j| draws[j].total_cmp(&draws[i]));
            order.truncate(kept);
            order.sort_unstable();
            self.coordinates = order.into_iter().map(|i| i as f64).collect();
        }
        self.adam = Moments::new(kept);
        slot
    }
}

impl Optimizer<f64> for Frugal {
    fn step(&mut self, x: &mut Vector<f64>, oracle: &mut dyn Oracle<f64>) {
        let g = oracle.gradient(x);
        if (self.t as usize).is_multiple_of(self.gap) {
            let mut slot = 0;
            for part in &mut self.parts {
                slot = part.draw(oracle, slot);
            }
        }
        self.t += 1.0;
        *x = &*x * (1.0 - self.lr * self.weight_decay);
        for part in &mut self.parts {
            let (x, g) = (&mut x.as_mut_slice()[part.block.range()], &g.as_slice()[part.block.range()]);
            let inside: Vec<usize> = part.coordinates.iter().map(|&i| (i as usize).min(g.len() - 1)).collect();
            let active: Vec<f64> = inside.iter().map(|&i| g[i]).collect();
            part.adam.learn(&active, self.betas);
            let mut direction: Vec<f64> =
                g.iter().map(|&g| self.inactive_lr_scale * crate::scalar::Real::sign(g)).collect();
            inside.iter().zip(part.adam.direction(self.eps)).for_each(|(&i, d)| direction[i] = d);
            x.iter_mut().zip(direction).for_each(|(x, d)| *x -= self.lr * d);
        }
    }

    fn state(&mut self, visit: &mut dyn FnMut(&'static str, &mut [f64])) {
        for part in &mut self.parts {
            visit("coordinates", &mut part.coordinates);
            part.adam.state(visit);
        }
        visit("t", std::slice::from_mut(&mut self.t));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizers::testing::{distance, gradients, scattered, sizes, walk_matrices};
    use crate::optimizers::{Event, adam};

    #[test]
    fn two_steps_by_hand() {
        // Half of four coordinates, the first two where nothing is drawn: Adam with beta1 = 1/2, beta2 = 0 on slopes 4
        // and 1 has steps 1 and 2 (as in `adam.rs`), the others the sign at half the size.
        let g: &[&[f64]] = &[&[4.0, 4.0, -7.0, 0.0], &[1.0, 1.0, -7.0, 5.0]];
        let knobs =
            [("lr", 1.0), ("beta1", 0.5), ("beta2", 0.0), ("eps", 0.0), ("density", 0.5), ("inactive_lr_scale", 0.5)];
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[0.0; 4], 2, &mut gradients(g));
        assert_eq!(path[1], [-1.0, -1.0, 0.5, 0.0]);
        assert_eq!(path[2], [-3.0, -3.0, 1.0, -0.5]);
        // Anew at every step: Adam's steps are all first ones. And decay before them.
        let knobs = [&knobs[..], &[("update_gap", 1.0), ("weight_decay", 0.5)]].concat();
        let (path, _) = walk_matrices(&ENTRY, &knobs, &[[2, 2]], &[0.0, 8.0, 0.0, 0.0], 2, &mut gradients(g));
        assert_eq!(path[2], [-1.5, 0.5, 0.75, -0.5]);
    }

    #[test]
    fn density_one_is_adam_and_density_zero_is_the_sign() {
        let list: Vec<Vec<f64>> = (0..6).map(|seed| scattered(6, seed)).collect();
        let list: Vec<&[f64]> = list.iter().map(Vec::as_slice).collect();
        let walk = |entry, knobs: &[(&str, f64)]| {
            let knobs = [knobs, &[("lr", 0.1)]].concat();
            walk_matrices(entry, &knobs, &[[2, 2], [2, 1]], &[0.0; 6], 6, &mut gradients(&list)).0
        };
        // Adam's own file multiplies by lr before it divides.
        assert!(distance(&walk(&ENTRY, &[("density", 1.0)])[6], &walk(&adam::ENTRY, &[])[6]) < 1e-15);
        let signs: Vec<f64> = (0..6).map(|i| -0.1 * list.iter().map(|g| g[i].signum()).sum::<f64>()).collect();
        assert!(distance(&walk(&ENTRY, &[("density", 0.0)])[6], &signs) < 1e-15);
    }

    /// An oracle whose draws are 0, 1, 2, ... by slot, and whose gradient is one everywhere.
    struct Rising;

    impl Oracle<f64> for Rising {
        fn value(&mut self, _: &Vector<f64>) -> f64 {
            0.0
        }
        fn gradient(&mut self, x: &Vector<f64>) -> Vector<f64> {
            Vector::filled(x.len(), 1.0)
        }
        fn hessian(&mut self, _: &Vector<f64>) -> Vec<Vector<f64>> {
            Vec::new()
        }
        fn hessian_vector(&mut self, x: &Vector<f64>, _: &Vector<f64>) -> Vector<f64> {
            Vector::zeros(x.len())
        }
        fn normal(&mut self, slot: u32) -> Vector<f64> {
            Vector::from([2.0 * f64::from(slot), 2.0 * f64::from(slot) + 1.0])
        }
        fn report(&mut self, _: Event) {}
    }

    #[test]
    fn the_largest_draws_are_adams_in_every_matrix() {
        let (_, mut optimizer) =
            walk_matrices(&ENTRY, &[("density", 0.4)], &[[1, 5], [3, 1]], &[0.0; 8], 1, &mut Rising);
        let mut coordinates = Vec::new();
        optimizer.state(&mut |name, values| {
            if name == "coordinates" {
                coordinates.push(values.to_vec());
            }
        });
        assert_eq!(coordinates, [vec![3.0, 4.0], vec![2.0]]);
    }

    #[test]
    fn it_keeps_moments_for_its_part_alone() {
        let sizes = sizes(&ENTRY, &[], &[[8, 5], [4, 1]]);
        assert_eq!([sizes["m"], sizes["v"], sizes["coordinates"]], [11, 11, 11]);
    }
}
