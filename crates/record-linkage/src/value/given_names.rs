//! Given names: official names in full, the name someone goes by, or initials.

use super::text::normalise;

/// Given names in parts, normalised.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GivenNames {
    /// Names of two letters or more, in order; a hyphenated name is one name.
    pub names: Vec<String>,
    /// First letter of every name and every initial, in order.
    pub initials: Vec<u8>,
    /// Whether only initials were written.
    pub initials_only: bool,
}

impl GivenNames {
    /// Splits `text`; `None` when it holds no letter.
    pub fn parse(text: &str) -> Option<Self> {
        let mut out = Self::default();
        for word in text.split([' ', ',', ';', '/', '\t', '.']) {
            let word = normalise(word).replace(' ', "");
            let Some(first) = word.bytes().find(u8::is_ascii_alphabetic) else {
                continue;
            };
            if word.len() == 1 {
                out.initials.push(first);
            } else if is_run_of_initials(&word) {
                out.initials.extend(word.bytes());
            } else {
                out.initials.push(first);
                out.names.push(word);
            }
        }
        out.initials_only = out.names.is_empty();
        (!out.initials.is_empty()).then_some(out)
    }

    /// All names and initials as one text.
    pub fn whole(&self) -> String {
        if self.initials_only {
            String::from_utf8_lossy(&self.initials).into_owned()
        } else {
            self.names.join(" ")
        }
    }
}

/// `gjw` is initials written together; `jw` too; `jo` is a name.
fn is_run_of_initials(word: &str) -> bool {
    word.len() <= 4
        && word
            .bytes()
            .all(|b| b.is_ascii_alphabetic() && !b"aeiouy".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_and_names_are_told_apart() {
        let initials = GivenNames::parse("G.J.W.").unwrap();
        assert!(initials.initials_only);
        assert_eq!(initials.initials, b"gjw");
        let names = GivenNames::parse("Evert-Pieter  Joëlle").unwrap();
        assert_eq!(names.names, ["evertpieter", "joelle"]);
        assert_eq!(GivenNames::parse(" - "), None);
        assert_eq!(GivenNames::parse("J.H.Maria").unwrap().initials, b"jhm");
    }
}
