//! Dates by their parts.

use super::{
    Compare, ComparisonLevel, MISSING, Outcome, Side,
    features::Features,
    level,
    tokens::{Scratch, Tokens},
};
use crate::{
    spec::{ColumnPair, ComparisonSpec, KeyFunction},
    table::Table,
    value::PartialDate,
};

pub(super) const LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level("date equal", "datum gelijk", true, 0.908),
    level(
        "year and month equal, day unknown",
        "jaar en maand gelijk, dag onbekend",
        false,
        0.01,
    ),
    level(
        "day and month exchanged",
        "dag en maand verwisseld",
        false,
        0.01,
    ),
    level("one digit differs", "één cijfer verschilt", false, 0.03),
    level(
        "year equal, day and month unknown or filled in",
        "jaar gelijk, dag en maand onbekend of ingevuld",
        false,
        0.02,
    ),
    level(
        "two of year, month and day equal",
        "twee van jaar, maand en dag gelijk",
        false,
        0.01,
    ),
    level("year equal", "jaar gelijk", false, 0.01),
    level("different", "verschillend", false, 0.002),
];

/// See [`LEVELS`].
pub(super) struct DateComparison {
    values: Features<PartialDate>,
    shares: Vec<f64>,
    collision: f64,
}

impl DateComparison {
    pub(super) fn bind(column: &ColumnPair, left: &Table, right: &Table) -> Self {
        let values = Features::read(
            (left, [Some(&column.left)]),
            (right, [Some(&column.right)]),
            |[text]| PartialDate::parse(text?),
        );
        let (shares, collision) = values.shares();
        Self {
            values,
            shares,
            collision,
        }
    }
}

fn unequal(a: PartialDate, b: PartialDate) -> u8 {
    let years = a.year == b.year;
    if !a.is_whole() || !b.is_whole() {
        let months_known = a.month != 0 && b.month != 0;
        return match (years, months_known) {
            (true, true) if a.month == b.month => 2,
            (true, false) => 5,
            (true, true) if a.is_default() || b.is_default() => 5,
            (true, true) => 7,
            (false, _) => 8,
        };
    }
    if years && a.day == b.month && a.month == b.day {
        return 3;
    }
    if years && (a.is_default() != b.is_default()) {
        return 5;
    }
    if a.one_keystroke_from(b) {
        return 4;
    }
    let equal_parts = u8::from(years) + u8::from(a.month == b.month) + u8::from(a.day == b.day);
    match (equal_parts, years) {
        (2, _) => 6,
        (_, true) => 7,
        _ => 8,
    }
}

impl Compare for DateComparison {
    fn levels(&self) -> &[ComparisonLevel] {
        LEVELS
    }

    fn touch(&self, pairs: &[(u32, u32)], _: &Tokens) -> u64 {
        self.values.touch(pairs, |date| u64::from(date.year))
    }

    fn cost(&self) -> u8 {
        2
    }

    fn compare(&self, left: usize, right: usize, _: &Tokens, _: &mut Scratch) -> Outcome {
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Outcome::MISSING;
        };
        if a == b {
            if a.is_whole() {
                return Outcome::with(1, self.shares[self.values.code(Side::Left, left) as usize]);
            }
            return Outcome::at(if a.month == 0 { 5 } else { 2 });
        }
        Outcome::at(unequal(*a, *b))
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, _: &Tokens, out: &mut Vec<u64>) {
        let Some(date) = self.values.get(side, row) else {
            return;
        };
        let number = match key {
            KeyFunction::Whole if date.is_whole() => date.ordinal(),
            KeyFunction::Year => u32::from(date.year),
            KeyFunction::YearMonth if date.month != 0 => date.ordinal() / 100,
            // Unordered, so that exchanged day and month still meet.
            KeyFunction::MonthDay if date.is_whole() => {
                u32::from(date.month.min(date.day)) * 100 + u32::from(date.month.max(date.day))
            }
            _ => return,
        };
        out.push(u64::from(number));
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        Some(self.collision)
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, _: &mut Tokens) {
        if let ComparisonSpec::Date { column, .. } = spec {
            let names = [Some(column.right.as_str())];
            self.values
                .replace_right((right, names), |[text]| PartialDate::parse(text?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_of_dates_reaches_the_level_it_should() {
        let date = |text| PartialDate::parse(text).unwrap();
        for (a, b, expected) in [
            ("19801105", "19800511", 3),
            ("19801105", "19801115", 4),
            ("19801105", "19800101", 5),
            ("19801105", "19800000", 5),
            ("19801105", "19801100", 2),
            ("19801105", "19801128", 6),
            ("19801105", "19800328", 7),
            ("19801105", "19510328", 8),
            ("19801105", "19810000", 8),
        ] {
            assert_eq!(unequal(date(a), date(b)), expected, "{a} {b}");
            assert_eq!(unequal(date(b), date(a)), expected, "{b} {a}");
        }
    }
}
