//! Personal identifiers. Printing one shows that it is there, never what it is.

use std::fmt;

/// Burgerservicenummer: nine digits that pass the eleven-test.
///
/// A number that passes is well formed; it need not belong to anybody.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bsn(u32);

/// Why a text is no BSN. Carries no part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BsnError {
    /// Not eight or nine digits.
    #[error("a BSN has nine digits")]
    NotNineDigits,
    /// The weighted sum is not divisible by eleven.
    #[error("the number fails the eleven-test")]
    ElevenTest,
    /// One digit repeated, as filled in where the number is unknown.
    #[error("the number is a filler")]
    Filler,
}

impl Bsn {
    /// Reads eight or nine ASCII digits; eight are padded with a leading zero.
    ///
    /// # Errors
    /// [`BsnError`] says which demand fails; the text itself is not in it.
    /// # Source
    /// Eleven-test with weights 9 8 7 6 5 4 3 2 −1 (Logisch Ontwerp BSN).
    pub fn parse(text: &[u8]) -> Result<Self, BsnError> {
        if !matches!(text.len(), 8 | 9) {
            return Err(BsnError::NotNineDigits);
        }
        let mut value = 0_u32;
        let mut sum = 0_i32;
        let mut weight = text.len() as i32;
        for &byte in text {
            if !byte.is_ascii_digit() {
                return Err(BsnError::NotNineDigits);
            }
            let digit = i32::from(byte - b'0');
            value = value * 10 + digit as u32;
            sum += digit * if weight == 1 { -1 } else { weight };
            weight -= 1;
        }
        if sum % 11 != 0 || value == 0 {
            return Err(BsnError::ElevenTest);
        }
        // 111111110 and 999999990 pass the test but 999999999 does not; only equal digits are fillers.
        if text.iter().all(|b| *b == text[0]) {
            return Err(BsnError::Filler);
        }
        Ok(Self(value))
    }

    /// Whether a BSN stands somewhere in the text: nine digits that pass, or `123.456.782`, `123 456 782`, `1234-56-782`.
    ///
    /// Digits inside a longer number, inside a hexadecimal name of 12 characters or more (digests, UUIDs), and after a decimal
    /// point are none.
    pub fn stands_in(text: &str) -> bool {
        let bytes = text.as_bytes();
        let starts = (0..bytes.len()).filter(|&at| {
            bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_digit())
        });
        starts
            .filter(|&at| !is_fraction(bytes, at) && !is_in_hex_name(bytes, at))
            .any(|at| FORMS.iter().any(|form| stands_at(bytes, at, form)))
    }

    /// The nine digits, for a keyed hash only.
    pub fn digits(self) -> [u8; 9] {
        let mut out = [b'0'; 9];
        let mut rest = self.0;
        for place in out.iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out
    }
}

/// How many digits people write together.
const FORMS: [&[usize]; 3] = [&[9], &[3, 3, 3], &[4, 2, 3]];

/// Shortest hexadecimal name in which digits mean nothing: the last group of a UUID.
const HEX_NAME: usize = 12;

/// Whether groups of these sizes, with one and the same separator between them, start here, end as a number and pass.
fn stands_at(bytes: &[u8], start: usize, form: &[usize]) -> bool {
    let separator = bytes.get(start + form[0]).copied();
    let mut digits = [0; 9];
    let (mut at, mut filled) = (start, 0);
    for (group, &size) in form.iter().enumerate() {
        if group > 0 {
            if bytes.get(at).copied() != separator || !matches!(separator, Some(b'.' | b' ' | b'-'))
            {
                return false;
            }
            at += 1;
        }
        let Some(run) = bytes.get(at..at + size) else {
            return false;
        };
        digits[filled..filled + size].copy_from_slice(run);
        (at, filled) = (at + size, filled + size);
    }
    let goes_on = match bytes.get(at..) {
        Some([next, ..]) if next.is_ascii_digit() => true,
        // 192.168.100.1 is no number of three groups.
        Some([next, after, ..]) if form.len() > 1 => {
            Some(*next) == separator && after.is_ascii_digit()
        }
        _ => false,
    };
    !goes_on && Bsn::parse(&digits).is_ok()
}

/// Whether the digits from `at` stand after a decimal point.
fn is_fraction(bytes: &[u8], at: usize) -> bool {
    at >= 2 && bytes[at - 1] == b'.' && bytes[at - 2].is_ascii_digit()
}

fn is_in_hex_name(bytes: &[u8], at: usize) -> bool {
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric();
    let before = bytes[..at].iter().rev().take_while(is_word).count();
    let after = bytes[at..].iter().take_while(is_word).count();
    let word = &bytes[at - before..at + after];
    word.len() >= HEX_NAME
        && word.iter().all(u8::is_ascii_hexdigit)
        && !word.iter().all(u8::is_ascii_digit)
}

impl fmt::Debug for Bsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bsn(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_passes_and_never_shows() {
        let bsn = Bsn::parse(b"249566758").unwrap();
        assert_eq!(format!("{bsn:?}"), "Bsn(…)");
        assert_eq!(&bsn.digits(), b"249566758");
    }

    #[test]
    fn eight_digits_are_padded() {
        assert_eq!(
            Bsn::parse(b"10000008").unwrap(),
            Bsn::parse(b"010000008").unwrap()
        );
    }

    #[test]
    fn one_wrong_digit_fails() {
        assert_eq!(Bsn::parse(b"249566759"), Err(BsnError::ElevenTest));
        assert_eq!(Bsn::parse(b"24956675a"), Err(BsnError::NotNineDigits));
        assert_eq!(Bsn::parse(b"1234567"), Err(BsnError::NotNineDigits));
        assert!(Bsn::parse(b"000000000").is_err());
        assert!(Bsn::parse(b"999999999").is_err());
    }

    #[test]
    fn a_number_is_noticed_however_it_is_written() {
        for text in [
            "249566758",
            "bsn 249566758.",
            "BSN249566758",
            "x249-566-758",
            "2495.66.758",
            "249 566 758",
            "a,249566758,b",
            "1,249566758",
            "WHERE bsn = '249566758'",
            "é249566758é",
            "/datasets/249566758",
        ] {
            assert!(Bsn::stands_in(text), "{text}");
        }
    }

    #[test]
    fn other_numbers_and_names_are_none() {
        for text in [
            "",
            "249566759",
            "2495667581",
            "1249566758",
            "tel 0401234567",
            "2026-11-22T10:00:00.249566758Z",
            "0.249566758",
            "0198c0de-0000-7000-8000-a249566758bc",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b249566758",
            "249.566.758.1",
            "249-566 758",
            "111111111",
            "24956675",
        ] {
            assert!(!Bsn::stands_in(text), "{text}");
        }
    }
}
