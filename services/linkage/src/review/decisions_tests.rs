//! Leases and walls, on every database there is here.

use std::{collections::BTreeSet, time::Duration};

use helder_platform::{
    store::Store,
    testing::{TestDatabase, caller, on_every_database},
};
use helder_types::Caller;
use uuid::Uuid;

use super::{
    decisions::{self, NewPair, PairRow},
    schema::review_pairs,
    wire::{NewDecision, Verdict},
};
use diesel::prelude::*;

const PAIRS: usize = 12;

/// A line of the audit trail.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    action: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    subject: String,
}

async fn queue(store: &Store, who: &Caller, review: Uuid) {
    let organisation = who.organisation.clone();
    store
        .of(&who.organisation)
        .write(move |conn| {
            for place in 0..PAIRS {
                let pair = NewPair {
                    rows: (place as i64, place as i64),
                    keys: (format!("l{place}"), format!("r{place}")),
                    stratum: "linked",
                    is_blind: true,
                };
                diesel::insert_into(review_pairs::table)
                    .values(PairRow::new(&organisation, review, place, pair))
                    .execute(conn)?;
            }
            Ok(())
        })
        .await
        .unwrap();
}

async fn take(store: &Store, who: &Caller, review: Uuid) -> Option<Uuid> {
    let asker = who.clone();
    let taken = store
        .of(&who.organisation)
        .write(move |conn| decisions::take(conn, &asker, review, Duration::from_mins(1)))
        .await
        .unwrap();
    taken.map(|pair| pair.id().unwrap())
}

async fn decide(store: &Store, who: &Caller, review: Uuid, pair_id: Uuid, verdict: Verdict) {
    let asker = who.clone();
    let wanted = NewDecision {
        pair_id,
        verdict,
        reason: None,
    };
    store
        .of(&who.organisation)
        .write(move |conn| decisions::decide(conn, &asker, review, &wanted))
        .await
        .unwrap();
}

async fn leases(database: TestDatabase) {
    let store = database.open(&[crate::MIGRATIONS]).unwrap();
    let review = Uuid::now_v7();
    let person = |name: &str| caller("GM0772", name, &[]).unwrap();
    queue(&store, &person("anna"), review).await;

    // Eight at once, and nobody gets what another has.
    let people: Vec<Caller> = (0..8).map(|i| person(&format!("r{i}"))).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for who in people.clone() {
        let store = store.clone();
        tasks.spawn(async move { take(&store, &who, review).await });
    }
    let taken: BTreeSet<Uuid> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 8);

    // First and second agree: settled. They do not: somebody else's turn, and neither of the two.
    for verdict in [Verdict::Match, Verdict::NoMatch] {
        let pair = take(&store, &people[0], review).await.unwrap();
        decide(&store, &people[0], review, pair, Verdict::Match).await;
        let late = person(&format!("late {verdict:?}"));
        // The pair whose first decision is there comes first: it has the lowest place that is free.
        let second = take(&store, &late, review).await.unwrap();
        assert_eq!(second, pair);
        decide(&store, &late, review, pair, verdict).await;
        let organisation = late.organisation.clone();
        let rows = store
            .of(&late.organisation)
            .read(move |conn| decisions::pairs(conn, &organisation, review))
            .await
            .unwrap();
        let row = rows.iter().find(|row| row.id().unwrap() == pair).unwrap();
        let settled = (verdict == Verdict::Match).then_some(Verdict::Match);
        assert_eq!(row.verdict().unwrap(), settled);
        if settled.is_none() {
            assert_ne!(take(&store, &late, review).await, Some(pair));
            assert_eq!(take(&store, &person("third"), review).await, Some(pair));
        }
    }

    // Who looked and who decided is in the audit trail.
    let lines = store
        .of(&people[0].organisation)
        .read(|conn| {
            let lines = diesel::sql_query("SELECT action, subject FROM audit ORDER BY id");
            Ok(lines.load::<Line>(conn)?)
        })
        .await
        .unwrap();
    let of = |action: &str| -> Vec<&str> {
        let lines = lines.iter().filter(|line| line.action == action);
        lines.map(|line| line.subject.as_str()).collect()
    };
    let decided = ["r0", "late Match", "r0", "late NoMatch"];
    assert_eq!(of("linkage-review.decide"), decided);
    assert!(of("linkage-review.look").len() > PAIRS);

    // Another municipality with the same identifier in hand finds nothing.
    let stranger = caller("GM0796", "anna", &[]).unwrap();
    assert_eq!(take(&store, &stranger, review).await, None);

    // What was decided stays as it was written.
    let changed = store
        .of(&people[0].organisation)
        .write(|conn| {
            let rows = super::schema::review_decisions::table;
            Ok(diesel::update(rows)
                .set(super::schema::review_decisions::verdict.eq("x"))
                .execute(conn))
        })
        .await;
    if database.url.starts_with("postgres") {
        assert!(!matches!(changed, Ok(Ok(1..))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_what_another_has_and_a_third_settles_what_two_dispute() {
    on_every_database(leases).await.unwrap();
}
