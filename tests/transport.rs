//! Optimal transport, as POT computes it.
//!
//! `tests/data/transport.jsonl` has what POT 0.9.7 (https://pythonot.github.io) returned on small problems, in float64:
//! one JSON object a line, with its inputs by name (`x`, `y` places, `a`, `b` masses, `cost`), `hyperparameters` by
//! POT's names, `output`, and the `tolerance` up to which POT itself is exact. Every record is read by the function
//! here that has the name of its `kind`; a kind that nobody reads fails the test, and the number of records of each is
//! asserted.

use nalgebra::{DMatrix, Matrix2, Vector2};
use serde_json::Value;
use std::collections::BTreeMap;
use thalweg::measures::transport::barycentre::entropic_barycentre;
use thalweg::measures::transport::divergence::transport_cost_divergence;
use thalweg::measures::transport::sinkhorn::{Sinkhorn, Stop};
use thalweg::measures::transport::unbalanced::unbalanced;
use thalweg::measures::transport::{exact, gaussian, line, marginal_violation};
use thalweg::measures::{Gaussian, Point};

/// Records of each kind.
const RECORDS: [(&str, usize); 9] = [
    ("bures_barycenter", 2),
    ("bures_wasserstein", 3),
    ("entropic_barycenter", 1),
    ("entropic_ot", 9),
    ("exact_ot", 6),
    ("sinkhorn_divergence", 3),
    ("sinkhorn_iterations", 9),
    ("unbalanced_ot", 3),
    ("wasserstein_1d", 2),
];

/// One line of the file.
struct Record(Value);

impl Record {
    fn id(&self) -> &str {
        self.0["id"].as_str().expect("a record has an id")
    }

    /// What stands at a path such as `output/value`.
    fn at(&self, path: &str) -> &Value {
        path.split('/').fold(&self.0, |value, key| &value[key])
    }

    fn number(&self, path: &str) -> f64 {
        self.at(path).as_f64().unwrap_or_else(|| panic!("{}: no number {path}", self.id()))
    }

    fn numbers(&self, path: &str) -> Vec<f64> {
        read(self.at(path), self.id())
    }

    fn rows(&self, path: &str) -> Vec<Vec<f64>> {
        self.at(path).as_array().expect("rows").iter().map(|row| read(row, self.id())).collect()
    }

    fn matrix(&self, path: &str) -> DMatrix<f64> {
        let rows = self.rows(path);
        DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
    }

    fn points(&self, path: &str) -> Vec<Point> {
        self.rows(path).iter().map(|row| [row[0], row[1]]).collect()
    }

    /// The cost, which must be what its formula says.
    fn cost(&self) -> DMatrix<f64> {
        let (x, y, cost) = (self.points("x"), self.points("y"), self.matrix("cost"));
        let squares = thalweg::measures::transport::squared_distances(&x, &y);
        let computed = if self.at("cost_formula") == "Euclidean" { squares.map(f64::sqrt) } else { squares };
        // POT computes |x|^2 + |y|^2 - 2 x.y.
        assert!((computed - &cost).amax() < 1e-14, "{}", self.id());
        cost
    }

    fn close(&self, what: &str, ours: f64, theirs: f64, relative: f64) {
        assert!((ours - theirs).abs() <= relative * theirs.abs(), "{}: {what} is {ours}, not {theirs}", self.id());
    }

    fn close_entries(&self, what: &str, ours: &DMatrix<f64>, theirs: &DMatrix<f64>, absolute: f64) {
        let apart = (ours - theirs).amax();
        assert!(apart <= absolute, "{}: {what} is off by {apart}: {ours} {theirs}", self.id());
    }
}

fn read(value: &Value, id: &str) -> Vec<f64> {
    let numbers = value.as_array().map(|entries| entries.iter().filter_map(Value::as_f64).collect());
    numbers.unwrap_or_else(|| panic!("{id}: no numbers in {value}"))
}

#[test]
fn every_record_is_reproduced() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let records: Vec<Record> = include_str!("data/transport.jsonl")
        .lines()
        .map(|line| Record(serde_json::from_str(line).expect("a line is a record")))
        .collect();
    for record in &records {
        let kind = record.at("kind").as_str().expect("a record has a kind");
        match kind {
            "bures_barycenter" => bures_barycenter(record),
            "bures_wasserstein" => bures_wasserstein(record),
            "entropic_barycenter" => entropic_barycenter(record),
            "entropic_ot" => entropic_ot(record),
            "exact_ot" => exact_ot(record),
            "sinkhorn_divergence" => sinkhorn_divergence(record),
            "sinkhorn_iterations" => sinkhorn_iterations(record),
            "unbalanced_ot" => unbalanced_ot(record),
            "wasserstein_1d" => wasserstein_1d(record),
            _ => panic!("{}: nobody reads {kind}", record.id()),
        }
        *seen.entry(kind).or_default() += 1;
    }
    assert_eq!(seen, RECORDS.into_iter().collect());
}

/// Exact both: 1e-9 is far above rounding.
fn exact_ot(record: &Record) {
    let (a, b) = (record.numbers("a"), record.numbers("b"));
    let found = exact::transport(&record.cost(), &a, &b).expect("a problem of masses");
    record.close("value", found.value, record.number("output/value"), 1e-9);
    assert!(marginal_violation(&found.plan, &a, &b) < 1e-14);
    if !record.at("output/plan").is_null() {
        // Where costs tie, another plan may be as good.
        let theirs = record.matrix("output/plan");
        let worth = |plan: &DMatrix<f64>| plan.component_mul(&record.cost()).sum();
        record.close("value of the plan", worth(&found.plan), worth(&theirs), 1e-9);
    }
}

/// POT stopped after `numItermax` iterations at the latest, and two of these problems, whose optimal plans are many,
/// had not converged by then (their marginals are off by 1e-6): so as many iterations are done here, from the same
/// start, and the plans agree to rounding that has grown over them, where the record asks for 1e-8.
fn entropic_ot(record: &Record) {
    let (a, b) = (record.numbers("a"), record.numbers("b"));
    let epsilon = record.number("hyperparameters/reg");
    let mut sinkhorn = Sinkhorn::new(record.cost(), &a, &b, epsilon).expect("a problem of masses");
    let most = record.number("hyperparameters/numItermax") as usize;
    let outcome = sinkhorn.run(Stop { tolerance: 1e-14, most });
    let recorded = record.number("output/marginal_error");
    assert!(outcome.violation <= 1e-14 || outcome.iterations == most && recorded > 1e-14, "{outcome:?} {recorded}");
    record.close_entries("plan", &sinkhorn.plan(), &record.matrix("output/plan"), 1e-12);
    record.close("cost", sinkhorn.transport_cost(), record.number("output/transport_cost"), 1e-12);
    record.close("objective", sinkhorn.entropic_objective(), record.number("output/entropic_objective"), 1e-11);
}

/// The same iterates, by logarithms here and by products there.
fn sinkhorn_iterations(record: &Record) {
    let (a, b) = (record.numbers("a"), record.numbers("b"));
    let epsilon = record.number("hyperparameters/reg");
    let start = Sinkhorn::new(record.cost(), &a, &b, epsilon).expect("a problem of masses").from_equal_scalings();
    let iterations = record.number("hyperparameters/iterations") as usize;
    let (mut plain, mut fast) = (start.clone(), start);
    (0..iterations).for_each(|_| {
        plain.iterate();
    });
    fast.run(Stop { tolerance: 0.0, most: iterations });
    for sinkhorn in [plain, fast] {
        let theirs = record.matrix("output/plan");
        for (ours, theirs) in sinkhorn.plan().iter().zip(theirs.iter()) {
            record.close("an entry of the plan", *ours, *theirs, 1e-11);
        }
        let scalings = |masses: &[f64], potentials: &[f64]| {
            masses.iter().zip(potentials).map(|(mass, f)| mass * (f / epsilon).exp()).collect::<Vec<_>>()
        };
        let (u, v) = (scalings(&a, sinkhorn.f.as_slice()), scalings(&b, sinkhorn.g.as_slice()));
        let ours = u.iter().chain(&v);
        for (ours, theirs) in ours.zip(record.numbers("output/u").iter().chain(&record.numbers("output/v"))) {
            record.close("a scaling", *ours, *theirs, 1e-11);
        }
    }
}

/// POT stops once iterates move by less than 1e-6 or so; the record's tolerance.
fn unbalanced_ot(record: &Record) {
    let (a, b) = (record.numbers("a"), record.numbers("b"));
    let (epsilon, rho) = (record.number("hyperparameters/reg"), record.number("hyperparameters/reg_m"));
    let stop = Stop { tolerance: 1e-13, most: 100_000 };
    let (plan, outcome) = unbalanced(record.cost(), &a, &b, epsilon, rho, stop).expect("a problem of masses");
    assert!(outcome.converged);
    record.close_entries("plan", &plan, &record.matrix("output/plan"), record.number("tolerance/plan_abs"));
    record.close("mass", plan.sum(), record.number("output/mass"), 1e-7);
}

/// POT stops at marginals that are off by 1e-9; the record's tolerance.
fn sinkhorn_divergence(record: &Record) {
    let (a, b) = (record.numbers("a"), record.numbers("b"));
    let (x, y, epsilon) = (record.points("x"), record.points("y"), record.number("hyperparameters/reg"));
    let stop = Stop { tolerance: 1e-13, most: 100_000 };
    let value = transport_cost_divergence(&x, &y, &a, &b, epsilon, stop).expect("a problem of masses");
    record.close("value", value, record.number("output/value"), record.number("tolerance/value_rel"));
}

/// Sums of four terms in the same order, or in another.
fn wasserstein_1d(record: &Record) {
    let [x, y, a, b] = ["x", "y", "a", "b"].map(|name| record.numbers(name));
    let value = line::wasserstein_1d(&x, &a, &y, &b, record.number("hyperparameters/p")).expect("masses");
    record.close("value", value, record.number("output/value"), 1e-12);
}

fn law(mean: &[f64], covariance: &[Vec<f64>]) -> Gaussian {
    Gaussian {
        mean: Vector2::new(mean[0], mean[1]),
        covariance: Matrix2::new(covariance[0][0], covariance[0][1], covariance[1][0], covariance[1][1]),
    }
}

/// Closed forms: the record asks for 1e-8, and 1e-9 holds.
fn bures_wasserstein(record: &Record) {
    let [from, to] = [("m1", "C1"), ("m2", "C2")].map(|(m, c)| law(&record.numbers(m), &record.rows(c)));
    let distance = gaussian::w2_squared(&from, &to).sqrt();
    record.close("distance", distance, record.number("output/distance"), 1e-9);
    let map = gaussian::optimal_map(&from, &to);
    let theirs = law(&record.numbers("output/map_b"), &record.rows("output/map_A"));
    assert!((map - theirs.covariance).amax() < 1e-9, "{}: {map}", record.id());
    assert!((to.mean - map * from.mean - theirs.mean).amax() < 1e-9, "{}", record.id());
}

/// A fixed point, with a recorded residual below 1e-14: the record asks for 1e-7, and 1e-9 holds.
fn bures_barycenter(record: &Record) {
    let means = record.rows("means");
    let covariances = record.at("covariances").as_array().expect("a list");
    let rows = |value: &Value| {
        value.as_array().expect("rows").iter().map(|row| read(row, record.id())).collect::<Vec<Vec<f64>>>()
    };
    let laws: Vec<Gaussian> = means.iter().zip(covariances).map(|(mean, c)| law(mean, &rows(c))).collect();
    let found = gaussian::barycentre(&laws, &record.numbers("weights")).expect("weights");
    let theirs = law(&record.numbers("output/mean"), &record.rows("output/covariance"));
    assert!((found.mean - theirs.mean).amax() < 1e-14, "{}", record.id());
    assert!((found.covariance - theirs.covariance).amax() < 1e-9, "{}: {found:?}", record.id());
}

/// The record's tolerance. The cost is the squared distance on the grid.
fn entropic_barycenter(record: &Record) {
    let (grid, epsilon) = (record.numbers("grid"), record.number("hyperparameters/reg"));
    let kernel = |v: &[f64]| {
        let at = |x: &f64| grid.iter().zip(v).map(|(y, v)| (-(x - y).powi(2) / epsilon).exp() * v).sum();
        grid.iter().map(at).collect::<Vec<f64>>()
    };
    let stop = Stop { tolerance: 1e-12, most: 100_000 };
    let (found, outcome) =
        entropic_barycentre(kernel, &record.rows("histograms"), &record.numbers("weights"), stop).expect("masses");
    assert!(outcome.converged, "{outcome:?}");
    for (ours, theirs) in found.iter().zip(record.numbers("output/barycenter")) {
        assert!((ours - theirs).abs() < 1e-7, "{}: {ours} {theirs}", record.id());
    }
}
