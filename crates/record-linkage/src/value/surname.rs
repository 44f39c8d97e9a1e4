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

/// A prefix (tussenvoegsel).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// Its words as one: `vanden`.
    pub whole: String,
    /// First letters: `vd`.
    pub initials: String,
    /// Whether it is written in letters only: `v.d.`.
    pub is_short: bool,
}

impl Prefix {
    /// Reads what stands in a field of its own; `None` when nothing does.
    ///
    /// `van den`, `VAN DEN` and `vanden` are one prefix, `v.d.` and `v/d` are short for it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = normalise(text);
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let whole = words.concat();
        let short = [("vd", "vd"), ("vdr", "vd"), ("vdn", "vd")];
        let known = short.iter().find(|(written, _)| *written == whole);
        let is_short = known.is_some() || words.iter().all(|word| word.len() == 1);
        let initials = match (known, SPLIT.iter().find(|(glued, _)| *glued == whole)) {
            (Some((_, initials)), _) | (_, Some((_, initials))) => (*initials).to_owned(),
            _ => words
                .iter()
                .filter_map(|word| word.chars().next())
                .collect(),
        };
        (!whole.is_empty()).then_some(Self {
            // `'t` is a word of one letter and not short for anything.
            is_short: is_short && whole != "t" && whole != "s",
            whole,
            initials,
        })
    }

    /// Reads the prefix that stands before a surname, or behind a comma after it.
    pub fn within(surname: &str) -> Option<Self> {
        let is_prefix =
            |text: &str| !text.is_empty() && text.split(' ').all(|word| PREFIXES.contains(&word));
        let mut pieces = surname.split(',');
        let name = pieces.next()?;
        if let Some(behind) = pieces.next().map(normalise) {
            return is_prefix(&behind).then(|| Self::parse(&behind)).flatten();
        }
        let name = normalise(name.split(['-', '–', '/', '(']).next()?);
        let words: Vec<&str> = name.split(' ').collect();
        let n = words.iter().take(words.len() - 1);
        let n = n.take_while(|word| PREFIXES.contains(word)).count();
        Self::parse(&words[..n].join(" "))
    }
}

/// Glued prefixes of several words, with their first letters.
const SPLIT: &[(&str, &str)] = &[
    ("vander", "vd"),
    ("vanden", "vd"),
    ("vande", "vd"),
    ("vanhet", "vh"),
    ("vant", "vt"),
    ("opde", "od"),
    ("opden", "od"),
    ("inde", "id"),
    ("inden", "id"),
    ("uitde", "ud"),
    ("uitden", "ud"),
];

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
    fn a_prefix_is_one_however_it_is_written() {
        let read = |text: &str| Prefix::parse(text).map(|p| (p.whole, p.initials, p.is_short));
        let full = |whole: &str| Some((whole.to_owned(), "vd".to_owned(), false));
        assert_eq!(read("VAN DEN"), full("vanden"));
        assert_eq!(read("vanden"), full("vanden"));
        for short in ["v.d.", "v/d", "vd", "vdn"] {
            let (_, initials, is_short) = read(short).unwrap();
            assert_eq!((initials.as_str(), is_short), ("vd", true), "{short}");
        }
        assert!(!read("'t").unwrap().2);
        assert_eq!(read(" - "), None);
        let within = |text: &str| Prefix::within(text).map(|p| p.whole);
        assert_eq!(within("Pottebroek, van den").as_deref(), Some("vanden"));
        assert_eq!(
            within("van den Pottebroek-Jansen").as_deref(),
            Some("vanden")
        );
        for none in ["Pottebroek", "Van", "Jansen, dr", ""] {
            assert_eq!(within(none), None, "{none}");
        }
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
