//! The page of the matrix lab. Everything is run in a worker; what is here shows traces as they grow.

mod heat;
mod panel;
mod plots;
mod rates;
mod slice;
mod spectrum;
mod stage;
mod table;
mod worker;

pub use panel::{FamilyPicker, MatrixPanel};
pub use plots::MatrixCharts;
pub use stage::MatrixStage;
pub use table::MatrixTable;

use super::state::State;
use leptos::prelude::*;
use std::sync::Arc;
use thalweg::experiment::matrix::MatrixTrace;
use thalweg::experiment::{Experiment, Link};
use thalweg::problems::matrix::Outline;
use worker::{Answer, MatrixWorker};

/// What running the experiment has given so far, shared through Leptos' context. A handle.
#[derive(Clone, Copy)]
pub struct MatrixLab {
    /// The problem without its measurements.
    pub outline: Memo<Option<Arc<Outline>>>,
    /// A trace for each method: of the last run until the present one has something to show.
    pub traces: RwSignal<Vec<Option<Arc<MatrixTrace>>>>,
    /// The share of all steps that have been taken; `None` when nothing is under way.
    pub progress: RwSignal<Option<f64>>,
    /// Why there is nothing to show, of everything or of a method.
    pub failures: RwSignal<Vec<(Option<usize>, String)>>,
    /// The method whose matrices are shown.
    pub chosen: RwSignal<usize>,
    /// The steps between which rates are read off while they are dragged.
    pub dragged: RwSignal<Option<[usize; 2]>>,
    worker: StoredValue<MatrixWorker, LocalStorage>,
}

impl MatrixLab {
    /// Runs the experiment in a worker whenever it changes. Puts itself into the context.
    pub fn provide(state: State) -> Self {
        let posed = state.part(|e| (e.problem.clone(), e.seed));
        let lab = Self {
            outline: Memo::new(move |_| {
                // Reading it: a memo that is only tracked never learns of a change.
                posed.with(|_| ());
                state.with_untracked(Experiment::outline).ok().map(Arc::new)
            }),
            traces: state.matrix_traces,
            progress: state.progress,
            failures: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(0),
            dragged: RwSignal::new(None),
            worker: StoredValue::new_local(MatrixWorker::default()),
        };
        provide_context(lab);
        // All that a run depends on.
        let asked = state.part(|e| {
            let methods: Vec<_> = e.methods.iter().map(|m| (m.base.clone(), m.wrappers.clone())).collect();
            (e.problem.clone(), e.seed, e.run, e.steps, e.tolerance.to_bits(), methods)
        });
        Effect::new(move |_| {
            asked.with(|_| ());
            let (link, count) = state.with_untracked(|e| (Link::write(e), e.methods.len()));
            lab.run(&link, count);
        });
        on_cleanup(move || {
            lab.worker.try_update_value(MatrixWorker::close);
        });
        lab
    }

    /// The lab of the page that this component is part of.
    pub fn expect() -> Self {
        use_context::<Self>().expect("views of the matrix lab live under its stage, which provides it")
    }

    fn run(self, link: &str, count: usize) {
        self.traces.update(|traces| traces.resize(count, None));
        self.failures.set(Vec::new());
        self.progress.set((count > 0).then_some(0.0));
        if self.chosen.get_untracked() >= count {
            self.chosen.set(0);
        }
        let answer = move |answer: Answer| match answer {
            Answer::Trace(method, trace) => {
                let _ = self.traces.try_update(|traces| {
                    if let Some(place) = traces.get_mut(method) {
                        *place = Some(Arc::new(trace));
                    }
                });
            }
            Answer::Refused(method, reason) => {
                let _ = self.failures.try_update(|failures| failures.push((method, reason)));
                match method {
                    Some(method) => {
                        let _ = self.traces.try_update(|traces| {
                            if let Some(place) = traces.get_mut(method) {
                                *place = None;
                            }
                        });
                    }
                    None => {
                        let _ = self.progress.try_set(None);
                    }
                }
            }
            Answer::Share(share) => {
                let _ = self.progress.try_set((share < 1.0).then_some(share));
            }
        };
        self.worker.update_value(|worker| worker.run(link, answer));
    }

    /// Gives up what is under way; what has been run stays.
    pub fn cancel(self) {
        self.worker.update_value(MatrixWorker::close);
        self.progress.set(None);
    }

    /// The traces of the methods that are shown, with their places, reactively.
    pub fn shown(self, state: State) -> Vec<(usize, Arc<MatrixTrace>)> {
        let traces = self.traces.get();
        let visible: Vec<bool> = state.with(|e| e.methods.iter().map(|m| m.visible).collect());
        let all = traces.into_iter().enumerate();
        all.filter(|(i, _)| visible.get(*i) == Some(&true)).filter_map(|(i, trace)| Some((i, trace?))).collect()
    }

    /// The trace whose matrices are shown, reactively.
    pub fn chosen_trace(self) -> Option<Arc<MatrixTrace>> {
        self.traces.get().get(self.chosen.get()).cloned().flatten()
    }
}
