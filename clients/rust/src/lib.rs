//! Typed access to Helder: what the generated modules do not know.
//!
//! Where tokens come from, what a refusal is, when a job is done. The operations are methods of the `Client` of each module.

mod job;
mod refused;
mod tokens;

use std::{sync::Arc, time::Duration};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};

pub use job::{Job, finished};
pub use refused::{Fault, Problem, Refused, RefusedBy, taken};
pub use tokens::{ClientCredentials, NoToken, Tokens};

macro_rules! service {
    ($name:ident) => {
        /// Generated from the document of the service.
        pub mod $name {
            include!(concat!(env!("OUT_DIR"), "/", stringify!($name), ".rs"));
        }
        refused::refuses!($name);
    };
}
service!(ingest);
service!(linkage);
service!(training);
service!(registry);
service!(prediction);
job::jobs!(ingest);
job::jobs!(linkage);
job::jobs!(training);
job::jobs!(prediction);

/// Who calls, and what files are when they are uploaded.
#[derive(Clone)]
pub struct Caller {
    tokens: Option<Arc<dyn Tokens>>,
    media_type: &'static str,
}

/// Every service behind the gateway, as one caller.
pub struct Helder {
    pub ingest: ingest::Client,
    pub linkage: linkage::Client,
    pub training: training::Client,
    pub registry: registry::Client,
    pub prediction: prediction::Client,
}

impl Helder {
    /// The services behind the gateway at `address`; without tokens only what is open to everybody answers.
    ///
    /// * `media_type` – of files that are uploaded, for instance `text/csv`; the generated upload does not know which
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(
        address: &str,
        tokens: Option<Arc<dyn Tokens>>,
        media_type: &'static str,
    ) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            // A redirect would carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .build()?;
        let base = |service: &str| format!("{}/{service}/v1", address.trim_end_matches('/'));
        let caller = || Caller {
            tokens: tokens.clone(),
            media_type,
        };
        Ok(Self {
            ingest: ingest::Client::new_with_client(&base("ingest"), http.clone(), caller()),
            linkage: linkage::Client::new_with_client(&base("linkage"), http.clone(), caller()),
            training: training::Client::new_with_client(&base("training"), http.clone(), caller()),
            registry: registry::Client::new_with_client(&base("registry"), http.clone(), caller()),
            prediction: prediction::Client::new_with_client(&base("prediction"), http, caller()),
        })
    }
}

impl std::fmt::Debug for Caller {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Caller(…)")
    }
}

/// Before every request: the token, and the media type of a file.
async fn prepare(caller: &Caller, request: &mut reqwest::Request) -> Result<(), NoToken> {
    let headers = request.headers_mut();
    if let Some(tokens) = &caller.tokens {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", tokens.token().await?))
            .map_err(|_| NoToken("it is no text for a header".to_owned()))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    if headers
        .get(CONTENT_TYPE)
        .is_some_and(|media| media == "application/octet-stream")
    {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(caller.media_type));
    }
    Ok(())
}
