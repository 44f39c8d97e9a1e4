//! Characteristics as levels that are large enough to be told.

use std::collections::BTreeMap;

use helder_model::Meaning;
use helder_report::number;

use crate::{
    small,
    spec::{Characteristic, CharacteristicKind},
    table::Column,
};

/// Levels of a category at most; the rarest others are put together.
const MOST_LEVELS: usize = 20;
/// Bands of a number when none are asked.
const BANDS: usize = 4;

/// A characteristic of all spells that are used.
#[derive(Clone, Debug)]
pub(crate) struct Trait {
    pub(crate) words: Meaning,
    pub(crate) column: String,
    pub(crate) is_soft: bool,
    /// Step that a ratio is told for.
    pub(crate) per: f64,
    /// The numbers themselves; absent for categories.
    pub(crate) numbers: Option<Vec<Option<f64>>>,
    pub(crate) levels: Vec<Level>,
    /// Level per spell; `None` where too few are unknown to be told of.
    pub(crate) level: Vec<Option<usize>>,
    /// The level that others are compared with.
    pub(crate) reference: usize,
}

/// One level; the last may be that of unknown values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Level {
    pub(crate) words: Meaning,
    pub(crate) is_missing: bool,
    pub(crate) n: usize,
}

impl Trait {
    pub(crate) fn new(
        characteristic: &Characteristic,
        column: &Column,
        rows: &[usize],
        smallest: usize,
    ) -> Self {
        let numbers: Option<Vec<Option<f64>>> = (characteristic.kind == CharacteristicKind::Number)
            .then(|| rows.iter().map(|&row| column.number(row)).collect());
        let (words, place, reference) = match &numbers {
            Some(numbers) => bands(characteristic, numbers, smallest),
            None => codes(characteristic, column, rows, smallest),
        };
        let mut levels: Vec<Level> = words
            .into_iter()
            .map(|words| Level {
                words,
                is_missing: false,
                n: 0,
            })
            .collect();
        let n_missing = place.iter().filter(|place| place.is_none()).count();
        let missing = (n_missing >= smallest).then_some(levels.len());
        if missing.is_some() {
            levels.push(Level {
                words: Meaning::new("niet bekend", "not known"),
                is_missing: true,
                n: 0,
            });
        }
        let level: Vec<Option<usize>> = place.into_iter().map(|p| p.or(missing)).collect();
        for &level in level.iter().flatten() {
            levels[level].n += 1;
        }
        Self {
            words: characteristic.title.clone(),
            column: characteristic.column.clone(),
            is_soft: characteristic.soft,
            per: characteristic.per,
            numbers,
            reference: reference.unwrap_or_else(|| most_frequent(&levels)),
            levels,
            level,
        }
    }

    /// The upper median of the known numbers; 0 where there is none.
    pub(crate) fn median(&self) -> f64 {
        let mut known: Vec<f64> = self.numbers.iter().flatten().flatten().copied().collect();
        known.sort_by(f64::total_cmp);
        known.get(known.len() / 2).copied().unwrap_or(0.0)
    }

    /// Spells of each level, in order.
    pub(crate) fn places(&self) -> Vec<Vec<usize>> {
        let mut places = vec![Vec::new(); self.levels.len()];
        for (i, level) in self.level.iter().enumerate() {
            if let Some(level) = level {
                places[*level].push(i);
            }
        }
        places
    }

    /// Spells whose value is known, with their level.
    pub(crate) fn known(&self) -> (Vec<usize>, Vec<u32>) {
        let known = self.level.iter().enumerate().filter_map(|(i, level)| {
            level
                .filter(|&level| !self.levels[level].is_missing)
                .map(|level| (i, level as u32))
        });
        known.unzip()
    }
}

fn most_frequent(levels: &[Level]) -> usize {
    let known = (0..levels.len()).filter(|&i| !levels[i].is_missing);
    known
        .max_by_key(|&i| (levels[i].n, std::cmp::Reverse(i)))
        .unwrap_or(0)
}

type Levels = (Vec<Meaning>, Vec<Option<usize>>, Option<usize>);

/// Numbers in bands; neighbours go together where a band would be too small.
fn bands(characteristic: &Characteristic, numbers: &[Option<f64>], smallest: usize) -> Levels {
    let mut cuts = if characteristic.bands.is_empty() {
        quantiles(numbers)
    } else {
        characteristic.bands.clone()
    };
    let band = |cuts: &[f64], value: f64| cuts.partition_point(|cut| *cut <= value);
    loop {
        let mut counts = vec![0; cuts.len() + 1];
        for value in numbers.iter().flatten() {
            counts[band(&cuts, *value)] += 1;
        }
        let Some(place) = counts.iter().position(|&n| n < smallest) else {
            break;
        };
        if cuts.is_empty() {
            break;
        }
        cuts.remove(place.min(cuts.len() - 1));
    }
    let decimals = cuts
        .iter()
        .map(|cut| {
            if (cut - cut.round()).abs() < 1e-9 {
                0
            } else {
                2
            }
        })
        .max()
        .unwrap_or(0);
    let shown = |value: f64| number::decimal(value, decimals);
    let words = (0..=cuts.len()).map(|i| match (i.checked_sub(1).map(|i| cuts[i]), cuts.get(i)) {
        (None, None) => Meaning::new("alle", "all"),
        (None, Some(to)) => Meaning::new(
            format!("onder {}", shown(*to)),
            format!("under {}", shown(*to)),
        ),
        (Some(from), None) => Meaning::new(
            format!("{} en meer", shown(from)),
            format!("{} and over", shown(from)),
        ),
        (Some(from), Some(to)) => Meaning::new(
            format!("{} tot {}", shown(from), shown(*to)),
            format!("{} to {}", shown(from), shown(*to)),
        ),
    });
    let place = numbers
        .iter()
        .map(|value| value.map(|value| band(&cuts, value)));
    (words.collect(), place.collect(), None)
}

/// Where bands begin that hold about as many spells each.
fn quantiles(numbers: &[Option<f64>]) -> Vec<f64> {
    let mut sorted: Vec<f64> = numbers.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&least), n) = (sorted.first(), sorted.len()) else {
        return Vec::new();
    };
    let mut cuts: Vec<f64> = (1..BANDS)
        .map(|i| readable(sorted[n * i / BANDS]))
        .filter(|cut| *cut > least)
        .collect();
    // Many at the least value, as debts of 0: they are a band of their own.
    if sorted.partition_point(|value| *value <= least) * BANDS >= n {
        cuts.extend(sorted.iter().find(|value| **value > least));
    }
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    cuts
}

/// Two significant digits.
fn readable(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// Codes as levels, in the order of their bytes; rare ones together.
fn codes(
    characteristic: &Characteristic,
    column: &Column,
    rows: &[usize],
    smallest: usize,
) -> Levels {
    let codes: Vec<Option<String>> = rows
        .iter()
        .map(|&row| column.code(row).map(std::borrow::Cow::into_owned))
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for code in codes.iter().flatten() {
        *counts.entry(code).or_default() += 1;
    }
    let (names, sizes): (Vec<&str>, Vec<usize>) = counts.into_iter().unzip();
    let mut by_size = sizes.clone();
    by_size.sort_unstable_by(|a, b| b.cmp(a));
    let enough = by_size
        .get(MOST_LEVELS)
        .map_or(smallest, |n| smallest.max(n + 1));
    let together = small::joined(&sizes, enough);
    let mut words = Vec::new();
    let mut place: BTreeMap<&str, usize> = BTreeMap::new();
    let alone = (0..names.len()).filter(|i| !together.contains(i));
    for name in alone.map(|i| names[i]) {
        let named = characteristic.names.get(name).cloned();
        place.insert(name, words.len());
        words.push(named.unwrap_or_else(|| Meaning::new(name, name)));
    }
    if !together.is_empty() {
        for &i in &together {
            place.insert(names[i], words.len());
        }
        words.push(Meaning::new("overige waarden", "other values"));
    }
    let reference = characteristic
        .reference
        .as_deref()
        .and_then(|code| place.get(code).copied());
    let level = codes
        .iter()
        .map(|code| code.as_deref().and_then(|code| place.get(code).copied()));
    (words, level.collect(), reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category() -> Characteristic {
        Characteristic {
            column: "x".to_owned(),
            kind: CharacteristicKind::Category,
            title: Meaning::new("x", "x"),
            soft: false,
            bands: Vec::new(),
            per: 1.0,
            names: BTreeMap::new(),
            reference: None,
        }
    }

    fn texts(parts: &[(&str, usize)]) -> Column {
        let of = |(text, n): &(&str, usize)| vec![Some((*text).to_owned()); *n];
        Column::Text(parts.iter().flat_map(of).collect())
    }

    #[test]
    fn no_level_is_smaller_than_allowed_and_none_can_be_found_by_subtraction() {
        let column = texts(&[("a", 50), ("b", 4), ("c", 12), ("", 30)]);
        let rows: Vec<usize> = (0..96).collect();
        let found = Trait::new(&category(), &column, &rows, 10);
        let sizes: Vec<usize> = found.levels.iter().map(|level| level.n).collect();
        assert_eq!(sizes, [50, 16, 30]);
        assert!(found.levels[2].is_missing);
    }

    #[test]
    fn many_codes_become_few_levels() {
        let parts: Vec<(String, usize)> = (0..60).map(|i| (format!("{i:02}"), 20 + i)).collect();
        let parts: Vec<(&str, usize)> = parts.iter().map(|(c, n)| (c.as_str(), *n)).collect();
        let column = texts(&parts);
        let rows: Vec<usize> = (0..parts.iter().map(|p| p.1).sum()).collect();
        let found = Trait::new(&category(), &column, &rows, 10);
        assert!(
            found.levels.len() <= MOST_LEVELS + 1,
            "{}",
            found.levels.len()
        );
        assert_eq!(found.levels.iter().map(|l| l.n).sum::<usize>(), rows.len());
    }

    #[test]
    fn many_zeros_are_a_band_of_their_own() {
        let numbers: Vec<Option<f64>> = (0..400)
            .map(|i| Some(if i < 200 { 0.0 } else { f64::from(i) }))
            .collect();
        let number = Characteristic {
            kind: CharacteristicKind::Number,
            ..category()
        };
        let rows: Vec<usize> = (0..400).collect();
        let found = Trait::new(&number, &Column::Number(numbers), &rows, 10);
        assert_eq!(found.levels[0].n, 200);
    }
}
