//! Keeps a map of basins up to date: one run from every pixel.

use super::grid_map::{GridMap, Kind};
use super::mass::{Mass, Request};
use super::state::State;
use leptos::prelude::*;
use std::rc::Rc;
use std::time::Duration;
use thalweg::engine::{Axis, Cell, Goal, Job, Landing, Lanes, Layout, Minima};
use thalweg::experiment::{Experiment, Link, Method};
use thalweg::figure::{BasinScale, Theme, basin_pixels, read_number};
use thalweg::problems::{Noise, PlaneProblem};

/// What the pixels of a map of basins mean.
#[derive(Clone)]
pub struct Basins {
    /// The minima that are told apart.
    pub minima: Minima,
    scale: BasinScale,
}

impl Kind for Basins {
    type Cell = Cell;

    fn learn(&mut self, job: &Job, parts: &[(Layout, Vec<u8>)]) {
        let landings: Vec<Landing> = parts.iter().flat_map(|(layout, outputs)| layout.landings(outputs)).collect();
        self.minima.learn(job, &landings);
    }

    fn read(&self, job: &Job, layout: &Layout, outputs: &[u8]) -> Vec<Cell> {
        layout.landings(outputs).into_iter().map(|landing| self.minima.judge(job, landing)).collect()
    }

    fn scale(&mut self, cells: &[Cell]) {
        self.scale = BasinScale::of(cells);
    }

    fn gap(&self, job: &Job, one: &(Layout, Vec<u8>), direct: &(Layout, Vec<u8>)) -> String {
        let (ones, others) = (one.0.landings(&one.1), direct.0.landings(&direct.1));
        let [x0, x1, y0, y1] = job.window;
        let (mut elsewhere, mut apart) = (0, 0.0_f64);
        for (a, b) in ones.iter().zip(&others) {
            if self.minima.judge(job, *a).verdict == self.minima.judge(job, *b).verdict {
                let share = libm::hypot((a.at[0] - b.at[0]) / (x1 - x0), (a.at[1] - b.at[1]) / (y1 - y0));
                apart = apart.max(if a.left > 0 { 0.0 } else { share });
            } else {
                elsewhere += 1;
            }
        }
        let all = ones.len();
        let apart = read_number(apart);
        format!("{} of {all} starts end alike, at most {apart} of the window apart", all - elsewhere)
    }

    fn pixels(&self, cells: &[Cell], theme: &Theme) -> Vec<u8> {
        basin_pixels(cells, &self.scale, theme)
    }
}

/// The map of basins of a view.
pub type BasinMap = GridMap<Basins>;

/// A window narrower than this fraction of its distance from the origin needs double precision: single precision has
/// about 1e-7, and a map has hundreds of pixels.
const NARROW: f64 = 1e-3;

/// The map of basins that this component is part of.
pub fn expect() -> BasinMap {
    use_context().expect("the map provides its basins")
}

/// A map that follows the experiment: a change makes it anew, a moment after the last one.
pub fn follow(state: State) -> BasinMap {
    let map = BasinMap::new();
    let runs = Mass::expect_runs();
    // What a map depends on: one method, with neither the start nor what is only looked at.
    let asked = state.part(|e| {
        let mut asked = Experiment { start: None, view: Default::default(), ..e.clone() };
        asked.view.basins = e.view.basins.filter(|place| *place < e.methods.len());
        asked.view.engine = e.view.engine;
        let kept = asked.view.basins.map(|place| asked.methods.swap_remove(place));
        asked.methods = kept.into_iter().map(|method| Method { visible: true, ..method }).collect();
        asked
    });
    let pending = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |_| {
        state.track_land();
        let (asked, frame) = (asked.get(), state.frame.get());
        if let Some(handle) = pending.get_value() {
            handle.clear();
        }
        runs.cancel();
        let (false, Some(frame)) = (asked.methods.is_empty(), frame) else {
            map.shown.set(None);
            map.told.set(String::new());
            return;
        };
        if asked.noise != Noise::None {
            return map.refuse("with noise every run of a start ends elsewhere: switch it off for the map".to_owned());
        }
        let problem = state.run_untracked().problem.clone();
        let request = state.with_untracked(|e| request(e, &problem, e.view.basins.unwrap_or(0), frame.window));
        let Some(request) = request else { return };
        let kind = Basins { minima: Minima::known(&problem), scale: BasinScale::of(&[]) };
        let runs = runs.clone();
        // The land is drawn first, and a slider that goes on moving is not waited upon.
        let begin = move || map.compute(state, &runs, kind, request, [frame.width, frame.height]);
        pending.set_value(set_timeout_with_handle(begin, Duration::from_millis(16)).ok());
    });
    Effect::new(move |_| map.repaint(state.theme()));
    map
}

/// The runs of an experiment's method from a window, a single cell.
pub fn request(experiment: &Experiment, problem: &PlaneProblem, place: usize, window: [f64; 4]) -> Option<Request> {
    let job = Job::of(experiment, problem, place, window)?;
    let job = Job { axes: [Axis::Start(0), Axis::Start(1)], goal: Goal::Landing, ..job };
    Some(Request {
        link: Link::write(experiment).into(),
        place,
        lanes: lanes_for(&window),
        job: Rc::new(job),
        part: 1,
        engine: experiment.view.engine,
    })
}

/// Single precision where it tells neighbouring pixels apart.
fn lanes_for(window: &[f64; 4]) -> Lanes {
    let [x0, x1, y0, y1] = *window;
    let narrow = |low: f64, high: f64| (high - low) < NARROW * low.abs().max(high.abs());
    if narrow(x0, x1) || narrow(y0, y1) { Lanes::F64x2 } else { Lanes::F32x4 }
}
