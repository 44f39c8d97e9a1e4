//! Birth dates of which a part may be unknown.

/// A date in parts; 0 stands for unknown. `1980-00-00` knows its year only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct PartialDate {
    /// Year, 0 when unknown.
    pub year: u16,
    /// Month, 0 when unknown. A typing error may have made it more than 12.
    pub month: u8,
    /// Day, 0 when unknown. A typing error may have made it more than 31.
    pub day: u8,
}

impl PartialDate {
    /// Reads `YYYY-MM-DD` or `YYYYMMDD`, with `00` for unknown parts. Anything else is missing.
    ///
    /// A date that does not exist (month 13) is kept: it still differs by one keystroke from the true one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = [0_u8; 8];
        let mut n = 0;
        for byte in text.trim().bytes().take_while(|b| *b != b'T' && *b != b' ') {
            match byte {
                b'0'..=b'9' if n < 8 => {
                    digits[n] = byte - b'0';
                    n += 1;
                }
                b'-' | b'/' if n == 4 || n == 6 => {}
                _ => return None,
            }
        }
        if n != 8 {
            return None;
        }
        let number = |part: &[u8]| {
            part.iter()
                .fold(0_u16, |sum, digit| sum * 10 + u16::from(*digit))
        };
        let date = Self {
            year: number(&digits[..4]),
            month: number(&digits[4..6]) as u8,
            day: number(&digits[6..]) as u8,
        };
        (date.year != 0).then_some(date)
    }

    /// Whether no part is unknown.
    pub const fn is_whole(self) -> bool {
        self.year != 0 && self.month != 0 && self.day != 0
    }

    /// Whether this is a date filled in where day and month were unknown (1 January or 1 July).
    pub const fn is_default(self) -> bool {
        self.day == 1 && (self.month == 1 || self.month == 7)
    }

    /// One number per distinct date, for keys and frequencies.
    pub const fn ordinal(self) -> u32 {
        self.year as u32 * 10_000 + self.month as u32 * 100 + self.day as u32
    }

    /// The eight digits.
    pub fn digits(self) -> [u8; 8] {
        let mut rest = self.ordinal();
        let mut out = [0; 8];
        for place in out.iter_mut().rev() {
            *place = (rest % 10) as u8;
            rest /= 10;
        }
        out
    }

    /// Whether two dates differ by one digit, or by two neighbouring digits exchanged.
    pub fn one_keystroke_from(self, other: Self) -> bool {
        // Digits of the year and of the day are no neighbours.
        if self.year != other.year && self.day != other.day {
            return false;
        }
        let (a, b) = (self.digits(), other.digits());
        let mut differing = (0..8).filter(|i| a[*i] != b[*i]);
        match (differing.next(), differing.next(), differing.next()) {
            (Some(_), None, _) => true,
            (Some(i), Some(j), None) => j == i + 1 && a[i] == b[j] && a[j] == b[i],
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_written_forms_and_unknown_parts_are_read() {
        assert_eq!(
            PartialDate::parse("1980-00-00"),
            Some(PartialDate {
                year: 1980,
                month: 0,
                day: 0
            })
        );
        assert_eq!(
            PartialDate::parse("19151111"),
            PartialDate::parse("1915-11-11")
        );
        for bad in ["", "1980", "0000-01-01", "11-11-1915", "19151111x"] {
            assert_eq!(PartialDate::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn one_keystroke_is_a_digit_or_a_swap() {
        let date = |text| PartialDate::parse(text).unwrap();
        assert!(date("19930105").one_keystroke_from(date("19930115")));
        assert!(date("19930112").one_keystroke_from(date("19390112")));
        assert!(!date("19930112").one_keystroke_from(date("19940113")));
    }
}
