//! Splitting an address line.

/// Street, house number and addition of `Dorpsstraat 12 a`, `Plein 1944 5-III`, `Lange Voorhout 8 hs`.
///
/// The number is the last word that begins with a digit; an empty number means that none was found.
pub(super) fn split(line: &str) -> (String, String, String) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let begins_with_digit = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let Some(at) = (1..words.len())
        .rev()
        .find(|at| begins_with_digit(words[*at]))
    else {
        return (words.join(" "), String::new(), String::new());
    };
    let digits = words[at].bytes().take_while(u8::is_ascii_digit).count();
    let (number, glued) = words[at].split_at(digits);
    let mut addition = vec![glued.trim_start_matches(['-', '/'])];
    addition.extend(&words[at + 1..]);
    let addition: Vec<&str> = addition
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let number = number.trim_start_matches('0');
    (
        words[..at].join(" "),
        number.to_owned(),
        addition.join(" ").to_uppercase(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_lines_come_apart() {
        for (line, street, number, addition) in [
            ("Dorpsstraat 12 a", "Dorpsstraat", "12", "A"),
            ("Dorpsstraat 12a", "Dorpsstraat", "12", "A"),
            ("Plein 1944 5-III", "Plein 1944", "5", "III"),
            ("2e Jan Steenstraat 7", "2e Jan Steenstraat", "7", ""),
            ("Lange  Voorhout 8 hs", "Lange Voorhout", "8", "HS"),
            ("Kade", "Kade", "", ""),
            ("", "", "", ""),
        ] {
            assert_eq!(
                split(line),
                (street.into(), number.into(), addition.into()),
                "{line}"
            );
        }
    }
}
