//! Splitting a whole name.

/// Prefixes of Dutch surnames, as words; a prefix is a run of them.
const PREFIX_WORDS: &[&str] = &[
    "van", "de", "der", "den", "het", "'t", "ten", "ter", "te", "op", "in", "aan", "bij", "uit",
    "uijt", "over", "onder", "voor", "v.", "v.d.", "vd", "von", "zu", "zum", "zur", "la", "le",
    "du", "des", "di", "da", "el", "al", "'s", "tot",
];

/// Given names, prefix and surname of a name written `Jan van der Berg` or `Berg, Jan van der` (or `Berg, van der, Jan`).
pub(super) fn split(name: &str) -> (String, String, String) {
    let is_prefix = |word: &str| PREFIX_WORDS.contains(&word.to_lowercase().as_str());
    if let Some((surname, rest)) = name.split_once(',') {
        let words: Vec<&str> = rest
            .split([' ', ','])
            .filter(|word| !word.is_empty())
            .collect();
        let (prefix, given): (Vec<&str>, Vec<&str>) =
            words.into_iter().partition(|word| is_prefix(word));
        return (
            given.join(" "),
            prefix.join(" ").to_lowercase(),
            surname.trim().to_owned(),
        );
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    let Some(last) = words.len().checked_sub(1) else {
        return Default::default();
    };
    // The prefix begins at the first prefix word that is not the very last word; without one the last word is the surname.
    let start = (0..last).find(|at| is_prefix(words[*at])).unwrap_or(last);
    let end = (start..last)
        .find(|at| !is_prefix(words[*at]))
        .unwrap_or(last);
    (
        words[..start].join(" "),
        words[start..end].join(" ").to_lowercase(),
        words[end..].join(" "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dutch_names_come_apart() {
        for (name, given, prefix, surname) in [
            ("Jan van der Berg", "Jan", "van der", "Berg"),
            ("Berg, Jan van der", "Jan", "van der", "Berg"),
            ("Berg, van der, Jan", "Jan", "van der", "Berg"),
            ("Anna Maria de Vries", "Anna Maria", "de", "Vries"),
            ("Piet Jansen", "Piet", "", "Jansen"),
            ("'t Hart", "", "'t", "Hart"),
            ("Jansen", "", "", "Jansen"),
            ("Jan van der Berg Visser", "Jan", "van der", "Berg Visser"),
            ("", "", "", ""),
        ] {
            assert_eq!(
                split(name),
                (given.into(), prefix.into(), surname.into()),
                "{name}"
            );
        }
    }
}
