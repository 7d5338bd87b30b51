//! Zero-sum games between two laws on the circle of length one: how far a pair of laws is from equilibrium, and the flow of
//! the two densities on a grid.

use super::Point;
use std::sync::Arc;

/// A zero-sum game of two laws on the circle of length one: `payoff` K(x, y), its derivative by x and that by y. The law of x
/// wants it low, that of y high. A particle of a cloud is a pair (x, y).
#[derive(Clone, Copy, Debug)]
pub struct Game {
    /// K(x, y).
    pub payoff: fn(f64, f64) -> f64,
    /// Its gradient.
    pub gradient: fn(f64, f64) -> Point,
}

/// Points of the grid on which laws of the circle are compared.
pub const GRID: usize = 256;

/// The two players.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Player {
    /// The law of x, which wants the payoff low.
    Descent,
    /// The law of y, which wants it high.
    Ascent,
}

/// A game on a grid of each circle, with a law of x and a law of y there: shares of the mass that sum to one.
///
/// The regularised payoff of laws mu and nu at a temperature t is E(mu, nu) = INT K dmu dnu - t (H(mu) - H(nu)) with the
/// entropy H(p) = -INT p log p: both players want to be spread out.
#[derive(Clone, Debug)]
pub struct GameGrid {
    /// K at the grid's points, row by row: a row for each x.
    payoff: Arc<[f64]>,
    /// The law of x.
    pub mu: Vec<f64>,
    /// The law of y.
    pub nu: Vec<f64>,
}

impl GameGrid {
    /// The game on [`GRID`] points of each circle with two laws.
    pub fn new(game: &Game, mu: Vec<f64>, nu: Vec<f64>) -> Self {
        assert!(mu.len() == GRID && nu.len() == GRID, "one share of the mass for each point of the grid");
        let at = |i: usize| i as f64 / GRID as f64;
        let payoff = (0..GRID * GRID).map(|k| (game.payoff)(at(k / GRID), at(k % GRID))).collect();
        Self { payoff, mu, nu }
    }

    /// The same game with other laws.
    pub fn with(&self, mu: Vec<f64>, nu: Vec<f64>) -> Self {
        assert!(mu.len() == GRID && nu.len() == GRID, "one share of the mass for each point of the grid");
        Self { payoff: self.payoff.clone(), mu, nu }
    }

    /// What a player's place costs that player against the other's law: INT K(x, .) dnu, or -INT K(., y) dmu.
    pub fn cost(&self, player: Player) -> Vec<f64> {
        match player {
            Player::Descent => {
                let row = |row: &[f64]| row.iter().zip(&self.nu).map(|(k, share)| k * share).sum();
                self.payoff.chunks_exact(GRID).map(row).collect()
            }
            Player::Ascent => {
                let mut cost = vec![0.0; GRID];
                for (row, share) in self.payoff.chunks_exact(GRID).zip(&self.mu) {
                    cost.iter_mut().zip(row).for_each(|(cost, k)| *cost -= k * share);
                }
                cost
            }
        }
    }

    /// The law with which a player answers the other's best: proportional to exp(-cost / temperature).
    pub fn best_response(&self, player: Player, temperature: f64) -> Vec<f64> {
        let cost = self.cost(player);
        let least = cost.iter().copied().fold(f64::INFINITY, f64::min);
        let weights: Vec<f64> = cost.iter().map(|c| gibbs(c - least, temperature)).collect();
        let total: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / total).collect()
    }

    /// The Nash gap max_nu' E(mu, nu') - min_mu' E(mu', nu): what the two players together can gain by the best change of
    /// their own law alone. Not negative, and zero in equilibrium only.
    ///
    /// In closed form, since the best answers are Gibbs laws: t times the sum of log INT exp(INT K dmu / t),
    /// log INT exp(-INT K dnu / t), -H(mu) and -H(nu), with the sums of exponentials taken in the logarithm. At temperature 0
    /// it is the largest of INT K(., y) dmu less the least of INT K(x, .) dnu.
    ///
    /// Lu 2022, "Two-scale gradient descent ascent dynamics finds mixed Nash equilibria of continuous games", where it is
    /// called NI.
    pub fn nash_gap(&self, temperature: f64) -> f64 {
        let half = |player, law: &[f64]| {
            let cost = self.cost(player);
            let least = cost.iter().copied().fold(f64::INFINITY, f64::min);
            if temperature == 0.0 {
                return -least;
            }
            let mean = cost.iter().map(|c| gibbs(c - least, temperature)).sum::<f64>() / GRID as f64;
            temperature * (libm::log(mean) - entropy(law)) - least
        };
        half(Player::Descent, &self.mu) + half(Player::Ascent, &self.nu)
    }

    /// Moves both laws by the time `dt` of the flow d_s mu = div(mu grad V) + t Lap mu with V = INT K dnu, and the same for
    /// nu, `ratio` times as fast, with V = -INT K dmu. Both see the other's law of before.
    ///
    /// Implicit in the density and explicit in V, with the fluxes of Scharfetter and Gummel 1969 (those of Chang and Cooper
    /// 1970 for a potential): the laws stay positive, keep their mass for any `dt`, and where V is at rest the flow rests at
    /// the Gibbs law of the grid exactly.
    pub fn step(&mut self, dt: f64, temperature: f64, ratio: f64) {
        let [of_mu, of_nu] = [Player::Descent, Player::Ascent].map(|player| self.cost(player));
        diffuse(&mut self.mu, &of_mu, dt, temperature);
        diffuse(&mut self.nu, &of_nu, ratio * dt, temperature);
    }
}

/// exp(-cost / temperature) of a cost that is not negative; at temperature 0, whether it is zero.
fn gibbs(cost: f64, temperature: f64) -> f64 {
    if temperature == 0.0 { f64::from(u8::from(cost == 0.0)) } else { libm::exp(-cost / temperature) }
}

/// The entropy of a law on the grid, as a density on the circle of length one: zero when even, else negative.
fn entropy(law: &[f64]) -> f64 {
    let n = law.len() as f64;
    -law.iter().filter(|share| **share > 0.0).map(|share| share * libm::log(share * n)).sum::<f64>()
}

/// The share of the mass at each point of the grid for particles on the circle, each spread as a normal law of deviation
/// `bandwidth`, a length below one. Where that is less than half the grid's distance, a particle is shared by its two
/// neighbours on the grid instead. Even for no particles.
pub fn smoothed(places: impl IntoIterator<Item = f64>, bandwidth: f64) -> Vec<f64> {
    let mut law = vec![0.0; GRID];
    let width = bandwidth * GRID as f64;
    let reach = (6.0 * width).ceil() as i64 + 1;
    for place in places {
        let at = (place - libm::floor(place)) * GRID as f64;
        let mut add = |k: i64, share: f64| law[k.rem_euclid(GRID as i64) as usize] += share;
        if width < 0.5 {
            let left = libm::floor(at);
            add(left as i64, 1.0 - (at - left));
            add(left as i64 + 1, at - left);
            continue;
        }
        let middle = libm::round(at) as i64;
        let weight = |k: i64| libm::exp(-0.5 * ((k as f64 - at) / width).powi(2));
        // Scaled by their own sum, so that every particle has the same mass.
        let total: f64 = (middle - reach..=middle + reach).map(weight).sum();
        (middle - reach..=middle + reach).for_each(|k| add(k, weight(k) / total));
    }
    let total: f64 = law.iter().sum();
    if total == 0.0 {
        return vec![1.0 / GRID as f64; GRID];
    }
    law.into_iter().map(|share| share / total).collect()
}

/// One implicit step of d_s p = div(p grad V) + t Lap p on the circle.
fn diffuse(law: &mut [f64], cost: &[f64], dt: f64, temperature: f64) {
    let n = law.len();
    // Flux from i to i + 1 times the grid's distance: B(V_{i+1} - V_i) p_i - B(V_i - V_{i+1}) p_{i+1}.
    let scale = dt * (n * n) as f64;
    let ahead: Vec<f64> = (0..n).map(|i| scale * rate(cost[(i + 1) % n] - cost[i], temperature)).collect();
    let back: Vec<f64> = (0..n).map(|i| scale * rate(cost[i] - cost[(i + 1) % n], temperature)).collect();
    // Row i: -ahead_{i-1} p_{i-1} + (1 + ahead_i + back_{i-1}) p_i - back_i p_{i+1} = old p_i, around the circle.
    let before = |i: usize| (i + n - 1) % n;
    let diagonal: Vec<f64> = (0..n).map(|i| 1.0 + ahead[i] + back[before(i)]).collect();
    let below: Vec<f64> = (0..n).map(|i| -ahead[before(i)]).collect();
    let above: Vec<f64> = (0..n).map(|i| -back[i]).collect();
    solve_cyclic(&below, &diagonal, &above, law);
    // The columns of the matrix sum to one, so that the mass is kept; rounding is taken out.
    let total: f64 = law.iter().sum();
    law.iter_mut().for_each(|share| *share /= total);
}

/// t B(d / t) with Bernoulli's function B(z) = z / (e^z - 1); at temperature 0 the drop of the potential.
fn rate(rise: f64, temperature: f64) -> f64 {
    if temperature == 0.0 {
        (-rise).max(0.0)
    } else if rise == 0.0 {
        temperature
    } else {
        rise / libm::expm1(rise / temperature)
    }
}

/// Solves a system in which every unknown is tied to its two neighbours on a circle of at least three: of row i the
/// coefficients below_i, diagonal_i and above_i. `x` is the right side, and then the solution. By the rule of Sherman and
/// Morrison on two systems without the corners; the matrix is diagonally dominant by columns, which elimination preserves.
fn solve_cyclic(below: &[f64], diagonal: &[f64], above: &[f64], x: &mut [f64]) {
    let n = x.len();
    let (corner_up, corner_down) = (below[0], above[n - 1]);
    // The matrix is T + u v^T with u = (g, 0, ..., corner_down) and v = (1, 0, ..., corner_up / g).
    let g = -diagonal[0];
    let mut middle = diagonal.to_vec();
    middle[0] -= g;
    middle[n - 1] -= corner_down * corner_up / g;
    let mut u = vec![0.0; n];
    u[0] = g;
    u[n - 1] = corner_down;
    for right in [&mut *x, &mut u] {
        let mut factors = vec![0.0; n];
        let mut pivot = middle[0];
        right[0] /= pivot;
        for i in 1..n {
            factors[i] = above[i - 1] / pivot;
            pivot = middle[i] - below[i] * factors[i];
            right[i] = (right[i] - below[i] * right[i - 1]) / pivot;
        }
        for i in (0..n - 1).rev() {
            right[i] -= factors[i + 1] * right[i + 1];
        }
    }
    let v = corner_up / g;
    let share = (x[0] + v * x[n - 1]) / (1.0 + u[0] + v * u[n - 1]);
    x.iter_mut().zip(&u).for_each(|(x, u)| *x -= share * u);
}

/// A game for tests, neither convex in x nor concave in y: cos 2 pi (x - y) + cos(4 pi x) sin(2 pi y) / 2.
#[cfg(test)]
pub(crate) fn waves() -> Game {
    use std::f64::consts::TAU;
    Game {
        payoff: |x, y| libm::cos(TAU * (x - y)) + 0.5 * libm::cos(2.0 * TAU * x) * libm::sin(TAU * y),
        gradient: |x, y| {
            let turn = TAU * libm::sin(TAU * (x - y));
            [
                -turn - TAU * libm::sin(2.0 * TAU * x) * libm::sin(TAU * y),
                turn + 0.5 * TAU * libm::cos(2.0 * TAU * x) * libm::cos(TAU * y),
            ]
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// Laws with one hump each.
    fn humps() -> GameGrid {
        GameGrid::new(&waves(), smoothed([0.2], 0.15), smoothed([0.6], 0.1))
    }

    #[test]
    fn the_gap_decays_exponentially_on_two_scales() {
        for (ratio, dt) in [(10.0, 2e-4), (0.1, 2e-3)] {
            let mut grid = humps();
            let mut gaps = vec![grid.nash_gap(0.2)];
            for _ in 0..6 {
                (0..250).for_each(|_| grid.step(dt, 0.2, ratio));
                gaps.push(grid.nash_gap(0.2));
                assert!(grid.mu.iter().chain(&grid.nu).all(|share| *share > 0.0));
            }
            // By a factor of 4 at least in every time of 0.05 (ratio 10; measured 4 to 8) or 0.5, down to rounding.
            assert!(gaps.windows(2).all(|pair| pair[1] < (pair[0] / 4.0).max(1e-13)), "{ratio}: {gaps:?}");
            for law in [&grid.mu, &grid.nu] {
                assert!((law.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn the_gap_is_that_of_its_definition() {
        // Against E itself: its change to the best answers, which are Gibbs laws.
        let grid = humps();
        let t = 0.3;
        let value = |grid: &GameGrid| {
            let paid: f64 = grid.cost(Player::Descent).iter().zip(&grid.mu).map(|(cost, share)| cost * share).sum();
            paid - t * (entropy(&grid.mu) - entropy(&grid.nu))
        };
        let up = grid.with(grid.mu.clone(), grid.best_response(Player::Ascent, t));
        let down = grid.with(grid.best_response(Player::Descent, t), grid.nu.clone());
        // Rounding of sums of numbers of order one.
        assert!((value(&up) - value(&down) - grid.nash_gap(t)).abs() < 1e-13);
        // As the temperature falls the gap becomes that of the game without entropies.
        assert!((grid.nash_gap(1e-6) - grid.nash_gap(0.0)).abs() < 1e-4);
    }

    #[test]
    fn at_rest_the_law_is_gibbs_and_without_temperature_mass_runs_downhill() {
        let cost: Vec<f64> = (0..GRID).map(|i| libm::cos(TAU * i as f64 / GRID as f64)).collect();
        let gibbs: Vec<f64> = cost.iter().map(|c| libm::exp(-c / 0.2)).collect();
        let total: f64 = gibbs.iter().sum();
        let mut law = smoothed([0.1], 0.05);
        // Steps far longer than the time of relaxation lead to rest; solving loses what the matrix's condition, 1e5, lets
        // it.
        (0..20).for_each(|_| diffuse(&mut law, &cost, 1.0, 0.2));
        assert!(law.iter().zip(&gibbs).all(|(p, q)| (p - q / total).abs() < 1e-8));
        let mut cold = smoothed([0.1], 0.05);
        (0..2000).for_each(|_| diffuse(&mut cold, &cost, 1e-3, 0.0));
        assert!(cold[GRID / 2 - 2..=GRID / 2 + 2].iter().sum::<f64>() > 0.99);
    }

    #[test]
    fn particles_become_laws() {
        let law = smoothed([0.999, 0.25], 0.03);
        assert!((law.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        // A quarter of a grid's distance to the left of zero: around zero nearly even.
        assert!((law[1] / law[GRID - 1] - 1.0).abs() < 0.05 && law[GRID / 4] > 0.02);
        let narrow = smoothed([0.5 / GRID as f64], 0.0);
        assert_eq!((narrow[0], narrow[1]), (0.5, 0.5));
        assert_eq!(smoothed([], 0.1)[7], 1.0 / GRID as f64);
    }
}
