//! What is stated of errors and edges, measured.

use super::*;
use std::f64::consts::PI;

/// About two million arguments to a sweep over the bit patterns of `f32`; the number is prime.
const STRIDE: usize = 2099;
const DOUBLE_POINTS: u32 = 200_000;

/// The largest error of a sweep, and where it is.
#[derive(Default)]
struct Worst {
    error: f64,
    at: (f64, f64),
}

impl Worst {
    fn note(&mut self, error: f64, at: (f64, f64)) {
        // A NaN must not pass.
        if error.is_nan() || error > self.error {
            *self = Worst { error, at };
        }
    }

    fn assert_at_most(&self, name: &str, bound: f64) {
        println!("{name}: {:.3e} at {:?}", self.error, self.at);
        assert!(self.error <= bound, "{name}: error {} at {:?}, bound {bound}", self.error, self.at);
    }
}

/// The distance of neighbours of the normal number `x` in a format of `digits` bits.
fn ulp(x: f64, digits: i32) -> f64 {
    libm::ldexp(1.0, libm::ilogb(x) + 1 - digits)
}

fn error_single(got: f32, want: f64) -> f64 {
    let want_single = want as f32;
    if want_single.is_infinite() {
        return if got == want_single { 0.0 } else { f64::INFINITY };
    }
    (f64::from(got) - want).abs() / ulp(want.abs().max(f64::from(f32::MIN_POSITIVE)), 24)
}

fn error_double(got: f64, want: f64) -> f64 {
    (got - want).abs() / ulp(want.abs().max(f64::MIN_POSITIVE), 53)
}

/// Every [`STRIDE`]th bit pattern that is a number from `-limit` to `limit`.
fn singles(limit: f32) -> impl Iterator<Item = f32> {
    (0..=u32::MAX).step_by(STRIDE).map(f32::from_bits).filter(move |x| x.abs() <= limit)
}

/// A sequence that fills the unit interval evenly.
fn fractions(count: u32) -> impl Iterator<Item = f64> {
    (1..=count).map(|i| (f64::from(i) * 0.618_033_988_749_894_9).fract())
}

/// Arguments of both signs and of all sizes from 2^-60 to `limit`, half of them evenly spread up to it.
fn doubles(limit: f64) -> impl Iterator<Item = f64> {
    fractions(DOUBLE_POINTS).enumerate().map(move |(i, u)| {
        let size = if i & 1 == 0 { u * limit } else { libm::exp2(u * (60.0 + libm::log2(limit)) - 60.0) };
        if i & 2 == 0 { size } else { -size }
    })
}

type Function<T> = fn(T, Precision) -> T;

fn check_single(name: &str, f: Function<f32>, exact: fn(f64) -> f64, limit: f32, bound: f64) {
    let mut worst = Worst::default();
    for x in singles(limit) {
        let want = exact(f64::from(x));
        worst.note(error_single(f(x, Precision::Single), want), (f64::from(x), want));
    }
    worst.assert_at_most(name, bound);
}

/// As [`check_single`], in units of the result where that is within `range` in size, and outside it the absolute
/// error, relative to the square of the result where that is large.
fn check_turning(name: &str, f: Function<f32>, exact: fn(f64) -> f64, bound: f64, absolute: f64) {
    let (mut worst, mut worst_absolute) = (Worst::default(), Worst::default());
    for x in singles(8192.0) {
        let want = exact(f64::from(x));
        let got = f(x, Precision::Single);
        if (1.0 / 1024.0..=1024.0).contains(&want.abs()) {
            worst.note(error_single(got, want), (f64::from(x), want));
        } else {
            worst_absolute.note((f64::from(got) - want).abs() / (want * want).max(1.0), (f64::from(x), want));
        }
    }
    worst.assert_at_most(name, bound);
    worst_absolute.assert_at_most(name, absolute);
}

fn check_double(name: &str, f: Function<f64>, exact: fn(f64) -> f64, limit: f64, bound: f64) {
    let mut worst = Worst::default();
    for x in doubles(limit) {
        let want = exact(x);
        worst.note(error_double(f(x, Precision::Double), want), (x, want));
    }
    worst.assert_at_most(name, bound);
}

#[test]
fn exponential_is_as_accurate_as_stated() {
    let mut worst = Worst::default();
    for x in singles(f32::MAX) {
        let want = libm::exp(f64::from(x));
        let got = exp(x, Precision::Single);
        if want < 1.67e-38 {
            assert!(got == 0.0 || f64::from(got) > 1.65e-38, "exp({x}) is flushed to zero");
        } else {
            worst.note(error_single(got, want), (f64::from(x), want));
        }
    }
    worst.assert_at_most("exp single", 1.3);
    check_double("exp double", exp, libm::exp, 708.0, 2.0);
}

#[test]
fn logarithm_is_as_accurate_as_stated() {
    let mut worst = Worst::default();
    for x in singles(f32::MAX).filter(|&x| x >= f32::MIN_POSITIVE) {
        let want = libm::log(f64::from(x));
        worst.note(error_single(ln(x, Precision::Single), want), (f64::from(x), want));
    }
    worst.assert_at_most("ln single", 0.8);
    let mut worst = Worst::default();
    for u in fractions(DOUBLE_POINTS) {
        for x in [libm::exp2(u * 2044.0 - 1022.0), 0.5 + u, 1.0 + (u - 0.5) * 1e-6] {
            worst.note(error_double(ln(x, Precision::Double), libm::log(x)), (x, libm::log(x)));
        }
    }
    worst.assert_at_most("ln double", 1.0);
}

#[test]
fn sine_cosine_and_tangent_are_as_accurate_as_stated() {
    check_turning("sin single", sin, libm::sin, 1.5, 1e-10);
    check_turning("cos single", cos, libm::cos, 1.5, 1e-10);
    check_turning("tan single", tan, libm::tan, 3.4, 2e-10);
    check_double("sin double", sin, libm::sin, 1e5, 2.0);
    check_double("cos double", cos, libm::cos, 1e5, 2.0);
    check_double("tan double", tan, libm::tan, 1e5, 4.0);
}

#[test]
fn hyperbolic_functions_are_as_accurate_as_stated() {
    check_single("sinh single", sinh, libm::sinh, f32::MAX, 2.3);
    check_single("cosh single", cosh, libm::cosh, f32::MAX, 1.5);
    check_single("tanh single", tanh, libm::tanh, f32::MAX, 2.3);
    check_double("sinh double", sinh, libm::sinh, 710.0, 3.0);
    check_double("cosh double", cosh, libm::cosh, 710.0, 2.0);
    check_double("tanh double", tanh, libm::tanh, 25.0, 3.0);
}

/// Pairs of sizes up to 2^126 (2^1022): half of them with a ratio of up to four, half with any ratio from 2^-30.
fn points(count: u32, spread: f64) -> impl Iterator<Item = (f64, f64)> {
    fractions(count).enumerate().map(move |(i, u)| {
        let v = (u * 1013.0).fract();
        let size = libm::exp2((2.0 * u - 1.0) * spread);
        let ratio = if i & 1 == 0 { libm::exp2(4.0 * v - 2.0) } else { libm::exp2(-30.0 * v) };
        let (a, b) = if i & 2 == 0 { (size, size * ratio) } else { (size * ratio, size) };
        (if i & 4 == 0 { a } else { -a }, if i & 8 == 0 { b } else { -b })
    })
}

#[test]
fn angle_and_distance_are_as_accurate_as_stated() {
    let (mut angle, mut distance) = (Worst::default(), Worst::default());
    for (y, x) in points(1 << 21, 95.0) {
        let (y, x) = (y as f32, x as f32);
        let at = (f64::from(y), f64::from(x));
        angle.note(error_single(atan2(y, x, Precision::Single), libm::atan2(at.0, at.1)), at);
        distance.note(error_single(hypot(y, x, Precision::Single), libm::hypot(at.0, at.1)), at);
    }
    angle.assert_at_most("atan2 single", 2.9);
    distance.assert_at_most("hypot single", 2.1);
    let (mut angle, mut distance) = (Worst::default(), Worst::default());
    for (y, x) in points(DOUBLE_POINTS, 990.0) {
        angle.note(error_double(atan2(y, x, Precision::Double), libm::atan2(y, x)), (y, x));
        distance.note(error_double(hypot(y, x, Precision::Double), libm::hypot(y, x)), (y, x));
    }
    angle.assert_at_most("atan2 double", 3.0);
    distance.assert_at_most("hypot double", 2.0);
}

/// Bases of all sizes and near one, with powers such that the product of power and binary logarithm is up to
/// `most`.
fn powers(count: u32, most: f64, nearness: f64, round: fn(f64) -> f64) -> impl Iterator<Item = (f64, f64)> {
    fractions(count).enumerate().filter_map(move |(i, u)| {
        let v = 2.0 * (u * 1013.0).fract() - 1.0;
        let base = match i % 4 {
            0 => libm::exp2(v * 100.0),
            1 => 0.5 + 1.5 * v.abs(),
            2 => libm::exp2(v),
            _ => 1.0 + v.signum() * libm::exp2(-v.abs() * nearness),
        };
        let base = round(base);
        (base != 1.0).then(|| (base, round((2.0 * u - 1.0) * most / libm::log2(base))))
    })
}

fn worst_power_single(most: f64) -> Worst {
    let mut worst = Worst::default();
    for (base, power) in powers(1 << 21, most, 22.0, |x| f64::from(x as f32)) {
        let got = pow(base as f32, power as f32, Precision::Single);
        worst.note(error_single(got, libm::pow(base, power)), (base, power));
    }
    worst
}

fn worst_power_double(most: f64) -> Worst {
    let mut worst = Worst::default();
    // Beyond 2^31 the reference itself loses some hundred ULP.
    for (base, power) in powers(DOUBLE_POINTS, most, 50.0, |x| x).filter(|&(_, power)| power.abs() < 2e9) {
        let want = libm::pow(base, power);
        worst.note(error_double(pow(base, power, Precision::Double), want), (base, power));
    }
    worst
}

#[test]
fn power_is_as_accurate_as_stated() {
    worst_power_single(24.0).assert_at_most("pow single", 1.8);
    worst_power_single(125.0).assert_at_most("pow single, large", 7.0);
    worst_power_double(24.0).assert_at_most("pow double", 2.0);
    worst_power_double(1020.0).assert_at_most("pow double, large", 60.0);
}

/// Runs the same check with the two precisions.
fn check_edges<T: Bits + PartialEq + Into<f64>>(p: Precision) {
    let from = T::from_f64;
    let is = |got: T, want: f64| {
        let got: f64 = got.into();
        assert!(got == want || got.is_nan() && want.is_nan(), "{got} in place of {want}");
    };
    let (infinity, nan) = (f64::INFINITY, f64::NAN);
    let tiny: f64 = (p.smallest::<T>() * from(0.25)).into();
    let huge: f64 = p.largest::<T>().into();
    for (x, want) in [
        (0.0, 1.0),
        (-0.0, 1.0),
        (tiny, 1.0),
        (huge, infinity),
        (infinity, infinity),
        (-huge, 0.0),
        (-infinity, 0.0),
        (nan, nan),
    ] {
        is(exp(from(x), p), want);
    }
    let below = -infinity;
    for (x, want) in [(0.0, below), (-0.0, below), (tiny, below), (1.0, 0.0), (infinity, infinity), (nan, nan)] {
        is(ln(from(x), p), want);
    }
    is(ln(from(-1.0), p), nan);
    is(ln(from(-infinity), p), nan);
    for (x, sine, cosine) in
        [(0.0, 0.0, 1.0), (-0.0, 0.0, 1.0), (tiny, tiny, 1.0), (infinity, nan, nan), (nan, nan, nan)]
    {
        is(sin(from(x), p), sine);
        is(cos(from(x), p), cosine);
        is(tan(from(x), p), sine);
    }
    for (x, sine, cosine, tangent) in [
        (0.0, 0.0, 1.0, 0.0),
        (-0.0, 0.0, 1.0, 0.0),
        (tiny, tiny, 1.0, tiny),
        (huge, infinity, infinity, 1.0),
        (infinity, infinity, infinity, 1.0),
        (-huge, -infinity, infinity, -1.0),
        (nan, nan, nan, nan),
    ] {
        is(sinh(from(x), p), sine);
        is(cosh(from(x), p), cosine);
        is(tanh(from(x), p), tangent);
    }
    let turn = |fraction: f64| from(PI * fraction).into();
    for (y, x, angle, distance) in [
        (0.0, 0.0, 0.0, 0.0),
        (0.0, 1.0, 0.0, 1.0),
        (0.0, -1.0, turn(1.0), 1.0),
        (-0.0, -1.0, turn(1.0), 1.0),
        (2.0, 0.0, turn(0.5), 2.0),
        (-2.0, 0.0, turn(-0.5), 2.0),
        (infinity, 1.0, turn(0.5), infinity),
        (1.0, infinity, 0.0, infinity),
        (-1.0, -infinity, turn(-1.0), infinity),
        (huge, 0.0, turn(0.5), huge),
        (nan, 1.0, nan, nan),
        (1.0, nan, nan, nan),
    ] {
        is(atan2(from(y), from(x), p), angle);
        is(hypot(from(y), from(x), p), distance);
    }
    is(hypot(from(3.0), from(-4.0), p), 5.0);
    is(hypot(from(huge), from(huge), p), infinity);
    for (base, power, want) in [
        (0.0, 0.0, 1.0),
        (0.0, 0.25, 0.0),
        (0.0, -0.25, infinity),
        (tiny, 2.0, 0.0),
        (7.5, 0.0, 1.0),
        (-7.5, 0.0, 1.0),
        (1.0, huge, 1.0),
        (2.0, 10.0, 1024.0),
        (2.0, -10.0, 1.0 / 1024.0),
        (-2.0, 3.0, -8.0),
        (-2.0, 4.0, 16.0),
        (-2.0, -3.0, -0.125),
        (-2.0, 0.5, nan),
        (2.0, huge, infinity),
        (2.0, -huge, 0.0),
        (2.0, infinity, infinity),
        (0.5, infinity, 0.0),
        (infinity, 0.5, infinity),
        (infinity, -0.5, 0.0),
        (-infinity, 3.0, -infinity),
        (huge, 2.0, infinity),
        (nan, 2.0, nan),
        (2.0, nan, nan),
    ] {
        is(pow(from(base), from(power), p), want);
    }
}

#[test]
fn edges_are_as_stated() {
    check_edges::<f32>(Precision::Single);
    check_edges::<f64>(Precision::Double);
}

#[test]
fn the_neighbours_of_one_reach_zero_and_infinity() {
    for (base, want) in [(1.0f32.next_up(), f32::INFINITY), (1.0f32.next_down(), 0.0)] {
        assert_eq!(pow(base, f32::MAX, Precision::Single), want);
        assert_eq!(pow(base, -f32::MAX, Precision::Single), 1.0 / want);
    }
    for (base, want) in [(1.0f64.next_up(), f64::INFINITY), (1.0f64.next_down(), 0.0)] {
        assert_eq!(pow(base, f64::MAX, Precision::Double), want);
        assert_eq!(pow(base, -f64::MAX, Precision::Double), 1.0 / want);
    }
}

#[test]
fn sine_and_cosine_stay_within_one_however_far_out() {
    for x in singles(f32::MAX) {
        assert!(sin(x, Precision::Single).abs() <= 1.0 && cos(x, Precision::Single).abs() <= 1.0, "at {x}");
    }
    for u in fractions(DOUBLE_POINTS) {
        let x = libm::exp2(1024.0 * u);
        assert!(sin(x, Precision::Double).abs() <= 1.0 && cos(x, Precision::Double).abs() <= 1.0, "at {x}");
    }
}

/// Nothing but the largest error would tell of a part with too many bits.
#[test]
fn leading_parts_of_split_constants_end_in_zeros() {
    for (part, bits) in [(0.693_145_75_f32, 15), (1.5703125, 8), (0.000_483_751_3, 11), (2.884_765_6, 12)] {
        assert!(part.to_bits().trailing_zeros() >= 24 - bits, "{part} has more than {bits} bits");
    }
    for (part, bits) in
        [(0.6931471805592082_f64, 40), (1.5707963267341256, 33), (6.077100506303966e-11, 33), (2.885390043258667, 26)]
    {
        assert!(part.to_bits().trailing_zeros() >= 53 - bits, "{part} has more than {bits} bits");
    }
}
