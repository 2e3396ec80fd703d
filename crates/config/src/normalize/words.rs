//! Finds the word that was meant.

/// Longer words are never typos of ours, and comparing them would cost time.
const LONGEST: usize = 60;

/// The known word that is nearest to `word`, if one is near enough: by the number of letters to
/// change, or for short words by having the same letters. Of several at the same distance the one
/// with the most letters in common is taken, then the longest.
pub(crate) fn nearest(known: &[&'static str], word: &str) -> Option<&'static str> {
    let length = word.chars().count();
    if !(3..=LONGEST).contains(&length) {
        return None;
    }
    let chars: Vec<char> = word.chars().collect();
    let mut row = Vec::new();
    let mut found: Vec<(usize, &'static str)> = known
        .iter()
        .filter_map(|other| {
            let bound = bound(length.min(other.len()));
            if length.abs_diff(other.len()) * 2 >= bound {
                return None;
            }
            let distance = distance(&chars, other, &mut row);
            (distance * 2 < bound).then_some((distance, *other))
        })
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    if found.is_empty() && length < 6 {
        found.extend(
            known
                .iter()
                .find(|other| same_letters(other, &chars))
                .map(|other| (1, *other)),
        );
    }
    if is_tie(&found) {
        for (common, other) in &mut found {
            *common = letters_in_common(word, other);
        }
        found.sort_by_key(|(common, _)| std::cmp::Reverse(*common));
        if is_tie(&found) {
            found.sort_by_key(|(_, other)| std::cmp::Reverse(other.len()));
        }
    }
    found.first().map(|(_, other)| *other)
}

/// Twice the number of changes that is too many: half of the shorter word, at most four.
fn bound(length: usize) -> usize {
    length.min(8)
}

fn is_tie(found: &[(usize, &'static str)]) -> bool {
    matches!(found, [first, second, ..] if first.0 == second.0)
}

fn same_letters(other: &str, chars: &[char]) -> bool {
    let mut left: Vec<char> = other.chars().collect();
    let mut right = chars.to_vec();
    left.sort_unstable();
    right.sort_unstable();
    left == right
}

fn letters_in_common(word: &str, other: &str) -> usize {
    let mut seen: Vec<char> = Vec::new();
    for c in word.chars() {
        if other.contains(c) && !seen.contains(&c) {
            seen.push(c);
        }
    }
    seen.len()
}

/// Levenshtein distance of two words.
fn distance(left: &[char], right: &str, row: &mut Vec<usize>) -> usize {
    row.clear();
    row.extend(0..=right.chars().count());
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = i;
        let mut previous = i + 1;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (cell, b) in row.iter_mut().skip(1).zip(right.chars()) {
            let cost = diagonal + usize::from(*a != b);
            diagonal = *cell;
            previous = cost.min(previous + 1).min(*cell + 1);
            *cell = previous;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (left, right, want) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("script", "scirpt", 2),
            ("services", "service", 1),
            ("kitten", "sitting", 3),
        ] {
            let left: Vec<char> = left.chars().collect();
            assert_eq!(distance(&left, right, &mut Vec::new()), want, "{right}");
        }
    }

    #[test]
    fn the_nearest_word_is_found() {
        let known = &["script", "services", "env", "rvm", "before_script"];
        for (word, want) in [
            ("scirpt", Some("script")),
            ("service", Some("services")),
            ("evn", Some("env")),
            ("befor_script", Some("before_script")),
            ("xyz", None),
            ("en", None),
        ] {
            assert_eq!(nearest(known, word), want, "{word}");
        }
    }
}
