//! An issuer that publishes its keys over HTTP, and counts who asks.

use std::{
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    web::{self, Data},
};
use aws_lc_rs::{rand::SystemRandom, signature::Ed25519KeyPair};
use helder_gateway::IssuerConfig;
use helder_types::Role;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::issuer::{self, AUDIENCE};

/// A key pair with its name.
pub(crate) struct Signer {
    pub(crate) kid: String,
    pub(crate) key: EncodingKey,
}

impl Signer {
    pub(crate) fn new(kid: &str) -> Self {
        let pair = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        Self {
            kid: kid.to_owned(),
            key: EncodingKey::from_ed_der(pair.as_ref()),
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        issuer::jwk(&self.key, Algorithm::EdDSA, &self.kid)
    }

    /// A new good token of this issuer under its own kid.
    pub(crate) fn token(&self, issuer: &str) -> String {
        self.token_as(issuer, &self.kid)
    }

    pub(crate) fn token_as(&self, issuer: &str, kid: &str) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(kid.to_owned());
        self.signed(&header, &claims(issuer))
    }

    pub(crate) fn signed(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.key).unwrap()
    }
}

/// Claims of a good token that no other token has.
pub(crate) fn claims(issuer: &str) -> Value {
    let mut claims = issuer::claims(Role::DataSteward, "GM9999");
    claims["iss"] = json!(issuer);
    claims["jti"] = json!(Uuid::new_v4());
    claims
}

/// How it answers.
#[derive(Clone, Debug)]
pub(crate) enum Mood {
    Well,
    Away,
    /// Redirects everything there.
    Elsewhere(String),
    /// The metadata is this.
    Says(Value),
    /// The key set has this many bytes.
    Endless(usize),
}

struct Notes {
    hits: AtomicUsize,
    looks: AtomicUsize,
    keys: Mutex<Vec<Value>>,
    mood: Mutex<Mood>,
    url: String,
}

pub(crate) struct Publisher {
    pub(crate) url: String,
    notes: Arc<Notes>,
    handle: ServerHandle,
}

impl Publisher {
    pub(crate) fn start(keys: &[&Signer]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let notes = Arc::new(Notes {
            hits: AtomicUsize::new(0),
            looks: AtomicUsize::new(0),
            keys: Mutex::default(),
            mood: Mutex::new(Mood::Well),
            url: url.clone(),
        });
        let data = Data::from(Arc::clone(&notes));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(answer))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        let publisher = Self { url, notes, handle };
        publisher.publish(keys);
        publisher
    }

    pub(crate) fn config(&self) -> IssuerConfig {
        IssuerConfig::discovered(&self.url, AUDIENCE)
    }

    pub(crate) fn publish(&self, keys: &[&Signer]) {
        *self.notes.keys.lock().unwrap() = keys.iter().map(|key| key.jwk()).collect();
    }

    pub(crate) fn be(&self, mood: Mood) {
        *self.notes.mood.lock().unwrap() = mood;
    }

    /// Requests of any kind.
    pub(crate) fn hits(&self) -> usize {
        self.notes.hits.load(Ordering::SeqCst)
    }

    /// Times the key set was given.
    pub(crate) fn looks(&self) -> usize {
        self.notes.looks.load(Ordering::SeqCst)
    }

    /// Waits until everything published by now was seen: the look after the next one has begun.
    pub(crate) async fn seen(&self) {
        let looks = self.looks();
        until("two more looks", || self.looks() >= looks + 2).await;
    }

    pub(crate) async fn stop(&self) {
        self.handle.stop(false).await;
    }
}

/// Waits for a condition, 60 s at most.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_200 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} did not come");
}

async fn answer(request: HttpRequest, notes: Data<Notes>) -> HttpResponse {
    notes.hits.fetch_add(1, Ordering::SeqCst);
    let mood = notes.mood.lock().unwrap().clone();
    if let Mood::Elsewhere(place) = &mood {
        let place = format!("{place}{}", request.path());
        return HttpResponse::Found()
            .insert_header(("location", place))
            .finish();
    }
    if matches!(mood, Mood::Away) {
        return HttpResponse::ServiceUnavailable().finish();
    }
    match (request.path(), mood) {
        ("/.well-known/openid-configuration", Mood::Says(metadata)) => {
            HttpResponse::Ok().json(metadata)
        }
        ("/.well-known/openid-configuration", _) => HttpResponse::Ok().json(json!({
            "issuer": notes.url, "jwks_uri": format!("{}/keys", notes.url),
        })),
        ("/keys", Mood::Endless(bytes)) => HttpResponse::Ok().body(" ".repeat(bytes)),
        ("/keys", _) => {
            let keys = notes.keys.lock().unwrap().clone();
            notes.looks.fetch_add(1, Ordering::SeqCst);
            HttpResponse::Ok().json(json!({"keys": keys}))
        }
        _ => HttpResponse::NotFound().finish(),
    }
}
