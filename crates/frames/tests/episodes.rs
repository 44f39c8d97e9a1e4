//! Records of an administration become the rows of a frame.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

use std::{fs::File, path::Path, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray},
    datatypes::Int64Type,
};
use helder_frames::{
    Clock, EPISODE_COLUMNS, EpisodeStep, FrameError, FrameLimits, FrameQuery, FrameSummary,
    FrameTable, Late, TableRole, build,
};
use jiff::civil::{Date, date};
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};

/// Person, first day, last day, reason, household; days of 2024 from 1.
type Line = (
    Option<&'static str>,
    Option<i32>,
    Option<i32>,
    Option<&'static str>,
    &'static str,
);

const LINES: [Line; 9] = [
    // Two records with four days between, the second overlapping a third that runs on.
    (Some("a"), Some(10), Some(40), Some("household"), "alone"),
    (Some("a"), Some(45), Some(80), Some("household"), "couple"),
    (Some("a"), Some(60), Some(120), Some("work"), "couple"),
    // Came back, and is still there.
    (Some("a"), Some(200), None, None, "alone"),
    // There before registration began, and gone without a reason.
    (Some("b"), Some(-50), Some(90), None, "alone"),
    (Some("c"), Some(50), Some(49), Some("work"), "alone"),
    (Some("c"), Some(400), None, None, "alone"),
    (None, Some(5), None, None, "alone"),
    (Some("d"), None, None, None, "alone"),
];

fn day(of_2024: i32) -> i32 {
    19_722 + of_2024
}

fn write(path: &Path) {
    let column = |of: fn(&Line) -> Option<i32>| -> ArrayRef {
        Arc::new(
            LINES
                .iter()
                .map(|line| of(line).map(day))
                .collect::<Date32Array>(),
        )
    };
    let text = |of: fn(&Line) -> Option<&'static str>| -> ArrayRef {
        Arc::new(LINES.iter().map(of).collect::<StringArray>())
    };
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("person", text(|line| line.0), true),
        ("begin", column(|line| line.1), true),
        ("last", column(|line| line.2), true),
        ("why", text(|line| line.3), true),
        ("household", text(|line| Some(line.4)), true),
    ])
    .unwrap();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn step() -> EpisodeStep {
    EpisodeStep {
        person: "person".to_owned(),
        start: "begin".to_owned(),
        end: "last".to_owned(),
        reason: Some("why".to_owned()),
        recorded: None,
        observed_from: date(2024, 1, 1),
        observed_until: Some(date(2024, 12, 31)),
        most_days_between: 31,
        least_days: 0,
        without_reason: None,
        late: Late::FromStart,
        clock: Clock::Duration,
    }
}

async fn made(
    sql: &str,
    step: EpisodeStep,
    reference_dates: &[Date],
) -> Result<(FrameSummary, RecordBatch), FrameError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.parquet");
    write(&path);
    let table = FrameTable {
        alias: "records".to_owned(),
        path,
        role: TableRole::Outcome,
        known_since: None,
        event_time: None,
    };
    let query = FrameQuery {
        tables: vec![table],
        sql: sql.to_owned(),
        reference_dates: reference_dates.to_vec(),
        episodes: Some(step),
    };
    let output = folder.path().join("frame.parquet");
    let limits = FrameLimits::default();
    let spill = folder.path().join("spill");
    let summary = build(&query, &limits, &output, &spill, || false).await?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&output).unwrap()).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    let rows = arrow::compute::concat_batches(&schema, &batches).unwrap();
    Ok((summary, rows))
}

fn integers(rows: &RecordBatch, name: &str) -> Vec<Option<i64>> {
    let column: &Int64Array = rows[name].as_primitive::<Int64Type>();
    column.iter().collect()
}

fn texts<'a>(rows: &'a RecordBatch, name: &str) -> Vec<Option<&'a str>> {
    let column: &StringArray = rows[name].as_string::<i32>();
    column.iter().collect()
}

fn faults(error: FrameError) -> Vec<(String, &'static str)> {
    match error {
        FrameError::Invalid(faults) => faults
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_row_is_an_unbroken_stretch_with_what_was_known_at_its_beginning() {
    let (summary, rows) = made("select * from records", step(), &[]).await.unwrap();
    let names: Vec<_> = summary.columns.iter().map(|c| c.name.as_str()).collect();
    let kept = ["person", "begin", "why", "household"];
    assert_eq!(names, [&kept[..], &EPISODE_COLUMNS[..]].concat());
    assert_eq!(texts(&rows, "person"), [Some("a"), Some("a"), Some("b")]);
    assert_eq!(
        texts(&rows, "household"),
        [Some("alone"), Some("alone"), Some("alone")]
    );
    // From day 10 up to and including 120; from 200 to the last day of the year; from 50 days before it, of which 51 were not seen.
    assert_eq!(integers(&rows, "entry"), [Some(0), Some(0), Some(51)]);
    assert_eq!(
        integers(&rows, "duration"),
        [Some(111), Some(167), Some(141)]
    );
    let ended: &BooleanArray = rows["ended"].as_boolean();
    assert_eq!(
        ended.iter().collect::<Vec<_>>(),
        [Some(true), Some(false), Some(true)]
    );
    assert_eq!(texts(&rows, "why"), [Some("work"), None, None]);
    assert_eq!(integers(&rows, "episode"), [Some(1), Some(2), Some(1)]);
    assert_eq!(integers(&rows, "days_since_former"), [None, Some(79), None]);
    assert_eq!(integers(&rows, "records"), [Some(3), Some(1), Some(1)]);
    assert_eq!(
        texts(&rows, "made_by"),
        [
            Some("overlapped, joined"),
            Some("runs"),
            Some("entered_late, no_reason")
        ]
    );
}

#[tokio::test]
async fn every_record_is_in_an_episode_or_set_apart_with_its_reason() {
    let (summary, rows) = made("select * from records", step(), &[]).await.unwrap();
    let counts = summary.episodes.unwrap();
    assert_eq!(
        (counts.records, counts.episodes, counts.in_episodes),
        (9, rows.num_rows() as u64, 5)
    );
    let apart: Vec<_> = counts.set_apart.into_iter().collect();
    assert_eq!(
        apart,
        [
            ("after_observation", 1),
            ("ends_before_start", 1),
            ("no_person", 1),
            ("no_start", 1)
        ]
    );
    let done: Vec<_> = counts.done.into_iter().collect();
    assert_eq!(
        done,
        [
            ("entered_late", 1),
            ("joined", 1),
            ("no_reason", 1),
            ("overlapped", 1),
            ("runs", 1)
        ]
    );
}

#[tokio::test]
async fn rules_are_obeyed() {
    let strict = EpisodeStep {
        most_days_between: 3,
        least_days: 40,
        without_reason: Some("unknown".to_owned()),
        clock: Clock::Calendar,
        ..step()
    };
    let (summary, rows) = made("select * from records", strict, &[]).await.unwrap();
    assert_eq!(texts(&rows, "person"), [Some("a"), Some("a"), Some("b")]);
    // The first record of a, of 31 days, is too short; the others keep their numbers.
    assert_eq!(integers(&rows, "episode"), [Some(2), Some(3), Some(1)]);
    assert_eq!(texts(&rows, "why"), [Some("work"), None, Some("unknown")]);
    // Days since 1 January.
    assert_eq!(integers(&rows, "entry"), [Some(44), Some(199), Some(0)]);
    assert_eq!(
        integers(&rows, "duration"),
        [Some(120), Some(366), Some(90)]
    );
    let counts = summary.episodes.unwrap();
    assert_eq!(counts.set_apart["too_short"], 1);
    assert_eq!(
        counts.in_episodes + counts.set_apart.values().sum::<u64>(),
        counts.records
    );
}

#[tokio::test]
async fn nothing_is_seen_after_a_reference_date() {
    let open = EpisodeStep {
        observed_until: None,
        ..step()
    };
    let dates = [date(2023, 6, 1), date(2024, 3, 31), date(2024, 12, 31)];
    let (summary, rows) = made("select * from records", open, &dates).await.unwrap();
    assert_eq!(summary.rows_by_reference_date, [0, 2, 3]);
    // On 31 March, day 91, both are there: b's last day was the day before.
    assert_eq!(integers(&rows, "duration")[..2], [Some(82), Some(141)]);
    let counts = summary.episodes.unwrap();
    assert_eq!(counts.records, 27);
    assert_eq!(
        counts.in_episodes + counts.set_apart.values().sum::<u64>(),
        counts.records
    );
}

#[tokio::test]
async fn all_faults_come_at_once() {
    let wrong = EpisodeStep {
        end: "begin".to_owned(),
        observed_until: Some(date(2023, 1, 1)),
        late: Late::FromRecord,
        without_reason: Some(" ".to_owned()),
        ..step()
    };
    let found = made("select * from records", wrong, &[]).await;
    let expected = [
        ("/episodes/end", "unique"),
        ("/episodes/observed/until", "order"),
        ("/episodes/recorded", "required"),
        ("/episodes/withoutReason", "required"),
    ];
    assert_eq!(
        faults(found.unwrap_err()),
        expected.map(|(pointer, code)| (pointer.to_owned(), code))
    );
    let open = EpisodeStep {
        observed_until: None,
        ..step()
    };
    let found = made("select * from records", open, &[]).await;
    assert_eq!(
        faults(found.unwrap_err()),
        [("/episodes/observed/until".to_owned(), "required")]
    );
    let sql =
        "select begin as person, why as begin, last, household, household as records from records";
    let found = made(sql, step(), &[]).await;
    let expected = [
        ("/episodes/person", "column_type"),
        ("/episodes/start", "column_type"),
        ("/episodes/reason", "unknown_column"),
        ("/sql", "duplicate_column"),
    ];
    assert_eq!(
        faults(found.unwrap_err()),
        expected.map(|(pointer, code)| (pointer.to_owned(), code))
    );
}

#[tokio::test]
async fn a_file_without_records_makes_a_frame_without_rows() {
    let (summary, rows) = made("select * from records where false", step(), &[])
        .await
        .unwrap();
    assert_eq!((summary.rows, rows.num_rows()), (0, 0));
    assert_eq!(rows.num_columns(), 11);
}
