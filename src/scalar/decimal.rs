//! Decimal text to the nearest double.
//!
//! The standard library reads numbers in nanoseconds, by tables of ten kilobytes that do not compress. The page reads a
//! few dozen numbers when a link or a formula changes, and does without.

/// The double nearest to a decimal number, ties to the even one: what `str::parse` gives, to the last bit.
///
/// Digits with or without a point, at least one, perhaps a sign before them and an exponent of ten behind, as in `-1.5e-3`;
/// no spaces, no words for infinity or NaN. A number that is too large is infinite, one that is too small is zero. `None`
/// for everything else.
pub fn decimal(text: &str) -> Option<f64> {
    let (negative, rest) = signed(text);
    let (number, exponent) = match rest.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, self::exponent(exponent)?),
        None => (rest, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if digits().count() == 0 || !digits().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut mantissa = Natural::default();
    let mut power = exponent.saturating_sub(fraction.len() as i64);
    // No double, and no point half way between two, has more than 768 digits that count: of what comes after them it
    // only matters whether there is anything but zeros.
    let mut taken = 0;
    let mut rest = false;
    for digit in digits().skip_while(|b| *b == b'0').map(|b| u32::from(b - b'0')) {
        if taken < 770 {
            mantissa.multiply_add(10, digit);
            taken += 1;
        } else {
            rest |= digit > 0;
            power = power.saturating_add(1);
        }
    }
    if rest {
        mantissa.multiply_add(10, 1);
        power = power.saturating_sub(1);
    }
    let size = nearest(mantissa, power);
    Some(if negative { -size } else { size })
}

fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// An exponent; one that is beyond all doubles whatever the digits are stands for all that are.
fn exponent(text: &str) -> Option<i64> {
    let (negative, digits) = signed(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits.bytes().fold(0_i64, |size, b| (size * 10 + i64::from(b - b'0')).min(1 << 40));
    Some(if negative { -size } else { size })
}

/// The double nearest to `mantissa * 10^power`.
fn nearest(mantissa: Natural, power: i64) -> f64 {
    // The largest double is below 10^309, half the smallest above 10^-325; a mantissa has at most 771 digits.
    if mantissa.bits() == 0 || power < -1200 {
        return 0.0;
    }
    if power > 310 {
        return f64::INFINITY;
    }
    if let Some(mantissa) = mantissa.exact().filter(|_| power.abs() <= 22) {
        // Both numbers are exact doubles, and so the one operation rounds correctly (Clinger 1990).
        let ten = (0..power.abs()).fold(1.0, |ten, _| ten * 10.0);
        return if power < 0 { mantissa / ten } else { mantissa * ten };
    }
    let (mut above, mut below) = (mantissa, Natural::from(1));
    let scaled = if power < 0 { &mut below } else { &mut above };
    (0..power.abs()).for_each(|_| scaled.multiply_add(10, 0));
    // The number is above / below. Shift one of the two so that the quotient lies in [1, 2), and 2^shift times it is the
    // number.
    let mut shift = above.bits() - below.bits();
    if shift < 0 {
        above.shift((-shift) as u32)
    } else {
        below.shift(shift as u32)
    }
    if above.less_than(&below) {
        above.shift(1);
        shift -= 1;
    }
    if shift > 1023 {
        return f64::INFINITY;
    }
    // A normal double has 53 bits, the first of which is not written; below 2^-1022 there are fewer.
    let bits = if shift < -1022 { 53 - (-1022 - shift) } else { 53 };
    let mut quotient = 0_u64;
    for _ in 0..bits.max(0) {
        let one = !above.less_than(&below);
        if one {
            above.subtract(&below);
        }
        quotient = quotient << 1 | u64::from(one);
        above.shift(1);
    }
    // What is left is twice the remainder, unless not even the first bit was reached.
    let up = bits >= 0 && !above.less_than(&below) && (quotient & 1 == 1 || below.less_than(&above));
    let exponent = if bits == 53 { (shift + 1022) as u64 } else { 0 };
    // The first bit of a normal number counts as one in the exponent; so does a carry out of the fraction, and one out
    // of the largest exponent gives infinity.
    f64::from_bits((exponent << 52) + quotient + u64::from(up))
}

/// A natural number of any size: 32 bits a word, the lowest first, the highest not zero.
#[derive(Default)]
struct Natural(Vec<u32>);

impl From<u32> for Natural {
    fn from(word: u32) -> Self {
        let mut number = Self::default();
        number.multiply_add(0, word);
        number
    }
}

impl Natural {
    fn bits(&self) -> i64 {
        self.0.last().map_or(0, |top| 32 * self.0.len() as i64 - i64::from(top.leading_zeros()))
    }

    /// The number as a double, where every number of its length is one.
    fn exact(&self) -> Option<f64> {
        let value = self.0.iter().rev().fold(0.0, |value, word| value * 4_294_967_296.0 + f64::from(*word));
        (self.bits() <= 53).then_some(value)
    }

    fn multiply_add(&mut self, factor: u32, add: u32) {
        let mut carry = u64::from(add);
        for word in &mut self.0 {
            carry += u64::from(*word) * u64::from(factor);
            *word = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Multiplies by a power of two.
    fn shift(&mut self, mut by: u32) {
        while by > 0 {
            let now = by.min(31);
            self.multiply_add(1 << now, 0);
            by -= now;
        }
    }

    fn less_than(&self, other: &Self) -> bool {
        let highest_first = |number| <[u32]>::iter(number).rev();
        let shorter = self.0.len() < other.0.len();
        shorter || self.0.len() == other.0.len() && highest_first(&self.0).lt(highest_first(&other.0))
    }

    /// Subtracts a number that is not larger.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = 0;
        for (place, word) in self.0.iter_mut().enumerate() {
            let less = i64::from(*word) - i64::from(other.0.get(place).copied().unwrap_or(0)) - borrow;
            *word = less as u32;
            borrow = i64::from(less < 0);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::philox4x32;

    /// What the standard library reads is the oracle.
    fn agrees(text: &str) {
        let expected: f64 = text.parse().unwrap_or_else(|_| panic!("{text} is no number"));
        let read = decimal(text).unwrap_or_else(|| panic!("{text} is not read"));
        assert_eq!(read.to_bits(), expected.to_bits(), "{text}: {read:e}, not {expected:e}");
    }

    /// Doubles of every size: random bits.
    fn doubles() -> impl Iterator<Item = f64> {
        let bits =
            (0..20_000).map(|i| philox4x32([i, 0, 0, 0], [11, 0])).map(|w| u64::from(w[0]) << 32 | u64::from(w[1]));
        bits.map(f64::from_bits).filter(|x| x.is_finite())
    }

    #[test]
    fn every_double_is_read_as_it_is_written() {
        for x in doubles() {
            for text in [format!("{x:e}"), format!("{x:.16e}"), format!("{x:.3e}"), format!("{x:.25E}")] {
                agrees(&text);
            }
            assert_eq!(decimal(&format!("{x:e}")), Some(x));
        }
    }

    #[test]
    fn half_way_between_two_doubles_the_even_one_is_taken() {
        for x in doubles().take(300).map(f64::abs).chain([
            0.0,
            5e-324,
            f64::MIN_POSITIVE.next_down(),
            1.0,
            9007199254740992.0,
        ]) {
            // The exact decimal expansion of a double, and of the mean with its neighbour, has fewer than 1100 digits.
            let low = format!("{x:.1100}");
            let high = format!("{:.1100}", x.next_up());
            let mean = mean(&low, &high);
            agrees(&mean);
            agrees(&format!("{mean}1"));
            agrees(&format!("{}4999", &mean[..mean.len() - 1]));
        }
    }

    /// The mean of two decimal numbers with as many digits after the point, digit by digit.
    fn mean(a: &str, b: &str) -> String {
        let width = a.len().max(b.len());
        let digits = |text: &str| format!("{text:0>width$}").into_bytes();
        let sums = digits(a).into_iter().zip(digits(b));
        let mut carry = 0;
        let mut out: Vec<u8> = Vec::new();
        let mut sum: Vec<u8> = Vec::new();
        for (a, b) in sums.rev() {
            if a == b'.' {
                sum.push(b'.');
                continue;
            }
            let digit = a - b'0' + b - b'0' + carry;
            carry = digit / 10;
            sum.push(digit % 10);
        }
        let mut rest = carry;
        for digit in sum.into_iter().rev() {
            if digit == b'.' {
                out.push(b'.');
                continue;
            }
            let value = rest * 10 + digit;
            out.push(b'0' + value / 2);
            rest = value % 2;
        }
        out.push(b'0' + rest * 5);
        String::from_utf8(out).expect("digits and a point")
    }

    #[test]
    fn the_ends_of_the_range_and_odd_shapes_are_read() {
        for text in [
            "0",
            "-0",
            "+0.0",
            ".5",
            "5.",
            "-.5e1",
            "00012.500",
            "1e0",
            "1E+2",
            "1e-2",
            "123456789012345678901234567890",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "1e309",
            "-1e400",
            "9e99999999999",
            "4.9e-324",
            "2.5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "1e-400",
            "1e-99999999999",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "0e99999999999",
            "9007199254740993",
            "1e23",
            "8.5e22",
        ] {
            agrees(text);
        }
        agrees(&format!("1{}", "0".repeat(400)));
        agrees(&format!("0.{}1e500", "0".repeat(400)));
        agrees(&format!("1{}e-900", "23456789".repeat(120)));
    }

    #[test]
    fn what_is_no_number_is_not_read() {
        for text in
            ["", "-", ".", "e5", "1e", "1e+", "1.2.3", "1 ", " 1", "1_0", "inf", "NaN", "0x1", "--1", "1e5.0", "1e--5"]
        {
            assert_eq!(decimal(text), None, "{text:?}");
        }
    }
}
