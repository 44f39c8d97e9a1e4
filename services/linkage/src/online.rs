//! One new record against the left version of a finished run: indexes kept in memory while they are asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use helder_platform::{
    keyring::KeyRing,
    logboek::Subjects,
    objects::Objects,
    problem::{Problem, Result},
};
use helder_record_linkage::{
    Column, LinkageSpec, Table,
    online::{Index, Limits, NotCompared},
};
use helder_types::{Fault, OrganisationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    follow,
    parts::{self, Waits},
    versions::Inputs,
    wire::Outcome,
};

/// Left records of all indexes in memory together; about 200 bytes each.
const MOST_RECORDS: usize = 2_000_000;
/// An index is read anew after so long, so that a destroyed key and removed people have their effect.
const MOST_AGE: Duration = Duration::from_mins(10);
/// Longest text of a value, in bytes.
const MOST_BYTES: usize = 1000;
/// Most candidates in an answer.
const MOST_CANDIDATES: u8 = 50;

/// A record to look up.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RecordToMatch {
    /// Values by column of the run's right version, as far as the specification compares it; what is left out is missing.
    pub record: BTreeMap<String, Option<String>>,
    /// Most candidates answered.
    #[serde(default = "ten")]
    #[schema(minimum = 1, maximum = 50, default = 10)]
    pub limit: u8,
}

const fn ten() -> u8 {
    10
}

/// A left record that may be the same person.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MatchCandidate {
    /// Row of the left version, from 1.
    pub left_row: i64,
    /// log2 odds of being one person, the other candidates weighed. Links of other records are not looked at.
    pub match_weight: f64,
    /// The same as probability.
    pub match_probability: f64,
    /// Why: levels, probabilities and weights, never a value.
    pub waterfall: helder_record_linkage::Waterfall,
}

/// The best candidates for a record.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordMatches {
    /// The best, best first.
    pub candidates: Vec<MatchCandidate>,
    /// Candidates of any rank.
    pub n_candidates: u64,
    /// Left records compared.
    pub compared: u64,
    /// Keys that too many left records share to look at all of them.
    pub not_compared: Vec<NotCompared>,
}

/// An index with what is needed to name its rows.
struct Indexed {
    index: Index,
    rows: Vec<i64>,
    pseudonyms: Option<Vec<Option<String>>>,
    /// The object whose rows these are.
    table: String,
}

struct Entry {
    indexed: Arc<Mutex<Indexed>>,
    n_records: usize,
    built: Instant,
    asked: Instant,
}

/// Indexes in memory, by organisation and run.
#[derive(Default)]
pub(crate) struct Indexes(Mutex<BTreeMap<(String, Uuid), Entry>>);

impl Indexes {
    fn known(&self, key: &(String, Uuid)) -> Option<Arc<Mutex<Indexed>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, entry| entry.built.elapsed() < MOST_AGE);
        let entry = all.get_mut(key)?;
        entry.asked = Instant::now();
        Some(Arc::clone(&entry.indexed))
    }

    /// Keeps an index; those asked longest ago make room.
    fn keep(&self, key: (String, Uuid), indexed: Indexed) -> Arc<Mutex<Indexed>> {
        let n_records = indexed.rows.len();
        let indexed = Arc::new(Mutex::new(indexed));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while all.values().map(|e| e.n_records).sum::<usize>() + n_records > MOST_RECORDS {
            let oldest = all.iter().min_by_key(|(_, entry)| entry.asked);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            all.remove(&oldest);
        }
        let entry = Entry {
            indexed: Arc::clone(&indexed),
            n_records,
            built: Instant::now(),
            asked: Instant::now(),
        };
        all.insert(key, entry);
        indexed
    }
}

/// Columns of the right version that a specification compares.
fn columns(spec: &LinkageSpec) -> Vec<&str> {
    let compared = spec
        .comparisons
        .iter()
        .flat_map(helder_record_linkage::spec::ComparisonSpec::columns);
    compared.filter_map(|(_, _, right)| right).collect()
}

impl RecordToMatch {
    /// The record as a table of one row.
    ///
    /// # Errors
    /// 400 with all faults.
    pub(crate) fn table(&self, spec: &LinkageSpec) -> Result<Table> {
        let known = columns(spec);
        let mut faults = Vec::new();
        let mut table = Table::new(1);
        for (name, text) in &self.record {
            // A name of a column is the caller's and may hold anything: the pointer is escaped, and the detail does not repeat it.
            let pointer = format!("/record/{}", name.replace('~', "~0").replace('/', "~1"));
            if !known.contains(&name.as_str()) {
                let detail = "the specification compares no such column of the right version";
                faults.push(Fault::new(&pointer, "unknown-column", detail));
                continue;
            }
            let text = text.as_deref();
            if text.is_some_and(|text| text.len() > MOST_BYTES) {
                let detail = "a value has at most 1000 bytes";
                faults.push(Fault::new(&pointer, "too-long", detail));
            }
            let column = Column::from_texts([text]);
            table.insert(name, column).map_err(Problem::internal)?;
        }
        if self.record.values().all(Option::is_none) {
            faults.push(Fault::new("/record", "empty", "a record has a value"));
        }
        if !(1..=MOST_CANDIDATES).contains(&self.limit) {
            let detail = "a limit is from 1 to 50";
            faults.push(Fault::new("/limit", "out-of-range", detail));
        }
        if faults.is_empty() {
            Ok(table)
        } else {
            Err(Problem::invalid(faults))
        }
    }
}

/// What a question needs besides the record.
pub(crate) struct Asked<'a> {
    /// Where parts lie, and what opens them.
    pub(crate) stores: (&'a Objects, &'a KeyRing),
    /// Whose run it is.
    pub(crate) organisation: &'a OrganisationId,
    /// The run.
    pub(crate) id: Uuid,
    /// What it links on.
    pub(crate) spec: &'a LinkageSpec,
    /// What it read.
    pub(crate) inputs: &'a Inputs,
    /// What it found.
    pub(crate) outcome: &'a Outcome,
}

/// Looks a record up; adds whom the answer is about to `people`. Blocking; call from a blocking thread.
///
/// # Errors
/// 409 when the run compared nothing or is too large to be asked, and those of the object store and the key ring.
pub(crate) fn find(
    indexes: &Indexes,
    asked: &Asked<'_>,
    record: &Table,
    limit: u8,
    people: &mut Subjects,
    waits: &impl Waits,
) -> Result<RecordMatches> {
    let key = (asked.organisation.to_string(), asked.id);
    let indexed = match indexes.known(&key) {
        Some(indexed) => indexed,
        None => indexes.keep(key, build(asked, waits)?),
    };
    let mut indexed = indexed.lock().unwrap_or_else(PoisonError::into_inner);
    let limits = Limits {
        candidates: usize::from(limit),
        ..Limits::default()
    };
    let answer = indexed.index.find(record, limits);
    let mut candidates = Vec::with_capacity(answer.candidates.len());
    for candidate in answer.candidates {
        let place = candidate.row as usize;
        let left_row = indexed.rows.get(place).copied();
        let left_row = left_row.ok_or_else(|| Problem::internal("an index names no row"))?;
        let pseudonym = indexed.pseudonyms.as_ref();
        let pseudonym = pseudonym.and_then(|all| all.get(place)?.as_deref());
        if !pseudonym.is_some_and(|text| people.person_text(text)) {
            people.row(&indexed.table, left_row);
        }
        candidates.push(MatchCandidate {
            left_row,
            match_weight: candidate.match_weight,
            match_probability: candidate.match_probability,
            waterfall: candidate.waterfall,
        });
    }
    Ok(RecordMatches {
        candidates,
        n_candidates: answer.n_candidates,
        compared: answer.compared,
        not_compared: answer.not_compared,
    })
}

fn build(asked: &Asked<'_>, waits: &impl Waits) -> Result<Indexed> {
    let no_model =
        || Problem::conflict("no-model", "this run compared nothing, so it cannot match");
    let model = asked.outcome.model.as_ref().ok_or_else(no_model)?;
    if asked.outcome.left_rows > MOST_RECORDS as u64 {
        return Err(Problem::conflict(
            "index-too-large",
            "the left version has more records than may be held in memory, 2,000,000",
        ));
    }
    let read = |input, left| {
        let (stores, organisation) = (asked.stores, asked.organisation);
        parts::read(stores, organisation, input, (asked.spec, &[]), left, waits)
    };
    if asked.inputs.is_within {
        return Err(Problem::conflict(
            "one-version",
            "a record is looked up in a run over two versions",
        ));
    }
    let mut left = read(&asked.inputs.left, true)?;
    let mut right = read(&asked.inputs.right, false)?;
    let of = asked.outcome.continuation.as_ref();
    let frozen = follow::frozen(asked.stores, asked.organisation, of, waits)?;
    if let Some(frozen) = &frozen {
        frozen.count_in(&mut left.table, true);
        frozen.count_in(&mut right.table, false);
    }
    let spec = frozen.as_ref().map_or(asked.spec, |frozen| frozen.spec());
    Ok(Indexed {
        index: Index::new(spec, model, &left.table, &right.table),
        rows: left.rows,
        pseudonyms: left.pseudonyms,
        table: asked.inputs.left.analysis.to_string(),
    })
}
