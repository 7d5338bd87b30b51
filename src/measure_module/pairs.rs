//! Sums over all pairs of points, by kernels: in this worker and some that help it, or on the graphics processor.

mod graphics;
mod helper;
mod kernel;

pub use graphics::GraphicsPairs;

use helper::Helper;
use js_sys::Reflect;
use kernel::PairKernel;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use thalweg::engine::pairs::{Pace, PairLayout, PairTape, shares};
use thalweg::measures::{Pair, PairSums, Point, Source};

/// Helpers at most: with more, sending them the sources would take longer than summing.
const MOST_HELPERS: usize = 7;
/// Pairs of which sharing out costs more than it saves: they take less than a millisecond.
const ALONE: usize = 256 * 256;
/// Kernels that are kept, the latest used.
const KERNELS: usize = 8;

/// Sums by kernels, in this worker and its helpers.
///
/// Everything is in single precision, and the sums of a target do not depend on who computes them.
pub struct PairPool {
    /// The address of `www/pair-worker.js`.
    script: String,
    /// Helpers to be started; none any more once some have been.
    wanted: Cell<usize>,
    helpers: RefCell<Vec<Rc<Helper>>>,
    /// This worker's own.
    pace: Cell<Pace>,
    /// The latest used is last.
    kernels: RefCell<Vec<(Pair, Rc<PairKernel>)>>,
    /// Counts kernels.
    number: Cell<u32>,
}

impl PairPool {
    /// Helpers are started when there is something to share out: one for each core besides this worker's.
    pub fn new(script: &str) -> Self {
        Self::with_helpers(script, cores().saturating_sub(1))
    }

    /// As many helpers, or as many as there may be.
    pub fn with_helpers(script: &str, helpers: usize) -> Self {
        Self {
            script: script.to_owned(),
            wanted: Cell::new(helpers.min(MOST_HELPERS)),
            helpers: RefCell::default(),
            pace: Cell::default(),
            kernels: RefCell::default(),
            number: Cell::new(0),
        }
    }

    /// How many helpers there are that have not failed.
    pub fn helpers(&self) -> usize {
        self.helpers.borrow().len()
    }

    /// The sums of `pair` over all sources, for every target.
    ///
    /// # Errors
    /// In words, when the kernel does not run here: this browser lacks the instructions, or there is no memory.
    pub async fn sums(
        &self,
        pair: &Pair,
        parameter: f64,
        targets: &[Point],
        sources: &[Source],
    ) -> Result<Vec<PairSums>, String> {
        let kernel = self.kernel(pair)?;
        if targets.len().saturating_mul(sources.len()) < ALONE {
            return kernel.sums(parameter, targets, sources);
        }
        self.start();
        let helpers = self.helpers.borrow().clone();
        let paces: Vec<Pace> =
            std::iter::once(&self.pace).chain(helpers.iter().map(|helper| &helper.pace)).map(Cell::get).collect();
        let mut left = targets;
        let mut parts =
            shares(targets.len(), &paces).into_iter().map(|share| left.split_off(..share).unwrap_or_default());
        let own = parts.next().unwrap_or_default();
        // What the helpers have to do is sent before this worker is busy with its own.
        let sent: Vec<_> = helpers
            .iter()
            .zip(parts)
            .filter(|(_, part)| !part.is_empty())
            .map(|(helper, part)| (helper, part, helper.ask(&kernel, parameter, part, sources)))
            .collect();
        let pairs = |part: &[Point]| part.len() as f64 * sources.len() as f64;
        let began = js_sys::Date::now();
        let mut sums = kernel.sums(parameter, own, sources)?;
        self.pace.set(self.pace.get().after(pairs(own), js_sys::Date::now() - began));
        sums.reserve(targets.len() - own.len());
        for (helper, part, answer) in sent {
            match answer.await {
                Some(Ok((found, milliseconds))) => {
                    helper.pace.set(helper.pace.get().after(pairs(part), milliseconds));
                    sums.extend(found);
                }
                // Whatever it is, it would happen again.
                Some(Err(_)) | None => {
                    self.give_up(helper);
                    sums.extend(kernel.sums(parameter, part, sources)?);
                }
            }
        }
        Ok(sums)
    }

    /// The kernel of a function, printed the first time.
    fn kernel(&self, pair: &Pair) -> Result<Rc<PairKernel>, String> {
        let mut kernels = self.kernels.borrow_mut();
        let kernel = match kernels.iter().position(|(known, _)| known == pair) {
            Some(place) => kernels.remove(place).1,
            None => {
                let number = self.number.replace(self.number.get() + 1);
                Rc::new(PairKernel::new(number, PairTape::record(pair).print())?)
            }
        };
        if kernels.len() >= KERNELS {
            let (_, old) = kernels.remove(0);
            self.helpers.borrow().iter().for_each(|helper| helper.forget(&old));
        }
        kernels.push((pair.clone(), kernel.clone()));
        Ok(kernel)
    }

    /// Starts the helpers the first time.
    fn start(&self) {
        let wanted = self.wanted.take();
        self.helpers.borrow_mut().extend((0..wanted).map_while(|_| Helper::start(&self.script)).map(Rc::new));
    }

    fn give_up(&self, lost: &Rc<Helper>) {
        self.helpers.borrow_mut().retain(|helper| !Rc::ptr_eq(helper, lost));
    }
}

/// How many threads the machine runs at once, as far as the browser tells.
fn cores() -> usize {
    let field = |object: &_, name: &str| Reflect::get(object, &name.into());
    let told = field(&js_sys::global(), "navigator").and_then(|navigator| field(&navigator, "hardwareConcurrency"));
    told.ok().and_then(|cores| cores.as_f64()).map_or(1, |cores| cores as usize)
}

/// The memory for a part of the targets.
fn layout(targets: &[Point], sources: &[Source]) -> PairLayout {
    PairLayout { targets: targets.len(), sources: sources.len() }
}
