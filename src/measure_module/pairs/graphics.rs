//! Sums on the graphics processor, and by kernels once that has failed.

use super::PairPool;
use std::cell::RefCell;
use std::rc::Rc;
use thalweg::engine::pairs::PairTape;
use thalweg::gpu::{Gpu, GpuError, PairRunner};
use thalweg::measures::{Pair, PairSums, Point, Source};

/// Pairs of which going to the processor and back takes longer than summing here.
const NEARER: usize = 256 * 256;
/// Functions that are kept, with their buffers, the latest used.
const RUNNERS: usize = 4;

/// Sums over all pairs on the graphics processor. Whatever fails there is done by kernels, from then on.
pub struct GraphicsPairs {
    /// The processor, or why it is not used.
    gpu: RefCell<Result<Rc<Gpu>, String>>,
    /// The latest used is last; one that is at work is taken out.
    runners: RefCell<Vec<(Pair, PairRunner)>>,
    pool: PairPool,
}

impl GraphicsPairs {
    /// Opens the processor. A program that stands in for one is slower than kernels on the same cores, and is used only
    /// where `software` allows it.
    pub async fn open(pool: PairPool, software: bool) -> Self {
        let gpu = match Gpu::open().await {
            Ok(gpu) if gpu.is_software() && !software => {
                gpu.close();
                Err("the browser offers only a program that stands in for a graphics processor".to_owned())
            }
            opened => opened.map(Rc::new).map_err(|error| error.to_string()),
        };
        Self { gpu: RefCell::new(gpu), runners: RefCell::default(), pool }
    }

    /// The processor's name, or why kernels do its work.
    pub fn processor(&self) -> Result<String, String> {
        self.gpu.borrow().as_ref().map(|gpu| gpu.name().to_owned()).map_err(Clone::clone)
    }

    /// The sums of `pair` over all sources, for every target.
    ///
    /// # Errors
    /// As [`PairPool::sums`].
    pub async fn sums(
        &self,
        pair: &Pair,
        parameter: f64,
        targets: &[Point],
        sources: &[Source],
    ) -> Result<Vec<PairSums>, String> {
        if targets.len().saturating_mul(sources.len()) >= NEARER {
            match self.compute(pair, parameter, targets, sources).await {
                Some(Ok(sums)) => return Ok(sums),
                Some(Err(error)) => self.give_up(error.to_string()),
                None => {}
            }
        }
        self.pool.sums(pair, parameter, targets, sources).await
    }

    /// `None` once the processor is not used.
    async fn compute(
        &self,
        pair: &Pair,
        parameter: f64,
        targets: &[Point],
        sources: &[Source],
    ) -> Option<Result<Vec<PairSums>, GpuError>> {
        let gpu = self.gpu.borrow().as_ref().ok()?.clone();
        let kept = {
            let mut runners = self.runners.borrow_mut();
            let place = runners.iter().position(|(known, _)| known == pair);
            place.map(|place| runners.remove(place).1)
        };
        let mut runner = match kept {
            Some(runner) => runner,
            None => match gpu.compile_pairs(&PairTape::record(pair)).await {
                Ok(runner) => runner,
                Err(error) => return Some(Err(error)),
            },
        };
        let sums = gpu.sum_pairs(&mut runner, parameter, targets, sources).await;
        if sums.is_ok() {
            let mut runners = self.runners.borrow_mut();
            if runners.len() >= RUNNERS {
                runners.remove(0);
            }
            runners.push((pair.clone(), runner));
        }
        Some(sums)
    }

    /// Uses kernels from now on.
    fn give_up(&self, reason: String) {
        self.runners.borrow_mut().clear();
        if let Ok(gpu) = self.gpu.replace(Err(reason)) {
            gpu.close();
        }
    }
}
