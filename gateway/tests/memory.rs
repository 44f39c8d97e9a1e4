//! J14: a hundred thousand different valid tokens do not fill the memory.
#![expect(clippy::unwrap_used, reason = "a test may end in a panic")]

#[path = "gateway/issuer.rs"]
#[expect(
    dead_code,
    reason = "shared with the other test binary, which uses all of it"
)]
mod issuer;

use std::{collections::BTreeMap, net::TcpListener, sync::Arc};

use helder_gateway::GatewayConfig;
use helder_platform::identity::TokenMint;
use helder_types::Role;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

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
