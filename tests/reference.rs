//! Trajectories of PyTorch, optax, pytorch_optimizer, torch_optimizer and SciPy, followed step by step.
//!
//! `tests/data/README.md` describes the records. Each one is translated into a method of ours with every option it was
//! made with; an option nobody has translated fails the test, so that none is passed over in silence. The number of
//! records is asserted for each package and optimizer. `cargo test --test reference -- --nocapture` prints the table.

use nalgebra::Matrix2;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use thalweg::formula::{Evaluator, Formula, Names};
use thalweg::optimizers::{self, Event, Optimizer, Oracle, wrappers};
use thalweg::scalar::{Block, Dual, Vector};

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

/// One line of a data file.
#[derive(serde::Deserialize)]
struct Record {
    id: String,
    optimizer: String,
    hyperparameters: Map<String, Value>,
    problem: Problem,
    start: Vec<f64>,
    steps_recorded: Vec<usize>,
    points: Vec<Vec<f64>>,
    /// Largest relative error at each recorded step; `None` where round-off alone decides.
    tolerance_at: Vec<Option<f64>>,
    /// What was added to the gradient, a row for each call.
    noise: Option<Vec<[f64; 2]>>,
    /// Lookahead's slow point at each recorded step.
    slow_points: Option<Vec<Vec<f64>>>,
    /// SciPy's counts.
    result: Option<Counts>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Problem {
    /// |A W - B|^2 / 2 for a matrix W of two rows and two columns.
    Matrices {
        #[serde(rename = "A")]
        a: [[f64; 2]; 2],
        #[serde(rename = "B")]
        b: [[f64; 2]; 2],
    },
    Formula {
        formula: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
struct Counts {
    nfev: usize,
    njev: usize,
}

fn records(package: &str) -> Vec<Record> {
    let path = format!("{}/tests/data/{package}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{path}: {error}"))).collect()
}

/// A record's problem: exact derivatives of its formula, plus its noise.
struct Posed {
    f: Function,
    noise: Option<Vec<[f64; 2]>>,
    calls: Counts,
}

enum Function {
    Formula(Evaluator<Dual<f64, 2>>),
    Matrices { a: Matrix2<f64>, b: Matrix2<f64> },
}

impl Posed {
    fn new(record: &Record) -> Self {
        let f = match &record.problem {
            Problem::Formula { formula: text } => {
                let names = Names { variables: &["x", "y"], parameters: &[] };
                let formula = Formula::parse(text, &names).unwrap_or_else(|error| panic!("{text}: {error}"));
                Function::Formula(formula.program(&[]).evaluator())
            }
            Problem::Matrices { a, b } => {
                let rows = |m: &[[f64; 2]; 2]| Matrix2::new(m[0][0], m[0][1], m[1][0], m[1][1]);
                Function::Matrices { a: rows(a), b: rows(b) }
            }
        };
        Self { f, noise: record.noise.clone(), calls: Counts { nfev: 0, njev: 0 } }
    }

    /// Which part of the point is which matrix.
    fn blocks(&self) -> Vec<Block> {
        match self.f {
            Function::Formula(_) => Block::column(2),
            Function::Matrices { .. } => Block::sequence(&[[2, 2]]),
        }
    }

    /// The exact loss and gradient, not counted.
    fn at(&mut self, x: &Vector<f64>) -> (f64, Vector<f64>) {
        match &mut self.f {
            Function::Formula(f) => {
                let f = f.evaluate(&[Dual::variable(x[0], 0), Dual::variable(x[1], 1)]);
                (f.value, f.derivative.into())
            }
            Function::Matrices { a, b } => {
                let residual = *a * Matrix2::new(x[0], x[1], x[2], x[3]) - *b;
                // nalgebra keeps columns, points are rows.
                let gradient = (a.transpose() * residual).transpose();
                (residual.norm_squared() / 2.0, Vector::from_slice(gradient.as_slice()))
            }
        }
    }
}

impl Oracle<f64> for Posed {
    fn value(&mut self, x: &Vector<f64>) -> f64 {
        self.calls.nfev += 1;
        self.at(x).0
    }
    fn gradient(&mut self, x: &Vector<f64>) -> Vector<f64> {
        let mut g = self.at(x).1;
        if let Some(noise) = &self.noise {
            g += Vector::from(noise[self.calls.njev]);
        }
        self.calls.njev += 1;
        g
    }
    fn hessian(&mut self, _: &Vector<f64>) -> Vec<Vector<f64>> {
        unreachable!("no method with a record asks for the Hessian")
    }
    fn hessian_vector(&mut self, _: &Vector<f64>, _: &Vector<f64>) -> Vector<f64> {
        unreachable!("no method with a record asks for the Hessian")
    }
    fn normal(&mut self, _: u32) -> Vector<f64> {
        unreachable!("no method with a record draws")
    }
    fn report(&mut self, _: Event) {}
}

/// Options of a record, each to be taken once.
struct Options<'a> {
    id: &'a str,
    left: Map<String, Value>,
}

impl Options<'_> {
    fn take(&mut self, name: &str) -> Value {
        self.left.remove(name).unwrap_or_else(|| panic!("{}: no option {name}", self.id))
    }

    fn number(&mut self, name: &str) -> f64 {
        let value = self.take(name);
        value.as_f64().unwrap_or_else(|| panic!("{}: {name} is {value}", self.id))
    }

    /// A switch, as a knob's value.
    fn switch(&mut self, name: &str) -> f64 {
        let value = self.take(name);
        let on = value.as_bool().unwrap_or_else(|| panic!("{}: {name} is {value}", self.id));
        if on { 1.0 } else { 0.0 }
    }

    fn betas(&mut self, name: &str) -> [f64; 2] {
        let value = self.take(name);
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{}: {name}: {error}", self.id))
    }

    /// An option we do not have, which must be at the value that switches it off.
    fn must_be(&mut self, name: &str, off: impl Into<Value>) {
        let (value, off) = (self.take(name), off.into());
        let same = value == off || value.as_f64().is_some() && value.as_f64() == off.as_f64();
        assert!(same, "{}: {name} is {value}, and only {off} can be expressed", self.id);
    }
}

/// How a record's steps are made of ours.
#[derive(Clone, Copy)]
enum Driver {
    /// One by one.
    Plain,
    /// PyTorch's L-BFGS: a step is `max_iter` of ours, with the tolerances at which it stops early.
    TorchLbfgs { max_iter: usize, tolerance_grad: f64, tolerance_change: f64 },
}

/// A method of ours that must follow the record.
struct Ours {
    id: &'static str,
    knobs: Vec<(&'static str, f64)>,
    /// A wrapper and its knobs.
    wrapper: Option<(&'static str, Vec<(&'static str, f64)>)>,
    driver: Driver,
}

impl Ours {
    fn new(id: &'static str, knobs: &[(&'static str, f64)]) -> Self {
        Self { id, knobs: knobs.to_vec(), wrapper: None, driver: Driver::Plain }
    }

    /// With the penalty that PyTorch's `weight_decay` is, unless it is zero.
    fn with_l2(self, weight_decay: f64) -> Self {
        let wrapper = (weight_decay != 0.0).then(|| ("l2", vec![("weight_decay", weight_decay)]));
        Self { wrapper, ..self }
    }

    fn build(&self, start: &Vector<f64>, blocks: &[Block]) -> Box<dyn Optimizer<f64>> {
        let entry = optimizers::find(self.id).unwrap_or_else(|| panic!("no optimizer {}", self.id));
        let mut knobs = entry.defaults();
        for (name, value) in &self.knobs {
            assert!(knobs.set(name, *value), "{} has no knob {name}", self.id);
        }
        let inner = entry.build(&knobs, start, blocks);
        let Some((id, values)) = &self.wrapper else { return inner };
        let wrapper = wrappers::find(id).unwrap_or_else(|| panic!("no wrapper {id}"));
        let mut knobs = wrapper.defaults();
        for (name, value) in values {
            assert!(knobs.set(name, *value), "{id} has no knob {name}");
        }
        wrapper.build(&knobs, inner, start)
    }
}

/// The methods of ours that a record describes; more than one where two entries are the same method.
fn ours(package: &str, record: &Record) -> Vec<Ours> {
    let mut options = Options { id: &record.id, left: record.hyperparameters.clone() };
    let o = &mut options;
    let methods = match (package, record.optimizer.as_str()) {
        ("torch", "sgd") => {
            let (lr, momentum) = (("lr", o.number("lr")), ("momentum", o.number("momentum")));
            let dampening = o.number("dampening");
            let weight_decay = o.number("weight_decay");
            if o.switch("nesterov") > 0.0 {
                assert_eq!((dampening, weight_decay), (0.0, 0.0));
                vec![Ours::new("nesterov", &[lr, momentum])]
            } else {
                let all = [lr, momentum, ("dampening", dampening)];
                let mut methods = vec![Ours::new("sgd", &all).with_l2(weight_decay)];
                if dampening == 0.0 {
                    methods.push(Ours::new("heavy_ball", &[lr, momentum]).with_l2(weight_decay));
                }
                methods
            }
        }
        ("torch", "adam" | "adamw") => {
            let [beta1, beta2] = o.betas("betas");
            let (lr, eps, weight_decay) = (o.number("lr"), o.number("eps"), o.number("weight_decay"));
            let knobs = [("lr", lr), ("beta1", beta1), ("beta2", beta2), ("eps", eps), ("weight_decay", weight_decay)];
            let amsgrad = o.switch("amsgrad") > 0.0;
            if record.optimizer == "adam" {
                o.must_be("decoupled_weight_decay", false);
                // Our AMSGrad decays as AdamW does; without decay the two are one.
                assert!(!amsgrad || weight_decay == 0.0);
            }
            let without_decay = if weight_decay == 0.0 { Some(Ours::new("adamw", &knobs)) } else { None };
            if amsgrad {
                vec![Ours::new("amsgrad", &knobs)]
            } else if record.optimizer == "adam" {
                std::iter::once(Ours::new("adam", &knobs[..4]).with_l2(weight_decay)).chain(without_decay).collect()
            } else {
                vec![Ours::new("adamw", &knobs)]
            }
        }
        ("torch" | "pytorch_optimizer", "adamax") => {
            let [beta1, beta2] = o.betas("betas");
            let (lr, eps, weight_decay) = (o.number("lr"), o.number("eps"), o.number("weight_decay"));
            if package == "pytorch_optimizer" {
                o.must_be("weight_decouple", false);
                o.must_be("fixed_decay", false);
            }
            let knobs = [("lr", lr), ("beta1", beta1), ("beta2", beta2), ("eps", eps)];
            vec![Ours::new("adamax", &knobs).with_l2(weight_decay)]
        }
        ("torch", "muon") => {
            let adjust = o.take("adjust_lr_fn");
            assert!(adjust.is_null() || adjust == "match_rms_adamw");
            let mut knobs =
                ["lr", "weight_decay", "momentum", "eps", "ns_steps"].map(|name| (name, o.number(name))).to_vec();
            knobs.push(("nesterov", o.switch("nesterov")));
            knobs.push(("match_rms_adamw", if adjust.is_null() { 0.0 } else { 1.0 }));
            o.must_be("ns_coefficients", vec![3.4445, -4.775, 2.0315]);
            vec![Ours::new("muon", &knobs)]
        }
        ("optax", "muon") => {
            let off =
                [("adaptive", false.into()), ("preconditioning", "frobenius".into()), ("consistent_rms", Value::Null)];
            for (name, off) in off {
                o.must_be(name, off);
            }
            for name in ["weight_decay_mask", "mu_dtype", "muon_weight_dimension_numbers"] {
                o.must_be(name, Value::Null);
            }
            // For vectors, of which there is none.
            for name in ["adam_b1", "adam_b2", "adam_eps_root", "adam_weight_decay", "adam_learning_rate"] {
                let _ = o.take(name);
            }
            o.must_be("ns_coeffs", vec![3.4445, -4.775, 2.0315]);
            let mut knobs = [("lr", "learning_rate"), ("momentum", "beta"), ("weight_decay", "weight_decay")]
                .map(|(knob, option)| (knob, o.number(option)))
                .to_vec();
            knobs.extend([("eps", o.number("eps")), ("ns_steps", o.number("ns_steps"))]);
            knobs.extend([("nesterov", o.switch("nesterov")), ("correct_bias", 1.0)]);
            vec![Ours::new("muon", &knobs)]
        }
        ("pytorch_optimizer", "muon") => {
            for (name, off) in [("weight_decouple", Value::from(true)), ("ns_coeffs", "original".into())] {
                o.must_be(name, off);
            }
            o.must_be("ns_method", "newton_schulz");
            // For vectors, of which there is none, and for another iteration.
            for name in ["adamw_lr", "adamw_betas", "adamw_wd", "adamw_eps", "ns_reset_steps"] {
                let _ = o.take(name);
            }
            let mut knobs = ["lr", "momentum", "weight_decay", "ns_steps"].map(|name| (name, o.number(name))).to_vec();
            knobs.extend([("nesterov", o.switch("nesterov")), ("match_rms_adamw", o.switch("use_adjusted_lr"))]);
            vec![Ours::new("muon", &knobs)]
        }
        ("optax", "novograd") => {
            o.must_be("eps_root", 0);
            let names = [("lr", "learning_rate"), ("beta1", "b1"), ("beta2", "b2"), ("eps", "eps")];
            let mut knobs = names.map(|(knob, option)| (knob, o.number(option))).to_vec();
            knobs.push(("weight_decay", o.number("weight_decay")));
            vec![Ours::new("novograd", &knobs)]
        }
        ("pytorch_optimizer" | "torch_optimizer", "novograd") => {
            if package == "pytorch_optimizer" {
                o.must_be("weight_decouple", false);
                o.must_be("fixed_decay", false);
                // There the first step is not scaled by it.
                assert_eq!(o.left["grad_averaging"], false);
            } else {
                o.must_be("amsgrad", false);
            }
            let [beta1, beta2] = o.betas("betas");
            let mut knobs = ["lr", "eps", "weight_decay"].map(|name| (name, o.number(name))).to_vec();
            knobs.extend([("beta1", beta1), ("beta2", beta2), ("grad_averaging", o.switch("grad_averaging"))]);
            vec![Ours::new("novograd", &knobs)]
        }
        ("pytorch_optimizer", "shampoo") => {
            o.must_be("momentum", 0);
            o.must_be("weight_decouple", false);
            o.must_be("fixed_decay", false);
            let names = ["lr", "preconditioning_compute_steps", "matrix_eps"];
            let knobs = names.map(|name| (name, o.number(name)));
            vec![Ours::new("shampoo", &knobs).with_l2(o.number("weight_decay"))]
        }
        ("torch_optimizer", "shampoo") => {
            o.must_be("momentum", 0);
            o.must_be("weight_decay", 0);
            o.must_be("update_freq", 1);
            // L^-1 where the paper has L^(-1/2) for a vector.
            let knobs =
                [("lr", o.number("lr")), ("matrix_eps", o.number("epsilon")), ("inverse_exponent_override", 1.0)];
            vec![Ours::new("shampoo", &knobs)]
        }
        ("pytorch_optimizer", "scalableshampoo") => {
            for (name, off) in [("moving_average_for_momentum", false), ("decoupled_weight_decay", false)] {
                o.must_be(name, off);
            }
            o.must_be("decoupled_learning_rate", true);
            // Shapes whose entries fit into one block are merged into a vector there, and vectors are not preconditioned:
            // on these problems it is its graft, whatever the options say.
            for name in [
                "start_preconditioning_step",
                "preconditioning_compute_steps",
                "statistics_compute_steps",
                "block_size",
                "skip_preconditioning_rank_lt",
                "no_preconditioning_for_layers_with_dim_gt",
                "shape_interpretation",
                "inverse_exponent_override",
                "pre_conditioner_type",
                "matrix_eps",
                "use_svd",
            ] {
                let _ = o.take(name);
            }
            let [beta1, beta2] = o.betas("betas");
            let (lr, weight_decay) = (o.number("lr"), o.number("weight_decay"));
            let knobs = [
                ("lr", lr),
                ("beta1", beta1),
                ("beta2", beta2),
                ("nesterov", o.switch("nesterov")),
                ("graft_type", o.number("graft_type")),
                ("diagonal_eps", o.number("diagonal_eps")),
                ("weight_decay", weight_decay),
                ("start_preconditioning_step", 1000.0),
            ];
            let nesterov = Ours::new("nesterov", &[("lr", lr), ("momentum", beta1)]).with_l2(weight_decay);
            vec![Ours::new("shampoo", &knobs), nesterov]
        }
        ("pytorch_optimizer", "soap") => {
            for (name, off) in [("shampoo_beta", Value::Null), ("data_format", "channels_first".into())] {
                o.must_be(name, off);
            }
            o.must_be("normalize_gradient", false);
            o.must_be("merge_dims", false);
            // Above it a side is left alone.
            let _ = o.take("max_precondition_dim");
            let [beta1, beta2] = o.betas("betas");
            let names = ["lr", "weight_decay", "precondition_frequency", "eps"];
            let mut knobs = names.map(|name| (name, o.number(name))).to_vec();
            knobs.extend([("beta1", beta1), ("beta2", beta2)]);
            knobs.extend(["precondition_1d", "correct_bias"].map(|name| (name, o.switch(name))));
            vec![Ours::new("soap", &knobs)]
        }
        ("pytorch_optimizer", "adamwsn") => {
            o.must_be("weight_decouple", true);
            o.must_be("fixed_decay", false);
            // A vector has subsets only where its group says so, and these do not.
            let _ = o.take("subset_size");
            let [beta1, beta2] = o.betas("betas");
            let mut knobs = ["lr", "weight_decay", "eps"].map(|name| (name, o.number(name))).to_vec();
            knobs.extend([("beta1", beta1), ("beta2", beta2)]);
            vec![Ours::new("subset_norm", &knobs), Ours::new("snsm", &knobs)]
        }
        ("torch", "adafactor") => {
            let eps: [Option<f64>; 2] = serde_json::from_value(o.take("eps")).expect("two numbers");
            let mut knobs = ["lr", "beta2_decay", "d", "weight_decay"].map(|name| (name, o.number(name))).to_vec();
            // PyTorch's None is the precision of the numbers, our default.
            knobs.extend([("eps1", eps[0].unwrap_or(f64::EPSILON)), ("eps2", eps[1].expect("a number"))]);
            vec![Ours::new("adafactor", &knobs)]
        }
        ("optax", "adafactor") => {
            for (name, off) in
                [("momentum", Value::Null), ("weight_decay_rate", Value::Null), ("factored", true.into())]
            {
                o.must_be(name, off);
            }
            o.must_be("weight_decay_mask", Value::Null);
            o.must_be("decay_offset", 0);
            // Two entries are no matrix, whatever the least size of one is.
            let _ = o.take("min_dim_size_to_factor");
            let knobs = [
                ("lr", o.number("learning_rate")),
                ("beta2_decay", -o.number("decay_rate")),
                // Added to the square, where ours bounds the root.
                ("eps1", o.number("eps").sqrt()),
                ("d", o.number("clipping_threshold")),
                ("scale_parameter", o.switch("multiply_by_parameter_scale")),
                ("relative_step", 0.0),
            ];
            vec![Ours::new("adafactor", &knobs)]
        }
        ("torch_optimizer", "adafactor") => {
            for (name, off) in [("lr", Value::Null), ("beta1", Value::Null), ("warmup_init", false.into())] {
                o.must_be(name, off);
            }
            let [eps1, eps2] = o.betas("eps2");
            // The bound on the relative step is no option there.
            let mut knobs =
                vec![("lr", 0.01), ("eps1", eps1.sqrt()), ("eps2", eps2), ("d", o.number("clip_threshold"))];
            knobs.extend([("beta2_decay", o.number("decay_rate")), ("weight_decay", o.number("weight_decay"))]);
            knobs.extend(["scale_parameter", "relative_step"].map(|name| (name, o.switch(name))));
            vec![Ours::new("adafactor", &knobs)]
        }
        ("torch", "adagrad") => {
            o.must_be("weight_decay", 0);
            let names = ["lr", "lr_decay", "initial_accumulator_value", "eps"];
            vec![Ours::new("adagrad", &names.map(|name| (name, o.number(name))))]
        }
        ("torch", "rmsprop") => {
            o.must_be("weight_decay", 0);
            let mut knobs = ["lr", "alpha", "eps", "momentum"].map(|name| (name, o.number(name))).to_vec();
            knobs.push(("centered", o.switch("centered")));
            vec![Ours::new("rmsprop", &knobs)]
        }
        ("torch", "lbfgs") => {
            let search = o.take("line_search_fn");
            assert!(search.is_null() || search == "strong_wolfe");
            // A bound on the search that none of these runs reaches.
            let _ = o.take("max_eval");
            let knobs = [
                ("lr", o.number("lr")),
                ("history_size", o.number("history_size")),
                ("line_search", if search.is_null() { 0.0 } else { 1.0 }),
            ];
            let driver = Driver::TorchLbfgs {
                max_iter: o.number("max_iter") as usize,
                tolerance_grad: o.number("tolerance_grad"),
                tolerance_change: o.number("tolerance_change"),
            };
            vec![Ours { driver, ..Ours::new("lbfgs", &knobs) }]
        }
        ("optax", "sgd") => {
            o.must_be("accumulator_dtype", Value::Null);
            o.must_be("nesterov", true);
            vec![Ours::new("nesterov", &[("lr", o.number("learning_rate")), ("momentum", o.number("momentum"))])]
        }
        ("optax", "adam" | "adamw") => {
            for (name, off) in [("mu_dtype", Value::Null), ("eps_root", 0.into()), ("nesterov", false.into())] {
                o.must_be(name, off);
            }
            let mut knobs = optax_adam(o);
            if record.optimizer == "adamw" {
                o.must_be("mask", Value::Null);
                knobs.push(("weight_decay", o.number("weight_decay")));
                vec![Ours::new("adamw", &knobs)]
            } else {
                vec![Ours::new("adam", &knobs)]
            }
        }
        ("optax", "adamax") => vec![Ours::new("adamax", &optax_adam(o))],
        ("optax", "adabelief") => {
            o.must_be("nesterov", false);
            let knobs = optax_adam(o);
            // Ours has one number for the two, as the paper has.
            o.must_be("eps_root", 1e-16);
            assert!(knobs.contains(&("eps", 1e-16)));
            vec![Ours::new("adabelief", &knobs)]
        }
        ("optax", "adagrad") => {
            let knobs = [
                ("lr", o.number("learning_rate")),
                ("initial_accumulator_value", o.number("initial_accumulator_value")),
                ("eps", o.number("eps")),
                ("eps_in_sqrt", 1.0),
            ];
            vec![Ours::new("adagrad", &knobs)]
        }
        ("optax", "rmsprop") => {
            for (name, off) in [("bias_correction", false.into()), ("nesterov", Value::from(false))] {
                o.must_be(name, off);
            }
            o.must_be("initial_scale", 0);
            let momentum = o.take("momentum");
            let knobs = [
                ("lr", o.number("learning_rate")),
                ("alpha", o.number("decay")),
                ("eps", o.number("eps")),
                ("eps_in_sqrt", o.switch("eps_in_sqrt")),
                ("centered", o.switch("centered")),
                ("momentum", momentum.as_f64().unwrap_or(0.0)),
            ];
            vec![Ours::new("rmsprop", &knobs)]
        }
        ("optax", "lion") => {
            o.must_be("mask", Value::Null);
            o.must_be("mu_dtype", Value::Null);
            let knobs = [
                ("lr", o.number("learning_rate")),
                ("beta1", o.number("b1")),
                ("beta2", o.number("b2")),
                ("weight_decay", o.number("weight_decay")),
            ];
            vec![Ours::new("lion", &knobs)]
        }
        ("pytorch_optimizer", "lion") => {
            o.must_be("weight_decouple", true);
            o.must_be("fixed_decay", false);
            let [beta1, beta2] = o.betas("betas");
            let (lr, weight_decay) = (o.number("lr"), o.number("weight_decay"));
            let knobs = [("lr", lr), ("beta1", beta1), ("beta2", beta2), ("weight_decay", weight_decay)];
            vec![Ours::new("lion", &knobs)]
        }
        ("pytorch_optimizer" | "torch_optimizer", "adabelief") => {
            o.must_be("rectify", false);
            o.must_be("fixed_decay", false);
            let [beta1, beta2] = o.betas("betas");
            let (lr, eps, weight_decay) = (o.number("lr"), o.number("eps"), o.number("weight_decay"));
            if package == "torch_optimizer" {
                o.must_be("amsgrad", false);
                o.must_be("weight_decouple", false);
                assert_eq!(weight_decay, 0.0);
            } else {
                o.must_be("ams_bound", false);
                o.must_be("weight_decouple", true);
                // Both concern the rectification that is off.
                let _ = (o.take("degenerated_to_sgd"), o.take("n_sma_threshold"));
            }
            let knobs = [("lr", lr), ("beta1", beta1), ("beta2", beta2), ("eps", eps), ("weight_decay", weight_decay)];
            vec![Ours::new("adabelief", &knobs)]
        }
        ("optax" | "pytorch_optimizer", "lookahead") => {
            let (lr, k, alpha) = if package == "optax" {
                o.must_be("reset_state", false);
                (o.number("inner_learning_rate"), o.number("sync_period"), o.number("slow_step_size"))
            } else {
                o.must_be("pullback_momentum", "none");
                (o.number("lr"), o.number("k"), o.number("alpha"))
            };
            let inner = match o.take("inner").as_str() {
                Some("sgd") => "sgd",
                Some("adam") => "adam",
                other => panic!("{}: inner optimizer {other:?}", record.id),
            };
            let wrapper = Some(("lookahead", vec![("k", k), ("alpha", alpha)]));
            vec![Ours { wrapper, ..Ours::new(inner, &[("lr", lr)]) }]
        }
        ("scipy", "bfgs") => {
            // Where SciPy stops; the record ends there.
            let _ = o.take("gtol");
            vec![Ours::new("bfgs", &[])]
        }
        ("scipy", "nelder_mead") => {
            let _ = (o.take("xatol"), o.take("fatol"));
            let adaptive = if o.left.contains_key("adaptive") { o.switch("adaptive") } else { 0.0 };
            vec![Ours::new("nelder_mead", &[("adaptive", adaptive)])]
        }
        (_, other) => panic!("{}: nobody has translated {other}", record.id),
    };
    if o.left.contains_key("maximize") {
        o.must_be("maximize", false);
    }
    assert!(o.left.is_empty(), "{}: options nobody has translated: {:?}", record.id, o.left);
    methods
}

fn optax_adam(o: &mut Options) -> Vec<(&'static str, f64)> {
    [("lr", "learning_rate"), ("beta1", "b1"), ("beta2", "b2"), ("eps", "eps")]
        .map(|(knob, option)| (knob, o.number(option)))
        .to_vec()
}

/// PyTorch's L-BFGS from the outside: several iterations a step, and it stops, for good or for this step, at
/// tolerances that are no part of the method and that ours therefore does not have.
struct TorchLbfgs {
    stopped: bool,
}

impl TorchLbfgs {
    fn step(&mut self, driver: Driver, x: &mut Vector<f64>, optimizer: &mut dyn Optimizer<f64>, posed: &mut Posed) {
        let Driver::TorchLbfgs { max_iter, tolerance_grad, tolerance_change } = driver else { unreachable!() };
        for _ in 0..max_iter {
            let before = x.clone();
            let (f, g) = posed.at(x);
            self.stopped |= g[0].abs().max(g[1].abs()) <= tolerance_grad;
            if self.stopped {
                return;
            }
            optimizer.step(x, posed);
            let d = named(optimizer, "d");
            if g[0] * d[0] + g[1] * d[1] > -tolerance_change {
                // It would have stopped in front of this step, and nothing would have moved it ever after.
                *x = before;
                self.stopped = true;
                return;
            }
            let moved = (&*x - &before).map(f64::abs);
            let fell = (posed.at(x).0 - f).abs();
            if moved[0].max(moved[1]) <= tolerance_change || fell < tolerance_change {
                return;
            }
        }
    }
}

/// What an optimizer remembers under `name`.
fn named(optimizer: &mut dyn Optimizer<f64>, name: &str) -> Vec<f64> {
    let mut found = Vec::new();
    optimizer.state(&mut |visited, values| {
        if visited == name {
            found = values.to_vec();
        }
    });
    found
}

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
    let mut torch = TorchLbfgs { stopped: false };
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
