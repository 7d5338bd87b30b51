//! What adds up functions of pairs for the runs of this worker.

use std::cell::RefCell;
use std::sync::Arc;
use thalweg::experiment::Engine;
use thalweg::problems::measure::{Direct, PairEngine};

/// The engine that all runs of a link share, and what is told of it.
pub struct Sums {
    news: RefCell<Option<String>>,
}

impl Sums {
    /// The engine for clouds of this size.
    pub fn new(_: Option<Engine>, _: usize) -> Arc<Self> {
        Arc::new(Self { news: RefCell::new(Some(String::new())) })
    }

    /// What it is, in words, when that is not told yet.
    pub fn news(&self) -> Option<String> {
        self.news.borrow_mut().take()
    }
}

/// An engine for one run.
pub fn engine(_: &Arc<Sums>) -> Box<dyn PairEngine> {
    Box::new(Direct)
}
