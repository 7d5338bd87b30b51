//! The page of the measure lab. Everything is run in a worker; what is here shows clouds as they come.

mod charts;
mod cloud;
mod panel;
mod stage;
mod table;
mod tools;
mod worker;

pub use charts::MeasureCharts;
pub use panel::{FamilyPicker, MeasurePanel};
pub use stage::MeasureStage;
pub use table::MeasureTable;

use super::state::State;
use leptos::prelude::*;
use std::sync::Arc;
use thalweg::experiment::measure::{Gauges, Level, MeasureTrace, refusal};
use thalweg::experiment::{Experiment, Link, Method, ProblemChoice};
use thalweg::measures::Point;
use thalweg::optimizers::{Entry, Scalars};
use thalweg::problems::measure::{Choice, Kind, MeasureProblem};
use tools::Tool;
use worker::{Answer, MeasureWorker};

/// What running the experiment has given so far, shared through Leptos' context. A handle.
#[derive(Clone, Copy)]
pub struct MeasureLab {
    /// The law that is sought: what of the problem stays while somebody moves the start.
    pub law: Memo<Posed>,
    /// The problem.
    pub problem: Memo<Posed>,
    /// What an independent cloud of the law has for distances.
    pub level: Memo<Option<Level>>,
    /// Where exact transport takes the particles of the start: pairs of a particle's number and a point.
    pub plan: Memo<Vec<(usize, Point)>>,
    /// A trace for each method: of the last run until the present one has something to show.
    pub traces: RwSignal<Vec<Option<Arc<MeasureTrace>>>>,
    /// The share of all steps that have been taken; `None` when nothing is under way.
    pub progress: RwSignal<Option<f64>>,
    /// Why there is nothing to show, of everything or of a method.
    pub failures: RwSignal<Vec<(Option<usize>, String)>>,
    /// What adds up the forces between particles.
    pub note: RwSignal<String>,
    /// What the pointer does.
    pub tool: RwSignal<Tool>,
    /// Particles of the start that are selected.
    pub selection: RwSignal<Vec<usize>>,
    /// The place under the pointer.
    pub hover: RwSignal<Option<Point>>,
    worker: StoredValue<MeasureWorker, LocalStorage>,
}

/// A problem; equal only to itself, since comparing thousands of points would take longer than drawing them.
#[derive(Clone)]
pub struct Posed(pub Option<Arc<MeasureProblem>>);

impl PartialEq for Posed {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }
}

impl MeasureLab {
    /// Runs the experiment in a worker whenever it changes. Puts itself into the context.
    pub fn provide(state: State) -> Self {
        let sought = state.part(|e| (choice(e).map(Choice::without_places), e.domain, e.seed, e.steps));
        let law = Memo::new(move |_| {
            sought.with(|(choice, domain, seed, steps)| {
                let law = choice.as_ref().and_then(|choice| MeasureProblem::law(choice, *domain, *seed, *steps).ok());
                Posed(law.map(Arc::new))
            })
        });
        let started = state.part(|e| (choice(e).cloned(), e.start));
        let problem = Memo::new(move |_| {
            started.with(|(choice, start)| {
                let law = law.get().0.zip(choice.as_ref());
                let problem = law.and_then(|(law, choice)| law.as_ref().clone().with_start(choice, *start).ok());
                Posed(problem.map(Arc::new))
            })
        });
        let level = Memo::new(move |_| {
            let law = law.get().0?;
            let particles = started.with_untracked(|(choice, _)| choice.as_ref().map_or(1, Choice::particles));
            Gauges::new(law).level(particles)
        });
        let lab = Self {
            law,
            problem,
            level,
            plan: Memo::new(move |_| problem.get().0.map_or_else(Vec::new, |problem| problem.plan())),
            traces: state.measure_traces,
            progress: state.progress,
            failures: RwSignal::new(Vec::new()),
            note: RwSignal::new(String::new()),
            tool: RwSignal::new(Tool::Look),
            selection: RwSignal::new(Vec::new()),
            hover: RwSignal::new(None),
            worker: StoredValue::new_local(MeasureWorker::default()),
        };
        provide_context(lab);
        // All that a run depends on.
        let asked = state.part(|e| {
            let methods: Vec<_> = e.methods.iter().map(|m| (m.base.clone(), m.wrappers.clone())).collect();
            (choice(e).cloned(), e.start, e.domain, e.seed, e.run, e.steps, e.view.engine, methods)
        });
        Effect::new(move |_| {
            asked.with(|_| ());
            let (link, count) = state.with_untracked(|e| (Link::write(e), e.methods.len()));
            lab.run(&link, count);
        });
        on_cleanup(move || {
            lab.worker.try_update_value(MeasureWorker::close);
        });
        lab
    }

    /// The lab of the page that this component is part of.
    pub fn expect() -> Self {
        use_context::<Self>().expect("views of the measure lab live under its stage, which provides it")
    }

    fn run(self, link: &str, count: usize) {
        self.traces.update(|traces| traces.resize(count, None));
        self.failures.set(Vec::new());
        self.progress.set((count > 0).then_some(0.0));
        let answer = move |answer: Answer| match answer {
            Answer::Rows(method, numbers) => self.take(method, &numbers),
            Answer::Refused(method, reason) => {
                let _ = self.failures.try_update(|failures| failures.push((method, reason)));
                match method {
                    Some(method) => self.put(method, None),
                    None => {
                        let _ = self.progress.try_set(None);
                    }
                }
            }
            Answer::Share(share) => {
                let _ = self.progress.try_set((share < 1.0).then_some(share));
            }
            Answer::Note(note) => {
                let _ = self.note.try_set(note);
            }
        };
        self.worker.update_value(|worker| worker.run(link, answer));
    }

    fn put(self, method: usize, trace: Option<Arc<MeasureTrace>>) {
        let _ = self.traces.try_update(|traces| {
            if let Some(place) = traces.get_mut(method) {
                *place = trace;
            }
        });
    }

    /// Adds rows to the trace of a method; rows from the first on replace what was there.
    fn take(self, method: usize, numbers: &[f64]) {
        let known = self.traces.try_with_untracked(|traces| traces.get(method).cloned().flatten()).flatten();
        let mut trace = known.map_or_else(MeasureTrace::default, Arc::unwrap_or_clone);
        match trace.read_numbers(numbers) {
            Some(()) => self.put(method, Some(Arc::new(trace))),
            // What is no trace is from another version of the module.
            None => {
                let _ = self.failures.try_update(|all| all.push((Some(method), "a trace arrived damaged".to_owned())));
            }
        }
    }

    /// Gives up what is under way; what has been run stays.
    pub fn cancel(self) {
        self.worker.update_value(MeasureWorker::close);
        self.progress.set(None);
    }

    /// The traces of the methods that are shown, with their places, reactively.
    pub fn shown(self, state: State) -> Vec<(usize, Arc<MeasureTrace>)> {
        let traces = self.traces.get();
        let visible: Vec<bool> = state.with(|e| e.methods.iter().map(|m| m.visible).collect());
        let all = traces.into_iter().enumerate();
        all.filter(|(i, _)| visible.get(*i) == Some(&true)).filter_map(|(i, trace)| Some((i, trace?))).collect()
    }

    /// Whether a method can be run on the present problem, reactively.
    pub fn suits(self, entry: &Entry) -> bool {
        self.problem.with(|posed| posed.0.as_ref().is_none_or(|problem| refusal(entry, problem).is_none()))
    }

    /// Whether the problem is a game, reactively.
    pub fn is_game(self) -> bool {
        self.problem.with(|posed| posed.0.as_ref().is_some_and(|problem| problem.family.kind == Kind::Game))
    }

    /// What methods call the numbers that they tell of themselves, reactively.
    pub fn gauge_names(self, state: State) -> String {
        let name = |method: &Method| match method.entry().scalars {
            Scalars::Flow(flow) => Some(flow.gauge).filter(|name| !name.is_empty()),
            _ => None,
        };
        let mut names: Vec<&'static str> = state.with(|e| e.methods.iter().filter_map(name).collect());
        names.dedup();
        names.join(", ")
    }
}

/// The choice of an experiment of the measure lab.
pub fn choice(experiment: &Experiment) -> Option<&Choice> {
    match &experiment.problem {
        ProblemChoice::Measure(choice) => Some(choice),
        _ => None,
    }
}

/// Changes the choice of an experiment of the measure lab.
pub fn choose(experiment: &mut Experiment, change: impl FnOnce(&mut Choice)) {
    if let ProblemChoice::Measure(choice) = &mut experiment.problem {
        change(choice);
    }
}
