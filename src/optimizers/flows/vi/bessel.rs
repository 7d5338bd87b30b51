//! The modified Bessel functions of a ring's density.

/// Where the power series gives way to the expansion at infinity, whose least term is then about exp(-2 k) = 2e-22.
const FAR: f64 = 25.0;
/// Terms of either series at most; of the first the 80th is below 1e-50 of the sum, the second has its least after 50.
const MOST_TERMS: u32 = 80;

/// log(e^-k I0(k)) and I1(k) / I0(k) for k not below zero.
///
/// Abramowitz, Stegun 1964, 9.6.10 up to k = 25 and 9.7.1 beyond; both to rounding.
pub fn log_i0_and_ratio(k: f64) -> (f64, f64) {
    if k <= FAR {
        let (mut term, mut i0, mut i1) = (1.0, 0.0, 0.0);
        for m in 1..=MOST_TERMS {
            let m = f64::from(m);
            i0 += term;
            i1 += term / m;
            term *= 0.25 * k * k / (m * m);
            if term < 1e-18 * i0 {
                break;
            }
        }
        return (libm::log(i0) - k, 0.5 * k * i1 / i0);
    }
    let series = |order: f64| {
        let (mut term, mut sum) = (1.0_f64, 0.0);
        for j in 1..=MOST_TERMS {
            sum += term;
            let [j, odd] = [f64::from(j), f64::from(2 * j - 1)];
            term *= (odd * odd - 4.0 * order * order) / (8.0 * j * k);
            if term.abs() < 1e-18 {
                break;
            }
        }
        sum
    };
    let (i0, i1) = (series(0.0), series(1.0));
    (libm::log(i0) - 0.5 * libm::log(std::f64::consts::TAU * k), i1 / i0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I0(k) = mean of exp(k cos t), I1(k) = mean of cos t exp(k cos t), which equal steps integrate to rounding.
    #[test]
    fn they_are_the_integrals_that_define_them() {
        for k in [0.0, 1e-9, 0.3, 2.0, 11.0, 24.9, 25.1, 60.0, 700.0, 3e4] {
            let steps = 4000;
            let (mut i0, mut i1) = (0.0, 0.0);
            for j in 0..steps {
                let cosine = libm::cos(std::f64::consts::TAU * f64::from(j) / f64::from(steps));
                let weight = libm::exp(k * (cosine - 1.0)) / f64::from(steps);
                i0 += weight;
                i1 += weight * cosine;
            }
            let (log, ratio) = log_i0_and_ratio(k);
            // Rounding of a sum of 4000 terms near one, and of exponents up to 2 k.
            let rounding = 2e-13 + 1e-15 * k;
            assert!((log - libm::log(i0)).abs() < rounding, "{k}: {log} {}", libm::log(i0));
            assert!((ratio - i1 / i0).abs() < rounding, "{k}: {ratio} {}", i1 / i0);
        }
    }
}
