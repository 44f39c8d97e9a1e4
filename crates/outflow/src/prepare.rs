//! From a frame to spells: what is used, what is set apart and why.

use std::collections::BTreeMap;

use helder_model::Meaning;
use helder_survival::{Cause, Spells};
use helder_types::Fault;

use crate::{
    check::{End, truth},
    error::OutflowError,
    quality::{Quality, Reason, SetApart},
    small,
    spec::{EndCause, OutflowSpec},
    table::{Column, Table},
    traits::Trait,
};

/// Spells are at least this many times the smallest cell.
const LEAST: usize = 10;

/// Everything that is looked at, one entry per spell that is used.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    pub(crate) spec: &'a OutflowSpec,
    pub(crate) spells: Spells,
    /// Whether some came into sight after their beginning.
    pub(crate) is_delayed: bool,
    /// When each came into sight, where some came late.
    pub(crate) entries: Option<Vec<f64>>,
    /// Cause `c` at `c − 1`.
    pub(crate) causes: Vec<CauseName>,
    pub(crate) persons: Option<Vec<u32>>,
    pub(crate) traits: Vec<Trait>,
    /// Per provision, when it began.
    pub(crate) provisions: Vec<Vec<Option<f64>>>,
    pub(crate) quality: Quality,
}

/// A cause as the report tells it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CauseName {
    pub(crate) words: Meaning,
    /// Names of the causes that were too rare to stand alone.
    pub(crate) parts: Vec<Meaning>,
    /// Ended, nobody knows why.
    pub(crate) is_unknown: bool,
    pub(crate) n: usize,
}

impl<'a> Prepared<'a> {
    /// # Errors
    /// [`OutflowError::Invalid`] with all faults.
    pub(crate) fn new(table: &Table, spec: &'a OutflowSpec) -> Result<Self, OutflowError> {
        let mut faults = spec.faults();
        if faults.is_empty() {
            faults = spec.faults_against(table);
        }
        if !faults.is_empty() {
            return Err(OutflowError::Invalid(faults));
        }
        let mut apart: BTreeMap<Reason, u64> = BTreeMap::new();
        let (mut rows, mut times, mut entries, mut ends) = (vec![], vec![], vec![], vec![]);
        let codes = spec.codes();
        for row in 0..table.rows() {
            match spell(table, spec, &codes, row) {
                Ok((time, entry, end)) => {
                    rows.push(row);
                    times.push(time);
                    entries.push(entry);
                    ends.push(end);
                }
                Err(reason) => *apart.entry(reason).or_default() += 1,
            }
        }
        let smallest = spec.smallest_cell as usize;
        let n_ends = ends.iter().filter(|end| **end != End::Running).count();
        let mut faults = Vec::new();
        if rows.len() < LEAST * smallest {
            let detail = format!(
                "{} of {} rows are spells that can be used; at least {} are needed",
                rows.len(),
                table.rows(),
                LEAST * smallest
            );
            faults.push(Fault::new("/time", "too-few-spells", detail));
        }
        if n_ends < smallest {
            let detail = format!("fewer than {smallest} spells end: nothing can be said");
            faults.push(Fault::new("/ends", "too-few-ends", detail));
        }
        if !faults.is_empty() {
            return Err(OutflowError::Invalid(faults));
        }
        let (causes, cause) = causes(spec, &ends);
        let mut spells = Spells::competing(&times, &cause)?;
        let is_delayed = entries.iter().any(|entry| *entry > 0.0);
        if is_delayed {
            spells = spells.entered_at(&entries)?;
        }
        let column = |name: &str| table.column(name).ok_or(OutflowError::Column);
        let traits = spec.characteristics.iter().map(|characteristic| {
            let column = column(&characteristic.column)?;
            Ok(Trait::new(characteristic, column, &rows, smallest))
        });
        let provisions = spec.provisions.iter().map(|provision| {
            let column = column(&provision.column)?;
            Ok(rows.iter().map(|&row| column.number(row)).collect())
        });
        let persons = spec.person.as_deref().map(column).transpose()?;
        let traits = traits.collect::<Result<Vec<Trait>, OutflowError>>()?;
        let provisions = provisions.collect::<Result<_, OutflowError>>()?;
        let persons = persons.map(|column| persons_of(column, &rows));
        let apart = apart
            .into_iter()
            .map(|(reason, rows)| SetApart { reason, rows });
        let quality = Quality::new(table, spec, &rows, &ends, apart.collect(), &causes);
        Ok(Self {
            is_delayed,
            entries: is_delayed.then_some(entries),
            spec,
            spells,
            causes,
            persons,
            traits,
            provisions,
            quality,
        })
    }

    pub(crate) fn smallest(&self) -> usize {
        self.spec.smallest_cell as usize
    }

    /// Months in units of the clock.
    pub(crate) fn time_of(&self, months: u32) -> f64 {
        f64::from(months) * self.spec.time_unit.per_month()
    }

    /// Units of the clock in months, for people.
    pub(crate) fn months(&self, time: f64) -> f64 {
        small::rounded(time / self.spec.time_unit.per_month())
    }
}

/// One row as a spell: end, entry and how it ended; or why it is none.
fn spell(
    table: &Table,
    spec: &OutflowSpec,
    codes: &BTreeMap<&str, End>,
    row: usize,
) -> Result<(f64, f64, End), Reason> {
    let number = |name: &str| table.column(name).and_then(|column| column.number(row));
    let code = |name: &str| table.column(name).and_then(|column| column.code(row));
    let time = number(&spec.time).ok_or(Reason::NoTime)?;
    if time < 0.0 {
        return Err(Reason::NegativeTime);
    }
    let entry = match &spec.entry {
        None => 0.0,
        Some(entry) => number(entry).ok_or(Reason::NoEntry)?,
    };
    if entry < 0.0 {
        return Err(Reason::NegativeEntry);
    }
    if spec.entry.is_some() && entry >= time {
        return Err(Reason::EntryNotBeforeEnd);
    }
    let cause = code(&spec.ends.cause).and_then(|code| codes.get(code.as_ref()).copied());
    let end = match &spec.ends.ended {
        None => cause.unwrap_or(End::Running),
        Some(ended) => {
            let ended = code(ended).ok_or(Reason::EndUnknown)?;
            if truth(&ended).ok_or(Reason::EndUnknown)? {
                cause.unwrap_or(End::Unknown)
            } else {
                End::Running
            }
        }
    };
    Ok((time, entry, end))
}

/// Causes that stand alone or together, and the cause of every spell.
fn causes(spec: &OutflowSpec, ends: &[End]) -> (Vec<CauseName>, Vec<Cause>) {
    let declared = &spec.ends.causes;
    let place = |end: &End| match end {
        End::Running => None,
        End::Cause(n) => Some(*n),
        End::Unknown => Some(declared.len()),
    };
    let mut counts = vec![0; declared.len() + 1];
    for end in ends.iter().filter_map(place) {
        counts[end] += 1;
    }
    let mut words: Vec<Meaning> = declared.iter().map(EndCause::words).collect();
    words.push(Meaning::new("reden niet bekend", "reason not known"));
    let together = small::joined(&counts, spec.smallest_cell as usize);
    let mut names: Vec<CauseName> = Vec::new();
    let mut number: Vec<Cause> = vec![0; counts.len()];
    for place in (0..counts.len()).filter(|&i| counts[i] > 0 && !together.contains(&i)) {
        names.push(CauseName {
            words: words[place].clone(),
            parts: Vec::new(),
            is_unknown: place == declared.len(),
            n: counts[place],
        });
        number[place] = names.len() as Cause;
    }
    if !together.is_empty() {
        names.push(CauseName {
            words: Meaning::new("zeldzame redenen samen", "rare reasons together"),
            parts: together.iter().map(|&i| words[i].clone()).collect(),
            is_unknown: false,
            n: together.iter().map(|&i| counts[i]).sum(),
        });
        for place in together {
            number[place] = names.len() as Cause;
        }
    }
    let cause = ends
        .iter()
        .map(|end| place(end).map_or(0, |place| number[place]));
    let cause = cause.collect();
    (names, cause)
}

/// A number per person; a spell without a pseudonym is of a person of its own.
fn persons_of(column: &Column, rows: &[usize]) -> Vec<u32> {
    let mut known: BTreeMap<String, u32> = BTreeMap::new();
    let mut next = 0;
    let mut new = || {
        next += 1;
        next - 1
    };
    let number = |&row: &usize| match column.code(row) {
        None => new(),
        Some(code) => *known.entry(code.into_owned()).or_insert_with(&mut new),
    };
    rows.iter().map(number).collect()
}

impl Prepared<'_> {
    /// The spells until `cut`, and those that last longer from there on; each with its places among all.
    pub(crate) fn split_at(&self, spells: &Spells, cut: f64) -> Option<[(Vec<usize>, Spells); 2]> {
        let entry = |i: usize| self.entries.as_ref().map_or(0.0, |entries| entries[i]);
        let (times, causes) = (spells.times(), spells.causes());
        let early: Vec<usize> = (0..spells.len()).filter(|&i| entry(i) < cut).collect();
        let until: Vec<f64> = early.iter().map(|&i| times[i].min(cut)).collect();
        let cause: Vec<Cause> = early
            .iter()
            .map(|&i| if times[i] <= cut { causes[i] } else { 0 })
            .collect();
        let mut before = Spells::competing(&until, &cause).ok()?;
        if self.is_delayed {
            let entered: Vec<f64> = early.iter().map(|&i| entry(i)).collect();
            before = before.entered_at(&entered).ok()?;
        }
        let late: Vec<usize> = (0..spells.len()).filter(|&i| times[i] > cut).collect();
        let until: Vec<f64> = late.iter().map(|&i| times[i]).collect();
        let cause: Vec<Cause> = late.iter().map(|&i| causes[i]).collect();
        let entered: Vec<f64> = late.iter().map(|&i| entry(i).max(cut)).collect();
        let after = Spells::competing(&until, &cause)
            .ok()?
            .entered_at(&entered)
            .ok()?;
        Some([(early, before), (late, after)])
    }
}
