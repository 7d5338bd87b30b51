//! What is measured: three methods on three landscapes.

use super::Message;
use thalweg::engine::{Flight, Job, Lanes, Layout};
use thalweg::experiment::Link;
use thalweg::scalar::elementary::Precision;

/// Starts on each side of the grid.
const SIDE: usize = 64;
/// Starts of a case.
pub const POINTS: usize = SIDE * SIDE;
/// Steps of each run: a short experiment. In much longer ones averages of vanished gradients shrink into denormal numbers,
/// which processors handle ten times more slowly.
pub const STEPS: u32 = 256;

/// A method on a landscape.
pub struct Case {
    /// Its name in the table, and in `page.js`.
    method: &'static str,
    /// The optimizer, as a link has it.
    opt: &'static str,
    /// The landscape's id.
    landscape: &'static str,
    /// Where runs start. None of these runs away, so that every step is an ordinary one.
    window: [f64; 4],
}

macro_rules! cases {
    ($($landscape:literal in $window:expr, lr $lr:literal, adam $adam:literal;)*) => {
        [$(
            Case { method: "gradient descent", opt: concat!("sgd;lr=", $lr), landscape: $landscape, window: $window },
            Case { method: "Adam", opt: concat!("adam;lr=", $adam), landscape: $landscape, window: $window },
            Case { method: "SAM", opt: concat!("sgd;lr=", $lr, "~sam;rho=0.05"), landscape: $landscape, window: $window },
        )*]
    };
}

/// Everything that is measured. SAM asks for two gradients a step.
pub const CASES: [Case; 9] = cases! {
    "rosenbrock" in [-1.5, 1.5, -0.5, 2.0], lr "0.0005", adam "0.01";
    "himmelblau" in [-5.0, 5.0, -5.0, 5.0], lr "0.002", adam "0.05";
    "ackley" in [-5.0, 5.0, -5.0, 5.0], lr "0.02", adam "0.05";
};

/// A case with everything recorded.
pub struct Prepared {
    /// The method's name.
    pub method: &'static str,
    /// The landscape's id.
    pub landscape: &'static str,
    /// All runs.
    pub job: Job,
    /// The recording, for the interpreter in double precision.
    pub flight: Flight,
    /// The same for kernels in single precision.
    pub single: Flight,
    /// The memory of a kernel.
    pub layout: Layout,
}

impl Case {
    /// Records it.
    pub fn prepare(&self) -> Result<Prepared, Message> {
        let Self { method, landscape, .. } = *self;
        let Link { experiment, notes } = Link::parse(&format!("problem={landscape}&steps={STEPS}&opt={}", self.opt));
        if let Some(note) = notes.first() {
            return Err(note.to_string());
        }
        let problem = experiment.pose().map_err(|error| error.to_string())?;
        let job = Job::of(&experiment, &problem, 0, self.window).ok_or("a case has an optimizer")?;
        let job = Job { columns: SIDE, rows: SIDE, ..job };
        let flight = Flight::record(&job).map_err(|error| error.to_string())?;
        let single = flight.lowered(Precision::Single);
        let layout = Layout::new(&job, Lanes::F32x4, job.cells());
        Ok(Prepared { method, landscape, job, flight, single, layout })
    }
}

impl Prepared {
    /// The value of a knob by its name, wherever in the method it is; 0 if the method has none.
    pub fn knob(&self, id: &str) -> f64 {
        let stages = std::iter::once(&self.job.method.base).chain(&self.job.method.wrappers);
        let values = stages.flat_map(|stage| stage.knobs.iter()).filter(|(knob, _)| knob.id == id);
        values.map(|(_, value)| value).next().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_run_of_a_case_leaves_and_every_number_stays_normal() {
        for case in &CASES {
            let prepared = case.prepare().expect("the cases are in order");
            let landings = prepared.single.landings(&prepared.job, 2);
            let left = landings.iter().filter(|landing| landing.left > 0).count();
            assert_eq!(left, 0, "{} on {}", case.method, case.landscape);
        }
    }
}
