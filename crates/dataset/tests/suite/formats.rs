//! One typed schema whatever the format, and real files.

use std::{io::Cursor, path::PathBuf, sync::Arc};

use arrow::{
    array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use helder_dataset::{
    Limits,
    detect::{self, Format},
    read::{jsonl, parquet, xlsx},
};
use serde_json::json;

use crate::support::{contract, csv, run, table};

fn people() -> helder_dataset::Contract {
    contract(json!({"fields": [
        {"name": "bsn", "semanticType": "bsn"},
        {"name": "geboortedatum", "semanticType": "geboortedatum"},
        {"name": "bedrag", "semanticType": "bedrag"},
        {"name": "start", "type": "date"},
        {"name": "n", "type": "integer"},
        {"name": "deel", "type": "number"}]}))
}

const CSV: &str = "bsn,geboortedatum,bedrag,start,n,deel\n249566758,1955-07-30,12.5,2024-03-12,7,0.25\n010000008,1990-01-31,,2024-01-01,,1\n";

#[test]
fn csv_jsonl_xlsx_and_parquet_give_the_same_tables() {
    let limits = Limits::default();
    let expected = csv(CSV.as_bytes(), Some(&people())).unwrap();
    assert_eq!(
        table(&expected.analysis)[1][1..],
        [
            "pseudonym-of-a-person-0000000596",
            "1955",
            "1250",
            "2024-03-12",
            "7",
            "0.25"
        ]
    );
    assert_eq!(table(&expected.identity)[2][2], "1990-01-31");

    let lines = "{\"bsn\":\"249566758\",\"geboortedatum\":\"1955-07-30\",\"bedrag\":12.5,\"start\":\"2024-03-12\",\"n\":7,\"deel\":0.25}\n\n\
                 {\"bsn\":10000008,\"geboortedatum\":\"1990-01-31\",\"bedrag\":null,\"start\":\"2024-01-01\",\"deel\":1}\n";
    let sample = jsonl::sample(lines.as_bytes(), &limits).unwrap();
    let detected = detect::typed(Format::Jsonl, &sample, None);
    let mut source = jsonl::JsonLinesSource::new(Cursor::new(lines), sample.header, limits.clone());
    let made = run(&mut source, &people(), &detected).unwrap();
    assert_eq!(table(&made.analysis), table(&expected.analysis));
    assert_eq!(table(&made.identity), table(&expected.identity));

    let days = |text: &str| helder_dataset::value::date::iso_days(text).unwrap();
    let schema = Schema::new(vec![
        Field::new("bsn", DataType::Utf8, true),
        Field::new("geboortedatum", DataType::Date32, true),
        Field::new("bedrag", DataType::Float64, true),
        Field::new("start", DataType::Date32, true),
        Field::new("n", DataType::Int64, true),
        Field::new("deel", DataType::Float64, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec!["249566758", "010000008"])),
        Arc::new(Date32Array::from(vec![
            days("1955-07-30"),
            days("1990-01-31"),
        ])),
        Arc::new(Float64Array::from(vec![Some(12.5), None])),
        Arc::new(Date32Array::from(vec![
            days("2024-03-12"),
            days("2024-01-01"),
        ])),
        Arc::new(Int64Array::from(vec![Some(7), None])),
        Arc::new(Float64Array::from(vec![0.25, 1.0])),
    ];
    let batch = RecordBatch::try_new(Arc::new(schema.clone()), columns).unwrap();
    let mut file =
        ::parquet::arrow::ArrowWriter::try_new(Vec::new(), Arc::new(schema), None).unwrap();
    file.write(&batch).unwrap();
    let file = bytes::Bytes::from(file.into_inner().unwrap());
    let sample = parquet::sample(file.clone(), &limits).unwrap();
    let detected = detect::typed(Format::Parquet, &sample, None);
    let made = run(
        &mut parquet::ParquetSource::open(file, &limits).unwrap(),
        &people(),
        &detected,
    )
    .unwrap();
    assert_eq!(table(&made.analysis), table(&expected.analysis));
    assert_eq!(table(&made.identity), table(&expected.identity));

    let book = support_xlsx();
    let (sample, sheet) = xlsx::sample(Cursor::new(book.clone()), &limits).unwrap();
    let detected = detect::typed(Format::Xlsx, &sample, Some(sheet));
    assert_eq!(detected.sheet.as_deref(), Some("Blad1"));
    let made = run(
        &mut xlsx::XlsxSource::open(Cursor::new(book), &limits).unwrap(),
        &people(),
        &detected,
    )
    .unwrap();
    assert_eq!(table(&made.analysis), table(&expected.analysis));
    assert_eq!(table(&made.identity), table(&expected.identity));
}

fn support_xlsx() -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/people.xlsx")).unwrap()
}

#[test]
fn a_spreadsheet_that_expands_too_far_is_refused_before_it_is_parsed() {
    let small = Limits {
        xlsx_expanded_bytes: 1_000,
        ..Limits::default()
    };
    let refused = xlsx::XlsxSource::open(Cursor::new(support_xlsx()), &small);
    assert!(matches!(
        refused,
        Err(helder_dataset::DatasetError::TooLarge { .. })
    ));
}

#[test]
fn json_lines_with_odd_objects_are_set_apart() {
    let limits = Limits::default();
    let lines = "{\"a\":1,\"b\":2}\n{\"a\":1,\"a\":2}\n{\"a\":{\"x\":1}}\n[1]\nrommel\n{\"b\":3}\n";
    let sample = jsonl::sample(lines.as_bytes(), &limits).unwrap();
    let detected = detect::typed(Format::Jsonl, &sample, None);
    let fields = contract(
        json!({"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "integer"}]}),
    );
    let made = run(
        &mut jsonl::JsonLinesSource::new(Cursor::new(lines), sample.header, limits),
        &fields,
        &detected,
    )
    .unwrap();
    assert_eq!((made.rows_in, made.accepted), (6, 2));
    assert!(
        made.rules()
            .iter()
            .all(|(_, _, rule)| rule == "json-object")
    );
}

#[test]
fn a_dutch_extract_is_understood_by_itself() {
    let text = "BSN;Geboortedatum;Postcode;Bedrag achterstand\r\n249566758;30-07-1955;5611 ab;\u{20ac} 1.234,50\r\n010000008;00-00-1990;5612AC;12,00\r\n";
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let made = csv(&bytes, None).unwrap();
    assert_eq!(
        table(&made.analysis),
        [
            vec![
                "_row",
                "bsn_pseudonym",
                "geboortedatum_year",
                "postcode_pc4",
                "bedrag_achterstand"
            ],
            vec![
                "1",
                "pseudonym-of-a-person-0000000596",
                "1955",
                "5611",
                "123450"
            ],
            vec![
                "2",
                "pseudonym-of-a-person-0000000128",
                "1990",
                "5612",
                "1200"
            ],
        ]
    );
    assert_eq!(table(&made.identity)[2][2..], ["1990-00-00", "5612AC"]);
}

/// Files of the reference folder go in whole, by the suggested contract.
#[test]
fn reference_files_go_in_without_loss() {
    let Ok(folder) = std::env::var("HELDER_REFERENCE_DATA") else {
        return;
    };
    for (name, rows) in [
        ("linkage/nl10k/a.csv", 10_000),
        ("linkage/nl10k/b.csv", 10_000),
        ("linkage/febrl4a.csv", 5_000),
        ("ml/adult.csv", 48_842),
        ("ml/german_credit.csv", 1_000),
        ("ml/compas_two_years.csv", 7_214),
        ("nl/kwb2020_84799NED.csv", 11_518),
        ("nl/population_37230ned_2002_2024.csv", 392),
    ] {
        let bytes = std::fs::read(PathBuf::from(&folder).join(name)).unwrap();
        let made = csv(&bytes, None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(made.rows_in, rows, "{name}");
        assert!(
            made.quarantined * 100 <= rows,
            "{name}: {} set apart: {:?}",
            made.quarantined,
            &made.rules()[..5.min(made.rules().len())]
        );
        assert!(
            made.report.score > 50.0 && made.report.score <= 100.0,
            "{name}: {}",
            made.report.score
        );
    }
}
