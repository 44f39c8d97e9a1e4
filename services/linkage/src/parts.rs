//! Stored parts into a table that the engine compares. Plain identifiers exist in memory only.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::Read,
};

use arrow::{
    array::{ArrayRef, AsArray},
    compute::cast,
    datatypes::{DataType, Int64Type},
};
use bytes::Bytes;
use helder_platform::{
    jobs::JobContext,
    keyring::KeyRing,
    objects::Objects,
    problem::{Problem, Result},
};
use helder_record_linkage::{Column, ColumnBuilder, LinkageSpec, Table};
use helder_types::OrganisationId;
use parquet::{
    arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder},
    file::reader::ChunkReader,
};

use crate::versions::Input;

/// Bytes of an identity part that are unsealed before asking whether to go on.
const UNSEALED_AT_ONCE: u64 = 16 << 20;

/// Rows that are looked at to see what values are like.
const FIRST_ROWS: usize = 5_000;

/// One side of a run: compared columns, and the row number of each.
pub(crate) struct Records {
    /// The columns the specification names.
    pub table: Table,
    /// `_row` of each row of the table.
    pub rows: Vec<i64>,
    /// Pseudonym of each row, where the version has one.
    pub pseudonyms: Option<Vec<Option<String>>>,
}

impl Records {
    /// Bytes it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let pseudonyms = self.pseudonyms.iter().flatten();
        let texts: usize = pseudonyms
            .map(|text| size_of::<Option<String>>() + text.as_ref().map_or(0, String::capacity))
            .sum();
        self.table.bytes() + (8 * self.rows.capacity() + texts) as u64
    }

    /// Place in the table of a row number.
    pub(crate) fn place(&self, row: i64) -> Option<usize> {
        // Rows are ascending as ingest writes them; a part that is not is searched through.
        self.rows
            .binary_search(&row)
            .ok()
            .or_else(|| self.rows.iter().position(|known| *known == row))
    }
}

/// Waits for futures on a thread that may block.
pub(crate) trait Waits {
    /// Waits.
    fn wait<F: Future>(&self, future: F) -> F::Output;
    /// Whether to go on.
    ///
    /// # Errors
    /// Why not.
    fn go_on(&self) -> Result<()>;
    /// Counts memory that is held from now on.
    ///
    /// # Errors
    /// 400 when it is more than may be held.
    fn hold(&self, _bytes: u64) -> Result<()> {
        Ok(())
    }
    /// Whether so much more could be held.
    ///
    /// # Errors
    /// 400 when not.
    fn has_room_for(&self, _bytes: u64) -> Result<()> {
        Ok(())
    }
}

impl Waits for JobContext {
    fn wait<F: Future>(&self, future: F) -> F::Output {
        self.block_on(future)
    }

    fn go_on(&self) -> Result<()> {
        self.checkpoint()
    }
}

impl Waits for tokio::runtime::Handle {
    fn wait<F: Future>(&self, future: F) -> F::Output {
        self.block_on(future)
    }

    fn go_on(&self) -> Result<()> {
        Ok(())
    }
}

/// Columns that `spec` reads on one side.
pub(crate) fn named(spec: &LinkageSpec, left: bool) -> BTreeSet<&str> {
    let identifiers = spec.deterministic.iter().chain(&spec.teaching);
    let pairs = identifiers.map(|pair| {
        if left {
            pair.left.as_str()
        } else {
            pair.right.as_str()
        }
    });
    let compared = spec
        .comparisons
        .iter()
        .flat_map(helder_record_linkage::spec::ComparisonSpec::columns);
    pairs
        .chain(compared.filter_map(|(_, l, r)| if left { l } else { r }))
        .collect()
}

/// Reads one side: the columns that `spec` names, and `besides` those of the others that the version has.
///
/// # Errors
/// 404, 500 or 503 of the object store, 409 `key-destroyed`, 500 when a part is not what ingest writes.
pub(crate) fn read(
    (objects, keyring): (&Objects, &KeyRing),
    organisation: &OrganisationId,
    input: &Input,
    (spec, besides): (&LinkageSpec, &[&str]),
    left: bool,
    waits: &impl Waits,
) -> Result<Records> {
    let mut wanted = named(spec, left);
    wanted.extend(besides);
    wanted.extend(input.pseudonym.as_deref().filter(|_| left));
    let of_identity: BTreeSet<&str> = wanted
        .iter()
        .copied()
        .filter(|name| input.identity_columns.contains(*name))
        .collect();
    let of_analysis: BTreeSet<&str> = wanted
        .iter()
        .copied()
        .filter(|name| input.analysis_columns.contains(*name))
        .collect();
    let mut sheets = Vec::new();
    if let Some(digest) = input.identity.as_ref().filter(|_| !of_identity.is_empty()) {
        let file = waits.wait(objects.get_to_file(organisation, digest))?;
        let sealer = waits.wait(keyring.sealer(organisation))?;
        let mut plain = Vec::new();
        let mut reader = sealer.reader(file.open()?).map_err(Problem::internal)?;
        // In steps, so that a run that is stopped does not unseal gigabytes first.
        while reader
            .by_ref()
            .take(UNSEALED_AT_ONCE)
            .read_to_end(&mut plain)
            .map_err(Problem::internal)?
            > 0
        {
            waits.go_on()?;
            waits.has_room_for(plain.len() as u64)?;
        }
        waits.hold(plain.len() as u64)?;
        sheets.push(sheet(Bytes::from(plain), &of_identity, waits)?);
    }
    if !of_analysis.is_empty() || sheets.is_empty() {
        let file = waits.wait(objects.get_to_file(organisation, &input.analysis))?;
        sheets.push(sheet(file.open()?, &of_analysis, waits)?);
    }
    join(sheets, input.pseudonym.as_deref().filter(|_| left), waits)
}

/// Texts of some columns of an analysis part.
///
/// # Errors
/// Those of the object store, 500 when the part is not what ingest writes.
pub(crate) fn columns(
    objects: &Objects,
    organisation: &OrganisationId,
    input: &Input,
    names: &BTreeSet<&str>,
    waits: &impl Waits,
) -> Result<Records> {
    let file = waits.wait(objects.get_to_file(organisation, &input.analysis))?;
    join(vec![sheet(file.open()?, names, waits)?], None, waits)
}

/// The first rows of some columns of an analysis part.
///
/// # Errors
/// As [`columns`].
pub(crate) fn first_rows(
    objects: &Objects,
    organisation: &OrganisationId,
    input: &Input,
    names: &BTreeSet<&str>,
    waits: &impl Waits,
) -> Result<Table> {
    if names.is_empty() {
        return Ok(Table::new(0));
    }
    let file = waits.wait(objects.get_to_file(organisation, &input.analysis))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file.open()?).map_err(Problem::internal)?;
    let fields = builder.schema().fields().iter().enumerate();
    let kept = fields.filter(|(_, field)| names.contains(field.name().as_str()));
    let mask = ProjectionMask::roots(builder.parquet_schema(), kept.map(|(place, _)| place));
    let batches = builder.with_projection(mask).with_limit(FIRST_ROWS);
    let batches = batches.build().map_err(Problem::internal)?;
    let mut columns: BTreeMap<&str, Vec<ArrayRef>> = BTreeMap::new();
    let mut n_rows = 0;
    for batch in batches {
        let batch = batch.map_err(Problem::internal)?;
        n_rows += batch.num_rows();
        for name in names {
            if let Some(array) = batch.column_by_name(name) {
                let array = cast(array, &DataType::Utf8).map_err(Problem::internal)?;
                columns.entry(name).or_default().push(array);
            }
        }
    }
    let mut table = Table::new(n_rows);
    for (name, arrays) in columns {
        let column = Column::from_texts(texts(&arrays));
        table.insert(name, column).map_err(Problem::internal)?;
    }
    Ok(table)
}

/// Columns of one part as texts, with the row numbers.
struct Sheet {
    rows: Vec<i64>,
    columns: Vec<(String, Vec<ArrayRef>)>,
}

fn sheet<R: ChunkReader + 'static>(
    reader: R,
    names: &BTreeSet<&str>,
    waits: &impl Waits,
) -> Result<Sheet> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(reader).map_err(Problem::internal)?;
    let n_rows = builder.metadata().file_metadata().num_rows().max(0) as usize;
    let schema = builder.schema();
    let kept = schema
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| field.name() == "_row" || names.contains(field.name().as_str()));
    let mask = ProjectionMask::roots(builder.parquet_schema(), kept.map(|(place, _)| place));
    let batches = builder
        .with_projection(mask)
        .with_batch_size(8192)
        .build()
        .map_err(Problem::internal)?;
    let mut held = 0;
    let mut sheet = Sheet {
        rows: Vec::with_capacity(n_rows),
        columns: names
            .iter()
            .map(|name| ((*name).to_owned(), Vec::new()))
            .collect(),
    };
    for batch in batches {
        waits.go_on()?;
        let batch = batch.map_err(Problem::internal)?;
        let rows = batch
            .column_by_name("_row")
            .and_then(|array| array.as_primitive_opt::<Int64Type>());
        let rows = rows.ok_or_else(|| Problem::internal("a stored part has no row numbers"))?;
        sheet.rows.extend(rows.values());
        for (name, arrays) in &mut sheet.columns {
            let array = batch.column_by_name(name).ok_or_else(|| {
                Problem::internal("a stored part misses a column of its contract")
            })?;
            let array = cast(array, &DataType::Utf8).map_err(Problem::internal)?;
            held += array.get_array_memory_size() as u64;
            arrays.push(array);
        }
        // What all rows would take if the rest is like those read so far.
        let share = sheet.rows.len().max(1) as f64 / n_rows.max(1) as f64;
        waits.has_room_for((held as f64 / share) as u64)?;
    }
    waits.hold(held)?;
    Ok(sheet)
}

fn texts(arrays: &[ArrayRef]) -> impl Iterator<Item = Option<&str>> {
    arrays
        .iter()
        .flat_map(|array| array.as_string::<i32>().iter())
}

/// Joins the parts on the row number; the first decides which rows there are.
fn join(sheets: Vec<Sheet>, pseudonym: Option<&str>, waits: &impl Waits) -> Result<Records> {
    let mut sheets = sheets.into_iter();
    let first = sheets
        .next()
        .ok_or_else(|| Problem::internal("nothing to read"))?;
    let mut records = Records {
        table: Table::new(first.rows.len()),
        rows: Vec::new(),
        pseudonyms: None,
    };
    for sheet in std::iter::once(&first).chain(&sheets.collect::<Vec<_>>()) {
        let places: Option<HashMap<i64, usize>> = (sheet.rows != first.rows).then(|| {
            sheet
                .rows
                .iter()
                .enumerate()
                .map(|(place, row)| (*row, place))
                .collect()
        });
        for (name, arrays) in &sheet.columns {
            waits.go_on()?;
            let mut builder = ColumnBuilder::default();
            let mut kept = (Some(name.as_str()) == pseudonym).then(Vec::new);
            let mut push = |text: Option<&str>| {
                builder.push(text);
                if let Some(kept) = &mut kept {
                    kept.push(text.map(str::to_owned));
                }
            };
            match &places {
                None => texts(arrays).for_each(&mut push),
                Some(places) => {
                    let all: Vec<Option<&str>> = texts(arrays).collect();
                    first
                        .rows
                        .iter()
                        .for_each(|row| push(places.get(row).and_then(|place| all[*place])));
                }
            }
            records
                .table
                .insert(name, builder.finish())
                .map_err(Problem::internal)?;
            records.pseudonyms = records.pseudonyms.or(kept);
        }
    }
    records.rows = first.rows;
    Ok(records)
}
