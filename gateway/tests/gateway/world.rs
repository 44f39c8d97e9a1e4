//! A gateway before a stub, and raw requests to it.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use helder_gateway::{BodyKind, GatewayConfig, Operation, RunningGateway};
use helder_platform::identity::{TokenMint, TokenVerifier};
use helder_types::{Permission, ProblemDetails, Role};
use http::Method;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tracing_subscriber::fmt::MakeWriter;

use crate::{issuer, stub::Stub};

pub(crate) struct World {
    pub(crate) stub: Stub,
    pub(crate) address: SocketAddr,
    /// Verifies what the gateway tells the services.
    pub(crate) verifier: TokenVerifier,
    _nobody: tokio::net::TcpSocket,
    pub(crate) gateway: RunningGateway,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

fn operation(
    method: Method,
    path: &str,
    permission: Option<Permission>,
    body: BodyKind,
) -> Operation {
    let service = ["ingest", "linkage", "training", "registry", "prediction"]
        .into_iter()
        .find(|service| path.split('/').nth(1) == Some(service))
        .unwrap();
    Operation {
        service,
        id: format!(
            "{}{}",
            method.as_str().to_lowercase(),
            path.replace(['/', '{', '}'], "-")
        ),
        method,
        path: path.to_owned(),
        permission,
        body,
        answers: vec!["application/json".to_owned()],
        version: "1.2.3".to_owned(),
        number: 0,
    }
}

/// A table small enough to know by heart, with every kind of operation.
pub(crate) fn operations() -> Vec<Operation> {
    use BodyKind::{Json, None as Empty, Upload};
    use Permission::{
        IngestDerive, IngestRead, IngestWrite, LinkageRead, PredictionPredict, TrainingRead,
    };
    [
        (Method::GET, "/ingest/v1/datasets", Some(IngestRead), Empty),
        (Method::POST, "/ingest/v1/datasets", Some(IngestWrite), Json),
        (
            Method::GET,
            "/ingest/v1/datasets/{id}",
            Some(IngestRead),
            Empty,
        ),
        (
            Method::POST,
            "/ingest/v1/datasets/{id}/dataset-versions",
            Some(IngestWrite),
            Upload,
        ),
        (
            Method::POST,
            "/ingest/v1/derived-versions",
            Some(IngestDerive),
            Json,
        ),
        (Method::GET, "/ingest/v1/slow", Some(IngestRead), Empty),
        (Method::GET, "/ingest/v1/large", Some(IngestRead), Empty),
        (Method::GET, "/ingest/v1/broken", Some(IngestRead), Empty),
        (
            Method::GET,
            "/linkage/v1/linkage-runs",
            Some(LinkageRead),
            Empty,
        ),
        (
            Method::POST,
            "/linkage/v1/linkage-runs",
            Some(LinkageRead),
            Json,
        ),
        (
            Method::GET,
            "/training/v1/frames",
            Some(TrainingRead),
            Empty,
        ),
        (Method::GET, "/registry/v1/catalogue-entries", None, Empty),
        (
            Method::POST,
            "/prediction/v1/models/{model}/predictions",
            Some(PredictionPredict),
            Json,
        ),
    ]
    .into_iter()
    .map(|(method, path, permission, body)| operation(method, path, permission, body))
    .collect()
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with(|_| ())
    }

    /// A gateway with other settings; `linkage` is nobody, all others are the stub.
    pub(crate) fn with(change: impl FnOnce(&mut GatewayConfig)) -> Self {
        Self::over(operations(), change)
    }

    /// A gateway that has the service for predictions in its own process.
    pub(crate) fn beside(change: impl FnOnce(&mut GatewayConfig)) -> Self {
        Self::open(operations(), change, true, None)
    }

    /// A gateway for which `linkage` is at this address.
    pub(crate) fn toward(linkage: &str, change: impl FnOnce(&mut GatewayConfig)) -> Self {
        Self::open(operations(), change, false, Some(linkage))
    }

    pub(crate) fn over(
        operations: Vec<Operation>,
        change: impl FnOnce(&mut GatewayConfig),
    ) -> Self {
        Self::open(operations, change, false, None)
    }

    fn open(
        operations: Vec<Operation>,
        change: impl FnOnce(&mut GatewayConfig),
        is_beside: bool,
        linkage: Option<&str>,
    ) -> Self {
        LazyLock::force(&LOG);
        let stub = Stub::start();
        let mut config = GatewayConfig::with_issuers(vec![issuer::trusted()]);
        config.json_bytes = 64 << 10;
        config.upload_bytes = 40 << 20;
        config.answer_s = 2;
        change(&mut config);
        let mint = Arc::new(TokenMint::generate("gateway").unwrap());
        let verifier = TokenVerifier::new().trust("gateway", &mint.public_key());
        // A port that is taken, so that no other test gets it, and on which nobody listens.
        let nobody = tokio::net::TcpSocket::new_v4().unwrap();
        nobody.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let mut upstreams: BTreeMap<_, _> = ["ingest", "training", "registry", "prediction"]
            .map(|service| (service.to_owned(), stub.url.clone()))
            .into();
        let nobodys = nobody.local_addr().unwrap().to_string();
        let address = linkage.unwrap_or(&nobodys);
        upstreams.insert("linkage".to_owned(), format!("http://{address}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let services = if is_beside {
            BTreeMap::from([("prediction", stub.local())])
        } else {
            BTreeMap::new()
        };
        let gateway =
            helder_gateway::start_beside(config, listener, &upstreams, services, mint, operations)
                .unwrap();
        Self {
            stub,
            address: gateway.address,
            verifier,
            gateway,
            _nobody: nobody,
        }
    }

    /// Sends these bytes and reads one answer.
    pub(crate) async fn raw(&self, request: &[u8]) -> Reply {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        // The gateway may answer and close before it has read everything.
        let _ = socket.write_all(request).await;
        read_reply(&mut socket).await
    }

    /// A request with these extra header lines (each ending in `\r\n`) and body.
    pub(crate) async fn send(&self, method: &str, target: &str, lines: &str, body: &[u8]) -> Reply {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\n{length}{lines}Connection: close\r\n\r\n",
            self.address
        );
        self.raw(&[head.as_bytes(), body].concat()).await
    }

    /// A GET with this token.
    pub(crate) async fn get_with(&self, target: &str, token: &str) -> Reply {
        self.send("GET", target, &bearer(token), b"").await
    }

    /// A request of a role in a municipality.
    pub(crate) async fn as_role(
        &self,
        role: Role,
        method: &str,
        target: &str,
        lines: &str,
        body: &[u8],
    ) -> Reply {
        let lines = format!("{}{lines}", bearer(&issuer::token(role, "GM0772")));
        self.send(method, target, &lines, body).await
    }
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

pub(crate) const JSON: &str = "Content-Type: application/json\r\n";

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Checks that this is a refusal with this status, in the one form that refusals have.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16) -> ProblemDetails {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: ProblemDetails = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, status);
        assert!(!problem.title.is_empty() && !problem.detail.is_empty());
        assert!(
            problem.kind.starts_with("urn:helder:problem:"),
            "{problem:?}"
        );
        let id = self.header("x-request-id");
        assert_eq!(
            problem.instance.as_deref(),
            Some(format!("urn:uuid:{id}").as_str())
        );
        problem
    }
}

/// Reads one answer; a broken one keeps what came.
pub(crate) async fn read_reply(socket: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = tokio::time::timeout(Duration::from_secs(15), socket.read(&mut piece)).await;
        match read.expect("an answer within 15 s") {
            Ok(0) | Err(_) => break,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
        if let Some(reply) = parse(&bytes).filter(|(_, whole)| *whole) {
            return reply.0;
        }
    }
    parse(&bytes).map_or(
        Reply {
            status: 0,
            headers: BTreeMap::new(),
            body: bytes,
        },
        |(reply, _)| reply,
    )
}

/// The answer so far, and whether it is whole.
fn parse(bytes: &[u8]) -> Option<(Reply, bool)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers: BTreeMap<_, _> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = &bytes[end + 4..];
    let (body, whole) = if headers.contains_key("transfer-encoding") {
        unchunk(rest)
    } else {
        let length = headers
            .get("content-length")
            .map_or(0, |value| value.parse().unwrap());
        (rest.to_vec(), rest.len() >= length)
    };
    Some((
        Reply {
            status,
            headers,
            body,
        },
        whole,
    ))
}

fn unchunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else {
            return (body, false);
        };
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return (body, true);
        }
        let Some(piece) = rest.get(end + 2..end + 2 + size) else {
            return (body, false);
        };
        body.extend_from_slice(piece);
        let Some(next) = rest.get(end + size + 4..) else {
            return (body, false);
        };
        rest = next;
    }
}

/// Everything the gateway has logged in this process.
pub(crate) fn logged() -> String {
    String::from_utf8_lossy(&LOG.0.lock().unwrap()).into_owned()
}

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log(Arc::default());
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(log.clone())
        .init();
    log
});

#[derive(Clone)]
struct Log(Arc<Mutex<Vec<u8>>>);

struct Line(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line(Arc::clone(&self.0))
    }
}
