//! What a column means, beyond its storage type.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Meaning of a column. Decides its checks, whether it identifies a person directly, and how linkage compares it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SemanticType {
    /// Burgerservicenummer, replaced by a pseudonym on the way in.
    Bsn,
    /// Dutch postcode, `1234 AB`.
    Postcode,
    /// House number, 1 to 99999.
    Huisnummer,
    /// Addition to the house number.
    Huisnummertoevoeging,
    /// Street name.
    Straatnaam,
    /// Town.
    Woonplaats,
    /// Birth date; day or month may be unknown (`00`).
    Geboortedatum,
    /// Given names, or initials.
    Voornamen,
    /// Surname without prefix.
    Geslachtsnaam,
    /// Surname prefix ("van der").
    Voorvoegsel,
    /// Surname of the partner.
    GeslachtsnaamPartner,
    /// Prefix of the partner's surname.
    VoorvoegselPartner,
    /// M, V or O (unknown).
    Geslacht,
    /// Phone number.
    Telefoonnummer,
    /// E-mail address.
    Email,
    /// Another direct identifier of a person (client number, account number).
    Persoonsnummer,
    /// CBS code of a municipality.
    Gemeentecode,
    /// CBS code of a district.
    Wijkcode,
    /// CBS code of a neighbourhood.
    Buurtcode,
    /// Amount of money, stored as integer cents.
    Bedrag,
    /// One of a closed list of codes.
    Code,
}

impl SemanticType {
    /// Whether the column points at a person by itself and so never enters an analysis part.
    pub const fn identifies_directly(self) -> bool {
        !matches!(
            self,
            Self::Geslacht
                | Self::Gemeentecode
                | Self::Wijkcode
                | Self::Buurtcode
                | Self::Bedrag
                | Self::Code
        )
    }
}
