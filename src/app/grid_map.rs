//! A picture with a run behind every pixel, which sharpens as the runs come in: coarse first, then band by band.

use super::dom;
use super::mass::{DIRECT, Progress, Request, Runs};
use super::state::State;
use crate::canvas::{enlarge, put_rows};
use leptos::html;
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use thalweg::engine::{Job, Layout};
use thalweg::experiment::Engine;
use thalweg::figure::{Theme, read_number};

/// What a kind of map makes of the numbers that runs leave.
pub trait Kind: Clone + Send + Sync + 'static {
    /// What a pixel knows.
    type Cell: Copy + Send + Sync + 'static;

    /// Takes in what is to be known before the first pixel has a meaning, from the outputs of the coarse grid.
    fn learn(&mut self, job: &Job, parts: &[(Layout, Vec<u8>)]);
    /// What some cells know.
    fn read(&self, job: &Job, layout: &Layout, outputs: &[u8]) -> Vec<Self::Cell>;
    /// Settles the scale of the colours by the coarse grid.
    fn scale(&mut self, cells: &[Self::Cell]);
    /// How far two engines' outputs for the same cells are apart, in words; the second engine is the direct code.
    fn gap(&self, job: &Job, one: &(Layout, Vec<u8>), direct: &(Layout, Vec<u8>)) -> String;
    /// Red, green, blue and opacity of cells.
    fn pixels(&self, cells: &[Self::Cell], theme: &Theme) -> Vec<u8>;
}

/// A map whose grid is complete.
#[derive(Clone)]
pub struct Grid<K: Kind> {
    /// What was asked; its grid is the map's.
    pub job: Arc<Job>,
    /// What each cell knows, row by row from the top.
    pub cells: Arc<Vec<K::Cell>>,
    /// What the cells mean.
    pub kind: K,
}

impl<K: Kind> Grid<K> {
    /// What is known of a position on the map's axes.
    pub fn at(&self, [x, y]: [f64; 2]) -> Option<K::Cell> {
        let [x0, x1, y0, y1] = self.job.window;
        let (u, v) = ((x - x0) / (x1 - x0), (y1 - y) / (y1 - y0));
        if !((0.0..1.0).contains(&u) && (0.0..1.0).contains(&v)) {
            return None;
        }
        let (column, row) = ((u * self.job.columns as f64) as usize, (v * self.job.rows as f64) as usize);
        self.cells.get(row * self.job.columns + column).copied()
    }
}

/// A map on a canvas. A handle.
pub struct GridMap<K: Kind> {
    /// The latest complete grid.
    pub shown: RwSignal<Option<Grid<K>>>,
    /// How far it is, how it was computed, or why it cannot be: what the badge says.
    pub told: RwSignal<String>,
    /// Where it is drawn: a pixel a cell.
    pub canvas: NodeRef<html::Canvas>,
}

impl<K: Kind> Clone for GridMap<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Kind> Copy for GridMap<K> {}

/// Pixels of the page to a cell of the coarse picture.
const COARSE: f64 = 12.0;
/// Cells of a task: a worker answers some twenty times a second.
const CELLS: usize = 8_192;

/// A map on its way.
struct Work<K: Kind> {
    map: GridMap<K>,
    runs: Runs,
    state: State,
    kind: K,
    request: Request,
    size: [f64; 2],
    began: f64,
}

impl<K: Kind> GridMap<K> {
    /// A map of nothing.
    pub fn new() -> Self {
        Self { shown: RwSignal::new(None), told: RwSignal::new(String::new()), canvas: NodeRef::new() }
    }

    /// Shows nothing, for this reason.
    pub fn refuse(self, reason: String) {
        // The view may have gone while a worker was at work.
        let _ = self.shown.try_set(None);
        let _ = self.told.try_set(reason);
    }

    /// Computes a map of so many pixels; what is on its way is given up.
    pub fn compute(self, state: State, runs: &Runs, kind: K, request: Request, size: [f64; 2]) {
        if let Some(performance) = dom::window().performance() {
            let _ = performance.mark("thalweg-asked");
        }
        let work = Work { map: self, runs: runs.clone(), state, kind, request, size, began: dom::now() };
        work.coarse();
    }

    /// Draws the complete grid anew, in other colours.
    pub fn repaint(self, theme: &Theme) {
        let (Some(canvas), Some(Some(grid))) = (self.canvas.get_untracked(), self.shown.try_get_untracked()) else {
            return;
        };
        let (columns, rows) = (grid.job.columns as u32, grid.job.rows as u32);
        canvas.set_width(columns);
        canvas.set_height(rows);
        let _ = put_rows(&canvas, 0, columns, &grid.kind.pixels(&grid.cells, theme));
    }
}

impl<K: Kind> Work<K> {
    /// The request with a grid of cells of so many pixels.
    fn grid(&self, pixels: f64, part: usize) -> Request {
        let [columns, rows] = self.size.map(|side| (side / pixels).ceil().max(1.0) as usize);
        let job = Rc::new(Job { columns, rows, ..(*self.request.job).clone() });
        Request { job, part, ..self.request.clone() }
    }

    fn coarse(self) {
        let request = self.grid(COARSE, 1);
        let share = request.job.cells().div_ceil(2 * self.runs.workers().max(1));
        let request = Request { part: share, ..request };
        let job = request.job.clone();
        let runs = self.runs.clone();
        let parts = RefCell::new(Vec::<(usize, (Layout, Vec<u8>))>::new());
        let work = RefCell::new(Some(self));
        runs.begin(request, move |progress| match progress {
            Progress::Begun(engine) => {
                parts.borrow_mut().clear();
                if let Some(work) = &*work.borrow() {
                    let _ = work.map.told.try_set(engine);
                }
            }
            Progress::Part { cells, layout, outputs, last, .. } => {
                let mut known = parts.borrow_mut();
                let place = known.partition_point(|(first, _)| *first < cells.start);
                known.insert(place, (cells.start, (layout, outputs)));
                drop(known);
                if let Some(work) = last.then(|| work.borrow_mut().take()).flatten() {
                    let parts: Vec<_> = parts.take().into_iter().map(|(_, part)| part).collect();
                    let mut kind = work.kind.clone();
                    kind.learn(&job, &parts);
                    let cells: Vec<K::Cell> =
                        parts.iter().flat_map(|(layout, outputs)| kind.read(&job, layout, outputs)).collect();
                    kind.scale(&cells);
                    work.show_coarse(Grid { job: Arc::new((*job).clone()), cells: Arc::new(cells), kind });
                }
            }
            Progress::Refused(reason) => {
                if let Some(work) = &*work.borrow() {
                    work.map.refuse(reason);
                }
            }
        });
    }

    fn show_coarse(self, grid: Grid<K>) {
        let kind = grid.kind.clone();
        if self.map.shown.try_set(Some(grid)).is_some() {
            // The view has gone.
            return;
        }
        self.map.repaint(self.state.theme_untracked());
        measure("thalweg-coarse");
        self.fine(kind);
    }

    fn fine(self, kind: K) {
        let request = self.grid(1.0, CELLS);
        let (job, runs) = (request.job.clone(), self.runs.clone());
        let cells: RefCell<Vec<Option<K::Cell>>> = RefCell::new(vec![None; job.cells()]);
        let ready = RefCell::new(false);
        let done = std::cell::Cell::new(0_usize);
        let engine = RefCell::new(String::new());
        // Milliseconds that workers were at it.
        let busy = std::cell::Cell::new(0.0);
        runs.begin(request, move |progress| match progress {
            Progress::Begun(name) => {
                done.set(0);
                busy.set(0.0);
                engine.replace(name);
            }
            Progress::Part { cells: range, layout, outputs, milliseconds, last } => {
                busy.set(busy.get() + milliseconds);
                let read = kind.read(&job, &layout, &outputs);
                if let Some(canvas) = self.map.canvas.try_get_untracked().flatten() {
                    if !ready.replace(true) {
                        let _ = enlarge(&canvas, job.columns as u32, job.rows as u32);
                    }
                    let row = (range.start / job.columns) as u32;
                    let _ =
                        put_rows(&canvas, row, job.columns as u32, &kind.pixels(&read, self.state.theme_untracked()));
                }
                for (slot, cell) in cells.borrow_mut()[range.clone()].iter_mut().zip(read) {
                    *slot = Some(cell);
                }
                done.set(done.get() + range.len());
                if !last {
                    let percent = 100 * done.get() / job.cells();
                    let _ = self.map.told.try_set(format!("{}, {percent} %", engine.borrow()));
                    return;
                }
                let cells: Vec<K::Cell> = cells.take().into_iter().flatten().collect();
                let grid = Grid { job: Arc::new((*job).clone()), cells: Arc::new(cells), kind: kind.clone() };
                let _ = self.map.shown.try_set(Some(grid));
                measure("thalweg-map");
                let told = self.summary(&job, &engine.borrow(), busy.get());
                let _ = self.map.told.try_set(told.clone());
                if *engine.borrow() != DIRECT {
                    check(self.map, &self.runs, &self.request, kind.clone(), told);
                }
            }
            Progress::Refused(reason) => self.map.refuse(reason),
        });
    }

    /// How a map that is complete was computed.
    fn summary(&self, job: &Job, engine: &str, busy: f64) -> String {
        let seconds = read_number(((dom::now() - self.began) / 10.0).round() / 100.0);
        let steps = job.cells() as f64 * f64::from(job.steps);
        let rate = read_number((steps / busy.max(0.1) / 1e3).round());
        let workers = match self.runs.workers() {
            _ if engine.starts_with("WebGPU") => String::new(),
            1 => ", 1 worker".to_owned(),
            workers => format!(", {workers} workers"),
        };
        format!("{engine}{workers}, {seconds} s, {rate} M steps/s each")
    }
}

/// Keeps how long it is since the map was asked for; a browser may have no room for it.
fn measure(name: &str) {
    if let Some(performance) = dom::window().performance() {
        let _ = performance.measure_with_start_mark(name, "thalweg-asked");
    }
}

/// Cells along each side of the sample on which engines are compared.
const SAMPLE: usize = 8;

/// Compares the engine of a map with the direct code on a sample of the map, and tells the difference.
fn check<K: Kind>(map: GridMap<K>, runs: &Runs, request: &Request, kind: K, told: String) {
    let job = Rc::new(Job { columns: SAMPLE, rows: SAMPLE, ..(*request.job).clone() });
    let sample = Request { job: job.clone(), part: SAMPLE * SAMPLE, ..request.clone() };
    let direct = Request { engine: Some(Engine::Direct), ..sample.clone() };
    let again = runs.clone();
    let rest = RefCell::new(Some((kind, told, direct)));
    runs.begin(sample, move |progress| {
        let Progress::Part { layout, outputs, .. } = progress else { return };
        let Some((kind, told, direct)) = rest.borrow_mut().take() else { return };
        let (one, job) = ((layout, outputs), job.clone());
        again.begin(direct, move |progress| {
            if let Progress::Part { layout, outputs, .. } = progress {
                let gap = kind.gap(&job, &one, &(layout, outputs));
                let _ = map.told.try_set(format!("{told}. Beside the direct code: {gap}"));
            }
        });
    });
}
