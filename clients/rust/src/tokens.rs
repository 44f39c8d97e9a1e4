//! Where tokens come from.

use std::{
    pin::Pin,
    sync::Mutex,
    time::{Duration, Instant},
};

use serde::Deserialize;

/// No token could be had; says why, never the secret.
#[derive(Debug, thiserror::Error)]
#[error("no token: {0}")]
pub struct NoToken(pub String);

/// Gives a token that is valid now.
pub trait Tokens: Send + Sync {
    /// The token.
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<String, NoToken>> + Send + '_>>;
}

impl Tokens for String {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<String, NoToken>> + Send + '_>> {
        Box::pin(async { Ok(self.clone()) })
    }
}

/// Tokens of an OAuth 2.0 server by client credentials, kept until half a minute before they end.
pub struct ClientCredentials {
    address: String,
    client_id: String,
    secret: String,
    http: reqwest::Client,
    kept: Mutex<Option<(String, Instant)>>,
}

#[derive(Deserialize)]
struct Issued {
    access_token: String,
    expires_in: u64,
}

impl ClientCredentials {
    /// Tokens of the server whose token endpoint is `address`.
    pub fn new(
        address: impl Into<String>,
        client_id: impl Into<String>,
        secret: impl Into<String>,
    ) -> Self {
        Self {
            address: address.into(),
            client_id: client_id.into(),
            secret: secret.into(),
            http: reqwest::Client::new(),
            kept: Mutex::new(None),
        }
    }

    async fn issued(&self) -> reqwest::Result<Issued> {
        let request = self
            .http
            .post(&self.address)
            .basic_auth(&self.client_id, Some(&self.secret))
            .form(&[("grant_type", "client_credentials")]);
        request.send().await?.error_for_status()?.json().await
    }
}

impl Tokens for ClientCredentials {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<String, NoToken>> + Send + '_>> {
        Box::pin(async {
            let kept = self.kept.lock().ok().and_then(|kept| kept.clone());
            if let Some((token, _)) = kept.filter(|(_, until)| Instant::now() < *until) {
                return Ok(token);
            }
            let issued = self
                .issued()
                .await
                .map_err(|error| NoToken(error.to_string()))?;
            let life = Duration::from_secs(issued.expires_in.saturating_sub(30));
            if let Ok(mut kept) = self.kept.lock() {
                *kept = Some((issued.access_token.clone(), Instant::now() + life));
            }
            Ok(issued.access_token)
        })
    }
}
