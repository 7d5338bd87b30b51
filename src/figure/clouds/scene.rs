//! One method's cloud with all that can be shown of it, for the page and for files.

use super::super::{Frame, Land, MapLayers, Shape, Stroke, Surface, Theme, draw_axes, draw_land};
use super::{
    DensityGrid, draw_landmark, draw_law, draw_links, draw_marginals, draw_particles, draw_pool, draw_samples,
};
use crate::experiment::measure::{MeasureTrace, Row};
use crate::experiment::{CloudLayers, Stage};
use crate::measures::Point;
use crate::optimizers::{self, Knobs, Scalars};
use crate::problems::measure::{MOST_DRAWN, MeasureProblem};
use std::sync::Arc;

/// Cells of the ground and of densities along the longer side.
const CELLS: usize = 96;
/// Particles whose ways are drawn, at most.
const MOST_TRAILS: usize = 48;
/// Particles drawn one by one, at most; more are a density alone.
const MOST_DOTS: usize = 6000;

/// The place that a place of the picture stands for, by the settings of a method, where that is another.
pub fn mapping(method: &Stage) -> Option<fn(&Knobs<f64>, Point) -> Point> {
    match optimizers::find(method.id)?.scalars {
        Scalars::Flow(flow) => flow.seen,
        _ => None,
    }
}

/// Cells that fit a frame.
fn cells(frame: &Frame) -> [usize; 2] {
    let longer = frame.width.max(frame.height);
    [frame.width, frame.height].map(|side| ((CELLS as f64 * side / longer).round() as usize).max(8))
}

/// The potential over a frame as land; `None` where there is none. With a method that maps the picture, the potential is that
/// of the place which a place of the picture stands for.
fn land(problem: &MeasureProblem, method: Option<&Stage>, frame: &Frame) -> Option<Land> {
    let [columns, rows] = cells(frame);
    let seen = |place| match method.and_then(|method| Some((mapping(method)?, &method.knobs))) {
        Some((seen, knobs)) => seen(knobs, place),
        None => place,
    };
    let mut potential = problem.potential.clone()?;
    let [x0, x1, y0, y1] = frame.window;
    let place = |k: usize| {
        let (i, j) = ((k % columns) as f64 + 0.5, (k / columns) as f64 + 0.5);
        [x0 + i / columns as f64 * (x1 - x0), y1 - j / rows as f64 * (y1 - y0)]
    };
    let values = (0..columns * rows).map(|k| potential.value(seen(place(k)))).collect();
    Land::of_grid(frame.window, columns, rows, values)
}

/// Draws what lies under the particles: the potential, or the points that are sought.
pub fn draw_ground(
    surface: &mut dyn Surface,
    problem: &MeasureProblem,
    method: Option<&Stage>,
    layers: CloudLayers,
    frame: &Frame,
    theme: &Theme,
) {
    surface.fill([0.0, 0.0, frame.width, frame.height], theme.paper);
    match land(problem, method, frame).filter(|_| layers.target) {
        Some(land) => {
            let layers = MapLayers { critical: false, probes: false, ..MapLayers::default() };
            draw_land(surface, &land, frame, theme, layers);
        }
        None => draw_axes(surface, frame, theme),
    }
    if let Some(samples) = problem.setting.samples.as_ref().filter(|_| layers.target && problem.potential.is_none()) {
        draw_samples(surface, samples, frame, theme);
    }
}

/// The density of the points that are sought; `None` where there are none.
pub fn target_density(problem: &MeasureProblem, frame: &Frame) -> Option<DensityGrid> {
    let [columns, rows] = cells(frame);
    Some(DensityGrid::of_particles(problem.setting.samples.as_ref()?, frame, columns, rows))
}

/// A cloud at a moment.
pub struct CloudScene<'a> {
    /// Place of its method in the list: colour and shape.
    pub index: usize,
    /// The problem.
    pub problem: &'a MeasureProblem,
    /// The way of the cloud, once something is recorded.
    pub trace: Option<&'a MeasureTrace>,
    /// The step, with parts of it.
    pub time: f64,
    /// What is shown.
    pub layers: CloudLayers,
    /// The window.
    pub frame: &'a Frame,
    /// Colours.
    pub theme: &'a Theme,
    cloud: Vec<Point>,
    /// The particles' density over the frame.
    density: DensityGrid,
}

impl<'a> CloudScene<'a> {
    /// The cloud of a trace at a time; that of the start where there is no trace.
    pub fn new(
        index: usize,
        problem: &'a MeasureProblem,
        trace: Option<&'a MeasureTrace>,
        time: f64,
        layers: CloudLayers,
        frame: &'a Frame,
        theme: &'a Theme,
    ) -> Self {
        let cloud = match trace {
            Some(trace) => trace.cloud_at(time, problem.setting.window),
            None => problem.setting.start.to_vec(),
        };
        let [columns, rows] = cells(frame);
        let density = DensityGrid::of_particles(&cloud, frame, columns, rows);
        Self { index, problem, trace, time, layers, frame, theme, cloud, density }
    }

    /// The picture of the density: columns, rows and pixels, and where it lies (left, top, width, height); `None` while it
    /// is not shown. A method on a grid has a density of its own, over the problem's window.
    pub fn density_pixels(&self) -> Option<([usize; 2], Vec<u8>, [f64; 4])> {
        if !self.layers.density {
            return None;
        }
        let own = self.trace.and_then(|trace| trace.row_at(self.time)).filter(|row| row.density.0 > 0);
        let on_grid = own.map(|row| DensityGrid::of_shares(row.density.0, &row.density.1));
        let grid = on_grid.as_ref().unwrap_or(&self.density);
        let mut place = [0.0, 0.0, self.frame.width, self.frame.height];
        if on_grid.is_some() {
            let [x0, x1, y0, y1] = self.problem.setting.window;
            let ([left, top], [right, bottom]) = (self.frame.to_pixel([x0, y1]), self.frame.to_pixel([x1, y0]));
            place = [left, top, right - left, bottom - top];
        }
        Some(([grid.columns, grid.rows], grid.pixels(self.theme.trail(self.index), grid.largest()), place))
    }

    /// Draws all that lies over the density. `plan`: pairs of a particle and where transport takes it, drawn with the layer
    /// of lines.
    pub fn draw(&self, surface: &mut dyn Surface, target: Option<&DensityGrid>, plan: &[(usize, Point)]) {
        let Self { index, frame, theme, .. } = *self;
        if self.layers.trails {
            self.trails(surface);
        }
        let start = &self.problem.setting.start;
        // Where only some of the particles are left, they have no numbers any more.
        let chosen = self.cloud.len() < start.len();
        if chosen {
            draw_pool(surface, start, frame, theme);
        }
        if self.layers.lines && !chosen {
            let links: Vec<[Point; 2]> = plan.iter().filter_map(|(i, to)| Some([*self.cloud.get(*i)?, *to])).collect();
            draw_links(surface, &links, index, frame, theme);
        }
        if self.cloud.len() <= MOST_DOTS {
            draw_particles(surface, &self.cloud, index, frame, theme);
        }
        draw_marginals(surface, &self.density, target, index, frame, theme);
        self.laws(surface);
        if let Some(at) = self.trace.and_then(|trace| trace.row_at(self.time)?.landmark) {
            draw_landmark(surface, at, frame, theme);
        }
    }

    /// The ways that some particles have gone.
    fn trails(&self, surface: &mut dyn Surface) {
        let Some(trace) = self.trace else { return };
        let same = |row: &&Arc<Row>| f64::from(row.step) <= self.time && row.cloud.len() == self.cloud.len();
        let rows: Vec<_> = trace.rows.iter().filter(same).collect();
        let every = self.cloud.len().div_ceil(MOST_TRAILS).max(1);
        let [x0, x1, ..] = self.problem.setting.window;
        for i in (0..self.cloud.len()).step_by(every) {
            let mut line: Vec<[f64; 2]> = Vec::new();
            let mut last: Option<Point> = None;
            for point in rows.iter().filter_map(|row| row.cloud.get(i)).chain(self.cloud.get(i)) {
                // A jump across the torus is no way.
                if last.is_some_and(|last| (last[0] - point[0]).abs() > 0.5 * (x1 - x0)) {
                    line.push([f64::NAN; 2]);
                }
                line.push(self.frame.to_pixel(*point));
                last = Some(*point);
            }
            let stroke = Stroke { color: self.theme.trail(self.index), opacity: 0.5, width: 1.1, dash: None };
            surface.line(&line, stroke);
        }
    }

    /// The cloud's mean and covariance against those known in closed form.
    fn laws(&self, surface: &mut dyn Surface) {
        let (Some(exact), Some(trace)) = (&self.problem.exact, self.trace) else { return };
        let Some(row) = trace.row_at(self.time) else { return };
        let law = exact.at(row.time);
        let covariance = [law.covariance.m11, law.covariance.m12, law.covariance.m22];
        let dashed = Stroke { color: self.theme.ink, opacity: 0.9, width: 1.5, dash: Some([5.0, 4.0]) };
        draw_law(surface, law.mean.into(), covariance, self.frame, dashed);
        draw_law(surface, row.mean, row.covariance, self.frame, Stroke::solid(self.theme.trail(self.index), 1.6));
    }

    /// Draws rings around particles of the start that are selected.
    pub fn draw_selected(&self, surface: &mut dyn Surface, selection: &[usize]) {
        let every = self.cloud.len() as f64 / self.cloud.len().clamp(1, MOST_DRAWN) as f64;
        let edge = Stroke { color: self.theme.ink, opacity: 1.0, width: 1.6, dash: None };
        for at in selection.iter().filter_map(|i| self.cloud.get((*i as f64 * every) as usize)) {
            surface.marker(Shape::Circle, self.frame.to_pixel(*at), 4.0, self.theme.trail(self.index), edge);
        }
    }
}
