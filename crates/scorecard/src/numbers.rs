//! Bins of numbers.

use crate::{
    BinSettings, Bins,
    bin::Bin,
    optimal::{Cell, cuts},
};

/// Cells between the candidate edges, and the edges.
fn cells(sorted: &[(f64, bool)], most: usize) -> (Vec<Cell>, Vec<f64>) {
    let mut firsts: Vec<usize> = (1..sorted.len())
        .filter(|i| sorted[*i].0 > sorted[*i - 1].0)
        .collect();
    if firsts.len() > most {
        let n = sorted.len();
        let wanted = (1..=most).map(|i| i * n / (most + 1));
        let mut at: Vec<usize> = wanted
            .filter_map(|place| {
                // The edge nearest behind the quantile, so that equal values stay together.
                let next = firsts.partition_point(|first| *first < place);
                firsts.get(next).copied()
            })
            .collect();
        at.dedup();
        firsts = at;
    }
    let edges: Vec<f64> = firsts
        .iter()
        .map(|first| middle(sorted[first - 1].0, sorted[*first].0))
        .collect();
    firsts.push(sorted.len());
    let mut from = 0;
    let cells = firsts.iter().map(|to| {
        let part = &sorted[from..*to];
        from = *to;
        Cell {
            rows: part.len() as u64,
            events: part.iter().filter(|(_, event)| *event).count() as u64,
        }
    });
    (cells.collect(), edges)
}

/// The shortest number between two neighbours, above the one and up to the other: easier to read than the exact middle.
fn middle(below: f64, above: f64) -> f64 {
    let half = below / 2.0 + above / 2.0;
    for digits in 0..17_i32 {
        let shown = format!("{half:.*e}", digits as usize);
        if let Ok(rounded) = shown.parse::<f64>()
            && below < rounded
            && rounded <= above
        {
            return rounded;
        }
    }
    above
}

pub(crate) fn bins(values: &[Option<f64>], outcome: &[bool], settings: &BinSettings) -> Bins {
    let rows = values.iter().zip(outcome);
    let mut sorted: Vec<(f64, bool)> = rows
        .filter_map(|(value, event)| Some(((*value)?, *event)))
        .collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all = Cell {
        rows: outcome.len() as u64,
        events: outcome.iter().filter(|event| **event).count() as u64,
    };
    let (cells, edges) = cells(&sorted, settings.candidates);
    let cuts = cuts(&cells, all, settings);
    let bins = joined(&cells, &cuts, all);
    Bins::Numbers {
        edges: cuts.iter().map(|cut| edges[cut - 1]).collect(),
        bins,
        missing: missing(values.len() - sorted.len(), &sorted, all),
    }
}

fn missing(rows: usize, with_value: &[(f64, bool)], all: Cell) -> Option<Bin> {
    let events = with_value.iter().filter(|(_, event)| *event).count() as u64;
    bin_of_missing(rows as u64, all.events - events, all)
}

/// The bin of missing values, where there are any.
pub(crate) fn bin_of_missing(rows: u64, events: u64, all: Cell) -> Option<Bin> {
    (rows > 0).then(|| Bin::new(rows, events, (all.rows, all.events)))
}

/// Bins of the cells between the cuts.
pub(crate) fn joined(cells: &[Cell], cuts: &[usize], all: Cell) -> Vec<Bin> {
    let mut edges = vec![0];
    edges.extend(cuts);
    edges.push(cells.len());
    edges
        .windows(2)
        .map(|bin| {
            let part = &cells[bin[0]..bin[1]];
            let rows = part.iter().map(|cell| cell.rows).sum();
            let events = part.iter().map(|cell| cell.events).sum();
            Bin::new(rows, events, (all.rows, all.events))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::middle;

    #[test]
    fn edges_are_short_and_lie_between_their_neighbours() {
        for (below, above, expected) in [
            (17.0, 18.0, 18.0),
            (11.0, 12.0, 12.0),
            (0.1, 0.2, 0.2),
            (999.0, 1500.0, 1000.0),
            (-3.0, 4.0, 0.5),
            (1.0, 1.0 + f64::EPSILON, 1.0 + f64::EPSILON),
            (-1e300, 1e300, 0.0),
        ] {
            assert_eq!(
                middle(below, above).to_bits(),
                f64::to_bits(expected),
                "{below} {above}"
            );
        }
    }
}
