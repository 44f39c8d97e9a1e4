use actix_web::{App, HttpResponse, http::StatusCode, test, web};
use helder_types::{Caller, Permission, permission::needs};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

use super::*;

fn caller(permissions: &[Permission]) -> Caller {
    Caller {
        organisation: "GM0772".parse().unwrap(),
        gemeentecode: Some("GM0772".parse().unwrap()),
        subject: "anna".into(),
        client: "helder-cli".into(),
        permissions: permissions.to_vec(),
    }
}

fn pair(issuer: &str) -> (TokenMint, TokenVerifier) {
    let mint = TokenMint::generate(issuer).unwrap();
    let verifier = TokenVerifier::new().trust(issuer, &mint.public_key());
    (mint, verifier)
}

#[::core::prelude::v1::test]
fn a_minted_token_gives_back_its_caller() {
    let (mint, verifier) = pair("gateway");
    let anna = caller(&[Permission::IngestRead]);
    let minted = mint.mint(&anna).unwrap();
    assert_eq!(*verifier.verify(&minted.token).unwrap(), anna);
    assert_eq!(
        *verifier.verify(&minted.token).unwrap(),
        anna,
        "and again from memory"
    );
    assert_eq!(
        mint.mint(&anna).unwrap().token,
        minted.token,
        "a caller's token is reused"
    );
    assert_ne!(mint.mint(&caller(&[])).unwrap().token, minted.token);
}

#[::core::prelude::v1::test]
fn a_mint_survives_its_configuration_form() {
    let (mint, verifier) = pair("linkage");
    let again = TokenMint::from_base64("linkage", &mint.to_base64()).unwrap();
    assert!(
        verifier
            .verify(&again.mint(&caller(&[])).unwrap().token)
            .is_ok()
    );
    assert!(!format!("{mint:?}").contains(&mint.to_base64()));
}

#[::core::prelude::v1::test]
fn another_key_under_a_trusted_name_is_refused() {
    let (_, verifier) = pair("gateway");
    let impostor = TokenMint::generate("gateway").unwrap();
    assert_eq!(
        verifier
            .verify(&impostor.mint(&caller(&[])).unwrap().token)
            .unwrap_err(),
        Refusal::Invalid
    );
    let stranger = TokenMint::generate("stranger").unwrap();
    assert_eq!(
        verifier
            .verify(&stranger.mint(&caller(&[])).unwrap().token)
            .unwrap_err(),
        Refusal::Issuer
    );
}

#[::core::prelude::v1::test]
fn a_key_can_be_replaced_while_both_are_in_use() {
    let (old, new) = (
        TokenMint::generate("gateway").unwrap(),
        TokenMint::generate("gateway").unwrap(),
    );
    let anna = caller(&[]);
    let both = TokenVerifier::new()
        .trust("gateway", &old.public_key())
        .trust("gateway", &new.public_key());
    for mint in [&old, &new] {
        assert!(both.verify(&mint.mint(&anna).unwrap().token).is_ok());
    }
    let after = TokenVerifier::new().trust("gateway", &new.public_key());
    assert_eq!(
        after.verify(&old.mint(&anna).unwrap().token).unwrap_err(),
        Refusal::Invalid
    );
    let third = TokenMint::generate("gateway").unwrap();
    assert_eq!(
        both.verify(&third.mint(&anna).unwrap().token).unwrap_err(),
        Refusal::Invalid
    );
}

#[::core::prelude::v1::test]
fn the_gateway_cannot_hand_out_what_only_services_hold() {
    let (mint, verifier) = pair("gateway");
    let token = mint
        .mint(&caller(&[Permission::RegistryServe]))
        .unwrap()
        .token;
    assert_eq!(verifier.verify(&token).unwrap_err(), Refusal::Overreach);
    let (mint, verifier) = pair("prediction");
    let token = mint
        .mint(&caller(&[Permission::RegistryServe]))
        .unwrap()
        .token;
    assert!(verifier.verify(&token).is_ok());
}

#[::core::prelude::v1::test]
fn other_algorithms_and_long_lives_are_refused() {
    let (mint, verifier) = pair("gateway");
    let mut claims = claims::Claims::new("gateway", &caller(&[]), claims::now_s());
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("gateway".into());
    let forged = encode(
        &header,
        &claims,
        &EncodingKey::from_secret(&mint.public_key()),
    )
    .unwrap();
    assert_eq!(verifier.verify(&forged).unwrap_err(), Refusal::Invalid);
    claims.exp = claims.iat + 3_600;
    header.alg = Algorithm::EdDSA;
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, mint.to_base64())
        .unwrap();
    let long = encode(&header, &claims, &EncodingKey::from_ed_der(&der)).unwrap();
    assert_eq!(verifier.verify(&long).unwrap_err(), Refusal::Invalid);
    claims.iat -= 120;
    claims.exp = claims.iat + 60;
    let old = encode(&header, &claims, &EncodingKey::from_ed_der(&der)).unwrap();
    assert_eq!(verifier.verify(&old).unwrap_err(), Refusal::Expired);
}

#[::core::prelude::v1::test]
fn flipped_and_cut_tokens_are_refused() {
    let (mint, verifier) = pair("gateway");
    let token = mint.mint(&caller(&[])).unwrap().token.to_string();
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        // The last character of a part may carry unused bits; a flip of the high bits always changes the value.
        bytes[at] = if bytes[at] == b'A' { b'g' } else { b'A' };
        let flipped = String::from_utf8(bytes).unwrap();
        if flipped != token {
            assert!(verifier.verify(&flipped).is_err(), "{at}");
        }
        assert!(verifier.verify(&token[..at]).is_err(), "{at}");
    }
    assert!(verifier.verify(&format!("{token}.x")).is_err());
}

#[actix_web::test]
async fn a_handler_sees_only_callers_with_its_permission() {
    async fn handler(caller: Allowed<needs::IngestRead>) -> HttpResponse {
        HttpResponse::Ok().body(caller.organisation.to_string())
    }
    let (mint, verifier) = pair("gateway");
    let verifier = web::Data::new(verifier);
    let app = test::init_service(
        App::new()
            .app_data(verifier)
            .route("/x", web::get().to(handler)),
    )
    .await;
    let status = async |token: Option<&str>| {
        let mut request = test::TestRequest::get().uri("/x");
        if let Some(token) = token {
            request = request.insert_header(("authorization", format!("Bearer {token}")));
        }
        test::call_service(&app, request.to_request())
            .await
            .status()
    };
    assert_eq!(status(None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(Some("nonsense")).await, StatusCode::UNAUTHORIZED);
    let without = mint.mint(&caller(&[Permission::IngestWrite])).unwrap();
    assert_eq!(status(Some(&without.token)).await, StatusCode::FORBIDDEN);
    let with = mint.mint(&caller(&[Permission::IngestRead])).unwrap();
    assert_eq!(status(Some(&with.token)).await, StatusCode::OK);
    let twice = test::TestRequest::get()
        .uri("/x")
        .append_header(("authorization", format!("Bearer {}", with.token)))
        .append_header(("authorization", "Bearer other"));
    assert_eq!(
        test::call_service(&app, twice.to_request()).await.status(),
        StatusCode::UNAUTHORIZED
    );
}
