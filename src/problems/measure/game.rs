//! The games of the measure lab.

use crate::optimizers::flows::Game;
use std::f64::consts::TAU;

/// K = cos 2 pi (x - y) + 1/2 cos 4 pi x sin 2 pi y: neither convex in x nor concave in y.
pub const RUGGED: Game = Game {
    payoff: |x, y| libm::cos(TAU * (x - y)) + 0.5 * libm::cos(2.0 * TAU * x) * libm::sin(TAU * y),
    gradient: |x, y| {
        let slope = -TAU * libm::sin(TAU * (x - y));
        [
            slope - TAU * libm::sin(2.0 * TAU * x) * libm::sin(TAU * y),
            -slope + 0.5 * TAU * libm::cos(2.0 * TAU * x) * libm::cos(TAU * y),
        ]
    },
};

/// K = cos 2 pi (x - y): one wants to be opposite, the other to be near. Its equilibrium is uniform.
pub const CHASE: Game = Game {
    payoff: |x, y| libm::cos(TAU * (x - y)),
    gradient: |x, y| {
        let slope = -TAU * libm::sin(TAU * (x - y));
        [slope, -slope]
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_agree_with_differences() {
        let h = 1e-6;
        for game in [RUGGED, CHASE] {
            for [x, y] in [[0.1, 0.7], [0.45, 0.2], [0.9, 0.9]] {
                let [dx, dy] = (game.gradient)(x, y);
                let by_x = ((game.payoff)(x + h, y) - (game.payoff)(x - h, y)) / (2.0 * h);
                let by_y = ((game.payoff)(x, y + h) - (game.payoff)(x, y - h)) / (2.0 * h);
                assert!((dx - by_x).abs() < 1e-8 && (dy - by_y).abs() < 1e-8);
            }
        }
    }
}
