//! Trajectories of PyTorch, optax, pytorch_optimizer, torch_optimizer and SciPy, followed step by step.
//!
//! `tests/data/README.md` describes the records. Each one is translated into a method of ours with every option it was
//! made with; an option nobody has translated fails the test, so that none is passed over in silence. The number of
//! records is asserted for each package and optimizer. `cargo test --test reference -- --nocapture` prints the table.

mod method;
mod record;
mod translated;

use method::{Driver, Ours, TorchLbfgs, named};
use record::{Posed, Record, records};
use std::collections::BTreeMap;
use thalweg::scalar::Vector;
use translated::ours;

/// Records in `tests/data` by package, and by the optimizer's name there.
const RECORDS: [(&str, &[(&str, usize)]); 5] = [
    (
        "torch",
        &[
            ("adafactor", 8),
            ("adagrad", 10),
            ("adam", 24),
            ("adamax", 8),
            ("adamw", 10),
            ("lbfgs", 12),
            ("muon", 3),
            ("rmsprop", 14),
            ("sgd", 29),
        ],
    ),
    (
        "optax",
        &[
            ("adabelief", 5),
            ("adafactor", 2),
            ("adagrad", 3),
            ("adam", 3),
            ("adamax", 2),
            ("adamw", 3),
            ("lion", 5),
            ("lookahead", 6),
            ("muon", 2),
            ("novograd", 3),
            ("rmsprop", 6),
            ("sgd", 3),
        ],
    ),
    (
        "pytorch_optimizer",
        &[
            ("adabelief", 5),
            ("adamax", 5),
            ("adamwsn", 5),
            ("lion", 5),
            ("lookahead", 4),
            ("muon", 1),
            ("novograd", 5),
            ("scalableshampoo", 6),
            ("shampoo", 6),
            ("soap", 6),
        ],
    ),
    ("torch_optimizer", &[("adabelief", 3), ("adafactor", 3), ("novograd", 3), ("shampoo", 3)]),
    ("scipy", &[("bfgs", 9), ("nelder_mead", 12)]),
];

/// The README's measure of distance between our point and the recorded one.
fn relative_error(ours: &[f64], recorded: &[f64]) -> f64 {
    assert_eq!(ours.len(), recorded.len());
    if ours.iter().any(|x| x.is_nan()) {
        return f64::INFINITY;
    }
    let far = ours.iter().zip(recorded).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    far / recorded.iter().fold(1e-3, |size: f64, x| size.max(x.abs()))
}

/// The tolerance where round-off has not grown: 1e-9 relative.
const BASE: f64 = 1e-9;

/// What following one record showed.
#[derive(Default)]
struct Followed {
    /// Recorded points that were compared.
    points: usize,
    /// Largest error where [`BASE`] is allowed, and largest error in units of what is allowed, anywhere.
    worst: f64,
    worst_share: f64,
    /// One if the number of questions was compared.
    counts: usize,
    /// What went wrong first.
    failure: Option<String>,
}

impl Followed {
    fn compare(&mut self, what: &str, ours: &[f64], recorded: &[f64], tolerance: f64) {
        let error = relative_error(ours, recorded);
        self.points += 1;
        if tolerance <= BASE {
            self.worst = self.worst.max(error);
        }
        // Step 0 is the start, with tolerance zero.
        self.worst_share = self.worst_share.max(if error == 0.0 { 0.0 } else { error / tolerance });
        if error > tolerance && self.failure.is_none() {
            self.failure =
                Some(format!("{what}: {ours:?} against {recorded:?}, error {error:.1e} above {tolerance:.1e}"));
        }
    }
}

fn follow(record: &Record, method: &Ours) -> Followed {
    let mut followed = Followed::default();
    let mut posed = Posed::new(record);
    let mut x = Vector::from_slice(&record.start);
    let mut optimizer = method.build(&x, &posed.blocks());
    let mut torch = TorchLbfgs::default();
    let mut done = 0;
    for (i, &step) in record.steps_recorded.iter().enumerate() {
        while done < step {
            match method.driver {
                Driver::Plain => optimizer.step(&mut x, &mut posed),
                driver => torch.step(driver, &mut x, optimizer.as_mut(), &mut posed),
            }
            done += 1;
        }
        let Some(tolerance) = record.tolerance_at[i] else { continue };
        followed.compare(&format!("step {step}"), x.as_slice(), &record.points[i], tolerance);
        if let Some(slow) = &record.slow_points {
            let ours = named(optimizer.as_mut(), "slow");
            followed.compare(&format!("slow point at step {step}"), &ours, &slow[i], tolerance);
        }
    }
    // As many questions as SciPy asked, unless round-off takes part in what is asked near the end.
    let exact_to_the_end = record.tolerance_at.last().is_some_and(|last| last.is_some_and(|last| last <= BASE));
    if let (Some(counts), true, None) = (record.result, exact_to_the_end, &followed.failure) {
        followed.counts = 1;
        if posed.calls != counts {
            followed.failure = Some(format!("asked {:?} where SciPy asked {counts:?}", posed.calls));
        }
    }
    followed
}

#[test]
fn trajectories_of_other_packages_are_reproduced() {
    let mut failures = Vec::new();
    let (mut total, mut counts) = (0, 0);
    println!("package           optimizer    as           records  points  worst at 1e-9  worst / allowed");
    for (package, expected) in RECORDS {
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        let mut table: BTreeMap<(String, &str), (usize, Followed)> = BTreeMap::new();
        for record in records(package) {
            *counted.entry(record.optimizer.clone()).or_default() += 1;
            total += 1;
            for method in ours(package, &record) {
                let followed = follow(&record, &method);
                if let Some(failure) = &followed.failure {
                    failures.push(format!("{} as {}: {failure}", record.id, method.id));
                }
                let (records, sum) = table.entry((record.optimizer.clone(), method.id)).or_default();
                *records += 1;
                sum.points += followed.points;
                counts += followed.counts;
                sum.worst = sum.worst.max(followed.worst);
                sum.worst_share = sum.worst_share.max(followed.worst_share);
            }
        }
        for ((optimizer, id), (records, sum)) in table {
            println!(
                "{package:17} {optimizer:12} {id:12} {records:7} {:7} {:14.1e} {:16.1e}",
                sum.points, sum.worst, sum.worst_share
            );
        }
        let expected: BTreeMap<String, usize> = expected.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        assert_eq!(counted, expected, "records of {package}");
    }
    println!("{total} records; the number of questions compared in {counts} of SciPy's");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert_eq!((total, counts), (242, 15));
}
