//! Postcodes, CBS codes and other short codes. Each function writes the one accepted spelling.

use crate::rule::Rule;

/// Writes a postcode as `1234AB`.
///
/// # Errors
/// [`Rule::Postcode`] unless it is four digits not starting with zero and two letters other than SA, SD, SS.
pub fn postcode(text: &[u8], out: &mut Vec<u8>) -> Result<(), Rule> {
    let (digits, letters) = text.split_at_checked(4).ok_or(Rule::Postcode)?;
    let letters = match letters {
        [b' ', rest @ ..] => super::trim(rest),
        _ => letters,
    };
    let &[first, second] = letters else {
        return Err(Rule::Postcode);
    };
    let pair = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
    let good = is_pc4(digits)
        && pair.iter().all(u8::is_ascii_uppercase)
        && !(pair[0] == b'S' && matches!(pair[1], b'A' | b'D' | b'S'));
    if !good {
        return Err(Rule::Postcode);
    }
    super::append(out, digits);
    out.extend_from_slice(&pair);
    Ok(())
}

/// Whether the text is the numeric part of a Dutch postcode.
pub fn is_pc4(text: &[u8]) -> bool {
    text.len() == 4 && text[0] != b'0' && text.iter().all(u8::is_ascii_digit)
}

/// Writes a postcode of any country: 3 to 10 letters, digits, blanks or hyphens, in capitals.
///
/// # Errors
/// [`Rule::Postcode`] for anything else.
pub fn foreign_postcode(text: &[u8], out: &mut Vec<u8>) -> Result<(), Rule> {
    if !(3..=10).contains(&text.len())
        || !text
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-'))
    {
        return Err(Rule::Postcode);
    }
    out.extend(
        text.iter()
            .filter(|b| **b != b' ')
            .map(u8::to_ascii_uppercase),
    );
    Ok(())
}

/// Writes a house number without leading zeros.
///
/// # Errors
/// [`Rule::Huisnummer`] unless it is a whole number from 1 to 99999.
pub fn huisnummer(text: &[u8], out: &mut Vec<u8>) -> Result<(), Rule> {
    let zeros = text.iter().take_while(|b| **b == b'0').count();
    let digits = text[zeros..].strip_suffix(b".0").unwrap_or(&text[zeros..]);
    if digits.is_empty() || digits.len() > 5 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Rule::Huisnummer);
    }
    super::append(out, digits);
    Ok(())
}

/// Writes a CBS region code: `prefix`, four digits of the municipality, then `tail` letters or digits.
///
/// Codes without prefix, and municipality codes that lost their zeros, are completed.
///
/// # Errors
/// `rule` for anything else.
pub fn region(
    text: &[u8],
    prefix: &[u8; 2],
    tail: usize,
    rule: Rule,
    out: &mut Vec<u8>,
) -> Result<(), Rule> {
    let rest = match text {
        [a, b, rest @ ..] if [a.to_ascii_uppercase(), b.to_ascii_uppercase()] == *prefix => rest,
        _ => text,
    };
    let full = 4 + tail;
    let padding = if tail == 0 && (1..=4).contains(&rest.len()) {
        full - rest.len()
    } else {
        0
    };
    if rest.len() + padding != full {
        return Err(rule);
    }
    let (digits, letters) = rest.split_at(4 - padding);
    if !digits.iter().all(u8::is_ascii_digit) || !letters.iter().all(u8::is_ascii_alphanumeric) {
        return Err(rule);
    }
    out.extend_from_slice(prefix);
    (0..padding).for_each(|_| out.push(b'0'));
    super::append(out, digits);
    let start = out.len();
    super::append(out, letters);
    out[start..].make_ascii_uppercase();
    Ok(())
}

/// Reads sex as M, V or O (unknown).
///
/// # Errors
/// [`Rule::Geslacht`] for a notation that is not known.
pub fn geslacht(text: &[u8]) -> Result<u8, Rule> {
    const NOTATIONS: [(&[u8], u8); 16] = [
        (b"man", b'M'),
        (b"mannelijk", b'M'),
        (b"male", b'M'),
        (b"jongen", b'M'),
        (b"vrouw", b'V'),
        (b"vrouwelijk", b'V'),
        (b"female", b'V'),
        (b"meisje", b'V'),
        (b"f", b'V'),
        (b"w", b'V'),
        (b"onbekend", b'O'),
        (b"unknown", b'O'),
        (b"x", b'O'),
        (b"anders", b'O'),
        (b"u", b'O'),
        (b"?", b'O'),
    ];
    match text {
        [b'M' | b'm'] => Ok(b'M'),
        [b'V' | b'v'] => Ok(b'V'),
        [b'O' | b'o'] => Ok(b'O'),
        _ => NOTATIONS
            .iter()
            .find(|(notation, _)| notation.eq_ignore_ascii_case(text))
            .map(|(_, code)| *code)
            .ok_or(Rule::Geslacht),
    }
}

/// Reads yes or no.
///
/// # Errors
/// [`Rule::Boolean`] for a notation that is not known.
pub fn boolean(text: &[u8]) -> Result<bool, Rule> {
    const YES: [&[u8]; 7] = [b"1", b"j", b"ja", b"true", b"waar", b"y", b"yes"];
    const NO: [&[u8]; 8] = [
        b"0", b"n", b"nee", b"false", b"onwaar", b"no", b"f", b"neen",
    ];
    if YES.iter().any(|yes| yes.eq_ignore_ascii_case(text)) || text.eq_ignore_ascii_case(b"t") {
        Ok(true)
    } else if NO.iter().any(|no| no.eq_ignore_ascii_case(text)) {
        Ok(false)
    } else {
        Err(Rule::Boolean)
    }
}

/// Writes a phone number as digits with an optional leading `+`.
///
/// # Errors
/// [`Rule::Telefoonnummer`] unless 9 to 15 digits remain without blanks, hyphens and brackets.
pub fn phone(text: &[u8], out: &mut Vec<u8>) -> Result<(), Rule> {
    let start = out.len();
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => out.push(byte),
            b'+' if at == 0 => out.push(byte),
            b' ' | b'-' | b'(' | b')' | b'.' => {}
            _ => {
                out.truncate(start);
                return Err(Rule::Telefoonnummer);
            }
        }
    }
    let digits = out[start..].iter().filter(|b| b.is_ascii_digit()).count();
    if (9..=15).contains(&digits) {
        Ok(())
    } else {
        out.truncate(start);
        Err(Rule::Telefoonnummer)
    }
}

/// Writes an e-mail address in small letters.
///
/// # Errors
/// [`Rule::Email`] unless there is one `@` between a local part and a domain with a dot.
pub fn email(text: &[u8], out: &mut Vec<u8>) -> Result<(), Rule> {
    let at = text.iter().position(|b| *b == b'@').ok_or(Rule::Email)?;
    let (local, domain) = (&text[..at], &text[at + 1..]);
    let plain = text
        .iter()
        .all(|b| !b.is_ascii_whitespace() && !b.is_ascii_control());
    let dotted = domain.iter().skip(1).rev().skip(1).any(|b| *b == b'.');
    if local.is_empty() || domain.contains(&b'@') || !dotted || !plain || text.len() > 254 {
        return Err(Rule::Email);
    }
    out.extend(text.iter().map(u8::to_ascii_lowercase));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(run: impl FnOnce(&mut Vec<u8>) -> Result<(), Rule>) -> Option<String> {
        let mut out = Vec::new();
        run(&mut out).ok().map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn postcodes_get_one_spelling() {
        for good in ["5611 AB", "5611ab", "5611AB"] {
            assert_eq!(
                written(|out| postcode(good.as_bytes(), out)).as_deref(),
                Some("5611AB")
            );
        }
        for bad in [
            "0611AB", "5611SS", "5611", "5611 A", "561 AB", "5611ABC", "", "5611-AB", "éé11AB",
        ] {
            assert_eq!(written(|out| postcode(bad.as_bytes(), out)), None, "{bad}");
        }
    }

    #[test]
    fn region_codes_are_completed() {
        let gemeente =
            |text: &str| written(|out| region(text.as_bytes(), b"GM", 0, Rule::Gemeentecode, out));
        assert_eq!(gemeente("772").as_deref(), Some("GM0772"));
        assert_eq!(gemeente("GM0772").as_deref(), Some("GM0772"));
        assert_eq!(gemeente("GM07721"), None);
        let buurt =
            |text: &str| written(|out| region(text.as_bytes(), b"BU", 4, Rule::Buurtcode, out));
        assert_eq!(buurt("bu0772a1b2").as_deref(), Some("BU0772A1B2"));
        assert_eq!(buurt("BU077201"), None);
    }

    #[test]
    fn sex_and_yes_have_many_spellings() {
        assert_eq!(geslacht(b"Vrouw"), Ok(b'V'));
        assert_eq!(geslacht(b"female"), Ok(b'V'));
        assert_eq!(geslacht(b"7"), Err(Rule::Geslacht));
        assert_eq!(boolean(b"Ja"), Ok(true));
        assert_eq!(boolean(b"onwaar"), Ok(false));
        assert!(boolean(b"2").is_err());
    }

    #[test]
    fn contact_data_is_checked() {
        assert_eq!(
            written(|out| phone(b"(040) 238 91-11", out)).as_deref(),
            Some("0402389111")
        );
        assert_eq!(written(|out| phone(b"06-1234", out)), None);
        assert_eq!(
            written(|out| email(b"A.B@Voorbeeld.NL", out)).as_deref(),
            Some("a.b@voorbeeld.nl")
        );
        assert_eq!(written(|out| email(b"a@b", out)), None);
        assert_eq!(written(|out| email(b"a@b@c.nl", out)), None);
    }

    #[test]
    fn house_numbers_lose_leading_zeros() {
        assert_eq!(
            written(|out| huisnummer(b"0012", out)).as_deref(),
            Some("12")
        );
        for bad in ["0", "", "12a", "123456", "-1"] {
            assert_eq!(
                written(|out| huisnummer(bad.as_bytes(), out)),
                None,
                "{bad}"
            );
        }
    }
}
