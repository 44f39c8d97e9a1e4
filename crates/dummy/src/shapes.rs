//! Names, columns and characters of the extracts.

use crate::sheet::Encoding;

/// One extract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extract {
    /// Persons in the BRP.
    Persons,
    /// Where and with whom they lived, one row per change.
    Residences,
    /// Welfare spells, column names as in VNG's analysis.
    Welfare,
    /// Sanctions on benefits.
    Sanctions,
    /// Soft scores by consultants.
    Interviews,
    /// Early signals of arrears.
    Signals,
    /// Debt help.
    DebtHelp,
    /// Income and contract, one row per change.
    Income,
    /// Wmo provisions.
    Wmo,
    /// Youth care.
    YouthCare,
    /// Release from detention.
    Aftercare,
    /// Registered economic homelessness.
    Homelessness,
}

/// How an extract is written.
pub(crate) struct Shape {
    pub(crate) extract: Extract,
    pub(crate) file: &'static str,
    pub(crate) encoding: Encoding,
    pub(crate) delimiter: char,
    pub(crate) columns: &'static [&'static str],
    /// Columns in which an unusable value can appear: BSN (or none) and a date.
    pub(crate) fragile: (Option<usize>, usize),
}

/// All extracts, in the order of [`Extract`].
pub(crate) const SHAPES: [Shape; 12] = [
    Shape {
        extract: Extract::Persons,
        file: "brp_personen.csv",
        encoding: Encoding::Utf8Bom,
        delimiter: ';',
        columns: &[
            "bsn",
            "voornamen",
            "voorvoegsel",
            "geslachtsnaam",
            "voorvoegsel_partner",
            "geslachtsnaam_partner",
            "geboortedatum",
            "geslacht",
            "straatnaam",
            "huisnummer",
            "toevoeging",
            "postcode",
            "woonplaats",
            "buurtcode",
            "groep",
            "datum_inschrijving",
            "datum_uitschrijving",
            "reden_uitschrijving",
            "bekend_sinds",
        ],
        fragile: (Some(0), 6),
    },
    Shape {
        extract: Extract::Residences,
        file: "brp_woonhistorie.csv",
        encoding: Encoding::Utf8,
        delimiter: ';',
        columns: &[
            "bsn",
            "datum_aanvang",
            "gebeurtenis",
            "buurtcode",
            "postcode",
            "huisnummer",
            "toevoeging",
            "eigendom",
            "huishouden",
            "bekend_sinds",
        ],
        fragile: (Some(0), 1),
    },
    Shape {
        extract: Extract::Welfare,
        file: "bijstand.csv",
        encoding: Encoding::Cp1252,
        delimiter: ';',
        columns: &[
            "Dossiernr",
            "Clientnummer",
            "BSN",
            "geboortejaar",
            "geslacht",
            "Type",
            "Startdatum periodiek algemeen",
            "Einddatum periodiek algemeen",
            "Indicatie leefvorm",
            "Omschrijving leefvorm",
            "Oorzaak bijstandsafhankelijkheid",
            "Omschrijving einde bijstandsafhankelijkheid",
            "einde_bekend_sinds",
            "bekend_sinds",
        ],
        fragile: (Some(2), 6),
    },
    Shape {
        extract: Extract::Sanctions,
        file: "maatregelen.csv",
        encoding: Encoding::Cp1252,
        delimiter: ';',
        columns: &["bsn", "datum", "soort", "bedrag", "bekend_sinds"],
        fragile: (Some(0), 1),
    },
    Shape {
        extract: Extract::Interviews,
        file: "gesprekken.csv",
        encoding: Encoding::Cp1252,
        delimiter: ';',
        columns: &["bsn", "datum", "probleemscore", "bekend_sinds"],
        fragile: (Some(0), 1),
    },
    Shape {
        extract: Extract::Signals,
        file: "vroegsignalen.csv",
        encoding: Encoding::Cp1252,
        delimiter: ';',
        columns: &[
            "signaal_id",
            "bsn",
            "voornamen",
            "voorvoegsel",
            "achternaam",
            "geboortedatum",
            "straat",
            "huisnummer",
            "toevoeging",
            "postcode",
            "woonplaats",
            "soort_schuldeiser",
            "bedrag",
            "dagen_achterstand",
            "datum_signaal",
            "einde_levering",
            "zaaknummer",
            "contact",
            "resultaat",
            "bekend_sinds",
        ],
        fragile: (None, 14),
    },
    Shape {
        extract: Extract::DebtHelp,
        file: "schuldhulp.csv",
        encoding: Encoding::Cp1252,
        delimiter: ';',
        columns: &[
            "bsn",
            "datum_aanmelding",
            "aanleiding",
            "schuld",
            "bekend_sinds",
        ],
        fragile: (Some(0), 1),
    },
    Shape {
        extract: Extract::Income,
        file: "inkomen.csv",
        encoding: Encoding::Utf8,
        delimiter: ';',
        columns: &[
            "bsn",
            "ingangsdatum",
            "soort",
            "contract",
            "maandinkomen",
            "bekend_sinds",
        ],
        fragile: (Some(0), 1),
    },
    Shape {
        extract: Extract::Wmo,
        file: "wmo.csv",
        encoding: Encoding::Utf8,
        delimiter: ',',
        columns: &[
            "bsn",
            "productcode",
            "datum_aanvang",
            "datum_einde",
            "volume",
            "eenheid",
            "tarief",
            "declaratiedatum",
            "bekend_sinds",
        ],
        fragile: (Some(0), 2),
    },
    Shape {
        extract: Extract::YouthCare,
        file: "jeugdhulp.csv",
        encoding: Encoding::Cp1252,
        delimiter: ';',
        columns: &[
            "bsn",
            "vorm",
            "datum_aanvang",
            "datum_einde",
            "bekend_sinds",
        ],
        fragile: (Some(0), 2),
    },
    Shape {
        extract: Extract::Aftercare,
        file: "nazorg.csv",
        encoding: Encoding::Utf8,
        delimiter: '\t',
        columns: &["bsn", "datum_invrijheidstelling", "bekend_sinds"],
        fragile: (Some(0), 1),
    },
    Shape {
        extract: Extract::Homelessness,
        file: "dakloosheid.csv",
        encoding: Encoding::Utf8Bom,
        delimiter: ';',
        columns: &["bsn", "datum_vaststelling", "bron", "bekend_sinds"],
        fragile: (Some(0), 1),
    },
];
