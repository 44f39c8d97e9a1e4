//! To which group somebody belongs: read from the dataset version when the result is asked, and kept nowhere.

use std::collections::{BTreeMap, HashMap};

use arrow::{
    array::{Array as _, AsArray as _},
    compute::cast,
    datatypes::{DataType, Int64Type},
};
use helder_platform::{
    objects::StoredFile,
    problem::{Problem, Result},
};
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};

use crate::{batch::ROW, wire::ControlNotTold};

/// Most groups of a feature of which anything is told.
const MOST_GROUPS: usize = 50;

/// The groups of a feature.
pub(crate) struct Scored {
    /// The feature.
    pub(crate) feature: String,
    /// Why nothing is told of its groups.
    pub(crate) not_told: Option<ControlNotTold>,
    /// Per group how many rows were scored; rows without a value first.
    pub(crate) groups: Vec<(Option<String>, usize)>,
    /// The place of the group of each row on the list.
    pub(crate) of_rows: HashMap<i64, usize>,
}

impl Scored {
    /// Of a feature whose dataset version is no longer there.
    pub(crate) fn gone(feature: &str) -> Self {
        Self {
            feature: feature.to_owned(),
            not_told: Some(ControlNotTold::DatasetGone),
            groups: Vec::new(),
            of_rows: HashMap::new(),
        }
    }
}

/// Per feature the groups of all rows scored, and those of rows on the list.
///
/// * `result` – the ranked result of the batch, which says who was scored
/// * `listed` – rows on the list
pub(crate) fn scored_groups(
    dataset: &StoredFile,
    result: &StoredFile,
    features: &[String],
    listed: &[i64],
) -> Result<Vec<Scored>> {
    let mut scored = std::collections::HashSet::new();
    read(result, &["row".to_owned()], |row, _| {
        scored.insert(row);
    })?;
    let mut names = vec![ROW.to_owned()];
    names.extend(features.iter().cloned());
    let listed: std::collections::HashSet<i64> = listed.iter().copied().collect();
    let mut counts: Vec<BTreeMap<Option<String>, usize>> = vec![BTreeMap::new(); features.len()];
    let mut of_listed: Vec<(i64, Vec<Option<String>>)> = Vec::new();
    read(dataset, &names, |row, values| {
        if !scored.contains(&row) {
            return;
        }
        for (counts, value) in counts.iter_mut().zip(values) {
            if let Some(count) = counts.get_mut(value) {
                *count += 1;
            } else if counts.len() <= MOST_GROUPS {
                counts.insert(value.clone(), 1);
            }
        }
        if listed.contains(&row) {
            of_listed.push((row, values.to_vec()));
        }
    })?;
    let features = features.iter().zip(counts).enumerate();
    let scored = features.map(|(place, (feature, counts))| {
        let has_too_many = counts.len() > MOST_GROUPS;
        let groups: Vec<(Option<String>, usize)> =
            counts.into_iter().filter(|_| !has_too_many).collect();
        let group = |value: &Option<String>| groups.iter().position(|(group, _)| group == value);
        let rows = of_listed.iter();
        let of_rows = rows.filter_map(|(row, values)| Some((*row, group(&values[place])?)));
        Scored {
            feature: feature.clone(),
            not_told: has_too_many.then_some(ControlNotTold::TooManyGroups),
            of_rows: of_rows.collect(),
            groups,
        }
    });
    Ok(scored.collect())
}

/// Gives each row with the texts of the other columns. The first column numbers the rows; without it they are counted.
fn read(
    file: &StoredFile,
    names: &[String],
    mut each: impl FnMut(i64, &[Option<String>]),
) -> Result<()> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file.open()?).map_err(Problem::internal)?;
    let places: Vec<usize> = names
        .iter()
        .filter_map(|name| builder.schema().index_of(name).ok())
        .collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), places);
    let reader = builder
        .with_projection(mask)
        .build()
        .map_err(Problem::internal)?;
    let mut read = 0;
    for batch in reader {
        let batch = batch.map_err(Problem::internal)?;
        let column = |name: &String, kind: &DataType| {
            let column = batch.column_by_name(name);
            column
                .map(|column| cast(column, kind))
                .transpose()
                .map_err(Problem::internal)
        };
        let numbers = column(&names[0], &DataType::Int64)?;
        let texts = names[1..].iter().map(|name| column(name, &DataType::Utf8));
        let texts = texts.collect::<Result<Vec<_>>>()?;
        for place in 0..batch.num_rows() {
            read += 1;
            let own = numbers.as_ref().filter(|column| column.is_valid(place));
            let row = own.map_or(read, |column| {
                column.as_primitive::<Int64Type>().value(place)
            });
            let text = texts.iter().map(|column| {
                let column = column.as_ref().filter(|column| column.is_valid(place))?;
                Some(column.as_string::<i32>().value(place).to_owned())
            });
            each(row, &text.collect::<Vec<_>>());
        }
    }
    Ok(())
}
