//! Every operator of a tape, and every elementary function, against the interpreter in single precision.

use crate::{evaluate, gpu};
use anyhow::{Result, ensure};
use thalweg::scalar::{Bits as _, Real as _};
use thalweg::tape::{Tracer, record};

/// One operator, on arguments from a range.
struct Row {
    name: &'static str,
    /// The smallest and the largest size of the first argument and of the second.
    sizes: [[f32; 2]; 2],
    /// Whether arguments have both signs.
    signs: bool,
    /// Results that are smaller are measured in units of this one.
    floor: f32,
    /// The largest difference, in units in the last place. WGSL's own bounds are beside those that are not 0.
    ulps: f64,
    compute: fn(Tracer, Tracer) -> Tracer,
}

const POINTS: u32 = 4096;
const WIDE: [f32; 2] = [1e-18, 1e18];

fn chosen(mask: <Tracer as thalweg::scalar::Real>::Mask) -> Tracer {
    Tracer::select(mask, Tracer::one(), Tracer::from_f64(2.0))
}

/// Sums and products alone are rounded correctly; a lowered function is a chain of those, which a compiler may fuse.
const FUSED: f64 = 4.0;

const ROWS: &[Row] = &[
    Row { name: "add", sizes: [WIDE, WIDE], signs: true, floor: 1e-30, ulps: 0.0, compute: |a, b| a + b },
    Row { name: "subtract", sizes: [WIDE, WIDE], signs: true, floor: 1e-30, ulps: 0.0, compute: |a, b| a - b },
    Row { name: "multiply", sizes: [WIDE, WIDE], signs: true, floor: 1e-30, ulps: 0.0, compute: |a, b| a * b },
    // 2.5 ULP.
    Row { name: "divide", sizes: [WIDE, WIDE], signs: true, floor: 1e-30, ulps: 2.5, compute: |a, b| a / b },
    Row { name: "negate", sizes: [WIDE, WIDE], signs: true, floor: 1e-30, ulps: 0.0, compute: |a, _| -a },
    // One over an inverse square root of 2 ULP.
    Row { name: "sqrt", sizes: [[1e-30, 1e30], WIDE], signs: false, floor: 1e-30, ulps: 4.5, compute: |a, _| a.sqrt() },
    Row { name: "abs", sizes: [WIDE, WIDE], signs: true, floor: 1e-30, ulps: 0.0, compute: |a, _| a.abs() },
    Row { name: "floor", sizes: [[0.1, 1e9], WIDE], signs: true, floor: 1e-30, ulps: 0.0, compute: |a, _| a.floor() },
    Row {
        name: "exp2i",
        sizes: [[1.0, 126.9], WIDE],
        signs: true,
        floor: 1e-38,
        ulps: 0.0,
        compute: |a, _| a.floor().exp2i(),
    },
    Row {
        name: "exponent",
        sizes: [[2e-38, 3e38], WIDE],
        signs: true,
        floor: 1.0,
        ulps: 0.0,
        compute: |a, _| a.exponent(),
    },
    Row {
        name: "mantissa",
        sizes: [[2e-38, 3e38], WIDE],
        signs: true,
        floor: 1.0,
        ulps: 0.0,
        compute: |a, _| a.mantissa(),
    },
    Row { name: "less", sizes: [[1.0, 2.0]; 2], signs: true, floor: 1.0, ulps: 0.0, compute: |a, b| chosen(a.lt(b)) },
    Row {
        name: "less or equal, and equal",
        sizes: [[1.0, 8.0]; 2],
        signs: true,
        floor: 1.0,
        ulps: 0.0,
        compute: |a, b| chosen(a.floor().le(b.floor())),
    },
    Row {
        name: "and, or, not",
        sizes: [[0.1, 8.0]; 2],
        signs: true,
        floor: 1.0,
        ulps: 0.0,
        compute: |a, b| {
            let (small, less, positive) = (a.abs().lt(Tracer::one()), a.lt(b), Tracer::zero().lt(b));
            chosen((small & !less) | (positive & less))
        },
    },
    Row { name: "exp", sizes: [[1e-3, 86.0], WIDE], signs: true, floor: 1e-37, ulps: FUSED, compute: |a, _| a.exp() },
    Row { name: "ln", sizes: [[2e-38, 3e38], WIDE], signs: false, floor: 1e-3, ulps: FUSED, compute: |a, _| a.ln() },
    Row { name: "sin", sizes: [[1e-3, 8e3], WIDE], signs: true, floor: 1e-3, ulps: FUSED, compute: |a, _| a.sin() },
    Row { name: "cos", sizes: [[1e-3, 8e3], WIDE], signs: true, floor: 1e-3, ulps: FUSED, compute: |a, _| a.cos() },
    // A quotient of the two.
    Row {
        name: "tan",
        sizes: [[1e-3, 1.5], WIDE],
        signs: true,
        floor: 1e-3,
        ulps: 2.0 * FUSED,
        compute: |a, _| a.tan(),
    },
    Row { name: "sinh", sizes: [[1e-3, 88.0], WIDE], signs: true, floor: 1e-3, ulps: FUSED, compute: |a, _| a.sinh() },
    Row { name: "cosh", sizes: [[1e-3, 88.0], WIDE], signs: true, floor: 1.0, ulps: FUSED, compute: |a, _| a.cosh() },
    Row { name: "tanh", sizes: [[1e-3, 20.0], WIDE], signs: true, floor: 1e-3, ulps: FUSED, compute: |a, _| a.tanh() },
    Row {
        name: "atan2",
        sizes: [[1e-6, 1e6]; 2],
        signs: true,
        floor: 1e-9,
        ulps: 2.0 * FUSED,
        compute: |a, b| a.atan2(b),
    },
    Row { name: "hypot", sizes: [WIDE, WIDE], signs: true, floor: 1e-18, ulps: 6.0, compute: |a, b| a.hypot(b) },
    Row {
        name: "pow",
        sizes: [[0.01, 100.0], [0.1, 8.0]],
        signs: false,
        floor: 1e-18,
        ulps: FUSED,
        compute: |a, b| a.pow(b),
    },
    Row {
        name: "pow of negative numbers to whole powers",
        sizes: [[0.01, 100.0], [1.0, 9.0]],
        signs: true,
        floor: 1e-18,
        ulps: FUSED,
        compute: |a, b| a.pow(b.floor()),
    },
];

/// Numbers of both signs, if wanted, and of all sizes in the range; `turn` makes sequences independent.
fn arguments([low, high]: [f32; 2], signs: bool, turn: f64) -> Vec<f32> {
    let (low, high) = (f64::from(low).ln(), f64::from(high).ln());
    let argument = |i: u32| {
        let share = (f64::from(i) * turn).fract();
        let size = (low + share * (high - low)).exp() as f32;
        if signs && i.is_multiple_of(3) { -size } else { size }
    };
    (1..=POINTS).map(argument).collect()
}

/// The difference in units in the last place of what is wanted, or of `floor` where that is larger.
fn difference(got: f32, want: f32, floor: f32) -> f64 {
    let size = want.abs().max(floor);
    let ulp = f64::from(f32::from_bits(size.to_bits() + 1)) - f64::from(size);
    (f64::from(got) - f64::from(want)).abs() / ulp
}

#[test]
fn every_operator_agrees_with_the_interpreter() -> Result<()> {
    let gpu = gpu()?;
    let mut wrong = Vec::new();
    for row in ROWS {
        let tape = record(2, |inputs| vec![(row.compute)(inputs[0], inputs[1])]);
        // The golden ratio and the root of two, whose multiples fill the unit interval evenly.
        let inputs = [
            arguments(row.sizes[0], row.signs, 0.618_033_988_749_894_9),
            arguments(row.sizes[1], row.signs, 0.414_213_562_373_095_1),
        ];
        let got = evaluate(&gpu, &tape, &inputs)?.remove(0);
        let (mut worst, mut at) = (0.0, [0.0; 2]);
        for ((&a, &b), &got) in inputs[0].iter().zip(&inputs[1]).zip(&got) {
            let want = tape.run(&[a, b])[0];
            ensure!(want.is_finite(), "{}: the interpreter gives {want} at {a}, {b}", row.name);
            let difference = difference(got, want, row.floor);
            // A NaN must not pass.
            if difference.is_nan() || difference > worst {
                (worst, at) = (difference, [a, b]);
            }
        }
        println!("{:40} {worst:5.2} ULP at {at:?}", row.name);
        if worst.is_nan() || worst > row.ulps {
            wrong.push(row.name);
        }
    }
    ensure!(wrong.is_empty(), "further from the interpreter than stated: {wrong:?}");
    Ok(())
}

#[test]
fn constants_keep_their_bits() -> Result<()> {
    let constants = [
        0.1,
        -0.1,
        1.0 / 3.0,
        16_777_217.0,
        1e-7,
        -2.5e-30,
        1e27,
        3.0e38,
        -1e30,
        f64::from(f32::MAX),
        f64::from(f32::MIN_POSITIVE),
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    // Beside an input, so that nothing is folded.
    let tape = record(1, |inputs| {
        let mask = inputs[0].lt(Tracer::zero());
        constants.iter().map(|&c| Tracer::select(mask, Tracer::zero(), Tracer::from_f64(c))).collect()
    });
    let got = evaluate(&gpu()?, &tape, &[vec![1.0]])?;
    for (got, want) in got.iter().zip(constants) {
        ensure!(got[0].to_bits() == (want as f32).to_bits(), "{want:e} arrives as {:e}", got[0]);
    }
    Ok(())
}
