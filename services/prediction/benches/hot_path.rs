//! What one prediction costs inside the service, without sockets and disk: read the body, score, write the answer, write the
//! record. 30 numbers, as the peers in the repository's load run.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench without a model has nothing to measure"
)]

use std::fmt::Write as _;

use helder_model::{Algorithm, Answer, Model};
use helder_platform::keyring::{KeyRing, MasterKeys};
use helder_prediction::{
    MIGRATIONS,
    answer::Writer,
    log::{Log, LogSettings, Records, Span, now_ms},
    registry::ActiveVersion,
    served::Served,
    subjects::read,
};
use helder_types::{Caller, Digest};
use uuid::Uuid;

fn main() {
    divan::main();
}

struct Fixture {
    served: Served,
    caller: Caller,
    body: String,
    _folder: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let mut model = Model::from_json(include_bytes!(
        "../../../crates/model/tests/formats/1/minimal.json"
    ))
    .unwrap();
    let input = model.inputs[0].clone();
    model.inputs = (0..30)
        .map(|i| helder_model::Input {
            name: format!("feature_{i}"),
            ..input.clone()
        })
        .collect();
    let Algorithm::LogisticRegression(fit) = &mut model.algorithm else {
        panic!("a regression")
    };
    let term = fit.linear_terms[0].clone();
    let terms = (0..30).map(|i| helder_model::LinearTerm {
        input: format!("feature_{i}"),
        coefficient: 0.013 * f64::from(i % 7) - 0.03,
        ..term.clone()
    });
    fit.linear_terms = terms.collect();
    let folder = tempfile::tempdir().unwrap();
    let masters = MasterKeys::from_file_or_new(&folder.path().join("master.key")).unwrap();
    let keyring = KeyRing::open(
        masters,
        &format!("file:{}", folder.path().join("shelf").display()),
    )
    .unwrap();
    let version = ActiveVersion {
        organisation: "GM0758".parse().unwrap(),
        model_id: Uuid::from_u128(1),
        model_name: "bench".to_owned(),
        model_version_id: Uuid::from_u128(2),
        digest: Digest::of(b"bench"),
        project_id: Uuid::from_u128(3),
        verwerkingsactiviteit: "https://gemeente.example/verwerkingen/1".to_owned(),
        activated_at: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let pseudonymiser = runtime
        .block_on(keyring.pseudonymiser(&version.organisation, version.project_id))
        .unwrap();
    let served = Served::new(version, &model, pseudonymiser).unwrap();
    let caller = helder_platform::testing::caller("GM0758", "bench", &[]).unwrap();
    let mut body = r#"{"subjects":[{"id":"249566758","values":{"#.to_owned();
    for i in 0..30 {
        let _ = write!(
            body,
            "{}\"feature_{i}\":{}",
            if i > 0 { "," } else { "" },
            12.5 + f64::from(i) * 0.37
        );
    }
    body.push_str("}}]}");
    Fixture {
        served,
        caller,
        body,
        _folder: folder,
    }
}

fn answer(fixture: &Fixture) -> Vec<u8> {
    let served = &fixture.served;
    let subjects = read(fixture.body.as_bytes(), &served.scorer).unwrap();
    let mut writer = Writer::new(served, subjects.len());
    let mut answer = Answer::default();
    for subject in &subjects {
        served.scorer.score(&subject.row, &mut answer).unwrap();
        writer.scored(subject.id.as_deref(), &subject.row, &answer);
    }
    writer.finish()
}

fn record(fixture: &Fixture) -> Records {
    let now = now_ms();
    let mut records = Records::new(&fixture.served, &fixture.caller);
    let span = Span::from_headers(None, None);
    records.prediction(&fixture.served, &span, Some("249566758"), [now, now]);
    records
}

#[divan::bench]
fn read_the_body(bencher: divan::Bencher<'_, '_>) {
    let fixture = fixture();
    bencher.bench_local(|| {
        read(fixture.body.as_bytes(), &fixture.served.scorer)
            .unwrap()
            .len()
    });
}

#[divan::bench]
fn read_score_and_write_the_answer(bencher: divan::Bencher<'_, '_>) {
    let fixture = fixture();
    bencher.bench_local(|| answer(&fixture).len());
}

#[divan::bench]
fn make_a_record(bencher: divan::Bencher<'_, '_>) {
    let fixture = fixture();
    bencher.bench_local(|| record(&fixture).len());
}

/// Time, not only processor time: the flush to disk is in it.
#[divan::bench(args = [1, 32, 256])]
fn write_records_durably(bencher: divan::Bencher<'_, '_>, together: usize) {
    let fixture = fixture();
    let database = helder_platform::testing::TestDatabase::sqlite().unwrap();
    let store = database.open(&[MIGRATIONS]).unwrap();
    let (log, _writer) = Log::start(store, LogSettings::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    bencher
        .counter(divan::counter::ItemsCount::new(together))
        .bench_local(|| {
            let waiting = (0..together).map(|_| log.write(record(&fixture)));
            runtime
                .block_on(futures_util::future::join_all(waiting))
                .len()
        });
}
