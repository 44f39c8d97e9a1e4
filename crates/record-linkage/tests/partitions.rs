//! Several processes that each score one hash partition find the bytes that one process finds.

mod support;

use std::{collections::BTreeSet, process::Command, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray as _, RecordBatch, StringArray, UInt64Array},
    compute::take,
    datatypes::{DataType, Field, Float64Type, Schema, UInt64Type},
};
use helder_record_linkage::{
    Limits, LinkageSpec, Table,
    incremental::{
        Frozen,
        partition::{KEY, PartitionError, RECORD, RULE, keys, score},
    },
    run,
    run::{Part, weigh_part},
};
use support::{febrl_spec, febrl4};

const PARTS: u64 = 3;
const PART: &str = "HELDER_TEST_ARROW_PART";

fn spec() -> LinkageSpec {
    let mut spec = febrl_spec();
    spec.random_pairs = 100_000;
    spec.pairs_per_record = 0.0;
    // Some blocks are over the cap, so that they are divided.
    spec.max_block_pairs = 60;
    spec
}

/// The table as an engine would have it, with records numbered from a number on.
#[expect(clippy::unwrap_used, reason = "a test")]
fn batch(table: &Table, from: u64) -> RecordBatch {
    let mut fields = vec![Field::new(RECORD, DataType::UInt64, false)];
    let numbers = (0..table.n_rows() as u64).map(|row| from + row);
    let mut columns: Vec<ArrayRef> = vec![Arc::new(UInt64Array::from_iter_values(numbers))];
    for name in table.names() {
        let column = table.column(name).unwrap();
        let texts = column.codes().iter().map(|code| column.text(*code));
        fields.push(Field::new(name, DataType::Utf8, true));
        columns.push(Arc::new(texts.collect::<StringArray>()));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a UInt64Array {
    batch[name].as_primitive::<UInt64Type>()
}

/// What a shuffle sends to partition `number`: a record once per key that belongs there.
#[expect(clippy::unwrap_used, reason = "a test")]
fn sent(records: &RecordBatch, keys: &RecordBatch, number: u64, of: u64, from: u64) -> RecordBatch {
    let key = column(keys, KEY);
    let here: Vec<u64> = (0..keys.num_rows() as u64)
        .filter(|i| key.value(*i as usize) % of == number)
        .collect();
    let places = UInt64Array::from(here);
    let taken = |name| take(&keys[name], &places, None).unwrap();
    let record = taken(RECORD);
    let rows = record.as_primitive::<UInt64Type>().values().iter();
    let rows = UInt64Array::from_iter_values(rows.map(|record| record - from));
    let mut fields: Vec<Field> = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in records.schema().fields().iter().zip(records.columns()) {
        fields.push(field.as_ref().clone());
        columns.push(take(column, &rows, None).unwrap());
    }
    for name in [RULE, KEY] {
        fields.push(Field::new(name, DataType::UInt64, false));
        columns.push(taken(name));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// Pairs as bytes that sort as pairs do.
fn bytes(found: &RecordBatch) -> Vec<[u8; 24]> {
    let weight = found["match_weight"].as_primitive::<Float64Type>();
    let of_pair = |i: usize| {
        let parts = [
            column(found, "left").value(i).to_be_bytes(),
            column(found, "right").value(i).to_be_bytes(),
            weight.value(i).to_bits().to_be_bytes(),
        ];
        let mut out = [0; 24];
        out.copy_from_slice(&parts.concat());
        out
    };
    (0..found.num_rows()).map(of_pair).collect()
}

const FROM: [u64; 2] = [1_000_000, 7];

#[expect(clippy::unwrap_used, reason = "a test")]
fn partition(number: u64, of: u64) -> (Vec<[u8; 24]>, Frozen) {
    let (left, right) = febrl4();
    let spec = spec();
    let model = run(&spec, &left.table, &right.table, &()).unwrap();
    let share = model.duplicate_share;
    let model = model.model.unwrap();
    let frozen = Frozen::new(&spec, &model, share, &left.table, &right.table).unwrap();
    let records = [batch(&left.table, FROM[0]), batch(&right.table, FROM[1])];
    let listed = keys(&frozen, &records[..1], &records[1..]).unwrap();
    let here = [0, 1].map(|side| sent(&records[side], &listed[side], number, of, FROM[side]));
    // As an engine does, in several batches.
    let pieces = |batch: &RecordBatch| {
        let half = batch.num_rows() / 2;
        [
            batch.slice(0, half),
            batch.slice(half, batch.num_rows() - half),
        ]
    };
    let found = score(&frozen, &pieces(&here[0]), &pieces(&here[1]), &()).unwrap();
    (bytes(&found), frozen)
}

/// Starts itself three times; each process gets the records of its partition only.
#[test]
fn several_processes_over_partitions_find_the_same_bytes_as_one() {
    if let Some(part) = std::env::var_os(PART) {
        let part = part.into_string().unwrap();
        let (number, path) = part.split_once(' ').unwrap();
        let (found, _) = partition(number.parse().unwrap(), PARTS);
        std::fs::write(path, found.concat()).unwrap();
        return;
    }
    let folder = std::env::temp_dir().join(format!("helder-partitions-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let name = "several_processes_over_partitions_find_the_same_bytes_as_one";
    let started: Vec<_> = (0..PARTS)
        .map(|part| {
            let path = folder.join(part.to_string());
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name])
                .env(PART, format!("{part} {}", path.display()))
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap();
            (child, path)
        })
        .collect();
    let mut together = BTreeSet::new();
    for (mut child, path) in started {
        assert!(child.wait().unwrap().success());
        let found = std::fs::read(path).unwrap();
        assert!(found.len() > 240, "a part without pairs proves nothing");
        together.extend(
            found
                .chunks(24)
                .map(|pair| <[u8; 24]>::try_from(pair).unwrap()),
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
    let (one, frozen) = partition(0, 1);
    assert_eq!(together.into_iter().collect::<Vec<_>>(), one);

    // And these are the pairs, with the weights, that the engine weighs over whole tables.
    let (left, right) = febrl4();
    let all = Part { number: 0, of: 1 };
    let tables = (&left.table, &right.table);
    let weighed = weigh_part(
        frozen.spec(),
        tables,
        frozen.model(),
        all,
        Limits::default(),
        &(),
    );
    let weighed: Vec<Vec<u8>> = weighed
        .unwrap()
        .iter()
        .map(|pair| {
            let numbers = [
                u64::from(pair.left) + FROM[0],
                u64::from(pair.right) + FROM[1],
            ];
            let weight = pair.match_weight.to_bits().to_be_bytes();
            [numbers[0].to_be_bytes(), numbers[1].to_be_bytes(), weight].concat()
        })
        .collect();
    assert_eq!(weighed.concat(), one.concat());
}

#[test]
fn batches_that_are_not_as_described_are_refused() {
    let (left, right) = febrl4();
    let spec = spec();
    let found = run(&spec, &left.table, &right.table, &()).unwrap();
    let model = found.model.unwrap();
    let frozen = Frozen::new(&spec, &model, 0.0, &left.table, &right.table).unwrap();
    let records = [batch(&left.table, 0), batch(&right.table, 0)];
    let without_keys = score(&frozen, &records[..1], &records[1..], &());
    assert!(matches!(without_keys, Err(PartitionError::Numbers(RULE))));
    let listed = keys(&frozen, &records[..1], &records[1..]).unwrap();
    let without_record = keys(&frozen, &[listed[0].project(&[1]).unwrap()], &[]);
    assert!(matches!(
        without_record,
        Err(PartitionError::Numbers(RECORD))
    ));
    let nothing = score(&frozen, &[], &[], &()).unwrap();
    assert_eq!(nothing.num_rows(), 0);
}
