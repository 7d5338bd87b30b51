//! Hyperparameters: what they are called, what they mean, what values they may take.

use crate::scalar::Real;

/// A hyperparameter of an optimizer or a wrapper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knob {
    /// Name in links: `lr momentum beta1 beta2 eps weight_decay` where `torch.optim` or optax have it.
    pub id: &'static str,
    /// How it is written: Greek letters, subscripts.
    pub symbol: &'static str,
    /// The paper's default, or the common implementation's where the paper has none.
    pub default: f64,
    /// Smallest and largest value accepted, both included.
    pub range: (f64, f64),
    /// How a slider runs through the range.
    pub scale: Scale,
    /// One line on what it does.
    pub meaning: &'static str,
}

/// How a slider runs through a knob's range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly in the logarithm. A range that begins at zero has zero at the slider's end and starts at the given value.
    Log {
        /// Smallest positive value a slider reaches.
        from: f64,
    },
    /// Evenly in the logarithm of the distance to one: for averaging factors such as 0.9, 0.99, 0.999.
    NearOne,
    /// Whole numbers.
    Integer,
}

impl Knob {
    /// The nearest value that the knob accepts.
    pub fn nearest(&self, value: f64) -> f64 {
        let (low, high) = self.range;
        let value = value.clamp(low, high);
        if self.scale == Scale::Integer { value.round() } else { value }
    }

    /// Where a slider ends: a step size may be typed up to a thousand, but there is nothing to be seen beyond ten.
    pub fn slider_end(&self) -> f64 {
        if self.id == "lr" { 10.0 } else { self.range.1 }
    }

    /// A step size: logarithmic from 1e-6 to 10.
    pub const fn lr(default: f64) -> Self {
        Self {
            id: "lr",
            symbol: "lr",
            default,
            range: (0.0, 1e3),
            scale: Scale::Log { from: 1e-6 },
            meaning: "step size (learning rate)",
        }
    }

    /// An averaging factor in [0, 1).
    pub const fn average(id: &'static str, symbol: &'static str, default: f64, meaning: &'static str) -> Self {
        Self { id, symbol, default, range: (0.0, 0.999_999), scale: Scale::NearOne, meaning }
    }

    /// How much of the last step is repeated.
    pub const fn momentum(default: f64) -> Self {
        Self::average("momentum", "μ", default, "how much of the last step is repeated")
    }

    /// A share in [0, 1].
    pub const fn fraction(id: &'static str, symbol: &'static str, default: f64, meaning: &'static str) -> Self {
        Self { id, symbol, default, range: (0.0, 1.0), scale: Scale::Linear, meaning }
    }

    /// A whole number.
    pub const fn whole(
        id: &'static str,
        symbol: &'static str,
        default: f64,
        range: (f64, f64),
        meaning: &'static str,
    ) -> Self {
        Self { id, symbol, default, range, scale: Scale::Integer, meaning }
    }

    /// A choice between no (0) and yes (1).
    pub const fn switch(id: &'static str, symbol: &'static str, default: bool, meaning: &'static str) -> Self {
        let default = if default { 1.0 } else { 0.0 };
        Self { id, symbol, default, range: (0.0, 1.0), scale: Scale::Integer, meaning }
    }

    /// Whether this is a choice between no and yes.
    pub fn is_switch(&self) -> bool {
        self.scale == Scale::Integer && self.range == (0.0, 1.0)
    }

    /// Where `eps` goes in a division by a root: optax's name for optax's place.
    pub const fn eps_in_sqrt() -> Self {
        Self::switch("eps_in_sqrt", "ε in √", false, "adds ε under the root, as optax does, not to the root")
    }

    /// A small number added where one divides.
    pub const fn eps(default: f64) -> Self {
        Self {
            id: "eps",
            symbol: "ε",
            default,
            range: (0.0, 1.0),
            scale: Scale::Log { from: 1e-16 },
            meaning: "keeps the division away from zero",
        }
    }

    /// Weight decay.
    pub const fn weight_decay(default: f64, meaning: &'static str) -> Self {
        Self { id: "weight_decay", symbol: "wd", default, range: (0.0, 1.0), scale: Scale::Log { from: 1e-6 }, meaning }
    }
}

/// Values for a list of knobs, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Knobs<R> {
    knobs: &'static [Knob],
    values: Vec<R>,
}

impl<R: Copy> Knobs<R> {
    /// One value a knob, in the same order.
    pub fn new(knobs: &'static [Knob], values: Vec<R>) -> Self {
        assert_eq!(knobs.len(), values.len(), "one value a knob");
        Self { knobs, values }
    }

    /// The value of the knob `id`, which must be one of the list: optimizers name their own knobs.
    pub fn get(&self, id: &str) -> R {
        let at = self.knobs.iter().position(|knob| knob.id == id).expect("an optimizer asks for its own knobs");
        self.values[at]
    }

    /// Changes the value of the knob `id`. Returns whether there is one.
    pub fn set(&mut self, id: &str, value: R) -> bool {
        match self.knobs.iter().position(|knob| knob.id == id) {
            Some(at) => {
                self.values[at] = value;
                true
            }
            None => false,
        }
    }

    /// Knobs with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Knob, R)> + '_ {
        self.knobs.iter().zip(self.values.iter().copied())
    }
}

impl Knobs<f64> {
    /// The same values as constants of another scalar.
    pub fn lift<R: Real>(&self) -> Knobs<R> {
        Knobs { knobs: self.knobs, values: self.values.iter().map(|&v| R::from_f64(v)).collect() }
    }
}

/// What to add under a root and what to add to it, from the knobs `eps` and `eps_in_sqrt`.
///
/// Products with zero and one, so that the choice needs no branch and the unused place gets an exact zero.
pub(super) fn eps_places<R: Real>(knobs: &Knobs<R>) -> (R, R) {
    let inside = knobs.get("eps") * knobs.get("eps_in_sqrt");
    (inside, knobs.get("eps") - inside)
}

/// A knob that is a switch, as a truth value.
pub(super) fn switched_on(knobs: &Knobs<f64>, id: &str) -> bool {
    knobs.get(id) > 0.5
}

/// A whole-number knob as a count.
pub(super) fn count(knobs: &Knobs<f64>, id: &str) -> usize {
    knobs.get(id).round().max(0.0) as usize
}
