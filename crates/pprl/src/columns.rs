//! Which columns of a file hold what.

use std::collections::BTreeSet;

use helder_record_linkage::Table;
use serde::{Deserialize, Serialize};

/// Names of columns; what is absent is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Columns {
    /// Given names or initials.
    pub given_names: Option<String>,
    /// Surname, with or without prefix.
    pub surname: Option<String>,
    /// The partner's surname.
    pub partner_surname: Option<String>,
    /// Birth date, `YYYY-MM-DD` or `YYYYMMDD`, zeros for unknown parts.
    pub birth_date: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// House number.
    pub number: Option<String>,
    /// Addition to the house number.
    pub addition: Option<String>,
    /// Street.
    pub street: Option<String>,
    /// Town.
    pub town: Option<String>,
    /// Sex.
    pub sex: Option<String>,
    /// BSN. Named only when the project may use it; it leaves as a keyed hash and nothing else.
    pub bsn: Option<String>,
}

/// Why the columns cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnFault {
    /// A named column does not exist.
    #[error("there is no column {0}")]
    Missing(String),
    /// Too little to link on.
    #[error(
        "too little to link on: name at least a surname or given names, and a birth date or a postcode"
    )]
    TooFew,
}

impl Columns {
    /// The usual Dutch and English names, where the file has them. Never a BSN: that one is chosen by name.
    pub fn guess<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let first = |known: &[&str]| {
            known
                .iter()
                .find(|name| names.contains(**name))
                .map(|name| (*name).to_owned())
        };
        Self {
            given_names: first(&[
                "voornamen",
                "voornaam",
                "given_names",
                "given_name",
                "first_name",
            ]),
            surname: first(&["geslachtsnaam", "achternaam", "surname", "last_name"]),
            partner_surname: first(&["geslachtsnaam_partner", "partner_surname"]),
            birth_date: first(&["geboortedatum", "birth_date", "date_of_birth"]),
            postcode: first(&["postcode"]),
            number: first(&["huisnummer", "house_number", "street_number"]),
            addition: first(&[
                "toevoeging",
                "huisnummertoevoeging",
                "house_number_addition",
            ]),
            street: first(&["straatnaam", "straat", "street"]),
            town: first(&["woonplaats", "town"]),
            sex: first(&["geslacht", "sex"]),
            bsn: None,
        }
    }

    /// Every name, whatever it is for.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        [
            &self.given_names,
            &self.surname,
            &self.partner_surname,
            &self.birth_date,
            &self.postcode,
            &self.number,
            &self.addition,
            &self.street,
            &self.town,
            &self.sex,
            &self.bsn,
        ]
        .into_iter()
        .filter_map(Option::as_deref)
    }

    /// All that is wrong with these columns for `table`.
    pub fn faults(&self, table: &Table) -> Vec<ColumnFault> {
        let mut faults: Vec<_> = self
            .named()
            .filter(|name| table.column(name).is_none())
            .map(|name| ColumnFault::Missing(name.to_owned()))
            .collect();
        let name = self.surname.is_some() || self.given_names.is_some();
        let other = self.birth_date.is_some() || self.postcode.is_some();
        if !(name && other) && self.bsn.is_none() {
            faults.push(ColumnFault::TooFew);
        }
        faults
    }
}
