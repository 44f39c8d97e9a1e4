//! From texts to keyed words: every distinct value is read and hashed once.

use std::collections::HashMap;

use rayon::prelude::*;

use helder_record_linkage::{
    Column, Table,
    value::{
        Address, GivenNames, PartKind, PartialDate, address::RawAddress, spelling::spelling_key,
        surname, text::normalise,
    },
};

use crate::{
    columns::Columns,
    prf::Prf,
    signs::{GramList, Grams, Signs},
};

/// Shares of the records below which a name is not common, rare, very rare, extremely rare.
const STEPS: [f64; 4] = [1.0 / 500.0, 1.0 / 2_000.0, 1.0 / 8_000.0, 1.0 / 32_000.0];

/// How rare a name is: 0 common, 4 extremely rare.
pub(crate) type Rarity = u8;

/// Given names of one text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) whole: u64,
    pub(crate) names: [u64; 3],
    pub(crate) spelling: u64,
    pub(crate) prefix: u64,
    pub(crate) initials: [u64; 2],
    pub(crate) full: bool,
    pub(crate) rarity_whole: Rarity,
    pub(crate) rarity_first: Rarity,
    pub(crate) grams: GramList,
}

/// One part of a surname.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    pub(crate) word: u64,
    pub(crate) spelling: u64,
    pub(crate) prefix: u64,
    pub(crate) reading: bool,
    pub(crate) rarity: Rarity,
    pub(crate) grams: GramList,
}

/// A date.
#[derive(Clone, Debug, Default)]
pub(crate) struct Date {
    pub(crate) whole: u64,
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
    /// Each 0 to 9.
    pub(crate) digits: [u8; 8],
    /// Whole, and not a date that stands for an unknown one.
    pub(crate) normal: bool,
    pub(crate) month_day: u64,
}

/// A postcode.
#[derive(Clone, Debug, Default)]
pub(crate) struct Postcode {
    pub(crate) whole: u64,
    pub(crate) area: u64,
    /// The six letters and digits; all 0 when the postcode is not known to the letter.
    pub(crate) signs: [u8; 6],
}

/// A house number; some are written with their addition.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Number {
    pub(crate) number: u64,
    pub(crate) addition: u64,
}

/// Columns that are read.
const COLUMNS: usize = 11;
/// Codes of a row, one per column; 0 is missing. Filled up to a size of which no row crosses more cache lines than it must.
pub(crate) type Codes = [u32; 12];

/// Values of one column, one per code.
pub(crate) struct Values<'t, V> {
    codes: Option<&'t [u32]>,
    distinct: Vec<V>,
    /// Place of the column in [`Codes`].
    place: usize,
}

impl<'t, V: Default + Send> Values<'t, V> {
    fn read(
        table: &'t Table,
        (place, name): (usize, &Option<String>),
        parse: impl Fn(&str) -> V + Sync,
    ) -> Self {
        let column: Option<&Column> = name.as_deref().and_then(|name| table.column(name));
        let n_distinct = column.map_or(0, Column::n_distinct) as u32;
        let distinct = (0..=n_distinct)
            .into_par_iter()
            .map(|code| {
                column
                    .and_then(|column| column.text(code))
                    .map_or_else(V::default, &parse)
            })
            .collect();
        Self {
            codes: column.map(Column::codes),
            distinct,
            place,
        }
    }

    /// The value of a row; the empty one when it is missing.
    #[inline]
    pub(crate) fn of(&self, row: &Codes) -> &V {
        &self.distinct[row[self.place] as usize]
    }

    /// Rows per value, the missing one first.
    fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.distinct.len()];
        for code in self.codes.unwrap_or_default() {
            counts[*code as usize] += 1;
        }
        counts
    }
}

/// All words of a table.
pub(crate) struct Words<'t> {
    pub(crate) given: Values<'t, Given>,
    pub(crate) own: Values<'t, Vec<Part>>,
    pub(crate) partner: Values<'t, Vec<Part>>,
    pub(crate) date: Values<'t, Date>,
    pub(crate) postcode: Values<'t, Postcode>,
    pub(crate) number: Values<'t, Number>,
    pub(crate) addition: Values<'t, u64>,
    pub(crate) street: Values<'t, u64>,
    pub(crate) town: Values<'t, u64>,
    pub(crate) sex: Values<'t, u64>,
    pub(crate) bsn: Values<'t, u64>,
    /// Word of "no addition": two addresses without one agree on it.
    pub(crate) no_addition: u64,
    pub(crate) grams: Grams,
    pub(crate) signs: Signs,
    rows: Vec<Codes>,
}

impl<'t> Words<'t> {
    /// Reads the columns of a table.
    pub(crate) fn read(prf: &Prf, columns: &Columns, table: &'t Table) -> Self {
        let word = |domain: &str, text: &str| prf.word(domain, text.as_bytes());
        let address = |raw: RawAddress<'_>| Address::parse(raw);
        let mut words = Self {
            given: Values::read(table, (0, &columns.given_names), |text| given(prf, text)),
            own: Values::read(table, (1, &columns.surname), |text| {
                parts(prf, Some(text), None)
            }),
            partner: Values::read(table, (2, &columns.partner_surname), |text| {
                parts(prf, None, Some(text))
            }),
            date: Values::read(table, (3, &columns.birth_date), |text| date(prf, text)),
            postcode: Values::read(table, (4, &columns.postcode), |text| postcode(prf, text)),
            number: Values::read(table, (5, &columns.number), |text| {
                let read = address(RawAddress {
                    number: Some(text),
                    ..RawAddress::default()
                });
                Number {
                    number: read.number.map_or(0, |n| word("number", &n.to_string())),
                    addition: read.addition.map_or(0, |text| word("addition", &text)),
                }
            }),
            addition: Values::read(table, (6, &columns.addition), |text| {
                let read = address(RawAddress {
                    addition: Some(text),
                    ..RawAddress::default()
                });
                read.addition.map_or(0, |text| word("addition", &text))
            }),
            street: Values::read(table, (7, &columns.street), |text| {
                let read = address(RawAddress {
                    street: Some(text),
                    ..RawAddress::default()
                });
                read.street.map_or(0, |text| word("street", &text))
            }),
            town: Values::read(table, (8, &columns.town), |text| {
                let read = address(RawAddress {
                    town: Some(text),
                    ..RawAddress::default()
                });
                read.town
                    .map_or(0, |text| word("town", &spelling_key(&text)))
            }),
            sex: Values::read(table, (9, &columns.sex), |text| {
                match normalise(text).as_str() {
                    "m" | "man" | "male" | "1" => word("sex", "m"),
                    "v" | "vrouw" | "f" | "female" | "2" => word("sex", "v"),
                    _ => 0,
                }
            }),
            bsn: Values::read(table, (10, &columns.bsn), |text| {
                bsn(text).map_or(0, |digits| prf.word("bsn", &digits))
            }),
            no_addition: word("addition", ""),
            grams: Grams::new(prf),
            signs: Signs::new(prf),
            rows: Vec::new(),
        };
        words.rows = words.by_row(table.n_rows());
        words.weigh(table.n_rows());
        words
    }

    /// Codes of a row.
    #[inline]
    pub(crate) fn row(&self, row: usize) -> &Codes {
        &self.rows[row]
    }

    /// Brings the values of some rows that are spread over memory nearer, all at once.
    pub(crate) fn touch(&self, rows: &[Codes]) {
        let one = |row: &Codes| {
            let part = |parts: &Vec<Part>| parts.first().map_or(0, |part| part.word);
            self.given.of(row).whole
                ^ part(self.own.of(row))
                ^ self.date.of(row).whole
                ^ self.postcode.of(row).whole
        };
        std::hint::black_box(rows.iter().fold(0, |all, row| all ^ one(row)));
    }

    /// The codes row by row. Rows are encoded in random order: together they are one look into memory, column by column eleven.
    fn by_row(&self, n_rows: usize) -> Vec<Codes> {
        let columns: [Option<&[u32]>; COLUMNS] = [
            self.given.codes,
            self.own.codes,
            self.partner.codes,
            self.date.codes,
            self.postcode.codes,
            self.number.codes,
            self.addition.codes,
            self.street.codes,
            self.town.codes,
            self.sex.codes,
            self.bsn.codes,
        ];
        (0..n_rows)
            .into_par_iter()
            .map(|row| {
                let mut codes = Codes::default();
                for (code, column) in codes.iter_mut().zip(columns) {
                    *code = column.map_or(0, |column| column[row]);
                }
                codes
            })
            .collect()
    }

    /// Says of every name how usual it is in this file.
    fn weigh(&mut self, n_rows: usize) {
        let n = n_rows.max(1) as f64;
        let rarity = |count: u32| {
            let share = f64::from(count) / n;
            STEPS.iter().take_while(|step| share < **step).count() as Rarity
        };
        let (mut whole, mut first) = (HashMap::new(), HashMap::new());
        for (value, count) in self.given.distinct.iter().zip(self.given.counts()) {
            *whole.entry(value.whole).or_insert(0) += count;
            *first.entry(value.names[0]).or_insert(0) += count;
        }
        for value in &mut self.given.distinct {
            value.rarity_whole = rarity(whole[&value.whole]);
            value.rarity_first = rarity(first[&value.names[0]]);
        }
        let mut names = HashMap::new();
        for column in [&self.own, &self.partner] {
            for (value, count) in column.distinct.iter().zip(column.counts()) {
                for part in value {
                    *names.entry(part.word).or_insert(0) += count;
                }
            }
        }
        for part in [&mut self.own, &mut self.partner]
            .into_iter()
            .flat_map(|column| &mut column.distinct)
            .flatten()
        {
            part.rarity = rarity(names[&part.word]);
        }
    }
}

fn given(prf: &Prf, text: &str) -> Given {
    let Some(read) = GivenNames::parse(text) else {
        return Given::default();
    };
    let mut names = [0; 3];
    for (word, name) in names.iter_mut().zip(&read.names) {
        *word = prf.word("name", name.as_bytes());
    }
    let mut initials = [0; 2];
    for (word, initial) in initials.iter_mut().zip(&read.initials) {
        *word = prf.word("initial", &[*initial]);
    }
    let first = read.names.first();
    Given {
        whole: prf.word("given names", read.whole().as_bytes()),
        names,
        spelling: first.map_or(0, |name| {
            prf.word("spelling", spelling_key(name).as_bytes())
        }),
        prefix: first.map_or(0, |name| prf.word("prefix", prefix(name))),
        initials,
        full: !read.initials_only,
        grams: first.map_or_else(GramList::default, |name| Grams::of(name)),
        ..Given::default()
    }
}

fn parts(prf: &Prf, own: Option<&str>, partner: Option<&str>) -> Vec<Part> {
    let read = surname::parts(own, partner);
    let part = |part: surname::SurnamePart| Part {
        word: prf.word("name", part.core.as_bytes()),
        spelling: prf.word("spelling", spelling_key(&part.core).as_bytes()),
        prefix: prf.word("prefix", prefix(&part.core)),
        reading: part.kind == PartKind::Reading,
        rarity: 0,
        grams: Grams::of(&part.core),
    };
    read.into_iter().map(part).collect()
}

/// The first three letters.
fn prefix(name: &str) -> &[u8] {
    &name.as_bytes()[..name.len().min(3)]
}

fn date(prf: &Prf, text: &str) -> Date {
    let Some(read) = PartialDate::parse(text) else {
        return Date::default();
    };
    let number = |domain: &str, number: u32| prf.word(domain, &number.to_le_bytes());
    let known = |part: u8| {
        if part == 0 {
            0
        } else {
            number("month or day", u32::from(part))
        }
    };
    let (low, high) = (read.month.min(read.day), read.month.max(read.day));
    Date {
        whole: number("date", read.ordinal()),
        year: number("year", u32::from(read.year)),
        month: known(read.month),
        day: known(read.day),
        digits: read.digits(),
        normal: read.is_whole() && !read.is_default(),
        month_day: if read.is_whole() {
            number("month and day", u32::from(low) * 100 + u32::from(high))
        } else {
            0
        },
    }
}

fn postcode(prf: &Prf, text: &str) -> Postcode {
    let read = Address::parse(RawAddress {
        postcode: Some(text),
        ..RawAddress::default()
    });
    Postcode {
        whole: read.pc6().map_or(0, |pc6| prf.word("postcode", &pc6)),
        area: read
            .pc4
            .map_or(0, |pc4| prf.word("area", &pc4.to_le_bytes())),
        signs: read.pc6().unwrap_or_default(),
    }
}

/// The nine digits of a number that passes the eleven test and is no dummy.
fn bsn(text: &str) -> Option<[u8; 9]> {
    let mut digits = [0; 9];
    let found: Vec<u8> = text
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|b| b - b'0')
        .collect();
    let start = 9_usize
        .checked_sub(found.len())
        .filter(|start| *start <= 1)?;
    digits[start..].copy_from_slice(&found);
    let sum = digits[..8]
        .iter()
        .zip((2..=9).rev())
        .map(|(digit, weight)| i32::from(*digit) * weight)
        .sum::<i32>()
        - i32::from(digits[8]);
    let all_equal = digits.iter().all(|digit| *digit == digits[0]);
    (sum % 11 == 0 && !all_equal).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bsn_counts_when_it_passes_the_eleven_test() {
        assert!(bsn("111222333").is_some());
        assert_eq!(bsn("11122233 3"), bsn("111222333"));
        for bad in ["111222334", "999999999", "000000000", "1234567", ""] {
            assert_eq!(bsn(bad), None, "{bad}");
        }
    }
}
