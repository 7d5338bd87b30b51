//! "What an optimizer remembers": the numbers kept between steps, and the loss that is reached, on completion of a matrix.
//!
//! A method joins by standing in a link of the lesson and in the list below it.

use super::{Reading, matrices::Matrices};

/// The step sizes that are tried.
const GRID: [f64; 7] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0];
/// Methods that search for the length of a step themselves.
const SEARCHING: [&str; 1] = ["lbfgs"];

fn loss(of: &Matrices, method: usize) -> f64 {
    of.trace(method).values[of.trace(method).last()]
}

/// Asserts that the page has a line for every method of its link, with what it keeps and what it reaches.
fn says_what_is_kept(text: &mut Reading, page: usize, of: &Matrices) {
    for (k, method) in of.experiment.methods.iter().enumerate() {
        let (title, memory) = (method.entry().title, of.trace(k).memory);
        text.says(page, &format!("{title}: {memory}, loss {:.1e}", loss(of, k)));
    }
}

/// Asserts that a method's step size is the best of the grid.
fn is_tuned(of: &Matrices) {
    let lost = |value: f64| if value.is_finite() { value } else { f64::INFINITY };
    for method in of.experiment.methods.iter().filter(|method| !SEARCHING.contains(&method.base.id)) {
        let grid = of.again(|experiment| {
            let with = |lr: &f64| {
                let mut method = method.clone();
                assert!(method.base.knobs.set("lr", *lr));
                method
            };
            experiment.methods = GRID.iter().map(with).collect();
        });
        let best = (0..GRID.len()).min_by(|&a, &b| lost(loss(&grid, a)).total_cmp(&lost(loss(&grid, b))));
        let best = GRID[best.expect("a grid")];
        assert_eq!(method.base.knobs.get("lr"), best, "{}", method.base.id);
    }
}

#[test]
fn its_numbers_are_measured() {
    let mut text = Reading::of("memory");

    let general = text.matrix_setup(1);
    let parameters = general.run.outline.model.dimension();
    text.says(1, &format!("with {parameters} parameters"));
    text.says(1, &format!("take {} steps", general.experiment.steps));
    let [others @ .., last] = GRID.map(|lr| lr.to_string());
    text.says(1, &format!("{} and {last};", others.join(", ")));
    says_what_is_kept(&mut text, 1, &general);
    is_tuned(&general);
    let kept = |method: usize| general.trace(method).memory;
    assert_eq!((kept(1), kept(3), kept(2) / parameters), (parameters, parameters, 2));
    text.says(1, &format!("{} numbers for each", kept(4) / parameters));

    let shaped = text.matrix_setup(2);
    says_what_is_kept(&mut text, 2, &shaped);
    is_tuned(&shaped);
    let columns = shaped.run.outline.count("width");
    text.says(2, &format!("The factors have {columns} columns"));
    // Rows and columns of both factors, and the count of steps.
    let rows = shaped.run.outline.count("n");
    assert_eq!(shaped.trace(0).memory, 2 * (rows + columns) + 1);
    assert!(((shaped.trace(1).memory as f64) / (kept(2) as f64) * 3.0).round() == 2.0, "two thirds");

    // A matrix of a thousand rows and columns: what Adafactor's rule above gives without the count.
    text.finish(&[(2, "keep 2000 numbers")]);
}

/// The order of the losses is not one of chance: other matrices, the step sizes of the text.
#[test]
fn momentum_does_what_adam_does_and_lion_does_not() {
    let text = Reading::of("memory");
    for seed in 1..4 {
        let of = text.matrix_setup(1).with_seed(seed);
        let [sgd, heavy_ball, adam, lion, lbfgs] = [0, 1, 2, 3, 4].map(|method| loss(&of, method));
        // Decades lie between; the factors leave room for seeds, not for another order.
        assert!(heavy_ball < 3.0 * adam && adam < 0.1 * sgd, "{seed}: {heavy_ball:e} {adam:e} {sgd:e}");
        assert!(lion > 10.0 * sgd && lbfgs < 1e-6 * heavy_ball, "{seed}: {lion:e} {lbfgs:e}");
    }
}
