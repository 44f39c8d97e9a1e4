//! Tokens that must not work: J1–J8, J13. A refused request reaches no service, so each case is a 401 before anything.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use helder_testkit::Platform;
use helder_types::Role;
use serde_json::{Value, json};

use crate::support::{Caller, HERE, answer, stranger};

const PATH: &str = "/ingest/v1/datasets";

fn part(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn claims(token: &str) -> Value {
    let payload = BASE64.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

async fn status_with(platform: &Platform, header: &[u8]) -> u16 {
    let request = stranger(platform).request(reqwest::Method::GET, PATH);
    answer(request.header("authorization", header)).await.status
}

#[tokio::test]
async fn a_good_token_works_and_no_token_does_not() {
    let platform = Platform::start().await.unwrap();
    let token = platform.token(Role::DataSteward, HERE).unwrap();
    assert_eq!(
        status_with(&platform, format!("Bearer {token}").as_bytes()).await,
        200
    );

    let bare = stranger(&platform).get(PATH).await;
    bare.assert_problem(401);
    assert!(
        bare.header("www-authenticate").starts_with("Bearer"),
        "{bare:?}"
    );
    for odd in [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        &token,
        &format!("Bearer {token} {token}"),
    ] {
        assert_eq!(
            status_with(&platform, odd.as_bytes()).await,
            401,
            "{odd:.20}"
        );
    }
}

#[tokio::test]
async fn a_token_of_a_megabyte_is_refused_and_the_next_request_is_served() {
    let platform = Platform::start().await.unwrap();
    let token = platform.token(Role::DataSteward, HERE).unwrap();
    let request = format!(
        "GET {PATH} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        platform.address(),
        "a".repeat(1 << 20)
    );
    let status =
        crate::support::status_of(&crate::support::raw(&platform, request.as_bytes()).await);
    assert!(matches!(status, 400 | 401 | 431 | 0), "{status}");
    assert_eq!(
        status_with(&platform, format!("Bearer {token}").as_bytes()).await,
        200
    );
}

#[tokio::test]
async fn the_algorithm_none_is_refused_in_every_spelling() {
    let platform = Platform::start().await.unwrap();
    let token = platform.token(Role::DataSteward, HERE).unwrap();
    let payload = token.split('.').nth(1).unwrap();
    let signature = token.split('.').nth(2).unwrap();
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        let head = part(&json!({"alg": algorithm, "typ": "JWT"}));
        for end in ["", signature] {
            let forged = format!("Bearer {head}.{payload}.{end}");
            assert_eq!(
                status_with(&platform, forged.as_bytes()).await,
                401,
                "{algorithm}"
            );
        }
    }
}

#[tokio::test]
async fn a_changed_token_is_refused() {
    let platform = Platform::start().await.unwrap();
    let token = platform.token(Role::DataSteward, HERE).unwrap();
    let parts: Vec<_> = token.split('.').collect();
    let mut changed = vec![
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}.x.y"),
        format!("{token}."),
        token[..token.len() - 10].to_owned(),
        format!("{}..{}", parts[0], parts[2]),
    ];
    // Other claims under the old signature.
    for (key, value) in [
        ("organisation", json!("GM0001")),
        ("roles", json!(["model-owner"])),
        ("exp", json!(4_102_444_800_u64)),
    ] {
        let mut claims = claims(&token);
        claims[key] = value;
        changed.push(format!("{}.{}.{}", parts[0], part(&claims), parts[2]));
    }
    // A flipped letter in every part.
    for place in [3, parts[0].len() + 5, parts[0].len() + parts[1].len() + 9] {
        let mut bytes = token.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        changed.push(String::from_utf8(bytes).unwrap());
    }
    for forged in changed {
        assert_eq!(
            status_with(&platform, format!("Bearer {forged}").as_bytes()).await,
            401,
            "{forged}"
        );
    }
}

#[tokio::test]
async fn a_token_signed_by_somebody_else_is_refused() {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

    let platform = Platform::start().await.unwrap();
    let token = platform.token(Role::DataSteward, HERE).unwrap();
    let claims = claims(&token);
    for secret in [b"secret".as_slice(), b"", token.as_bytes()] {
        let header = Header {
            kid: jsonwebtoken::decode_header(&token).unwrap().kid,
            ..Header::new(Algorithm::HS256)
        };
        let forged = encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap();
        assert_eq!(
            status_with(&platform, format!("Bearer {forged}").as_bytes()).await,
            401
        );
    }
}

#[tokio::test]
async fn a_token_outside_the_authorization_header_is_refused_and_not_logged() {
    let platform = Platform::start().await.unwrap();
    let token = platform.token(Role::DataSteward, HERE).unwrap();
    let nobody = stranger(&platform);
    for query in ["access_token", "token", "bearer"] {
        let status = nobody.get(&format!("{PATH}?{query}={token}")).await.status;
        assert!(matches!(status, 400 | 401), "{query}: {status}");
    }
    let cookie = nobody
        .request(reqwest::Method::GET, PATH)
        .header("cookie", format!("token={token}; Authorization={token}"));
    assert_eq!(answer(cookie).await.status, 401);

    let secret = token.split('.').nth(2).unwrap();
    let log = std::fs::read_to_string(platform.folder().join("testkit.log")).unwrap();
    assert!(!log.contains(secret), "the log holds a token");
}

#[tokio::test]
async fn two_authorization_headers_are_refused() {
    let platform = Platform::start().await.unwrap();
    let token = platform.token(Role::DataSteward, HERE).unwrap();
    let other = platform.token(Role::Analyst, HERE).unwrap();
    let twice = Caller::new(&platform.url(), Some(token)).request(reqwest::Method::GET, PATH);
    let status = answer(twice.header("authorization", format!("Bearer {other}")))
        .await
        .status;
    assert!(matches!(status, 400 | 401), "{status}");
}

/// Signs any claims with the platform's own key: what a faulty issuer would hand out.
fn signed(platform: &Platform, claims: &Value) -> String {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

    let good = platform.token(Role::DataSteward, HERE).unwrap();
    let key = std::fs::read_to_string(platform.data().join("keys/issuer.key")).unwrap();
    let key = base64::engine::general_purpose::STANDARD
        .decode(key.trim())
        .unwrap();
    let header = Header {
        kid: jsonwebtoken::decode_header(&good).unwrap().kid,
        ..Header::new(Algorithm::EdDSA)
    };
    encode(&header, claims, &EncodingKey::from_ed_der(&key)).unwrap()
}

#[tokio::test]
async fn a_well_signed_token_with_wrong_times_audience_or_issuer_is_refused() {
    let platform = Platform::start().await.unwrap();
    let good = claims(&platform.token(Role::DataSteward, HERE).unwrap());
    let now = good["iat"].as_u64().unwrap();
    let (issuer, audience) = (good["iss"].as_str().unwrap(), good["aud"].as_str().unwrap());
    let wrong = [
        ("exp", json!(now - 60)),
        ("exp", json!((now + 600).to_string())),
        ("exp", Value::Null),
        ("exp", json!(-1)),
        ("nbf", json!(now + 600)),
        ("nbf", json!((now + 600).to_string())),
        ("aud", json!("somebody-else")),
        ("aud", json!([])),
        ("aud", json!(["somebody-else"])),
        ("aud", Value::Null),
        ("iss", json!("urn:somebody:else")),
        ("iss", json!(issuer.to_uppercase())),
        ("iss", json!(format!("{issuer}/"))),
        ("iss", Value::Null),
        ("organisation", json!("../GM0772")),
        ("organisation", Value::Null),
        ("sub", Value::Null),
    ];
    for (claim, value) in wrong {
        let mut changed = good.clone();
        if value.is_null() {
            changed.as_object_mut().unwrap().remove(claim);
        } else {
            changed[claim] = value.clone();
        }
        let forged = signed(&platform, &changed);
        let status = status_with(&platform, format!("Bearer {forged}").as_bytes()).await;
        assert_eq!(status, 401, "{claim}: {value}");
    }
    for fine in [
        good.clone(),
        with(&good, "aud", json!(["somebody-else", audience])),
    ] {
        let token = signed(&platform, &fine);
        assert_eq!(
            status_with(&platform, format!("Bearer {token}").as_bytes()).await,
            200,
            "{fine}"
        );
    }
}

#[tokio::test]
async fn unknown_roles_give_nothing() {
    let platform = Platform::start().await.unwrap();
    let good = claims(&platform.token(Role::DataSteward, HERE).unwrap());
    for roles in [
        json!([]),
        json!(["root"]),
        json!("data-steward"),
        json!([{"data-steward": true}]),
        json!(["*"]),
    ] {
        let token = signed(&platform, &with(&good, "roles", roles.clone()));
        let status = status_with(&platform, format!("Bearer {token}").as_bytes()).await;
        assert!(matches!(status, 401 | 403), "{roles}: {status}");
    }
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut changed = claims.clone();
    changed[name] = value;
    changed
}
