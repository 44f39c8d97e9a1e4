//! J9–J12: issuers that publish their keys, rotate them, are away, or are asked for what they never published.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use helder_gateway::IssuerConfig;
use jsonwebtoken::{Algorithm, Header};
use serde_json::json;

use crate::{
    issuer,
    publisher::{Mood, Publisher, Signer, claims, until},
    world::{World, bearer},
};

const PATH: &str = "/ingest/v1/datasets";

/// A gateway that trusts this issuer alone, which it asks as often as the settings allow.
fn trusting(issuer: IssuerConfig) -> World {
    World::with(|config| {
        (config.requests_per_second, config.burst) = (1_000_000, 1_000_000);
        config.issuers = vec![issuer];
    })
}

/// The settings of an issuer that is looked at every second.
fn eager(publisher: &Publisher) -> IssuerConfig {
    let mut config = publisher.config();
    (config.refetch_s, config.refresh_s) = (1, 1);
    config
}

async fn status(world: &World, token: &str) -> u16 {
    world.get_with(PATH, token).await.status
}

/// Waits until a new token of this signer gets this answer.
async fn until_status(world: &World, signer: &Signer, issuer: &str, wanted: u16) {
    for _ in 0..600 {
        if status(world, &signer.token(issuer)).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no {wanted} within 60 s");
}

#[actix_web::test]
async fn j9_unknown_keys_do_not_make_the_gateway_ask_again_within_its_time() {
    let (known, unknown) = (Signer::new("known"), Signer::new("unknown"));
    let publisher = Publisher::start(&[&known]);
    // The defaults: one look in 30 s at most.
    let world = trusting(publisher.config());
    let first = join_all((0..20).map(|_| known.token(&publisher.url)).map(|token| {
        let world = &world;
        async move { status(world, &token).await }
    }));
    assert!(
        first.await.into_iter().all(|status| status == 200),
        "asked while it starts"
    );
    assert_eq!(
        (publisher.looks(), publisher.hits()),
        (1, 2),
        "metadata and keys, once"
    );
    for round in 0..20 {
        let knocks = (0..25).map(|knock| {
            let token = unknown.token_as(&publisher.url, &format!("key-{round}-{knock}"));
            let world = &world;
            async move { world.get_with(PATH, &token).await }
        });
        for reply in join_all(knocks).await {
            reply.assert_problem(401);
        }
    }
    assert_eq!(publisher.looks(), 1, "500 unknown keys");
    assert_eq!(world.stub.hits(), 20);
}

#[actix_web::test]
async fn j9_an_unknown_key_is_looked_for_but_never_more_often_than_told() {
    let (known, unknown) = (Signer::new("known"), Signer::new("unknown"));
    let publisher = Publisher::start(&[&known]);
    let mut config = publisher.config();
    config.refetch_s = 1;
    let world = trusting(config);
    let begun = Instant::now();
    let mut knocks = 0;
    while publisher.looks() < 3 {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "unknown keys are looked for"
        );
        assert_eq!(status(&world, &unknown.token(&publisher.url)).await, 401);
        knocks += 1;
    }
    let most = begun.elapsed().as_secs() as usize + 1;
    assert!(
        publisher.looks() <= most,
        "{} looks for {knocks} tokens in {most} s",
        publisher.looks()
    );
    assert!(knocks > publisher.looks());
}

#[actix_web::test]
async fn j10_the_name_of_a_key_is_only_compared() {
    let known = Signer::new("known");
    let (publisher, trap) = (Publisher::start(&[&known]), Publisher::start(&[&known]));
    let world = trusting(eager(&publisher));
    assert_eq!(status(&world, &known.token(&publisher.url)).await, 200);
    let mut names = [
        "",
        "../../dev/null",
        "/etc/passwd",
        "file:///dev/null",
        "' OR '1'='1",
        "known'; DROP TABLE keys; --",
        "known\0",
        " known",
        "KNOWN",
        "known/../known",
        "%6bnown",
        "${jndi:ldap://127.0.0.1/a}",
        "\u{202e}nwonk",
        "*",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push(format!("{}/keys", trap.url));
    names.push(format!("{}#known", trap.url));
    names.extend([1 << 10, 5 << 10, 10 << 10].map(|size| "k".repeat(size)));
    for name in names {
        let token = known.token_as(&publisher.url, &name);
        let reply = world.get_with(PATH, &token).await;
        let shown: String = name.chars().take(40).collect();
        assert!(
            matches!(reply.status, 401 | 431),
            "{shown}: {}",
            reply.status
        );
        reply.assert_problem(reply.status);
    }
    assert_eq!((trap.hits(), world.stub.hits()), (0, 1));
    assert_eq!(
        status(&world, &known.token(&publisher.url)).await,
        200,
        "and goes on"
    );
}

#[actix_web::test]
async fn j11_addresses_and_keys_that_a_token_brings_along_are_never_used() {
    let (known, foreign) = (Signer::new("known"), Signer::new("foreign"));
    let publisher = Publisher::start(&[&known]);
    // Whoever asks here gets the key that verifies the attacker's tokens.
    let trap = Publisher::start(&[&foreign]);
    let world = trusting(eager(&publisher));
    assert_eq!(status(&world, &known.token(&publisher.url)).await, 200);
    let place = || Some(format!("{}/keys", trap.url));
    let brings: [fn(&mut Header, Option<String>, &Signer); 5] = [
        |header, place, _| header.jku = place,
        |header, place, _| header.x5u = place,
        |header, place, _| (header.jku, header.x5u) = (place.clone(), place),
        |header, _, key| header.jwk = serde_json::from_value(key.jwk()).ok(),
        |header, _, _| header.x5c = Some(vec!["MIIB".to_owned()]),
    ];
    for (way, bring) in brings.iter().enumerate() {
        for kid in [Some("foreign"), Some("known"), None] {
            let mut header = Header::new(Algorithm::EdDSA);
            header.kid = kid.map(str::to_owned);
            bring(&mut header, place(), &foreign);
            for issuer in [&publisher.url, &trap.url] {
                let token = foreign.signed(&header, &claims(issuer));
                assert_eq!(
                    status(&world, &token).await,
                    401,
                    "way {way}, kid {kid:?}, {issuer}"
                );
            }
        }
    }
    assert_eq!((trap.hits(), world.stub.hits()), (0, 1));
}

#[actix_web::test]
async fn j12_keys_rotate_under_load_and_no_good_request_is_refused() {
    let first = Arc::new(Signer::new("0"));
    let publisher = Publisher::start(&[&first]);
    let world = trusting(eager(&publisher));
    let signs = Mutex::new(Arc::clone(&first));
    let (is_over, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    // Every request has a token of its own, so that each is verified with the keys of that moment.
    let load = join_all((0..8).map(|_| async {
        while !is_over.load(Ordering::Relaxed) {
            let signer = Arc::clone(&signs.lock().unwrap());
            let token = signer.token(&publisher.url);
            assert_eq!(status(&world, &token).await, 200, "key {}", signer.kid);
            served.fetch_add(1, Ordering::Relaxed);
        }
    }));
    let rotation = async {
        let mut old = first.clone();
        for round in 1..=3 {
            let new = Arc::new(Signer::new(&round.to_string()));
            publisher.publish(&[&old, &new]);
            publisher.seen().await;
            *signs.lock().unwrap() = Arc::clone(&new);
            // Requests under way still have the old key; then it goes.
            let so_far = served.load(Ordering::Relaxed);
            until("requests under the new key", || {
                served.load(Ordering::Relaxed) > so_far + 50
            })
            .await;
            publisher.publish(&[&new]);
            publisher.seen().await;
            old = new;
        }
        is_over.store(true, Ordering::Relaxed);
    };
    futures_util::future::join(load, rotation).await;
    let served = served.into_inner();
    assert!(served > 150, "{served}");
    assert_eq!(world.stub.hits(), served);
    println!("3 rotations, {served} requests with a token each, none refused");
}

#[actix_web::test]
async fn j12_a_new_key_counts_within_a_minute_and_an_old_one_ends_with_its_tokens() {
    let (old, new) = (Signer::new("a"), Signer::new("b"));
    let publisher = Publisher::start(&[&old]);
    let mut config = publisher.config();
    config.refetch_s = 1;
    let world = trusting(config);
    let remembered = old.token(&publisher.url);
    assert_eq!(status(&world, &remembered).await, 200);
    // Not announced: the new key signs from the moment the old one is gone.
    publisher.publish(&[&new]);
    until_status(&world, &new, &publisher.url, 200).await;
    assert_eq!(
        status(&world, &remembered).await,
        401,
        "a remembered token of a withdrawn key"
    );
    assert_eq!(status(&world, &old.token(&publisher.url)).await, 401);
}

#[actix_web::test]
async fn j12_an_issuer_that_is_away_refuses_nobody_until_its_keys_are_too_old() {
    let signer = Signer::new("a");
    let publisher = Publisher::start(&[&signer]);
    let world = trusting(eager(&publisher));
    assert_eq!(status(&world, &signer.token(&publisher.url)).await, 200);
    publisher.be(Mood::Away);
    let hits = publisher.hits();
    until("three looks in vain", || publisher.hits() >= hits + 3).await;
    assert_eq!(status(&world, &signer.token(&publisher.url)).await, 200);
    publisher.stop().await;
    for _ in 0..20 {
        assert_eq!(status(&world, &signer.token(&publisher.url)).await, 200);
    }
    // Another, whose keys are believed for three seconds.
    let publisher = Publisher::start(&[&signer]);
    let mut config = eager(&publisher);
    config.keep_s = 3;
    let world = trusting(config);
    let remembered = signer.token(&publisher.url);
    assert_eq!(status(&world, &remembered).await, 200);
    publisher.be(Mood::Away);
    until_status(&world, &signer, &publisher.url, 503).await;
    let reply = world.get_with(PATH, &remembered).await;
    reply.assert_problem(503);
    assert_eq!(reply.header("retry-after"), "30");
    publisher.be(Mood::Well);
    until_status(&world, &signer, &publisher.url, 200).await;
    assert_eq!(status(&world, &remembered).await, 200);
}

#[actix_web::test]
async fn an_issuer_that_was_never_seen_is_no_reason_not_to_start() {
    let signer = Signer::new("a");
    let publisher = Publisher::start(&[&signer]);
    publisher.be(Mood::Away);
    let world = World::with(|config| config.issuers.push(eager(&publisher)));
    let reply = world.get_with(PATH, &signer.token(&publisher.url)).await;
    reply.assert_problem(503);
    assert!(!reply.text().contains(&publisher.url));
    let other = issuer::token(helder_types::Role::DataSteward, "GM0772");
    assert_eq!(
        status(&world, &other).await,
        200,
        "the other issuer is not held up"
    );
    publisher.be(Mood::Well);
    until_status(&world, &signer, &publisher.url, 200).await;
}

#[actix_web::test]
async fn metadata_that_points_elsewhere_is_not_believed() {
    let signer = Signer::new("a");
    let trap = Publisher::start(&[&signer]);
    let port = trap.url.rsplit(':').next().unwrap().to_owned();
    for (name, mood) in [
        (
            "another issuer",
            Mood::Says(json!({"issuer": trap.url, "jwks_uri": format!("{}/keys", trap.url)})),
        ),
        ("a redirect", Mood::Elsewhere(trap.url.clone())),
        ("no keys", Mood::Says(json!({"issuer": "?"}))),
        ("a key set without end", Mood::Endless(1 << 20)),
    ] {
        let publisher = Publisher::start(&[&signer]);
        publisher.be(mood);
        let world = trusting(publisher.config());
        assert_eq!(
            status(&world, &signer.token(&publisher.url)).await,
            503,
            "{name}"
        );
        assert_eq!(publisher.looks(), 0, "{name}");
    }
    for place in [
        format!("http://0.0.0.0:{port}/keys"),
        format!("http://127.0.0.1@0.0.0.0:{port}/keys"),
        "file:///etc/hostname".to_owned(),
        "keys".to_owned(),
    ] {
        let publisher = Publisher::start(&[&signer]);
        publisher.be(Mood::Says(
            json!({"issuer": publisher.url, "jwks_uri": place}),
        ));
        let world = trusting(publisher.config());
        assert_eq!(
            status(&world, &signer.token(&publisher.url)).await,
            503,
            "{place}"
        );
    }
    assert_eq!(trap.hits(), 0);
}

#[actix_web::test]
async fn a_one_time_token_opens_the_door_once() {
    let signer = Signer::new("a");
    let publisher = Publisher::start(&[&signer]);
    let mut config = publisher.config();
    config.one_time = true;
    let world = trusting(config);
    let token = signer.token(&publisher.url);
    let tries = join_all((0..16).map(|_| status(&world, &token))).await;
    assert_eq!(
        tries.iter().filter(|status| **status == 200).count(),
        1,
        "{tries:?}"
    );
    assert_eq!(
        tries.iter().filter(|status| **status == 401).count(),
        15,
        "{tries:?}"
    );
    let mut again = claims(&publisher.url);
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("a".to_owned());
    assert_eq!(status(&world, &signer.signed(&header, &again)).await, 200);
    again["sub"] = json!("somebody-else");
    let refused = world
        .send("GET", PATH, &bearer(&signer.signed(&header, &again)), b"")
        .await;
    refused.assert_problem(401);
    assert_eq!(world.stub.hits(), 2);
}
