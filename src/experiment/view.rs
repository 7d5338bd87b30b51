//! What is shown of an experiment: it changes no number.

use std::collections::BTreeSet;

/// Parts of the page that a link can remove, so that a teacher makes a worksheet without writing code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Panel {
    /// Problem picker, formula and parameters.
    Problem,
    /// Start and noise.
    Noise,
    /// The optimizers with their knobs.
    Optimizers,
    /// The plots.
    Plots,
    /// The step-size strip.
    Strip,
    /// The outcome table.
    Table,
    /// Play, scrub, step.
    Transport,
}

impl Panel {
    /// All of them with their names in links.
    pub const ALL: [(Panel, &str); 7] = [
        (Panel::Problem, "problem"),
        (Panel::Noise, "noise"),
        (Panel::Optimizers, "optimizers"),
        (Panel::Plots, "plots"),
        (Panel::Strip, "strip"),
        (Panel::Table, "table"),
        (Panel::Transport, "transport"),
    ];
}

/// What is shown: it changes no number.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The window that is looked at, as xmin, xmax, ymin, ymax; `None`: the domain.
    pub window: Option<[f64; 4]>,
    /// The step that is looked at; `None`: the animation runs.
    pub step: Option<u32>,
    /// Plots against oracle calls instead of steps.
    pub by_calls: bool,
    /// The map shows where this method ends from every start; its place among the methods.
    pub basins: Option<usize>,
    /// The land is shown in three dimensions, seen along this bearing and from so far above the horizon, in degrees;
    /// `None`: as a map.
    pub camera: Option<[f64; 2]>,
    /// A map over two knobs of a method.
    pub sweep: Option<Sweep>,
    /// Many runs at once on the map.
    pub particles: Option<Particles>,
    /// How many starts the step-size strip tries: 1 is the experiment's own.
    pub starts: u32,
    /// The axis of time is logarithmic.
    pub log_time: bool,
    /// The steps between which a rate is read off; `None`: the later half of the run.
    pub fit: Option<[usize; 2]>,
    /// The plane on which a loss of many parameters is shown.
    pub cut: Cut,
    /// What is drawn of clouds of particles.
    #[cfg(labs)]
    pub clouds: CloudLayers,
    /// Which engine computes maps and particles; `None`: the fastest there is.
    pub engine: Option<Engine>,
    /// What a link removed.
    pub hide: BTreeSet<Panel>,
    /// A lesson and its page, counted from 1.
    pub lesson: Option<(String, u32)>,
    /// The view without the panels.
    pub embed: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            window: None,
            step: None,
            by_calls: false,
            basins: None,
            camera: None,
            sweep: None,
            particles: None,
            starts: 1,
            log_time: false,
            fit: None,
            cut: Cut::default(),
            #[cfg(labs)]
            clouds: CloudLayers::default(),
            engine: None,
            hide: BTreeSet::new(),
            lesson: None,
            embed: false,
        }
    }
}

/// What is drawn of clouds of particles.
#[cfg(labs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloudLayers {
    /// The density of the particles under them.
    pub density: bool,
    /// The law that is sought: its density as contours, or its points.
    pub target: bool,
    /// Lines from each particle to where exact transport takes it.
    pub lines: bool,
    /// The ways that particles have gone.
    pub trails: bool,
}

#[cfg(labs)]
impl Default for CloudLayers {
    fn default() -> Self {
        Self { density: true, target: true, lines: false, trails: false }
    }
}

#[cfg(labs)]
impl CloudLayers {
    /// Every layer with its name in links.
    pub const NAMES: [&'static str; 4] = ["density", "target", "lines", "trails"];

    /// The switches, in the order of the names.
    pub fn switches(&mut self) -> [&mut bool; 4] {
        [&mut self.density, &mut self.target, &mut self.lines, &mut self.trails]
    }
}

/// A plane through a space of many parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// Along the two principal components of a path.
    #[default]
    Path,
    /// Through the start, the present point and the truth.
    Truth,
    /// In random directions through the present point.
    Random,
}

impl Cut {
    /// Every plane with its name in links.
    pub const ALL: [(Self, &'static str); 3] = [(Self::Path, "path"), (Self::Truth, "truth"), (Self::Random, "random")];
}

/// A map over two knobs of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The method's place.
    pub method: usize,
    /// The knobs along the map's width and height, by their places among all knobs of the method.
    pub knobs: [usize; 2],
    /// Colours tell the steps to the tolerance, not the loss after the last step.
    pub by_steps: bool,
}

/// Many runs of a method at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Particles {
    /// The method's place.
    pub method: usize,
    /// What sets them apart.
    pub kind: ParticleKind,
}

/// What sets many runs of a method apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParticleKind {
    /// Their starts, all over the window.
    Swarm,
    /// Their noise, from one start.
    Ensemble,
}

/// What computes many runs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Compute shaders, by WebGPU.
    Gpu,
    /// SIMD kernels in workers.
    Kernel,
    /// The direct code in workers, in double precision.
    Direct,
}

impl Engine {
    /// All of them with their names in links.
    pub const ALL: [(Self, &str); 3] = [(Self::Gpu, "gpu"), (Self::Kernel, "kernel"), (Self::Direct, "direct")];
}

/// Starts of the strip at most.
pub const MOST_STARTS: u32 = 1024;
