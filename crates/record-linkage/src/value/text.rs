//! Plain text: one case, no diacritics, no punctuation.

use deunicode::deunicode;

/// Lower-case ASCII letters and digits; every run of anything else becomes one blank, none at the ends.
///
/// `ł`, `ı` and `ĳ`, which do not decompose under Unicode normalisation, become `l`, `i` and `ij`. Apostrophes vanish
/// without leaving a blank, so `'t` is `t` and `D'Hondt` is `dhondt`.
pub fn normalise(text: &str) -> String {
    let decoded;
    let ascii = if text.is_ascii() {
        text
    } else {
        decoded = deunicode(text);
        &decoded
    };
    let mut out = String::with_capacity(ascii.len());
    for byte in ascii.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte.to_ascii_lowercase()));
        } else if !matches!(byte, b'\'' | b'`' | b'"') && !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// [`normalise`] without blanks, so that `El Amrani` equals `ElAmrani`.
pub fn compact(text: &str) -> String {
    let mut out = normalise(text);
    out.retain(|c| c != ' ');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_do_not_decompose_still_become_ascii() {
        assert_eq!(normalise("  Łukasz YILDIZ–Doğan "), "lukasz yildiz dogan");
        assert_eq!(normalise("Joiëtte van 't Hof"), "joiette van t hof");
        assert_eq!(compact("El-Amrani"), "elamrani");
        assert_eq!(normalise("--"), "");
    }
}
