//! Cells of exported CSV.

use std::borrow::Cow;

/// A cell that no spreadsheet takes for a formula, quoted where needed.
///
/// # Source
/// OWASP, "CSV Injection": cells that begin with `= + - @`, tab or carriage return get an apostrophe in front.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = text.contains(['"', ',', ';', '\n', '\r']);
    match (formula, quoted) {
        (false, false) => text.into(),
        (true, false) => format!("'{text}").into(),
        (formula, true) => format!(
            "\"{}{}\"",
            if formula { "'" } else { "" },
            text.replace('"', "\"\"")
        )
        .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused() {
        for (text, expected) in [
            ("gewoon", "gewoon"),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("@SUM(1,2)", "\"'@SUM(1,2)\""),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
