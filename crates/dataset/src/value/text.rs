//! Text: one spelling of blanks and accents, no control characters.

use unicode_normalization::UnicodeNormalization;

use crate::rule::Rule;

/// Writes text with single blanks between words, in Unicode form NFC.
///
/// # Errors
/// [`Rule::ControlCharacter`] for control characters other than tab and line ends, which become blanks.
/// [`Rule::Encoding`] when the bytes are not UTF-8.
pub fn clean(text: &[u8], out: &mut Vec<u8>) -> Result<(), Rule> {
    // One pass without branches: most texts are one word of visible ASCII.
    let odd = text.iter().fold(0, |odd, byte| {
        odd | u8::from(byte.wrapping_sub(b'!') >= 0x7f - b'!')
    });
    if odd == 0 {
        super::append(out, text);
        return Ok(());
    }
    if text.is_ascii() {
        return clean_ascii(text, out);
    }
    let text = std::str::from_utf8(text).map_err(|_| Rule::Encoding)?;
    let start = out.len();
    let mut blank = false;
    let mut encoded = [0; 4];
    for character in text.nfc() {
        if character.is_whitespace() {
            blank = out.len() > start;
        } else if character.is_control() {
            out.truncate(start);
            return Err(Rule::ControlCharacter);
        } else {
            if blank {
                out.push(b' ');
                blank = false;
            }
            out.extend_from_slice(character.encode_utf8(&mut encoded).as_bytes());
        }
    }
    Ok(())
}

fn clean_ascii(text: &[u8], out: &mut Vec<u8>) -> Result<(), Rule> {
    let start = out.len();
    let mut previous = 0_u8;
    let mut plain = true;
    for &byte in text {
        plain &= byte > b' ' && byte != 0x7f || byte == b' ' && previous != b' ';
        previous = byte;
    }
    if plain {
        out.extend_from_slice(text);
        return Ok(());
    }
    let mut blank = false;
    for &byte in text {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => blank = out.len() > start,
            0..=31 | 127 => {
                out.truncate(start);
                return Err(Rule::ControlCharacter);
            }
            _ => {
                if blank {
                    out.push(b' ');
                    blank = false;
                }
                out.push(byte);
            }
        }
    }
    Ok(())
}

/// Writes the name of a person, cleaned.
///
/// # Errors
/// [`Rule::Name`] when it has a digit or no letter; the errors of [`clean`].
pub fn name(text: &[u8], out: &mut Vec<u8>) -> Result<(), Rule> {
    let letter = text.iter().any(|b| b.is_ascii_alphabetic() || *b >= 0x80);
    if !letter || text.len() > 240 || text.iter().any(u8::is_ascii_digit) {
        return Err(Rule::Name);
    }
    clean(text, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> Result<String, Rule> {
        let mut out = Vec::new();
        clean(text.as_bytes(), &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn blanks_become_one_and_accents_get_one_form() {
        assert_eq!(cleaned("van  der\tBerg").unwrap(), "van der Berg");
        assert_eq!(cleaned("Jose\u{301}  Peña").unwrap(), "José Peña");
        assert_eq!(cleaned("regel 1\r\nregel 2").unwrap(), "regel 1 regel 2");
    }

    #[test]
    fn control_characters_are_refused() {
        for bad in ["a\u{7}b", "a\u{1b}[31m", "a\u{85}b\u{9d}", "\u{7f}"] {
            assert!(cleaned(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_name_has_letters_and_no_digits() {
        let named = |text: &str| name(text.as_bytes(), &mut Vec::new());
        assert!(named("O'Brien-d'Ávila").is_ok());
        assert_eq!(named("J4nsen"), Err(Rule::Name));
        assert_eq!(named("-"), Err(Rule::Name));
    }
}
