//! What can be said of a landscape in a word or two, computed from its row and its formula.

use super::{CriticalKind, CriticalPoint, Group, Landscape, VARIABLES};
use crate::formula::Program;
use crate::scalar::Dual;

/// A determinant is zero when its two terms cancel to this part of themselves. Entries of a Hessian are exact to some
/// units in the sixteenth digit, so a true zero passes. Comparing eigenvalues instead would call the minima of Powell's
/// and Brown's badly scaled functions singular, whose condition numbers are 7e17 and 1e12.
const ZERO: f64 = 1e-13;

/// What is computed once for a row.
#[derive(Debug)]
pub(super) struct Facts {
    /// Short descriptions.
    pub traits: Vec<String>,
    /// Largest over smallest eigenvalue of the Hessian at the worst conditioned global minimum.
    pub condition: Option<f64>,
    /// Number of minima that are known.
    pub minima: usize,
    /// Number of saddles that are known.
    pub saddles: usize,
    /// Everything that search looks at, folded.
    pub text: String,
}

impl Landscape {
    /// Short descriptions such as "degenerate saddle", "condition > 1000 (2508)" or "multimodal (4 minima)".
    ///
    /// Computed when first asked for, from the row and from Hessians at its listed points:
    /// - the group; "smooth" or "nonsmooth"; "separable" when the formula is written as a sum of functions of one
    ///   variable each;
    /// - "condition ...": the Hessian's largest eigenvalue over its smallest at a global minimum, the largest such
    ///   number if there are several minima. Only for smooth rows with nonsingular minima;
    /// - "degenerate minimum", "degenerate saddle": at a listed one the Hessian is singular, its determinant being zero
    ///   to rounding. Only for smooth rows;
    /// - "multimodal (n minima)", "n saddles": as counted, or at least as listed;
    /// - "continuum of minimisers", "minimum at infinity", "minimum on the edge", "unbounded below", "local minima",
    ///   "stochastic", "online".
    pub fn traits(&self) -> &[String] {
        &self.facts().traits
    }

    /// Largest over smallest eigenvalue of the Hessian at a global minimum, the largest such number if there are
    /// several. None for rows that are not smooth there or whose minima are degenerate or not isolated.
    pub fn condition(&self) -> Option<f64> {
        self.facts().condition
    }

    pub(super) fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| facts(self))
    }
}

fn facts(row: &Landscape) -> Facts {
    let formula = row.read(row.formula, &VARIABLES).ok();
    let program = formula.as_ref().map(|formula| formula.program(&row.defaults()));
    let hessian = |point: &CriticalPoint| match &program {
        Some(program) if row.smooth => Some(hessian(program, [point.x, point.y])),
        _ => None,
    };
    let edge = |point: &CriticalPoint| {
        let [x0, x1, y0, y1] = row.domain;
        point.x == x0 || point.x == x1 || point.y == y0 || point.y == y1
    };
    let inside: Vec<&CriticalPoint> = row.minima.iter().filter(|point| !edge(point)).collect();
    let minima = row.counts.map_or(0, |counts| counts.minima as usize).max(row.minima.len());
    let saddles = row.counts.map_or(0, |counts| counts.saddles as usize).max(row.saddles.len());
    let continuum = row.minimizer_set.is_some() && !row.minima.is_empty();
    let degenerate = inside.iter().filter_map(|point| hessian(point)).any(is_singular);
    let condition = if continuum || degenerate {
        None
    } else {
        let global = inside.iter().filter(|point| point.kind == CriticalKind::GlobalMinimum);
        global.filter_map(|point| hessian(point)).map(condition_number).reduce(f64::max)
    };

    let mut traits: Vec<String> = Vec::new();
    let mut add = |holds: bool, label: &str| {
        if holds {
            traits.push(label.to_owned());
        }
    };
    let many = minima > 1 && !continuum;
    add(!(many && row.group == Group::Multimodal), row.group.id());
    if many {
        let counted = row.counts.is_some() || row.complete;
        add(true, &format!("multimodal ({}{minima} minima)", if counted { "" } else { "at least " }));
    }
    add(row.group != Group::Nonsmooth && !row.smooth, "nonsmooth");
    add(row.smooth && row.is_offered(), "smooth");
    add(formula.is_some_and(|formula| formula.expression().is_separable()), "separable");
    if let Some(condition) = condition {
        add(true, &condition_label(condition));
    }
    add(saddles == 1 && row.group != Group::Saddle, "saddle");
    add(saddles > 1, &format!("{saddles} saddles"));
    add(row.saddles.iter().filter_map(hessian).any(is_singular), "degenerate saddle");
    add(degenerate && !continuum, "degenerate minimum");
    add(row.minima.iter().any(|point| point.kind == CriticalKind::LocalMinimum), "local minima");
    add(continuum, "continuum of minimisers");
    add(row.minimizer_set.is_some() && row.minima.is_empty(), "minimum at infinity");
    add(row.minima.iter().any(edge), "minimum on the edge");
    add(row.unbounded_below, "unbounded below");
    add(row.sample.is_some(), "stochastic");
    add(row.formula_t.is_some(), "online");

    let parts = [row.id, row.name, row.tagline, row.group.title(), row.source, row.note.unwrap_or_default()];
    let text = super::search::fold(&format!("{} {}", parts.join(" "), traits.join(" ")));
    Facts { traits, condition, minima, saddles, text }
}

/// "condition 4.5", "condition > 1000 (2508)": the power of ten below, so that searching for it finds it.
fn condition_label(condition: f64) -> String {
    if condition <= 10.0 {
        // One digit behind the point: most small ones are whole or half.
        return format!("condition {}", (condition * 10.0).round() / 10.0);
    }
    // The power below, also where the number is one itself but for rounding.
    let mut power = 10.0;
    while power * 10.0 < condition * (1.0 - 1e-9) {
        power *= 10.0;
    }
    let short = |number: f64| if number < 1e7 { format!("{number:.0}") } else { format!("{number:.0e}") };
    format!("condition > {} ({})", short(power), short(condition))
}

/// Whether a Hessian with entries xx, xy, yy is singular to rounding.
fn is_singular([a, b, c]: [f64; 3]) -> bool {
    (a * c - b * b).abs() <= ZERO * (a * c).abs().max(b * b)
}

/// Largest over smallest eigenvalue of a positive definite matrix with entries xx, xy, yy.
///
/// The smaller one comes from the determinant: the difference of trace and root would lose it to cancellation.
fn condition_number([a, b, c]: [f64; 3]) -> f64 {
    let largest = 0.5 * (a + c) + libm::hypot(0.5 * (a - c), b);
    largest * largest / (a * c - b * b)
}

/// The entries xx, xy, yy of the Hessian.
fn hessian(program: &Program, at: [f64; 2]) -> [f64; 3] {
    type Second = Dual<Dual<f64, 2>, 2>;
    let seed = |i: usize| Second::variable(Dual::variable(at[i], i), i);
    let f = program.evaluator::<Second>().evaluate(&[seed(0), seed(1)]);
    let [[xx, xy], [_, yy]] = f.derivative.map(|row| row.derivative);
    [xx, xy, yy]
}

#[cfg(test)]
mod tests {
    use super::super::{find, offered};

    fn has(id: &str, label: &str) -> bool {
        find(id).is_some_and(|row| row.traits().iter().any(|known| known == label))
    }

    #[test]
    fn known_landscapes_have_the_traits_they_are_known_for() {
        for (id, label) in [
            ("rosenbrock", "valley"),
            ("rosenbrock", "condition > 1000 (2508)"),
            ("ellipse", "condition > 10 (100)"),
            ("brown_badly_scaled", "condition > 1e11 (1e12)"),
            ("powell_badly_scaled", "condition > 1e17 (7e17)"),
            ("sphere", "condition 1"),
            ("sphere", "separable"),
            ("monkey_saddle", "degenerate saddle"),
            ("cubic_degenerate", "degenerate saddle"),
            ("matrix_sensing_good", "degenerate saddle"),
            ("quartic_bowl", "degenerate minimum"),
            ("himmelblau", "multimodal (4 minima)"),
            ("himmelblau", "4 saddles"),
            ("rastrigin", "multimodal (121 minima)"),
            ("tilted_double_well", "local minima"),
            ("ring", "continuum of minimisers"),
            ("separable_logistic", "minimum at infinity"),
            ("adjiman", "minimum on the edge"),
            ("eggholder", "nonsmooth"),
            ("saddle", "unbounded below"),
            ("reddi_stochastic", "stochastic"),
            ("reddi_online", "online"),
        ] {
            let traits = find(id).map(|row| row.traits());
            assert!(has(id, label), "{id} should be described by {label:?}, has {traits:?}");
        }
        for (id, label) in [
            ("rosenbrock", "separable"),
            ("saddle", "degenerate saddle"),
            ("double_well", "degenerate saddle"),
            ("ring", "degenerate minimum"),
            ("l1", "smooth"),
            ("rosenbrock", "multimodal (1 minima)"),
        ] {
            assert!(!has(id, label), "{id} should not be described by {label:?}");
        }
    }

    #[test]
    fn every_offered_landscape_has_distinct_traits() {
        for row in offered() {
            let mut seen = row.traits().to_vec();
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), row.traits().len(), "{}: {:?}", row.id, row.traits());
            assert!(!row.traits().is_empty(), "{}: {:?}", row.id, row.traits());
        }
    }
}
