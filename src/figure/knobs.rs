//! The map over two knobs: its colours, its axes, and what theory says of it.

use super::{Anchor, Color, Stroke, Surface, Text, Theme, axis_number, ticks};
use crate::engine::{Loss, knob_place, knob_value};
use crate::experiment::Method;
use crate::optimizers::{Knob, Scale};
use crate::problems::{PlaneProblem, eigen2};

/// How losses, or steps, become tints: evenly in their logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossScale {
    /// The value that losses are measured from.
    pub lowest: f64,
    /// Whether steps to the target are shown, not losses.
    pub by_steps: bool,
    /// The decimal logarithms of the least and the greatest that are told apart.
    range: [f64; 2],
}

/// Losses this far apart are told apart: below a millionth of a millionth of the greatest there is rounding.
const DECADES: f64 = 12.0;

impl LossScale {
    /// From the least to the greatest of these.
    pub fn of(losses: &[Loss], lowest: f64, by_steps: bool) -> Self {
        let mut scale = Self { lowest, by_steps, range: [0.0, 1.0] };
        let shown = losses.iter().filter_map(|loss| scale.logarithm(*loss)).filter(|log| log.is_finite());
        let (low, high) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), log| (l.min(log), h.max(log)));
        if low <= high {
            scale.range = [low.max(high - DECADES), high.max(low + 1e-9)];
        }
        scale
    }

    /// What is shown of a loss; `None` where there is nothing to show.
    fn logarithm(&self, loss: Loss) -> Option<f64> {
        if self.by_steps {
            return loss.value.and(loss.reached).map(|steps| libm::log10(f64::from(steps) + 1.0));
        }
        loss.value.map(|value| libm::log10((value - self.lowest).max(1e-300)))
    }

    /// The least and the greatest that are told apart: losses above the lowest, or steps.
    pub fn ends(&self) -> [f64; 2] {
        self.range.map(|log| libm::pow(10.0, log) - if self.by_steps { 1.0 } else { 0.0 })
    }

    /// The colour of a run: the lower, the deeper; runs that left are dark grey, those that did not arrive pale.
    pub fn color(&self, loss: Loss, theme: &Theme) -> Color {
        let [low, high] = self.range;
        match self.logarithm(loss) {
            Some(log) => self.tint((log - low) / (high - low), theme),
            None if loss.value.is_some() => theme.paper.mix(theme.soft, 0.12),
            None => failed_color(theme),
        }
    }

    /// The tint at a share from 0, the least, to 1.
    pub fn tint(&self, share: f64, theme: &Theme) -> Color {
        let strong = theme.accent.mix(theme.ink, 0.35);
        let share = share.clamp(0.0, 1.0);
        if share < 0.5 {
            strong.mix(theme.accent, 2.0 * share)
        } else {
            theme.accent.mix(theme.tints[4], 2.0 * share - 1.0)
        }
    }
}

/// The colour of a run that left.
pub fn failed_color(theme: &Theme) -> Color {
    theme.soft.mix(theme.paper, if theme.dark { 0.62 } else { 0.35 })
}

/// Red, green, blue and opacity of every cell.
pub fn loss_pixels(losses: &[Loss], scale: &LossScale, theme: &Theme) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(4 * losses.len());
    for loss in losses {
        let Color(r, g, b) = scale.color(*loss, theme);
        pixels.extend([r, g, b, 255]);
    }
    pixels
}

/// The largest product of step size and curvature at which a method is stable on a quadratic; `None` for methods about
/// which no such bound is known.
///
/// With curvature h the error of heavy ball obeys e' = (1 + m - lr h) e - m e", which decays while lr h < 2 (1 + m);
/// Nesterov's e' = (1 + m) (1 - lr h) e - m (1 - lr h) e" while lr h < 2 (1 + m) / (1 + 2 m): Schur's conditions for the
/// roots of a quadratic to lie in the unit disc. See Polyak 1964, "Some methods of speeding up the convergence of
/// iteration methods", and O'Donoghue and Candès 2015, "Adaptive restart for accelerated gradient schemes", section 3.
pub fn stable_step(method: &Method) -> Option<f64> {
    if !method.wrappers.is_empty() {
        return None;
    }
    let knob = |id: &str| method.base.knobs.iter().find(|(knob, _)| knob.id == id).map(|(_, value)| value);
    let momentum = knob("momentum").unwrap_or(0.0);
    match method.base.id {
        "sgd" if knob("dampening") == Some(0.0) => Some(2.0 * (1.0 + momentum)),
        "heavy_ball" => Some(2.0 * (1.0 + momentum)),
        "nesterov" => Some(2.0 * (1.0 + momentum) / (1.0 + 2.0 * momentum)),
        _ => None,
    }
}

/// The largest curvature of a quadratic: `None` where the Hessian differs from place to place.
fn curvature(problem: &PlaneProblem) -> Option<f64> {
    let [x0, x1, y0, y1] = problem.domain;
    let mut local = problem.local();
    let mut at = |u: f64, v: f64| local.second_order([x0 + u * (x1 - x0), y0 + v * (y1 - y0)]).2;
    let first = at(0.31, 0.57);
    let size = first.iter().fold(0.0, |size: f64, h| size.max(h.abs()));
    let same = |other: [f64; 3]| first.iter().zip(other).all(|(a, b)| (a - b).abs() <= 1e-9 * size);
    let quadratic = [(0.03, 0.11), (0.93, 0.21), (0.47, 0.83), (0.12, 0.95)].into_iter().all(|(u, v)| same(at(u, v)));
    let [_, largest] = eigen2(first).0;
    (quadratic && largest > 0.0).then_some(largest)
}

/// Where theory draws the boundary between convergence and divergence on a quadratic: positions on the axes of the two
/// knobs. Empty where the problem is no quadratic, where nothing is known of the method, or where no axis is the step
/// size.
pub fn stability_boundary(
    problem: &PlaneProblem,
    method: &Method,
    knobs: [usize; 2],
    window: [f64; 4],
) -> Vec<[f64; 2]> {
    let known: Vec<(&'static Knob, f64)> = method.knobs().collect();
    let Some(step_axis) = knobs.iter().position(|i| known.get(*i).is_some_and(|(knob, _)| knob.id == "lr")) else {
        return Vec::new();
    };
    let (Some(curvature), Some((other, _))) = (curvature(problem), known.get(knobs[1 - step_axis])) else {
        return Vec::new();
    };
    let (low, high) = (window[2 - 2 * step_axis], window[3 - 2 * step_axis]);
    let mut method = method.clone();
    let points = (0..=400).filter_map(|i| {
        let place = low + f64::from(i) / 400.0 * (high - low);
        method.set_knob(knobs[1 - step_axis], knob_value(other, place));
        let bound = stable_step(&method)? / curvature;
        let mut at = [place; 2];
        at[step_axis] = knob_place(known[knobs[step_axis]].0, bound);
        Some(at)
    });
    points.collect()
}

/// Positions on a knob's axis with what is written there.
fn knob_ticks(knob: &Knob, [low, high]: [f64; 2], count: usize) -> Vec<(f64, String)> {
    match knob.scale {
        Scale::Log { .. } | Scale::NearOne => {
            let decades = ((high - low) / count as f64).ceil().max(1.0) as usize;
            let whole = (low.ceil() as i32..=high.floor() as i32).step_by(decades);
            whole.map(|place| (f64::from(place), axis_number(knob_value(knob, f64::from(place))))).collect()
        }
        Scale::Linear | Scale::Integer => {
            ticks(low, high, count).into_iter().map(|place| (place, axis_number(place))).collect()
        }
    }
}

/// Where a map over two knobs lies on its surface: left, top, width, height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnobFrame {
    /// The rectangle of the map.
    pub area: [f64; 4],
    /// What it shows: positions on the first knob's axis, then on the second's.
    pub window: [f64; 4],
}

impl KnobFrame {
    /// The pixel of a position.
    pub fn to_pixel(&self, [u, v]: [f64; 2]) -> [f64; 2] {
        let ([left, top, width, height], [x0, x1, y0, y1]) = (self.area, self.window);
        [left + (u - x0) / (x1 - x0) * width, top + (y1 - v) / (y1 - y0) * height]
    }

    /// The position of a pixel, within the map.
    pub fn to_place(&self, [px, py]: [f64; 2]) -> [f64; 2] {
        let ([left, top, width, height], [x0, x1, y0, y1]) = (self.area, self.window);
        let share = |pixel: f64, first: f64, length: f64| ((pixel - first) / length).clamp(0.0, 1.0);
        [x0 + share(px, left, width) * (x1 - x0), y1 - share(py, top, height) * (y1 - y0)]
    }
}

fn axis_text<'a>(theme: &Theme, text: &'a str, at: [f64; 2], anchor: Anchor, strong: bool, angle: f64) -> Text<'a> {
    let (size, color) = if strong { (12.5, theme.ink) } else { (11.0, theme.soft) };
    Text { text, at, size, strong, color, anchor, angle, halo: None }
}

/// Draws the axes of a map over two knobs and the boundary that theory knows.
pub fn draw_knob_axes(
    surface: &mut dyn Surface,
    knobs: [&Knob; 2],
    frame: &KnobFrame,
    boundary: &[[f64; 2]],
    theme: &Theme,
) {
    let [left, top, width, height] = frame.area;
    let (right, bottom) = (left + width, top + height);
    let line = Stroke { color: theme.soft, opacity: 1.0, width: 1.0, dash: None };
    surface.line(&[[left, top], [right, top], [right, bottom], [left, bottom], [left, top]], line);
    let [x0, x1, y0, y1] = frame.window;
    for (place, label) in knob_ticks(knobs[0], [x0, x1], (width / 70.0) as usize) {
        let [x, _] = frame.to_pixel([place, y0]);
        surface.line(&[[x, bottom], [x, bottom + 4.0]], line);
        surface.text(axis_text(theme, &label, [x, bottom + 13.0], Anchor::Middle, false, 0.0));
    }
    for (place, label) in knob_ticks(knobs[1], [y0, y1], (height / 32.0) as usize) {
        let [_, y] = frame.to_pixel([x0, place]);
        surface.line(&[[left - 4.0, y], [left, y]], line);
        surface.text(axis_text(theme, &label, [left - 8.0, y], Anchor::End, false, 0.0));
    }
    surface.text(axis_text(theme, knobs[0].symbol, [left + 0.5 * width, bottom + 29.0], Anchor::Middle, true, 0.0));
    surface.text(axis_text(theme, knobs[1].symbol, [left - 8.0, top - 13.0], Anchor::End, true, 0.0));
    if boundary.len() > 1 {
        let area = frame.area;
        surface.inset(area, &mut |inner| {
            let points: Vec<[f64; 2]> = boundary
                .iter()
                .map(|place| {
                    let [x, y] = frame.to_pixel(*place);
                    [x - left, y - top]
                })
                .collect();
            let halo = Stroke { color: theme.paper, opacity: 0.9, width: 4.0, dash: None };
            inner
                .lines(&points, &[halo, Stroke { color: theme.ink, opacity: 1.0, width: 1.6, dash: Some([6.0, 4.0]) }]);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Axis, Goal, Job};
    use crate::experiment::{Experiment, Method};

    /// The claim of the dashed line: runs left of it stay, runs right of it leave.
    #[test]
    fn runs_diverge_where_theory_says() {
        for (id, knob) in [("sgd", 1), ("heavy_ball", 1), ("nesterov", 1)] {
            let problem =
                PlaneProblem::landscape("ellipse", &[("kappa".to_owned(), 10.0)]).expect("a listed landscape");
            let method = Method::new(id, &[("lr", 0.01)]).expect("registered");
            let experiment = Experiment { methods: vec![method.clone()], steps: 3000, ..Experiment::default() };
            let axes = [Axis::Knob(0), Axis::Knob(knob)];
            let window = [-2.0, 0.0, 0.05, 1.5];
            let job = Job::of(&experiment, &problem, 0, window).expect("the experiment has a method");
            let job = Job { axes, goal: Goal::Loss { target: 1e-6 }, columns: 24, rows: 6, ..job };
            let boundary = stability_boundary(&problem, &method, [0, knob], window);
            assert_eq!(boundary.len(), 401, "{id}");
            let mut both = [0; 2];
            for cell in 0..job.cells() {
                let [place, other] = job.middle(cell);
                let at = boundary.iter().min_by(|a, b| (a[1] - other).abs().total_cmp(&(b[1] - other).abs()));
                let bound = at.expect("the boundary has points")[0];
                // So near the boundary a run needs longer than this to show which way it goes.
                if (place - bound).abs() < 0.02 {
                    continue;
                }
                let stays = job.loss(cell).value.is_some();
                assert_eq!(stays, place < bound, "{id} at {:?}", job.launch(cell).knobs);
                both[usize::from(stays)] += 1;
            }
            assert!(both.iter().all(|count| *count > 20), "{id}: {both:?}");
        }
    }

    #[test]
    fn theory_is_silent_where_it_knows_nothing() {
        let method = |id| Method::new(id, &[("lr", 0.01)]).expect("registered");
        let window = [-3.0, 0.0, 0.0, 2.0];
        let bent = PlaneProblem::landscape("rosenbrock", &[]).expect("a listed landscape");
        let bowl = PlaneProblem::landscape("sphere", &[]).expect("a listed landscape");
        assert!(stability_boundary(&bent, &method("heavy_ball"), [0, 1], window).is_empty());
        assert!(stability_boundary(&bowl, &method("adam"), [0, 1], window).is_empty());
        assert!(stability_boundary(&bowl, &method("sgd"), [1, 2], window).is_empty());
        assert!(!stability_boundary(&bowl, &method("sgd"), [1, 0], window).is_empty());
    }

    #[test]
    fn colours_tell_low_from_high_and_arrived_from_failed() {
        let loss = |value, reached| Loss { value, reached };
        let cells = [loss(Some(1.0), None), loss(Some(1e-6), Some(9)), loss(Some(1e-3), Some(99)), loss(None, None)];
        for by_steps in [false, true] {
            let scale = LossScale::of(&cells, 0.0, by_steps);
            let colors: Vec<Color> = cells.iter().map(|cell| scale.color(*cell, &Theme::LIGHT)).collect();
            for (i, a) in colors.iter().enumerate() {
                assert!(!colors[..i].contains(a), "{by_steps}: {colors:?}");
            }
        }
        assert_eq!(LossScale::of(&cells, 0.0, true).ends().map(f64::round), [9.0, 99.0]);
        // One value, or none, is no reason to divide by zero.
        let scale = LossScale::of(&cells[..1], 1.0, false);
        assert_eq!(scale.color(cells[0], &Theme::DARK), scale.tint(0.0, &Theme::DARK));
        LossScale::of(&[], 0.0, false);
    }

    #[test]
    fn pixels_and_places_are_inverse() {
        let frame = KnobFrame { area: [50.0, 10.0, 400.0, 300.0], window: [-4.0, 1.0, 0.0, 3.0] };
        let [u, v] = frame.to_place(frame.to_pixel([-1.5, 2.25]));
        assert!((u + 1.5).abs() < 1e-12 && (v - 2.25).abs() < 1e-12);
        assert_eq!(frame.to_place([0.0, 1e4]), [-4.0, 0.0]);
    }
}
