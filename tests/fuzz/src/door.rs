//! A running gateway, reached over sockets as anybody reaches it.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, mpsc},
    time::Duration,
};

use helder_gateway::{BodyKind, GatewayConfig, Operation};
use helder_platform::identity::TokenMint;
use helder_types::{Permission, Role};
use http::Method;
use jsonwebtoken::Algorithm;
use serde_json::Value;

use crate::{issuer, stub::Stub};

/// An operation that asks a token.
pub const PATH: &str = "/ingest/v1/datasets";
/// One that asks none.
pub const OPEN: &str = "/registry/v1/catalogue-entries";

/// The gateway and what stands behind it.
pub struct Door {
    stub: Stub,
    address: SocketAddr,
    kept: Option<TcpStream>,
}

/// A request as the service saw it: method, target, digest of the body.
pub type Seen = (String, String, helder_types::Digest);

fn operation(
    service: &'static str,
    method: Method,
    path: &str,
    permission: Option<Permission>,
) -> Operation {
    Operation {
        service,
        id: format!("{method}-{service}"),
        body: if method == Method::POST {
            BodyKind::Json
        } else {
            BodyKind::None
        },
        method,
        path: path.to_owned(),
        permission,
        answers: vec!["application/json".to_owned()],
        version: "1.2.3".to_owned(),
        number: 0,
    }
}

impl Door {
    /// Starts both in a thread of their own.
    pub fn start() -> Self {
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let stub = Stub::start();
                let mut config = GatewayConfig::with_issuers(vec![issuer::trusted()]);
                (config.requests_per_second, config.burst) = (u32::MAX, u32::MAX);
                config.workers = 1;
                config.json_bytes = 64 << 10;
                let services = ["ingest", "linkage", "training", "registry", "prediction"];
                let upstreams: BTreeMap<_, _> = services
                    .map(|service| (service.to_owned(), stub.url.clone()))
                    .into();
                let mint = Arc::new(TokenMint::generate("gateway").unwrap());
                let operations = vec![
                    operation("ingest", Method::GET, PATH, Some(Permission::IngestRead)),
                    operation("ingest", Method::POST, PATH, Some(Permission::IngestWrite)),
                    operation("registry", Method::GET, OPEN, None),
                ];
                let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
                let gateway = helder_gateway::start_beside(
                    config,
                    listener,
                    &upstreams,
                    BTreeMap::new(),
                    mint,
                    operations,
                )
                .unwrap();
                send.send((stub, gateway.address)).unwrap();
                std::future::pending::<()>().await;
            });
        });
        let (stub, address) = receive.recv().unwrap();
        Self {
            stub,
            address,
            kept: None,
        }
    }

    /// What the service saw since it was last asked.
    pub fn seen(&self) -> Vec<Seen> {
        let seen = self.stub.take().into_iter();
        seen.map(|it| (it.method, it.target, it.body)).collect()
    }

    fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.address).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        socket.set_nodelay(true).unwrap();
        socket
    }

    /// Sends these bytes on a connection of their own and gives all that comes back.
    pub fn send(&self, bytes: &[u8]) -> Vec<u8> {
        let mut socket = self.connect();
        // The gateway may answer and close before it has read everything.
        let _ = socket.write_all(bytes);
        let _ = socket.shutdown(Shutdown::Write);
        let mut said = Vec::new();
        if let Err(error) = socket.read_to_end(&mut said) {
            assert!(
                !matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ),
                "the gateway says nothing"
            );
        }
        said
    }

    /// The status that this token gets, over a kept connection.
    pub fn status_of(&mut self, token: &[u8]) -> u16 {
        let head = format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ");
        let request = [head.as_bytes(), token, b"\r\n\r\n"].concat();
        // A kept connection may have ended meanwhile: then a new one tells.
        for _ in 0..2 {
            let mut socket = self.kept.take().unwrap_or_else(|| self.connect());
            if socket.write_all(&request).is_err() {
                continue;
            }
            if let Some((status, stays)) = answer(&mut socket) {
                self.kept = stays.then_some(socket);
                return status;
            }
        }
        panic!("no answer twice");
    }
}

/// Reads one answer with a told length: its status, and whether the connection stays.
fn answer(socket: &mut TcpStream) -> Option<(u16, bool)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = socket.read(&mut piece).ok()?;
        bytes.extend_from_slice(&piece[..count]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let status = head.split(' ').nth(1)?.parse().ok()?;
            let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
            let length: usize = field("content-length:").map_or(0, |it| it.trim().parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let closes = field("connection:").is_some_and(|it| it.contains("close"));
                return Some((status, !closes));
            }
        }
        if count == 0 {
            return None;
        }
    }
}

/// A good token of a data steward, the same for as long as the process lives.
pub fn good_token() -> &'static str {
    static TOKEN: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let mut claims = issuer::claims(Role::DataSteward, "GM0772");
        claims["exp"] = (issuer::now() + 10 * 86_400).into();
        issuer::sign(&issuer::KEYS.ed, Algorithm::EdDSA, "ed", &claims)
    });
    &TOKEN
}

/// Who signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// The issuer that is trusted, with its Ed25519 key.
    Trusted,
    /// Somebody else with such a key.
    Stranger,
    /// HMAC with the public key of the issuer.
    PublicKey,
    /// Nobody.
    Nobody,
}

/// A token of these two parts, whatever they are.
pub fn token_of(head: &[u8], claims: &[u8], hand: Hand) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use jsonwebtoken::EncodingKey;
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(head),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let sign = |key: &EncodingKey, algorithm| {
        jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap()
    };
    let signature = match hand {
        Hand::Trusted => sign(&issuer::KEYS.ed, Algorithm::EdDSA),
        Hand::Stranger => sign(&issuer::FOREIGN.ed, Algorithm::EdDSA),
        Hand::PublicKey => sign(
            &EncodingKey::from_secret(&issuer::rsa_modulus()),
            Algorithm::HS256,
        ),
        Hand::Nobody => String::new(),
    };
    format!("{message}.{signature}")
}

/// Whether claims may open [`PATH`], by the documentation and not by the gateway's own code.
pub fn claims_are_good(claims: &[u8]) -> bool {
    let Ok(claims) = serde_json::from_slice::<Value>(claims) else {
        return false;
    };
    let now = issuer::now();
    let audience = match &claims["aud"] {
        Value::String(name) => name == issuer::AUDIENCE,
        Value::Array(names) => names.iter().any(|name| name == issuer::AUDIENCE),
        _ => false,
    };
    let text = |name: &str| claims[name].as_str().is_some_and(|text| !text.is_empty());
    let roles = match &claims["roles"] {
        Value::Array(roles) => roles.clone(),
        other => vec![other.clone()],
    };
    claims["iss"] == issuer::ISSUER
        && audience
        && claims["exp"].as_u64().is_some_and(|exp| exp + 5 >= now)
        && (claims["nbf"].is_null() || claims["nbf"].as_u64().is_some_and(|nbf| nbf <= now + 5))
        && ["sub", "azp", "jti", "organisation"].into_iter().all(text)
        && roles.iter().any(Value::is_string)
}
