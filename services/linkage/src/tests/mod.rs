//! Runs over stored parts as ingest writes them, with a real store, object store and key ring.

mod gaps;
mod house;
mod http;
mod matches;
mod memory;
mod outputs;
mod review;
mod series;
mod series_review;
mod suggest;

use std::{collections::BTreeSet, time::Duration};

use helder_platform::{
    jobs::{self, Runner},
    logboek::Subjects,
    problem::Problem,
};
use helder_types::{SemanticType, job::JobState};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::{
    explain,
    output::read_links,
    page, runs,
    versions::{Field as ContractField, Version},
    wire::PairRows,
};
use house::{House, QUICK, ask_febrl};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sealed_versions_are_linked_explained_and_reported() {
    let house = House::new();
    let runner = Runner::start(&house.store, vec![house.handler()], QUICK)
        .await
        .unwrap();
    let (job, persons) = ask_febrl(&house).await;
    let job = house.ended(job.id).await;
    assert_eq!(job.state, JobState::Succeeded, "{job:?}");
    let run = house.runs().await.remove(0);
    assert_eq!(
        job.result,
        Some(format!("/linkage/v1/linkage-runs/{}", run.id))
    );
    let outcome = run.outcome.clone().unwrap();
    assert_eq!((outcome.left_rows, outcome.right_rows), (5000, 5000));

    let file = house
        .objects
        .get_to_file(&house.anna.organisation, &outcome.linked_dataset.digest)
        .await
        .unwrap();
    let links = read_links(&file, 0, 10_000).unwrap();
    assert_eq!(links.len() as u64, outcome.links);
    let place = |row: i64| (if row > 1 { row - 2 } else { row - 1 }) as usize;
    let right = links
        .iter()
        .filter(|link| persons[0][place(link.left_row)] == persons[1][place(link.right_row)])
        .count();
    assert!(
        right as f64 >= 0.995 * links.len() as f64 && right >= 4950,
        "{right} of {}",
        links.len()
    );
    assert_eq!(read_links(&file, 100, 3).unwrap(), links[100..103]);
    let expected = outcome.expected_error.unwrap();
    assert!(expected.precision > 0.99 && expected.recall > 0.99);

    let (link, organisation) = (links[17].clone(), house.anna.organisation.clone());
    let row = {
        let (organisation, id) = (organisation.clone(), run.id);
        house
            .store
            .of(&house.anna.organisation)
            .read(move |conn| runs::find(conn, &organisation, id))
            .await
            .unwrap()
    };
    let (spec, inputs) = (row.spec().unwrap(), row.inputs().unwrap());
    let stores = (house.objects.clone(), house.keyring.clone());
    let (shown, missing) = tokio::task::spawn_blocking(move || {
        let explain = |rows| {
            explain::pair(
                (&stores.0, &stores.1),
                &organisation,
                (&spec, &inputs, &outcome),
                rows,
                &mut Subjects::default(),
                &Handle::current(),
            )
        };
        let pair = explain(PairRows {
            left_row: link.left_row,
            right_row: link.right_row,
        })
        .unwrap();
        assert_eq!(
            pair.waterfall.as_ref().unwrap().match_weight.to_bits(),
            link.match_weight.unwrap().to_bits()
        );
        (
            pair,
            explain(PairRows {
                left_row: 2,
                right_row: 1,
            }),
        )
    })
    .await
    .unwrap();
    assert!(shown.linked && shown.rivals_weighed && shown.waterfall.unwrap().found_by.is_some());
    let missing: Problem = missing.err().unwrap();
    assert_eq!(missing.faults()[0].pointer, "/leftRow");

    let html = page::render(&run, run.outcome.as_ref().unwrap());
    assert!(html.contains("<svg") && html.contains("geboortedatum") && !html.contains("michaela"));
    runner.stop(Duration::from_secs(5)).await;
}

#[test]
fn a_run_whose_process_is_killed_is_completed_once_by_the_next() {
    let own = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let house = own.block_on(async { House::new() });
    let killed = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let job = killed.block_on(async {
        let (job, _) = ask_febrl(&house).await;
        drop(
            Runner::start(&house.store, vec![house.handler()], QUICK)
                .await
                .unwrap(),
        );
        for _ in 0..2000 {
            let seen = jobs::http::get(&house.store, &house.anna, job.id)
                .await
                .unwrap();
            if seen.state == JobState::Running {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("the job does not start");
    });
    // No heartbeat any more; the worker's thread may go on like a process that only seemed dead.
    killed.shutdown_background();
    let next = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    next.block_on(async {
        let runner = Runner::start(&house.store, vec![house.handler()], QUICK)
            .await
            .unwrap();
        let job = house.ended(job.id).await;
        assert_eq!(job.state, JobState::Succeeded, "{job:?}");
        let runs = house.runs().await;
        assert_eq!(runs.len(), 1);
        assert!(runs[0].outcome.is_some());
        runner.stop(Duration::from_secs(5)).await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_input_gives_an_equal_linked_dataset() {
    let house = House::new();
    let runner = Runner::start(&house.store, vec![house.handler()], QUICK)
        .await
        .unwrap();
    let mut digests = BTreeSet::new();
    for _ in 0..2 {
        let (job, _) = ask_febrl(&house).await;
        assert_eq!(house.ended(job.id).await.state, JobState::Succeeded);
        let run = house.runs().await.remove(0);
        let outcome = run.outcome.unwrap();
        digests.insert((outcome.linked_dataset.digest, outcome.scored_pairs.digest));
    }
    assert_eq!(digests.len(), 1);
    runner.stop(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_pseudonyms_link_before_anything_is_compared() {
    let house = House::new();
    let project = Uuid::now_v7();
    let texts = |texts: [&str; 4]| texts.map(str::to_owned).to_vec();
    let columns = |pseudonyms, names| {
        [
            (
                "bsn_pseudonym",
                Some(SemanticType::Persoonsnummer),
                texts(pseudonyms),
            ),
            ("voornamen", Some(SemanticType::Voornamen), texts(names)),
        ]
    };
    let as_bsn = |(id, mut version): (Uuid, Version)| {
        let fields = &mut version.contract.as_mut().unwrap().fields;
        fields[0] = ContractField {
            constraints: crate::versions::Constraints::default(),
            name: "bsn".to_owned(),
            kind: None,
            semantic_type: Some(SemanticType::Bsn),
        };
        (id, version)
    };
    let left = as_bsn(
        house
            .version(
                project,
                &columns(["p1", "p2", "p3", ""], ["Anna", "Jan", "Piet", "Kees"]),
            )
            .await,
    );
    let right = as_bsn(
        house
            .version(
                project,
                &columns(["p3", "", "p9", "p1"], ["Peter", "Kees", "Els", "Ans"]),
            )
            .await,
    );
    let runner = Runner::start(&house.store, vec![house.handler()], QUICK)
        .await
        .unwrap();
    let job = house.ask(left, right).await;
    let job = house.ended(job.id).await;
    assert_eq!(job.state, JobState::Succeeded, "{job:?}");
    let outcome = house.runs().await.remove(0).outcome.unwrap();
    assert_eq!(
        (outcome.steps[0].links, outcome.steps[0].left_unlinked),
        (2, 2)
    );
    let file = house
        .objects
        .get_to_file(&house.anna.organisation, &outcome.linked_dataset.digest)
        .await
        .unwrap();
    let links = read_links(&file, 0, 10).unwrap();
    assert!(
        links
            .iter()
            .any(|link| (link.left_row, link.right_row, link.match_weight) == (1, 5, None))
    );
    runner.stop(Duration::from_secs(5)).await;
}
