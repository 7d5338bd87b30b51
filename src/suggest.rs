//! "Did you mean ...?": the known word that is closest to a mistyped one.

/// The candidate a person probably meant by `word`, if one is close enough.
///
/// The case of ASCII letters is ignored: all names are ASCII. Close enough is one edit for every three letters, at least
/// one, and always fewer edits than either word has letters: otherwise every single letter would be "close" to every
/// other. At a tie the candidate that comes first wins. Words of more than 64 bytes are not looked at, so that the time
/// stays bounded whatever was pasted.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.is_empty() || word.len() > 64 {
        return None;
    }
    let typed: Vec<char> = word.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        let known: Vec<char> = candidate.chars().map(|c| c.to_ascii_lowercase()).collect();
        let allowed = (typed.len() / 3).max(1);
        if typed.len().abs_diff(known.len()) > allowed {
            continue;
        }
        let edits = distance(&typed, &known);
        let close = edits == 0 || edits <= allowed && edits < typed.len().min(known.len());
        if close && best.is_none_or(|(fewest, _)| edits < fewest) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
/// (optimal string alignment: no letter is edited twice).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits(a: &str, b: &str) -> usize {
        distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
    }

    #[test]
    fn edits_are_counted_with_swaps_as_one() {
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("sin", "sin"), 0);
        assert_eq!(edits("sni", "sin"), 1);
        assert_eq!(edits("kitten", "sitting"), 3);
    }

    #[test]
    fn the_closest_word_is_found_and_a_far_one_is_not() {
        let known = ["sin", "sinh", "cos", "sqrt", "x", "y"];
        assert_eq!(closest("sni", known), Some("sin"));
        assert_eq!(closest("SQRT", known), Some("sqrt"));
        assert_eq!(closest("sqr", known), Some("sqrt"));
        assert_eq!(closest("X", known), Some("x"));
        assert_eq!(closest("z", known), None, "one letter is not close to another");
        assert_eq!(closest("gamma", known), None);
        assert_eq!(closest("", known), None);
        assert_eq!(closest(&"s".repeat(100_000), known), None);
    }
}
