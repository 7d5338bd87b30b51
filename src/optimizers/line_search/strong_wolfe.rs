//! Bracket and zoom with cubic interpolation, as PyTorch's L-BFGS searches.

use super::{Line, Probe};

/// Trials in all; PyTorch's value.
const TRIALS: usize = 25;

/// A step that satisfies the strong Wolfe conditions with `c1` and `c2`, beginning with the trial `first`; after 25
/// trials, or when the bracket has no inside any more, the lowest point found that is not the line's beginning.
///
/// `origin`: the line's beginning; unless its slope is negative and its value finite, nothing is found. Each trial asks
/// for value and gradient. `None` when no trial was lower than the beginning.
///
/// Nocedal and Wright 2006, algorithms 3.5 (bracket) and 3.6 (zoom), with the interpolation and safeguards of
/// Schmidt's minFunc that PyTorch took over; the same trials to rounding. PyTorch also stops when the bracket times
/// the largest entry of `d` is below 1e-9; an absolute length is left out here, so that the unit of x does not matter.
pub fn strong_wolfe(line: &mut Line, origin: &Probe, first: f64, c1: f64, c2: f64) -> Option<Probe> {
    if !(origin.f.is_finite() && origin.slope < 0.0 && first.is_finite()) {
        return None;
    }
    // NaN is too high.
    let too_high = |probe: &Probe| probe.f > origin.f + c1 * probe.t * origin.slope || probe.f.is_nan();
    let flat_enough = |probe: &Probe| probe.slope.abs() <= -c2 * origin.slope;

    let mut before = origin.clone();
    let mut probe = line.probe(first);
    let mut trials = 1;
    let (mut low, mut high) = loop {
        if too_high(&probe) || (trials > 2 && probe.f >= before.f) {
            break order(before, probe);
        }
        if flat_enough(&probe) {
            return Some(probe);
        }
        if probe.slope >= 0.0 {
            break order(before, probe);
        }
        if trials > TRIALS {
            return Some(probe);
        }
        let t = cubic_minimum(&before, &probe, probe.t + 0.01 * (probe.t - before.t), 10.0 * probe.t);
        before = std::mem::replace(&mut probe, line.probe(t));
        trials += 1;
    };

    let mut close_to_an_end = false;
    while trials <= TRIALS {
        let (left, right) = (low.t.min(high.t), low.t.max(high.t));
        let mut t = cubic_minimum(&low, &high, left, right);
        // A trial near an end of the bracket makes it hardly shorter: allowed once, then moved a tenth inside.
        let margin = 0.1 * (right - left);
        if (right - t).min(t - left) < margin {
            if close_to_an_end || t >= right || t <= left {
                t = if (t - right).abs() < (t - left).abs() { right - margin } else { left + margin };
                close_to_an_end = false;
            } else {
                close_to_an_end = true;
            }
        } else {
            close_to_an_end = false;
        }
        if !(left < t && t < right) {
            break;
        }
        let probe = line.probe(t);
        trials += 1;
        if too_high(&probe) || probe.f >= low.f {
            (low, high) = order(low, probe);
        } else if flat_enough(&probe) {
            return Some(probe);
        } else if probe.slope * (high.t - low.t) >= 0.0 {
            high = std::mem::replace(&mut low, probe);
        } else {
            low = probe;
        }
    }
    (low.t > 0.0).then_some(low)
}

/// The two with the lower first; one whose value is NaN counts as higher.
fn order(a: Probe, b: Probe) -> (Probe, Probe) {
    if b.f < a.f || a.f.is_nan() { (b, a) } else { (a, b) }
}

/// The minimum within [`low`, `high`] of the cubic through two points, or the middle if the cubic has none.
/// Nocedal and Wright 2006, equation 3.59.
fn cubic_minimum(a: &Probe, b: &Probe, low: f64, high: f64) -> f64 {
    let (a, b) = if a.t <= b.t { (a, b) } else { (b, a) };
    let d1 = a.slope + b.slope - 3.0 * (a.f - b.f) / (a.t - b.t);
    let square = d1 * d1 - a.slope * b.slope;
    let t = if square >= 0.0 {
        let d2 = square.sqrt();
        b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2))
    } else {
        f64::NAN
    };
    if t.is_nan() { (low + high) / 2.0 } else { t.max(low).min(high) }
}
