//! Small words that the tests share.

use std::time::Duration;

use helder_testkit::Platform;
use helder_types::Role;
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Three municipalities; the others must never see the first.
pub(crate) const HERE: &str = "GM0772";
pub(crate) const ELSEWHERE: &str = "GM0796";
pub(crate) const THIRD: &str = "GM0758";

/// An identifier that exists nowhere.
pub(crate) const NOWHERE: &str = "01900000-0000-7000-8000-000000000000";

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Where the faults of a problem stand.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let errors = self.json()["errors"].clone();
        let errors = errors.as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|fault| fault["pointer"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap_or_default())
    }

    /// Asserts a problem of this status: media type, and the required members.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.text);
        assert!(
            self.header("content-type")
                .starts_with("application/problem+json"),
            "{self:?}"
        );
        let body = self.json();
        assert_eq!(body["status"], status, "{body}");
        for member in ["title", "detail", "type"] {
            assert!(
                body[member].as_str().is_some_and(|text| !text.is_empty()),
                "no {member}: {body}"
            );
        }
    }
}

/// Somebody who calls the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Caller {
    pub(crate) fn new(url: &str, token: Option<String>) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(2))
            .build()
            .unwrap();
        Self {
            http,
            url: url.to_owned(),
            token,
        }
    }

    /// A request under way, for tests that add to it.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// Posts to a platform that may die meanwhile.
    pub(crate) async fn try_post(&self, path: &str, body: &Value) -> reqwest::Result<Reply> {
        try_answer(self.request(Method::POST, path).json(body)).await
    }

    /// Posts and expects success; gives the body.
    #[track_caller]
    pub(crate) fn create(&self, path: &str, body: Value) -> impl Future<Output = Value> {
        let place = std::panic::Location::caller();
        async move {
            let reply = self.post(path, &body).await;
            let is_success =
                StatusCode::from_u16(reply.status).is_ok_and(|status| status.is_success());
            assert!(
                is_success,
                "{place}: POST {path} gave {}: {}",
                reply.status, reply.text
            );
            reply.json()
        }
    }
}

/// Sends and reads the whole answer.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Reply {
    try_answer(request).await.unwrap()
}

/// Sends and reads the whole answer of a platform that may die meanwhile.
pub(crate) async fn try_answer(request: reqwest::RequestBuilder) -> reqwest::Result<Reply> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Reply {
        status,
        headers,
        text: response.text().await?,
    })
}

/// All items of a list, page by page.
pub(crate) async fn every(caller: &Caller, list: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("{list}?limit=200{cursor}")).await;
        assert_eq!(page.status, 200, "{list}: {}", page.text);
        let mut page = page.json();
        found.append(page["items"].as_array_mut().unwrap());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// All records of processing of a service that fit a query, page by page.
pub(crate) async fn activities(caller: &Caller, service: &str, query: &Value) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/{service}/v1/processing-activities?limit=200{cursor}");
        let page = caller.post(&path, query).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        let mut page = page.json();
        found.append(page["processingActivities"].as_array_mut().unwrap());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// A caller of this role in this municipality.
pub(crate) fn caller(platform: &Platform, role: Role, gemeente: &str) -> Caller {
    Caller::new(
        &platform.url(),
        Some(platform.token(role, gemeente).unwrap()),
    )
}

/// Whether the platform is one process on the data folder; says so when it is not.
pub(crate) fn is_one_process() -> bool {
    let one = std::env::var("HELDER_TEST_SHAPE").as_deref() != Ok("processes");
    if !one {
        helder_testkit::not_run("this test is about a platform in one process");
    }
    one
}

/// Somebody without a token.
pub(crate) fn stranger(platform: &Platform) -> Caller {
    Caller::new(&platform.url(), None)
}

/// Writes bytes to the gateway as they are and gives what comes back until it closes or says nothing for two seconds.
pub(crate) async fn raw(platform: &Platform, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(platform.address()).await.unwrap();
    // The other side may answer and close before it has read everything.
    let _ = stream.write_all(request).await;
    let mut received = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    while let Ok(Ok(count @ 1..)) = timeout(Duration::from_secs(2), stream.read(&mut buffer)).await
    {
        received.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&received).into_owned()
}

/// Status of the first answer in raw bytes; 0 when there is none.
pub(crate) fn status_of(raw: &str) -> u16 {
    raw.split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0)
}

/// Waits until `check` gives something, at most `limit`.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    limit: Duration,
    mut check: impl FnMut() -> F,
) -> T {
    let start = std::time::Instant::now();
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(start.elapsed() < limit, "not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
