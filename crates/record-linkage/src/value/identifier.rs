//! Numbers and addresses that point at a person: BSN, phone, e-mail.

/// A burgerservicenummer as nine digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct BsnDigits {
    digits: [u8; 9],
    /// Whether it passes the eleven-test. Passing does not prove that it is somebody's.
    pub valid: bool,
}

impl BsnDigits {
    /// Reads eight or nine digits, with dots, blanks or hyphens between them. Nine equal digits (`999999999`, a filler) are missing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut found = Vec::with_capacity(9);
        for byte in text.trim().bytes() {
            match byte {
                b'0'..=b'9' => found.push(byte - b'0'),
                b'.' | b' ' | b'-' => {}
                _ => return None,
            }
        }
        if found.len() == 8 {
            found.insert(0, 0);
        }
        let digits: [u8; 9] = found.try_into().ok()?;
        if digits.iter().all(|digit| *digit == digits[0]) {
            return None;
        }
        let sum: i32 = digits
            .iter()
            .zip([9, 8, 7, 6, 5, 4, 3, 2, -1])
            .map(|(digit, weight)| i32::from(*digit) * weight)
            .sum();
        Some(Self {
            digits,
            valid: sum % 11 == 0,
        })
    }

    /// Whether two differ by one digit, or by two neighbouring digits exchanged.
    pub fn one_keystroke_from(self, other: Self) -> bool {
        one_keystroke(&self.digits, &other.digits)
    }

    /// One number per BSN.
    pub fn number(self) -> u32 {
        self.digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + u32::from(*digit))
    }
}

/// Whether two rows of digits differ in one place, or in two neighbours exchanged.
pub(crate) fn one_keystroke(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut differing = (0..a.len()).filter(|i| a[*i] != b[*i]);
    match (differing.next(), differing.next(), differing.next()) {
        (Some(_), None, _) => true,
        (Some(i), Some(j), None) => j == i + 1 && a[i] == b[j] && a[j] == b[i],
        _ => false,
    }
}

/// Phone numbers in a text, several divided by `/`, `;`, `,` or a word, each as digits with the country in front (Dutch when none is
/// written). `06-1234 5678`, `+31 6 12345678` and `0031(0)612345678` are one number.
pub fn phones(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for piece in text.split(|c: char| matches!(c, '/' | ';' | ',') || c.is_alphabetic()) {
        let international = piece.trim_start().starts_with('+');
        let piece = piece.replace("(0)", "");
        let digits: String = piece.chars().filter(char::is_ascii_digit).collect();
        let number = if international {
            digits
        } else if let Some(rest) = digits.strip_prefix("00") {
            rest.to_owned()
        } else if let Some(rest) = digits.strip_prefix('0') {
            format!("31{rest}")
        } else if digits.len() == 9 {
            format!("31{digits}")
        } else {
            digits
        };
        let all_equal = number
            .bytes()
            .skip(2)
            .all(|b| Some(b) == number.as_bytes().get(2).copied());
        if (8..=15).contains(&number.len()) && !all_equal && !out.contains(&number) {
            out.push(number);
        }
    }
    out
}

/// Local part and domain of an e-mail address in small letters; what follows `+` in the local part is left out.
pub fn email(text: &str) -> Option<(String, String)> {
    let text = text.trim().trim_start_matches("mailto:").to_lowercase();
    let (local, domain) = text.rsplit_once('@')?;
    let local = local.split('+').next().unwrap_or(local);
    let fits = !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !text.contains(char::is_whitespace);
    fits.then(|| (local.to_owned(), domain.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bsn_is_read_with_its_eleven_test() {
        // Numbers of the kind the administration publishes for tests.
        let valid = BsnDigits::parse("111222333").unwrap();
        assert!(valid.valid);
        assert!(BsnDigits::parse("1112.22.333").unwrap().valid);
        let typed = BsnDigits::parse("111222334").unwrap();
        assert!(!typed.valid && typed.one_keystroke_from(valid));
        assert!(
            BsnDigits::parse("112122333")
                .unwrap()
                .one_keystroke_from(valid)
        );
        assert!(
            !BsnDigits::parse("121122343")
                .unwrap()
                .one_keystroke_from(valid)
        );
        let eight = BsnDigits::parse("12345672").unwrap();
        assert_eq!(eight.number(), 12_345_672);
        for missing in ["999999999", "000000000", "1234567", "11122233x", ""] {
            assert_eq!(BsnDigits::parse(missing), None, "{missing}");
        }
    }

    #[test]
    fn one_phone_number_is_one_text_however_it_is_written() {
        for text in [
            "06-1234 5678",
            "+31 6 12345678",
            "0031(0)612345678",
            "612345678",
        ] {
            assert_eq!(phones(text), ["31612345678"], "{text}");
        }
        assert_eq!(phones("020-5551234 / 0612345678").len(), 2);
        assert_eq!(phones("+32 470 12 34 56"), ["32470123456"]);
        assert!(phones("0000000000").is_empty() && phones("onbekend").is_empty());
    }

    #[test]
    fn an_email_address_has_a_local_part_and_a_domain() {
        let parts = |local: &str, domain: &str| Some((local.to_owned(), domain.to_owned()));
        assert_eq!(
            email(" Jan.Jansen+wmo@Voorbeeld.NL"),
            parts("jan.jansen", "voorbeeld.nl")
        );
        assert_eq!(email("mailto:a@b.nl"), parts("a", "b.nl"));
        for missing in ["jan", "@b.nl", "a@b", "a b@c.nl"] {
            assert_eq!(email(missing), None, "{missing}");
        }
    }
}
