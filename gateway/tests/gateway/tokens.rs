//! J1–J8, J13, J15, J16: which tokens open the door. (J14, memory under many tokens, is a test binary of its own.)

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use helder_types::Role;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use crate::{
    issuer::{
        AUDIENCE, FOREIGN, ISSUER, KEYS, by_hand, claims, now, rsa_modulus, sign, signed, token,
    },
    world::{World, bearer, logged},
};

const PATH: &str = "/ingest/v1/datasets";

fn good() -> Value {
    claims(Role::DataSteward, "GM0772")
}

fn with(key: &str, value: Value) -> Value {
    let mut claims = good();
    claims[key] = value;
    claims
}

fn without(key: &str) -> Value {
    let mut claims = good();
    claims.as_object_mut().unwrap().remove(key);
    claims
}

/// Each of these is refused with 401 and nothing reaches a service.
async fn refuse_all(world: &World, tokens: impl IntoIterator<Item = (String, String)>) {
    let before = world.stub.hits();
    for (name, token) in tokens {
        let reply = world.get_with(PATH, &token).await;
        assert_eq!(reply.status, 401, "{name}: {}", reply.text());
        assert_eq!(reply.header("www-authenticate"), "Bearer", "{name}");
        reply.assert_problem(401);
    }
    assert_eq!(world.stub.hits(), before);
}

#[actix_web::test]
async fn every_algorithm_on_the_list_opens_the_door() {
    let world = World::start();
    for (name, token) in [
        ("RS256", sign(&KEYS.rsa, Algorithm::RS256, "rsa", &good())),
        ("PS256", sign(&KEYS.rsa, Algorithm::PS256, "rsa", &good())),
        ("ES256", sign(&KEYS.ec, Algorithm::ES256, "ec", &good())),
        ("EdDSA", sign(&KEYS.ed, Algorithm::EdDSA, "ed", &good())),
    ] {
        for _ in 0..2 {
            let reply = world.get_with(PATH, &token).await;
            assert_eq!(reply.status, 200, "{name}: {}", reply.text());
        }
    }
    assert_eq!(world.stub.hits(), 8);
}

#[actix_web::test]
async fn j1_j2_no_empty_or_huge_token() {
    let world = World::start();
    let good = token(Role::DataSteward, "GM0772");
    for lines in [
        String::new(),
        "Authorization: \r\n".to_owned(),
        "Authorization: Bearer\r\n".to_owned(),
        "Authorization: Bearer \r\n".to_owned(),
        format!("Authorization: Basic {good}\r\n"),
        format!("Authorization: {good}\r\n"),
        format!("Authorization: Bearer  {good}\r\n"),
        format!("Authorization: Bearer {good}, Bearer {good}\r\n"),
        format!("{}{}", bearer(&good), bearer(&good)),
        format!("{}Authorization: Bearer x\r\n", bearer(&good)),
        format!("X-Authorization: Bearer {good}\r\n"),
        bearer(&"a".repeat(20 << 10)),
        bearer(&format!(
            "{}.{}.{}",
            "a".repeat(8 << 10),
            "b".repeat(8 << 10),
            "c".repeat(8 << 10)
        )),
    ] {
        let reply = world.send("GET", PATH, &lines, b"").await;
        let shown: String = lines.chars().take(60).collect();
        assert!(
            matches!(reply.status, 401 | 431),
            "{shown}: {}",
            reply.status
        );
        reply.assert_problem(reply.status);
    }
    let megabyte = world
        .send("GET", PATH, &bearer(&"a".repeat(1 << 20)), b"")
        .await;
    assert!(matches!(megabyte.status, 401 | 431), "{}", megabyte.status);
    assert_eq!(world.stub.hits(), 0);
}

#[actix_web::test]
async fn j3_unsigned_tokens_in_any_spelling() {
    let world = World::start();
    let mut tokens = Vec::new();
    for spelling in ["none", "None", "NONE", "nOnE", "", "null"] {
        for kid in ["rsa", "ed", "other"] {
            for signature in [b"".as_slice(), b"x", &[0; 64]] {
                let header = json!({"alg": spelling, "typ": "JWT", "kid": kid});
                tokens.push((
                    format!("{spelling} {kid}"),
                    by_hand(&header, &good(), signature),
                ));
            }
        }
    }
    tokens.push((
        "no alg".to_owned(),
        by_hand(&json!({"kid": "rsa"}), &good(), b""),
    ));
    refuse_all(&world, tokens).await;
}

#[actix_web::test]
async fn j4_the_public_key_is_no_secret_and_foreign_keys_are_none() {
    let world = World::start();
    let (rsa, ed) = (
        crate::issuer::trusted().jwks.unwrap()["keys"][0].to_string(),
        crate::issuer::trusted().jwks.unwrap()["keys"][1].clone(),
    );
    let ed_public = URL_SAFE_NO_PAD.decode(ed["x"].as_str().unwrap()).unwrap();
    let mut tokens = Vec::new();
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        for secret in [
            rsa_modulus().as_slice(),
            rsa.as_bytes(),
            ed["x"].as_str().unwrap().as_bytes(),
            &ed_public,
            b"",
        ] {
            for kid in ["rsa", "ed", "ec"] {
                let token = sign(&EncodingKey::from_secret(secret), algorithm, kid, &good());
                tokens.push((format!("{algorithm:?} {kid}"), token));
            }
        }
    }
    tokens.push((
        "foreign RSA".to_owned(),
        sign(&FOREIGN.rsa, Algorithm::RS256, "rsa", &good()),
    ));
    tokens.push((
        "foreign Ed25519".to_owned(),
        sign(&FOREIGN.ed, Algorithm::EdDSA, "ed", &good()),
    ));
    tokens.push((
        "foreign P-256".to_owned(),
        sign(&FOREIGN.ec, Algorithm::ES256, "ec", &good()),
    ));
    // The right key under an algorithm that is not on the list, or under another key's name.
    tokens.push((
        "RS512".to_owned(),
        sign(&KEYS.rsa, Algorithm::RS512, "rsa", &good()),
    ));
    tokens.push((
        "RS384".to_owned(),
        sign(&KEYS.rsa, Algorithm::RS384, "rsa", &good()),
    ));
    tokens.push((
        "kid of another".to_owned(),
        sign(&KEYS.rsa, Algorithm::RS256, "ed", &good()),
    ));
    tokens.push((
        "unknown kid".to_owned(),
        sign(&KEYS.rsa, Algorithm::RS256, "../../dev/null", &good()),
    ));
    refuse_all(&world, tokens).await;
}

#[actix_web::test]
async fn j4_flipped_cut_and_reassembled_tokens() {
    let world = World::with(|config| config.burst = 100_000);
    let good = signed(&good());
    let mut tokens = Vec::new();
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone().into_bytes();
        // The first character of a base64 group: a change of its value always changes bytes.
        bytes[at] = if bytes[at] == b'A' { b'Q' } else { b'A' };
        let flipped = String::from_utf8(bytes).unwrap();
        let same_bytes = at + 1 == good.len() || flipped == good;
        if !same_bytes {
            tokens.push((format!("flipped at {at}"), flipped));
        }
        tokens.push((format!("cut at {at}"), good[..at].to_owned()));
    }
    let parts: Vec<_> = good.split('.').collect();
    let other = signed(&claims(Role::ModelOwner, "GM0001"));
    let other: Vec<_> = other.split('.').collect();
    for (name, token) in [
        ("2 parts", format!("{}.{}", parts[0], parts[1])),
        ("empty signature", format!("{}.{}.", parts[0], parts[1])),
        ("4 parts", format!("{good}.{}", parts[2])),
        (
            "5 parts, as an encrypted token has",
            format!("{good}.{}.{}", parts[1], parts[2]),
        ),
        (
            "claims of another token",
            format!("{}.{}.{}", parts[0], other[1], parts[2]),
        ),
        ("leading dot", format!(".{good}")),
        ("trailing dot", format!("{good}.")),
        ("padding", format!("{good}==")),
        ("standard base64", good.replace(['-', '_'], "+")),
    ] {
        if token != good {
            tokens.push((name.to_owned(), token));
        }
    }
    let header = json!({"alg": "RS256", "kid": "rsa", "crit": ["exp2"], "exp2": 1});
    let mut critical = jsonwebtoken::Header::new(Algorithm::RS256);
    critical.kid = Some("rsa".to_owned());
    critical.crit = Some(vec!["exp2".to_owned()]);
    tokens.push((
        "unknown critical extension".to_owned(),
        jsonwebtoken::encode(&critical, &claims(Role::DataSteward, "GM0772"), &KEYS.rsa).unwrap(),
    ));
    tokens.push((
        "unknown critical extension, unsigned".to_owned(),
        by_hand(&header, &claims(Role::DataSteward, "GM0772"), b""),
    ));
    refuse_all(&world, tokens).await;
    assert_eq!(
        world.get_with(PATH, &good).await.status,
        200,
        "and the whole one still works"
    );
}

#[actix_web::test]
async fn j5_j6_times_are_numbers_and_now_lies_between_them() {
    let world = World::start();
    let spoiled = [
        ("exp past", with("exp", json!(now() - 60))),
        ("exp missing", without("exp")),
        ("exp as text", with("exp", json!((now() + 600).to_string()))),
        ("exp null", with("exp", Value::Null)),
        ("exp negative", with("exp", json!(-1))),
        ("exp true", with("exp", json!(true))),
        ("exp list", with("exp", json!([now() + 600]))),
        ("exp object", with("exp", json!({"at": now() + 600}))),
        ("exp beyond all numbers", with("exp", json!(1e300))),
        ("nbf future", with("nbf", json!(now() + 60))),
        (
            "nbf future as text",
            with("nbf", json!((now() + 60).to_string())),
        ),
        (
            "nbf past as text",
            with("nbf", json!((now() - 60).to_string())),
        ),
        ("nbf list", with("nbf", json!([0]))),
        ("nbf negative", with("nbf", json!(-5))),
    ];
    refuse_all(
        &world,
        spoiled.map(|(name, claims)| (name.to_owned(), signed(&claims))),
    )
    .await;
    assert_eq!(
        world.get_with(PATH, &signed(&without("nbf"))).await.status,
        200,
        "nbf is optional"
    );
}

#[actix_web::test]
async fn j7_j8_the_token_names_us_and_its_true_issuer() {
    let world = World::start();
    let spoiled = [
        ("aud other", with("aud", json!("somebody-else"))),
        ("aud missing", without("aud")),
        ("aud empty list", with("aud", json!([]))),
        ("aud list of others", with("aud", json!(["a", "b"]))),
        ("aud object", with("aud", json!({"helder": true}))),
        ("aud number", with("aud", json!(1))),
        ("aud prefix", with("aud", json!(format!("{AUDIENCE}x")))),
        ("aud case", with("aud", json!(AUDIENCE.to_uppercase()))),
        ("iss other", with("iss", json!("https://evil.example"))),
        ("iss missing", without("iss")),
        ("iss case", with("iss", json!(ISSUER.to_uppercase()))),
        (
            "iss trailing slash",
            with("iss", json!(format!("{ISSUER}/"))),
        ),
        ("iss list", with("iss", json!([ISSUER]))),
        ("azp missing", without("azp")),
        ("azp empty", with("azp", json!(""))),
        ("jti missing", without("jti")),
        ("jti number", with("jti", json!(7))),
        ("sub missing", without("sub")),
        (
            "sub with a line break",
            with("sub", json!("anna\nlevel=error")),
        ),
        ("sub endless", with("sub", json!("a".repeat(300)))),
        ("organisation missing", without("organisation")),
        (
            "organisation a path",
            with("organisation", json!("../GM0001")),
        ),
        ("gemeentecode no code", with("gemeentecode", json!("0772"))),
    ];
    refuse_all(
        &world,
        spoiled.map(|(name, claims)| (name.to_owned(), signed(&claims))),
    )
    .await;
    let several = with("aud", json!(["somebody-else", AUDIENCE]));
    assert_eq!(
        world.get_with(PATH, &signed(&several)).await.status,
        200,
        "ours among several"
    );
}

#[actix_web::test]
async fn j13_a_token_in_the_address_or_a_cookie_is_refused_and_not_logged() {
    let world = World::start();
    let token = signed(&with("jti", json!("never-to-be-logged")));
    for key in ["access_token", "token", "jwt", "Access_Token"] {
        let reply = world
            .get_with(&format!("{PATH}?{key}={token}"), &token)
            .await;
        reply.assert_problem(401);
        assert!(!reply.text().contains(&token));
        world
            .send("GET", &format!("{PATH}?{key}={token}"), "", b"")
            .await
            .assert_problem(401);
    }
    for cookie in ["token", "access_token", "Authorization"] {
        let line = format!("Cookie: {cookie}={token}\r\n");
        world
            .send("GET", PATH, &line, b"")
            .await
            .assert_problem(401);
    }
    assert_eq!(world.stub.hits(), 0);
    let signature = token.rsplit('.').next().unwrap();
    assert!(!logged().contains(signature), "a token is in the log");
}

#[actix_web::test]
async fn j15_a_missing_right_is_403_and_tells_nothing_of_the_rules() {
    let world = World::start();
    for role in [Role::Consumer, Role::Operator, Role::Auditor] {
        let reply = world.as_role(role, "GET", PATH, "", b"").await;
        reply.assert_problem(403);
        let said = reply.text();
        for word in ["ingest", "read", role.as_str(), "steward"] {
            assert!(!said.contains(word), "{word} in {said}");
        }
    }
    for roles in [json!([]), json!(["king"]), json!(["Data-Steward"])] {
        world
            .get_with(PATH, &signed(&with("roles", roles)))
            .await
            .assert_problem(403);
    }
    world
        .get_with(PATH, &signed(&without("roles")))
        .await
        .assert_problem(403);
    world
        .get_with(PATH, &signed(&with("roles", json!("data-steward"))))
        .await
        .assert_problem(401);
    // Claims that look like rights are none.
    let mut forged = claims(Role::Consumer, "GM0772");
    forged["permissions"] = json!(["ingest:read"]);
    forged["scope"] = json!("ingest:read");
    world
        .get_with(PATH, &signed(&forged))
        .await
        .assert_problem(403);
    assert_eq!(world.stub.hits(), 0);
}

#[actix_web::test]
async fn j16_five_seconds_of_clock_difference_are_forgiven_and_no_more() {
    let world = World::start();
    for (name, key, offset, status) in [
        ("ended 3 s ago", "exp", -3, 200),
        ("ended 8 s ago", "exp", -8, 401),
        ("starts in 4 s", "nbf", 4, 200),
        ("starts in 10 s", "nbf", 10, 401),
    ] {
        let claims = with(key, json!(now().saturating_add_signed(offset)));
        assert_eq!(
            world.get_with(PATH, &signed(&claims)).await.status,
            status,
            "{name}"
        );
    }
}

#[actix_web::test]
async fn a_remembered_token_dies_at_its_end() {
    let world = World::start();
    let token = signed(&with("exp", json!(now() - 3)));
    assert_eq!(world.get_with(PATH, &token).await.status, 200);
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    world.get_with(PATH, &token).await.assert_problem(401);
}

#[actix_web::test]
async fn whoever_guesses_tokens_is_slowed_down() {
    let world = World::with(|config| {
        config.requests_per_second = 1;
        config.burst = 20;
    });
    let mut refused = 0;
    for attempt in 0..30 {
        let reply = world
            .get_with(
                PATH,
                &signed(&with("iss", json!(format!("guess-{attempt}")))),
            )
            .await;
        if reply.status == 429 {
            refused += 1;
            assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
    }
    assert!(refused >= 5, "{refused}");
}
