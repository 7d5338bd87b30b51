//! The page's state: one experiment, what running it gave, and where one is looking.

use super::dialog::Dialogs;
use super::dom;
use super::export::Copied;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use thalweg::experiment::{Experiment, Lab, Link, Note, ProblemChoice, Run, run, run_one};
use thalweg::figure::{Frame, MapLayers, Theme};
use thalweg::lessons;
use thalweg::scalar::decimal;

/// What the pointer is over on the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hover {
    /// A point of the plane.
    Ground([f64; 2]),
    /// A step of a method's trail.
    Trail {
        /// Which method.
        method: usize,
        /// Which step.
        step: usize,
    },
}

/// An experiment with what running it gave.
pub struct Seen {
    /// The experiment.
    pub experiment: Experiment,
    /// Its run.
    pub run: Arc<Run>,
}

/// Milliseconds between two updates of the panels beside the map while something is dragged: numbers that change faster
/// cannot be read, and the map has the time instead.
const PANELS: f64 = 150.0;

/// The state, shared through Leptos' context. Everything in it is a handle, so that it can be copied into closures.
#[derive(Clone, Copy)]
pub struct State {
    /// The one value that is worth saving. Changed through [`State::edit`] alone.
    experiment: RwSignal<Experiment>,
    /// What running it gave in the plane; the last good run while the experiment cannot be posed. `None` in another lab,
    /// which keeps its own: the views of the plane are not there then, and the lab of a page never changes.
    run: RwSignal<Option<Arc<Run>>>,
    /// What the panels beside the map show.
    seen: RwSignal<Option<Arc<Seen>>>,
    /// Whether the panels are about to follow the map.
    pub following: RwSignal<bool>,
    /// When they last did, in milliseconds.
    followed: StoredValue<f64>,
    /// A trace for each method in the matrix lab: of the last run until the present one has something to show.
    #[cfg(labs)]
    pub matrix_traces: RwSignal<Vec<Option<Arc<thalweg::experiment::matrix::MatrixTrace>>>>,
    /// The same in the measure lab.
    #[cfg(labs)]
    pub measure_traces: RwSignal<Vec<Option<Arc<thalweg::experiment::measure::MeasureTrace>>>>,
    /// The share of all steps that a lab's worker has taken; `None` when nothing is under way.
    #[cfg(labs)]
    pub progress: RwSignal<Option<f64>>,
    /// What is minimised, and where it is shown.
    land: Memo<(ProblemChoice, Option<[f64; 4]>)>,
    /// What was wrong with the link or with what was typed, shown next to its cause.
    pub notes: RwSignal<Vec<Note>>,
    /// The time that is shown, in steps; fractions lie between two steps.
    pub time: RwSignal<f64>,
    /// Whether time runs.
    pub playing: RwSignal<bool>,
    /// How fast time runs: 1 shows the whole run in eight seconds.
    pub speed: RwSignal<f64>,
    /// Whether colours are those of the night.
    pub dark: RwSignal<bool>,
    /// The map's window and size; `None` before it has been laid out.
    pub frame: RwSignal<Option<Frame>>,
    /// Whether the start is being dragged.
    pub in_hand: RwSignal<bool>,
    /// What the pointer is over.
    pub hover: RwSignal<Option<Hover>>,
    /// Which parts of the ground are drawn.
    pub layers: RwSignal<MapLayers>,
    /// Counts the typefaces that have arrived: canvases draw again.
    pub fonts: RwSignal<u32>,
    /// What became of copying the link.
    pub copied: RwSignal<Copied>,
    /// What opens over the page.
    pub dialogs: Dialogs,
}

/// Why there is a run where a view of the plane asks for one.
const OF_THE_PLANE: &str = "views of the plane are in the plane's page";

/// The window of a map that has not been laid out.
const NO_SIZE: f64 = 1.0;

impl State {
    /// The state for a link. Puts it into the context.
    pub fn provide(link: &str) -> Self {
        let Link { experiment, notes } = Link::parse(&with_setup(link));
        let (experiment, first) = match run(&experiment) {
            Ok(first) => (experiment, Some(first)),
            Err(_) if experiment.lab() != Lab::Plane => (experiment, None),
            // The link's reader poses every problem before it hands it out; the default stands in all the same.
            Err(_) => {
                let default = Experiment::default();
                let first = run(&default).expect("the default experiment can be posed");
                (default, Some(first))
            }
        };
        let still = dom::matches("(prefers-reduced-motion: reduce)") || experiment.view.step.is_some();
        let time = experiment.view.step.map_or(if still { f64::from(experiment.steps) } else { 0.0 }, f64::from);
        let time = time.min(f64::from(experiment.steps));
        let first = first.map(Arc::new);
        let seen = first.clone().map(|run| Arc::new(Seen { experiment: experiment.clone(), run }));
        let experiment = RwSignal::new(experiment);
        let state = Self {
            time: RwSignal::new(time),
            playing: RwSignal::new(!still),
            experiment,
            run: RwSignal::new(first),
            seen: RwSignal::new(seen),
            #[cfg(labs)]
            matrix_traces: RwSignal::new(Vec::new()),
            #[cfg(labs)]
            measure_traces: RwSignal::new(Vec::new()),
            #[cfg(labs)]
            progress: RwSignal::new(None),
            following: RwSignal::new(false),
            followed: StoredValue::new(0.0),
            land: Memo::new(move |_| experiment.with(|e| (e.problem.clone(), e.domain))),
            notes: RwSignal::new(notes),
            speed: RwSignal::new(1.0),
            dark: RwSignal::new(stored_theme().unwrap_or_else(|| dom::matches("(prefers-color-scheme: dark)"))),
            frame: RwSignal::new(None),
            in_hand: RwSignal::new(false),
            hover: RwSignal::new(None),
            layers: RwSignal::new(MapLayers::default()),
            fonts: RwSignal::new(0),
            copied: RwSignal::new(Copied::No),
            dialogs: Dialogs::default(),
        };
        provide_context(state);
        state
    }

    /// The state of the page that this component is part of.
    pub fn expect() -> Self {
        use_context::<Self>().expect("components live under the shell, which provides the state")
    }

    /// Reads the experiment, reactively.
    pub fn with<T>(self, read: impl FnOnce(&Experiment) -> T) -> T {
        self.experiment.with(read)
    }

    /// Reads the experiment once.
    pub fn with_untracked<T>(self, read: impl FnOnce(&Experiment) -> T) -> T {
        self.experiment.with_untracked(read)
    }

    /// A part of the experiment that notifies when it changes and at no other time.
    pub fn part<T: PartialEq + Clone + Send + Sync + 'static>(
        self,
        read: impl Fn(&Experiment) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| self.experiment.with(&read))
    }

    /// The run, reactively.
    pub fn run(self) -> Arc<Run> {
        self.run.get().expect(OF_THE_PLANE)
    }

    /// The run as it is now.
    pub fn run_untracked(self) -> Arc<Run> {
        self.run.get_untracked().expect(OF_THE_PLANE)
    }

    /// The experiment and its run for the panels beside the map, reactively: they follow at most seven times a second.
    pub fn seen(self) -> Arc<Seen> {
        self.seen.get().expect(OF_THE_PLANE)
    }

    /// What the panels show now.
    pub fn seen_untracked(self) -> Arc<Seen> {
        self.seen.get_untracked().expect(OF_THE_PLANE)
    }

    /// The run as it is now, for what depends on the land alone.
    pub fn landed(self) -> Arc<Run> {
        self.track_land();
        self.run_untracked()
    }

    /// Subscribes to what is minimised and where it is shown: not to starts, steps or optimizers.
    pub fn track_land(self) {
        // Reading it, not only tracking it: a memo that nobody reads never learns of a change.
        self.land.with(|_| ());
    }

    /// The colours in use, reactively.
    pub fn theme(self) -> &'static Theme {
        Theme::of(self.dark.get())
    }

    /// The same, without following it.
    pub fn theme_untracked(self) -> &'static Theme {
        Theme::of(self.dark.get_untracked())
    }

    /// Changes the experiment and runs what has changed.
    ///
    /// When the changed experiment cannot be posed nothing changes, and the reason is returned: the last good picture
    /// stays.
    pub fn edit(self, change: impl FnOnce(&mut Experiment)) -> Result<(), thalweg::problems::ProblemError> {
        let before = self.experiment.get_untracked();
        let mut after = before.clone();
        change(&mut after);
        after.steps = after.steps.min(Experiment::step_limit(after.methods.len()));
        if after == before {
            return Ok(());
        }
        match self.run.get_untracked() {
            Some(done) if !before.same_run(&after) => self.run.set(Some(Arc::new(rerun(&before, &done, &after)?))),
            Some(_) => {}
            #[cfg(labs)]
            None if before.problem != after.problem || before.domain != after.domain => match after.lab() {
                Lab::Measure => drop(after.pose_measure()?),
                _ => drop(after.outline()?),
            },
            #[cfg(labs)]
            None => {}
            #[cfg(not(labs))]
            None => {}
        }
        let steps = f64::from(after.steps);
        let elsewhere = before.problem != after.problem || before.domain != after.domain;
        self.experiment.set(after);
        if elsewhere {
            self.reset_view();
        }
        if self.time.get_untracked() > steps {
            self.time.set(steps);
        }
        self.let_panels_follow();
        Ok(())
    }

    /// Shows the present experiment in the panels beside the map: at once, or as soon as they may be drawn again.
    fn let_panels_follow(self) {
        if self.following.get_untracked() {
            return;
        }
        let wait = self.followed.get_value() + PANELS - dom::now();
        if wait <= 0.0 {
            self.show_in_panels();
        } else {
            self.following.set(true);
            // The page, or the element it was mounted in, may be gone by then.
            let follow = move || {
                if self.following.try_set(false).is_none() {
                    self.show_in_panels();
                }
            };
            set_timeout(follow, Duration::from_millis(wait.ceil() as u64));
        }
    }

    fn show_in_panels(self) {
        self.followed.set_value(dom::now());
        let experiment = self.experiment.get_untracked();
        self.seen.set(self.run.get_untracked().map(|run| Arc::new(Seen { experiment, run })));
    }

    /// [`State::edit`] with a change that leaves the problem as it is, and therefore cannot fail.
    pub fn change(self, change: impl FnOnce(&mut Experiment)) {
        let posed = self.edit(change);
        debug_assert!(posed.is_ok(), "a change that leaves the problem alone can be posed");
    }

    /// Replaces everything by what a link says, as if the page had been opened with it.
    pub fn open(self, link: &str) {
        let link = with_setup(link);
        if !self.leaves_for(&link) {
            self.show(Link::parse(&link));
        }
    }

    /// Opens the page anew if the link is of another lab: each has views of its own.
    fn leaves_for(self, link: &str) -> bool {
        let leaves = Lab::of_link(link) != self.with_untracked(Experiment::lab);
        if leaves {
            super::address::go_to(link);
        }
        leaves
    }

    /// Replaces everything by what a link in a lesson says, with this page of the lesson beside it.
    pub fn set_up(self, link: &str, lesson: (String, u32)) {
        if self.leaves_for(&format!("{link}&lesson={};page={}", lesson.0, lesson.1)) {
            return;
        }
        let mut link = Link::parse(link);
        link.experiment.view.lesson = Some(lesson);
        self.show(link);
    }

    fn show(self, Link { experiment, notes }: Link) {
        let step = experiment.view.step;
        if self.edit(|e| *e = experiment).is_ok() {
            self.notes.set(notes);
            self.reset_view();
            match step {
                Some(step) => self.show_step(f64::from(step)),
                None => self.replay(),
            }
        }
    }

    /// Shows a step and stops there.
    pub fn show_step(self, step: f64) {
        let steps = f64::from(self.with_untracked(|e| e.steps));
        self.playing.set(false);
        self.time.set(step.clamp(0.0, steps));
    }

    /// Runs time from the start; where motion is unwelcome, shows the end.
    pub fn replay(self) {
        if dom::matches("(prefers-reduced-motion: reduce)") {
            self.show_step(f64::INFINITY);
        } else {
            self.time.set(0.0);
            self.playing.set(true);
        }
    }

    /// Lays the map out anew: the window of the experiment in a map of this size.
    pub fn lay_out(self, width: f64, height: f64) {
        if width < NO_SIZE || height < NO_SIZE {
            return;
        }
        let window = self.with_untracked(|e| e.view.window);
        self.frame.set(Some(match window {
            Some(window) => Frame { window, width, height },
            None => Frame::fit(self.run_untracked().problem.domain, width, height),
        }));
    }

    /// Shows the whole domain, or the window that the experiment names.
    pub fn reset_view(self) {
        if let Some(frame) = self.frame.get_untracked() {
            self.lay_out(frame.width, frame.height);
        }
    }

    /// Shows another window, and remembers it in the experiment.
    pub fn look_at(self, frame: Frame) {
        self.frame.set(Some(frame));
        // Six digits of the window's size are more than a screen has pixels.
        let [x0, x1, y0, y1] = frame.window;
        let round = |x: f64, size: f64| {
            let unit = libm::pow(10.0, libm::floor(libm::log10(size)) - 5.0);
            let rounded = (x / unit).round() * unit;
            decimal(&format!("{rounded:.12e}")).unwrap_or(x)
        };
        let (w, h) = (x1 - x0, y1 - y0);
        let window = [round(x0, w), round(x1, w), round(y0, h), round(y1, h)];
        self.change(|e| e.view.window = Some(window));
    }

    /// Moves the start of all optimizers.
    pub fn move_start(self, at: [f64; 2]) {
        self.change(|e| e.start = Some(at));
    }
}

/// The link, or, for one that names the page of a lesson and nothing else to run, that page's set-up.
fn with_setup(link: &str) -> String {
    let Link { experiment, .. } = Link::parse(link);
    let Some((id, number)) = &experiment.view.lesson else { return link.to_owned() };
    let page = lessons::find(id).and_then(|lesson| lesson.pages.get(*number as usize - 1));
    match page {
        Some(page) if experiment.same_run(&Experiment::default()) && Lab::of_link(link) == Lab::Plane => {
            format!("{}&lesson={id};page={number}", page.setup.trim_start_matches('?'))
        }
        _ => link.to_owned(),
    }
}

/// Runs what differs between two experiments, and takes over what does not.
fn rerun(before: &Experiment, done: &Run, after: &Experiment) -> Result<Run, thalweg::problems::ProblemError> {
    let same_problem = before.problem == after.problem && before.domain == after.domain;
    let mut problem = if same_problem { done.problem.clone() } else { after.pose()? };
    if same_problem {
        problem.start = match after.start {
            Some(start) => start,
            None => after.pose()?.start,
        };
    }
    let same_setting = same_problem
        && before.start == after.start
        && before.steps == after.steps
        && before.noise == after.noise
        && before.seed == after.seed
        && before.run == after.run
        && before.tolerance == after.tolerance;
    let known = |method: &thalweg::experiment::Method| {
        let same = |m: &thalweg::experiment::Method| m.base == method.base && m.wrappers == method.wrappers;
        same_setting.then(|| before.methods.iter().position(same)).flatten()
    };
    let traces = after.methods.iter().map(|method| match known(method) {
        Some(index) => done.traces[index].clone(),
        None => run_one(&problem, after, method),
    });
    let traces = traces.collect();
    Ok(Run { problem, traces })
}

/// The visitor's own choice of colours, if one was made before.
fn stored_theme() -> Option<bool> {
    let storage = dom::window().local_storage().ok()??;
    let theme = storage.get_item("theme").ok()??;
    Some(theme == "dark")
}

/// Remembers the visitor's choice of colours. Where storage is not allowed it lasts as long as the page.
pub fn store_theme(dark: bool) {
    if let Ok(Some(storage)) = dom::window().local_storage() {
        let _ = storage.set_item("theme", if dark { "dark" } else { "light" });
    }
}
