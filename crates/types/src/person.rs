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
}
