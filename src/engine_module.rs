//! The module that records definitions and prints kernels, and draws in three dimensions: what the page's first picture
//! does not need. A worker loads it when the first kernel is asked for (www/kernels.js), the page when the land is first
//! shown in three dimensions (src/app/relief.rs).

#[cfg(target_arch = "wasm32")]
#[expect(dead_code, reason = "the page uses all of it")]
mod canvas;
#[cfg(target_arch = "wasm32")]
#[path = "engine_module/plain.rs"]
mod plain;
#[cfg(target_arch = "wasm32")]
#[path = "engine_module/relief.rs"]
mod relief;
#[cfg(target_arch = "wasm32")]
#[path = "engine_module/screen.rs"]
mod screen;
#[cfg(target_arch = "wasm32")]
#[path = "engine_module/subject.rs"]
mod subject;

#[cfg(target_arch = "wasm32")]
mod module {
    use thalweg::engine::{Flight, Job, Lanes};
    use thalweg::experiment::Link;
    use wasm_bindgen::prelude::*;

    /// The runs of a grid of starts by the direct code, for a method that cannot be recorded: the method at `place` of a
    /// link's experiment; `window` holds xmin, xmax, ymin, ymax of the starts. Returns what a kernel in double precision
    /// would leave. Throws the reason when there can be none.
    #[wasm_bindgen]
    pub fn fly(link: &str, place: usize, window: &[f64], columns: usize, rows: usize) -> Result<Vec<u8>, String> {
        let Link { experiment, .. } = Link::parse(link);
        let problem = experiment.pose().map_err(|error| error.to_string())?;
        let window = window.try_into().map_err(|_| "a window has four edges")?;
        let job = Job::of(&experiment, &problem, place, window).ok_or("the link has no such optimizer")?;
        Ok(Job { columns, rows, ..job }.fly_all())
    }

    /// The bytes of the kernel for the method at `place` of a link's experiment, in double or single precision. Throws
    /// the reason when there can be none.
    #[wasm_bindgen]
    pub fn print_kernel(link: &str, place: usize, double: bool) -> Result<Vec<u8>, String> {
        let Link { experiment, .. } = Link::parse(link);
        let problem = experiment.pose().map_err(|error| error.to_string())?;
        let method = experiment.methods.get(place).ok_or("the link has no such optimizer")?;
        let lanes = if double { Lanes::F64x2 } else { Lanes::F32x4 };
        let flight = Flight::record(&problem, method).map_err(|error| error.to_string())?;
        Ok(flight.lowered(lanes.precision()).kernel().print(lanes))
    }
}

fn main() {}
