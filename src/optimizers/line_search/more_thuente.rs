//! The search of Moré and Thuente, as SciPy's BFGS uses it.

use super::{Line, Probe};

/// Relative width at which the interval counts as a point; SciPy's value.
const WIDTH: f64 = 1e-14;
/// Bounds on the step, wide open; SciPy's values for BFGS.
const T_MIN: f64 = 1e-100;
const T_MAX: f64 = 1e100;
/// Trials before it gives up; SciPy's value.
const TRIALS: usize = 100;

/// A point of the line without its gradient.
#[derive(Clone, Copy)]
struct Sample {
    t: f64,
    f: f64,
    slope: f64,
}

impl From<&Probe> for Sample {
    fn from(probe: &Probe) -> Self {
        Self { t: probe.t, f: probe.f, slope: probe.slope }
    }
}

impl Sample {
    /// The same point of the function without the line `slope t`.
    fn less(self, slope: f64) -> Self {
        Self { t: self.t, f: self.f - self.t * slope, slope: self.slope - slope }
    }
}

/// An interval that is known or hoped to contain a good step.
struct Interval {
    /// The end with the lowest value so far.
    best: Sample,
    /// The other end.
    other: Sample,
    /// Whether there is a minimum between the two for certain.
    bracketed: bool,
}

/// A step that satisfies the strong Wolfe conditions with `c1` and `c2`, beginning with the trial `first`.
///
/// `origin`: the line's beginning; unless its slope is negative and its value finite, nothing is found. Each trial asks
/// for value and gradient. `None` when rounding prevents progress, when a trial or the next place to look is not
/// finite, and after a hundred trials.
///
/// Moré and Thuente 1994, sections 2 to 4 (doi:10.1145/192115.192132), in the arithmetic of MINPACK-2's `dcsrch` and
/// `dcstep`, which SciPy's `line_search_wolfe1` follows: the same trials to rounding.
pub fn more_thuente(line: &mut Line, origin: &Probe, first: f64, c1: f64, c2: f64) -> Option<Probe> {
    if !(origin.f.is_finite() && origin.slope < 0.0 && (T_MIN..=T_MAX).contains(&first)) {
        return None;
    }
    let demanded = c1 * origin.slope;
    let mut interval = Interval { best: origin.into(), other: origin.into(), bracketed: false };
    // In the first stage a minimum of f(t) - demanded t is sought, in the second one of f.
    let mut first_stage = true;
    let (mut low, mut high) = (0.0, 5.0 * first);
    let (mut width, mut width_before) = (T_MAX - T_MIN, 2.0 * (T_MAX - T_MIN));
    let mut t = first;
    for _ in 0..TRIALS {
        let probe = line.probe(t);
        let enough = origin.f + t * demanded;
        if probe.f <= enough && probe.slope.abs() <= -c2 * origin.slope {
            return Some(probe);
        }
        let stuck = interval.bracketed && (t <= low || t >= high || high - low <= WIDTH * high);
        let at_a_bound = t == T_MAX && probe.f <= enough && probe.slope <= demanded
            || t == T_MIN && (probe.f > enough || probe.slope >= demanded);
        if stuck || at_a_bound {
            return None;
        }
        if first_stage && probe.f <= enough && probe.slope >= 0.0 {
            first_stage = false;
        }

        let trial = Sample::from(&probe);
        if first_stage && trial.f <= interval.best.f && trial.f > enough {
            let mut lowered = Interval {
                best: interval.best.less(demanded),
                other: interval.other.less(demanded),
                bracketed: interval.bracketed,
            };
            t = lowered.narrow(trial.less(demanded), low, high);
            interval = Interval {
                best: lowered.best.less(-demanded),
                other: lowered.other.less(-demanded),
                bracketed: lowered.bracketed,
            };
        } else {
            t = interval.narrow(trial, low, high);
        }

        let (best, other) = (interval.best.t, interval.other.t);
        if interval.bracketed {
            // Bisect when the interval did not shrink to two thirds in two trials.
            if (other - best).abs() >= 0.66 * width_before {
                t = best + 0.5 * (other - best);
            }
            width_before = width;
            width = (other - best).abs();
            (low, high) = (best.min(other), best.max(other));
        } else {
            (low, high) = (t + 1.1 * (t - best), t + 4.0 * (t - best));
        }
        if !t.is_finite() {
            return None;
        }
        t = t.clamp(T_MIN, T_MAX);
        if interval.bracketed && (t <= low || t >= high || high - low <= WIDTH * high) {
            t = best;
        }
    }
    None
}

impl Interval {
    /// Takes a new trial into the interval and proposes the next one, between `low` and `high` while nothing is
    /// bracketed. Section 4 of the paper, its four cases in order.
    fn narrow(&mut self, trial: Sample, low: f64, high: f64) -> f64 {
        let Self { best, other, .. } = *self;
        let turned = crate::scalar::Real::sign(trial.slope) * crate::scalar::Real::sign(best.slope) < 0.0;
        let secant = || trial.t + trial.slope / (trial.slope - best.slope) * (best.t - trial.t);
        let next = if trial.f > best.f {
            // Higher: a minimum lies between. Cubic, or half way to the quadratic when that is nearer to the best.
            let cubic = cubic_minimum(best, trial, best);
            let drop = (best.f - trial.f) / (trial.t - best.t) + best.slope;
            let quadratic = best.t + best.slope / drop / 2.0 * (trial.t - best.t);
            self.bracketed = true;
            if (cubic - best.t).abs() <= (quadratic - best.t).abs() { cubic } else { cubic + (quadratic - cubic) / 2.0 }
        } else if turned {
            // Lower, and the slope has changed its sign: a minimum lies between. The one farther from the trial.
            let (cubic, secant) = (cubic_minimum(best, trial, trial), secant());
            self.bracketed = true;
            if (cubic - trial.t).abs() > (secant - trial.t).abs() { cubic } else { secant }
        } else if trial.slope.abs() < best.slope.abs() {
            // Lower, and the slope is flatter: extrapolate, unless the cubic falls without end or turns behind.
            let cubic = cubic_beyond(best, trial, low, high);
            let secant = secant();
            let cubic_is_nearer = (cubic - trial.t).abs() < (secant - trial.t).abs();
            if self.bracketed {
                let next = if cubic_is_nearer { cubic } else { secant };
                let limit = trial.t + 0.66 * (other.t - trial.t);
                if trial.t > best.t { next.min(limit) } else { next.max(limit) }
            } else {
                let cubic_is_farther = (cubic - trial.t).abs() > (secant - trial.t).abs();
                let next = if cubic_is_farther { cubic } else { secant };
                // Not `clamp`, which panics when an infinite trial has left the bounds NaN.
                next.max(low).min(high)
            }
        } else if self.bracketed {
            // Lower, and the slope is steeper: the cubic through the other end.
            cubic_minimum(other, trial, trial)
        } else if trial.t > best.t {
            high
        } else {
            low
        };

        if trial.f > best.f {
            self.other = trial;
        } else {
            if turned {
                self.other = best;
            }
            self.best = trial;
        }
        next
    }
}

/// The sum that all cubics have in common, and what scales them against overflow.
fn theta(a: Sample, b: Sample) -> (f64, f64) {
    let theta = 3.0 * (a.f - b.f) / (b.t - a.t) + a.slope + b.slope;
    (theta, theta.abs().max(a.slope.abs()).max(b.slope.abs()))
}

/// The minimum of the cubic through `a` and `b`, counted from `from`, which is one of them.
fn cubic_minimum(a: Sample, b: Sample, from: Sample) -> f64 {
    let to = if from.t == a.t { b } else { a };
    let (theta, scale) = theta(a, b);
    let ratio = theta / scale;
    let root = scale * (ratio * ratio - (a.slope / scale) * (b.slope / scale)).sqrt();
    let gamma = if to.t < from.t { -root } else { root };
    let r = ((gamma - from.slope) + theta) / (((gamma - from.slope) + gamma) + to.slope);
    from.t + r * (to.t - from.t)
}

/// The minimum of the cubic beyond the trial, or a bound where there is none.
fn cubic_beyond(best: Sample, trial: Sample, low: f64, high: f64) -> f64 {
    let (theta, scale) = theta(best, trial);
    // Zero only if the cubic does not rise beyond the trial.
    let ratio = theta / scale;
    let root = scale * (ratio * ratio - (best.slope / scale) * (trial.slope / scale)).max(0.0).sqrt();
    let gamma = if trial.t > best.t { -root } else { root };
    let r = ((gamma - trial.slope) + theta) / ((gamma + (best.slope - trial.slope)) + gamma);
    if r < 0.0 && gamma != 0.0 {
        trial.t + r * (best.t - trial.t)
    } else if trial.t > best.t {
        high
    } else {
        low
    }
}
