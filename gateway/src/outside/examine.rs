//! A look at an issuer as the gateway would take it, for `helder doctor`.

use std::time::SystemTime;

use super::{fetch::Fetch, keys};
use crate::config::IssuerConfig;

/// What was seen of an issuer.
#[derive(Clone, Copy, Debug)]
pub struct IssuerSeen {
    /// Keys that can verify a signature here.
    pub keys: usize,
    /// Its clock, when it was asked over HTTP and told: whole seconds.
    pub clock: Option<SystemTime>,
}

/// Asks an issuer for its keys, or reads those of the settings.
///
/// # Errors
/// Why it cannot be trusted, causes included.
pub async fn examine(issuer: &IssuerConfig) -> Result<IssuerSeen, String> {
    issuer.check().map_err(|error| error.to_string())?;
    if let Some(jwks) = &issuer.jwks {
        let keys = keys::configured(issuer, jwks).map_err(|error| told(&error))?;
        return Ok(IssuerSeen {
            keys: keys.len(),
            clock: None,
        });
    }
    let fetch = Fetch::new().map_err(|error| told(&error))?;
    let set = fetch
        .keys(&issuer.issuer)
        .await
        .map_err(|error| told(&error))?;
    let keys = keys::published(issuer, set, &[]).map_err(|error| told(&error))?;
    Ok(IssuerSeen {
        keys: keys.len(),
        clock: fetch.clock(&issuer.issuer).await,
    })
}

fn told(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}
