//! Numbers as people write them: true minus signs, powers of ten as powers.

/// Digits raised: `-5` is `⁻⁵`.
pub fn superscript(n: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raise = |c: char| if c == '-' { '⁻' } else { DIGITS[c.to_digit(10).unwrap_or(0) as usize] };
    n.to_string().chars().map(raise).collect()
}

/// A number of four significant digits for reading, such as `−0.8170` or `3.304 × 10⁻⁵`.
pub fn read_number(x: f64) -> String {
    rounded(x, 4)
}

/// A number for an axis: up to six digits, no trailing zeros.
pub fn axis_number(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let size = x.abs();
    if !(1e-4..1e6).contains(&size) {
        return exponent_number(x, 2);
    }
    trim(&format!("{x:.6}")).replace('-', "−")
}

/// A number with `digits` significant digits and a power of ten: `3.3 × 10⁻¹`.
pub fn exponent_number(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return not_finite(x);
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{x:.*e}", digits.saturating_sub(1));
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let power = superscript(exponent.parse().unwrap_or(0));
    let mantissa = trim(mantissa);
    let sign = if mantissa.starts_with('-') { "−" } else { "" };
    match mantissa.trim_start_matches('-') {
        "1" => format!("{sign}10{power}"),
        mantissa => format!("{sign}{mantissa} × 10{power}"),
    }
}

fn rounded(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return not_finite(x);
    }
    let size = x.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e5).contains(&size) {
        return exponent_number(x, digits);
    }
    let before = libm::floor(libm::log10(size)) as i32 + 1;
    let decimals = (digits as i32 - before).clamp(0, 6) as usize;
    trim(&format!("{x:.decimals$}")).replace('-', "−")
}

fn not_finite(x: f64) -> String {
    if x.is_nan() {
        "undefined"
    } else if x > 0.0 {
        "∞"
    } else {
        "−∞"
    }
    .to_owned()
}

/// Without zeros at the end of a fraction.
fn trim(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_like_print() {
        assert_eq!(read_number(-0.81699), "−0.817");
        assert_eq!(read_number(3.30391), "3.304");
        assert_eq!(read_number(1.0e-15), "10⁻¹⁵");
        assert_eq!(read_number(3.3e-5), "3.3 × 10⁻⁵");
        assert_eq!(read_number(f64::NAN), "undefined");
        assert_eq!(axis_number(-1.5), "−1.5");
        assert_eq!(axis_number(2e6), "2 × 10⁶");
        assert_eq!(exponent_number(0.36, 2), "3.6 × 10⁻¹");
        assert_eq!(exponent_number(0.0, 2), "0");
        assert_eq!(superscript(-12), "⁻¹²");
    }
}
