//! What the view in three dimensions is about.

use thalweg::experiment::{Experiment, Link, Run, run};
use thalweg::figure::space::{Bead, Block, lift};

/// A trail on the surface, with its method's place in the list.
pub type Trail = (usize, Vec<Vec<Bead>>);

/// The experiment of a link, run and laid on a block.
pub struct Subject {
    /// The link.
    pub link: String,
    /// What it says.
    pub experiment: Experiment,
    /// What running it gave.
    pub run: Run,
    /// The land of a window.
    pub block: Block,
    /// The trails of the visible methods.
    pub trails: Vec<Trail>,
}

impl Subject {
    /// The subject of another link, window, aspect and fineness: runs what `known` has not run, and samples what it has
    /// not sampled. Tells whether the block is another. `None` where there is nothing to pose, of which the page has told.
    pub fn follow(
        known: Option<Self>,
        link: &str,
        (window, aspect, fineness): ([f64; 4], f64, usize),
    ) -> Option<(Self, bool)> {
        let Link { experiment, .. } = Link::parse(link);
        let (run, block) = match known {
            Some(known) if known.experiment.same_run(&experiment) => (known.run, Some(known.block)),
            known => {
                let same_land = |e: &Experiment| e.problem == experiment.problem && e.domain == experiment.domain;
                (run(&experiment).ok()?, known.filter(|known| same_land(&known.experiment)).map(|known| known.block))
            }
        };
        let kept = block.filter(|block| block.fits(window, aspect, fineness));
        let fresh = kept.is_none();
        let block = kept.unwrap_or_else(|| Block::new(&run.problem, window, aspect, fineness));
        let visible = experiment.methods.iter().zip(&run.traces).enumerate().filter(|(_, (method, _))| method.visible);
        let trails = visible.map(|(i, (_, trace))| (i, lift(&block, trace))).collect();
        Some((Self { link: link.to_owned(), experiment, run, block, trails }, fresh))
    }
}
