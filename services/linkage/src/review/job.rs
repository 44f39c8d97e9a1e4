//! The job that makes the queue of a review.

use std::collections::{BTreeMap, HashSet};

use arrow::{
    array::AsArray,
    datatypes::{Float64Type, Int64Type},
};
use helder_platform::{
    calls::Peers,
    jobs::{JobContext, JobHandler},
    keyring::KeyRing,
    logboek::{self, Act, Status},
    objects::{Objects, StoredFile},
    problem::{Problem, Result},
    purpose,
};
use helder_record_linkage::{Bound, LinkageSpec, comparison::Scratch, run::Step};
use helder_types::ProjectStep;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use uuid::Uuid;

use super::{
    decisions::{NewPair, PairRow},
    queue::{Candidate, Shares, queue},
    records::Side,
    rows::{self, Payload, ReviewRow},
};
use crate::{
    memory::Memory,
    output::read_links,
    parts, people,
    runs::{self, RunRow},
    versions::Inputs,
    wire::Outcome,
};

/// Numbers of a left and a right row.
type Rows = (i64, i64);

/// Kind of these jobs.
pub(crate) const KIND: &str = "linkage-review";

/// Makes queues.
pub(crate) struct ReviewJob {
    /// Where parts and results lie.
    pub objects: Objects,
    /// Opens identity parts, and names records.
    pub keyring: KeyRing,
    /// To ask the registry once more whether the project allows it.
    pub peers: Peers,
    /// What one queue may take while it is made.
    pub memory: Memory,
}

impl JobHandler for ReviewJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, job: &JobContext) -> Result<()> {
        let id = job.payload::<Payload>()?.review_id;
        let organisation = job.organisation();
        let (review, run) = job.store().read_blocking(|conn| {
            let review = rows::find(conn, organisation, id)?;
            let run = runs::find(conn, organisation, review.run_id()?)?;
            Ok((review, run))
        })?;
        let purpose = job.block_on(purpose::require(
            &self.peers,
            job.caller(),
            review.project_id()?,
            ProjectStep::Linkage,
        ))?;
        let act = Act::begin("linkage", job.caller(), &purpose, "queue of a review");
        logboek::during(job, act, |act| self.make(job, id, (&review, &run), act))
    }
}

impl ReviewJob {
    fn make(
        &self,
        job: &JobContext,
        id: Uuid,
        (review, run): (&ReviewRow, &RunRow),
        act: &mut Act,
    ) -> Result<()> {
        let organisation = job.organisation();
        act.called("registry");
        act.note("helder.linkage_review_id", id.to_string());
        let (spec, inputs, outcome) = (run.spec()?, run.inputs()?, run.outcome()?);
        let settings = review.settings()?;
        for input in inputs.sides() {
            people::of(&self.objects, organisation, input, job, &mut act.subjects)?;
        }
        let (candidates, row_numbers) = self.candidates(job, (&spec, &inputs, &outcome))?;
        let shares = Shares {
            size: settings.size as usize,
            random: settings.random_share,
            second: settings.second_share,
            seed: u64::from(settings.seed),
            threshold: spec.threshold,
            n_comparisons: spec.comparisons.len(),
        };
        let (chosen, strata) = queue(&candidates, &shares);
        let stores = (&self.objects, &self.keyring);
        job.progress("naming the records", 0, 0, "");
        let side = |is_left, held| {
            let beside = self.memory.beside(held, job);
            Side::read(stores, organisation, (&spec, &inputs), is_left, &beside)
        };
        let left = side(true, 0)?;
        let right = side(false, left.bytes())?;
        let keys = self
            .keyring
            .pseudonymiser(organisation, review.project_id()?);
        let keys = job.block_on(keys)?;
        let gone = || Problem::internal("a chosen pair names a row that is not there");
        let pairs: Vec<PairRow> = chosen
            .into_iter()
            .enumerate()
            .map(|(place, chosen)| {
                let rows = row_numbers[chosen.candidate];
                let pair = NewPair {
                    rows,
                    keys: (
                        left.key_of_row(&keys, rows.0).ok_or_else(gone)?,
                        right.key_of_row(&keys, rows.1).ok_or_else(gone)?,
                    ),
                    stratum: chosen.stratum,
                    is_blind: chosen.is_blind,
                };
                Ok(PairRow::new(organisation, id, place, pair))
            })
            .collect::<Result<_>>()?;
        job.succeed(|conn| {
            rows::fill(conn, organisation, id, (&pairs, &strata))?;
            act.record(conn, Status::Ok)?;
            Ok(format!("/linkage/v1/linkage-reviews/{id}"))
        })
    }

    /// Pairs that came near, in the order of rows, with the two rows of each.
    fn candidates(
        &self,
        job: &JobContext,
        (spec, inputs, outcome): (&LinkageSpec, &Inputs, &Outcome),
    ) -> Result<(Vec<Candidate>, Vec<Rows>)> {
        let organisation = job.organisation();
        job.progress("reading the versions", 0, 0, "");
        let stores = (&self.objects, &self.keyring);
        let columns = (spec, &[][..]);
        let beside = self.memory.beside(0, job);
        let left = parts::read(stores, organisation, &inputs.left, columns, true, &beside)?;
        let other = if inputs.is_within {
            None
        } else {
            let beside = self.memory.beside(left.bytes(), job);
            let input = &inputs.right;
            Some(parts::read(
                stores,
                organisation,
                input,
                columns,
                false,
                &beside,
            )?)
        };
        let bound = match &other {
            Some(right) => Bound::new(spec, &left.table, &right.table),
            None => Bound::within(spec, &left.table),
        };
        let right = other.as_ref().unwrap_or(&left);
        job.progress("choosing pairs", 0, 0, "");
        let file = |digest| job.block_on(self.objects.get_to_file(organisation, digest));
        let mut weights = scored(&file(&outcome.scored_pairs.digest)?)?;
        let links = read_links(&file(&outcome.linked_dataset.digest)?, 0, usize::MAX >> 1)?;
        let mut linked = HashSet::new();
        for link in &links {
            let rows = (link.left_row, link.right_row);
            // What people decided before needs no second look.
            if link.step == Step::Reviewed {
                weights.remove(&rows);
            } else {
                linked.insert(rows);
                weights.entry(rows).or_insert(None);
            }
        }
        let (mut scratch, mut candidates) = (Scratch::new(), Vec::with_capacity(weights.len()));
        let mut row_numbers = Vec::with_capacity(weights.len());
        for (rows, weight) in weights {
            let (Some(l), Some(r)) = (left.place(rows.0), right.place(rows.1)) else {
                return Err(Problem::internal(
                    "a scored pair names a row that is not there",
                ));
            };
            candidates.push(Candidate {
                pair: (l as u32, r as u32),
                weight,
                is_linked: linked.contains(&rows),
                pattern: bound.pattern(l, r, &mut scratch),
            });
            row_numbers.push(rows);
            if candidates.len() % 8192 == 0 {
                job.checkpoint()?;
            }
        }
        Ok((candidates, row_numbers))
    }
}

/// Weight of every scored pair, in the order of rows.
fn scored(file: &StoredFile) -> Result<BTreeMap<Rows, Option<f64>>> {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(file.open()?).map_err(Problem::internal)?;
    let mut found = BTreeMap::new();
    for batch in reader.build().map_err(Problem::internal)? {
        let batch = batch.map_err(Problem::internal)?;
        let (Some(left), Some(right), Some(weight)) = (
            batch.column_by_name("left_row"),
            batch.column_by_name("right_row"),
            batch.column_by_name("match_weight"),
        ) else {
            return Err(Problem::internal("scored pairs without weights"));
        };
        let (left, right) = (
            left.as_primitive::<Int64Type>(),
            right.as_primitive::<Int64Type>(),
        );
        let weight = weight.as_primitive::<Float64Type>();
        for i in 0..batch.num_rows() {
            found.insert((left.value(i), right.value(i)), Some(weight.value(i)));
        }
    }
    Ok(found)
}
