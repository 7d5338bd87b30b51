//! Numbers and percent signs.

/// A number in the shortest form that reads back the same: `0.05`, `-1.2`, `1e-8`.
pub fn number(x: f64) -> String {
    let plain = format!("{x}");
    let scientific = format!("{x:e}");
    // Up to seven signs plain numbers are easier to read.
    if plain.len() > 7 && scientific.len() < plain.len() { scientific } else { plain }
}

/// Replaces every character that has a meaning in a link, or none in an address, by its percent code. Spaces vanish
/// from formulas before they come here.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'*'
            | b'/'
            | b'^'
            | b'('
            | b')'
            | b','
            | b'!' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Undoes [`encode`]; `None` when a percent sign is not followed by two hexadecimal digits or the result is not UTF-8.
///
/// A plus sign stays a plus sign, unlike in forms: formulas are typed into links by hand.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
            let (high, low) = (digit()?, digit()?);
            decoded.push((high * 16 + low) as u8);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_both_ways() {
        let text = "(1-x)^2+100*y & π; 50%";
        assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        assert_eq!(encode("(1-x)^2+y"), "(1-x)^2%2By");
        assert_eq!(decode("%zz"), None);
        assert_eq!(decode("%2"), None);
        assert_eq!(decode("%ff"), None);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(1e-8), "1e-8");
        assert_eq!(number(-1.2), "-1.2");
        assert_eq!(number(100.0), "100");
        assert_eq!(number(0.002), "0.002");
        assert_eq!(number(1e12), "1e12");
    }
}
