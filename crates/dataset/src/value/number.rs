//! Numbers with Dutch or English signs.

/// How numbers are written in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notation {
    /// Decimal sign.
    pub decimal: u8,
    /// Sign between thousands.
    pub group: Option<u8>,
}

impl Default for Notation {
    fn default() -> Self {
        Self {
            decimal: b'.',
            group: None,
        }
    }
}

/// Digits of a decimal number: `mantissa / 10^decimals`, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// All digits, with sign.
    pub mantissa: i64,
    /// How many of them stand after the decimal sign.
    pub decimals: u32,
}

impl Notation {
    /// Reads a decimal number of at most 18 digits without exponent.
    ///
    /// A thousands sign must stand between groups of three. A sign may stand before or, as some ledgers do, after.
    pub fn decimal(self, text: &[u8]) -> Option<Decimal> {
        let (negative, text) = match text {
            [b'-', rest @ ..] | [rest @ .., b'-'] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let mut mantissa = 0_i64;
        let mut digits = 0_u32;
        let mut point: Option<u32> = None;
        let mut last_group: Option<u32> = None;
        for &byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit <= 9 {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(i64::from(digit));
                digits += 1;
            } else if byte == self.decimal && point.is_none() {
                if last_group.is_some_and(|at| digits - at != 3) {
                    return None;
                }
                point = Some(digits);
            } else if Some(byte) == self.group && point.is_none() {
                let in_group = digits - last_group.unwrap_or(0);
                if if last_group.is_some() {
                    in_group != 3
                } else {
                    !(1..=3).contains(&in_group)
                } {
                    return None;
                }
                last_group = Some(digits);
            } else {
                return None;
            }
        }
        let whole_ends = point.unwrap_or(digits);
        if digits == 0 || digits > 18 || last_group.is_some_and(|at| whole_ends - at != 3) {
            return None;
        }
        Some(Decimal {
            mantissa: if negative { -mantissa } else { mantissa },
            decimals: digits - whole_ends,
        })
    }

    /// Reads a number as the nearest double. Exponents are allowed; infinities are not.
    pub fn number(self, text: &[u8]) -> Option<f64> {
        if let Some(Decimal { mantissa, decimals }) = self.decimal(text)
            && mantissa.unsigned_abs() < 1 << 53
            && decimals <= 22
        {
            // Both are exact doubles, so one division rounds correctly.
            return Some(mantissa as f64 / POWERS[decimals as usize]);
        }
        self.slow_number(text)
    }

    fn slow_number(self, text: &[u8]) -> Option<f64> {
        let plain = text.iter().all(|b| {
            b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'e' | b'E') || *b == self.decimal
        });
        if !plain || text.len() > 64 || self.group.is_some_and(|group| text.contains(&group)) {
            return None;
        }
        let mut copy = [0_u8; 64];
        for (to, from) in copy.iter_mut().zip(text) {
            *to = if *from == self.decimal { b'.' } else { *from };
        }
        let value: f64 = std::str::from_utf8(&copy[..text.len()])
            .ok()?
            .parse()
            .ok()?;
        value.is_finite().then_some(value)
    }

    /// Reads a whole number; decimals are allowed when they are all zero.
    pub fn integer(self, text: &[u8]) -> Option<i64> {
        if let Some(value) = plain_integer(text) {
            return Some(value);
        }
        let Decimal { mantissa, decimals } = self.decimal(text)?;
        let unit = 10_i64.pow(decimals);
        (mantissa % unit == 0).then_some(mantissa / unit)
    }

    /// Reads an amount of money in cents; a euro sign or `EUR` may stand at either end, `,-` means whole euros.
    ///
    /// More than two decimals are accepted only when the rest is zero.
    pub fn cents(self, text: &[u8]) -> Option<i64> {
        if let [b'0'..=b'9', .., b'0'..=b'9'] = text {
            return self.plain_cents(text);
        }
        let mut text = text;
        for sign in ["€".as_bytes(), b"EUR", b"eur"] {
            if let Some(rest) = text.strip_prefix(sign).or_else(|| text.strip_suffix(sign)) {
                text = super::trim(rest);
                break;
            }
        }
        if let [rest @ .., point, b'-'] = text
            && *point == self.decimal
        {
            text = rest;
        }
        if let [b'(', rest @ .., b')'] = text {
            return self.cents(rest).map(|cents| -cents);
        }
        self.plain_cents(text)
    }

    /// An amount without signs around it.
    fn plain_cents(self, text: &[u8]) -> Option<i64> {
        let Decimal { mantissa, decimals } = self.decimal(text)?;
        match decimals {
            0 => mantissa.checked_mul(100),
            1 => mantissa.checked_mul(10),
            2 => Some(mantissa),
            more => {
                let unit = 10_i64.checked_pow(more - 2)?;
                (mantissa % unit == 0).then_some(mantissa / unit)
            }
        }
    }
}

fn plain_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

#[cfg(test)]
mod tests {
    use super::*;

    const DUTCH: Notation = Notation {
        decimal: b',',
        group: Some(b'.'),
    };

    #[test]
    fn dutch_amounts_become_cents() {
        for (text, cents) in [
            ("1.234,56", 123_456),
            ("€ 1.234,5", 123_450),
            ("12", 1_200),
            ("1.234,-", 123_400),
            ("-0,05", -5),
            ("12,50-", -1_250),
            ("(12,50)", -1_250),
            ("12,500", 1_250),
        ] {
            assert_eq!(DUTCH.cents(text.as_bytes()), Some(cents), "{text}");
        }
        for bad in [
            "1.23,45",
            "12,345",
            "1,2,3",
            "",
            "€",
            "12.34",
            "1234.567,8",
            "9999999999999999999",
            "1 2",
        ] {
            assert_eq!(DUTCH.cents(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn the_wrong_decimal_sign_is_refused_not_reinterpreted() {
        assert_eq!(Notation::default().number(b"1,5"), None);
        assert_eq!(DUTCH.number(b"1.5"), None);
        assert_eq!(Notation::default().number(b"inf"), None);
        assert_eq!(Notation::default().number(b"NaN"), None);
    }

    #[test]
    fn integers_allow_zero_decimals_only() {
        assert_eq!(Notation::default().integer(b"12.0"), Some(12));
        assert_eq!(Notation::default().integer(b"12.5"), None);
        assert_eq!(DUTCH.integer(b"1.234"), Some(1_234));
    }

    proptest::proptest! {
        #[test]
        fn doubles_are_read_as_the_standard_library_reads_them(value in proptest::num::f64::NORMAL) {
            let text = format!("{value:?}");
            proptest::prop_assert_eq!(Notation::default().number(text.as_bytes()), Some(value));
            let short = format!("{:.4}", value % 1e9);
            proptest::prop_assert_eq!(Notation::default().number(short.as_bytes()), short.parse().ok());
        }
    }
}
