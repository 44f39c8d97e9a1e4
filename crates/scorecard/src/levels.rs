//! Bins of levels.

use std::collections::BTreeMap;

use crate::{
    BinSettings, Bins, Group, Trend,
    numbers::{bin_of_missing, joined},
    optimal::{Cell, cuts},
};

/// Levels ascending by the share of events, neighbours put together. For the information value, a convex measure, nothing better exists
/// among all ways to group them: L. Breiman and others, *Classification and Regression Trees* (1984), section 4.2.
pub(crate) fn bins(values: &[Option<&str>], outcome: &[bool], settings: &BinSettings) -> Bins {
    let mut counts: BTreeMap<&str, Cell> = BTreeMap::new();
    let (mut all, mut missing) = (Cell::default(), Cell::default());
    for (value, event) in values.iter().zip(outcome) {
        let cell = match value {
            Some(level) => counts.entry(level).or_default(),
            None => &mut missing,
        };
        cell.rows += 1;
        cell.events += u64::from(*event);
        all.rows += 1;
        all.events += u64::from(*event);
    }
    let with_level = (all.rows - missing.rows) as f64;
    let least = (with_level * settings.min_share).ceil() as u64;
    // By itself the share of events of a rare level is mostly chance; ordering by it would promise what later rows do not keep.
    let (rare, common): (Vec<_>, Vec<_>) = counts
        .into_iter()
        .partition(|(_, cell)| cell.rows < least.max(1) || cell.rows < settings.min_of_each);
    let mut parts: Vec<(Vec<&str>, Cell)> = common
        .into_iter()
        .map(|(level, cell)| (vec![level], cell))
        .collect();
    if !rare.is_empty() {
        let cell = rare.iter().fold(Cell::default(), |sum, (_, cell)| Cell {
            rows: sum.rows + cell.rows,
            events: sum.events + cell.events,
        });
        parts.push((Vec::new(), cell));
    }
    // Equal shares in the order of the names.
    parts.sort_by(|(names_a, a), (names_b, b)| {
        let (left, right) = (
            u128::from(a.events) * u128::from(b.rows),
            u128::from(b.events) * u128::from(a.rows),
        );
        left.cmp(&right).then_with(|| names_a.cmp(names_b))
    });
    let cells: Vec<Cell> = parts.iter().map(|(_, cell)| *cell).collect();
    let ascending = BinSettings {
        trend: Trend::Ascending,
        ..settings.clone()
    };
    let cuts = cuts(&cells, all, &ascending);
    let (mut groups, mut from) = (Vec::new(), 0);
    for to in cuts.iter().copied().chain([parts.len()]) {
        let mut levels: Vec<String> = parts[from..to]
            .iter()
            .flat_map(|(names, _)| names.iter().map(|name| (*name).to_owned()))
            .collect();
        levels.sort();
        groups.push(Group {
            levels,
            takes_others: parts[from..to].iter().any(|(names, _)| names.is_empty()),
        });
        from = to;
    }
    Bins::Levels {
        groups,
        bins: joined(&cells, &cuts, all),
        missing: bin_of_missing(missing.rows, missing.events, all),
    }
}
