//! Runs the query for every reference date and writes the frame.

use std::{fs::File, io::Write, path::Path, sync::Arc};

use datafusion::{
    arrow::{
        array::RecordBatch,
        datatypes::{Schema, SchemaRef},
    },
    execution::SendableRecordBatchStream,
    parquet::{
        arrow::ArrowWriter,
        basic::{Compression, ZstdLevel},
        file::properties::WriterProperties,
    },
};
use futures_util::StreamExt;

use crate::{
    EpisodeCounts, FrameColumn, FrameError, FrameLimits, FrameQuery, episodes, session, shape, sql,
};

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameSummary {
    /// Rows in all.
    pub rows: u64,
    /// Columns in order.
    pub columns: Vec<FrameColumn>,
    /// Rows per reference date, in the order asked; empty for a frame without time.
    pub rows_by_reference_date: Vec<u64>,
    /// What became of the records, for a frame of episodes.
    pub episodes: Option<EpisodeCounts>,
}

/// Builds the frame into a new file `output`, spilling to the folder `spill`.
///
/// `cancelled` is asked between batches. Dropping the future stops the query.
///
/// # Errors
/// [`FrameError`]; the file is removed in every case.
pub async fn build(
    query: &FrameQuery,
    limits: &FrameLimits,
    output: &Path,
    spill: &Path,
    cancelled: impl Fn() -> bool + Send + Sync,
) -> Result<FrameSummary, FrameError> {
    let faults = query.check(limits);
    if !faults.is_empty() {
        return Err(FrameError::Invalid(faults));
    }
    let result = tokio::time::timeout(
        limits.time,
        build_all(query, limits, output, spill, &cancelled),
    )
    .await
    .unwrap_or(Err(FrameError::TimeLimit(limits.time)));
    if result.is_err() {
        // A half-written file is no frame; it may also never have come into being.
        let _ = std::fs::remove_file(output);
    }
    result
}

async fn build_all(
    query: &FrameQuery,
    limits: &FrameLimits,
    output: &Path,
    spill: &Path,
    cancelled: &(impl Fn() -> bool + Send + Sync),
) -> Result<FrameSummary, FrameError> {
    let days = if query.reference_dates.is_empty() {
        vec![None]
    } else {
        query
            .reference_dates
            .iter()
            .map(|date| session::day_number(*date).map(Some))
            .collect::<Result<_, _>>()?
    };
    let mut writer: Option<FrameWriter> = None;
    let mut rows_by_reference_date = Vec::new();
    let mut made = EpisodeCounts::default();
    for day in days {
        let context = session::open(query, limits, spill, day).await?;
        let statement = sql::parse(&query.sql).map_err(|fault| FrameError::Invalid(vec![fault]))?;
        let frame = session::plan(&context, query, statement).await?;
        let (frame, columns) = shape::shape(frame, day)
            .map_err(FrameError::internal)?
            .map_err(FrameError::Invalid)?;
        let stream = frame
            .execute_stream()
            .await
            .map_err(|error| sql::run_error(error, limits.memory_bytes))?;
        let before = writer.as_ref().map_or(0, |writer| writer.rows);
        let rows = if let Some(step) = &query.episodes {
            let read = read_whole(stream, limits, cancelled).await?;
            let (batch, columns, counts) =
                episodes::apply(step, day, (&read.0, &columns, &read.1))?;
            made.add(&counts);
            let writer = open(&mut writer, output, (&batch.schema(), columns), limits)?;
            writer.write(&batch)?;
            writer.rows
        } else {
            let writer = open(&mut writer, output, (&stream.schema(), columns), limits)?;
            writer.append(stream, cancelled).await?;
            writer.rows
        };
        rows_by_reference_date.push(rows - before);
    }
    let writer = writer.ok_or_else(|| FrameError::internal("no reference date ran"))?;
    let (rows, columns) = writer.finish()?;
    if query.reference_dates.is_empty() {
        rows_by_reference_date.clear();
    }
    Ok(FrameSummary {
        rows,
        columns,
        rows_by_reference_date,
        episodes: query.episodes.is_some().then_some(made),
    })
}

/// The writer, opened at the first reference date.
fn open<'a>(
    writer: &'a mut Option<FrameWriter>,
    output: &Path,
    (schema, columns): (&SchemaRef, Vec<FrameColumn>),
    limits: &FrameLimits,
) -> Result<&'a mut FrameWriter, FrameError> {
    Ok(match writer {
        Some(writer) => writer,
        None => writer.insert(FrameWriter::create(output, schema, columns, limits)?),
    })
}

/// All rows of a stream, as long as they fit in the memory of the query.
async fn read_whole(
    mut stream: SendableRecordBatchStream,
    limits: &FrameLimits,
    cancelled: &(impl Fn() -> bool + Send + Sync),
) -> Result<(SchemaRef, Vec<RecordBatch>), FrameError> {
    let (mut batches, mut bytes, mut rows) = (Vec::new(), 0, 0);
    while let Some(batch) = next(&mut stream, limits.memory_bytes, cancelled).await? {
        bytes += batch.get_array_memory_size();
        rows += batch.num_rows() as u64;
        if bytes > limits.memory_bytes {
            return Err(FrameError::MemoryLimit(limits.memory_bytes));
        }
        if rows > limits.rows {
            return Err(FrameError::RowLimit(limits.rows));
        }
        batches.push(batch);
    }
    Ok((stream.schema(), batches))
}

/// The next rows of a stream.
async fn next(
    stream: &mut SendableRecordBatchStream,
    memory_bytes: usize,
    cancelled: &(impl Fn() -> bool + Send + Sync),
) -> Result<Option<RecordBatch>, FrameError> {
    // Lets the time limit look in between batches that never wait.
    tokio::task::yield_now().await;
    let next = tokio::select! {
        next = stream.next() => next,
        () = asked_to_stop(cancelled) => return Err(FrameError::Cancelled),
    };
    next.transpose()
        .map_err(|error| sql::run_error(error, memory_bytes))
}

struct FrameWriter {
    file: ArrowWriter<File>,
    columns: Vec<FrameColumn>,
    rows: u64,
    row_limit: u64,
    memory_bytes: usize,
}

impl FrameWriter {
    fn create(
        output: &Path,
        schema: &SchemaRef,
        columns: Vec<FrameColumn>,
        limits: &FrameLimits,
    ) -> Result<Self, FrameError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(
                ZstdLevel::try_new(3).map_err(FrameError::internal)?,
            ))
            .set_created_by("helder-frames".to_owned())
            .set_max_row_group_row_count(Some(128 << 10))
            .build();
        let file = File::create(output).map_err(FrameError::internal)?;
        // Nullability may differ between reference dates; the file promises nothing.
        let fields: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| field.as_ref().clone().with_nullable(true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let file =
            ArrowWriter::try_new(file, schema, Some(properties)).map_err(FrameError::internal)?;
        Ok(Self {
            file,
            columns,
            rows: 0,
            row_limit: limits.rows,
            memory_bytes: limits.memory_bytes,
        })
    }

    async fn append(
        &mut self,
        mut stream: SendableRecordBatchStream,
        cancelled: &(impl Fn() -> bool + Send + Sync),
    ) -> Result<(), FrameError> {
        while let Some(batch) = next(&mut stream, self.memory_bytes, cancelled).await? {
            self.write(&batch)?;
        }
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), FrameError> {
        self.rows += batch.num_rows() as u64;
        if self.rows > self.row_limit {
            return Err(FrameError::RowLimit(self.row_limit));
        }
        self.file.write(batch).map_err(FrameError::internal)
    }

    fn finish(self) -> Result<(u64, Vec<FrameColumn>), FrameError> {
        let mut file = self.file.into_inner().map_err(FrameError::internal)?;
        file.flush().map_err(FrameError::internal)?;
        file.sync_all().map_err(FrameError::internal)?;
        Ok((self.rows, self.columns))
    }
}

async fn asked_to_stop(cancelled: &(impl Fn() -> bool + Send + Sync)) {
    while !cancelled() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
