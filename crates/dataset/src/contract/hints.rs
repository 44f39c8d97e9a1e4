//! What the name of a column says about its meaning, in the Dutch and English of municipal systems.

use helder_types::SemanticType::{
    self, Bedrag, Bsn, Buurtcode, Email, Geboortedatum, Gemeentecode, Geslacht, Geslachtsnaam,
    GeslachtsnaamPartner, Huisnummer, Huisnummertoevoeging, Persoonsnummer, Postcode, Straatnaam,
    Telefoonnummer, Voornamen, Voorvoegsel, VoorvoegselPartner, Wijkcode, Woonplaats,
};

/// Names that mean a semantic type when the folded header equals them.
const EQUAL: &[(&str, SemanticType)] = &[
    ("sofi", Bsn),
    ("010120", Bsn),
    ("pc", Postcode),
    ("zip", Postcode),
    ("zipcode", Postcode),
    ("081160", Postcode),
    ("huisnr", Huisnummer),
    ("hnr", Huisnummer),
    ("nummer", Huisnummer),
    ("streetnumber", Huisnummer),
    ("housenumber", Huisnummer),
    ("081120", Huisnummer),
    ("toevoeging", Huisnummertoevoeging),
    ("huisletter", Huisnummertoevoeging),
    ("straat", Straatnaam),
    ("street", Straatnaam),
    ("streetname", Straatnaam),
    ("address1", Straatnaam),
    ("plaats", Woonplaats),
    ("city", Woonplaats),
    ("suburb", Woonplaats),
    ("town", Woonplaats),
    ("dob", Geboortedatum),
    ("gebdat", Geboortedatum),
    ("gebdatum", Geboortedatum),
    ("birthdate", Geboortedatum),
    ("dateofbirth", Geboortedatum),
    ("010310", Geboortedatum),
    ("voorletters", Voornamen),
    ("roepnaam", Voornamen),
    ("givenname", Voornamen),
    ("firstname", Voornamen),
    ("010210", Voornamen),
    ("achternaam", Geslachtsnaam),
    ("naam", Geslachtsnaam),
    ("surname", Geslachtsnaam),
    ("lastname", Geslachtsnaam),
    ("familyname", Geslachtsnaam),
    ("010240", Geslachtsnaam),
    ("tussenvoegsel", Voorvoegsel),
    ("tussenvoegsels", Voorvoegsel),
    ("010230", Voorvoegsel),
    ("mv", Geslacht),
    ("gender", Geslacht),
    ("sex", Geslacht),
    ("010410", Geslacht),
    ("tel", Telefoonnummer),
    ("mobiel", Telefoonnummer),
    ("phone", Telefoonnummer),
    ("mail", Email),
    ("emailaddress", Email),
    ("anummer", Persoonsnummer),
    ("iban", Persoonsnummer),
    ("socsecid", Persoonsnummer),
    ("kenteken", Persoonsnummer),
    ("gmcode", Gemeentecode),
    ("wkcode", Wijkcode),
    ("bucode", Buurtcode),
];

/// Names that mean a semantic type when the folded header contains them; the first that fits decides.
const CONTAINED: &[(&str, SemanticType)] = &[
    ("burgerservicenummer", Bsn),
    ("sofinummer", Bsn),
    ("bsn", Bsn),
    ("geslachtsnaampartner", GeslachtsnaamPartner),
    ("achternaampartner", GeslachtsnaamPartner),
    ("partnernaam", GeslachtsnaamPartner),
    ("naampartner", GeslachtsnaamPartner),
    ("voorvoegselpartner", VoorvoegselPartner),
    ("tussenvoegselpartner", VoorvoegselPartner),
    ("geboortedatum", Geboortedatum),
    ("postcode", Postcode),
    ("postalcode", Postcode),
    ("huisnummertoevoeging", Huisnummertoevoeging),
    ("toevoeginghuisnummer", Huisnummertoevoeging),
    ("huisnummer", Huisnummer),
    ("straatnaam", Straatnaam),
    ("woonplaats", Woonplaats),
    ("voornaam", Voornamen),
    ("voornamen", Voornamen),
    ("geslachtsnaam", Geslachtsnaam),
    ("geslachtnaam", Geslachtsnaam),
    ("voorvoegsel", Voorvoegsel),
    ("geslacht", Geslacht),
    ("telefoon", Telefoonnummer),
    ("email", Email),
    ("clientnummer", Persoonsnummer),
    ("clientnr", Persoonsnummer),
    ("klantnummer", Persoonsnummer),
    ("klantnr", Persoonsnummer),
    ("persoonsnummer", Persoonsnummer),
    ("rekeningnummer", Persoonsnummer),
    ("gemeentecode", Gemeentecode),
    ("wijkcode", Wijkcode),
    ("buurtcode", Buurtcode),
    ("bedrag", Bedrag),
    ("schuld", Bedrag),
    ("inkomen", Bedrag),
    ("euro", Bedrag),
    ("amounteur", Bedrag),
];

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
    let folded = folded(name);
    let equal = EQUAL.iter().find(|(hint, _)| *hint == folded);
    equal
        .or_else(|| CONTAINED.iter().find(|(hint, _)| folded.contains(hint)))
        .map(|(_, meaning)| *meaning)
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
