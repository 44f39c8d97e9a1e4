//! Numbers as Dutch readers know them.

/// Narrow no-break space, between thousands.
const GROUP: char = '\u{202f}';

/// What stands where a figure could not be computed.
pub(crate) const UNKNOWN: &str = "–";

/// `value` with `decimals` places, decimal comma, thousands apart; `–` when not finite.
///
/// ```
/// assert_eq!(helder_report::number::decimal(-1234.567, 2), "−1\u{202f}234,57");
/// ```
pub fn decimal(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return UNKNOWN.to_owned();
    }
    let plain = format!("{:.*}", decimals.min(17), value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let is_zero = plain.bytes().all(|b| matches!(b, b'0' | b'.'));
    let mut out = String::with_capacity(plain.len() + 8);
    if value < 0.0 && !is_zero {
        out.push('−');
    }
    for (place, digit) in whole.chars().enumerate() {
        // 1234 stays together with the others: a table column reads better when one rule holds.
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(GROUP);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(',');
        out.push_str(fraction);
    }
    out
}

/// A count.
pub fn count(value: u64) -> String {
    let plain = value.to_string();
    let mut out = String::with_capacity(plain.len() + 8);
    for (place, digit) in plain.chars().enumerate() {
        if place > 0 && (plain.len() - place).is_multiple_of(3) {
            out.push(GROUP);
        }
        out.push(digit);
    }
    out
}

/// A share in `[0, 1]` as a percentage.
pub fn percent(share: f64, decimals: usize) -> String {
    if share.is_finite() {
        format!("{}%", decimal(share * 100.0, decimals))
    } else {
        UNKNOWN.to_owned()
    }
}

/// As many decimals as `value` needs to show about three significant digits.
pub fn significant(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    let decimals = (2.0 - size.log10().floor()).clamp(0.0, 8.0) as usize;
    let text = decimal(value, decimals);
    if text.contains(',') {
        text.trim_end_matches('0').trim_end_matches(',').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_the_dutch_way() {
        assert_eq!(decimal(0.5, 2), "0,50");
        assert_eq!(decimal(1_234_567.0, 0), "1\u{202f}234\u{202f}567");
        assert_eq!(decimal(-0.0001, 2), "0,00");
        assert_eq!(count(240_000), "240\u{202f}000");
        assert_eq!(percent(0.0123, 1), "1,2%");
        assert_eq!(significant(0.001_234), "0,00123");
        assert_eq!(significant(1500.0), "1\u{202f}500");
    }

    #[test]
    fn what_is_not_a_number_is_shown_as_unknown() {
        assert_eq!(decimal(f64::NAN, 2), UNKNOWN);
        assert_eq!(percent(f64::INFINITY, 1), UNKNOWN);
        assert_eq!(significant(f64::NAN), UNKNOWN);
    }
}
