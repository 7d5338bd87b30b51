//! Charts of quantities over time: axes drawn with plotters on any of its backends, curves on any [`Surface`].

use super::{Color, Stroke, Surface, Theme, axis_number, superscript, ticks};
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::*;
use std::ops::Range;

/// One curve of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its colour.
    pub color: Color,
    /// Abscissa and ordinate, by rising abscissa. An ordinate that is not finite breaks the curve.
    pub points: Vec<(f64, f64)>,
}

/// A chart: curves, axes, and where they lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The curves, the first undermost.
    pub series: Vec<Series>,
    /// Whether the abscissa is logarithmic.
    pub log_x: bool,
    /// Whether the ordinate is logarithmic.
    pub log_y: bool,
    /// The abscissae shown; `None`: all of the curves.
    pub x_range: Option<[f64; 2]>,
    /// A vertical line with its label, such as a stability bound.
    pub mark: Option<(f64, &'static str)>,
}

/// Where a chart's axes lie within its rectangle, in pixels, and what they show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes {
    /// Left, right, top and bottom of the plotting area.
    pub area: [f64; 4],
    /// First and last abscissa, as logarithms where the axis is logarithmic.
    pub x: [f64; 2],
    /// Lowest and highest ordinate, as logarithms where the axis is logarithmic.
    pub y: [f64; 2],
}

impl Axes {
    /// Where a point is drawn. Coordinates are those of the data.
    pub fn place(&self, chart: &Chart, x: f64, y: f64) -> [f64; 2] {
        let [left, right, top, bottom] = self.area;
        let u = (scaled(x, chart.log_x) - self.x[0]) / (self.x[1] - self.x[0]);
        let v = (scaled(y, chart.log_y) - self.y[0]) / (self.y[1] - self.y[0]);
        [left + u * (right - left), bottom - v.clamp(0.0, 1.0) * (bottom - top)]
    }

    /// The abscissa under a pixel, within the axis.
    pub fn abscissa(&self, chart: &Chart, pixel: f64) -> f64 {
        let [left, right, ..] = self.area;
        let u = ((pixel - left) / (right - left)).clamp(0.0, 1.0);
        let x = self.x[0] + u * (self.x[1] - self.x[0]);
        if chart.log_x { libm::pow(10.0, x) } else { x }
    }
}

/// An axis with our own choice of round numbers.
struct Axis {
    range: [f64; 2],
    ticks: Vec<f64>,
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let along = (value - self.range[0]) / (self.range[1] - self.range[0]);
        first + (along * f64::from(last - first)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.range[0]..self.range[1]
    }
}

fn scaled(x: f64, log: bool) -> f64 {
    if log { libm::log10(x.max(1e-300)) } else { x }
}

/// Space for the numbers: left, right, top, bottom.
const MARGINS: [u32; 4] = [40, 10, 8, 20];
/// Smallest positive number shown on a logarithmic axis: below lies rounding.
const FLOOR: f64 = 1e-17;
/// Largest ratio of the highest to the lowest number shown on a logarithmic axis. One curve that reaches rounding must
/// not press all the others flat; it leaves at the bottom.
const SPAN: f64 = 1e13;

impl Chart {
    /// The axes for a rectangle of this size.
    pub fn axes(&self, width: u32, height: u32) -> Axes {
        let [left, right, top, bottom] = MARGINS;
        let area = [
            f64::from(left),
            f64::from(width.saturating_sub(right).max(left + 1)),
            f64::from(top),
            f64::from(height.saturating_sub(bottom).max(top + 1)),
        ];
        let all = || self.series.iter().flat_map(|series| series.points.iter().copied());
        let [x0, x1] = self.x_range.unwrap_or_else(|| extent(all().map(|(x, _)| x)));
        let ordinates = all().map(|(_, y)| y).filter(|y| !self.log_y || *y > FLOOR);
        let [low, high] = extent(ordinates);
        let y = if self.log_y {
            let (low, high) = (libm::log10(low.max(FLOOR).max(high / SPAN)), libm::log10(high.max(FLOOR)));
            let (low, high) = (libm::floor(low), libm::ceil(high));
            [low, if high > low { high } else { low + 1.0 }]
        } else {
            let room = 0.06 * (high - low).max(1e-12 * (1.0 + high.abs()));
            [if low == 0.0 { 0.0 } else { low - room }, high + room]
        };
        let x = [scaled(x0, self.log_x), scaled(x1, self.log_x)];
        Axes { area, x: [x[0], if x[1] > x[0] { x[1] } else { x[0] + 1.0 }], y }
    }
}

fn extent(numbers: impl Iterator<Item = f64>) -> [f64; 2] {
    let finite = numbers.filter(|x| x.is_finite());
    let [low, high] = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)]);
    if low <= high { [low, high] } else { [0.0, 1.0] }
}

/// Whole powers of ten between two logarithms, about `count` of them.
fn decades(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = (((high - low) / count as f64).ceil() as i32).max(1);
    let first = (low / f64::from(step)).ceil() as i32;
    (first..).map(|k| f64::from(k * step)).take_while(|x| *x <= high + 1e-9).take(40).collect()
}

/// Draws the axes of a chart over the whole area: numbers, lines at them, and the marked abscissa with its label. `log`
/// tells which axes are logarithmic, `scale` is the number of device pixels in a pixel of the page.
pub fn draw_mesh<DB: DrawingBackend>(
    area: &DrawingArea<DB, plotters::coord::Shift>,
    axes: &Axes,
    [log_x, log_y]: [bool; 2],
    mark: Option<(f64, &str)>,
    theme: &Theme,
    scale: f64,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let device = |pixels: f64| (pixels * scale).round() as i32;
    let [x_ticks, y_ticks] = [(log_x, axes.x, 4), (log_y, axes.y, 3)]
        .map(|(log, [low, high], count)| if log { decades(low, high, count + 1) } else { ticks(low, high, count) });
    let x_axis = Axis { range: axes.x, ticks: x_ticks };
    let y_axis = Axis { range: axes.y, ticks: y_ticks };
    let [left, right, top, bottom] = MARGINS.map(|m| device(f64::from(m)));
    let mut context = ChartBuilder::on(area)
        .margin_right(right)
        .margin_top(top)
        .set_label_area_size(LabelAreaPosition::Left, left)
        .set_label_area_size(LabelAreaPosition::Bottom, bottom)
        .build_cartesian_2d(x_axis, y_axis)?;
    let rgb = |c: Color| RGBColor(c.0, c.1, c.2);
    // The family by name: made from text alone, plotters would compare it in lower case, by tables of all alphabets.
    let family = FontFamily::Name("Inter Variable, Inter, sans-serif");
    let font = |color: Color| (family, device(10.5)).into_font().color(&rgb(color));
    let label =
        |log: bool| move |x: &f64| if log { format!("10{}", superscript(x.round() as i32)) } else { axis_number(*x) };
    context
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(ShapeStyle::from(&rgb(theme.line)).stroke_width(device(1.0) as u32))
        .axis_style(ShapeStyle::from(&rgb(theme.line)).stroke_width(device(1.0) as u32))
        .label_style(font(theme.soft))
        .set_all_tick_mark_size(device(3.0))
        .x_label_formatter(&label(log_x))
        .y_label_formatter(&label(log_y))
        .draw()?;
    if let Some((x, text)) = mark
        && (axes.x[0]..=axes.x[1]).contains(&scaled(x, log_x))
    {
        let at = scaled(x, log_x);
        let style = ShapeStyle::from(&rgb(theme.accent)).stroke_width(device(1.0) as u32);
        context.draw_series(DashedLineSeries::new(
            [(at, axes.y[0]), (at, axes.y[1])],
            device(3.0),
            device(3.0),
            style,
        ))?;
        // At the foot of the line, where the curves of a strip seldom are.
        let foot = axes.y[0] + 0.2 * (axes.y[1] - axes.y[0]);
        context.draw_series([Text::new(format!(" {text}"), (at, foot), font(theme.accent))])?;
    }
    Ok(())
}

/// Draws the curves of a chart where its axes place them.
pub fn draw_curves(surface: &mut dyn Surface, chart: &Chart, axes: &Axes) {
    let columns = (axes.area[1] - axes.area[0]) as usize;
    for series in &chart.series {
        let scaled = series.points.iter().map(|(x, y)| (scaled(*x, chart.log_x), *x, *y));
        let inside = scaled.filter(|(x, ..)| *x >= axes.x[0] && *x <= axes.x[1] + 1e-9);
        let placed = inside.map(|(_, x, y)| {
            let [px, py] = axes.place(chart, x, y);
            (px, if y.is_finite() { py } else { f64::NAN })
        });
        let thinned = thin(placed, [axes.area[0], axes.area[1]], columns);
        let points: Vec<[f64; 2]> = thinned.into_iter().map(|(x, y)| [x, y]).collect();
        surface.line(&points, Stroke::solid(series.color, 1.6));
    }
}

/// At most four points for each column of pixels, the first, lowest, highest and last: what is drawn looks the same
/// however many steps there were.
fn thin(points: impl Iterator<Item = (f64, f64)>, [x0, x1]: [f64; 2], columns: usize) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::with_capacity(4 * columns);
    let mut column = usize::MAX;
    let mut group: Vec<(f64, f64)> = Vec::new();
    let mut flush = |group: &mut Vec<(f64, f64)>| {
        if group.len() <= 4 {
            kept.append(group);
            return;
        }
        let by_height = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let mut extremes = [group.iter().min_by(by_height), group.iter().max_by(by_height)];
        if extremes[0].map(|low| low.0) > extremes[1].map(|high| high.0) {
            extremes.reverse();
        }
        kept.extend([group.first(), extremes[0], extremes[1], group.last()].into_iter().flatten());
        group.clear();
    };
    for point in points {
        let here = ((point.0 - x0) / (x1 - x0) * columns as f64) as usize;
        if here != column {
            flush(&mut group);
            column = here;
        }
        group.push(point);
    }
    flush(&mut group);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_extremes() {
        let points: Vec<(f64, f64)> = (0..10_000).map(|i| (f64::from(i), f64::from(i % 97))).collect();
        let kept = thin(points.iter().copied(), [0.0, 9_999.0], 100);
        assert!(kept.len() <= 404);
        assert!(kept.iter().any(|p| p.1 == 96.0) && kept.iter().any(|p| p.1 == 0.0));
        assert_eq!((kept[0], kept[kept.len() - 1]), (points[0], points[9_999]));
        assert!(kept.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }

    #[test]
    fn places_and_abscissae_are_inverse() {
        let series = Series { color: Theme::LIGHT.accent, points: vec![(1e-5, 1e-3), (10.0, 1e2)] };
        let chart = Chart { series: vec![series], log_x: true, log_y: true, x_range: None, mark: None };
        let axes = chart.axes(300, 120);
        let [px, _] = axes.place(&chart, 0.01, 1.0);
        assert!((axes.abscissa(&chart, px) - 0.01).abs() < 1e-12);
    }

    #[test]
    fn empty_charts_have_axes() {
        let chart = Chart { series: Vec::new(), log_x: false, log_y: true, x_range: None, mark: None };
        let axes = chart.axes(300, 120);
        assert!(axes.x[1] > axes.x[0] && axes.y[1] > axes.y[0]);
    }
}
