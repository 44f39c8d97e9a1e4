//! CPU time of the gateway per request: verified RS256 token, permission, rate, audit line to a file, forwarding.
//!
//! `cargo bench -p helder-gateway --bench path`. The upstream and the load run as processes of their own, so that the CPU
//! time of this one is the gateway's alone. Five rounds; median and range are printed. `HELDER_BENCH_AUDIT=off` leaves the
//! audit line out, for comparison.
#![expect(clippy::unwrap_used, reason = "a bench may end in a panic")]

#[path = "../tests/gateway/issuer.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod issuer;

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use helder_gateway::{BodyKind, GatewayConfig, Operation};
use helder_platform::{config::TelemetrySettings, identity::TokenMint};
use helder_types::{Permission, Role};

const PATH: &str = "/prediction/v1/models/m/predictions";
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
const ANSWER: &str = r#"{"advice":true,"modelDigest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","predictions":[{"probability":0.123456}]}"#;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("upstream") => upstream(),
        Some("load") => load(&arguments[2], &arguments[3], arguments[4].parse().unwrap()),
        _ => measure(),
    }
}

/// A service that reads the body and answers a constant. Prints its address.
fn upstream() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    println!("{}", listener.local_addr().unwrap());
    actix_web::rt::System::new().block_on(async {
        let answer = async |_: web::Bytes| {
            HttpResponse::Ok()
                .content_type("application/json")
                .body(ANSWER)
        };
        let app = move || App::new().default_service(web::to(answer));
        HttpServer::new(app)
            .workers(1)
            .listen(listener)
            .unwrap()
            .run()
            .await
            .unwrap();
    });
}

/// Sends requests over `connections` kept-alive connections for one round; prints how many, and the median time in µs.
fn load(address: &str, token: &str, connections: usize) {
    let fields: Vec<_> = (0..30)
        .map(|field| format!("\"f{field}\":{field}.25"))
        .collect();
    let body = format!("{{\"subjects\":[{{\"values\":{{{}}}}}]}}", fields.join(","));
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let end = Instant::now() + ROUND;
    let threads: Vec<_> = (0..connections)
        .map(|_| {
            let (address, request) = (address.to_owned(), request.clone());
            std::thread::spawn(move || knock(&address, request.as_bytes(), end))
        })
        .collect();
    let mut times: Vec<u64> = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    times.sort_unstable();
    println!("{} {}", times.len(), times[times.len() / 2]);
}

fn knock(address: &str, request: &[u8], end: Instant) -> Vec<u64> {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_nodelay(true).unwrap();
    let mut answer = [0; 4 << 10];
    let mut times = Vec::new();
    while Instant::now() < end {
        let started = Instant::now();
        socket.write_all(request).unwrap();
        let mut read = 0;
        while !answer[..read].ends_with(b"}]}") {
            let more = socket.read(&mut answer[read..]).unwrap();
            assert!(more > 0, "closed");
            read += more;
        }
        assert!(
            answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer[..read])
        );
        times.push(started.elapsed().as_micros() as u64);
    }
    times
}

/// A child of this bench, ended when dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn child(arguments: &[&str]) -> (Ended, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (Ended(child), line.trim().to_owned())
}

/// CPU time of this process so far, µs.
fn cpu_us() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    // User and system time in ticks of 10 ms.
    (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10_000
}

fn resident_mib() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4_096.0 / f64::from(1 << 20)
}

fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let audit = std::env::var("HELDER_BENCH_AUDIT").as_deref() != Ok("off");
    let settings = TelemetrySettings {
        filter: if audit { "info" } else { "warn" }.to_owned(),
        file: Some(folder.path().join("audit.log")),
        ..TelemetrySettings::default()
    };
    let _telemetry = helder_platform::telemetry::start("gateway", &settings).unwrap();
    let (_upstream, address) = child(&["upstream"]);
    let operation = Operation {
        service: "prediction",
        method: http::Method::POST,
        path: "/prediction/v1/models/{model}/predictions".to_owned(),
        id: "predict".to_owned(),
        permission: Some(Permission::PredictionPredict),
        body: BodyKind::Json,
        answers: vec!["application/json".to_owned()],
        version: "1.0.0".to_owned(),
        number: 0,
    };
    let mut config = GatewayConfig::with_issuers(vec![issuer::trusted()]);
    (config.workers, config.requests_per_second, config.burst) = (1, 1_000_000, 1_000_000);
    let upstreams = BTreeMap::from([("prediction".to_owned(), format!("http://{address}"))]);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let gateway = runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mint = Arc::new(TokenMint::generate("gateway").unwrap());
        helder_gateway::start_with(config, listener, &upstreams, mint, vec![operation]).unwrap()
    });
    let token = issuer::signed(&issuer::claims(Role::Consumer, "GM0772"));
    println!(
        "token {} bytes, audit line {}",
        token.len(),
        if audit { "on" } else { "off" }
    );
    for connections in [32, 1] {
        let (mut cost, mut rate, mut median) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let before = cpu_us();
            let (_load, said) = child(&[
                "load",
                &gateway.address.to_string(),
                &token,
                &connections.to_string(),
            ]);
            let used = cpu_us() - before;
            let (count, p50) = said.split_once(' ').unwrap();
            let count: f64 = count.parse().unwrap();
            cost.push(used as f64 / count);
            rate.push(count / ROUND.as_secs_f64());
            median.push(p50.parse().unwrap());
        }
        println!(
            "c{connections}: CPU {} µs per request, {} requests/s, p50 {} µs",
            spread(cost),
            spread(rate),
            spread(median)
        );
    }
    println!("resident {:.1} MiB", resident_mib());
}

fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    format!(
        "{:.1} [{:.1}-{:.1}]",
        values[values.len() / 2],
        values[0],
        values[values.len() - 1]
    )
}
