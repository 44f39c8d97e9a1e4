//! Who is at risk when: one row per distinct time, for all that counts people.

#![expect(
    clippy::float_cmp,
    reason = "spells that end at the very same time are ties"
)]

use crate::{Spells, spells::Cause};

/// Whole times up to this many are counted instead of sorted.
const COUNTED: f64 = 4_194_304.0;

/// What happens at one time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct At {
    pub(crate) time: f64,
    /// Weight of the spells at risk just before.
    pub(crate) n_risk: f64,
    /// Weight that ends here, by any cause.
    pub(crate) n_event: f64,
    /// Weight that was last seen here.
    pub(crate) n_censor: f64,
}

/// Distinct ends in order.
pub(crate) fn risk_table(spells: &Spells) -> Vec<At> {
    let mut table = counted(spells).unwrap_or_else(|| sorted(spells));
    let leaving: Vec<f64> = table.iter().map(|at| at.n_event + at.n_censor).collect();
    let mut at_risk = 0.0;
    for (at, leaving) in table.iter_mut().zip(leaving).rev() {
        at_risk += leaving;
        at.n_risk = at_risk;
    }
    if let Some(entry) = &spells.entry {
        let mut entries: Vec<(f64, f64)> = (0..spells.len())
            .map(|i| (entry[i], spells.weight_of(i)))
            .collect();
        entries.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut entries = entries.into_iter().peekable();
        let mut not_yet = 0.0;
        for at in table.iter_mut().rev() {
            while let Some((_, weight)) = entries.next_if(|(entry, _)| *entry >= at.time) {
                not_yet += weight;
            }
            at.n_risk -= not_yet;
        }
    }
    table
}

/// One pass over the spells when all times are whole and small, as days and months are.
fn counted(spells: &Spells) -> Option<Vec<At>> {
    let most = spells.time.iter().copied().fold(0.0, f64::max);
    if most >= COUNTED {
        return None;
    }
    let mut ends = vec![[0.0; 2]; most as usize + 1];
    let mut seen = vec![false; ends.len()];
    for (i, &time) in spells.time.iter().enumerate() {
        let day = time as usize;
        if day as f64 != time {
            return None;
        }
        ends[day][usize::from(spells.is_event(i))] += spells.weight_of(i);
        seen[day] = true;
    }
    let rows = ends
        .into_iter()
        .zip(seen)
        .enumerate()
        .filter(|(_, (_, seen))| *seen);
    Some(
        rows.map(|(day, ([n_censor, n_event], _))| at(day as f64, n_event, n_censor))
            .collect(),
    )
}

fn sorted(spells: &Spells) -> Vec<At> {
    let mut order: Vec<u32> = (0..spells.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| spells.time[a as usize].total_cmp(&spells.time[b as usize]));
    let mut table: Vec<At> = Vec::new();
    for i in order.into_iter().map(|i| i as usize) {
        let time = spells.time[i];
        if table.last().is_none_or(|last| last.time < time) {
            table.push(at(time, 0.0, 0.0));
        }
        if let Some(last) = table.last_mut() {
            let to = if spells.is_event(i) {
                &mut last.n_event
            } else {
                &mut last.n_censor
            };
            *to += spells.weight_of(i);
        }
    }
    table
}

fn at(time: f64, n_event: f64, n_censor: f64) -> At {
    At {
        time,
        n_risk: 0.0,
        n_event,
        n_censor,
    }
}

/// Weight that ends by each cause at each time of `table`: shape `(times, causes)`, cause `c` at `c − 1`.
pub(crate) fn by_cause(spells: &Spells, table: &[At], n_causes: usize) -> Vec<Vec<f64>> {
    let mut counts = vec![vec![0.0; n_causes]; table.len()];
    for i in (0..spells.len()).filter(|&i| spells.is_event(i)) {
        let place = place_of(table, spells.time[i]);
        counts[place][(spells.cause[i] - 1) as usize] += spells.weight_of(i);
    }
    counts
}

/// Where a time of a spell stands in the table.
pub(crate) fn place_of(table: &[At], time: f64) -> usize {
    table.partition_point(|at| at.time < time)
}

/// Spells per value of a label, in order of the label.
pub(crate) fn by_label(labels: &[Cause]) -> Vec<(Cause, Vec<usize>)> {
    let mut places = std::collections::BTreeMap::<Cause, Vec<usize>>::new();
    for (i, &label) in labels.iter().enumerate() {
        places.entry(label).or_default().push(i);
    }
    places.into_iter().collect()
}
