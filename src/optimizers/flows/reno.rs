//! Reward-based noise optimization: the noise that a generator starts from is moved until what it makes pleases.

use super::{Flow, FlowBuild, Later, Needs, ParticleOracle, settle};
use crate::measures::Point;
use crate::optimizers::knob::switched_on;
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars, Scale};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "reno",
    title: "ReNO",
    family: Family::Flow,
    paper: Paper {
        authors: "Eyring, Karthik, Roth, Dosovitskiy, Akata",
        title: "ReNO: enhancing one-step text-to-image models through reward-based noise optimization",
        year: 2024,
        reference: "arXiv:2406.04312",
    },
    summary: "the start is noise, of which a generator makes points of a ring; moves the noise where the reward −f is high",
    knobs: &[
        Knob::lr(0.1),
        Knob {
            id: "reg",
            symbol: "λ",
            default: 0.01,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-4 },
            meaning: "weight of the penalty that keeps noise as long as noise is",
        },
        Knob::momentum(0.9),
        Knob {
            id: "clip",
            symbol: "c",
            default: 0.1,
            range: (1e-6, 1e6),
            scale: Scale::Log { from: 1e-6 },
            meaning: "largest length of a gradient; longer ones are scaled down",
        },
        Knob {
            id: "radius",
            symbol: "r",
            default: 1.5,
            range: (0.0, 1e3),
            scale: Scale::Linear,
            meaning: "radius of the ring that the generator makes of noise",
        },
        Knob {
            id: "width",
            symbol: "w",
            default: 0.15,
            range: (0.0, 1e3),
            scale: Scale::Linear,
            meaning: "how much farther out longer noise lies",
        },
        Knob::switch("best", "b", true, "shows the best that each particle has come by, else where it is now"),
        Knob::switch("noise", "e", false, "shows the noise in place of what is made of it"),
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Density,
        gauge: "mean length of the noise",
        seen: Some(|knobs, place| if switched_on(knobs, "noise") { Generator::new(knobs).make(place) } else { place }),
        build: |knobs, _| Box::new(Reno::new(knobs)),
    }),
};

/// A smooth map of the plane that makes a ring of a standard normal law:
/// G(e) = radius e / sqrt(|e|^2 + 1/25) + width e.
#[derive(Clone, Copy, Debug)]
struct Generator {
    radius: f64,
    width: f64,
}

/// The square of the length below which noise comes to lie inside the ring.
const CORE: f64 = 0.04;

impl Generator {
    fn new(knobs: &Knobs<f64>) -> Self {
        Self { radius: knobs.get("radius"), width: knobs.get("width") }
    }

    fn make(&self, [u, v]: Point) -> Point {
        let scale = self.radius / (u * u + v * v + CORE).sqrt() + self.width;
        [scale * u, scale * v]
    }

    /// The transposed Jacobian at `e` times g. The Jacobian is symmetric.
    fn pull_back(&self, [u, v]: Point, g: Point) -> Point {
        let square = u * u + v * v + CORE;
        let inverse = self.radius / square.sqrt();
        let along = inverse * (u * g[0] + v * g[1]) / square;
        let scale = inverse + self.width;
        [scale * g[0] - along * u, scale * g[1] - along * v]
    }
}

/// Reward-based noise optimization, of every particle by itself:
/// ```text
/// loss(e) = f(G(e)) + reg (|e|^2 / 2 - (d - 1) log |e|)             d = 2, reward = -f
/// g  = grad loss(e), scaled down to the length clip where it is longer
/// m <- momentum m + g
/// e <- e - lr (g + momentum m)
/// ```
/// `G`: a generator that takes one step; here a fixed map that makes a ring of noise. The penalty is least at |e| = sqrt(d - 1), one
/// in the plane: minus the logarithm of the density that the length of normal noise has. At e = 0, where it has a pole, it
/// counts nothing. The particles of the start are the noise e; from the first step on the cloud is x = G(e), of the iterate
/// with the greatest reward so far (`best`), or of the last one; with `noise` the cloud is e itself, and the picture below
/// it is f(G(e)). The energy is the mean loss of the last iterates, the gauge the mean of |e| over what is shown.
///
/// Eyring, Karthik, Roth, Dosovitskiy, Akata 2024, algorithm 1. Their clip, momentum and `reg` are the defaults; their `lr` of 5 is for noise of the
/// length 256, of which a step is then at most a fiftieth, as the default is here before momentum.
struct Reno {
    lr: f64,
    penalty: Penalty,
    momentum: f64,
    clip: f64,
    generator: Generator,
    best: bool,
    noise: bool,
    /// Where each particle is: noise, momentum, the best noise with its f.
    particles: Vec<Particle>,
}

#[derive(Clone, Copy, Debug)]
struct Particle {
    e: Point,
    m: Point,
    best: Point,
    least: f64,
}

/// reg (|e|^2 / 2 - (d - 1) log |e|) in the plane, d = 2; nothing at e = 0.
#[derive(Clone, Copy, Debug)]
struct Penalty {
    reg: f64,
}

impl Penalty {
    fn value(self, [u, v]: Point) -> f64 {
        let square = u * u + v * v;
        if square > 0.0 { 0.5 * self.reg * (square - libm::log(square)) } else { 0.0 }
    }

    fn gradient(self, [u, v]: Point) -> Point {
        let square = u * u + v * v;
        let scale = if square > 0.0 { self.reg * (1.0 - 1.0 / square) } else { 0.0 };
        [scale * u, scale * v]
    }
}

impl Reno {
    fn new(knobs: &Knobs<f64>) -> Self {
        Self {
            lr: knobs.get("lr"),
            penalty: Penalty { reg: knobs.get("reg") },
            momentum: knobs.get("momentum"),
            clip: knobs.get("clip"),
            generator: Generator::new(knobs),
            best: switched_on(knobs, "best"),
            noise: switched_on(knobs, "noise"),
            particles: Vec::new(),
        }
    }

    /// The noise that is shown.
    fn shown(&self) -> impl Iterator<Item = Point> + '_ {
        self.particles.iter().map(|p| if self.best { p.best } else { p.e })
    }

    fn made(&self) -> Vec<Point> {
        self.particles.iter().map(|p| self.generator.make(p.e)).collect()
    }

    /// Keeps what is better than before. Where f is no number nothing is.
    fn look(&mut self, oracle: &mut dyn ParticleOracle) {
        let values = oracle.potential(&self.made());
        for (particle, value) in self.particles.iter_mut().zip(values) {
            if value < particle.least {
                (particle.best, particle.least) = (particle.e, value);
            }
        }
    }
}

fn length([u, v]: Point) -> f64 {
    libm::hypot(u, v)
}

impl Flow for Reno {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            if self.particles.len() != cloud.len() {
                let particle = |e: &Point| Particle { e: *e, m: [0.0; 2], best: *e, least: f64::INFINITY };
                self.particles = cloud.iter().map(particle).collect();
                self.look(oracle);
            }
            let gradients = oracle.potential_gradient(&self.made());
            let mut places: Vec<Point> = self.particles.iter().map(|p| p.e).collect();
            let mut moved = places.clone();
            for (k, (particle, slope)) in self.particles.iter_mut().zip(gradients).enumerate() {
                let pulled = self.generator.pull_back(particle.e, slope);
                let shell = self.penalty.gradient(particle.e);
                let mut g = [0, 1].map(|i| pulled[i] + shell[i]);
                let long = length(g);
                if long > self.clip {
                    g = g.map(|c| c * self.clip / long);
                }
                particle.m = [0, 1].map(|i| self.momentum * particle.m[i] + g[i]);
                moved[k] = [0, 1].map(|i| particle.e[i] - self.lr * (g[i] + self.momentum * particle.m[i]));
            }
            settle(&mut places, moved, oracle);
            self.particles.iter_mut().zip(places).for_each(|(particle, e)| particle.e = e);
            self.look(oracle);
            let shown: Vec<Point> = self.shown().map(|e| if self.noise { e } else { self.generator.make(e) }).collect();
            settle(cloud, shown, oracle);
        })
    }

    fn time_step(&self) -> f64 {
        self.lr
    }

    fn energy(&self, cloud: &[Point], oracle: &mut dyn ParticleOracle) -> Option<f64> {
        let (noise, made) = if self.particles.is_empty() {
            (cloud.to_vec(), cloud.iter().map(|e| self.generator.make(*e)).collect())
        } else {
            (self.particles.iter().map(|p| p.e).collect(), self.made())
        };
        let values = oracle.potential(&made);
        let losses = values.iter().zip(&noise).map(|(value, e)| value + self.penalty.value(*e));
        Some(losses.sum::<f64>() / noise.len().max(1) as f64)
    }

    fn gauge(&self) -> Option<f64> {
        let count = self.particles.len();
        (count > 0).then(|| self.shown().map(length).sum::<f64>() / count as f64)
    }

    fn memory(&self) -> usize {
        7 * self.particles.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, normal_cloud, walk};
    use super::*;

    fn built(knobs: &[(&str, f64)]) -> Reno {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        Reno::new(&values)
    }

    /// The pleasure lies to the right, without end.
    fn right([x, _]: Point) -> (f64, Point) {
        (-x, [-1.0, 0.0])
    }

    #[test]
    fn derivatives_are_those_of_map_and_penalty() {
        let (generator, penalty, h) = (Generator { radius: 1.5, width: 0.2 }, Penalty { reg: 0.3 }, 1e-6);
        for e in [[0.3, -0.2], [1.5, 0.1], [-0.01, 0.02]] {
            for g in [[1.0, 0.0], [0.4, -2.0]] {
                let value =
                    |e: Point| generator.make(e).iter().zip(g).map(|(x, g)| x * g).sum::<f64>() + penalty.value(e);
                let [pulled, shell] = [generator.pull_back(e, g), penalty.gradient(e)];
                for k in 0..2 {
                    let mut ends = [e; 2];
                    (ends[0][k], ends[1][k]) = (e[k] + h, e[k] - h);
                    let difference = (value(ends[0]) - value(ends[1])) / (2.0 * h);
                    // Third derivatives are some thousands near the core: h^2 times that, and rounding 1e-16 / h.
                    assert!((pulled[k] + shell[k] - difference).abs() < 1e-7, "{e:?} {difference}");
                }
            }
        }
    }

    #[test]
    fn a_step_is_as_the_formula_says() {
        let mut cloud = vec![[1.0, 0.0]];
        let knobs = [("reg", 0.5), ("clip", 10.0), ("lr", 0.1), ("best", 0.0), ("noise", 1.0)];
        walk(&mut built(&knobs), &mut cloud, &mut Simple::new(right), 2);
        // On the axis G' = radius core / (e^2 + core)^(3/2) + width; momentum 0.9.
        let slope = |e: f64| -(1.5 * CORE / (e * e + CORE).powf(1.5) + 0.15) + 0.5 * (e - 1.0 / e);
        let g = slope(1.0);
        let e = 1.0 - 0.1 * 1.9 * g;
        let (h, m) = (slope(e), g);
        let expected = e - 0.1 * (h + 0.9 * (0.9 * m + h));
        assert!((cloud[0][0] - expected).abs() < 1e-14 && cloud[0][1] == 0.0, "{cloud:?} {expected}");
    }

    #[test]
    fn the_penalty_keeps_noise_on_its_shell() {
        let drift = |reg: f64| {
            let (mut cloud, mut flow) = (normal_cloud(64, [0.0; 2], 1.0), built(&[("reg", reg), ("best", 0.0)]));
            walk(&mut flow, &mut cloud, &mut Simple::new(right), 400);
            flow.gauge().expect("it has begun")
        };
        assert!(drift(0.0) > 4.0);
        // With reg 2 the shell gives way by about width / (2 reg).
        assert!((drift(2.0) - 1.0).abs() < 0.08, "{}", drift(2.0));
    }

    #[test]
    fn the_best_is_kept() {
        // The reward is greatest on the circle of radius 1.5 to the right; long steps go past it.
        let target = |[x, y]: Point| (0.5 * ((x - 1.6).powi(2) + y * y), [x - 1.6, y]);
        let (mut cloud, mut flow) = (vec![[0.1, 0.6]], built(&[("lr", 2.0)]));
        let mut oracle = Simple::new(target);
        let mut least = f64::INFINITY;
        for _ in 0..40 {
            walk(&mut flow, &mut cloud, &mut oracle, 1);
            let now = target(cloud[0]).0;
            assert!(now <= least);
            least = now;
        }
    }

    #[test]
    fn noise_of_no_length_is_survived() {
        let mut cloud = vec![[0.0; 2]; 3];
        walk(&mut built(&[]), &mut cloud, &mut Simple::new(|_| (f64::NAN, [0.0; 2])), 5);
        assert!(cloud.iter().flatten().all(|x| x.is_finite()));
    }
}
