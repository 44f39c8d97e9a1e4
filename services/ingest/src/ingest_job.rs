//! The job that makes a version of an upload: detect, agree on a contract, check, write the parts, report.

use std::{
    fs::File,
    io::{Cursor, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
};

use helder_dataset::{
    Contract, DatasetError, Detected, Field, Limits, QualityReport,
    contract::{disguised_bsns, suggest},
    detect::{self, Format, Sample},
    quality,
    read::{RecordSource, csv::CsvSource, decode::Utf8Reader, jsonl, parquet, xlsx},
    write::{self, Ingested, Options, Pseudonymise, Sinks},
};
use helder_platform::{
    calls::Peers,
    jobs::{JobContext, JobHandler},
    keyring::{Pseudonymiser, Sealer},
    logboek::{self, Act, Status, Subjects},
    problem::{Problem, Result},
    purpose,
};
use helder_types::{Bsn, Digest, ProjectStep, SemanticType};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    datasets::{self, NewVersion},
    documents,
    fault::problem,
    people,
    stored::{Sink, Stores},
    upload::Staged,
    wire::{NewContract, Parts, VersionBody},
};

/// Kind of these jobs.
pub(crate) const KIND: &str = "ingest-upload";
/// Largest quality report read back.
const REPORT_BYTES: u64 = 64 << 20;

/// What the job needs to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    /// The dataset.
    pub(crate) dataset_id: Uuid,
    /// Its project.
    pub(crate) project_id: Uuid,
    /// The contract asked for.
    pub(crate) contract_id: Option<Uuid>,
    /// The file.
    pub(crate) staged: Staged,
}

/// Makes versions of uploads.
pub(crate) struct IngestJob {
    /// Objects and keys.
    pub(crate) stores: Stores,
    /// To ask the registry once more whether the project allows it.
    pub(crate) peers: Peers,
    /// Limits on files.
    pub(crate) limits: Limits,
}

/// Makes pseudonyms, and keeps whose data went by for the record of processing.
struct ByProject {
    names: Pseudonymiser,
    seen: Mutex<Subjects>,
}

impl Pseudonymise for ByProject {
    fn pseudonym(&self, bsn: Bsn) -> [u8; 32] {
        let name = self.names.bsn(bsn);
        // One thread reads all records, so nobody waits here.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(text) = std::str::from_utf8(&name) {
            seen.person_text(text);
        }
        name
    }
}

/// A file understood well enough to be read.
struct Opened {
    detected: Detected,
    sample: Sample,
    source: Box<dyn RecordSource>,
}

impl JobHandler for IngestJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, job: &JobContext) -> Result<()> {
        let payload: Payload = job.payload()?;
        let outcome = self.version(job, &payload);
        // The upload is needed no more when the job has ended, well or for good. Should this fail, the sweep does it.
        let ended = outcome
            .as_ref()
            .err()
            .is_none_or(|problem| problem.status().is_client_error());
        if ended
            && let Err(problem) = job.block_on(
                self.stores
                    .objects
                    .delete(job.organisation(), &payload.staged.object),
            )
        {
            problem.log();
        }
        outcome
    }
}

impl IngestJob {
    fn version(&self, job: &JobContext, payload: &Payload) -> Result<()> {
        job.progress("asking the project", 0, 0, "");
        // The project may have been stopped while the job waited.
        let purpose = job.block_on(purpose::require(
            &self.peers,
            job.caller(),
            payload.project_id,
            ProjectStep::Ingest,
        ))?;
        let act = Act::begin(
            "ingest",
            job.caller(),
            &purpose,
            "dataset version from an upload",
        );
        logboek::during(job, act, |act| self.read(job, payload, act))
    }

    fn read(&self, job: &JobContext, payload: &Payload, act: &mut Act) -> Result<()> {
        let organisation = job.organisation();
        act.called("registry");
        act.note("helder.dataset_version_id", job.id().to_string());
        let sealer = job.block_on(self.stores.keyring.sealer(organisation))?;
        let pseudonymiser = job.block_on(
            self.stores
                .keyring
                .pseudonymiser(organisation, payload.project_id),
        )?;
        let asked = match payload.contract_id {
            Some(id) => Some(
                job.store()
                    .read_blocking(|conn| documents::find::<NewContract>(conn, organisation, id))?
                    .content
                    .contract,
            ),
            None => None,
        };
        job.progress("looking at the file", 0, payload.staged.size_bytes, "bytes");
        let Opened {
            detected,
            sample,
            mut source,
        } = self.guarded(|| self.open(job, &sealer, &payload.staged, asked.as_ref()))?;
        let contract = agreed(asked, &detected, &sample)?;
        drop(sample);
        let names = ByProject {
            names: pseudonymiser,
            seen: Mutex::default(),
        };
        let made = self.parts(
            job,
            &payload.staged,
            &sealer,
            &names,
            source.as_mut(),
            &contract,
            &detected,
        );
        drop(source);
        act.subjects = names
            .seen
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let made = made?;
        job.progress("writing the report", made.rows_in, made.rows_in, "rows");
        let quality = self.report(job, payload.dataset_id, &contract, &made)?;
        let quality_digest = self.keep_report(job, &quality)?;
        let body = body(payload, contract, detected, made)?;
        self.nameless(job, &body, act)?;
        let version = NewVersion {
            id: job.id(),
            dataset_id: payload.dataset_id,
            body: &body,
            quality: Some(quality_digest),
        };
        job.succeed(|conn| {
            datasets::insert_version(conn, job.caller(), &version)?;
            act.record(conn, Status::Ok)?;
            Ok(format!("/ingest/v1/dataset-versions/{}", version.id))
        })
    }

    /// Rows about people whose number is not there: the row stands for the person.
    fn nameless(&self, job: &JobContext, body: &VersionBody, act: &mut Act) -> Result<()> {
        if is_about_people(&body.contract) {
            let digest = body.parts.analysis.digest;
            let file = self.stores.open(job, &digest)?;
            let seen = std::mem::take(&mut act.subjects);
            about(job, file, &digest, act)?;
            act.subjects.merge(seen);
            if let Some(part) = body.parts.quarantine {
                let file = self.stores.open(job, &part.digest)?;
                people::set_apart(job, file, &part.digest, &body.contract, act)?;
            }
        }
        Ok(())
    }

    /// Readers of foreign formats may panic on hostile bytes; that is a fault of the file.
    fn guarded<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let _ = self;
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            Err(problem(DatasetError::refused(
                "/file",
                "damaged",
                "the file is damaged",
            )))
        })
    }

    fn open(
        &self,
        job: &JobContext,
        sealer: &Sealer,
        staged: &Staged,
        asked: Option<&Contract>,
    ) -> Result<Opened> {
        let limits = &self.limits;
        let stream = || self.stores.unseal(job, sealer, &staged.object);
        let start = || -> Result<Vec<u8>> {
            let mut start = Vec::new();
            stream()?
                .take(limits.sample_bytes as u64)
                .read_to_end(&mut start)
                .map_err(Problem::internal)?;
            Ok(start)
        };
        Ok(match staged.format {
            Format::Csv => {
                let known: Vec<&str> = asked
                    .iter()
                    .flat_map(|contract| &contract.fields)
                    .map(Field::header)
                    .collect();
                let found =
                    detect::csv(&start()?, &staged.scan, &known, limits).map_err(problem)?;
                let encoding = found.detected.encoding.unwrap_or(detect::Encoding::Utf8);
                let reader = Utf8Reader::new(stream()?, encoding);
                let transcoded = encoding != detect::Encoding::Utf8;
                let source = CsvSource::new(
                    reader,
                    found.sample.header.clone(),
                    &found.dialect,
                    transcoded,
                    limits.clone(),
                );
                Opened {
                    detected: found.detected,
                    sample: found.sample,
                    source: Box::new(source),
                }
            }
            Format::Jsonl => {
                let sample = jsonl::sample(&start()?, limits).map_err(problem)?;
                let reader = Utf8Reader::new(stream()?, detect::Encoding::Utf8);
                let source =
                    jsonl::JsonLinesSource::new(reader, sample.header.clone(), limits.clone());
                Opened {
                    detected: detect::typed(Format::Jsonl, &sample, None),
                    sample,
                    source: Box::new(source),
                }
            }
            Format::Xlsx => {
                if staged.size_bytes > limits.xlsx_bytes {
                    return Err(problem(DatasetError::TooLarge {
                        what: "bytes of a spreadsheet",
                        limit: limits.xlsx_bytes,
                    }));
                }
                let mut bytes = Vec::new();
                stream()?
                    .read_to_end(&mut bytes)
                    .map_err(Problem::internal)?;
                let (sample, sheet) =
                    xlsx::sample(Cursor::new(bytes.as_slice()), limits).map_err(problem)?;
                let source = xlsx::XlsxSource::open(Cursor::new(bytes), limits).map_err(problem)?;
                Opened {
                    detected: detect::typed(Format::Xlsx, &sample, Some(sheet)),
                    sample,
                    source: Box::new(source),
                }
            }
            Format::Parquet => {
                let file = self.stores.unseal_to_file(job, sealer, &staged.object)?;
                let again = file.try_clone().map_err(Problem::internal)?;
                let sample = parquet::sample(again, limits).map_err(problem)?;
                let source = parquet::ParquetSource::open(file, limits).map_err(problem)?;
                Opened {
                    detected: detect::typed(Format::Parquet, &sample, None),
                    sample,
                    source: Box::new(source),
                }
            }
        })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the stages of one job, each named where it is made"
    )]
    fn parts(
        &self,
        job: &JobContext,
        staged: &Staged,
        sealer: &Sealer,
        pseudonymise: &ByProject,
        source: &mut dyn RecordSource,
        contract: &Contract,
        detected: &Detected,
    ) -> Result<Ingested<Sink>> {
        let (objects, organisation) = (&self.stores.objects, job.organisation());
        let sinks = Sinks {
            analysis: Sink::plain(objects, organisation)?,
            identity: contract
                .has_identity()
                .then(|| Sink::sealed(objects, organisation, sealer))
                .transpose()?,
            quarantine: Sink::plain(objects, organisation)?,
            raw: Sink::sealed(objects, organisation, sealer)?,
        };
        let options = Options {
            today: today(),
            limits: self.limits.clone(),
        };
        let mut stopped = None;
        let mut observe = |progress: write::Progress| {
            job.progress(
                "checking rows",
                progress.bytes.min(staged.size_bytes),
                staged.size_bytes,
                "bytes",
            );
            job.checkpoint().map_err(|problem| {
                stopped = Some(problem);
                DatasetError::Stopped
            })
        };
        let outcome = self.guarded(|| {
            Ok(write::ingest(
                source,
                contract,
                detected,
                pseudonymise,
                sinks,
                &options,
                &mut observe,
            ))
        })?;
        match (outcome, stopped) {
            (_, Some(problem)) => Err(problem),
            (outcome, None) => outcome.map_err(problem),
        }
    }

    fn report(
        &self,
        job: &JobContext,
        dataset: Uuid,
        contract: &Contract,
        made: &Ingested<Sink>,
    ) -> Result<QualityReport> {
        let organisation = job.organisation();
        let newest = job
            .store()
            .read_blocking(|conn| datasets::newest_quality(conn, organisation, dataset))?;
        let former = match newest {
            Some((number, digest)) => {
                let bytes = job.block_on(self.stores.objects.get_bytes(
                    organisation,
                    &digest,
                    REPORT_BYTES,
                ))?;
                Some((
                    number.unsigned_abs(),
                    serde_json::from_slice::<QualityReport>(&bytes).map_err(Problem::internal)?,
                ))
            }
            None => None,
        };
        let former = former.as_ref().map(|(number, report)| (*number, report));
        Ok(quality::report(
            &made.profiles,
            contract,
            made.ignored_columns.clone(),
            former,
        ))
    }

    fn keep_report(&self, job: &JobContext, report: &QualityReport) -> Result<Digest> {
        let bytes = serde_json::to_vec(report).map_err(Problem::internal)?;
        job.block_on(
            self.stores
                .objects
                .put_bytes(job.organisation(), bytes.into()),
        )
    }
}

/// Whether a table says who its rows are about. One that identifies nobody is about no people that we know of.
pub(crate) fn is_about_people(contract: &Contract) -> bool {
    let is_bsn = |field: &Field| field.semantic_type == Some(SemanticType::Bsn);
    contract.fields.iter().any(is_bsn) || contract.has_identity()
}

/// Adds the people of a stored table to an act.
pub(crate) fn about(job: &JobContext, table: File, digest: &Digest, act: &mut Act) -> Result<()> {
    let found = helder_subjects::people(table, &mut || job.checkpoint().is_ok());
    let found = found.map_err(|error| {
        job.checkpoint()
            .err()
            .unwrap_or_else(|| Problem::internal(error))
    })?;
    act.subjects.people(found.pseudonyms);
    let table = digest.to_string();
    for row in found.rows {
        act.subjects.row(&table, row);
    }
    Ok(())
}

/// The contract that was asked for, or the suggested one, completed with what was found.
fn agreed(asked: Option<Contract>, detected: &Detected, sample: &Sample) -> Result<Contract> {
    let mut contract = asked.unwrap_or_else(|| suggest(sample, &detected.columns).contract);
    let mut faults = contract.faults();
    faults.extend(disguised_bsns(&contract, sample));
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    contract.complete(detected);
    Ok(contract)
}

fn body(
    payload: &Payload,
    contract: Contract,
    detected: Detected,
    made: Ingested<Sink>,
) -> Result<VersionBody> {
    let Ingested {
        sinks,
        rows_in,
        rows_accepted,
        rows_quarantined,
        quarantine_entries,
        ignored_columns,
        ..
    } = made;
    Ok(VersionBody {
        source_digest: payload.staged.source_digest,
        rows_in,
        rows_accepted,
        rows_quarantined,
        detected: Some(detected),
        contract,
        contract_id: payload.contract_id,
        parts: Parts {
            analysis: sinks.analysis.finish(rows_accepted)?,
            identity: sinks
                .identity
                .map(|sink| sink.finish(rows_accepted))
                .transpose()?,
            quarantine: Some(sinks.quarantine.finish(quarantine_entries)?),
            quarantined_records: Some(sinks.raw.finish(rows_quarantined)?),
        },
        parents: Vec::new(),
        recipe_id: None,
        recipe_steps: Vec::new(),
        ignored_columns,
    })
}

/// Days from 1970-01-01 to today, UTC.
fn today() -> i32 {
    (jiff::Timestamp::now().as_second() / 86_400) as i32
}
