//! Philox4x32-10: random bits as a pure function of a counter and a key.
//!
//! Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3". A draw is named by (seed, run, step,
//! slot), so that two optimizers of one experiment see the same noise, and "the same sample at two points" is asking
//! again with the same name.

use super::Real;

/// What the first and the third word of the counter are multiplied by in a round.
pub const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// What the words of the key grow by after a round.
pub const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// Rounds of Philox4x32-10.
pub const ROUNDS: usize = 10;

/// Four random words for a counter of four words and a key of two: ten rounds of Philox.
pub fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let first = u64::from(MULTIPLIERS[0]) * u64::from(counter[0]);
        let second = u64::from(MULTIPLIERS[1]) * u64::from(counter[2]);
        counter = [
            (second >> 32) as u32 ^ counter[1] ^ key[0],
            second as u32,
            (first >> 32) as u32 ^ counter[3] ^ key[1],
            first as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// Two independent numbers uniform on (0, 1), multiples of 2^-53 shifted by half a step, so neither end is reached.
pub fn uniform_pair(seed: u64, run: u32, step: u32, slot: u32) -> [f64; 2] {
    let words = philox4x32([step, slot, run, 0], [seed as u32, (seed >> 32) as u32]);
    let unit = |high: u32, low: u32| {
        let bits = (u64::from(high) << 21) ^ (u64::from(low) >> 11);
        (bits as f64 + 0.5) * (1.0 / (1u64 << 53) as f64)
    };
    [unit(words[0], words[1]), unit(words[2], words[3])]
}

/// The same two numbers to the 23 bits after the point that single precision holds exactly, shifted by half a step.
pub fn uniform_pair_single(seed: u64, run: u32, step: u32, slot: u32) -> [f32; 2] {
    let words = philox4x32([step, slot, run, 0], [seed as u32, (seed >> 32) as u32]);
    [words[0], words[2]].map(|word| ((word >> 9) as f32 + 0.5) * (1.0 / (1u32 << 23) as f32))
}

/// Two independent standard normal numbers, by the transform of Box and Muller 1958.
#[inline]
pub fn normal_pair(seed: u64, run: u32, step: u32, slot: u32) -> [f64; 2] {
    box_muller(uniform_pair(seed, run, step, slot))
}

/// Two independent standard normal numbers from two uniform on (0, 1): Box and Muller 1958, "A note on the generation
/// of random normal deviates", equation 1.
#[inline]
pub fn box_muller<R: Real>([u, v]: [R; 2]) -> [R; 2] {
    let radius = (R::from_f64(-2.0) * u.ln()).sqrt();
    let angle = R::from_f64(std::f64::consts::TAU) * v;
    [radius * angle.cos(), radius * angle.sin()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_of_random123() {
        // kat_vectors of the Random123 distribution, philox4x32 10 rounds.
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox4x32([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn single_precision_sees_the_upper_bits() {
        for step in 0..1000 {
            let (double, single) = (uniform_pair(3, 1, step, 2), uniform_pair_single(3, 1, step, 2));
            for (u, v) in double.into_iter().zip(single) {
                assert!(v > 0.0 && v < 1.0 && (u - f64::from(v)).abs() <= 1.0 / f64::from(1 << 24), "{u} and {v}");
            }
        }
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let n = 20_000;
        let draws: Vec<f64> = (0..n).flat_map(|i| normal_pair(7, 0, i, 0)).collect();
        let count = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / count;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / count;
        // Four standard errors of the mean and of the variance for 40,000 draws: 0.02 and 0.0283.
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.0283, "{variance}");
    }
}
