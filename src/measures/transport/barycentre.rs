//! Barycentres of densities on a grid, with entropy.

use super::are_masses;
use super::sinkhorn::{Outcome, Stop};

/// The law p with the least sum_k w_k OT_eps(p, h_k), for histograms h_k on one grid:
/// ```text
/// v_k <- h_k / (K^T u_k),   q_k = K v_k,   p = prod_k (u_k q_k)^w_k,   u_k <- p / q_k
/// ```
/// `kernel` applies K = exp(-C / eps) to a vector, for a symmetric cost; on a grid of the plane it can go along rows
/// and then along columns. Entries of p that underflow are zero. Weights are scaled to sum to one.
/// [`Outcome::violation`] is the largest over k of sum |u_k q_k - p|, before the u_k are made to fit. `None` where
/// there is no histogram, sizes differ, or something is no mass. eps blurs the barycentre: of two equal laws it is
/// wider than they are.
///
/// Benamou, Carlier, Cuturi, Nenna, Peyré 2015, "Iterative Bregman projections for regularized transportation
/// problems", proposition 2.
pub fn entropic_barycentre(
    kernel: impl Fn(&[f64]) -> Vec<f64>,
    histograms: &[Vec<f64>],
    weights: &[f64],
    stop: Stop,
) -> Option<(Vec<f64>, Outcome)> {
    let size = histograms.first()?.len();
    let are_histograms = histograms.iter().all(|h| h.len() == size && are_masses(h));
    if !are_histograms || weights.len() != histograms.len() || !are_masses(weights) {
        return None;
    }
    let total: f64 = weights.iter().sum();
    let mut scalings = vec![vec![1.0; size]; histograms.len()];
    let mut iterations = 0;
    loop {
        let mut log_barycentre = vec![0.0; size];
        let mut reached = Vec::with_capacity(histograms.len());
        for ((u, h), weight) in scalings.iter().zip(histograms).zip(weights) {
            let v: Vec<f64> = kernel(u).iter().zip(h).map(|(sum, h)| if *h > 0.0 { h / sum } else { 0.0 }).collect();
            let q = kernel(&v);
            for (log, (u, q)) in log_barycentre.iter_mut().zip(u.iter().zip(&q)) {
                *log += weight / total * libm::log(u * q);
            }
            reached.push(q);
        }
        let barycentre: Vec<f64> = log_barycentre.iter().map(|log| libm::exp(*log)).collect();
        let mut violation: f64 = 0.0;
        for (u, q) in scalings.iter_mut().zip(&reached) {
            violation = violation.max((0..size).map(|i| (u[i] * q[i] - barycentre[i]).abs()).sum());
            (0..size).for_each(|i| u[i] = if barycentre[i] > 0.0 { barycentre[i] / q[i] } else { 0.0 });
        }
        iterations += 1;
        let converged = violation <= stop.tolerance;
        if converged || iterations >= stop.most || violation.is_nan() {
            return Some((barycentre, Outcome { iterations, violation, converged }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_barycentre_of_two_bumps_lies_between() {
        let size = 60;
        let bump = |centre: f64| {
            let raw: Vec<f64> = (0..size).map(|i| libm::exp(-(i as f64 - centre).powi(2) / 18.0)).collect();
            let total: f64 = raw.iter().sum();
            raw.iter().map(|entry| entry / total).collect::<Vec<f64>>()
        };
        let kernel = |v: &[f64]| {
            let at = |i: usize| (0..size).map(|j| libm::exp(-(i as f64 - j as f64).powi(2) / 4.0) * v[j]).sum();
            (0..size).map(at).collect::<Vec<f64>>()
        };
        let stop = Stop { tolerance: 1e-10, most: 5000 };
        let (found, outcome) =
            entropic_barycentre(kernel, &[bump(15.0), bump(45.0)], &[3.0, 1.0], stop).expect("masses");
        assert!(outcome.converged, "{outcome:?}");
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let mean: f64 = found.iter().enumerate().map(|(i, p)| i as f64 * p).sum();
        assert!((mean - 22.5).abs() < 0.01, "{mean}");
        let variance: f64 = found.iter().enumerate().map(|(i, p)| (i as f64 - mean).powi(2) * p).sum();
        // 9 for each bump, and a blur of the order of eps.
        assert!((9.0..13.0).contains(&variance), "{variance}");
    }

    #[test]
    fn what_is_no_problem_has_no_answer() {
        let same = |v: &[f64]| v.to_vec();
        let stop = Stop { tolerance: 0.0, most: 3 };
        assert!(entropic_barycentre(same, &[], &[], stop).is_none());
        assert!(entropic_barycentre(same, &[vec![1.0], vec![0.5, 0.5]], &[1.0, 1.0], stop).is_none());
        assert!(entropic_barycentre(same, &[vec![-1.0, 2.0]], &[1.0], stop).is_none());
    }
}
