//! What does not fill the memory: a hundred thousand different valid tokens (J14), and bodies of any size (G17).
#![expect(clippy::unwrap_used, reason = "a test may end in a panic")]

#[path = "gateway/issuer.rs"]
#[expect(
    dead_code,
    reason = "shared with the other test binary, which uses all of it"
)]
mod issuer;

use std::{collections::BTreeMap, net::TcpListener, sync::Arc};

use actix_web::{
    App, HttpResponse, HttpServer,
    web::{self, Bytes, Payload},
};
use futures_util::StreamExt as _;
use helder_gateway::{BodyKind, GatewayConfig, Operation};
use helder_platform::identity::TokenMint;
use helder_types::{Permission, Role};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Mutex,
};

/// The tests of this binary measure one process, so they take turns.
static TURN: Mutex<()> = Mutex::const_new(());

const TOKENS: usize = 100_000;
const WARM: usize = 2_000;
const CONNECTIONS: usize = 4;
/// The stated target.
const GROWTH_MIB: f64 = 32.0;

fn resident_mib() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4_096.0 / f64::from(1 << 20)
}

/// Sends `count` requests with a new token each over one connection; each must be answered 403, so the token counted.
async fn knock(address: std::net::SocketAddr, first: usize, count: usize) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let mut claims = issuer::claims(Role::Operator, "GM0772");
    let mut answer = vec![0; 4 << 10];
    for number in first..first + count {
        claims["jti"] = format!("token-{number}").into();
        let token = issuer::sign(
            &issuer::KEYS.ed,
            jsonwebtoken::Algorithm::EdDSA,
            "ed",
            &claims,
        );
        let request = format!(
            "GET /linkage/v1/linkage-runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut read = 0;
        // The answer is one JSON object after the head.
        while read == 0 || !answer[..read].ends_with(b"}") {
            let more = socket.read(&mut answer[read..]).await.unwrap();
            assert!(more > 0, "closed");
            read += more;
        }
        assert!(
            answer.starts_with(b"HTTP/1.1 403"),
            "{}",
            String::from_utf8_lossy(&answer[..read])
        );
    }
}

async fn knock_all(address: std::net::SocketAddr, first: usize, count: usize) {
    let each = count / CONNECTIONS;
    let tasks = (0..CONNECTIONS).map(|task| knock(address, first + task * each, each));
    futures_util::future::join_all(tasks).await;
}

#[actix_web::test]
async fn j14_a_hundred_thousand_tokens_stay_within_bounds() {
    let _turn = TURN.lock().await;
    let mut config = GatewayConfig::with_issuers(vec![issuer::trusted()]);
    (config.requests_per_second, config.burst) = (1_000_000, 1_000_000);
    let mint = Arc::new(TokenMint::generate("gateway").unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let gateway = helder_gateway::start(config, listener, &BTreeMap::new(), mint).unwrap();
    knock_all(gateway.address, 0, WARM).await;
    let before = resident_mib();
    knock_all(gateway.address, WARM, TOKENS).await;
    let grown = resident_mib() - before;
    println!("{TOKENS} tokens: {grown:.1} MiB more, from {before:.1} MiB");
    assert!(grown <= GROWTH_MIB, "{grown:.1} MiB");
    gateway.stop().await;
}

const STREAMED: usize = 512 << 20;
static PIECE: [u8; 1 << 16] = [b'x'; 1 << 16];

/// A service that swallows what it gets and answers as much.
async fn swallow(mut payload: Payload) -> HttpResponse {
    let mut got = 0;
    while let Some(piece) = payload.next().await {
        got += piece.unwrap().len();
    }
    assert_eq!(got, STREAMED);
    let pieces =
        (0..STREAMED / PIECE.len()).map(|_| Ok::<_, actix_web::Error>(Bytes::from_static(&PIECE)));
    HttpResponse::Ok().streaming(futures_util::stream::iter(pieces))
}

#[actix_web::test]
async fn g17_half_a_gigabyte_each_way_passes_in_flat_memory() {
    let _turn = TURN.lock().await;
    let inside = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let upstreams = BTreeMap::from([(
        "ingest".to_owned(),
        format!("http://{}", inside.local_addr().unwrap()),
    )]);
    let app = || App::new().default_service(web::to(swallow));
    tokio::spawn(
        HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .listen(inside)
            .unwrap()
            .run(),
    );
    let operation = Operation {
        service: "ingest",
        method: http::Method::POST,
        path: "/ingest/v1/files".to_owned(),
        id: "upload".to_owned(),
        permission: Some(Permission::IngestWrite),
        body: BodyKind::Upload,
        answers: vec!["application/json".to_owned()],
        version: "1.0.0".to_owned(),
        number: 0,
    };
    let config = GatewayConfig::with_issuers(vec![issuer::trusted()]);
    let mint = Arc::new(TokenMint::generate("gateway").unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let gateway =
        helder_gateway::start_with(config, listener, &upstreams, mint, vec![operation]).unwrap();
    let before = resident_mib();
    let mut highest = before;
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    let token = issuer::token(Role::DataSteward, "GM0772");
    let head = format!(
        "POST /ingest/v1/files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: {STREAMED}\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    for sent in 0..STREAMED / PIECE.len() {
        socket.write_all(&PIECE).await.unwrap();
        if sent % 512 == 0 {
            highest = highest.max(resident_mib());
        }
    }
    let (mut got, mut piece) = (0, vec![0; 1 << 16]);
    loop {
        let count = socket.read(&mut piece).await.unwrap();
        if count == 0 {
            break;
        }
        if got == 0 {
            assert!(
                piece.starts_with(b"HTTP/1.1 200"),
                "{}",
                String::from_utf8_lossy(&piece[..count])
            );
        }
        got += count;
        if got % (32 << 20) < count {
            highest = highest.max(resident_mib());
        }
    }
    assert!(got > STREAMED, "{got}");
    println!(
        "{} MiB each way: {:.1} MiB more, from {before:.1} MiB",
        STREAMED >> 20,
        highest - before
    );
    assert!(
        highest - before <= GROWTH_MIB,
        "{:.1} MiB",
        highest - before
    );
    gateway.stop().await;
}
