//! Search in the list of landscapes.

use super::Landscape;
use crate::scalar::decimal;

impl Landscape {
    /// Whether every word of the query fits this row. An empty query fits all.
    ///
    /// A word fits when a word of the id, name, tagline, group, source, note or traits begins with it; case does not
    /// matter, nor does `ö` against `oe`. Numbers are compared in `condition > 1000`, `minima >= 4` and `saddles = 0`,
    /// with or without spaces; a comparison that is not yet complete is passed over, as it is while one types.
    pub fn matches(&self, query: &str) -> bool {
        let query = spaced(&fold(query));
        let words: Vec<&str> = query.split_whitespace().collect();
        let mut rest = words.as_slice();
        while let [word, after @ ..] = rest {
            if let [sign, number, beyond @ ..] = after {
                let asked = decimal(number).and_then(|number| self.compare(word, sign, number));
                if let Some(fits) = asked {
                    if !fits {
                        return false;
                    }
                    rest = beyond;
                    continue;
                }
            }
            if !is_sign(word) && !begins_a_word(&self.facts().text, word) {
                return false;
            }
            rest = after;
        }
        true
    }

    /// The outcome of comparing the quantity of this name; None when there is no such quantity or sign. A row without
    /// the quantity fits no comparison.
    fn compare(&self, quantity: &str, sign: &str, number: f64) -> Option<bool> {
        let facts = self.facts();
        let value = match quantity {
            "condition" => facts.condition.unwrap_or(f64::NAN),
            "minima" => facts.minima as f64,
            "saddles" => facts.saddles as f64,
            _ => return None,
        };
        Some(match sign {
            ">" => value > number,
            ">=" => value >= number,
            "<" => value < number,
            "<=" => value <= number,
            "=" => value == number,
            _ => return None,
        })
    }
}

/// Lower case, umlauts as two letters, and everything else that is no letter, digit or sign of comparison as a space.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // The case of ASCII letters and of those listed: a table of all others would weigh four kilobytes in the page.
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            'ä' | 'Ä' => folded.push_str("ae"),
            'ö' | 'Ö' => folded.push_str("oe"),
            'ü' | 'Ü' => folded.push_str("ue"),
            'é' | 'è' | 'É' | 'È' => folded.push('e'),
            '≥' => folded.push_str(">="),
            '≤' => folded.push_str("<="),
            c if c.is_alphanumeric() || matches!(c, '<' | '>' | '=' | '.') => folded.push(c),
            _ => folded.push(' '),
        }
    }
    folded
}

/// Spaces around signs of comparison.
fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + 4);
    let mut last_was_sign = false;
    for c in text.chars() {
        let sign = matches!(c, '<' | '>' | '=');
        if sign != last_was_sign {
            spaced.push(' ');
        }
        spaced.push(c);
        last_was_sign = sign;
    }
    spaced
}

fn is_sign(word: &str) -> bool {
    word.chars().all(|c| matches!(c, '<' | '>' | '='))
}

/// Whether a word of the folded text begins with `word`. Beginnings only: "smooth" is not to find "nonsmooth".
fn begins_a_word(text: &str, word: &str) -> bool {
    let starts = text.match_indices(word).map(|(at, _)| at);
    starts.into_iter().any(|at| !text[..at].ends_with(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::super::{find, offered};

    fn found(query: &str) -> Vec<&'static str> {
        offered().filter(|row| row.matches(query)).map(|row| row.id).collect()
    }

    #[test]
    fn words_are_found_in_names_groups_sources_and_traits() {
        assert_eq!(found("ROSENBROCK curved one"), ["rosenbrock"]);
        assert_eq!(found("goldstein"), ["goldstein_price"]);
        assert_eq!(found("wolfe 1975"), ["wolfe"]);
        assert_eq!(found("Müller"), ["muller_brown"]);
        assert!(found("degenerate saddle").contains(&"monkey_saddle"));
        assert!(!found("degenerate saddle").contains(&"double_well"));
        assert!(found("stochastic").contains(&"skewed_noise"));
        assert_eq!(found("no such landscape"), Vec::<&str>::new());
        assert_eq!(found("  ").len(), offered().count());
    }

    #[test]
    fn smooth_does_not_find_nonsmooth() {
        assert!(found("smooth").contains(&"sphere"));
        assert!(!found("smooth").contains(&"linf"));
        assert!(found("nonsmooth").contains(&"linf"));
    }

    #[test]
    fn numbers_are_compared() {
        let steep = found("condition > 1000");
        assert!(steep.contains(&"rosenbrock") && steep.contains(&"brown_badly_scaled"));
        assert!(!steep.contains(&"sphere") && !steep.contains(&"ellipse"));
        assert_eq!(found("condition>1e3"), steep);
        assert_eq!(found("rosen condition > 1000"), ["rosenbrock"]);
        assert!(found("minima >= 100").contains(&"rastrigin"));
        for row in found("saddles=0").iter().filter_map(|id| find(id)) {
            assert!(row.saddles.is_empty(), "{}", row.id);
        }
        // While the number is still to be typed, everything with a condition number is shown.
        assert!(found("condition >").contains(&"sphere"));
    }
}
