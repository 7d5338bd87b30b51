//! Gradient information optimization: choosing those points of a pool that tell most about a law.

use super::{Flow, FlowBuild, Later, Needs, Notice, ParticleOracle, Setting};
use crate::measures::{Point, mean, squared_distance};
use crate::optimizers::knob::count;
use crate::optimizers::{Entry, Family, Knob, Knobs, Paper, Scalars};
use crate::scalar::uniform_pair;
use std::sync::Arc;

/// The registry's line.
pub const ENTRY: Entry = Entry {
    id: "gio",
    title: "GIO",
    family: Family::Flow,
    paper: Paper {
        authors: "Everaert, Potts",
        title: "GIO: gradient information optimization for training dataset selection",
        year: 2023,
        reference: "arXiv:2306.11670",
    },
    summary: "the start is a pool of points; takes those nearest to where one more point would be worth most",
    knobs: &[
        Knob::lr(0.01),
        Knob::whole("seeds", "w₀", 20.0, (1.0, 400.0), "points of the pool that are chosen at random to begin with"),
        Knob::whole(
            "descent",
            "m",
            50.0,
            (1.0, 500.0),
            "gradient steps of the free point before it is exchanged for one of the pool; three times as many at first",
        ),
        Knob::whole(
            "from",
            "v₀",
            0.0,
            (0.0, 2.0),
            "the free point starts at the mean of the target (0), where it was (1), at a random target point (2)",
        ),
    ],
    scalars: Scalars::Flow(FlowBuild {
        needs: Needs::Samples,
        gauge: "points chosen",
        seen: None,
        build: |knobs, setting| Box::new(Gio::new(knobs, setting)),
    }),
};

/// Gradient information optimization, for a target X of n points, a pool, and the points W that are chosen from it:
/// ```text
/// D(X | W) = mean over x in X and w in W of d log |x - w| - mean over x of d log r_k(x)
///            + mean over j = 1 .. |W| of log(k |W| / (j (n - 1)))                 d = 2, k = 5
/// v <- v - lr s grad_v D(X | W + v)      descent times,  s = spread / |grad| at the first of them
/// W <- W + the point of the pool nearest to v
/// ```
/// `D`: the estimate of KL(X | W) by nearest neighbours, averaged over all neighbours in W; `r_k(x)`: the distance from x to
/// its k-th neighbour in X. A step chooses one point; the cloud is W, the landmark v, the energy D(X | W). The method ends
/// before the choice that would raise D, and where the pool is empty; then nothing changes. `spread`: root of the mean
/// squared distance of X from its mean, so that `lr` is a share of the target's size. The first W are `seeds` points of
/// the pool at random. Distances below a millionth of the spread count as that, since D has a pole at every point of X: with X in
/// one point the spread is a hundredth of the window's diagonal.
///
/// Everaert, Potts 2023, algorithm 1 with the estimator of Wang, Kulkarni, Verdú 2009 (nearest neighbours, averaged). Departs
/// from it by the scale s, which there is |v| / |grad| and depends on where the origin is, and by doing without the clusters
/// that make large sets small.
struct Gio {
    lr: f64,
    seeds: usize,
    descent: usize,
    from: usize,
    seed: u64,
    target: Arc<[Point]>,
    /// Root of the mean squared distance of the target from its mean.
    spread: f64,
    /// The part of D that does not depend on what is chosen.
    own: f64,
    pool: Vec<Point>,
    chosen: Vec<Point>,
    v: Point,
    /// D(X | W), once something is chosen.
    divergence: Option<f64>,
    ended: bool,
    /// The target is one point, and that has not been said yet.
    fell_back: bool,
}

/// The neighbour in the target whose distance tells its density.
const NEIGHBOUR: usize = 5;
/// Descent is so much longer before the first choice.
const FIRST: usize = 3;
/// Slots of the draws before the first step.
const SHUFFLE: u32 = 0x4000_0030;
const PLACE: u32 = 0x4000_0031;

impl Gio {
    fn new(knobs: &Knobs<f64>, setting: &Setting) -> Self {
        let target: Arc<[Point]> = setting.samples.clone().unwrap_or_default();
        let middle = mean(&target);
        let squares: f64 = target.iter().map(|x| squared_distance(*x, middle)).sum();
        let mut spread = (squares / target.len().max(1) as f64).sqrt();
        let fell_back = spread == 0.0;
        if fell_back {
            spread = setting.diagonal() / 100.0;
        }
        let mut gio = Self {
            lr: knobs.get("lr"),
            seeds: count(knobs, "seeds"),
            descent: count(knobs, "descent"),
            from: count(knobs, "from"),
            seed: setting.seed,
            spread,
            own: 0.0,
            pool: Vec::new(),
            chosen: Vec::new(),
            v: middle,
            divergence: None,
            ended: false,
            fell_back,
            target,
        };
        gio.own = gio.mean_log_radius();
        gio
    }

    /// log |x - w|, or of the least distance that counts.
    fn log_distance(&self, x: Point, w: Point) -> f64 {
        0.5 * libm::log(squared_distance(x, w).max(self.nearest_squared()))
    }

    fn nearest_squared(&self) -> f64 {
        (1e-6 * self.spread).powi(2)
    }

    /// The mean of log r_k over the target; with k + 1 points or fewer, of the farthest neighbour.
    fn mean_log_radius(&self) -> f64 {
        let least = self.nearest_squared();
        let log_radius = |x: &Point| {
            let mut squares: Vec<f64> = self.target.iter().map(|y| squared_distance(*x, *y)).collect();
            let place = NEIGHBOUR.min(squares.len() - 1);
            0.5 * libm::log(squares.select_nth_unstable_by(place, f64::total_cmp).1.max(least))
        };
        self.target.iter().map(log_radius).sum::<f64>() / self.target.len().max(1) as f64
    }

    /// D of the target given `chosen`.
    fn divergence(&self, chosen: &[Point]) -> f64 {
        let (n, m) = (self.target.len(), chosen.len());
        let logs = self.target.iter().flat_map(|x| chosen.iter().map(|w| self.log_distance(*x, *w)));
        let mean_log = logs.sum::<f64>() / (n * m).max(1) as f64;
        let count = (NEIGHBOUR * m) as f64 / (n.max(2) - 1) as f64;
        let ranks = (1..=m).map(|j| libm::log(count / j as f64)).sum::<f64>() / m.max(1) as f64;
        2.0 * (mean_log - self.own) + ranks
    }

    /// The gradient of D(X | W + v) by v.
    fn gradient(&self, v: Point) -> Point {
        let mut sum = [0.0; 2];
        for x in self.target.iter() {
            let weight = 1.0 / squared_distance(v, *x).max(self.nearest_squared());
            sum = [0, 1].map(|k| sum[k] + weight * (v[k] - x[k]));
        }
        sum.map(|c| 2.0 * c / (self.target.len().max(1) * (self.chosen.len() + 1)) as f64)
    }

    /// The pool is what the particles are at the start; the first choice is made at random.
    fn begin(&mut self, cloud: &[Point]) {
        self.pool = cloud.to_vec();
        for i in 0..self.seeds.min(self.pool.len()) as u32 {
            let [share, _] = uniform_pair(self.seed, i, 0, SHUFFLE);
            let place = (share * self.pool.len() as f64) as usize;
            self.chosen.push(self.pool.swap_remove(place.min(self.pool.len() - 1)));
        }
        self.divergence = Some(self.divergence(&self.chosen));
    }

    /// Moves v down D(X | W + v).
    fn descend(&mut self, first: bool, step: u32) {
        match self.from {
            1 => {}
            2 => {
                let [share, _] = uniform_pair(self.seed, step, 0, PLACE);
                let place = (share * self.target.len() as f64) as usize;
                self.v = self.target[place.min(self.target.len() - 1)];
            }
            _ => self.v = mean(&self.target),
        }
        let length = |g: Point| libm::hypot(g[0], g[1]);
        let mut scale = None;
        for _ in 0..if first { FIRST * self.descent } else { self.descent } {
            let g = self.gradient(self.v);
            // Where the gradient vanishes, as in the middle of a symmetric target, v stays.
            let scale = *scale.get_or_insert(if length(g) > 0.0 { self.spread / length(g) } else { 0.0 });
            let moved = [0, 1].map(|k| self.v[k] - self.lr * scale * g[k]);
            // A step from very near a point of X would throw v out of the plane.
            if !moved.iter().zip(self.v).all(|(to, from)| (to - from).abs() <= self.spread) {
                return;
            }
            self.v = moved;
        }
    }

    /// Takes the point of the pool nearest to v, unless that raises D.
    fn choose(&mut self) {
        let nearer = |i: &usize, j: &usize| {
            squared_distance(self.pool[*i], self.v).total_cmp(&squared_distance(self.pool[*j], self.v))
        };
        let Some(place) = (0..self.pool.len()).min_by(nearer) else {
            self.ended = true;
            return;
        };
        self.chosen.push(self.pool[place]);
        let divergence = self.divergence(&self.chosen);
        if self.divergence.is_some_and(|before| divergence > before) {
            self.chosen.pop();
            self.ended = true;
            return;
        }
        self.pool.swap_remove(place);
        self.divergence = Some(divergence);
    }
}

impl Flow for Gio {
    fn step<'a>(&'a mut self, cloud: &'a mut Vec<Point>, oracle: &'a mut dyn ParticleOracle) -> Later<'a, ()> {
        Box::pin(async move {
            if std::mem::take(&mut self.fell_back) {
                oracle.report(Notice::Samples);
            }
            if self.ended || self.target.is_empty() {
                return;
            }
            let first = self.divergence.is_none();
            if first {
                self.begin(cloud);
            }
            self.descend(first, self.chosen.len() as u32);
            self.choose();
            cloud.clone_from(&self.chosen);
        })
    }

    fn time_step(&self) -> f64 {
        1.0
    }

    fn energy(&self, _: &[Point], _: &mut dyn ParticleOracle) -> Option<f64> {
        Some(self.divergence.unwrap_or(f64::NAN))
    }

    fn gauge(&self) -> Option<f64> {
        self.divergence.map(|_| self.chosen.len() as f64)
    }

    fn landmark(&self) -> Option<Point> {
        self.divergence.map(|_| self.v)
    }

    fn memory(&self) -> usize {
        2 * (self.pool.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Simple, normal_cloud, setting, walk};
    use super::*;

    fn built(knobs: &[(&str, f64)], pool: &[Point], target: &[Point]) -> Gio {
        let mut values = ENTRY.defaults();
        knobs.iter().for_each(|(id, value)| assert!(values.set(id, *value)));
        Gio::new(&values, &Setting { samples: Some(target.into()), ..setting(pool) })
    }

    #[test]
    fn the_estimate_is_as_the_formula_says() {
        // Seven points at whole places of a line, two chosen: by hand.
        let target: Vec<Point> = (0..7).map(|i| [f64::from(i), 0.0]).collect();
        let gio = built(&[], &[], &target);
        let chosen = [[0.0, 3.0], [6.0, -2.0]];
        let logs: f64 = target.iter().flat_map(|x| chosen.map(|w| (x[0] - w[0]).hypot(x[1] - w[1]).ln())).sum();
        // Distances to the fifth neighbours: 5, 4, 3, 3, 3, 4, 5.
        let own = [5.0_f64, 4.0, 3.0, 3.0, 3.0, 4.0, 5.0].map(f64::ln).iter().sum::<f64>() / 7.0;
        let ranks = ((10.0_f64 / 6.0).ln() + (5.0_f64 / 6.0).ln()) / 2.0;
        assert!((gio.divergence(&chosen) - (2.0 * (logs / 14.0 - own) + ranks)).abs() < 1e-14);
    }

    #[test]
    fn the_gradient_is_that_of_the_estimate() {
        let target = normal_cloud(40, [1.0, 0.0], 1.0);
        let mut gio = built(&[], &[], &target);
        gio.chosen = normal_cloud(9, [0.0, 1.0], 2.0);
        let at = |v: Point| gio.divergence(&[&gio.chosen[..], &[v]].concat());
        let (v, h) = ([0.4, -0.3], 1e-6);
        let g = gio.gradient(v);
        let difference = [
            (at([v[0] + h, v[1]]) - at([v[0] - h, v[1]])) / (2.0 * h),
            (at([v[0], v[1] + h]) - at([v[0], v[1] - h])) / (2.0 * h),
        ];
        assert!((0..2).all(|k| (g[k] - difference[k]).abs() < 1e-8), "{g:?} {difference:?}");
    }

    #[test]
    fn what_is_chosen_comes_from_the_pool_and_lowers_the_estimate() {
        let target = normal_cloud(100, [2.0, 0.0], 0.4);
        let pool = [normal_cloud(100, [2.0, 0.0], 0.4), normal_cloud(100, [-2.0, 0.0], 0.4)].concat();
        let mut gio = built(&[("seeds", 10.0)], &pool, &target);
        let (mut cloud, mut oracle) = (pool.clone(), Simple::new(|_| (0.0, [0.0; 2])));
        let mut before = f64::INFINITY;
        for step in 1..=20 {
            walk(&mut gio, &mut cloud, &mut oracle, 1);
            assert_eq!(cloud.len(), 10 + step);
            assert!(cloud.iter().all(|x| pool.contains(x)));
            let now = gio.divergence.expect("something is chosen");
            assert!(now <= before);
            before = now;
        }
        // All that was not chosen at random lies in the target's cluster.
        assert!(cloud[10..].iter().all(|x| x[0] > 0.0));
    }

    #[test]
    fn odd_input_is_survived() {
        for (pool, target) in [
            (vec![[0.0; 2]; 3], vec![[1.0, 1.0]; 4]),
            (vec![[0.5, 0.5]], vec![[0.5, 0.5]]),
            (normal_cloud(5, [0.0; 2], 1.0), Vec::new()),
            (normal_cloud(30, [1e6, 0.0], 1.0), normal_cloud(3, [0.0; 2], 1.0)),
        ] {
            for from in [0.0, 1.0, 2.0] {
                let mut gio = built(&[("from", from), ("lr", 1.0)], &pool, &target);
                let (mut cloud, mut oracle) = (pool.clone(), Simple::new(|_| (0.0, [0.0; 2])));
                walk(&mut gio, &mut cloud, &mut oracle, 40);
                assert!(!cloud.is_empty() && cloud.iter().flatten().all(|x| x.is_finite()));
                assert!(gio.landmark().is_none_or(|v| v.iter().all(|c| c.is_finite())));
                assert!(gio.divergence.is_none_or(f64::is_finite));
            }
        }
    }
}
