//! What the options of other packages are called here.

use super::method::{Driver, Ours};
use super::record::Record;
use serde_json::{Map, Value};

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

/// The methods of ours that a record describes; more than one where two entries are the same method.
pub fn ours(package: &str, record: &Record) -> Vec<Ours> {
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
