//! Damaged and hostile files: each gives the stated answer, and every record is accounted for.

use std::fmt::Write;

use helder_dataset::{DatasetError, Limits, detect};
use serde_json::json;

use crate::support::{contract, csv, table};

#[test]
fn a_broken_quote_costs_its_own_line_only() {
    let plain = contract(json!({"fields": [{"name": "a"}, {"name": "b", "type": "integer"}]}));
    let file = b"a,b\n\"good\",1\n\"never closed,2\n\"closed \"inside,3\nfine,4\n\"two\nlines\",5\nlast,6\n";
    let made = csv(file, Some(&plain)).unwrap();
    assert_eq!((made.rows_in, made.accepted, made.quarantined), (6, 4, 2));
    assert_eq!(
        made.rules(),
        [
            (3, String::new(), "broken-quote".into()),
            (4, String::new(), "broken-quote".into())
        ]
    );
    let rows = table(&made.analysis);
    assert_eq!(
        rows[3],
        ["5", "two lines", "5"],
        "a record over two lines keeps its number"
    );
    assert!(
        made.raw.contains("never closed"),
        "the record itself is kept for whoever may see it"
    );
}

#[test]
fn ragged_rows_are_set_apart_with_their_lines() {
    let made = csv(b"a;b;c\n1;2;3\n1;2\n1;2;3;4\n\n4;5;6\n", None).unwrap();
    assert_eq!((made.rows_in, made.accepted), (4, 2));
    let lines: Vec<_> = made
        .rules()
        .into_iter()
        .map(|(line, _, rule)| (line, rule))
        .collect();
    assert_eq!(
        lines,
        [(3, "field-count".to_owned()), (4, "field-count".to_owned())]
    );
    assert_eq!(
        table(&made.analysis)[2][0],
        "4",
        "ordinals count broken records, not blank lines"
    );
}

#[test]
fn nul_bytes_are_refused_with_the_line() {
    let Err(DatasetError::Refused(faults)) = csv(b"a,b\n1,2\n3,\x00\n", None) else {
        panic!("accepted")
    };
    assert_eq!(
        (faults[0].pointer.as_str(), faults[0].code.as_str()),
        ("/line/3", "nul-byte")
    );
}

#[test]
fn lines_of_another_encoding_are_set_apart() {
    let mut file = b"naam,n\n".to_vec();
    for n in 0..200 {
        file.extend_from_slice(format!("Jos\u{e9},{n}\n").as_bytes());
    }
    file.extend_from_slice(b"Ren\xe9,200\n");
    let made = csv(
        &file,
        Some(&contract(
            json!({"fields": [{"name": "naam"}, {"name": "n", "type": "integer"}]}),
        )),
    )
    .unwrap();
    assert_eq!((made.rows_in, made.accepted), (201, 200));
    assert_eq!(made.rules(), [(202, String::new(), "encoding".into())]);
}

#[test]
fn ten_thousand_columns_are_refused() {
    let header = (0..10_000)
        .map(|n| format!("c{n}"))
        .collect::<Vec<_>>()
        .join(",");
    let Err(DatasetError::Refused(faults)) = csv(format!("{header}\n").as_bytes(), None) else {
        panic!("accepted")
    };
    assert_eq!(faults[0].code, "too-many-columns");
    assert!(faults[0].detail.contains("10000") && faults[0].detail.contains("2000"));
}

#[test]
fn an_endless_line_is_set_apart_without_being_held() {
    let mut file = b"a,b\n1,2\n".to_vec();
    file.extend(std::iter::repeat_n(b'x', 5 << 20));
    file.extend_from_slice(b"\n3,4\n");
    let made = csv(&file, None).unwrap();
    assert_eq!((made.rows_in, made.accepted), (3, 2));
    assert_eq!(made.rules()[0].2, "record-length");
    assert!(made.raw.len() < 2 << 20);
}

#[test]
fn all_faults_of_contract_and_header_come_at_once() {
    let wanted = contract(json!({"fields": [{"name": "a"}, {"name": "x"}, {"name": "y"}]}));
    let Err(DatasetError::Refused(faults)) = csv(b"a,b\n1,2\n", Some(&wanted)) else {
        panic!("accepted")
    };
    let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/fields/1", "/fields/2"]);
    let Err(DatasetError::Refused(faults)) = csv(b"a,b,a,b\nx,1,y,2\n", None) else {
        panic!("accepted")
    };
    assert_eq!(faults.len(), 2);
}

#[test]
fn no_bsn_is_in_any_reason_report_or_raw_record() {
    let people = contract(json!({
        "fields": [{"name": "bsn", "semanticType": "bsn"}, {"name": "naam", "semanticType": "geslachtsnaam"},
                   {"name": "opmerking"}, {"name": "n", "type": "integer"}]
    }));
    let mut file = String::from("bsn,naam,opmerking,n\n");
    let mut numbers = Vec::new();
    let mut candidate = 100_000_000_u32;
    while numbers.len() < 500 {
        candidate += 1;
        if helder_types::Bsn::parse(candidate.to_string().as_bytes()).is_ok() {
            numbers.push(candidate.to_string());
        }
    }
    for (at, number) in numbers.iter().enumerate() {
        let line = match at % 5 {
            0 => format!("{number},Jansen,goed,1\n"),
            1 => format!("{number},{number},naam fout,1\n"),
            2 => format!("{number},Jansen,{number},fout\n"),
            3 => format!("\"{number},Jansen,x,1\n"),
            _ => format!("{number},Jansen\n"),
        };
        file.push_str(&line);
    }
    let made = csv(file.as_bytes(), Some(&people)).unwrap();
    assert_eq!(made.rows_in, 500);
    let report = serde_json::to_string(&made.report).unwrap();
    let quarantine = serde_json::to_string(&made.quarantine).unwrap();
    let analysis = format!("{:?}", table(&made.analysis));
    let identity = format!("{:?}", table(&made.identity));
    for number in &numbers {
        for text in [&report, &quarantine, &made.raw, &identity, &analysis] {
            assert!(!text.contains(number.as_str()));
        }
    }
}

#[test]
fn control_characters_and_formulas_are_no_way_in() {
    let made = csv(
        b"a,b\nx\x1b[31m,1\n=cmd(),2\n",
        Some(&contract(json!({"fields": [{"name": "a"}, {"name": "b"}]}))),
    )
    .unwrap();
    assert_eq!(made.rules(), [(2, "a".into(), "control-character".into())]);
    assert_eq!(
        table(&made.analysis)[1][1],
        "=cmd()",
        "text stays text; exports escape it"
    );
}

#[test]
fn other_kinds_of_files_are_named() {
    for (start, word) in [
        (b"\xd0\xcf\x11\xe0rest".as_slice(), ".xls"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "Content-Encoding: gzip"),
        (b"\x80\x04\x95pickle", "pickled"),
    ] {
        let Err(DatasetError::Refused(faults)) = detect::sniff(start) else {
            panic!("accepted")
        };
        assert!(faults[0].detail.contains(word), "{}", faults[0].detail);
    }
    assert!(
        helder_dataset::read::xlsx::XlsxSource::open(
            std::io::Cursor::new(b"PK\x03\x04junk".to_vec()),
            &Limits::default()
        )
        .is_err()
    );
    assert!(
        helder_dataset::read::parquet::ParquetSource::open(
            bytes::Bytes::from_static(b"PAR1junkPAR1"),
            &Limits::default()
        )
        .is_err()
    );
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(300))]
    /// Whatever the bytes, nothing panics and no line that is a record is lost.
    #[test]
    fn arbitrary_bytes_lose_nothing(bytes in proptest::collection::vec(proptest::sample::select(b"a1,;\"'\n\r \xe9\x01.-".to_vec()), 0..400)) {
        let file = [b"k,w\nx,1\n".as_slice(), &bytes].concat();
        let fields = contract(json!({"fields": [{"name": "k"}, {"name": "w", "type": "integer", "onInvalid": "missing"}]}));
        if let Ok(made) = csv(&file, Some(&fields)) {
            proptest::prop_assert_eq!(made.rows_in, made.accepted + made.quarantined);
            let whole_lines = file.split(|b| *b == b'\n').filter(|line| !line.is_empty() && *line != b"\r").count() as u64;
            proptest::prop_assert!(made.rows_in < whole_lines, "the header is no record");
        }
    }

    /// Records written by the rules of RFC 4180 come back as they were.
    #[test]
    fn quoted_records_come_back(rows in proptest::collection::vec(("[a-z\",\n ]{1,12}", "[0-9]{1,5}"), 1..200)) {
        let mut file = String::from("tekst,n\n");
        for (text, number) in &rows {
            let _ = writeln!(file, "\"x{}\",{number}", text.replace('"', "\"\""));
        }
        let made = csv(file.as_bytes(), Some(&contract(json!({"fields": [{"name": "tekst"}, {"name": "n", "type": "integer"}]})))).unwrap();
        proptest::prop_assert_eq!(made.accepted as usize, rows.len());
        let found = table(&made.analysis);
        for (row, (text, number)) in found.iter().skip(1).zip(&rows) {
            let expected = format!("x{text}").split_whitespace().collect::<Vec<_>>().join(" ");
            proptest::prop_assert_eq!(&row[1], &expected);
            proptest::prop_assert_eq!(&row[2], &number.parse::<i64>().unwrap().to_string());
        }
    }
}
