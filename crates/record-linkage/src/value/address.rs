//! Addresses in parts.

use super::text::compact;

/// An address in parts, each missing when not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Address {
    /// The four digits of the postcode.
    pub pc4: Option<u16>,
    /// The two letters of the postcode.
    pub letters: Option<[u8; 2]>,
    /// House number.
    pub number: Option<u32>,
    /// Addition to the house number.
    pub addition: Option<String>,
    /// Street, normalised.
    pub street: Option<String>,
    /// Town, normalised.
    pub town: Option<String>,
}

/// The raw fields an address is read from.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawAddress<'a> {
    /// `1234 AB`, or four digits only.
    pub postcode: Option<&'a str>,
    /// House number, perhaps with its addition.
    pub number: Option<&'a str>,
    /// Addition.
    pub addition: Option<&'a str>,
    /// Street.
    pub street: Option<&'a str>,
    /// Town.
    pub town: Option<&'a str>,
}

impl Address {
    /// Reads what is there; a part that cannot be read is missing.
    pub fn parse(raw: RawAddress<'_>) -> Self {
        let postcode = raw.postcode.map(compact).unwrap_or_default();
        let digits = postcode
            .get(..4)
            .filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
        let letters = postcode
            .get(4..)
            .filter(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_lowercase()));
        let (number, tail) = split_number(raw.number.unwrap_or_default());
        let addition = raw
            .addition
            .map(compact)
            .filter(|text| !text.is_empty())
            .or(tail);
        Self {
            pc4: digits.and_then(|part| part.parse().ok()),
            letters: digits
                .and(letters)
                .and_then(|part| part.as_bytes().try_into().ok()),
            number,
            addition,
            street: raw.street.map(street_name).filter(|text| !text.is_empty()),
            town: raw.town.map(town_name).filter(|text| !text.is_empty()),
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.pc4.is_none() && self.street.is_none() && self.town.is_none()
    }

    /// The whole postcode as six characters.
    pub fn pc6(&self) -> Option<[u8; 6]> {
        let (mut pc4, [x, y]) = (self.pc4?, self.letters?);
        let mut out = [b'0', b'0', b'0', b'0', x, y];
        for place in out[..4].iter_mut().rev() {
            *place = b'0' + (pc4 % 10) as u8;
            pc4 /= 10;
        }
        Some(out)
    }
}

/// Whether two postcodes differ by one character or by two neighbours exchanged.
pub fn one_keystroke_apart(a: [u8; 6], b: [u8; 6]) -> bool {
    let mut differing = (0..6).filter(|i| a[*i] != b[*i]);
    match (differing.next(), differing.next(), differing.next()) {
        (Some(_), None, _) => true,
        (Some(i), Some(j), None) => j == i + 1 && a[i] == b[j] && a[j] == b[i],
        _ => false,
    }
}

fn split_number(text: &str) -> (Option<u32>, Option<String>) {
    let text = text.trim();
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let tail = compact(&text[end..]);
    (text[..end].parse().ok(), (!tail.is_empty()).then_some(tail))
}

fn street_name(text: &str) -> String {
    let mut name = compact(text);
    for (short, long) in [("str", "straat"), ("ln", "laan"), ("wg", "weg")] {
        if let Some(stem) = name.strip_suffix(short) {
            name = format!("{stem}{long}");
        }
    }
    name
}

fn town_name(text: &str) -> String {
    // "Alphen a/d Rijn" and "Capelle a.d. IJssel" are written in full in the register.
    let name = compact(
        &text
            .to_lowercase()
            .replace("a/d", "aan den")
            .replace("a.d.", "aan den")
            .replace("a d ", "aan den "),
    );
    match name.as_str() {
        "sgravenhage" => "denhaag".to_owned(),
        "shertogenbosch" => "denbosch".to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_forms_of_one_address_are_equal() {
        let a = Address::parse(RawAddress {
            postcode: Some("5019 gk"),
            number: Some("75-B"),
            town: Some("'s-Gravenhage"),
            ..RawAddress::default()
        });
        let b = Address::parse(RawAddress {
            postcode: Some("5019GK"),
            number: Some("75"),
            addition: Some("b"),
            town: Some("Den Haag"),
            ..RawAddress::default()
        });
        assert_eq!(a, b);
        assert_eq!(a.pc6(), Some(*b"5019gk"));
    }

    #[test]
    fn what_cannot_be_read_is_missing() {
        let address = Address::parse(RawAddress {
            postcode: Some("GK5019"),
            number: Some("x"),
            ..RawAddress::default()
        });
        assert!(address.is_empty() && address.number.is_none());
        let four = Address::parse(RawAddress {
            postcode: Some("4223"),
            ..RawAddress::default()
        });
        assert_eq!((four.pc4, four.pc6()), (Some(4223), None));
    }
}
