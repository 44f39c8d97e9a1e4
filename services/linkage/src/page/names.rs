//! Blocking rules as Dutch readers call them.

use helder_report::Text;

/// What of a value must be equal, as the engine writes it, and in Dutch.
const PARTS: [(&str, &str); 15] = [
    ("whole", "geheel"),
    ("first name", "eerste naam"),
    ("any name", "een van de namen"),
    ("initial", "voorletter"),
    ("first letters", "eerste letters"),
    ("spelling class", "spellingsgroep"),
    ("sound", "klank"),
    ("year", "jaar"),
    (
        "year, day and month unknown or filled in",
        "jaar, dag en maand onbekend of ingevuld",
    ),
    ("year and month", "jaar en maand"),
    ("month and day", "maand en dag"),
    ("postcode or street", "postcode of straat"),
    (
        "postcode or street, and number",
        "postcode of straat, en huisnummer",
    ),
    ("four digits", "vier cijfers"),
    ("town", "woonplaats"),
];

/// A rule by its label, `comparison part + comparison part …`; a part that has no Dutch name keeps its own.
pub(super) fn rule(label: &str) -> Text {
    let keys: Vec<String> = label.split(" + ").map(key).collect();
    Text::new(keys.join(" + "), label.to_owned())
}

fn key(key: &str) -> String {
    let parts = PARTS.iter().filter_map(|(english, dutch)| {
        let name = key.strip_suffix(english)?.strip_suffix(' ')?;
        Some((name, english.len(), dutch))
    });
    // The longest: "first name" ends in no other part, but "year" could end one.
    match parts.max_by_key(|(_, length, _)| *length) {
        Some((name, _, dutch)) => format!("{name} {dutch}"),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use helder_record_linkage::spec::KeyFunction;

    use super::*;

    #[test]
    fn every_part_has_a_dutch_name() {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        let parts = &document["components"]["schemas"]["KeyFunction"]["enum"];
        let parts: Vec<KeyFunction> = serde_json::from_value(parts.clone()).unwrap();
        assert!(parts.len() > 10);
        for part in parts {
            let known = PARTS.iter().any(|(english, _)| *english == part.as_str());
            assert!(known, "{}", part.as_str());
        }
    }

    #[test]
    fn a_rule_is_told_in_both_languages() {
        let label = "adres postcode or street, and number + naam van de klant first letters + x y";
        let told = rule(label);
        assert_eq!(told.en, label);
        assert_eq!(
            told.nl,
            "adres postcode of straat, en huisnummer + naam van de klant eerste letters + x y"
        );
    }
}
