//! The rules a record can break, each with its reason in words. No reason contains a value.

use serde::{Deserialize, Serialize};

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $reason:literal;)+) => {
        /// A rule that a record or a value broke.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[repr(u8)]
        pub enum Rule {
            $($(#[$doc])* $name,)+
        }

        impl Rule {
            /// All rules.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Stable code, as in the quarantine part.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What is wrong, for a person.
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)+ }
            }
        }
    };
}

rules! {
    /// Missing where a value is needed.
    Required = "required", "a value is required";
    /// No BSN.
    Bsn = "bsn", "not a BSN: nine digits that pass the eleven-test";
    /// No postcode.
    Postcode = "postcode", "not a postcode";
    /// No house number.
    Huisnummer = "huisnummer", "not a house number from 1 to 99999";
    /// No calendar date in the stated format.
    Date = "date", "not a date in the stated format";
    /// A birth date outside 1850 to today.
    Geboortedatum = "geboortedatum", "not a birth date between 1850 and today";
    /// No whole number.
    Integer = "integer", "not a whole number";
    /// No number.
    Number = "number", "not a number in the stated notation";
    /// No amount of money.
    Bedrag = "bedrag", "not an amount with at most two decimals";
    /// No yes or no.
    Boolean = "boolean", "neither yes nor no";
    /// No name of a person.
    Name = "name", "not a name: letters are needed, digits are not allowed";
    /// Unknown notation of sex.
    Geslacht = "geslacht", "not one of the notations for M, V or O";
    /// No phone number.
    Telefoonnummer = "telefoonnummer", "not a phone number";
    /// No e-mail address.
    Email = "email", "not an e-mail address";
    /// No municipality code.
    Gemeentecode = "gemeentecode", "not GM and four digits";
    /// No district code.
    Wijkcode = "wijkcode", "not WK and six characters";
    /// No neighbourhood code.
    Buurtcode = "buurtcode", "not BU and eight characters";
    /// Not in the code list.
    Enum = "enum", "not in the code list";
    /// Below the least value.
    Minimum = "minimum", "below the least value allowed";
    /// Above the greatest value.
    Maximum = "maximum", "above the greatest value allowed";
    /// Does not match the pattern.
    Pattern = "pattern", "does not match the pattern";
    /// Too long.
    MaxLength = "max-length", "longer than allowed";
    /// Control characters in text.
    ControlCharacter = "control-character", "contains control characters";
    /// Same key as an earlier record.
    PrimaryKey = "primary-key", "an earlier record has the same key";
    /// Too few or too many fields.
    FieldCount = "field-count", "has more or fewer fields than the header";
    /// A quote that is not closed, or is closed in the middle of a field.
    BrokenQuote = "broken-quote", "a quote is not closed, or closes before the end of its field";
    /// Bytes that the encoding does not have.
    Encoding = "encoding", "contains bytes that do not fit the encoding of the file";
    /// A NUL byte.
    NulByte = "nul-byte", "contains a NUL byte";
    /// Too many bytes.
    RecordLength = "record-length", "is longer than a record may be";
    /// A line that is no flat JSON object.
    JsonObject = "json-object", "is not one JSON object with plain values and distinct keys";
    /// Left out by a recipe.
    Filter = "filter", "left out by a filter of the recipe";
    /// Left out as a duplicate by a recipe.
    Duplicate = "duplicate", "left out as a duplicate by the recipe";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct() {
        let codes: std::collections::BTreeSet<_> =
            Rule::ALL.iter().map(|rule| rule.code()).collect();
        assert_eq!(codes.len(), Rule::ALL.len());
    }
}
