//! The module that records definitions and prints kernels, and draws in three dimensions: what the page's first picture
//! does not need. A worker loads it once the page rests, or when the first kernel is asked for (www/kernels.js), the page when
//! the land is first shown in three dimensions (src/app/relief.rs).

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
    use std::cell::RefCell;
    use thalweg::engine::{Flight, Job, Lanes};
    use wasm_bindgen::prelude::*;

    thread_local! {
        /// The latest job with its link and order: the parts of a map come one after another.
        static LATEST: RefCell<Option<(String, Vec<f64>, Job)>> = const { RefCell::new(None) };
    }

    /// Looks at the job of an order.
    pub(super) fn with_job<T>(
        link: &str,
        order: &[f64],
        look: impl FnOnce(&Job) -> Result<T, String>,
    ) -> Result<T, String> {
        LATEST.with_borrow_mut(|latest| {
            // By bits: the target of a job that has none is NaN.
            let bits = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            match latest {
                Some((known, numbers, job)) if known == link && bits(numbers) == bits(order) => look(job),
                _ => {
                    let job = Job::ordered(link, order)?;
                    let (_, _, job) = latest.insert((link.to_owned(), order.to_vec(), job));
                    look(job)
                }
            }
        })
    }

    /// The runs of some cells of a job by the direct code, for a method that cannot be recorded; `order` is
    /// `Job::order`'s. Returns what a kernel in double precision would leave. Throws the reason when there can be none.
    #[wasm_bindgen]
    pub fn fly(link: &str, order: &[f64], first: usize, cells: usize) -> Result<Vec<u8>, String> {
        with_job(link, order, |job| {
            let within = first.checked_add(cells).is_some_and(|end| end <= job.cells());
            if within { Ok(job.fly_all(first..first + cells)) } else { Err("the grid has no such cells".to_owned()) }
        })
    }

    /// The bytes of the kernel for a job, in double or single precision, or of its resumable kernel. Throws the reason
    /// when there can be none.
    #[wasm_bindgen]
    pub fn print_kernel(link: &str, order: &[f64], double: bool, resumable: bool) -> Result<Vec<u8>, String> {
        with_job(link, order, |job| {
            let lanes = if double { Lanes::F64x2 } else { Lanes::F32x4 };
            let flight = Flight::record(job).map_err(|error| error.to_string())?;
            let flight = flight.lowered(lanes.precision());
            let flight = if resumable { flight.resumable() } else { flight };
            Ok(flight.kernel().print(lanes))
        })
    }

    /// The memory of a job's resumable kernel for some of its cells, before their first step. Throws the reason when
    /// there can be none.
    #[wasm_bindgen]
    pub fn stand(link: &str, order: &[f64], first: usize, cells: usize) -> Result<Vec<u8>, String> {
        with_job(link, order, |job| {
            let flight = Flight::record(job).map_err(|error| error.to_string())?;
            Ok(flight.standing(job, first..first.saturating_add(cells).min(job.cells())))
        })
    }
}

/// Kernels on the graphics processor, for a worker that holds it.
#[cfg(target_arch = "wasm32")]
mod graphics {
    use super::module::with_job;
    use thalweg::engine::{Flight, Lanes};
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

        /// The kernel for a job, or its resumable kernel; `order` is `Job::order`'s. Throws the reason when there can be
        /// none.
        pub async fn compile(&self, link: String, order: Vec<f64>, resumable: bool) -> Result<GraphicsKernel, String> {
            let flight = with_job(&link, &order, |job| Flight::record(job).map_err(|error| error.to_string()))?;
            let flight = flight.lowered(Lanes::F32x4.precision());
            let flight = if resumable { flight.resumable() } else { flight };
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
