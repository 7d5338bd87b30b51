//! What every optimizer and every wrapper of the registries must do, whoever wrote it.

use std::collections::BTreeSet;
use thalweg::optimizers::wrappers::{WRAPPERS, Wrapper};
use thalweg::optimizers::{
    self, Build, Entry, Event, Family, Hyper, Knob, Knobs, Optimizer, Oracle, REGISTRY, Scalars, wrappers,
};
use thalweg::scalar::{Block, Dual, Real, Vector, philox4x32};

/// A convex quadratic that is not aligned with the axes: f = x^2 / 2 + 5 u^2 with u = y - x / 2.
struct Bowl;

fn bowl<R: Real>(x: &Vector<R>) -> R {
    let half = R::from_f64(0.5);
    let u = x[1] - x[0] * half;
    x[0] * x[0] * half + u * u * R::from_f64(5.0)
}

impl<R: Real> Oracle<R> for Bowl {
    fn value(&mut self, x: &Vector<R>) -> R {
        bowl(x)
    }
    fn gradient(&mut self, x: &Vector<R>) -> Vector<R> {
        let u = x[1] - x[0] * R::from_f64(0.5);
        Vector::from([x[0] - u * R::from_f64(5.0), u * R::from_f64(10.0)])
    }
    fn hessian(&mut self, _: &Vector<R>) -> Vec<Vector<R>> {
        [[3.5, -5.0], [-5.0, 10.0]].map(|row| Vector::from(row.map(R::from_f64))).to_vec()
    }
    fn hessian_vector(&mut self, x: &Vector<R>, v: &Vector<R>) -> Vector<R> {
        let rows = self.hessian(x);
        Vector::from([rows[0].dot(v), rows[1].dot(v)])
    }
    fn normal(&mut self, _: u32) -> Vector<R> {
        Vector::zeros(2)
    }
    fn report(&mut self, _: Event) {}
}

const START: [f64; 2] = [2.0, -1.0];

/// Matrix methods whose step is as long as the gradient, or as a loss says.
const DESCENTS: [&str; 8] = [
    "novograd",
    "subspace_momentum",
    "nuclear_prox",
    "fixed_rank",
    "subgradient",
    "scaled_gd",
    "alternating",
    "rescaled_gd",
];

/// Knobs with which a method makes quick progress on [`Bowl`], whose largest curvature is about 12.8.
fn sensible(entry: &Entry) -> Knobs<f64> {
    let mut knobs = entry.defaults();
    let lr = match entry.family {
        Family::Gradient => 0.02,
        Family::Matrix if DESCENTS.contains(&entry.id) => 0.02,
        // Signs do not settle.
        Family::Matrix if entry.id == "frugal" => 0.05,
        // On a vector most of these are Adam.
        Family::Adaptive | Family::Matrix => 0.2,
        Family::Sign => 0.05,
        // Without noise, which does not settle.
        Family::Flow => {
            knobs.set("temperature", 0.0);
            0.02
        }
        Family::LineSearch | Family::SecondOrder | Family::DerivativeFree => return knobs,
    };
    assert!(knobs.set("lr", lr), "{}", entry.id);
    // Methods whose default steps are made for a loss that falls to zero, or divide by the size of the point.
    let others: &[(&str, f64)] = match entry.id {
        "subgradient" => &[("by_loss", 0.0)],
        "scaled_gd" => &[("lr", 0.1), ("lambda", 1.0)],
        _ => &[],
    };
    others.iter().for_each(|(id, value)| assert!(knobs.set(id, *value), "{}: {id}", entry.id));
    knobs
}

/// An optimizer alone, or in a wrapper with its defaults.
fn build(entry: &Entry, knobs: &Knobs<f64>, wrapper: Option<&Wrapper>, start: &Vector<f64>) -> Box<dyn Optimizer<f64>> {
    let inner = entry.build(knobs, start, &Block::column(start.len()));
    match wrapper {
        Some(wrapper) => wrapper.build(&wrapper.defaults(), inner, start),
        None => inner,
    }
}

/// Nothing, and every wrapper.
fn every_wrapping() -> impl Iterator<Item = Option<&'static Wrapper>> {
    std::iter::once(None).chain(WRAPPERS.iter().map(Some))
}

/// Every optimizer alone and in every wrapper.
fn everything() -> impl Iterator<Item = (&'static Entry, Option<&'static Wrapper>)> {
    optimizers::of_points().flat_map(|entry| every_wrapping().map(move |wrapper| (entry, wrapper)))
}

fn label(entry: &Entry, wrapper: Option<&Wrapper>) -> String {
    wrapper.map_or(entry.id.to_owned(), |wrapper| format!("{}~{}", entry.id, wrapper.id))
}

/// Names and values of everything remembered.
fn memory<R: Real>(optimizer: &mut dyn Optimizer<R>) -> Vec<(&'static str, Vec<R>)> {
    let mut memory = Vec::new();
    optimizer.state(&mut |name, values| memory.push((name, values.to_vec())));
    memory
}

fn check_names(id: &str, title: &str, summary: &str, knobs: &[Knob]) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    assert!(!id.is_empty() && id.chars().all(plain), "{id}");
    assert!(!title.is_empty() && !summary.is_empty(), "{id}");
    let ids: BTreeSet<&str> = knobs.iter().map(|knob| knob.id).collect();
    assert_eq!(ids.len(), knobs.len(), "{id} has two knobs of the same name");
    for knob in knobs {
        assert!(knob.id.chars().all(plain) && !knob.symbol.is_empty() && !knob.meaning.is_empty(), "{id}: {}", knob.id);
        let (low, high) = knob.range;
        assert!(low < high && (low..=high).contains(&knob.default), "{id}: {}", knob.id);
        assert_eq!(knob.nearest(knob.default), knob.default, "{id}: {}", knob.id);
    }
}

#[test]
fn names_are_unique_and_defaults_are_accepted() {
    for entry in REGISTRY {
        check_names(entry.id, entry.title, entry.summary, entry.knobs);
        assert_eq!(optimizers::find(entry.id).map(|found| found.title), Some(entry.title));
    }
    for wrapper in WRAPPERS {
        check_names(wrapper.id, wrapper.title, wrapper.summary, wrapper.knobs);
        assert_eq!(wrappers::find(wrapper.id).map(|found| found.title), Some(wrapper.title));
    }
    let ids: BTreeSet<&str> = REGISTRY.iter().map(|e| e.id).chain(WRAPPERS.iter().map(|w| w.id)).collect();
    assert_eq!(ids.len(), REGISTRY.len() + WRAPPERS.len());
}

#[test]
fn the_menu_is_sorted_by_family_and_year() {
    assert!(REGISTRY.is_sorted_by_key(|entry| (entry.family, entry.paper.year)));
    assert!(WRAPPERS.is_sorted_by_key(|wrapper| wrapper.paper.year));
}

#[test]
fn every_optimizer_descends_into_a_bowl() {
    let start = Vector::from(START);
    for (entry, wrapper) in everything() {
        let mut x = start.clone();
        let mut optimizer = build(entry, &sensible(entry), wrapper, &start);
        for _ in 0..200 {
            optimizer.step(&mut x, &mut Bowl);
        }
        let (before, after): (f64, f64) = (bowl(&start), bowl(&x));
        assert!(after < 0.05 * before, "{}: from {before} to {after}", label(entry, wrapper));
    }
}

/// f = sum of (i + 1) x_i^2 / 2, in as many dimensions as asked for.
struct Ellipsoid;

impl Oracle<f64> for Ellipsoid {
    fn value(&mut self, x: &Vector<f64>) -> f64 {
        0.5 * x.dot(&self.gradient(x))
    }
    fn gradient(&mut self, x: &Vector<f64>) -> Vector<f64> {
        Vector::from_fn(x.len(), |i| (i as f64 + 1.0) * x[i])
    }
    fn hessian(&mut self, x: &Vector<f64>) -> Vec<Vector<f64>> {
        let n = x.len();
        (0..n).map(|i| Vector::from_fn(n, |j| if i == j { i as f64 + 1.0 } else { 0.0 })).collect()
    }
    fn hessian_vector(&mut self, _: &Vector<f64>, v: &Vector<f64>) -> Vector<f64> {
        self.gradient(v)
    }
    fn normal(&mut self, _: u32) -> Vector<f64> {
        Vector::zeros(2)
    }
    fn report(&mut self, _: Event) {}
}

#[test]
fn two_dimensions_are_not_special() {
    for n in [1, 3, 4] {
        let start = Vector::from_fn(n, |i| 2.0 - 0.5 * i as f64);
        for (entry, wrapper) in everything() {
            let mut x = start.clone();
            let mut optimizer = build(entry, &sensible(entry), wrapper, &start);
            for _ in 0..300 {
                optimizer.step(&mut x, &mut Ellipsoid);
            }
            assert_eq!(x.len(), n);
            let (before, after) = (Ellipsoid.value(&start), Ellipsoid.value(&x));
            // A simplex that Lookahead moves every five steps is built anew as often: there it is slow.
            let enough = if wrapper.is_none() { 0.05 } else { 0.5 };
            assert!(after < enough * before, "{} in {n}: from {before} to {after}", label(entry, wrapper));
        }
    }
}

#[test]
fn memory_has_the_same_names_and_sizes_at_every_step() {
    let start = Vector::from(START);
    for (entry, wrapper) in everything() {
        let mut x = start.clone();
        let mut optimizer = build(entry, &sensible(entry), wrapper, &start);
        let shape = |optimizer: &mut dyn Optimizer<f64>| -> Vec<(&'static str, usize)> {
            memory(optimizer).into_iter().map(|(name, values)| (name, values.len())).collect()
        };
        let first = shape(optimizer.as_mut());
        for _ in 0..12 {
            optimizer.step(&mut x, &mut Bowl);
            assert_eq!(shape(optimizer.as_mut()), first, "{}", label(entry, wrapper));
        }
    }
}

#[test]
fn a_run_continues_to_the_bit_from_its_memory() {
    let start = Vector::from(START);
    for (entry, wrapper) in everything() {
        let knobs = sensible(entry);
        let mut x = start.clone();
        let mut optimizer = build(entry, &knobs, wrapper, &start);
        for _ in 0..7 {
            optimizer.step(&mut x, &mut Bowl);
        }
        let mut saved = memory(optimizer.as_mut()).into_iter();
        let mut y = x.clone();
        let mut restored = build(entry, &knobs, wrapper, &start);
        restored.state(&mut |name, values| {
            let (saved_name, saved) = saved.next().expect("as many fields as were saved");
            assert_eq!(saved_name, name);
            values.copy_from_slice(&saved);
        });
        for step in 0..20 {
            optimizer.step(&mut x, &mut Bowl);
            restored.step(&mut y, &mut Bowl);
            let bits = |v: &Vector<f64>| [v[0].to_bits(), v[1].to_bits()];
            assert_eq!(bits(&x), bits(&y), "{}, {step} steps later", label(entry, wrapper));
        }
    }
}

/// An oracle that answers from a list of numbers, drawn as from an urn, whatever it is asked; and counts.
struct Urn<'a> {
    numbers: &'a [f64],
    calls: u32,
}

impl Urn<'_> {
    fn draw(&mut self) -> f64 {
        self.calls += 1;
        self.numbers[philox4x32([self.calls, 0, 0, 0], [7, 11])[0] as usize % self.numbers.len()]
    }
    fn vector(&mut self) -> Vector<f64> {
        Vector::from([self.draw(), self.draw()])
    }
}

impl Oracle<f64> for Urn<'_> {
    fn value(&mut self, _: &Vector<f64>) -> f64 {
        self.draw()
    }
    fn gradient(&mut self, _: &Vector<f64>) -> Vector<f64> {
        self.vector()
    }
    fn hessian(&mut self, _: &Vector<f64>) -> Vec<Vector<f64>> {
        let (a, b, c) = (self.draw(), self.draw(), self.draw());
        vec![Vector::from([a, b]), Vector::from([b, c])]
    }
    fn hessian_vector(&mut self, _: &Vector<f64>, _: &Vector<f64>) -> Vector<f64> {
        self.vector()
    }
    fn normal(&mut self, _: u32) -> Vector<f64> {
        self.vector()
    }
    fn report(&mut self, _: Event) {}
}

/// More numbers drawn than this in one step means that something does not end. The longest search takes 100 trials of
/// three numbers, then as many values; SAM asks for two gradients where what it wraps asks for one.
const MOST_DRAWS: u32 = 800;

#[test]
fn no_answer_makes_a_step_panic_or_last_forever() {
    const BIG: f64 = f64::MAX;
    let urns: &[&[f64]] = &[
        &[f64::NAN],
        &[f64::INFINITY],
        &[f64::NEG_INFINITY],
        &[0.0],
        &[1.0],
        &[-1.0],
        &[BIG, -BIG],
        &[f64::MIN_POSITIVE, -f64::MIN_POSITIVE, 5e-324],
        &[1.0, -1.0, 0.0, 3.0, -0.25],
        &[1.0, -2.0, f64::NAN],
        &[1.0, -2.0, 0.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, BIG, 1e-300],
    ];
    let start = Vector::from(START);
    for (entry, wrapper) in everything() {
        for numbers in urns {
            let mut x = start.clone();
            let mut optimizer = build(entry, &entry.defaults(), wrapper, &start);
            let mut urn = Urn { numbers, calls: 0 };
            for _ in 0..60 {
                let before = urn.calls;
                optimizer.step(&mut x, &mut urn);
                let drawn = urn.calls - before;
                assert!(drawn <= MOST_DRAWS, "{} drew {drawn} numbers of {numbers:?}", label(entry, wrapper));
            }
        }
    }
}

#[test]
fn no_knob_within_its_range_makes_a_step_panic_or_last_forever() {
    let start = Vector::from(START);
    let numbers = &[1.0, -1.0, 0.0, 3.0, -0.25];
    for entry in optimizers::of_points() {
        for knob in entry.knobs {
            for value in [knob.range.0, knob.range.1] {
                let mut knobs = entry.defaults();
                knobs.set(knob.id, value);
                let (mut x, mut y) = (start.clone(), start.clone());
                let mut in_the_bowl = entry.build(&knobs, &start, &Block::column(2));
                let mut in_the_urn = entry.build(&knobs, &start, &Block::column(2));
                let mut urn = Urn { numbers, calls: 0 };
                for _ in 0..60 {
                    in_the_bowl.step(&mut x, &mut Bowl);
                    let before = urn.calls;
                    in_the_urn.step(&mut y, &mut urn);
                    assert!(urn.calls - before <= MOST_DRAWS, "{}: {} = {value}", entry.id, knob.id);
                }
            }
        }
    }
    for wrapper in WRAPPERS {
        for knob in wrapper.knobs {
            for value in [knob.range.0, knob.range.1] {
                let mut knobs = wrapper.defaults();
                knobs.set(knob.id, value);
                let mut x = start.clone();
                let entry = optimizers::find("adam").expect("adam is registered");
                let mut optimizer =
                    wrapper.build(&knobs, entry.build(&entry.defaults(), &start, &Block::column(start.len())), &start);
                for _ in 0..60 {
                    optimizer.step(&mut x, &mut Bowl);
                }
                assert!(x[0].is_finite() && x[1].is_finite(), "{}: {} = {value}", wrapper.id, knob.id);
            }
        }
    }
}

/// The loss after some steps with dual numbers that carry the derivative by `lr`, and with plain ones.
fn final_loss<R: Real>(knobs: &Knobs<R>, build: Build<R>, wrap: Option<(Knobs<R>, wrappers::Wrap<R>)>) -> R {
    let start = Vector::from(START.map(R::from_f64));
    let mut x = start.clone();
    let mut optimizer = build(knobs, &start, &Block::column(2));
    if let Some((knobs, wrap)) = wrap {
        optimizer = wrap(&knobs, optimizer, &start);
    }
    for _ in 0..17 {
        optimizer.step(&mut x, &mut Bowl);
    }
    bowl(&x)
}

#[test]
fn recordable_optimizers_carry_derivatives_by_their_step_size() {
    for (entry, wrapper) in everything() {
        let Scalars::Recordable { f64, dual, .. } = entry.scalars else { continue };
        let knobs = sensible(entry);
        let lr = knobs.get("lr");
        let at = |lr: f64| {
            let mut knobs = knobs.clone();
            knobs.set("lr", lr);
            final_loss(&knobs, f64, wrapper.map(|wrapper| (wrapper.defaults(), wrapper.f64)))
        };
        let mut lifted: Knobs<Hyper> = knobs.lift();
        lifted.set("lr", Dual::variable(lr, 0));
        let loss = final_loss(&lifted, dual, wrapper.map(|wrapper| (wrapper.defaults().lift(), wrapper.dual)));
        assert_eq!(loss.value.to_bits(), at(lr).to_bits(), "{}", label(entry, wrapper));

        // A central difference at 1e-6 lr is good to about 1e-9 of the loss over lr.
        let h = 1e-6 * lr;
        let difference = (at(lr + h) - at(lr - h)) / (2.0 * h);
        let slope = loss.derivative[0];
        assert!(
            (slope - difference).abs() <= 1e-6 * (slope.abs() + loss.value / lr),
            "{}: {slope} against {difference}",
            label(entry, wrapper)
        );
    }
}

/// Two matrices and a vector of fifteen entries together.
const SHAPES: [[usize; 2]; 3] = [[3, 2], [2, 3], [3, 1]];

/// The methods that know matrices, with quick knobs: few steps from one subspace, basis or choice to the next.
fn of_matrices() -> impl Iterator<Item = (&'static Entry, Knobs<f64>)> {
    REGISTRY.iter().filter(|entry| entry.family == Family::Matrix).map(|entry| {
        let mut knobs = sensible(entry);
        for name in ["update_proj_gap", "update_gap", "precondition_frequency"] {
            knobs.set(name, 5.0);
        }
        (entry, knobs)
    })
}

fn on_matrices(entry: &Entry, knobs: &Knobs<f64>) -> (Vector<f64>, Box<dyn Optimizer<f64>>) {
    let start = Vector::from_fn(15, |i| 2.0 - 0.25 * i as f64);
    let optimizer = entry.build(knobs, &start, &Block::sequence(&SHAPES));
    (start, optimizer)
}

#[test]
fn matrices_descend_into_a_bowl() {
    for (entry, mut knobs) in of_matrices() {
        // Muon's steps do not shrink, and neither do the signs of FRUGAL.
        if ["muon", "frugal"].contains(&entry.id) {
            knobs.set("lr", 0.02);
        }
        let (mut x, mut optimizer) = on_matrices(entry, &knobs);
        let before = Ellipsoid.value(&x);
        for _ in 0..600 {
            optimizer.step(&mut x, &mut Ellipsoid);
        }
        let after = Ellipsoid.value(&x);
        assert!(after < 0.05 * before, "{}: from {before} to {after}", entry.id);
    }
}

#[test]
fn a_run_on_matrices_continues_to_the_bit_from_its_memory() {
    for (entry, knobs) in of_matrices() {
        let (mut x, mut optimizer) = on_matrices(entry, &knobs);
        for _ in 0..7 {
            optimizer.step(&mut x, &mut Ellipsoid);
        }
        let mut saved = memory(optimizer.as_mut()).into_iter();
        let mut y = x.clone();
        let (_, mut restored) = on_matrices(entry, &knobs);
        restored.state(&mut |name, values| {
            let (saved_name, saved) = saved.next().expect("as many fields as were saved");
            assert_eq!(saved_name, name);
            values.copy_from_slice(&saved);
        });
        assert!(saved.next().is_none(), "{}", entry.id);
        for step in 0..20 {
            optimizer.step(&mut x, &mut Ellipsoid);
            restored.step(&mut y, &mut Ellipsoid);
            let bits = |v: &Vector<f64>| -> Vec<u64> { v.as_slice().iter().map(|entry| entry.to_bits()).collect() };
            assert_eq!(bits(&x), bits(&y), "{}, {step} steps later", entry.id);
        }
    }
}

/// Gradients of any length from a list of numbers, drawn as from an urn.
struct MatrixUrn<'a>(Urn<'a>);

impl Oracle<f64> for MatrixUrn<'_> {
    fn value(&mut self, _: &Vector<f64>) -> f64 {
        self.0.draw()
    }
    fn gradient(&mut self, x: &Vector<f64>) -> Vector<f64> {
        Vector::from_fn(x.len(), |_| self.0.draw())
    }
    fn hessian(&mut self, x: &Vector<f64>) -> Vec<Vector<f64>> {
        (0..x.len()).map(|_| self.gradient(x)).collect()
    }
    fn hessian_vector(&mut self, x: &Vector<f64>, _: &Vector<f64>) -> Vector<f64> {
        self.gradient(x)
    }
    fn normal(&mut self, _: u32) -> Vector<f64> {
        self.0.vector()
    }
    fn report(&mut self, _: Event) {}
}

#[test]
fn no_answer_and_no_knob_makes_a_step_on_matrices_panic_or_last_forever() {
    const BIG: f64 = f64::MAX;
    let urns: [&[f64]; 9] = [
        &[f64::NAN],
        &[f64::INFINITY],
        &[0.0],
        &[1.0],
        &[BIG, -BIG],
        &[1e200, -1e155, 1.0],
        &[f64::MIN_POSITIVE, -f64::MIN_POSITIVE, 5e-324],
        &[1.0, -1.0, 0.0, 3.0, -0.25],
        &[1.0, -2.0, 0.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, BIG, 1e-300],
    ];
    for (entry, knobs) in of_matrices() {
        let mut variants = vec![knobs.clone()];
        for knob in entry.knobs {
            for value in [knob.range.0, knob.range.1] {
                let mut knobs = knobs.clone();
                knobs.set(knob.id, value);
                variants.push(knobs);
            }
        }
        for knobs in &variants {
            for numbers in urns {
                let (mut x, mut optimizer) = on_matrices(entry, knobs);
                let mut urn = MatrixUrn(Urn { numbers, calls: 0 });
                for _ in 0..12 {
                    optimizer.step(&mut x, &mut urn);
                }
                assert_eq!(x.len(), 15);
            }
        }
    }
}

#[test]
fn memory_on_a_matrix_is_what_the_catalogue_says() {
    // 24 rows, 10 columns, rank 4, a quarter of the coordinates. On top of it come counts and weights: at most five.
    let (m, n, k) = (24, 10, 4);
    let expected = [
        ("adam", 2 * m * n),
        ("adafactor", m + n),
        ("shampoo", 2 * (m * m + n * n)),
        ("novograd", m * n + 1),
        ("muon", m * n),
        ("soap", 2 * (m * m + n * n) + 2 * m * n),
        ("subset_norm", m * n + m),
        ("subspace_momentum", k * (m + n)),
        ("snsm", k * (m + n) + m),
        ("galore", k * (2 * m + n)),
        ("online_subspace_descent", k * (2 * m + 3 * n)),
        ("frugal", 3 * m * n / 4),
        ("nuclear_prox", 0),
        ("fixed_rank", 0),
        ("subgradient", 0),
        ("scaled_gd", 0),
        ("alternating", 0),
        ("rescaled_gd", 0),
    ];
    for [rows, columns] in [[m, n], [n, m]] {
        for (id, numbers) in expected {
            let entry = optimizers::find(id).expect("registered");
            let mut knobs = entry.defaults();
            knobs.set("rank", k as f64);
            let start = Vector::zeros(m * n);
            let mut optimizer = entry.build(&knobs, &start, &Block::sequence(&[[rows, columns]]));
            let len = optimizers::state_len(optimizer.as_mut());
            assert!((numbers..=numbers + 5).contains(&len), "{id}: {len}, not {numbers}");
        }
    }
    let matrices = REGISTRY.iter().filter(|entry| entry.family == Family::Matrix);
    assert_eq!(matrices.count(), expected.len() - 1);
}
