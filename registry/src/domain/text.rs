//! Texts that people type: how long, and never with somebody's number in them.

use helder_types::{Bsn, Fault};

/// Longest free text, in characters.
pub(crate) const LONG: usize = 4_000;
/// Longest name or title, in characters.
pub(crate) const SHORT: usize = 200;

/// Collects faults of a body, so that all are told at once.
#[derive(Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault.
    pub(crate) fn add(&mut self, pointer: &str, code: &str, detail: &str) {
        self.0.push(Fault::new(pointer, code, detail));
    }

    /// Checks a text of 1 to `longest` characters that is not only spaces, has no control characters and no BSN.
    pub(crate) fn text(&mut self, pointer: &str, text: &str, longest: usize) {
        if text.trim().is_empty() {
            self.add(pointer, "empty", "say something here");
        }
        self.optional_text(pointer, text, longest);
    }

    /// [`Faults::text`] that may be empty.
    pub(crate) fn optional_text(&mut self, pointer: &str, text: &str, longest: usize) {
        if text.chars().count() > longest {
            self.add(
                pointer,
                "too-long",
                &format!("use at most {longest} characters"),
            );
        }
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
        {
            self.add(pointer, "control-character", "leave control characters out");
        }
        // What the registry holds is shown to many: it keeps no personal numbers, not even by accident.
        if Bsn::stands_in(text) {
            self.add(
                pointer,
                "looks-like-bsn",
                "this holds what looks like a BSN; leave it out",
            );
        }
    }

    /// Ok when nothing was found.
    pub(crate) fn into_result(self) -> Result<(), Vec<Fault>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }
}

/// Faults of a body with one text.
pub(crate) fn one_text(pointer: &str, text: &str, longest: usize) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.text(pointer, text, longest);
    faults.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_never_repeat_the_text() {
        let mut faults = Faults::default();
        faults.text("/name", "249566758 secret\u{7}", 5);
        let faults = faults.into_result().unwrap_err();
        assert_eq!(faults.len(), 3);
        assert!(
            faults.iter().all(
                |fault| !fault.detail.contains("249566758") && !fault.detail.contains("secret")
            )
        );
    }
}
