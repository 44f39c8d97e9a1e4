//! What is remembered of one field while its records stream by.

use super::sketch::{Distinct, Frequencies, Quantiles};
use crate::{
    column::{Column, Texts, Values},
    hash,
    value::date::civil_from_days,
};

/// Distribution of dates: exact counts per month.
#[derive(Clone, Debug, Default)]
pub(crate) struct Months {
    /// Counts from January of year 0 of [`FIRST_YEAR`].
    counts: Vec<u64>,
    pub(crate) count: u64,
}

const FIRST_YEAR: i32 = 1800;
const YEARS: i32 = 400;

impl Months {
    fn add_days(&mut self, days: i32) {
        let (year, month, _) = civil_from_days(days);
        self.add(year, month);
    }

    fn add(&mut self, year: i32, month: u32) {
        self.count += 1;
        let at = ((year - FIRST_YEAR).clamp(0, YEARS) * 12 + month as i32 - 1) as usize;
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
    }

    /// Years that occur, with counts.
    pub(crate) fn years(&self) -> Vec<(i32, u64)> {
        let sums = self
            .counts
            .chunks(12)
            .enumerate()
            .map(|(year, months)| (FIRST_YEAR + year as i32, months.iter().sum()));
        sums.filter(|(_, count)| *count > 0).collect()
    }
}

/// What may be said about the distribution of a column.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Numbers.
    Numbers(Box<Quantiles>),
    /// Dates.
    Dates(Box<Months>),
    /// Few different texts.
    Texts(Box<Frequencies>),
    /// Nothing: the column identifies.
    Hidden,
}

/// Summary of one field.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Distinct values of the field itself.
    pub(crate) distinct: Distinct,
    /// Distribution of the field, or of what analysis gets of it (year of birth, numeric postcode).
    pub(crate) shape: Shape,
    pub(crate) present: u64,
    of_extra: bool,
}

impl Profile {
    pub(crate) fn of(main: &Column, extra: Option<&Column>, in_analysis: bool) -> Self {
        let shown = match (extra, in_analysis) {
            (Some(extra), _) => Some(extra),
            (None, true) if !main.name.ends_with("_pseudonym") => Some(main),
            _ => None,
        };
        let shape = match shown.map(|column| &column.values) {
            None => Shape::Hidden,
            Some(Values::Int64(_) | Values::Int32(_) | Values::Float64(_)) => {
                Shape::Numbers(Box::default())
            }
            Some(Values::Date32(_)) => Shape::Dates(Box::default()),
            Some(Values::Boolean(_) | Values::Text(_)) => Shape::Texts(Box::default()),
        };
        Self {
            distinct: Distinct::default(),
            shape,
            present: 0,
            of_extra: extra.is_some(),
        }
    }

    /// Takes a batch of accepted values.
    pub(crate) fn add(&mut self, main: &Column, extra: Option<&Column>) {
        let Self {
            distinct,
            shape,
            present,
            of_extra,
        } = self;
        let valid = main.valid.iter();
        *present += valid.map(|valid| u64::from(*valid)).sum::<u64>();
        // One pass where the column that is counted is the one that is shown; two where they differ.
        match (&main.values, &mut *shape, *of_extra) {
            (Values::Text(texts), Shape::Texts(frequencies), false) => {
                for text in present_texts(texts, &main.valid) {
                    let fingerprint = hash::of_bytes(text);
                    if frequencies.add(fingerprint, text) {
                        distinct.add(fingerprint);
                    }
                }
                return;
            }
            _ => count_distinct(main, distinct),
        }
        let shown = if *of_extra {
            extra.unwrap_or(main)
        } else {
            main
        };
        let valid = &shown.valid;
        match (&shown.values, shape) {
            (Values::Int64(values), Shape::Numbers(sketch)) => {
                present_values(values, valid).for_each(|value| sketch.add(value as f64));
            }
            (Values::Int32(values), Shape::Numbers(sketch)) => {
                present_values(values, valid).for_each(|value| sketch.add(f64::from(value)));
            }
            (Values::Float64(values), Shape::Numbers(sketch)) => {
                present_values(values, valid).for_each(|value| sketch.add(value));
            }
            (Values::Date32(values), Shape::Dates(months)) => {
                present_values(values, valid).for_each(|value| months.add_days(value));
            }
            (Values::Boolean(values), Shape::Texts(frequencies)) => {
                present_values(values, valid).for_each(|value| {
                    frequencies.add(u64::from(value), if value { b"true" } else { b"false" });
                });
            }
            (Values::Text(texts), Shape::Texts(frequencies)) if !frequencies.is_overflowed() => {
                for text in present_texts(texts, valid) {
                    frequencies.add(hash::of_bytes(text), text);
                }
            }
            _ => {}
        }
    }
}

/// The values that are there.
fn present_values<T: Copy>(values: &[T], valid: &[bool]) -> impl Iterator<Item = T> {
    let pairs = values.iter().zip(valid);
    pairs.filter(|(_, valid)| **valid).map(|(value, _)| *value)
}

/// The texts that are there.
fn present_texts<'a>(texts: &'a Texts, valid: &'a [bool]) -> impl Iterator<Item = &'a [u8]> {
    let ends = texts.offsets.windows(2).zip(valid);
    ends.filter(|(_, valid)| **valid)
        .map(|(ends, _)| &texts.bytes[ends[0] as usize..ends[1] as usize])
}

fn count_distinct(column: &Column, distinct: &mut Distinct) {
    let valid = &column.valid;
    let mut add = |fingerprint| distinct.add(fingerprint);
    match &column.values {
        Values::Int64(values) => {
            present_values(values, valid)
                .for_each(|value| add(hash::of_u64(value.cast_unsigned())));
        }
        Values::Int32(values) | Values::Date32(values) => present_values(values, valid)
            .for_each(|value| add(hash::of_u64(u64::from(value.cast_unsigned())))),
        Values::Float64(values) => {
            present_values(values, valid).for_each(|value| add(hash::of_u64(value.to_bits())));
        }
        Values::Boolean(values) => {
            present_values(values, valid).for_each(|value| add(hash::of_u64(u64::from(value))));
        }
        Values::Text(texts) => {
            present_texts(texts, valid).for_each(|text| add(hash::of_bytes(text)));
        }
    }
}
