//! The module that records definitions and prints kernels: what a map of basins needs and the page's first picture does
//! not. A worker loads it when the first kernel is asked for (www/kernels.js).

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
        Ok(Job { columns, rows, ..job }.fly_all(0..columns * rows))
    }

    /// The bytes of the kernel for the method at `place` of a link's experiment, in double or single precision. Throws
    /// the reason when there can be none.
    #[wasm_bindgen]
    pub fn print_kernel(link: &str, place: usize, double: bool) -> Result<Vec<u8>, String> {
        let Link { experiment, .. } = Link::parse(link);
        let problem = experiment.pose().map_err(|error| error.to_string())?;
        let window = problem.domain;
        let job = Job::of(&experiment, &problem, place, window).ok_or("the link has no such optimizer")?;
        let lanes = if double { Lanes::F64x2 } else { Lanes::F32x4 };
        let flight = Flight::record(&job).map_err(|error| error.to_string())?;
        Ok(flight.lowered(lanes.precision()).kernel().print(lanes))
    }
}

/// Kernels on the graphics processor, for a worker that holds it.
#[cfg(target_arch = "wasm32")]
mod graphics {
    use thalweg::engine::{Flight, Job, Lanes};
    use thalweg::experiment::Link;
    use thalweg::gpu::{Compiled, Gpu, GpuError, Run};
    use wasm_bindgen::prelude::*;

    /// An open graphics processor.
    #[wasm_bindgen]
    pub struct Graphics(Gpu);

    /// A kernel that is ready to run on the processor that compiled it.
    #[wasm_bindgen]
    pub struct GraphicsKernel(Compiled);

    #[wasm_bindgen]
    impl Graphics {
        /// Opens it; throws why there is none.
        pub async fn open() -> Result<Graphics, String> {
            Gpu::open().await.map(Self).map_err(said)
        }

        /// What the browser calls it.
        #[wasm_bindgen(getter)]
        pub fn name(&self) -> String {
            self.0.name().to_owned()
        }

        /// Whether it is a program that stands in for one.
        #[wasm_bindgen(getter)]
        pub fn software(&self) -> bool {
            self.0.is_software()
        }

        /// Whether it was taken away: everything fails from then on.
        #[wasm_bindgen(getter)]
        pub fn lost(&self) -> bool {
            self.0.is_lost()
        }

        /// The kernel for the method at `place` of a link's experiment. Throws the reason when there can be none.
        pub async fn compile(&self, link: String, place: usize) -> Result<GraphicsKernel, String> {
            let Link { experiment, .. } = Link::parse(&link);
            let problem = experiment.pose().map_err(|error| error.to_string())?;
            let window = problem.domain;
            let job = Job::of(&experiment, &problem, place, window).ok_or("the link has no such optimizer")?;
            let flight = Flight::record(&job).map_err(|error| error.to_string())?;
            let flight = flight.lowered(Lanes::F32x4.precision());
            self.0.compile_flight(&flight).await.map(GraphicsKernel).map_err(said)
        }

        /// Runs a kernel: `image` is the memory of a WebAssembly kernel in single precision, and what it holds from
        /// `from` on after the run is returned. `done` steps were taken before. Throws the reason when it fails.
        pub async fn run(
            &self,
            kernel: &GraphicsKernel,
            image: Vec<u8>,
            points: usize,
            steps: u32,
            done: u32,
            from: usize,
        ) -> Result<Vec<u8>, String> {
            let run = Run { image: &image, points, steps, done, outputs: from..image.len() };
            self.0.run(&kernel.0, &run).await.map_err(said)
        }
    }

    fn said(error: GpuError) -> String {
        error.to_string()
    }
}

fn main() {}
