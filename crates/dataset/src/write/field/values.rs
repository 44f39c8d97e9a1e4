//! Reading single values whose column is text: from the bytes of the file to the text that is stored.

use helder_types::Bsn;

use super::{Checks, Reading};
use crate::{
    rule::Rule,
    value::{
        code,
        date::{DateFormat, PartialDate, days_from_civil},
        text,
    },
};

/// Reads a BSN; blanks and full stops between its digits are ignored.
///
/// # Errors
/// [`Rule::Bsn`].
pub fn bsn(value: &[u8]) -> Result<Bsn, Rule> {
    if let Ok(bsn) = Bsn::parse(value) {
        return Ok(bsn);
    }
    let value = value.strip_suffix(b".0").unwrap_or(value);
    let mut digits = [0_u8; 9];
    let mut count = 0;
    for &byte in value {
        if matches!(byte, b' ' | b'.') {
            continue;
        }
        *digits.get_mut(count).ok_or(Rule::Bsn)? = byte;
        count += 1;
    }
    Bsn::parse(&digits[..count]).map_err(|_| Rule::Bsn)
}

pub(super) fn birth_date(
    value: &[u8],
    format: DateFormat,
    latest: i32,
) -> Result<PartialDate, Rule> {
    let date = format.read(value).ok_or(Rule::Date)?;
    let unknown_year = date.year == 0;
    let first_day = days_from_civil(
        i32::from(date.year),
        u32::from(date.month.max(1)),
        u32::from(date.day.max(1)),
    );
    if unknown_year || date.year >= 1850 && first_day <= latest {
        Ok(date)
    } else {
        Err(Rule::Geboortedatum)
    }
}

pub(super) fn postcode(
    reading: Reading,
    value: &[u8],
    out: &mut Vec<u8>,
    checks: &Checks,
) -> Result<(), Rule> {
    let start = out.len();
    match reading {
        Reading::Pc4 if code::is_pc4(value) => out.extend_from_slice(value),
        Reading::Pc4 => return Err(Rule::Postcode),
        Reading::ForeignPostcode => code::foreign_postcode(value, out)?,
        _ => code::postcode(value, out)?,
    }
    checks.listed(value)?;
    checks.written(&out[start..])
}

pub(super) fn plain_text(
    reading: Reading,
    value: &[u8],
    out: &mut Vec<u8>,
    checks: &Checks,
) -> Result<(), Rule> {
    let start = out.len();
    match reading {
        Reading::Huisnummer => code::huisnummer(value, out)?,
        Reading::Name => text::name(value, out)?,
        Reading::Geslacht => out.push(code::geslacht(value)?),
        Reading::Phone => code::phone(value, out)?,
        Reading::Email => code::email(value, out)?,
        Reading::Region { prefix, tail, rule } => code::region(value, &prefix, tail, rule, out)?,
        _ => text::clean(value, out)?,
    }
    checks.listed(value)?;
    checks.written(&out[start..])
}
