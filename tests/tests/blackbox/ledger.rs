//! What clients were told, for a checker that compares it with what the platform says afterwards.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use reqwest::Method;
use serde_json::Value;

use crate::support::{Caller, Reply, try_answer};

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Project,
    Source,
    Dataset,
    Upload,
    Linkage,
    Frame,
    Batch,
    Prediction,
}

/// One thing a client wants done once. It may have to ask several times.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) kind: Kind,
    /// Unique among all asks; also the `Idempotency-Key`, and the trace of a prediction.
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) media: &'static str,
    pub(crate) body: String,
    /// Without a key a client may not ask again.
    pub(crate) has_key: bool,
}

impl Ask {
    pub(crate) fn json(kind: Kind, name: &str, path: &str, body: &Value) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            path: path.to_owned(),
            media: "application/json",
            body: body.to_string(),
            has_key: true,
        }
    }

    /// Trace under which the request is logged.
    pub(crate) fn trace(&self) -> String {
        let number = self
            .name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        format!("{number:016x}{:016x}", !number)
    }

    /// Asks; why not, when the connection broke or the answer was "come back later".
    async fn send(&self, caller: &Caller) -> Result<Reply, String> {
        let mut request = caller
            .request(Method::POST, &self.path)
            .header("content-type", self.media)
            .header(
                "traceparent",
                format!("00-{}-00f067aa0ba902b7-01", self.trace()),
            )
            .body(self.body.clone());
        if self.has_key {
            request = request.header("idempotency-key", &self.name);
        }
        let reply = try_answer(request)
            .await
            .map_err(|error| format!("{error:?}"))?;
        if matches!(reply.status, 429 | 502..=504) {
            return Err(reply.text);
        }
        assert!(
            matches!(reply.status, 200..=202),
            "{self:?}: {}",
            reply.text
        );
        Ok(reply)
    }
}

/// Everything asked, and what was answered.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    acknowledged: Vec<(Ask, Value)>,
    /// Asked, and never answered.
    open: Vec<Ask>,
}

impl Ledger {
    /// Asks and writes down what came; why not, when nothing did.
    pub(crate) async fn ask(&self, caller: &Caller, ask: Ask) -> Result<Value, String> {
        let reply = ask.send(caller).await;
        let mut entries = self.0.lock().unwrap();
        match reply {
            Ok(reply) => {
                let body = reply.json();
                entries.acknowledged.push((ask, body.clone()));
                Ok(body)
            }
            Err(why) => {
                entries.open.push(ask);
                Err(why)
            }
        }
    }

    /// Asks again, under the same key, what was not answered. Gives how many those were.
    pub(crate) async fn ask_again(&self, who: impl Fn(Kind) -> Caller) -> usize {
        let open = std::mem::take(&mut self.0.lock().unwrap().open);
        let (again, lost): (Vec<_>, Vec<_>) = open.into_iter().partition(|ask| ask.has_key);
        self.0.lock().unwrap().open = lost;
        let count = again.len();
        for ask in again {
            let name = ask.name.clone();
            if let Err(why) = self.ask(&who(ask.kind), ask).await {
                panic!("{name} is not answered by a platform that is ready: {why}");
            }
        }
        count
    }

    /// What was asked and not answered.
    pub(crate) fn open(&self) -> Vec<String> {
        let entries = self.0.lock().unwrap();
        entries.open.iter().map(|ask| ask.name.clone()).collect()
    }

    /// Answers of one kind by name.
    pub(crate) fn acknowledged(&self, kind: Kind) -> BTreeMap<String, Value> {
        let entries = self.0.lock().unwrap();
        let of_kind = entries
            .acknowledged
            .iter()
            .filter(|(ask, _)| ask.kind == kind);
        of_kind
            .map(|(ask, answer)| (ask.name.clone(), answer.clone()))
            .collect()
    }

    /// Traces of one kind: of what was answered, and of what was asked once and never answered.
    pub(crate) fn traces(&self, kind: Kind) -> (Vec<String>, Vec<String>) {
        let entries = self.0.lock().unwrap();
        let answered = entries.acknowledged.iter().map(|(ask, _)| ask);
        let of_kind = |ask: &&Ask| ask.kind == kind;
        (
            answered.filter(of_kind).map(Ask::trace).collect(),
            entries
                .open
                .iter()
                .filter(of_kind)
                .map(Ask::trace)
                .collect(),
        )
    }
}
