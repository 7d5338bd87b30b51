//! Every operation, in bulk and one point at a time.

use super::*;
use crate::scalar::{Real, philox4x32};
use crate::tape::{Tracer, record};

/// Every operation of a tape on two numbers, and truth values in all positions; the last reads a slot of its own.
fn everything(x: Tracer, y: Tracer, slot: Tracer) -> Vec<Tracer> {
    use crate::scalar::Bits;
    let (three, below) = (Tracer::from_f64(3.0), x.lt(y));
    let both = below & y.le(three);
    let either = !below | x.lt(Tracer::zero());
    let whole = Tracer::min(Tracer::max(x.floor(), Tracer::from_f64(-100.0)), Tracer::from_f64(100.0));
    let arithmetic =
        [x + y, x - y, three - x, x * y, x * x, x / y, three / y, y / three, -x, x.abs(), x.sqrt(), x.floor()];
    let bits = [whole.exp2i(), x.exponent(), x.mantissa()];
    let functions = [x.exp(), x.ln(), x.sin(), x.cos(), x.tan(), x.sinh(), x.cosh(), x.tanh()];
    let pairs = [x.atan2(y), x.hypot(y), x.abs().pow(y), three.pow(x)];
    let choices = [
        Tracer::select(both, x, y),
        Tracer::select(either, x, three),
        Tracer::select(both | either, three, y),
        Tracer::select(below, Tracer::one(), three),
        // An operand that is read for the last time twice over, and a slot that moves on unchanged.
        (x + three) * (x + three) + slot,
        slot,
        slot,
    ];
    [&arithmetic[..], &bits, &functions, &pairs, &choices].concat()
}

fn agrees<R: Lane>(bits: fn(R) -> u64) {
    let count = record(3, |inputs| everything(inputs[0], inputs[1], inputs[2])).outputs().len();
    let begin = record(2, |inputs| vec![inputs[0] + inputs[1]; count]);
    // The slots, two inputs, the number of the step, and a draw.
    let step = record(count as u32 + 5, |all| {
        let (slots, rest) = all.split_at(count);
        let mut after = everything(rest[0], rest[1], slots[1] * rest[2] + rest[3] - rest[4]);
        // Slots that change places.
        after.swap(0, count - 1);
        after
    });
    let outputs: Vec<usize> = (0..count).collect();
    let kernel = Kernel { begin: &begin, step: &step, outputs: &outputs, draws: &[7], varies: &[true, true] };

    // Enough for two rounds, the second not full; numbers of every size among them, and those at the ends.
    let points = 100_usize;
    let odd = [0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-320, 3e38, -1e30, 0.5, 2.5];
    let input = |i: u32, point: usize| {
        let [sign, size, ..] =
            philox4x32([point as u32, i, 0, 0], [5, 0]).map(|word| f64::from(word) / 4_294_967_296.0);
        let drawn = if sign < 0.5 { -6.0 * size } else { libm::pow(10.0, 8.0 * size - 4.0) };
        let place = point + 5 * i as usize;
        R::from_f64(if point < 2 * odd.len() { odd[place % odd.len()] } else { drawn })
    };
    let run = |point: usize| point as u32 % 5;
    let (lanes, size) = (R::LANES.count(), size::<R>());
    let groups = points.div_ceil(lanes);
    let header = [1024, 16, 1024 + 16 * groups, 16];
    let first_output = 1024 + 48 * groups;
    let words = header.into_iter().chain((0..count).map(|i| first_output + 16 * groups * i));
    let words = words.chain([1024 + 32 * groups, 16, 0x9abc, 0x1234]);
    let mut image = vec![0; first_output + 16 * groups * count];
    for (place, word) in words.enumerate() {
        image[4 * place..][..4].copy_from_slice(&(word as u32).to_le_bytes());
    }
    for point in 0..points {
        input(0, point).write(&mut image[1024 + size * point..]);
        input(1, point).write(&mut image[1024 + 16 * groups + size * point..]);
        let at = 1024 + 32 * groups + 16 * (point / lanes) + 4 * (point % lanes);
        image[at..at + 4].copy_from_slice(&run(point).to_le_bytes());
    }
    super::run::<R>(&kernel, &mut image, 0..groups, 3, 40);

    for point in 0..points {
        let inputs = [input(0, point), input(1, point)];
        let mut slots = begin.run(&inputs);
        for number in 41..=43 {
            let drawn = R::uniforms(0x1234_0000_9abc, run(point), number, 7);
            slots = step.run(&[&slots[..], &inputs, &[R::from_f64(f64::from(number))], &drawn].concat());
        }
        for (i, expected) in slots.into_iter().enumerate() {
            let found = R::read(&image[first_output + 16 * groups * i + size * point..]);
            // NaN is NaN: which bits it has depends on the machine's instruction.
            let both_nan = bits(found) << 1 > bits(R::from_f64(f64::INFINITY)) << 1 && !expected.le(expected);
            assert!(both_nan || bits(found) == bits(expected), "{i} of {inputs:?}: {found:?}, not {expected:?}");
        }
    }
}

#[test]
fn every_operation_gives_in_bulk_what_it_gives_alone() {
    agrees::<f32>(|x| u64::from(x.to_bits()) << 32);
    agrees::<f64>(f64::to_bits);
}
