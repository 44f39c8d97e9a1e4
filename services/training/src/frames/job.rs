//! The job that builds a frame: fetch, query, store, register.

use std::{fs::File, path::PathBuf};

use helder_frames::{FrameColumn, FrameError, FrameLimits, FrameSummary, FrameType};
use helder_platform::{
    calls::Peers,
    jobs::{JobContext, JobHandler},
    logboek::{self, Act, Status},
    objects::Objects,
    problem::{Problem, Result},
    purpose,
    scratch::JobFolder,
};
use helder_types::{Digest, Fault, Permission, ProjectStep};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    inputs::{self, Inputs},
    rows::{self, FrameRow, Payload},
    wire::{self, Column, FrameOutcome, NewFrame},
};
use crate::people::{self, Nameless};

/// Kind of these jobs.
pub(crate) const KIND: &str = "frame";

/// Builds frames.
pub(crate) struct FrameJob {
    pub(crate) objects: Objects,
    pub(crate) peers: Peers,
    pub(crate) scratch: PathBuf,
    pub(crate) limits: FrameLimits,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Derived<'a> {
    project_id: Uuid,
    name: &'a str,
    digest: Digest,
    size_bytes: u64,
    rows: u64,
    columns: &'a [Column],
    parents: &'a [Uuid],
}

#[derive(Deserialize)]
struct Registered {
    id: Uuid,
}

impl JobHandler for FrameJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, job: &JobContext) -> Result<()> {
        let id = job.payload::<Payload>()?.frame_id;
        let organisation = job.organisation();
        let row = job
            .store()
            .read_blocking(|conn| rows::find(conn, organisation, id))?;
        let project = row.project_id()?;
        // The project may have been stopped while the job waited.
        let purpose = job.block_on(purpose::require(
            &self.peers,
            job.caller(),
            project,
            ProjectStep::Training,
        ))?;
        let act = Act::begin("training", job.caller(), &purpose, "frame");
        logboek::during(job, act, |act| self.make(job, id, &row, act))
    }
}

impl FrameJob {
    fn make(&self, job: &JobContext, id: Uuid, row: &FrameRow, act: &mut Act) -> Result<()> {
        let (organisation, project) = (job.organisation(), row.project_id()?);
        act.called("ingest");
        act.note("helder.frame_id", id.to_string());
        let (frame, found) = (row.request()?, row.inputs()?);
        let (summary, digest, size_bytes) = self.build(job, &frame, &found, act)?;
        let columns: Vec<Column> = summary.columns.iter().map(column).collect();
        let derived = Derived {
            project_id: project,
            name: &frame.name,
            digest,
            size_bytes,
            rows: summary.rows,
            columns: &columns,
            parents: &found.versions,
        };
        let caller = Peers::with_permission(job.caller(), Permission::IngestDerive);
        let key = format!("{}-derived", job.id());
        let registered: Registered = job.block_on(self.peers.peer("ingest").post_json(
            &caller,
            "/ingest/v1/derived-versions",
            &derived,
            Some(&key),
        ))?;
        let outcome = FrameOutcome {
            dataset_version_id: registered.id,
            digest,
            size_bytes,
            rows: summary.rows,
            rows_by_reference_date: summary.rows_by_reference_date,
            columns,
            parents: found.files.clone(),
            episodes: summary.episodes.map(wire::told),
        };
        job.succeed(|conn| {
            rows::finish(conn, organisation, id, &outcome)?;
            act.record(conn, Status::Ok)?;
            Ok(format!("/training/v1/frames/{id}"))
        })
    }

    fn build(
        &self,
        job: &JobContext,
        frame: &NewFrame,
        found: &Inputs,
        act: &mut Act,
    ) -> Result<(FrameSummary, Digest, u64)> {
        let organisation = job.organisation();
        job.progress("reading the tables", 0, found.files.len() as u64, "tables");
        let mut files = Vec::new();
        for (index, input) in found.files.iter().enumerate() {
            job.checkpoint()?;
            let file = job.block_on(self.objects.get_to_file(organisation, &input.digest))?;
            people::in_table(job, &file, &input.digest, Nameless::Nobody, act)?;
            files.push(file);
            job.progress(
                "reading the tables",
                index as u64 + 1,
                found.files.len() as u64,
                "tables",
            );
        }
        let paths: Vec<PathBuf> = files.iter().map(|file| file.path().to_owned()).collect();
        let folder = JobFolder::new(&self.scratch, "frame").map_err(Problem::internal)?;
        let (output, spill) = (
            folder.path().join("frame.parquet"),
            folder.path().join("spill"),
        );
        job.progress(
            "running the query",
            0,
            frame.reference_dates.len() as u64,
            "reference dates",
        );
        let query = inputs::query(frame, &paths);
        let summary = job
            .block_on(helder_frames::build(
                &query,
                &self.limits,
                &output,
                &spill,
                || job.checkpoint().is_err(),
            ))
            .map_err(|error| Self::told(job, error))?;
        job.progress("storing the frame", summary.rows, summary.rows, "rows");
        let mut writer = self.objects.writer(organisation)?;
        let mut built = File::open(&output).map_err(Problem::internal)?;
        std::io::copy(&mut built, &mut writer).map_err(|error| {
            Problem::unavailable("the object store cannot take the frame now", 5).caused_by(error)
        })?;
        let (digest, size_bytes) = writer.finish()?;
        Ok((summary, digest, size_bytes))
    }

    fn told(job: &JobContext, error: FrameError) -> Problem {
        let text = error.to_string();
        match error {
            FrameError::Invalid(faults) => Problem::invalid(
                faults
                    .into_iter()
                    .map(|fault| Fault::new(fault.pointer, fault.code, fault.detail))
                    .collect(),
            ),
            FrameError::TimeLimit(_) => Problem::bad_request("frame-time-limit", text),
            FrameError::MemoryLimit(_) => Problem::bad_request("frame-memory-limit", text),
            FrameError::RowLimit(_) => Problem::bad_request("frame-row-limit", text),
            FrameError::Value => Problem::bad_request("frame-value", text),
            // The reason it stopped, as the platform wants it told.
            FrameError::Cancelled => job
                .checkpoint()
                .err()
                .unwrap_or_else(|| Problem::internal("a frame stopped without a reason")),
            FrameError::Internal(cause) => Problem::internal(cause),
        }
    }
}

fn column(column: &FrameColumn) -> Column {
    let kind = match column.kind {
        FrameType::Integer => "integer",
        FrameType::Number => "number",
        FrameType::Boolean => "boolean",
        FrameType::Text => "string",
        FrameType::Date => "date",
        FrameType::Timestamp => "datetime",
    };
    Column {
        name: column.name.clone(),
        kind: kind.to_owned(),
    }
}
