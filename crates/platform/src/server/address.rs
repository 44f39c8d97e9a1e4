//! Addresses are logged by whoever passes them on, and their values become parameters of statements that a database may log. So
//! nobody is named in one.

use helder_types::Bsn;

use crate::problem::Problem;

/// Whether a BSN stands in the path or the query, in whatever way they are escaped.
pub(super) fn names_somebody(path: &str, query: &str) -> bool {
    // Most addresses have too few digits.
    let has_digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).nth(8).is_some();
    [path, query]
        .into_iter()
        .any(|text| has_digits(text) && Bsn::stands_in(&unescaped(text)))
}

/// The text with its escapes read; what is no text becomes a sign that stands for that.
fn unescaped(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let escape = match (first, after) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match escape {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &after[2..];
            }
            None if first == b'+' => bytes.push(b' '),
            None => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) fn fault() -> Problem {
    Problem::bad_request(
        "looks-like-bsn",
        "the address holds what looks like a BSN; nobody is named in an address",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_however_it_is_escaped_and_names_of_ours_are_none() {
        for (path, query) in [
            ("/registry/v1/models/249566758", ""),
            ("/registry/v1/projects", "name=Jan+249566758"),
            ("/registry/v1/projects", "limit=5&cursor=249566758"),
            ("/registry/v1/projects", "name=249.566.758"),
            ("/registry/v1/projects", "name=249%20566%20758"),
            ("/registry/v1/projects", "name=%32%34%39566758"),
            ("/registry/v1/projects", "%zz249566758%"),
        ] {
            assert!(names_somebody(path, query), "{path}?{query}");
        }
        for (path, query) in [
            (
                "/registry/v1/model-versions/01a2044e-beaf-7551-9702-161156756447",
                "",
            ),
            (
                "/ingest/v1/x/sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "limit=200&cursor=01a2044e-beaf-7551-9702-16115f756447",
            ),
            (
                "/registry/v1/projects",
                "from=2026-11-22T10%3A11%3A12Z&limit=50",
            ),
            // Does not pass the test of eleven.
            ("/registry/v1/events", "cursor=249566759"),
            ("/registry/v1/events", "a=%"),
        ] {
            assert!(!names_somebody(path, query), "{path}?{query}");
        }
    }
}
