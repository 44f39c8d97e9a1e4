//! A service that counts and records what reaches it.

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
    web::{self, Bytes, Data, Payload},
};
use futures_util::{StreamExt as _, stream};
use helder_platform::server::LocalService;
use helder_types::Digest;
use tokio::sync::Semaphore;

/// A request as the service saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body_bytes: usize,
    pub(crate) body: Digest,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Notes {
    hits: AtomicUsize,
    seen: Mutex<Vec<Seen>>,
    /// Opened for those who are held.
    gate: Semaphore,
}

#[derive(Clone)]
pub(crate) struct Stub {
    pub(crate) url: String,
    notes: Arc<Notes>,
}

static PIECE: [u8; 1 << 16] = [b'x'; 1 << 16];

/// Size of the answer of `/large`.
pub(crate) const LARGE: usize = 48 << 20;

impl Stub {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let notes = Arc::new(Notes {
            hits: AtomicUsize::new(0),
            seen: Mutex::default(),
            gate: Semaphore::new(0),
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
        tokio::spawn(server);
        Self { url, notes }
    }

    /// The same service for a gateway in its process.
    pub(crate) fn local(&self) -> LocalService {
        let data = Data::from(Arc::clone(&self.notes));
        LocalService::of(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(answer))
        })
    }

    /// Requests whose head reached the service.
    pub(crate) fn hits(&self) -> usize {
        self.notes.hits.load(Ordering::SeqCst)
    }

    /// Lets so many of the requests go on that are held: those for the model `held`.
    pub(crate) fn release(&self, count: usize) {
        self.notes.gate.add_permits(count);
    }

    /// Requests whose body came through to the end.
    pub(crate) fn all(&self) -> Vec<Seen> {
        self.notes.seen.lock().unwrap().clone()
    }

    /// The same, which are then forgotten.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.notes.seen.lock().unwrap())
    }

    /// The last request whose body came through to the end.
    pub(crate) fn last(&self) -> Seen {
        self.notes.seen.lock().unwrap().last().cloned().unwrap()
    }
}

async fn answer(request: HttpRequest, mut payload: Payload, notes: Data<Notes>) -> HttpResponse {
    if request.path() == "/health/ready" {
        return HttpResponse::Ok().finish();
    }
    notes.hits.fetch_add(1, Ordering::SeqCst);
    let mut whole = Vec::new();
    let mut body_bytes = 0;
    while let Some(piece) = payload.next().await {
        // Cut off on its way: that is no request.
        let Ok(piece) = piece else {
            return HttpResponse::BadRequest().finish();
        };
        body_bytes += piece.len();
        // Only small bodies are looked into; large ones are counted.
        if body_bytes <= 1 << 20 {
            whole.extend_from_slice(&piece);
        }
    }
    let headers = request.headers().iter();
    notes.seen.lock().unwrap().push(Seen {
        method: request.method().to_string(),
        target: request.uri().to_string(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("?").to_owned()))
            .collect(),
        body_bytes,
        body: Digest::of(&whole),
    });
    if request.path().contains("/held/") {
        notes.gate.acquire().await.unwrap().forget();
    }
    if request.path().contains("/toils/") {
        // Computes on the worker thread, as a score does, but for longer.
        std::thread::sleep(Duration::from_millis(2));
    }
    match request.path().rsplit('/').next().unwrap_or_default() {
        "slow" => {
            tokio::time::sleep(Duration::from_secs(4)).await;
            HttpResponse::Ok().finish()
        }
        "large" => {
            let pieces =
                (0..LARGE >> 16).map(|_| Ok::<_, actix_web::Error>(Bytes::from_static(&PIECE)));
            HttpResponse::Ok()
                .content_type("application/octet-stream")
                .streaming(stream::iter(pieces))
        }
        "broken" => {
            let pieces =
                stream::iter([Ok(Bytes::from_static(b"half of it"))]).chain(stream::once(async {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    Err(actix_web::error::ErrorInternalServerError("cut"))
                }));
            HttpResponse::Ok().streaming(Box::pin(pieces))
        }
        _ => HttpResponse::Ok()
            .insert_header(("etag", "\"1\""))
            .insert_header(("server", "stub/1"))
            .insert_header(("x-helder-caller", "inside"))
            .insert_header(("set-cookie", "a=b"))
            .json(serde_json::json!({"ok": true})),
    }
}
