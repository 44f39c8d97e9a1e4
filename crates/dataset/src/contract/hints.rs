//! What the name of a column says about its meaning, in the Dutch and English of municipal systems.

use helder_types::SemanticType;

/// Small letters and digits of a header, without accents.
pub(crate) fn folded(name: &str) -> String {
    deunicode::deunicode(name)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The meaning that a header suggests. Values must confirm it.
pub(crate) fn meaning(name: &str) -> Option<SemanticType> {
    SemanticType::suggested_by(&folded(name))
}

/// Whether a header suggests a date.
pub(crate) fn names_a_date(name: &str) -> bool {
    let folded = folded(name);
    [
        "datum", "date", "dat", "begin", "einde", "start", "sinds", "ingang", "dob",
    ]
    .iter()
    .any(|hint| folded.contains(hint))
}

/// A storage name made from a header: letters, digits and underscores.
pub(crate) fn storage_name(header: &str, at: usize) -> String {
    let mut name = String::new();
    for character in deunicode::deunicode(header).chars() {
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name: String = name.trim_end_matches('_').chars().take(50).collect();
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => name,
        Some(_) => format!("c_{name}"),
        None => format!("column_{}", at + 1),
    }
}

#[cfg(test)]
mod tests {
    use helder_types::SemanticType::{
        Bedrag, Bsn, Geboortedatum, Geslacht, GeslachtsnaamPartner, Huisnummertoevoeging,
        Persoonsnummer,
    };

    use super::*;

    #[test]
    fn names_of_municipal_systems_are_understood() {
        for (header, expected) in [
            ("BSN", Bsn),
            ("Burgerservicenummer cliënt", Bsn),
            ("01.01.20", Bsn),
            ("Geb. datum", Geboortedatum),
            ("Geslachtsnaam partner", GeslachtsnaamPartner),
            ("geslacht", Geslacht),
            ("date_of_birth", Geboortedatum),
            ("Huisnummer-toevoeging", Huisnummertoevoeging),
            ("Cliëntnummer", Persoonsnummer),
            ("Bedrag achterstand", Bedrag),
        ] {
            assert_eq!(meaning(header), Some(expected), "{header}");
        }
        assert_eq!(meaning("leeftijd"), None);
    }

    #[test]
    fn storage_names_are_plain() {
        assert_eq!(
            storage_name("Bedrag (€) per máánd", 0),
            "bedrag_eur_per_maand"
        );
        assert_eq!(storage_name("65 jaar of ouder", 0), "c_65_jaar_of_ouder");
        assert_eq!(storage_name("%%", 4), "column_5");
    }
}
