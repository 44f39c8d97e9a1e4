//! Damaged, oversized and hostile files through the gateway: each gets its stated answer, every row is accounted for, and the
//! platform goes on.

use std::io::Write as _;

use flate2::{Compress, Compression, FlushCompress, write::GzEncoder};
use helder_testkit::Platform;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    support::{Caller, HERE, answer},
};

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PARQUET: &str = "application/vnd.apache.parquet";

/// What is stated to happen to a file.
#[derive(Debug)]
enum Answer {
    /// The upload is refused: status, and the code of its fault or, without faults, of the problem.
    Refused(u16, &'static str),
    /// The job ends with this problem.
    Failed(u16, &'static str),
    /// A version with this many rows in and accepted; the others broke these rules.
    Version(u64, u64, &'static [&'static str]),
}
use Answer::{Failed, Refused, Version};

/// A file with one thing wrong.
struct File {
    what: &'static str,
    media: &'static str,
    gzip: bool,
    bytes: Vec<u8>,
    answer: Answer,
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A DEFLATE stream of so many MiB of `byte`: one block made once, repeated.
fn deflated(byte: u8, mib: usize) -> Vec<u8> {
    let mut block = Vec::with_capacity(64 << 10);
    Compress::new(Compression::best(), false)
        .compress_vec(&vec![byte; 1 << 20], &mut block, FlushCompress::Full)
        .unwrap();
    let mut stream = block.repeat(mib);
    stream.extend_from_slice(&[3, 0]);
    stream
}

/// A ZIP archive. Parts with method 8 are compressed already; what is said of their size and sum is not true then.
fn archive(parts: &[(&str, u16, Vec<u8>)]) -> Vec<u8> {
    let (mut file, mut index) = (Vec::new(), Vec::new());
    let short = |value: usize| u16::try_from(value).unwrap().to_le_bytes();
    let long = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    for (name, method, content) in parts {
        let offset = file.len();
        let mut common = [short(20), short(0), method.to_le_bytes()].concat();
        let mut sum = flate2::Crc::new();
        sum.update(content);
        common.extend([[0; 4], sum.sum().to_le_bytes()].concat());
        common.extend([long(content.len()), long(content.len())].concat());
        common.extend([short(name.len()), short(0)].concat());
        file.extend([b"PK\x03\x04".as_slice(), &common, name.as_bytes(), content].concat());
        index.extend([b"PK\x01\x02".as_slice(), &short(20), &common].concat());
        index.extend([0; 10]);
        index.extend([&long(offset), name.as_bytes()].concat());
    }
    let place = file.len();
    file.extend(index);
    let end = file.len();
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([short(parts.len()), short(parts.len())].concat());
    file.extend([long(end - place), long(place)].concat());
    file.extend([0; 2]);
    file
}

/// A workbook with one sheet and these shared texts.
fn workbook(texts: (u16, Vec<u8>)) -> Vec<u8> {
    const SPACE: &str = "http://schemas.openxmlformats.org";
    let of = |text: String| (0, text.into_bytes());
    let parts = [
        (
            "[Content_Types].xml",
            of(format!(
                r#"<Types xmlns="{SPACE}/package/2006/content-types"/>"#
            )),
        ),
        (
            "_rels/.rels",
            of(format!(
                r#"<Relationships xmlns="{SPACE}/package/2006/relationships"><Relationship Id="r1" Type="{SPACE}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            )),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            of(format!(
                r#"<Relationships xmlns="{SPACE}/package/2006/relationships"><Relationship Id="r1" Type="{SPACE}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
            )),
        ),
        (
            "xl/workbook.xml",
            of(format!(
                r#"<workbook xmlns="{SPACE}/spreadsheetml/2006/main" xmlns:r="{SPACE}/officeDocument/2006/relationships"><sheets><sheet name="Blad1" sheetId="1" r:id="r1"/></sheets></workbook>"#
            )),
        ),
        (
            "xl/worksheets/sheet1.xml",
            of(format!(
                r#"<worksheet xmlns="{SPACE}/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>naam</t></is></c><c r="B1" t="inlineStr"><is><t>getal</t></is></c></row><row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2"><v>1</v></c></row></sheetData></worksheet>"#
            )),
        ),
        ("xl/sharedStrings.xml", texts),
    ];
    archive(&parts.map(|(name, (method, content))| (name, method, content)))
}

fn texts(announced: &str) -> (u16, Vec<u8>) {
    (
        0,
        format!(r#"<sst count="1" uniqueCount="{announced}"><si><t>Jan</t></si></sst>"#)
            .into_bytes(),
    )
}

fn csv(what: &'static str, bytes: impl Into<Vec<u8>>, answer: Answer) -> File {
    File {
        what,
        media: CSV,
        gzip: false,
        bytes: bytes.into(),
        answer,
    }
}

fn texts_files() -> Vec<File> {
    let wide: Vec<_> = (0..10_000).map(|column| format!("k{column}")).collect();
    let wide = wide.join(",");
    let long = "a".repeat(50 << 20);
    let mut mixed = "naam,getal\n".to_owned() + &"José,1\n".repeat(300);
    mixed.push_str("Ren");
    let mixed = [mixed.as_bytes(), b"\xe9,2\n"].concat();
    let utf16 = "naam,getal\nJan,1\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes);
    vec![
        csv("empty", "", Refused(400, "empty")),
        csv(
            "a quote that stays open",
            "naam,getal\n\"Jan,1\nPiet,2\n",
            Version(2, 1, &["broken-quote"]),
        ),
        csv(
            "a quote that closes early",
            "naam,getal\n\"Ja\"n,1\nPiet,2\n",
            Version(2, 1, &["broken-quote"]),
        ),
        csv(
            "a quote in the middle is text",
            "naam,getal\nJa\"n,1\nPiet,2\n",
            Version(2, 2, &[]),
        ),
        csv(
            "NUL bytes",
            "naam,getal\nJa\0n,1\nPiet,2\n",
            Refused(400, "nul-byte"),
        ),
        csv(
            "another encoding",
            b"naam,getal\nJos\xe9,1\nAndr\xe9,2\n".as_slice(),
            Version(2, 2, &[]),
        ),
        csv(
            "another encoding in one line",
            mixed,
            Version(301, 300, &["encoding"]),
        ),
        csv(
            "two bytes per character",
            [0xff, 0xfe].into_iter().chain(utf16).collect::<Vec<_>>(),
            Version(1, 1, &[]),
        ),
        csv(
            "too few and too many fields",
            "naam,getal\nJan\nPiet,2,3,4\nKees,5\n",
            Version(3, 1, &["field-count", "field-count"]),
        ),
        csv(
            "10,000 columns",
            format!("{wide},naam,getal\n"),
            Failed(400, "too-many-columns"),
        ),
        csv(
            "a field of 50 MB",
            format!("naam,getal\n{long},1\nPiet,2\n"),
            Version(2, 1, &["record-length"]),
        ),
        csv(
            "a quoted field of 50 MB",
            format!("naam,getal\n\"{long}\",1\nPiet,2\n"),
            Version(2, 1, &["broken-quote"]),
        ),
        csv(
            "a formula is text",
            "naam,getal\n=cmd|' /C calc'!A0,1\n",
            Version(1, 1, &[]),
        ),
        csv(
            "a pickle",
            b"\x80\x04\x95more".as_slice(),
            Refused(400, "format"),
        ),
        csv(
            "a spreadsheet",
            workbook(texts("1")),
            Refused(415, "unsupported-media-type"),
        ),
    ]
}

fn packed_files() -> Vec<File> {
    let packed = gzip(("naam,getal\n".to_owned() + &"Jan,1\n".repeat(10_000)).as_bytes());
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    bomb.extend(deflated(b'0', 100));
    let of = |what, bytes: Vec<u8>, answer| File {
        gzip: true,
        ..csv(what, bytes, answer)
    };
    vec![
        of(
            "no gzip",
            b"naam,getal\nJan,1\n".to_vec(),
            Refused(400, "damaged"),
        ),
        of(
            "gzip cut off",
            packed[..packed.len() - 9].to_vec(),
            Refused(400, "cut-off"),
        ),
        of("a gzip bomb", bomb, Refused(413, "too-large")),
        of("whole gzip", packed, Version(10_000, 10_000, &[])),
    ]
}

fn binary_files() -> Vec<File> {
    let of = |what, media, bytes, answer| File {
        media,
        ..csv(what, bytes, answer)
    };
    let book = workbook(texts("1"));
    let cut = book[..book.len() / 2].to_vec();
    let footer = |length: u32| {
        let mut file = b"PAR1some bytes that are no pages".to_vec();
        file.extend(length.to_le_bytes());
        file.extend(b"PAR1");
        file
    };
    vec![
        of("a spreadsheet cut off", XLSX, cut, Failed(400, "damaged")),
        of(
            "a spreadsheet bomb",
            XLSX,
            workbook((8, deflated(b'<', 65))),
            Failed(413, "too-large"),
        ),
        of(
            "texts announced that are not there",
            XLSX,
            workbook(texts("999999999999")),
            Failed(400, "damaged"),
        ),
        of("a whole spreadsheet", XLSX, book, Version(1, 1, &[])),
        of(
            "a footer longer than the file",
            PARQUET,
            footer(u32::MAX),
            Failed(400, "damaged"),
        ),
        of(
            "a footer that is none",
            PARQUET,
            footer(20),
            Failed(400, "damaged"),
        ),
        of(
            "no footer",
            PARQUET,
            b"PAR1rest".to_vec(),
            Failed(400, "damaged"),
        ),
    ]
}

/// The code of the first fault or, without faults, of the problem.
fn code(problem: &Value) -> &str {
    problem["errors"][0]["code"].as_str().unwrap_or_else(|| {
        let kind = problem["type"].as_str().unwrap_or_default();
        kind.rsplit(':').next().unwrap_or_default()
    })
}

async fn try_file(steward: &Caller, project: &str, file: File) {
    let File {
        what,
        media,
        gzip,
        bytes,
        answer: stated,
    } = file;
    let create = |path, body| steward.create(path, body);
    let dataset = create(
        "/ingest/v1/datasets",
        json!({"projectId": project, "name": what}),
    )
    .await;
    let contract = json!({"fields": [{"name": "naam", "type": "string"}, {"name": "getal", "type": "integer"}]});
    let contract = create(
        "/ingest/v1/contracts",
        json!({"name": what, "contract": contract}),
    )
    .await;
    let path = format!(
        "/ingest/v1/datasets/{}/dataset-versions?contractId={}",
        id(&dataset),
        id(&contract)
    );
    let mut request = steward
        .request(Method::POST, &path)
        .header("content-type", media);
    if gzip {
        request = request.header("content-encoding", "gzip");
    }
    let reply = answer(request.body(bytes)).await;
    if let Refused(status, expected) = stated {
        reply.assert_problem(status);
        assert_eq!(code(&reply.json()), expected, "{what}: {}", reply.text);
        return;
    }
    assert_eq!(reply.status, 202, "{what}: {}", reply.text);
    let job = journey::ended(steward, reply.header("location")).await;
    match stated {
        Refused(..) => {}
        Failed(status, expected) => {
            assert_eq!(job["state"], "failed", "{what}: {job}");
            let problem = &job["problem"];
            assert_eq!(
                (&problem["status"], code(problem)),
                (&json!(status), expected),
                "{what}: {job}"
            );
        }
        Version(rows, accepted, rules) => {
            assert_eq!(job["state"], "succeeded", "{what}: {job}");
            let version = job["result"].as_str().unwrap();
            let found = steward.get(version).await.json();
            let counts = ["rowsIn", "rowsAccepted", "rowsQuarantined"]
                .map(|name| found[name].as_u64().unwrap());
            assert_eq!(counts, [rows, accepted, rows - accepted], "{what}: {found}");
            let entries = steward
                .get(&format!("{version}/quarantined-rows"))
                .await
                .json();
            let entries = entries["items"].as_array().unwrap().clone();
            let found: Vec<_> = entries
                .iter()
                .map(|entry| entry["rule"].as_str().unwrap())
                .collect();
            assert_eq!(found, rules, "{what}");
            assert!(
                entries
                    .iter()
                    .all(|entry| !entry["reason"].as_str().unwrap().is_empty()),
                "{what}: {entries:?}"
            );
        }
    }
}

#[tokio::test]
async fn every_hostile_file_gets_its_stated_answer_and_the_platform_goes_on() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let project = journey::project(&people.owner).await;
    for file in texts_files()
        .into_iter()
        .chain(packed_files())
        .chain(binary_files())
    {
        println!("{}", file.what);
        try_file(&people.steward, &project, file).await;
    }
    let good = csv("a good file", "naam,getal\nJan,1\n", Version(1, 1, &[]));
    try_file(&people.steward, &project, good).await;
}
