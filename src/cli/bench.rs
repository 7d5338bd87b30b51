//! `thalweg bench`: steps a second of the direct engine on one thread.

use super::{Message, print};
use std::hint::black_box;
use std::time::Instant;
use thalweg::experiment::{Method, Runner};
use thalweg::problems::{Noise, PlaneProblem};

/// Steps of one run. A long experiment: much longer runs would time what happens after the end, when averages of
/// vanished gradients shrink into denormal numbers, which processors handle ten times more slowly.
const STEPS: u32 = 4000;
/// Runs timed at once.
const RUNS: u32 = 50;
/// Repetitions, of which the fastest counts: whatever else the machine does only ever makes one slower.
const REPETITIONS: u32 = 15;

/// Prints a table of million steps a second, with ratios to a loop written by hand for the one problem.
pub fn command(mut parser: lexopt::Parser) -> Result<(), Message> {
    if let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        return Err(argument.unexpected().to_string());
    }
    let baseline = rate(|| {
        black_box(adam_on_rosenbrock_by_hand(STEPS));
    });
    let mut text = format!(
        "million steps a second, one thread, runs of {STEPS} steps, best of {REPETITIONS} times {RUNS} runs\n\
         {:<14} {:<14} {:>8}  ratio to the loop by hand\n{:<14} {:<14} {baseline:>8.1}  1.00\n",
        "optimizer", "landscape", "rate", "adam by hand", "rosenbrock"
    );
    for (id, lr) in [("adam", 0.01), ("sgd", 0.001), ("heavy_ball", 0.0005)] {
        for landscape in ["rosenbrock", "himmelblau", "ackley"] {
            let method = Method::new(id, &[("lr", lr)]).ok_or("the benchmark names an optimizer that is not there")?;
            let problem = PlaneProblem::landscape(landscape, &[]).map_err(|error| error.to_string())?;
            let measured = rate(|| {
                let mut runner = Runner::new(&problem, &method, problem.start, Noise::None, 0);
                for _ in 0..STEPS {
                    runner.step();
                }
                black_box(runner.point());
            });
            text += &format!("{id:<14} {landscape:<14} {measured:>8.1}  {:.2}\n", measured / baseline);
        }
    }
    print(&text)
}

fn rate(mut run: impl FnMut()) -> f64 {
    let seconds = (0..REPETITIONS).map(|_| {
        let start = Instant::now();
        for _ in 0..RUNS {
            run();
        }
        start.elapsed().as_secs_f64()
    });
    f64::from(STEPS * RUNS) / seconds.fold(f64::INFINITY, f64::min) / 1e6
}

/// What one would write for this one pair: derivatives by hand, no calls, no counting.
fn adam_on_rosenbrock_by_hand(steps: u32) -> [f64; 2] {
    let (lr, b1, b2, eps) = (0.01, 0.9, 0.999, 1e-8);
    let (mut x, mut y) = (black_box(-1.2), black_box(1.0));
    let (mut m, mut v) = ([0.0; 2], [0.0; 2]);
    let (mut w1, mut w2) = (1.0, 1.0);
    for _ in 0..steps {
        let t: f64 = y - x * x;
        let g = [-2.0 * (1.0 - x) - 400.0 * x * t, 200.0 * t];
        w1 = if w1 < 1e-200 { 0.0 } else { w1 * b1 };
        w2 *= b2;
        let mut d = [0.0; 2];
        for i in 0..2 {
            m[i] = b1 * m[i] + (1.0 - b1) * g[i];
            v[i] = b2 * v[i] + (1.0 - b2) * g[i] * g[i];
            d[i] = lr * (m[i] / (1.0 - w1)) / ((v[i] / (1.0 - w2)).sqrt() + eps);
        }
        x -= d[0];
        y -= d[1];
    }
    [x, y]
}
