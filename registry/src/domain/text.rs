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
        if holds_bsn(text) {
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

/// Whether nine digits that pass the eleven-test stand in the text as a number of their own.
///
/// The registry is about models, and what it holds is shown to many: it keeps no personal numbers, not even by accident.
pub(crate) fn holds_bsn(text: &str) -> bool {
    // 123456782, 1234.56.782 and 123 456 782 are all ways to write one.
    let digits_only: Vec<u8> = text
        .bytes()
        .filter(|b| !matches!(b, b'.' | b' ' | b'-'))
        .collect();
    [text.as_bytes(), &digits_only].iter().any(|bytes| {
        bytes
            .split(|byte| !byte.is_ascii_digit())
            .any(|run| run.len() == 9 && Bsn::parse(run).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_passes_the_eleven_test_is_noticed_however_it_is_written() {
        for text in [
            "249566758",
            "bsn 249566758.",
            "2495.66.758",
            "249 566 758",
            "x249-566-758",
        ] {
            assert!(holds_bsn(text), "{text}");
        }
        for text in [
            "249566759",
            "tel 0401234567",
            "2026",
            "sha256:2495667581",
            "GM0772",
        ] {
            assert!(!holds_bsn(text), "{text}");
        }
    }

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
