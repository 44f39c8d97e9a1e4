//! Whether a service takes requests, and whether it can do all of its work now.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{HttpResponse, ResponseError, web::Data};
use tokio::sync::Mutex;

use crate::{
    objects::Objects,
    problem::{Problem, Result},
    store::Store,
};

/// How long an answer of the object store holds.
const FRESH: Duration = Duration::from_secs(3);
/// Longest wait for a part: the gateway and a cluster wait about two seconds for the whole answer.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// What a service needs before it can do its work, beside its database.
#[derive(Clone)]
pub(super) struct Readiness {
    own: Arc<dyn Fn() -> bool + Send + Sync>,
    bytes: Arc<Mutex<Option<(Instant, bool)>>>,
}

impl Readiness {
    /// Ready once `own` says so.
    pub(super) fn new(own: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self {
            own: Arc::new(own),
            bytes: Arc::new(Mutex::new(None)),
        }
    }

    /// Whether it has started and is not asked to stop.
    fn open(&self, store: &Store) -> Result<()> {
        if store.is_closing() {
            return Err(Problem::unavailable("the service is stopping", 5));
        }
        if !(self.own)() {
            return Err(Problem::unavailable("the service is starting", 1));
        }
        Ok(())
    }

    /// Whether the object store can be used. Whoever asks while somebody else finds out waits for that answer.
    async fn bytes(&self, objects: &Objects) -> Result<()> {
        let mut known = self.bytes.lock().await;
        if let Some((at, good)) = *known
            && at.elapsed() < FRESH
        {
            return if good { Ok(()) } else { Err(no_bytes()) };
        }
        let answer = tokio::time::timeout(PATIENCE, objects.ping()).await;
        let outcome = match answer {
            Ok(answer) => answer,
            Err(_) => Err(no_bytes()),
        };
        *known = Some((Instant::now(), outcome.is_ok()));
        outcome
    }
}

/// 200 from the moment that the service can answer until it is asked to stop, whatever it depends on: what is away for one
/// replica is away for all, and each says so itself, in a clear 503, or answers from memory. For balancers.
pub(super) async fn accepting(store: Data<Store>, readiness: Data<Readiness>) -> HttpResponse {
    match readiness.open(&store) {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(problem) => problem.error_response(),
    }
}

fn no_bytes() -> Problem {
    Problem::unavailable("the object store cannot be used now", 5)
}

/// 200 when the service can do its work, else 503 that says what is missing.
pub(super) async fn ready(
    store: Data<Store>,
    objects: Data<Objects>,
    readiness: Data<Readiness>,
) -> HttpResponse {
    if let Err(problem) = readiness.open(&store) {
        return problem.error_response();
    }
    let facts = async {
        tokio::time::timeout(PATIENCE, store.ping())
            .await
            .unwrap_or_else(|_| Err(Problem::unavailable("the database is away", 2)))
    };
    let (facts, bytes) = tokio::join!(facts, readiness.bytes(&objects));
    match facts.and(bytes) {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(problem) => problem.error_response(),
    }
}
