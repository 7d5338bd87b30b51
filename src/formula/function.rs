//! The functions, operators and constants a formula may use.

/// A function of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // Their names say what they are; `signature` has the order of the arguments.
pub enum Function {
    Sin,
    Cos,
    Tan,
    Exp,
    Ln,
    Sqrt,
    Abs,
    Floor,
    Sinh,
    Cosh,
    Tanh,
    Max,
    Min,
    Atan2,
    Hypot,
    Mod,
    Cond,
}

impl Function {
    /// Every function, in the order in which help texts list them.
    pub const ALL: [Self; 17] = [
        Self::Sin,
        Self::Cos,
        Self::Tan,
        Self::Exp,
        Self::Ln,
        Self::Sqrt,
        Self::Abs,
        Self::Floor,
        Self::Sinh,
        Self::Cosh,
        Self::Tanh,
        Self::Max,
        Self::Min,
        Self::Atan2,
        Self::Hypot,
        Self::Mod,
        Self::Cond,
    ];

    /// The function called `name`; upper and lower case differ.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Tan => "tan",
            Self::Exp => "exp",
            Self::Ln => "ln",
            Self::Sqrt => "sqrt",
            Self::Abs => "abs",
            Self::Floor => "floor",
            Self::Sinh => "sinh",
            Self::Cosh => "cosh",
            Self::Tanh => "tanh",
            Self::Max => "max",
            Self::Min => "min",
            Self::Atan2 => "atan2",
            Self::Hypot => "hypot",
            Self::Mod => "mod",
            Self::Cond => "cond",
        }
    }

    /// How many arguments it takes.
    pub fn arity(self) -> usize {
        match self {
            Self::Max | Self::Min | Self::Atan2 | Self::Hypot | Self::Mod => 2,
            Self::Cond => 3,
            _ => 1,
        }
    }

    /// A call with placeholders for the arguments, such as `atan2(y, x)`.
    pub fn signature(self) -> String {
        let arguments = match (self, self.arity()) {
            (Self::Atan2, _) => "y, x",
            (Self::Cond, _) => "c, a, b",
            (_, 2) => "a, b",
            _ => "x",
        };
        format!("{}({arguments})", self.name())
    }
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

impl Operator {
    /// How tightly it binds: 1 for sums, 2 for products, 4 for powers. A sign in front binds with 3.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Add | Self::Subtract => 1,
            Self::Multiply | Self::Divide => 2,
            Self::Power => 4,
        }
    }

    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "^",
        }
    }
}

/// A constant with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant {
    /// The circle's circumference over its diameter.
    Pi,
    /// Euler's number.
    E,
}

impl Constant {
    /// The constant called `name`; `π` is read as well.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "pi" | "π" => Some(Self::Pi),
            "e" => Some(Self::E),
            _ => None,
        }
    }

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pi => "pi",
            Self::E => "e",
        }
    }

    /// The nearest double.
    pub fn value(self) -> f64 {
        match self {
            Self::Pi => std::f64::consts::PI,
            Self::E => std::f64::consts::E,
        }
    }
}
