//! The JKO scheme on a grid, by entropic transport.

use super::{Flow, FlowBuild, Later, Needs, Notice, ParticleOracle, Setting};
use crate::measures::Point;
use crate::measures::transport::grid::{Grid, LogBlur};
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars, Scale};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "jko",
    title: "JKO, entropic",
    family: Family::Flow,
    paper: Paper {
        authors: "Peyré",
        title: "Entropic approximation of Wasserstein gradient flows",
        year: 2015,
        reference: "arXiv:1502.06216",
    },
    summary: "implicit steps of the free energy in the Wasserstein metric, on a grid; particles follow the plans",
    knobs: &[
        Knob {
            symbol: "τ",
            meaning: "time of a step",
            range: (1e-4, 1e3),
            scale: Scale::Log { from: 1e-4 },
            ..Knob::lr(0.1)
        },
        Knob {
            id: "eps",
            symbol: "ε",
            default: 0.05,
            range: (1e-3, 1e3),
            scale: Scale::Log { from: 1e-3 },
            meaning: "how much plans are smoothed: the variance of the kernel, a squared length; about a cell squared",
        },
        Knob::whole("grid", "N", 32.0, (8.0, 64.0), "cells along each side of the window"),
        Knob::switch(
            "debias",
            "debias",
            true,
            "takes the blur of the smoothed plans off the density and off the particles",
        ),
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Density,
        gauge: "",
        seen: None,
        build: |knobs, setting| Box::new(Jko::new(knobs, setting)),
    }),
};

/// The largest gap of the marginals that ends the scalings.
const TOLERANCE: f64 = 1e-6;
/// Scalings in a step, at most.
const MOST: usize = 300;

/// The scheme of Jordan, Kinderlehrer and Otto for the free energy F(p) = sum p U + T sum p log p, T = 1, of shares p
/// of cells:
/// ```text
/// p <- argmin over p of  W_eps(q, p) + tau F(p),     q: the last p;  W_eps: for the cost |x - y|^2 / 2
/// ```
/// by scalings with the kernel K = exp(-|x - y|^2 / (2 eps)), until the plan's first marginal is q to 1e-6 (300
/// scalings at most; otherwise it is reported as inexact):
/// ```text
/// a <- q / K b,   z = K a,   p = (z exp(-s (U + T)))^(1 / (1 + s T)),   b <- p / z         s = tau / eps
/// ```
/// p is the proximal step of s F by KL from z. `tau`: the knob `lr`. `U`: the potential, asked at the cells once. K
/// goes along rows and then along columns, everything in the logarithm, so that no eps underflows. b is kept from step
/// to step. A cell where U is infinite or no number is empty after the first step.
///
/// The cloud is spread over the cells to begin with, and then follows: x goes by d(x), bilinear between the cells'
/// centres,
/// ```text
/// d = (K (b y)) / (K b) - x        the mean of where the plan sends a cell
/// ```
///
/// W_eps holds the entropy of the plan, which is about eps/2 sum p log p more: the law it settles at is too wide, with
/// the temperature 1 + eps / (2 tau), while the means of plans are too narrow. That is Peyré's scheme, `debias` = 0.
/// With `debias` = 1, which is not in his paper, T is 1 - eps / (2 tau) (at least 0), so that the sum is right to first
/// order in eps, and d is taken against what a plan from q to itself would do, the mean (K (c y)) / (K c) with c K c =
/// q, as in the Sinkhorn divergence of Feydy et al. 2019. Where eps is below a quarter of a cell's squared width, mass
/// is pinned to its cells.
///
/// Jordan, Kinderlehrer, Otto 1998, the scheme; Peyré 2015, KL-proximal steps by scalings. The
/// energy is the free energy of the density p / (area of a cell), at T = 1.
struct Jko {
    tau: f64,
    debias: bool,
    eps: f64,
    grid: Grid,
    blur: LogBlur,
    /// U at the cells; empty until it has been asked.
    potential: Vec<f64>,
    /// p.
    shares: Vec<f64>,
    /// log b.
    log_b: Vec<f64>,
}

impl Jko {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        let grid = Grid { side: (knobs.get("grid") as usize).max(1), window: setting.window };
        let (eps, shares) = (knobs.get("eps"), grid.shares(&setting.start));
        Self {
            tau: knobs.get("lr"),
            debias: knobs.get("debias") > 0.5,
            eps,
            blur: LogBlur::new(&grid, eps),
            potential: Vec::new(),
            log_b: vec![0.0; shares.len()],
            shares,
            grid,
        }
    }

    /// The scalings, which change b; p, and whether they came to their end.
    fn scale(&mut self, log_q: &[f64]) -> (Vec<f64>, bool) {
        let s = self.tau / self.eps;
        // s T; see above.
        let entropy = if self.debias { (s - 0.5).max(0.0) } else { s };
        let mut log_p = vec![f64::NEG_INFINITY; log_q.len()];
        let mut reached = self.blur.apply(&self.log_b);
        let mut converged = false;
        for _ in 0..MOST {
            let log_a: Vec<f64> = log_q.iter().zip(&reached).map(|(q, reached)| q - reached).collect();
            let log_z = self.blur.apply(&log_a);
            for (i, log_p) in log_p.iter_mut().enumerate() {
                let weighted = (log_z[i] - s * self.potential[i] - entropy) / (1.0 + entropy);
                // Where U is no number there is nothing.
                (*log_p, self.log_b[i]) = if weighted.is_finite() {
                    (weighted, weighted - log_z[i])
                } else {
                    (f64::NEG_INFINITY, f64::NEG_INFINITY)
                };
            }
            reached = self.blur.apply(&self.log_b);
            let rows = log_q.iter().zip(log_a.iter().zip(&reached)).filter(|(q, _)| **q > f64::NEG_INFINITY);
            let violation: f64 = rows.map(|(q, (a, reached))| (libm::exp(a + reached) - libm::exp(*q)).abs()).sum();
            converged = violation <= TOLERANCE;
            if converged {
                break;
            }
        }
        (log_p.into_iter().map(libm::exp).collect(), converged)
    }
}

impl Flow for Jko {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            if self.potential.is_empty() {
                self.potential = oracle.potential(&self.grid.centres());
            }
            let log_q: Vec<f64> = self.shares.iter().map(|share| libm::log(*share)).collect();
            let (shares, converged) = self.scale(&log_q);
            let total: f64 = shares.iter().sum();
            if !(total > 0.0 && total.is_finite()) {
                // Nowhere is the potential a number.
                oracle.report(Notice::LeftDomain);
                return;
            }
            if !converged {
                oracle.report(Notice::Inexact);
            }
            let goals = self.blur.means(&self.log_b);
            let own = if self.debias { self.blur.means(&self.blur.self_scaling(&log_q)) } else { self.grid.centres() };
            for x in cloud.iter_mut() {
                for (cell, weight) in self.grid.around(*x) {
                    let (goal, own) = (goals[cell], own[cell]);
                    *x = [x[0] + weight * (goal[0] - own[0]), x[1] + weight * (goal[1] - own[1])];
                }
            }
            self.shares = shares.iter().map(|share| share / total).collect();
        })
    }

    fn time_step(&self) -> f64 {
        self.tau
    }

    fn energy(&self, _: &[Point], oracle: &mut dyn ParticleOracle) -> Option<f64> {
        let asked = if self.potential.is_empty() { oracle.potential(&self.grid.centres()) } else { Vec::new() };
        let potential = if self.potential.is_empty() { &asked } else { &self.potential };
        let [dx, dy] = self.grid.spacing();
        let term = |(p, u): (&f64, &f64)| if *p > 0.0 { p * (u + libm::log(p / (dx * dy))) } else { 0.0 };
        Some(self.shares.iter().zip(potential).map(term).sum())
    }

    fn density(&self) -> Option<(usize, &[f64])> {
        Some((self.grid.side, &self.shares))
    }

    fn memory(&self) -> usize {
        self.shares.len() + self.log_b.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, normal_cloud, setting, walk};
    use super::*;
    use crate::measures::Gaussian;
    use nalgebra::{Matrix2, Vector2};

    fn bowl([x, y]: Point) -> (f64, Point) {
        (0.5 * (x * x + 4.0 * y * y), [x, 4.0 * y])
    }

    fn built(knobs: &[(&str, f64)], start: &[Point]) -> Jko {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        Jko::new(&values, &setting(start))
    }

    /// Mean and covariance of the density.
    fn moments(flow: &Jko) -> Gaussian {
        let centres = flow.grid.centres();
        let all = || flow.shares.iter().zip(&centres).map(|(p, x)| (*p, Vector2::from(*x)));
        let mean: Vector2<f64> = all().map(|(p, x)| x * p).sum();
        let covariance: Matrix2<f64> = all().map(|(p, x)| (x - mean) * (x - mean).transpose() * p).sum();
        Gaussian { mean, covariance }
    }

    #[test]
    fn the_free_energy_falls_to_its_least() {
        let mut cloud = normal_cloud(200, [1.5, 1.0], 0.5);
        let (mut flow, mut oracle) = (built(&[], &cloud), Simple::new(bowl));
        let mut before = flow.energy(&cloud, &mut oracle).expect("a density");
        for step in 0..80 {
            walk(&mut flow, &mut cloud, &mut oracle, 1);
            let now = flow.energy(&cloud, &mut oracle).expect("a density");
            // The last millionth is where the correction by eps is not exact.
            assert!(now < before + 1e-6, "{step}: {now} {before}");
            before = now;
        }
        // -log of the integral of exp(-U), which is 2 pi / 2.
        let least = -std::f64::consts::PI.ln();
        assert!((before - least).abs() < 0.01 && oracle.notices.is_empty());
        assert!((flow.density().expect("a density").1.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn density_and_particles_settle_at_the_law() {
        let mut cloud = normal_cloud(400, [1.5, 1.0], 0.5);
        let (mut flow, mut oracle) = (built(&[], &cloud), Simple::new(bowl));
        walk(&mut flow, &mut cloud, &mut oracle, 80);
        let (density, particles) = (moments(&flow), Gaussian::of_points(&cloud));
        let law = Matrix2::new(1.0, 0.0, 0.0, 0.25);
        assert!(density.mean.norm() < 0.01 && particles.mean.norm() < 0.02);
        // The correction leaves terms of eps^2; the particles started at moments that are off by a tenth.
        assert!((density.covariance - law).amax() < 0.05, "{density:?}");
        assert!((particles.covariance - law).amax() < 0.1, "{particles:?}");
    }

    #[test]
    fn without_correction_the_law_is_hotter_by_half_of_eps_over_tau() {
        let mut cloud = normal_cloud(200, [0.5, 0.0], 0.5);
        let mut flow = built(&[("debias", 0.0)], &cloud);
        walk(&mut flow, &mut cloud, &mut Simple::new(bowl), 100);
        let found = moments(&flow).covariance;
        assert!((found.m11 - 1.25).abs() < 0.06, "{found}");
    }

    #[test]
    fn a_step_follows_the_normal_law() {
        // For U = 0.5 |x|^2 the scheme keeps normal laws normal: the mean goes m / (1 + tau), without entropy in the
        // way.
        let mut cloud = normal_cloud(4000, [1.0, -1.0], 0.6);
        let mut flow = built(&[("grid", 48.0), ("eps", 0.03)], &cloud);
        let start = moments(&flow);
        walk(&mut flow, &mut cloud, &mut Simple::new(|[x, y]| (0.5 * (x * x + y * y), [x, y])), 1);
        let end = moments(&flow);
        assert!((end.mean * 1.1 - start.mean).norm() < 0.01, "{end:?}");
        assert!((Gaussian::of_points(&cloud).mean - end.mean).norm() < 0.01);
    }

    #[test]
    fn edges_stay_finite() {
        let wall = |[x, y]: Point| (if x > 0.0 { f64::INFINITY } else { 300.0 * (x + y) }, [0.0; 2]);
        for knobs in [&[("eps", 0.001)][..], &[("lr", 1e3)], &[("lr", 1e-4), ("grid", 8.0)], &[("eps", 1e3)]] {
            let mut cloud = normal_cloud(30, [1.0, 0.0], 1.0);
            let mut flow = built(knobs, &cloud);
            walk(&mut flow, &mut cloud, &mut Simple::new(wall), 3);
            assert!(
                flow.shares.iter().all(|p| p.is_finite()) && cloud.iter().flatten().all(|x| x.is_finite()),
                "{knobs:?}"
            );
        }
        let (mut cloud, mut oracle) = (vec![[1.0, 1.0]], Simple::new(|_| (f64::NAN, [0.0; 2])));
        walk(&mut built(&[], &cloud), &mut cloud, &mut oracle, 1);
        assert_eq!((cloud, oracle.notices), (vec![[1.0, 1.0]], vec![Notice::LeftDomain]));
    }
}
