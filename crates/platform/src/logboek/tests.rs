use helder_types::{Caller, OrganisationId, Permission};
use uuid::Uuid;

use super::{
    Act, Cursor, Extension, LogboekSettings, ProcessingActivity, ProcessingStatus, Query, Sought,
    Status, Subjects, child_span, find, on_record, rows::PEOPLE_PER_ROW,
};
use crate::{
    problem::Problem,
    purpose::Purpose,
    store::Store,
    testing::{caller, on_every_database},
    trace::{INBOUND, Inbound, TraceParent},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const ACTIVITY: &str = "https://register.example.nl/verwerkingen/12";

fn somebody() -> Caller {
    caller("GM0772", "anna", &[Permission::IngestAudit]).unwrap()
}

fn purpose() -> Purpose {
    Purpose {
        project: Uuid::from_u128(7),
        activity: ACTIVITY.to_owned(),
    }
}

fn pseudonym(number: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes
}

async fn written(store: &Store, subjects: Subjects) -> Act {
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-00");
    let inbound = Inbound::new(TraceParent::parse(&parent), None);
    let mut act = INBOUND
        .scope(inbound, async {
            Act::begin("ingest", &somebody(), &purpose(), "test")
        })
        .await;
    act.subjects = subjects;
    on_record(store, act.clone(), Ok(())).await.unwrap();
    act
}

async fn every(store: &Store, query: Query, limit: usize) -> Vec<ProcessingActivity> {
    let (mut after, mut all) = (Cursor::start(), Vec::new());
    loop {
        let (query, from) = (query.clone(), after.clone());
        let organisation = somebody().organisation;
        let settings = LogboekSettings::default();
        let page = store
            .of(&organisation.clone())
            .read(move |conn| find(conn, &organisation, &settings, &query, &from, limit))
            .await
            .unwrap();
        let Some((cursor, _)) = page.last() else {
            return all;
        };
        after = cursor.to_string().parse().unwrap();
        assert_eq!(after, *cursor);
        all.extend(page.into_iter().map(|(_, record)| record));
    }
}

fn by_trace() -> Query {
    Query {
        trace: Some(TRACE.to_owned()),
        ..Query::default()
    }
}

fn by_person(person: Sought) -> Query {
    Query {
        subjects: Some(vec![person]),
        ..Query::default()
    }
}

#[tokio::test]
async fn everybody_of_a_large_act_has_a_record_under_it_and_can_be_found() {
    on_every_database(|database| async move {
        let store = database.open(&[]).unwrap();
        let people = PEOPLE_PER_ROW as u64 * 2 + 500;
        let mut subjects = Subjects::default();
        // In no order, and everybody twice.
        subjects.people((0..people).chain((0..people).rev()).map(pseudonym));
        subjects.row("sha256:ab", 12);
        let act = written(&store, subjects).await;

        let all = every(&store, by_trace(), 200).await;
        assert_eq!(all.len() as u64, people + 2);
        let (whole, each) = all.split_first().unwrap();
        assert_eq!(whole.span_id, format!("{:016x}", act.span));
        assert_eq!(whole.parent_span_id.as_deref(), Some("00f067aa0ba902b7"));
        assert!(!whole.attributes.contains_key("dpl.core.data_subject_id"));
        let mut spans = std::collections::HashSet::new();
        let mut names = std::collections::HashSet::new();
        for record in each {
            assert_eq!(
                record.parent_span_id.as_deref(),
                Some(whole.span_id.as_str())
            );
            assert_eq!(record.trace_id, Uuid::parse_str(TRACE).unwrap());
            assert_eq!(
                record.attributes["dpl.core.processing_activity_id"],
                ACTIVITY
            );
            assert!(spans.insert(&record.span_id) && record.span_id != whole.span_id);
            assert!(names.insert(record.attributes["dpl.core.data_subject_id"].to_string()));
        }
        for number in [0, 1, people / 2, people - 1] {
            let found = every(&store, by_person(Sought::Person(pseudonym(number))), 1).await;
            assert_eq!(found.len(), 1, "{number}");
            assert_eq!(
                found[0].attributes["dpl.core.data_subject_id"],
                hex::encode(pseudonym(number))
            );
            assert!(each.contains(&found[0]), "the same record either way");
        }
        let row = every(&store, by_person(Sought::Row("sha256:ab".into(), 12)), 1).await;
        assert_eq!(
            row[0].attributes["dpl.core.data_subject_id"],
            "sha256:ab/12"
        );
        assert_eq!(
            row[0].attributes["dpl.core.data_subject_id_type"],
            "table-row"
        );
        for nobody in [
            Sought::Person(pseudonym(people)),
            Sought::Row("sha256:ab".into(), 13),
            Sought::Row("sha256:ac".into(), 12),
        ] {
            assert_eq!(every(&store, by_person(nobody), 10).await, Vec::new());
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_act_about_one_person_is_one_record_and_others_never_see_it() {
    on_every_database(|database| async move {
        let store = database.open(&[]).unwrap();
        let mut subjects = Subjects::default();
        assert!(subjects.person_text(&hex::encode(pseudonym(3))));
        assert!(!subjects.person_text("249566758"));
        let act = written(&store, subjects).await;
        let all = every(&store, by_trace(), 10).await;
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].span_id, format!("{:016x}", act.span));
        assert_eq!(all[0].attributes["dpl.core.data_subject_id_type"], "BSN");
        assert_eq!(
            all[0].attributes["dpl.core.foreign_operation.processor"],
            "urn:helder:client:test"
        );
        let settings = LogboekSettings::default();
        let elsewhere: OrganisationId = "GM0796".parse().unwrap();
        for query in [
            by_trace(),
            by_person(Sought::Person(pseudonym(3))),
            Query::default(),
        ] {
            let (elsewhere, settings) = (elsewhere.clone(), settings.clone());
            let found = store
                .of(&elsewhere.clone())
                .read(move |conn| find(conn, &elsewhere, &settings, &query, &Cursor::start(), 10))
                .await
                .unwrap();
            assert_eq!(found, Vec::new());
        }
        let later = Query {
            start_ms: Some(all[0].start_time + 1),
            ..by_trace()
        };
        assert_eq!(every(&store, later, 10).await, Vec::new());
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_refusal_is_unset_a_fault_of_ours_an_error_and_an_unwritable_log_no_answer() {
    on_every_database(|database| async move {
        let store = database.open(&[]).unwrap();
        let act = || Act::begin("ingest", &somebody(), &purpose(), "");
        let refused = on_record::<()>(&store, act(), Err(Problem::not_found())).await;
        assert_eq!(refused.unwrap_err().status(), 404);
        let failed = on_record::<()>(&store, act(), Err(Problem::internal("x"))).await;
        assert_eq!(failed.unwrap_err().status(), 500);
        let query = Query {
            activity: Some(ACTIVITY.to_owned()),
            ..Query::default()
        };
        let all = every(&store, query, 1).await;
        let status: Vec<_> = all.iter().map(|record| record.status).collect();
        assert_eq!(status, [ProcessingStatus::Unset, ProcessingStatus::Error]);
        // A missing name is filled in; without a trace each has one of its own.
        assert!(all.iter().all(|record| record.name == "ingest"));
        assert!(all[0].trace_id != all[1].trace_id && all[0].parent_span_id.is_none());

        database
            .tamper("ALTER TABLE processing_acts RENAME TO gone")
            .unwrap();
        let unwritten = on_record(&store, act(), Ok("an answer")).await;
        assert!(unwritten.unwrap_err().status().is_server_error());
    })
    .await
    .unwrap();
}

#[test]
fn extensions_stand_in_resource_until_they_are_set() {
    let mut record = ProcessingActivity {
        trace_id: Uuid::nil(),
        span_id: String::new(),
        parent_span_id: None,
        status: ProcessingStatus::Ok,
        name: "x".to_owned(),
        start_time: 0,
        end_time: 0,
        attributes: serde_json::Map::new(),
        resource: super::Resource {
            attributes: serde_json::from_str(
                r#"{"helder.model_id":"m1","helder.called":"ingest"}"#,
            )
            .unwrap(),
        },
    };
    let mut settings = LogboekSettings {
        public_url: Some("https://helder.example.nl/".to_owned()),
        algorithm_id: Some("https://algoritmes.example.nl/{model_id}".to_owned()),
        ..LogboekSettings::default()
    };
    settings.extend(&mut record);
    let resource = &record.resource.attributes;
    assert_eq!(
        resource["dpl.objects.algorithm_id"],
        "https://algoritmes.example.nl/m1"
    );
    assert_eq!(
        resource["dpl.read.externalReadAPI_id"],
        "https://helder.example.nl/ingest/v1/processing-activities"
    );
    assert!(record.attributes.is_empty());
    settings.set_extensions = vec![Extension::Objecten];
    settings.extend(&mut record);
    assert_eq!(
        record.attributes["dpl.objects.algorithm_id"],
        "https://algoritmes.example.nl/m1"
    );
    assert_eq!(
        settings.application("client a b"),
        "urn:helder:client:a%20b"
    );
    assert_eq!(
        settings.application("service training"),
        "https://helder.example.nl/training/v1"
    );
}

#[test]
fn spans_of_children_differ_and_a_cursor_of_somebody_elses_is_refused() {
    let spans: std::collections::HashSet<_> = (0..100_000)
        .map(|place| child_span(u64::MAX - 5, place))
        .collect();
    assert_eq!(spans.len(), 100_000);
    for bad in ["", "a:b:c", "x", "00:0:00", &format!("{TRACE}:-1:{TRACE}")] {
        assert!(bad.parse::<Cursor>().is_err(), "{bad}");
    }
    assert_eq!(Status::of(&Problem::not_found()), Status::Unset);
}
