//! Frames as a user meets them: what they show, what they refuse, and that they come out the same.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use arrow::{
    array::{ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray},
    datatypes::{Date32Type, Float64Type, Int64Type},
};
use helder_frames::{
    FrameError, FrameLimits, FrameQuery, FrameSummary, FrameTable, FrameType, TableRole, build,
};
use jiff::civil::date;
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};
use tempfile::TempDir;

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)))
            .unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    arrow::compute::concat_batches(&schema, &batches).unwrap()
}

/// Day number of a date in January 2024.
fn january(day: i32) -> i32 {
    19_722 + day
}

struct Bench {
    folder: TempDir,
    tables: Vec<FrameTable>,
}

impl Bench {
    /// Signals (a feature table with a known-since date) and outcomes.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(
            &folder.path().join("signals.parquet"),
            vec![
                ("person", Arc::new(Int64Array::from(vec![1, 1, 2, 3]))),
                (
                    "amount",
                    Arc::new(Float64Array::from(vec![0.1, 0.2, 0.3, 0.4])),
                ),
                (
                    "happened",
                    Arc::new(Date32Array::from(vec![
                        january(1),
                        january(5),
                        january(2),
                        january(3),
                    ])),
                ),
                (
                    "bekend_sinds",
                    Arc::new(Date32Array::from(vec![
                        Some(january(2)),
                        Some(january(6)),
                        Some(january(20)),
                        None,
                    ])),
                ),
            ],
        );
        write(
            &folder.path().join("outcomes.parquet"),
            vec![
                ("person", Arc::new(Int64Array::from(vec![1, 2, 3]))),
                (
                    "homeless",
                    Arc::new(StringArray::from(vec!["yes", "no", "no"])),
                ),
            ],
        );
        let table = |alias: &str, role| FrameTable {
            alias: alias.to_owned(),
            path: folder.path().join(format!("{alias}.parquet")),
            role,
            known_since: (role == TableRole::Feature).then(|| "bekend_sinds".to_owned()),
            event_time: (role == TableRole::Feature).then(|| "happened".to_owned()),
        };
        let tables = vec![
            table("signals", TableRole::Feature),
            table("outcomes", TableRole::Outcome),
        ];
        Self { folder, tables }
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("frame.parquet")
    }

    async fn run(
        &self,
        sql: &str,
        dates: &[jiff::civil::Date],
        limits: &FrameLimits,
    ) -> Result<FrameSummary, FrameError> {
        let mut tables = self.tables.clone();
        if dates.is_empty() {
            for table in &mut tables {
                (table.known_since, table.event_time) = (None, None);
            }
        }
        let query = FrameQuery {
            tables,
            sql: sql.to_owned(),
            reference_dates: dates.to_vec(),
            episodes: None,
        };
        build(
            &query,
            limits,
            &self.output(),
            &self.folder.path().join("spill"),
            || false,
        )
        .await
    }

    /// A join that makes twenty billion rows out of two hundred thousand.
    fn long_query(&self) -> FrameQuery {
        let people: Int64Array = (0..200_000).map(Some).collect();
        let two_households: Int64Array = (0..200_000).map(|person| Some(person % 2)).collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("person", Arc::new(people)),
            ("household", Arc::new(two_households)),
        ];
        write(&self.tables[0].path, columns);
        let sql = "select count(*) as n from signals a join signals b on a.household = b.household \
            where a.person * b.person % 7 = 3";
        let tables = vec![FrameTable {
            known_since: None,
            event_time: None,
            ..self.tables[0].clone()
        }];
        FrameQuery {
            tables,
            sql: sql.to_owned(),
            reference_dates: vec![],
            episodes: None,
        }
    }

    async fn faults(&self, sql: &str) -> Vec<(&'static str, String)> {
        match self.run(sql, &[], &FrameLimits::default()).await {
            Err(FrameError::Invalid(faults)) => faults
                .into_iter()
                .map(|fault| (fault.code, fault.detail))
                .collect(),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

const PER_PERSON: &str = "select o.person, count(s.person) as signals, sum(s.amount) as amount, o.homeless \
    from outcomes o left join signals s on s.person = o.person group by o.person, o.homeless";

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_table_shows_only_what_was_known_on_the_reference_date() {
    let bench = Bench::new();
    let dates = [date(2024, 1, 3), date(2024, 1, 10), date(2024, 1, 31)];
    let summary = bench
        .run(PER_PERSON, &dates, &FrameLimits::default())
        .await
        .unwrap();
    assert_eq!(summary.rows, 9);
    assert_eq!(summary.rows_by_reference_date, [3, 3, 3]);
    let frame = read(&bench.output());
    let counts: Vec<_> = frame["signals"]
        .as_primitive::<Int64Type>()
        .values()
        .to_vec();
    // Person 1 has one signal known on 3 January and two later; person 2's becomes known on the 20th; person 3's never.
    assert_eq!(counts, [1, 0, 0, 2, 0, 0, 2, 1, 0]);
    let days: Vec<_> = frame["reference_date"]
        .as_primitive::<Date32Type>()
        .values()
        .to_vec();
    assert_eq!(days, [3, 3, 3, 10, 10, 10, 31, 31, 31].map(january));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_table_is_shown_whole_and_the_reference_date_can_be_read() {
    let bench = Bench::new();
    let sql =
        "select count(*) as n, reference_date from outcomes, reference group by reference_date";
    let summary = bench
        .run(sql, &[date(2024, 1, 1)], &FrameLimits::default())
        .await
        .unwrap();
    assert_eq!(
        summary
            .columns
            .iter()
            .map(|c| (c.name.as_str(), c.kind))
            .collect::<Vec<_>>(),
        [
            ("n", FrameType::Integer),
            ("reference_date", FrameType::Date)
        ]
    );
    assert_eq!(
        read(&bench.output())["n"]
            .as_primitive::<Int64Type>()
            .values(),
        &[3]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_gives_the_same_bytes() {
    let bench = Bench::new();
    let dates = [date(2024, 1, 10), date(2024, 1, 31)];
    bench
        .run(PER_PERSON, &dates, &FrameLimits::default())
        .await
        .unwrap();
    let first = std::fs::read(bench.output()).unwrap();
    bench
        .run(PER_PERSON, &dates, &FrameLimits::default())
        .await
        .unwrap();
    assert_eq!(first, std::fs::read(bench.output()).unwrap());
    assert!(
        read(&bench.output())["amount"]
            .as_primitive::<Float64Type>()
            .iter()
            .flatten()
            .any(|v| v > 0.29)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_select_is_let_through() {
    let bench = Bench::new();
    let target = bench.folder.path().join("stolen.csv");
    let target = target.to_str().unwrap();
    let inside = bench.tables[0].path.to_str().unwrap();
    for (sql, code) in [
        ("drop table signals", "read_only"),
        ("create table t as select * from signals", "read_only"),
        ("create view v as select 1 as a", "read_only"),
        (
            &format!("create external table t stored as csv location '{target}'"),
            "read_only",
        ),
        (
            &format!("copy (select * from signals) to '{target}'"),
            "read_only",
        ),
        (
            &format!("copy signals to '{target}' stored as parquet"),
            "read_only",
        ),
        ("insert into outcomes select * from outcomes", "read_only"),
        ("update outcomes set homeless = 'no'", "read_only"),
        ("delete from outcomes", "read_only"),
        (
            "set datafusion.catalog.information_schema = true",
            "read_only",
        ),
        ("explain select 1 as a", "read_only"),
        ("explain analyze select count(*) from signals", "read_only"),
        ("show tables", "read_only"),
        ("describe signals", "read_only"),
        ("select 1 as a; drop table signals", "one_query"),
        ("", "one_query"),
        ("selec 1", "syntax"),
        (&format!("select * from '{inside}'"), "unknown_table"),
        ("select * from information_schema.tables", "unknown_table"),
        ("select * from '/etc/passwd'", "unknown_table"),
        (
            "select * from 'http://example.invalid/a.parquet'",
            "unknown_table",
        ),
    ] {
        let faults = bench.faults(sql).await;
        assert_eq!(
            faults.iter().map(|f| f.0).collect::<Vec<_>>(),
            [code],
            "{sql}: {faults:?}"
        );
    }
    for sql in [
        &format!("select * from read_parquet('{inside}')"),
        &format!("select * from parquet_metadata('{inside}')"),
        "select * from generate_series(1, 10)",
        "select now() as a",
        "select random() as a from signals",
        "select repeat('x', 2000000000) as a",
        "with recursive r as (select 1 as n union all select n + 1 from r) select n from r",
    ] {
        assert!(!bench.faults(sql).await.is_empty(), "{sql}");
    }
    assert!(!Path::new(target).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_name_columns_and_functions_but_no_value() {
    let bench = Bench::new();
    let unknown = bench
        .faults("select naam from outcomes where homeless = '249566758'")
        .await;
    assert_eq!(unknown[0].0, "unknown_column");
    assert!(
        unknown[0].1.contains("`naam`") && unknown[0].1.contains("homeless, person"),
        "{}",
        unknown[0].1
    );
    let function = bench
        .faults("select geheim(person) as a from outcomes")
        .await;
    assert_eq!(function[0].0, "unknown_function");
    assert!(function[0].1.contains("geheim"), "{}", function[0].1);
    let syntax = bench
        .faults("select person from outcomes where '249566758' '249566758'")
        .await;
    assert!(!syntax[0].1.contains("249566758"), "{}", syntax[0].1);
    let twice = bench
        .faults("select person, person as person from outcomes")
        .await;
    assert!(!twice.is_empty());
    let value = bench
        .run(
            "select cast(homeless as bigint) as a from outcomes",
            &[],
            &FrameLimits::default(),
        )
        .await;
    assert!(matches!(value, Err(FrameError::Value)), "{value:?}");
    assert!(!value.unwrap_err().to_string().contains("yes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_of_a_question_are_named_at_once() {
    let bench = Bench::new();
    let mut tables = bench.tables.clone();
    tables[0].alias = "Signals".to_owned();
    tables[1].alias = "reference".to_owned();
    let query = FrameQuery {
        tables,
        sql: "drop table x".to_owned(),
        reference_dates: vec![],
        episodes: None,
    };
    let Err(FrameError::Invalid(faults)) = build(
        &query,
        &FrameLimits::default(),
        &bench.output(),
        bench.folder.path(),
        || false,
    )
    .await
    else {
        panic!("accepted")
    };
    let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
    assert_eq!(
        codes,
        ["pattern", "needs_reference_date", "reserved", "read_only"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_runs_long_is_stopped_and_leaves_nothing() {
    let bench = Bench::new();
    let limits = FrameLimits {
        time: Duration::from_millis(500),
        ..FrameLimits::default()
    };
    let started = Instant::now();
    let answer = build(
        &bench.long_query(),
        &limits,
        &bench.output(),
        bench.folder.path(),
        || false,
    )
    .await;
    assert!(
        matches!(answer, Err(FrameError::TimeLimit(_))),
        "{answer:?}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    assert!(!bench.output().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_without_keys_needs_a_small_side() {
    let bench = Bench::new();
    let many: Vec<i64> = (0..200_000).collect();
    write(
        &bench.tables[0].path,
        vec![("person", Arc::new(Int64Array::from(many)))],
    );
    for sql in [
        "select count(*) as n from signals a, signals b where a.person * b.person % 7 = 3",
        "select count(*) as n from signals a join signals b on a.person < b.person",
        "select a.person from signals a, signals b",
    ] {
        assert_eq!(bench.faults(sql).await[0].0, "join_without_keys", "{sql}");
    }
    let sql =
        "select count(*) as n from signals, outcomes, (select max(person) as top from signals)";
    bench.run(sql, &[], &FrameLimits::default()).await.unwrap();
    assert_eq!(
        read(&bench.output())["n"]
            .as_primitive::<Int64Type>()
            .values(),
        &[600_000]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_memory_are_bounded() {
    let bench = Bench::new();
    let many: Vec<i64> = (0..200_000).collect();
    write(
        &bench.tables[0].path,
        vec![("person", Arc::new(Int64Array::from(many)))],
    );
    let few_rows = FrameLimits {
        rows: 1_000,
        ..FrameLimits::default()
    };
    let answer = bench
        .run("select person from signals", &[], &few_rows)
        .await;
    assert!(
        matches!(answer, Err(FrameError::RowLimit(1_000))),
        "{answer:?}"
    );
    let little = FrameLimits {
        memory_bytes: 64 << 10,
        spill_bytes: 1 << 10,
        ..FrameLimits::default()
    };
    let answer = bench
        .run(
            "select person, count(*) as n from signals group by person",
            &[],
            &little,
        )
        .await;
    assert!(
        matches!(answer, Err(FrameError::MemoryLimit(_))),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_query_stops() {
    let bench = Bench::new();
    let query = bench.long_query();
    let started = Instant::now();
    let cancelled = || started.elapsed() > Duration::from_millis(300);
    let answer = build(
        &query,
        &FrameLimits::default(),
        &bench.output(),
        bench.folder.path(),
        cancelled,
    )
    .await;
    assert!(matches!(answer, Err(FrameError::Cancelled)), "{answer:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}
