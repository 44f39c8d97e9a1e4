//! Surnames: own, partner's or both, with the prefix (tussenvoegsel) in any place.

use super::text::normalise;

/// What a part of a surname is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// A name written in the surname field.
    Own,
    /// A name written in the partner's field.
    Partner,
    /// Another reading: one word of a name of several words, or a name with a glued prefix taken off.
    Reading,
}

/// One part, normalised and without blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurnamePart {
    /// What it is.
    pub kind: PartKind,
    /// The core, without prefix.
    pub core: String,
}

const PREFIXES: &[&str] = &[
    "van", "de", "den", "der", "ter", "ten", "te", "t", "het", "op", "in", "aan", "bij", "uit",
    "over", "onder", "voor", "von", "zu", "la", "le", "les", "du", "des", "di", "da", "dos", "del",
    "della", "s", "v", "d", "vd", "vdr", "vander", "vanden", "vande", "vant", "opde", "inde",
    "inden", "int", "opt", "opden", "uitde", "uitden", "vdn",
];

const GLUED: &[&str] = &[
    "vander", "vanden", "vande", "vant", "van", "opden", "opde", "inden", "inde", "ter", "ten",
    "den", "der", "de", "t",
];

/// Reads the surname and the partner's surname into parts; empty when both are missing.
///
/// `van den Pottebroek`, `Pottebroek, van den`, `vandenpottebroek` and `V.D. POTTEBROEK` share the part `pottebroek`;
/// `Vogelhoven-Bergaar` has both `vogelhoven` and `bergaar`.
pub fn parts(surname: Option<&str>, partner: Option<&str>) -> Vec<SurnamePart> {
    let mut out = Vec::new();
    for (text, kind) in [(surname, PartKind::Own), (partner, PartKind::Partner)] {
        let Some(text) = text else { continue };
        // What follows a comma is the prefix, written behind the name.
        let text = text.split(',').next().unwrap_or(text);
        for piece in text.split(['-', '–', '/', '(', ')']) {
            read_piece(piece, kind, &mut out);
        }
    }
    out
}

fn read_piece(piece: &str, kind: PartKind, out: &mut Vec<SurnamePart>) {
    let text = normalise(piece);
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let Some(last) = words.len().checked_sub(1) else {
        return;
    };
    let start = words
        .iter()
        .take(last)
        .take_while(|word| PREFIXES.contains(word))
        .count();
    let kept = words[start..]
        .iter()
        .rev()
        .skip_while(|word| PREFIXES.contains(word))
        .count()
        .max(1);
    let core = &words[start..start + kept];
    let whole = core.concat();
    push(out, kind, &whole);
    if core.len() > 1 {
        for word in core {
            if word.len() >= 3 {
                push(out, PartKind::Reading, word);
            }
        }
    }
    let bare = GLUED
        .iter()
        .find_map(|prefix| whole.strip_prefix(prefix).filter(|rest| rest.len() >= 4));
    if let Some(rest) = bare {
        push(out, PartKind::Reading, rest);
    }
}

fn push(out: &mut Vec<SurnamePart>, kind: PartKind, core: &str) {
    if out.len() < 8 && !out.iter().any(|part| part.core == core) {
        out.push(SurnamePart {
            kind,
            core: core.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(surname: &str, partner: Option<&str>) -> Vec<String> {
        parts(Some(surname), partner)
            .into_iter()
            .map(|part| part.core)
            .collect()
    }

    #[test]
    fn the_prefix_is_found_in_every_place() {
        for text in [
            "van den Pottebroek",
            "Pottebroek, van den",
            "V.D. POTTEBROEK",
            "van den  pottebroek",
            "Pottebroek",
        ] {
            assert_eq!(cores(text, None)[0], "pottebroek", "{text}");
        }
        assert!(cores("vandenpottebroek", None).contains(&"pottebroek".to_owned()));
        assert_eq!(cores("van 't Hof", None)[0], "hof");
        assert_eq!(cores("Van", None), ["van"]);
    }

    #[test]
    fn own_and_partner_names_are_both_parts() {
        assert_eq!(
            cores("Vogelhoven-van der Bergaar", None),
            ["vogelhoven", "bergaar"]
        );
        assert_eq!(cores("Jong", Some("Vries")), ["jong", "vries"]);
        assert_eq!(cores("El Amrani", None), ["elamrani", "amrani"]);
        assert!(parts(None, None).is_empty());
        assert!(parts(Some(" - "), None).is_empty());
    }
}
