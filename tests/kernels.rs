//! Kernels compute what the tapes' interpreter computes, to the last bit, in both precisions, and so does the bulk
//! interpreter on a kernel's memory.

use anyhow::{Context, Result, ensure};
use thalweg::engine::{Axis, DOUBLE_DRAWS, Flight, Goal, Job, Lanes, Layout, SINGLE_DRAWS};
use thalweg::experiment::{Experiment, Link, Method};
use thalweg::landscapes;
use thalweg::optimizers::REGISTRY;
use thalweg::problems::{Noise, PlaneProblem};
use thalweg::scalar::elementary::Precision;
use thalweg::tape::bulk;
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
    let layout = Layout::new(job, lanes, job.cells());
    let memory = call(flight, lanes, &layout.image(job, 0), layout.groups(), [job.kernel_steps(), 0])?;
    Ok(layout.read(&memory[layout.outputs()]))
}

/// The memory that a call of a kernel leaves: `steps` steps after `done`.
fn call(flight: &Flight, lanes: Lanes, image: &[u8], groups: usize, [steps, done]: [u32; 2]) -> Result<Vec<u8>> {
    let engine = Engine::default();
    let module = Module::new(&engine, flight.kernel().print(lanes))?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
    let memory = instance.get_memory(&store, "memory").context("a kernel exports its memory")?;
    let pages = image.len().div_ceil(65536) as u64;
    memory.grow(&mut store, pages.saturating_sub(1))?;
    memory.data_mut(&mut store)[..image.len()].copy_from_slice(image);
    let kernel = instance.get_typed_func::<(i32, i32, i32, i32), ()>(&store, "run")?;
    kernel.call(&mut store, (0, groups as i32, steps as i32, done as i32))?;
    Ok(memory.data(&store)[..image.len()].to_vec())
}

/// The same by the bulk interpreter, in two calls.
fn run_in_bulk(job: &Job, flight: &Flight, lanes: Lanes) -> Vec<Vec<u64>> {
    let layout = Layout::new(job, lanes, job.cells());
    let mut image = layout.image(job, 0);
    let (kernel, groups, steps) = (flight.kernel(), layout.groups(), job.kernel_steps());
    for groups in [0..groups / 2, groups / 2..groups] {
        match lanes {
            Lanes::F32x4 => bulk::run::<f32>(&kernel, &mut image, groups, steps, 0),
            Lanes::F64x2 => bulk::run::<f64>(&kernel, &mut image, groups, steps, 0),
        }
    }
    layout.read(&image[layout.outputs()])
}

fn agrees(job: &Job) -> Result<()> {
    ends_agree(job).map(|_| ())
}

/// The bits of what each cell's run leaves in single precision.
fn ends_agree(job: &Job) -> Result<Vec<Vec<u64>>> {
    let flight = Flight::record(job)?;
    let mut outputs = Vec::new();
    for (lanes, precision) in [(Lanes::F64x2, Precision::Double), (Lanes::F32x4, Precision::Single)] {
        let flight = flight.lowered(precision);
        outputs = run(job, &flight, lanes)?;
        let in_bulk = run_in_bulk(job, &flight, lanes);
        for (cell, found) in outputs.iter().enumerate() {
            let expected: Vec<u64> = match precision {
                Precision::Double => flight.interpret(job, cell, DOUBLE_DRAWS).into_iter().map(f64::to_bits).collect(),
                Precision::Single => {
                    flight.interpret(job, cell, SINGLE_DRAWS).into_iter().map(|x| u64::from(x.to_bits())).collect()
                }
            };
            let (method, problem) = (job.method.title(), &job.problem.title);
            let place = format!("{method} on {problem}, {lanes:?}, cell {cell}");
            ensure!(*found == expected, "{place}: {found:x?}, not {expected:x?}");
            let found = &in_bulk[cell];
            ensure!(*found == expected, "{place}, in bulk: {found:x?}, not {expected:x?}");
        }
    }
    Ok(outputs)
}

#[test]
fn every_optimizer_agrees_on_some_landscapes() -> Result<()> {
    for entry in REGISTRY.iter().filter(|entry| entry.recordable()) {
        for problem in ["rosenbrock", "himmelblau", "ackley", "beale", "double_well"] {
            agrees(&job(problem, entry.id)?)?;
        }
    }
    Ok(())
}

#[test]
fn adam_agrees_on_every_landscape() -> Result<()> {
    for row in landscapes::offered() {
        agrees(&job(row.id, "adam")?)?;
    }
    Ok(())
}

#[test]
fn knobs_losses_and_odd_numbers_of_cells_agree() -> Result<()> {
    for method in ["adam", "heavy_ball", "lion"] {
        let job = job("himmelblau", method)?;
        for (axes, columns, rows) in [
            ([Axis::Knob(0), Axis::Knob(1)], 3, 3),
            ([Axis::Knob(1), Axis::Start(1)], 1, 1),
            ([Axis::Trial, Axis::Nothing], 17, 1),
            ([Axis::Nothing, Axis::Nothing], 2, 1),
        ] {
            for goal in [Goal::Landing, Goal::Loss { target: 10.0 }] {
                let window = [-3.0, -0.5, 0.0, 2.0];
                agrees(&Job { axes, window, columns, rows, goal, ..job.clone() })?;
            }
        }
    }
    Ok(())
}

#[test]
fn kernels_draw_the_numbers_that_the_direct_code_draws() -> Result<()> {
    for (problem, noise) in [
        ("himmelblau", Noise::Gaussian { sigma: 0.5 }),
        ("reddi_online", Noise::Own),
        ("reddi_stochastic", Noise::Own),
        // A landscape without noise of its own.
        ("rosenbrock", Noise::Own),
    ] {
        for method in ["sgd", "adam", "nesterov"] {
            for axis in [Axis::Run, Axis::Trial, Axis::Nothing] {
                let axes = [axis, Axis::Nothing];
                agrees(&Job {
                    axes,
                    columns: 9,
                    rows: 1,
                    noise,
                    seed: 0x1234_5678_9abc_def0,
                    ..job(problem, method)?
                })?;
            }
        }
    }
    Ok(())
}

#[test]
fn without_steps_a_kernel_stays_where_it_starts() -> Result<()> {
    let job = job("rosenbrock", "adam")?;
    agrees(&Job { steps: 0, ..job })
}

/// Formulas with poles, and with a region where they have no value: a run that gets there stays where it was.
#[test]
fn poles_and_holes_agree() -> Result<()> {
    for formula in ["1/x%2By^2", "ln(x)%2By^2", "sqrt(x)*y", "x^y", "tan(x)%2By^2"] {
        let link =
            format!("problem=formula;f={formula}&domain=-2,2,-2,2&start=1,1&steps=40&opt=adam;lr=0.1&opt=sgd;lr=0.3");
        let experiment = Link::parse(&link).experiment;
        let problem = experiment.pose()?;
        for method in 0..2 {
            let job = Job::of(&experiment, &problem, method, problem.domain).context("the link has two methods")?;
            agrees(&Job { columns: 7, rows: 6, ..job }).context(formula)?;
        }
    }
    Ok(())
}

#[test]
fn a_knob_that_varies_by_nothing_gives_every_cell_the_same_end() -> Result<()> {
    for method in ["adam", "sgd"] {
        let axes = [Axis::Knob(0), Axis::Nothing];
        let ends = ends_agree(&Job { axes, window: [-2.0, -2.0, 0.0, 0.0], ..job("himmelblau", method)? })?;
        ensure!(ends.len() == 6 && ends.iter().all(|end| *end == ends[0]), "{method}: {ends:x?}");
    }
    Ok(())
}

/// The smallest grid there is, and the last cells of the largest that is asked for.
#[test]
fn the_smallest_and_the_largest_grid_agree() -> Result<()> {
    let job = job("himmelblau", "adam")?;
    agrees(&Job { columns: 1, rows: 1, ..job.clone() })?;
    let job = Job { columns: 4096, rows: 4096, ..job };
    let flight = Flight::record(&job)?.lowered(Precision::Single);
    let (first, cells) = (job.cells() - 5, 5);
    let layout = Layout::new(&job, Lanes::F32x4, cells);
    let image = layout.image(&job, first);
    let memory = call(&flight, Lanes::F32x4, &image, layout.groups(), [job.steps, 0])?;
    for (place, found) in layout.read(&memory[layout.outputs()]).into_iter().enumerate() {
        let expected = flight.interpret(&job, first + place, SINGLE_DRAWS);
        let expected: Vec<u64> = expected.into_iter().map(|x| u64::from(x.to_bits())).collect();
        ensure!(found == expected, "cell {}: {found:x?}, not {expected:x?}", first + place);
    }
    Ok(())
}

/// Runs that stop and go on are where runs are that went on at once.
#[test]
fn particles_go_on_where_they_stand() -> Result<()> {
    for (problem, method, noise) in [
        ("himmelblau", "adam", Noise::Gaussian { sigma: 0.3 }),
        ("himmelblau", "nesterov", Noise::None),
        ("ackley", "amsgrad", Noise::None),
        ("reddi_online", "adam", Noise::Own),
    ] {
        for axis in [Axis::Trial, Axis::Run] {
            let job = Job { axes: [axis, Axis::Nothing], columns: 11, rows: 1, noise, ..job(problem, method)? };
            let flight = Flight::record(&job)?.lowered(Precision::Single);
            let resumable = flight.resumable();
            let cells = 2..11;
            let mut image = flight.standing(&job, cells.clone());
            let word = |image: &[u8], i: usize| -> usize {
                u32::from_le_bytes(std::array::from_fn(|k| image[4 * i + k])) as usize
            };
            let mut done = 0;
            for steps in [0, 1, 17, 22] {
                let groups = Layout::groups_of(Lanes::F32x4, cells.len());
                image = call(&resumable, Lanes::F32x4, &image, groups, [steps, done])?;
                done += steps;
                for (place, cell) in cells.clone().enumerate() {
                    let remembered = flight.remember(&job, cell, done, SINGLE_DRAWS);
                    for (slot, expected) in remembered.iter().enumerate() {
                        let at = word(&image, 2 * slot) + 4 * place;
                        let found = u32::from_le_bytes(std::array::from_fn(|k| image[at + k]));
                        ensure!(
                            found == expected.to_bits(),
                            "{method} on {problem}, cell {cell}, step {done}, slot {slot}"
                        );
                    }
                }
            }
        }
    }
    Ok(())
}
