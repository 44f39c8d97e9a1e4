//! Where what lies in a cell block of 88 bytes, and which comparisons read it.

use helder_record_linkage::comparison::{ComparisonLevel, MISSING};

/// Bytes of one cell block.
pub const CELL_BYTES: usize = 88;
/// Bytes of a tag.
pub const TAG_BYTES: usize = 8;
/// Bytes of a row token.
pub const TOKEN_BYTES: usize = 8;
/// Bytes of one tag with its cells.
pub const SLOT_BYTES: usize = TAG_BYTES + CELL_BYTES;

/// Fingerprints of two bytes, by place.
pub(crate) mod two {
    pub(crate) const WHOLE: usize = 0;
    pub(crate) const NAMES: [usize; 3] = [2, 4, 6];
    pub(crate) const SPELLING: usize = 8;
    pub(crate) const PARTS: [usize; 3] = [18, 20, 22];
    pub(crate) const PART_SPELLINGS: [usize; 2] = [24, 26];
    pub(crate) const DATE: usize = 32;
    pub(crate) const POSTCODE: usize = 42;
    pub(crate) const NUMBER: usize = 44;
    pub(crate) const STREET: usize = 46;
}

/// Fingerprints of one byte, by place.
pub(crate) mod one {
    pub(crate) const INITIALS: [usize; 2] = [10, 11];
    pub(crate) const FULL: usize = 12;
    pub(crate) const SEVERAL: usize = 13;
    /// Four half bytes each: one per step from common to extremely rare.
    pub(crate) const RARE_WHOLE: usize = 14;
    pub(crate) const RARE_FIRST: usize = 16;
    pub(crate) const RARE_PARTS: [usize; 2] = [28, 30];
    pub(crate) const YEAR: usize = 34;
    pub(crate) const MONTH: usize = 35;
    pub(crate) const DAY: usize = 36;
    pub(crate) const NORMAL: usize = 37;
    pub(crate) const AREA: usize = 48;
    pub(crate) const TOWN: usize = 49;
    pub(crate) const ADDITION: usize = 50;
    pub(crate) const SEX: usize = 51;
    pub(crate) const POSTCODE_SIGNS: [usize; 6] = [52, 53, 54, 55, 56, 57];
    pub(crate) const KNOWN_NAMES: usize = 58;
    pub(crate) const KNOWN_SURNAME: usize = 59;
    pub(crate) const KNOWN_DATE: usize = 60;
    pub(crate) const KNOWN_ADDRESS: usize = 61;
    pub(crate) const KNOWN_SEX: usize = 62;
}

/// Eight half bytes, one per digit of the date.
pub(crate) const DIGITS: usize = 38;
/// Masked filters of 64 bits: first given name, first and second surname part.
pub(crate) const FILTERS: [usize; 3] = [64, 72, 80];

/// What is compared, in the order of a pattern.
pub const COMPARISONS: [(&str, &[ComparisonLevel]); 5] = [
    ("given names", GIVEN_NAMES),
    ("surname", SURNAME),
    ("birth date", DATE),
    ("address", ADDRESS),
    ("sex", SEX),
];

const fn level(label: &'static str, label_nl: &'static str, start_m: f64) -> ComparisonLevel {
    ComparisonLevel {
        label,
        label_nl,
        by_frequency: false,
        start_m,
    }
}

/// Levels of the given names.
pub const GIVEN_NAMES: &[ComparisonLevel] = &[
    MISSING,
    level("all equal, very rare", "alle gelijk, zeer zeldzaam", 0.15),
    level("all equal, rare", "alle gelijk, zeldzaam", 0.15),
    level("all equal, not common", "alle gelijk, niet gewoon", 0.15),
    level("all equal, common", "alle gelijk, gewoon", 0.10),
    level(
        "first equal, very rare",
        "eerste gelijk, zeer zeldzaam",
        0.05,
    ),
    level(
        "first equal, not common",
        "eerste gelijk, niet gewoon",
        0.08,
    ),
    level("first equal, common", "eerste gelijk, gewoon", 0.07),
    level("another equal", "een andere gelijk", 0.02),
    level("nearly equal", "bijna gelijk", 0.06),
    level("two initials equal", "twee voorletters gelijk", 0.05),
    level("single initial equal", "één voorletter gelijk", 0.05),
    level(
        "exchanged with the surname",
        "verwisseld met de achternaam",
        0.01,
    ),
    level(
        "similar, or the same first letter",
        "lijkt erop, of zelfde eerste letter",
        0.04,
    ),
    level("different", "verschillend", 0.02),
];

/// Levels of the surname.
pub const SURNAME: &[ComparisonLevel] = &[
    MISSING,
    level(
        "own and partner's equal",
        "eigen naam en partnernaam gelijk",
        0.15,
    ),
    level("equal, extremely rare", "gelijk, uiterst zeldzaam", 0.15),
    level("equal, very rare", "gelijk, zeer zeldzaam", 0.15),
    level("equal, rare", "gelijk, zeldzaam", 0.12),
    level("equal, not common", "gelijk, niet gewoon", 0.12),
    level("equal, common", "gelijk, gewoon", 0.11),
    level(
        "one part equal, very rare",
        "één deel gelijk, zeer zeldzaam",
        0.02,
    ),
    level(
        "one part equal, not common",
        "één deel gelijk, niet gewoon",
        0.02,
    ),
    level("one part equal", "één deel gelijk", 0.02),
    level("nearly equal", "bijna gelijk", 0.07),
    level("one part nearly equal", "één deel bijna gelijk", 0.02),
    level(
        "exchanged with the given name",
        "verwisseld met de voornaam",
        0.01,
    ),
    level("similar", "lijkt erop", 0.02),
    level("different", "verschillend", 0.02),
];

/// Levels of the birth date.
pub const DATE: &[ComparisonLevel] = &[
    MISSING,
    level("equal", "gelijk", 0.89),
    level(
        "equal, day and month filled in",
        "gelijk, dag en maand ingevuld",
        0.018,
    ),
    level(
        "year and month equal, day unknown",
        "jaar en maand gelijk, dag onbekend",
        0.01,
    ),
    level("day and month exchanged", "dag en maand verwisseld", 0.01),
    level("one digit differs", "één cijfer verschilt", 0.03),
    level(
        "year equal, rest unknown or filled in",
        "jaar gelijk, rest onbekend of ingevuld",
        0.02,
    ),
    level(
        "two of year, month and day equal",
        "twee van jaar, maand en dag gelijk",
        0.01,
    ),
    level("year equal", "jaar gelijk", 0.01),
    level("different", "verschillend", 0.002),
];

/// Levels of the address.
pub const ADDRESS: &[ComparisonLevel] = &[
    MISSING,
    level("equal", "gelijk", 0.65),
    level(
        "equal but for the addition",
        "gelijk op de toevoeging na",
        0.06,
    ),
    level(
        "number equal, postcode nearly",
        "huisnummer gelijk, postcode bijna",
        0.06,
    ),
    level(
        "postcode or street equal",
        "postcode of straat gelijk",
        0.05,
    ),
    level("postcode area equal", "postcodegebied gelijk", 0.04),
    level("town equal", "woonplaats gelijk", 0.06),
    level("different", "verschillend", 0.08),
];

/// Levels of the sex.
pub const SEX: &[ComparisonLevel] = &[
    MISSING,
    level("equal", "gelijk", 0.98),
    level("different", "verschillend", 0.02),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comparison_starts_as_a_distribution_and_fits_in_a_pattern() {
        for (name, levels) in COMPARISONS {
            let sum: f64 = levels.iter().map(|level| level.start_m).sum();
            assert!(
                (sum - 1.0).abs() < 1e-9 && levels.len() <= 16,
                "{name} {sum}"
            );
        }
    }
}
