//! Entropic transport: Sinkhorn's iteration, in the logarithm.

use super::are_masses;
use super::kernel::{kernel, soft_minimum, times};
use crate::dense;
use nalgebra::{DMatrix, DVector};

/// When an iteration ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Once the sum of the absolute gaps of the marginals is at most this.
    pub tolerance: f64,
    /// After so many iterations at the latest. At least one is done.
    pub most: usize,
}

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Iterations done.
    pub iterations: usize,
    /// The sum of the absolute gaps of the marginals at the end.
    pub violation: f64,
    /// Whether that is within the tolerance.
    pub converged: bool,
}

/// The entropic problem between two laws, and how far its solution has come:
/// ```text
/// OT_eps(a, b) = min over plans P with marginals a, b of  <C, P> + eps KL(P | a b^T)
///              = max over f, g of  <a, f> + <b, g> - eps <a b^T, exp((f + g - C) / eps) - 1>
/// P_ij = a_i b_j exp((f_i + g_j - C_ij) / eps)
/// ```
/// `C`: one row for each mass of a, one column for each of b; `eps`, `f` and `g` have its units. One iteration is
/// ```text
/// g_j <- -eps log sum_i a_i exp((f_i - C_ij) / eps),   then   f_i <- -eps log sum_j b_j exp((g_j - C_ij) / eps)
/// ```
/// after which the rows are exact. As POT counts it, with kernel K = exp(-C / eps): u_i = a_i exp(f_i / eps) and
/// v_j = b_j exp(g_j / eps), first v = b / K^T u, then u = a / K v. There K underflows for eps below C / 745, and whole
/// rows of zeros end in 0/0; here sums begin with their largest term, and no eps > 0 is too small (though the number of
/// iterations grows like 1/eps).
///
/// Cuturi 2013, "Sinkhorn distances: lightspeed computation of optimal transport", algorithm 1; in the logarithm
/// Peyré, Cuturi 2019, section 4.4.
#[derive(Clone, Debug)]
pub struct Sinkhorn {
    cost: DMatrix<f64>,
    /// C^T: sums over a row run along memory here.
    transposed: DMatrix<f64>,
    a: DVector<f64>,
    b: DVector<f64>,
    epsilon: f64,
    /// f.
    pub f: DVector<f64>,
    /// g.
    pub g: DVector<f64>,
}

/// Scalings stay between this and its inverse before they are taken into the potentials.
const MOST_SCALING: f64 = 1e50;

impl Sinkhorn {
    /// The problem, with f = 0. `None` where sizes do not fit, masses are no masses, an entry of the cost is not
    /// finite, or `epsilon` is not positive. Masses are not scaled; with different sums there is no plan, and it never
    /// converges.
    pub fn new(cost: DMatrix<f64>, a: &[f64], b: &[f64], epsilon: f64) -> Option<Self> {
        let fits = cost.shape() == (a.len(), b.len()) && dense::is_finite(&cost);
        let is_length = epsilon > 0.0 && epsilon.is_finite();
        if !fits || !are_masses(a) || !are_masses(b) || !is_length {
            return None;
        }
        let (f, g) = (DVector::zeros(a.len()), DVector::zeros(b.len()));
        let (a, b) = (DVector::from_column_slice(a), DVector::from_column_slice(b));
        Some(Self { transposed: cost.transpose(), cost, a, b, epsilon, f, g })
    }

    /// Starts from a known f, such as the solution of a problem nearby. Ignored where its size is another or it is not
    /// finite. (g is computed from f at once, and need not be known.)
    #[must_use]
    pub fn warm(mut self, f: &DVector<f64>) -> Self {
        if f.len() == self.f.len() && f.iter().all(|f| f.is_finite()) {
            self.f.copy_from(f);
        }
        self
    }

    /// Starts as POT's `sinkhorn_knopp` does, with u_i = 1/n.
    #[must_use]
    pub fn from_equal_scalings(mut self) -> Self {
        let n = self.a.len() as f64;
        let epsilon = self.epsilon;
        // A point without mass has no scaling that could be compared.
        self.f = self.a.map(|a| if a > 0.0 { -epsilon * libm::log(n * a) } else { 0.0 });
        self
    }

    /// One iteration. Returns the sum of the absolute gaps of the columns before it.
    pub fn iterate(&mut self) -> f64 {
        let g = soft_minimum(&self.cost, &self.a, &self.f, self.epsilon);
        let gap = self.column_gap(&g);
        self.g = g;
        self.f = soft_minimum(&self.transposed, &self.b, &self.g, self.epsilon);
        gap
    }

    /// sum_j |(P^T 1)_j - b_j|, with what g would become: (P^T 1)_j = b_j exp((g_j - next_j) / eps).
    fn column_gap(&self, next: &DVector<f64>) -> f64 {
        let gap = |((b, g), next): ((&f64, &f64), &f64)| b * libm::expm1((g - next) / self.epsilon).abs();
        self.b.iter().zip(self.g.iter()).zip(next.iter()).map(gap).sum()
    }

    /// The sum of the absolute gaps of the columns; after an iteration that is all of the violation.
    pub fn violation(&self) -> f64 {
        self.column_gap(&soft_minimum(&self.cost, &self.a, &self.f, self.epsilon))
    }

    /// Iterates until `stop` says so.
    ///
    /// The same iterates as by [`Sinkhorn::iterate`], in less time: after one iteration in the logarithm the kernel
    /// exp((f + g - C) / eps) is kept, and next iterations are products with it, until a scaling leaves [1e-50, 1e50];
    /// then the scalings are taken into f and g, and it begins anew. What underflows in that kernel is less than 1e-208
    /// of its row. Schmitzer 2019, "Stabilized sparse scaling algorithms for entropy regularized transport problems",
    /// section 3.1.
    pub fn run(&mut self, stop: Stop) -> Outcome {
        let mut iterations = 0;
        loop {
            let violation = if iterations == 0 { f64::INFINITY } else { self.violation() };
            if violation <= stop.tolerance || (iterations > 0 && iterations >= stop.most) || violation.is_nan() {
                return Outcome { iterations, violation, converged: violation <= stop.tolerance };
            }
            self.iterate();
            iterations += 1;
            if iterations < stop.most {
                iterations += self.run_scaled(stop.tolerance, stop.most - iterations);
            }
        }
    }

    /// At most `most` iterations by scalings; how many were done.
    fn run_scaled(&mut self, tolerance: f64, most: usize) -> usize {
        let kernel = kernel(&self.cost, &self.f, &self.g, self.epsilon);
        let (mut u, mut v) = (self.a.clone(), self.b.clone());
        let mut done = 0;
        while done < most {
            let columns = kernel.tr_mul(&u);
            let gap: f64 = (0..v.len()).map(|j| (v[j] * columns[j] - self.b[j]).abs()).sum();
            if gap <= tolerance {
                break;
            }
            let next_v = self.b.zip_map(&columns, ratio);
            let next_u = self.a.zip_map(&times(&kernel, &next_v), ratio);
            if !(is_moderate(&next_u, &self.a) && is_moderate(&next_v, &self.b)) {
                break;
            }
            (u, v) = (next_u, next_v);
            done += 1;
        }
        let epsilon = self.epsilon;
        let taken = |potential: &DVector<f64>, scaling: &DVector<f64>, mass: &DVector<f64>| {
            potential.zip_zip_map(scaling, mass, |f, u, a| if a > 0.0 { f + epsilon * libm::log(u / a) } else { f })
        };
        (self.f, self.g) = (taken(&self.f, &u, &self.a), taken(&self.g, &v, &self.b));
        done
    }

    /// P.
    pub fn plan(&self) -> DMatrix<f64> {
        let mut plan = kernel(&self.cost, &self.f, &self.g, self.epsilon);
        for (mut column, b) in plan.column_iter_mut().zip(self.b.iter()) {
            column.iter_mut().zip(self.a.iter()).for_each(|(p, a)| *p *= a * b);
        }
        plan
    }

    /// C.
    pub fn cost(&self) -> &DMatrix<f64> {
        &self.cost
    }

    /// <C, P>.
    pub fn transport_cost(&self) -> f64 {
        super::transport_cost(&self.cost, &self.plan())
    }

    /// <C, P> + eps sum P (log P - 1), the objective as Cuturi and POT write it.
    pub fn entropic_objective(&self) -> f64 {
        let plan = self.plan();
        let entropy: f64 = plan.iter().map(|&p| if p > 0.0 { p * (libm::log(p) - 1.0) } else { 0.0 }).sum();
        super::transport_cost(&self.cost, &plan) + self.epsilon * entropy
    }

    /// <a, f> + <b, g>, which is OT_eps once it has converged. (The third term of the dual is zero after an iteration.)
    pub fn dual(&self) -> f64 {
        self.a.dot(&self.f) + self.b.dot(&self.g)
    }
}

/// mass / sum, where a point without mass takes no part even if nothing reaches it.
fn ratio(mass: f64, sum: f64) -> f64 {
    if mass > 0.0 { mass / sum } else { 0.0 }
}

/// Whether no scaling has gone too far. NaN has.
fn is_moderate(scalings: &DVector<f64>, masses: &DVector<f64>) -> bool {
    let range = 1.0 / MOST_SCALING..=MOST_SCALING;
    scalings.iter().zip(masses.iter()).all(|(u, a)| *a == 0.0 || range.contains(&(u / a)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::problem;
    use super::super::{exact, marginal_violation};
    use super::*;

    const TIGHT: Stop = Stop { tolerance: 1e-12, most: 100_000 };

    fn solved(seed: u64, n: usize, m: usize, epsilon: f64) -> (Sinkhorn, Outcome) {
        let (cost, a, b) = problem(seed, n, m);
        let mut sinkhorn = Sinkhorn::new(cost, &a, &b, epsilon).expect("masses");
        let outcome = sinkhorn.run(TIGHT);
        (sinkhorn, outcome)
    }

    #[test]
    fn the_plan_has_the_marginals_and_duality_holds() {
        for seed in 0..10 {
            let (cost, a, b) = problem(seed, 6, 9);
            let (sinkhorn, outcome) = solved(seed, 6, 9, 0.3);
            assert!(outcome.converged, "{outcome:?}");
            let plan = sinkhorn.plan();
            assert!(marginal_violation(&plan, &a, &b) < 2e-12);
            // KL(P | a b^T) with marginals that fit.
            let product = |i: usize, j: usize| a[i] * b[j];
            let divergence: f64 = (0..6)
                .flat_map(|i| (0..9).map(move |j| (i, j)))
                .map(|(i, j)| plan[(i, j)] * (plan[(i, j)] / product(i, j)).ln())
                .sum();
            let primal = super::super::transport_cost(&cost, &plan) + 0.3 * divergence;
            // The gap is first order in the violation, times the size of f.
            assert!((primal - sinkhorn.dual()).abs() < 1e-10);
        }
    }

    #[test]
    fn fast_iterations_are_the_plain_ones() {
        let (cost, a, b) = problem(3, 8, 5);
        // Small enough that scalings are taken into the potentials many times.
        let mut plain = Sinkhorn::new(cost, &a, &b, 0.003).expect("masses");
        let mut fast = plain.clone();
        (0..500).for_each(|_| {
            plain.iterate();
        });
        let outcome = fast.run(Stop { tolerance: 0.0, most: 500 });
        assert_eq!(outcome.iterations, 500);
        // Rounding, grown over 500 iterations.
        assert!((plain.plan() - fast.plan()).norm() < 1e-12);
        assert!((plain.violation() - outcome.violation).abs() < 1e-12);
    }

    #[test]
    fn without_entropy_it_is_exact_transport() {
        let (cost, a, b) = problem(4, 7, 7);
        let exact = exact::transport(&cost, &a, &b).expect("masses").value;
        let costs: Vec<f64> = [1.0, 0.1, 0.01, 0.001].iter().map(|e| solved(4, 7, 7, *e).0.transport_cost()).collect();
        assert!(costs.is_sorted_by(|p, q| p > q), "{costs:?}");
        // The excess is at most eps times the entropy of a plan, log 49.
        let bounds = [1.0, 0.1, 0.01, 0.001].map(|epsilon| epsilon * 49.0_f64.ln());
        assert!(
            costs.iter().zip(bounds).all(|(cost, bound)| *cost >= exact - 1e-9 && cost - exact < bound),
            "{costs:?}"
        );
    }

    #[test]
    fn no_epsilon_is_too_small() {
        // Costs of about one against 1e-5: the kernel is zero everywhere, and the plain iteration divides zero by zero.
        let (mut cost, a, b) = problem(5, 4, 4);
        cost.add_scalar_mut(1.0);
        let epsilon = 1e-5;
        let underflown = cost.map(|c| libm::exp(-c / epsilon));
        assert_eq!(underflown.max(), 0.0);
        let v = DVector::from_column_slice(&b).component_div(&underflown.tr_mul(&DVector::from_element(4, 0.25)));
        let u = DVector::from_column_slice(&a).component_div(&(&underflown * &v));
        assert!(v.iter().all(|v| v.is_infinite()) && u.iter().all(|u| u.is_nan()));
        let exact = exact::transport(&cost, &a, &b).expect("masses").value;
        let mut sinkhorn = Sinkhorn::new(cost, &a, &b, epsilon).expect("masses");
        let outcome = sinkhorn.run(Stop { tolerance: 1e-9, most: 2_000_000 });
        assert!(outcome.converged && (sinkhorn.transport_cost() - exact).abs() < 1e-6);
    }

    #[test]
    fn a_warm_start_saves_iterations() {
        let (cold, outcome) = solved(6, 10, 10, 0.1);
        let (cost, a, b) = problem(6, 10, 10);
        let mut warm = Sinkhorn::new(cost * 1.001, &a, &b, 0.1).expect("masses").warm(&cold.f);
        let short = warm.run(TIGHT);
        assert!(short.converged && short.iterations < outcome.iterations, "{short:?} {outcome:?}");
        // What does not fit is ignored.
        assert_eq!(warm.clone().warm(&DVector::zeros(3)).f, warm.f);
    }

    #[test]
    fn points_without_mass_take_no_part() {
        let (cost, _, _) = problem(7, 3, 3);
        let mut sinkhorn = Sinkhorn::new(cost, &[0.5, 0.0, 0.5], &[0.0, 0.4, 0.6], 0.2).expect("masses");
        let outcome = sinkhorn.run(TIGHT);
        let plan = sinkhorn.plan();
        assert!(outcome.converged && plan.row(1).sum() == 0.0 && plan.column(0).sum() == 0.0);
        assert!((plan.sum() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_problem_has_no_answer() {
        let cost = || DMatrix::from_element(2, 2, 1.0);
        let half = [0.5, 0.5];
        assert!(Sinkhorn::new(cost(), &half, &half, 0.0).is_none());
        assert!(Sinkhorn::new(cost(), &half, &half, f64::NAN).is_none());
        assert!(Sinkhorn::new(cost(), &[0.5, -0.5], &half, 1.0).is_none());
        assert!(Sinkhorn::new(cost(), &[1.0], &half, 1.0).is_none());
        assert!(Sinkhorn::new(cost() * f64::NAN, &half, &half, 1.0).is_none());
    }
}
