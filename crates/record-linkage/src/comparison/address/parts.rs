//! Addresses from parts that are each parsed once: a table has many addresses and few postcodes, numbers, additions, streets and towns.

use rayon::prelude::*;

use crate::{
    table::Column,
    value::address::{Address, RawAddress},
};

/// What an address says, parsed.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) pc4: Option<u16>,
    pub(super) pc6: Option<[u8; 6]>,
    pub(super) number: Option<u32>,
    pub(super) addition: Option<&'a str>,
    pub(super) street: Option<&'a str>,
    pub(super) town: Option<&'a str>,
}

type Text = Option<Box<str>>;

/// What the distinct texts of the columns of a table say, by their codes.
pub(super) struct Parts {
    postcodes: Vec<(Option<u16>, Option<[u8; 6]>)>,
    /// Numbers, with the addition written behind them.
    numbers: Vec<(Option<u32>, Text)>,
    additions: Vec<Text>,
    streets: Vec<Text>,
    towns: Vec<Text>,
}

fn texts<'a, T: Send>(
    column: Option<&'a Column>,
    field: impl Fn(&mut RawAddress<'a>, &'a str) + Sync,
    part: impl Fn(Address) -> T + Sync,
) -> Vec<T> {
    let codes = 0..=column.map_or(0, Column::n_distinct) as u32;
    codes
        .into_par_iter()
        .map(|code| {
            let mut raw = RawAddress::default();
            if let Some(text) = column.and_then(|column| column.text(code)) {
                field(&mut raw, text);
            }
            part(Address::parse(raw))
        })
        .collect()
}

impl Parts {
    /// Parses the columns of postcodes, numbers, additions, streets and towns.
    pub(super) fn of(
        [postcodes, numbers, additions, streets, towns]: [Option<&Column>; 5],
    ) -> Self {
        let text = |text: Option<String>| text.map(String::into_boxed_str);
        Self {
            postcodes: texts(
                postcodes,
                |raw, text| raw.postcode = Some(text),
                |address| (address.pc4, address.pc6()),
            ),
            numbers: texts(
                numbers,
                |raw, text| raw.number = Some(text),
                |address| (address.number, text(address.addition)),
            ),
            additions: texts(
                additions,
                |raw, text| raw.addition = Some(text),
                |address| text(address.addition),
            ),
            streets: texts(
                streets,
                |raw, text| raw.street = Some(text),
                |address| text(address.street),
            ),
            towns: texts(
                towns,
                |raw, text| raw.town = Some(text),
                |address| text(address.town),
            ),
        }
    }

    /// The address with these codes: what [`Address::parse`] makes of all the texts together.
    pub(super) fn address(
        &self,
        [postcode, number, addition, street, town]: [u32; 5],
    ) -> Known<'_> {
        let (pc4, pc6) = self.postcodes[postcode as usize];
        let (number, behind) = &self.numbers[number as usize];
        let written = self.additions[addition as usize].as_deref();
        Known {
            pc4,
            pc6,
            number: *number,
            addition: written.or(behind.as_deref()),
            street: self.streets[street as usize].as_deref(),
            town: self.towns[town as usize].as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_read_apart_are_those_of_the_whole_address() {
        let fields: [&[&str]; 5] = [
            &["1234 AB", "1234", "x", "12345 Z", "5019gk"],
            &["1", "12 a", "7-B", "bis", "0"],
            &["", "a", "-", "huis 2"],
            &["Dorpsstr", "Kerkln.", "'t Hof", ""],
            &["'s-Gravenhage", "Alphen a/d Rijn", "?"],
        ];
        let columns = fields.map(|texts| Column::from_texts(texts.iter().map(|text| Some(*text))));
        let parts = Parts::of(columns.each_ref().map(Some));
        let n = columns
            .each_ref()
            .map(|column| column.n_distinct() as u32 + 1);
        let mut seen = 0;
        for i in 0..n.iter().product::<u32>() {
            let mut rest = i;
            let codes = n.map(|n| {
                let code = rest % n;
                rest /= n;
                code
            });
            let text = |place: usize| columns[place].text(codes[place]);
            let whole = Address::parse(RawAddress {
                postcode: text(0),
                number: text(1),
                addition: text(2),
                street: text(3),
                town: text(4),
            });
            let found = parts.address(codes);
            assert_eq!(
                (found.pc4, found.pc6, found.number, found.addition),
                (
                    whole.pc4,
                    whole.pc6(),
                    whole.number,
                    whole.addition.as_deref()
                )
            );
            assert_eq!(
                (found.street, found.town),
                (whole.street.as_deref(), whole.town.as_deref())
            );
            let nothing = found.pc4.is_none() && found.street.is_none() && found.town.is_none();
            assert_eq!(nothing, whole.is_empty());
            seen += 1;
        }
        assert!(seen > 1000);
    }
}
