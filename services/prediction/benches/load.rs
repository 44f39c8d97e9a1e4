//! The service under load, alone: 32 kept connections, one subject of 30 numbers per request, contributions, reasons and a durable log
//! record each. The service runs in a process of its own; its processor time comes from `/proc`. Beside it, in the same rounds, the floor:
//! the web framework taking the same body and answering a constant of the same size, without identity, model or log.
//!
//! `cargo bench -p helder-prediction --bench load -- [connections] [seconds]`
#![expect(
    clippy::unwrap_used,
    reason = "a load run that cannot start has nothing to measure"
)]

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use helder_model::{Algorithm, Model};
use helder_platform::{
    calls::Peers,
    config::Limits,
    identity::{TokenMint, TokenVerifier},
    keyring::{KeyRing, MasterKeys},
    objects::Objects,
    server::ServiceContext,
};
use helder_types::{Caller, OrganisationId, Permission};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const INPUTS: i32 = 30;
/// About what the service answers to one subject.
const ANSWER_BYTES: usize = 7_500;

fn main() {
    if std::env::args().any(|argument| argument == "--serve") {
        return serve();
    }
    let numbers: Vec<u64> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let connections = numbers.first().copied().unwrap_or(32);
    let seconds = numbers.get(1).copied().unwrap_or(5);
    let mut server = Command::new(std::env::current_exe().unwrap())
        .arg("--serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    let (address, token, floor) = (line(), line(), line());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        load(&address, &token, connections, Duration::from_secs(1)).await;
        for _ in 0..5 {
            for (name, address) in [("service", &address), ("floor", &floor)] {
                let before = processor_time_us(server.id());
                let (mut times, wall) = load(address, &token, connections, Duration::from_secs(seconds)).await;
                let after = processor_time_us(server.id());
                let [user, system] = [after[0] - before[0], after[1] - before[1]];
                times.sort_unstable();
                let n = times.len();
                println!(
                    "{name}: {n} requests, {:.0}/s, {:.1} us of processor per request ({:.1} user, {:.1} system), p50 {} us, p99 {} us",
                    n as f64 / wall.as_secs_f64(),
                    (user + system) as f64 / n as f64,
                    user as f64 / n as f64,
                    system as f64 / n as f64,
                    times[n / 2],
                    times[n * 99 / 100],
                );
            }
        }
    });
    server.stdin.take().unwrap().write_all(b"stop\n").unwrap();
    let _ = server.kill();
    let _ = server.wait();
}

/// User and system time of a process, microseconds.
fn processor_time_us(pid: u32) -> [u64; 2] {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    // In ticks of 10 ms, as every Linux reports them.
    [fields[11], fields[12]].map(|ticks| ticks.parse::<u64>().unwrap() * 10_000)
}

async fn load(
    address: &str,
    token: &str,
    connections: u64,
    time: Duration,
) -> (Vec<u64>, Duration) {
    let values: Vec<String> = (0..INPUTS)
        .map(|i| format!("\"feature_{i}\":{}", 12.5 + f64::from(i) * 0.37))
        .collect();
    let body = format!(
        "{{\"subjects\":[{{\"id\":\"249566758\",\"values\":{{{}}}}}]}}",
        values.join(",")
    );
    let request = format!(
        "POST /prediction/v1/models/bench/predictions HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let start = Instant::now();
    let clients = (0..connections).map(|_| {
        let (address, request) = (address.to_owned(), request.clone());
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (mut times, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
            while start.elapsed() < time {
                let asked = Instant::now();
                stream.write_all(request.as_bytes()).await.unwrap();
                read_answer(&mut stream, &mut buffer).await;
                times.push(asked.elapsed().as_micros() as u64);
            }
            times
        })
    });
    let mut times = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        times.extend(client.await.unwrap());
    }
    (times, start.elapsed())
}

async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) {
    let (mut have, mut want) = (0, None);
    loop {
        have += stream.read(&mut buffer[have..]).await.unwrap();
        if want.is_none()
            && let Some(end) = buffer[..have]
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
        {
            let head = std::str::from_utf8(&buffer[..end]).unwrap();
            assert!(
                head.starts_with("HTTP/1.1 200"),
                "{}",
                String::from_utf8_lossy(&buffer[..have])
            );
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .unwrap();
            want = Some(end + 4 + length.parse::<usize>().unwrap());
        }
        if want == Some(have) {
            return;
        }
    }
}

/// The service, and a registry that says one model is in force.
fn serve() {
    actix_web::rt::System::new().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let objects = Objects::local(path("objects")).unwrap();
        let masters = MasterKeys::from_file_or_new(&path("master.key")).unwrap();
        let organisation: OrganisationId = "GM0758".parse().unwrap();
        let digest = objects.put_bytes(&organisation, model().to_json().unwrap().into()).await.unwrap();
        let listed = json!({"items": [{
            "organisation": organisation, "modelId": uuid::Uuid::from_u128(1), "modelName": "bench",
            "modelVersionId": uuid::Uuid::from_u128(2), "digest": digest, "projectId": uuid::Uuid::from_u128(3),
            "verwerkingsactiviteit": "https://gemeente.example/verwerkingen/1"
        }]});
        let registry = HttpServer::new(move || {
            let listed = listed.clone();
            let answer = move || std::future::ready(HttpResponse::Ok().json(listed.clone()));
            App::new().route("/registry/v1/active-versions", web::get().to(answer))
        })
        .workers(1)
        .bind("127.0.0.1:0")
        .unwrap();
        let bases = BTreeMap::from([("registry".to_owned(), format!("http://{}", registry.addrs()[0]))]);
        tokio::spawn(registry.run());
        let floor = HttpServer::new(|| {
            let body: &'static str = Box::leak("x".repeat(ANSWER_BYTES).into_boxed_str());
            let answer = move |_: web::Bytes| std::future::ready(HttpResponse::Ok().body(body));
            App::new().route("/prediction/v1/models/bench/predictions", web::post().to(answer))
        })
        .workers(2)
        .bind("127.0.0.1:0")
        .unwrap();
        let floor_address = floor.addrs()[0];
        tokio::spawn(floor.run());
        let gateway = TokenMint::generate("gateway").unwrap();
        let mint = Arc::new(TokenMint::generate("prediction").unwrap());
        let context = ServiceContext {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            workers: 2,
            job_workers: 1,
            scratch: path("scratch"),
            store_url: format!("sqlite:{}", path("prediction.db").display()),
            keyring: KeyRing::open(masters, &format!("file:{}", path("shelf").display())).unwrap(),
            peers: Peers::new(Arc::clone(&mint), bases, Duration::from_secs(5)).unwrap(),
            verifier: Arc::new(TokenVerifier::new().trust("gateway", &gateway.public_key())),
            limits: Limits::default(),
            logboek: helder_platform::logboek::LogboekSettings::default(),
            objects,
            mint,
        };
        let service = helder_prediction::start(context).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let caller = Caller {
            organisation,
            gemeentecode: None,
            subject: "bench".to_owned(),
            client: "bench".to_owned(),
            permissions: vec![Permission::PredictionPredict],
        };
        println!("{}\n{}\n{floor_address}", service.address, gateway.mint(&caller).unwrap().token);
        let wait = || std::io::stdin().read_line(&mut String::new());
        let _ = tokio::task::spawn_blocking(wait).await;
        service.stop().await.unwrap();
    });
}

fn model() -> Model {
    let mut model = Model::from_json(include_bytes!(
        "../../../crates/model/tests/formats/1/minimal.json"
    ))
    .unwrap();
    let input = model.inputs[0].clone();
    model.inputs = (0..INPUTS)
        .map(|i| helder_model::Input {
            name: format!("feature_{i}"),
            ..input.clone()
        })
        .collect();
    if let Algorithm::LogisticRegression(fit) = &mut model.algorithm {
        let term = fit.linear_terms[0].clone();
        let terms = (0..INPUTS).map(|i| helder_model::LinearTerm {
            input: format!("feature_{i}"),
            coefficient: 0.013 * f64::from(i % 7) - 0.03,
            ..term.clone()
        });
        fit.linear_terms = terms.collect();
    }
    model
}
