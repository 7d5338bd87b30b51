//! Kernels compute what the tapes' interpreter computes, to the last bit, in both precisions.

use anyhow::{Context, Result, ensure};
use thalweg::engine::{Flight, Job, Lanes, Layout};
use thalweg::experiment::{Experiment, Method};
use thalweg::landscapes;
use thalweg::optimizers::REGISTRY;
use thalweg::problems::PlaneProblem;
use thalweg::scalar::elementary::Precision;
use wasmi::{Engine, Linker, Module, Store};

fn job(problem: &str, method: &str) -> Result<Job> {
    let problem = PlaneProblem::landscape(problem, &[])?;
    let method = Method::new(method, &[("lr", 0.01)]).context("every recordable optimizer has lr")?;
    let experiment = Experiment { methods: vec![method], steps: 60, ..Experiment::default() };
    let mut job = Job::of(&experiment, &problem, 0, problem.domain).context("the experiment has a method")?;
    (job.columns, job.rows) = (3, 2);
    Ok(job)
}

/// Runs a kernel over all cells of the job: the bits of each output, cell by cell.
fn run(job: &Job, flight: &Flight, lanes: Lanes) -> Result<Vec<Vec<u64>>> {
    let layout = Layout::new(&job.method, lanes, job.columns * job.rows);
    let engine = Engine::default();
    let module = Module::new(&engine, flight.kernel().print(lanes))?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
    let memory = instance.get_memory(&store, "memory").context("a kernel exports its memory")?;
    let image = layout.image(job);
    let pages = image.len().div_ceil(65536) as u64;
    memory.grow(&mut store, pages.saturating_sub(1))?;
    memory.data_mut(&mut store)[..image.len()].copy_from_slice(&image);
    let kernel = instance.get_typed_func::<(i32, i32, i32), ()>(&store, "run")?;
    kernel.call(&mut store, (0, layout.groups() as i32, job.steps as i32))?;
    Ok(layout.read(&memory.data(&store)[layout.outputs()]))
}

fn agrees(problem: &str, method: &str) -> Result<()> {
    let job = job(problem, method)?;
    let flight = Flight::record(&job.problem, &job.method)?;
    for (lanes, precision) in [(Lanes::F64x2, Precision::Double), (Lanes::F32x4, Precision::Single)] {
        let flight = flight.lowered(precision);
        let outputs = run(&job, &flight, lanes)?;
        for row in 0..job.rows {
            for column in 0..job.columns {
                let start = job.start(column, row);
                let expected: Vec<u64> = match precision {
                    Precision::Double => flight.interpret::<f64>(&job, start).into_iter().map(f64::to_bits).collect(),
                    Precision::Single => {
                        flight.interpret::<f32>(&job, start).into_iter().map(|x| u64::from(x.to_bits())).collect()
                    }
                };
                let cell = &outputs[row * job.columns + column];
                ensure!(*cell == expected, "{method} on {problem}, {lanes:?}, {start:?}: {cell:x?}, not {expected:x?}");
            }
        }
    }
    Ok(())
}

#[test]
fn every_optimizer_agrees_on_some_landscapes() -> Result<()> {
    for entry in REGISTRY.iter().filter(|entry| entry.recordable()) {
        for problem in ["rosenbrock", "himmelblau", "ackley", "beale", "double_well"] {
            agrees(problem, entry.id)?;
        }
    }
    Ok(())
}

#[test]
fn adam_agrees_on_every_landscape() -> Result<()> {
    for row in landscapes::offered() {
        agrees(row.id, "adam")?;
    }
    Ok(())
}
