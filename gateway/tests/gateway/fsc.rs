//! Requests that come through an FSC inway.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use helder_gateway::{FscConfig, FscConsumer};
use helder_types::{Permission, Role};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use crate::{
    issuer::{self, now},
    world::{JSON, Reply, World, bearer},
};

const LIST: &str = "/ingest/v1/datasets";
const PREDICT: &str = "/prediction/v1/models/vroeg/predictions";
const TRANSACTION: &str = "01a202cf-10bf-7eca-9337-75234c40a139";
const OWN: &str = "00000099000000009000";
const BREDA: &str = "00000099000000009001";
const BARE: &str = "00000099000000009002";

/// A manager: its certificate, and the tokens it makes.
struct Manager {
    pem: String,
    thumbprint: String,
    key: EncodingKey,
    algorithm: Algorithm,
}

impl Manager {
    fn elliptic() -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let key = EncodingKey::from_ec_der(&pair.serialize_der());
        Self::of(&pair, key, Algorithm::ES256)
    }

    fn rsa() -> Self {
        let pair = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        // The library wants the RSAPrivateKey inside the PKCS#8 wrapping, whose head has 26 bytes at this key size.
        let key = EncodingKey::from_rsa_der(&pair.serialize_der()[26..]);
        Self::of(&pair, key, Algorithm::RS512)
    }

    fn of(pair: &KeyPair, key: EncodingKey, algorithm: Algorithm) -> Self {
        let certificate = CertificateParams::new(vec!["manager.example".to_owned()])
            .unwrap()
            .self_signed(pair)
            .unwrap();
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.der().as_ref());
        Self {
            pem: certificate.pem(),
            thumbprint: URL_SAFE_NO_PAD.encode(digest),
            key,
            algorithm,
        }
    }

    fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.x5t_s256 = Some(self.thumbprint.clone());
        encode(&header, claims, &self.key).unwrap()
    }

    /// A gateway behind an inway whose tokens this manager signs.
    fn gateway(&self, change: impl FnOnce(&mut FscConfig)) -> World {
        let consumer = |organisation: &str, roles: &[Role]| FscConsumer {
            organisation: organisation.parse().unwrap(),
            roles: roles.to_vec(),
        };
        let mut fsc = FscConfig {
            inways: vec!["127.0.0.0/8".to_owned()],
            group: "nl.example.group".to_owned(),
            peer: OWN.to_owned(),
            service: "helder".to_owned(),
            certificates: vec![self.pem.clone()],
            consumers: [
                (BREDA.to_owned(), consumer("GM0758", &[Role::Consumer])),
                (BARE.to_owned(), consumer("GM0772", &[])),
            ]
            .into(),
            required: false,
        };
        change(&mut fsc);
        World::with(|config| config.fsc = Some(fsc))
    }
}

fn claims(consumer: &str) -> Value {
    json!({
        "gth": "$1$4$grant", "gid": "nl.example.group", "sub": consumer, "iss": OWN, "svc": "helder",
        "aud": "https://inway.example:8443", "exp": now() + 300, "nbf": now() - 1, "cnf": {"x5t#S256": "x"},
    })
}

fn lines(token: &str) -> String {
    format!("Fsc-Authorization: Bearer {token}\r\nFsc-Transaction-Id: {TRANSACTION}\r\n")
}

async fn predict(world: &World, lines: &str) -> Reply {
    world
        .send("POST", PREDICT, &format!("{JSON}{lines}"), b"{}")
        .await
}

fn caller(world: &World) -> helder_types::Caller {
    let last = world.stub.last();
    let inside = last.header("authorization").unwrap().to_owned();
    let token = inside.strip_prefix("Bearer ").unwrap();
    world.verifier.verify(token).unwrap().as_ref().clone()
}

#[actix_web::test]
async fn a_consumer_is_known_by_its_oin_and_may_what_the_settings_say() {
    for manager in [Manager::elliptic(), Manager::rsa()] {
        let world = manager.gateway(|_| ());
        for _ in 0..2 {
            let reply = predict(&world, &lines(&manager.sign(&claims(BREDA)))).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        let caller = caller(&world);
        assert_eq!(caller.organisation.as_str(), "GM0758");
        assert_eq!(caller.subject, format!("fsc:{BREDA}"));
        assert_eq!(caller.client, "fsc:$1$4$grant");
        assert!(caller.permissions.contains(&Permission::PredictionPredict));
        // The transaction goes along, the token of the inway does not.
        let last = world.stub.last();
        assert_eq!(last.header("fsc-transaction-id"), Some(TRANSACTION));
        assert_eq!(last.header("fsc-authorization"), None);
        // Its role is consumer.
        let fsc = lines(&manager.sign(&claims(BREDA)));
        let refused = world.send("GET", LIST, &fsc, b"").await;
        refused.assert_problem(403);
    }
}

#[actix_web::test]
async fn a_token_beside_it_must_speak_for_the_same_organisation() {
    let manager = Manager::elliptic();
    let world = manager.gateway(|_| ());
    let fsc = lines(&manager.sign(&claims(BARE)));
    let both = |organisation| {
        format!(
            "{fsc}{}",
            bearer(&issuer::token(Role::DataSteward, organisation))
        )
    };
    assert_eq!(
        world.send("GET", LIST, &both("GM0772"), b"").await.status,
        200
    );
    assert_eq!(caller(&world).subject, "data-steward@GM0772");
    let hits = world.stub.hits();
    let other = world.send("GET", LIST, &both("GM0758"), b"").await;
    assert!(other.assert_problem(403).kind.ends_with("fsc-consumer"));
    // No roles of its own: without a token it may do nothing.
    world.send("GET", LIST, &fsc, b"").await.assert_problem(401);
    assert_eq!(world.stub.hits(), hits);
}

#[actix_web::test]
async fn what_is_not_as_agreed_is_refused() {
    let (manager, other) = (Manager::elliptic(), Manager::elliptic());
    let world = manager.gateway(|_| ());
    let spoilt = |name: &str, value: Value| {
        let mut claims = claims(BREDA);
        claims[name] = value;
        lines(&manager.sign(&claims))
    };
    let missing = |name: &str| {
        let mut claims = claims(BREDA);
        claims.as_object_mut().unwrap().remove(name);
        lines(&manager.sign(&claims))
    };
    let good = manager.sign(&claims(BREDA));
    let mut forged = Header::new(Algorithm::ES256);
    forged.x5t_s256 = Some(manager.thumbprint.clone());
    let forged = encode(&forged, &claims(BREDA), &other.key).unwrap();
    let mut symmetric = Header::new(Algorithm::HS256);
    symmetric.x5t_s256 = Some(manager.thumbprint.clone());
    let secret = EncodingKey::from_secret(manager.pem.as_bytes());
    let symmetric = encode(&symmetric, &claims(BREDA), &secret).unwrap();
    let cases = [
        spoilt("iss", json!(BREDA)),
        spoilt("gid", json!("another.group")),
        spoilt("svc", json!("another")),
        spoilt("sub", json!("00000099000000009009")),
        spoilt("exp", json!(now() - 60)),
        spoilt("exp", json!((now() + 60).to_string())),
        spoilt("nbf", json!(now() + 60)),
        missing("exp"),
        missing("nbf"),
        missing("gth"),
        lines(&other.sign(&claims(BREDA))),
        lines(&forged),
        lines(&symmetric),
        lines(&format!("{}x", &good[..good.len() - 4])),
        lines(&good).replace("Bearer", "Basic"),
        format!("Fsc-Transaction-Id: {TRANSACTION}\r\n"),
        format!("{}Fsc-Authorization: Bearer {good}\r\n", lines(&good)),
    ];
    for (place, lines) in cases.iter().enumerate() {
        let reply = predict(&world, lines).await;
        assert_eq!(reply.status, 401, "case {place}: {}", reply.text());
        reply.assert_problem(401);
    }
    for transaction in ["", "x", "1\r\nFsc-Transaction-Id: 2"] {
        let lines = lines(&good).replace(TRANSACTION, transaction);
        predict(&world, &lines).await.assert_problem(400);
    }
    assert_eq!(world.stub.hits(), 0, "nothing of it went on");
    assert_eq!(predict(&world, &lines(&good)).await.status, 200);
}

#[actix_web::test]
async fn the_headers_count_from_an_inway_only() {
    let manager = Manager::elliptic();
    let fsc = lines(&manager.sign(&claims(BREDA)));
    let elsewhere = manager.gateway(|fsc| fsc.inways = vec!["10.1.0.0/16".to_owned()]);
    predict(&elsewhere, &fsc).await.assert_problem(401);
    let token = bearer(&issuer::token(Role::Consumer, "GM0758"));
    assert_eq!(predict(&elsewhere, &token).await.status, 200, "as always");
    let strict = manager.gateway(|fsc| fsc.required = true);
    predict(&strict, &token).await.assert_problem(401);
    assert_eq!(predict(&strict, &fsc).await.status, 200);
    // Without settings the headers are nothing: not looked at, not handed on.
    let plain = World::start();
    predict(&plain, &fsc).await.assert_problem(401);
    assert_eq!(predict(&plain, &format!("{fsc}{token}")).await.status, 200);
    assert_eq!(plain.stub.last().header("fsc-transaction-id"), None);
}

#[test]
fn settings_that_cannot_work_are_named() {
    let settings = |change: fn(&mut Value)| {
        let mut fsc = json!({
            "inways": ["10.1.0.0/16", "10.2.0.1", "fd00::/8"], "group": "g", "peer": OWN, "service": "helder",
            "certificates": ["-"], "consumers": {BREDA: {"organisation": "GM0758"}},
        });
        change(&mut fsc);
        let fsc: FscConfig = serde_json::from_value(fsc).unwrap();
        fsc.check().map_err(|error| error.to_string())
    };
    settings(|_| ()).unwrap();
    for (change, named) in [
        ((|it| it["inways"] = json!([])) as fn(&mut Value), "inways"),
        (|it| it["inways"] = json!(["10.1.0.0/33"]), "10.1.0.0/33"),
        (|it| it["certificates"] = json!([]), "certificates"),
        (|it| it["consumers"] = json!({}), "consumers"),
        (|it| it["group"] = json!(" "), "group"),
        (|it| it["peer"] = json!(""), "peer"),
        (|it| it["service"] = json!(""), "service"),
    ] {
        let said = settings(change).unwrap_err();
        assert!(said.contains(named), "{said}");
    }
}
