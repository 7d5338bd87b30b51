//! What adds up functions of pairs for the runs of this worker.

use super::pairs::{GraphicsPairs, PairPool};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use thalweg::experiment::Engine;
use thalweg::measures::{Pair, PairSums, Point, Source, sum_pairs};
use thalweg::optimizers::flows::Later;
use thalweg::problems::measure::PairEngine;

/// Particles up to which everything is added up in `f64`, if nothing else is asked for: a step takes some milliseconds then.
const EXACT: usize = 1024;
/// Particles from which a graphics processor is worth the way to it and back.
const LARGE: usize = 8192;

/// The engine that all runs of a link share, and what is told of it.
pub struct Sums {
    wanted: Option<Engine>,
    particles: usize,
    helper: String,
    fast: RefCell<Option<Rc<Fast>>>,
    /// In words what it is, and whether that has been told.
    words: RefCell<String>,
    told: Cell<bool>,
}

/// What adds up in single precision.
enum Fast {
    Kernels(PairPool),
    Graphics(GraphicsPairs),
}

impl Sums {
    /// The engine for clouds of so many particles. `helper` is the address of `www/pair-worker.js`.
    pub fn new(wanted: Option<Engine>, particles: usize, helper: &str) -> Rc<Self> {
        let (fast, words) = (RefCell::default(), RefCell::default());
        let helper = helper.to_owned();
        Rc::new(Self { wanted, particles, helper, fast, words, told: Cell::new(true) })
    }

    /// What it is, in words, when that is not told yet.
    pub fn news(&self) -> Option<String> {
        (!self.told.replace(true)).then(|| self.words.borrow().clone())
    }

    fn tell(&self, words: String) {
        if *self.words.borrow() != words {
            self.told.set(false);
            self.words.replace(words);
        }
    }

    fn is_exact(&self) -> bool {
        match self.wanted {
            Some(engine) => engine == Engine::Direct,
            None => self.particles <= EXACT,
        }
    }

    async fn sums(&self, pair: &Pair, parameter: f64, targets: &[Point], sources: &[Source]) -> Vec<PairSums> {
        if self.is_exact() {
            return sum_pairs(pair, parameter, targets, sources);
        }
        let fast = self.fast().await;
        let (sums, words) = match &*fast {
            Fast::Kernels(pool) => {
                let sums = pool.sums(pair, parameter, targets, sources).await;
                let workers = pool.helpers() + 1;
                let these = if workers == 1 { "one worker".to_owned() } else { format!("{workers} workers") };
                (sums, format!("pairs are summed by kernels in {these}, in single precision"))
            }
            Fast::Graphics(graphics) => {
                let sums = graphics.sums(pair, parameter, targets, sources).await;
                let words = match graphics.processor() {
                    Ok(processor) => format!("pairs are summed on {processor}, in single precision"),
                    Err(reason) => format!("pairs are summed by kernels, since {reason}"),
                };
                (sums, words)
            }
        };
        match sums {
            Ok(sums) => {
                self.tell(words);
                sums
            }
            Err(reason) => {
                self.tell(format!("pairs are summed one by one, since {reason}"));
                sum_pairs(pair, parameter, targets, sources)
            }
        }
    }

    /// The fast engine, opened the first time.
    async fn fast(&self) -> Rc<Fast> {
        if let Some(fast) = &*self.fast.borrow() {
            return fast.clone();
        }
        let pool = PairPool::new(&self.helper);
        let forced = self.wanted == Some(Engine::Gpu);
        let graphics = forced || (self.wanted.is_none() && self.particles >= LARGE);
        let fast = if graphics { Fast::Graphics(GraphicsPairs::open(pool, forced).await) } else { Fast::Kernels(pool) };
        let fast = Rc::new(fast);
        self.fast.replace(Some(fast.clone()));
        fast
    }
}

/// The engine as one run has it.
pub struct Shared(pub Rc<Sums>);

impl PairEngine for Shared {
    fn sums<'a>(
        &'a mut self,
        pair: &'a Pair,
        parameter: f64,
        targets: &'a [Point],
        sources: &'a [Source],
    ) -> Later<'a, Vec<PairSums>> {
        Box::pin(self.0.sums(pair, parameter, targets, sources))
    }
}
