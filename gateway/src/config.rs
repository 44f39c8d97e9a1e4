//! What the gateway can be told.

mod fsc;
mod issuer;

use serde::{Deserialize, Serialize};

pub use fsc::{FscConfig, FscConsumer, FscError};
pub(crate) use issuer::is_safe;
pub use issuer::{ClaimPaths, IssuerConfig, IssuerError, SigningAlgorithm};

/// Settings of the gateway. Every key has a default except the issuers.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Names under which this gateway may be addressed (`Host` without port). Others get 421.
    #[serde(default = "defaults::hosts")]
    pub hosts: Vec<String>,
    /// Who may issue tokens.
    pub issuers: Vec<IssuerConfig>,
    /// The FSC inway in front, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fsc: Option<FscConfig>,
    /// HTTP worker threads. Default 2.
    #[serde(default = "defaults::workers")]
    pub workers: usize,
    /// Requests per second and client, on average. Default 2,000.
    #[serde(default = "defaults::requests_per_second")]
    pub requests_per_second: u32,
    /// Requests a client may send at once beyond its average. Default 4,000.
    #[serde(default = "defaults::burst")]
    pub burst: u32,
    /// Largest JSON body, bytes. Default 2 MiB.
    #[serde(default = "defaults::json_bytes")]
    pub json_bytes: u64,
    /// Largest uploaded file as sent, bytes. Default 16 GiB.
    #[serde(default = "defaults::upload_bytes")]
    pub upload_bytes: u64,
    /// Largest head of a request, bytes. Default 32 KiB.
    #[serde(default = "defaults::head_bytes")]
    pub head_bytes: usize,
    /// Longest wait for a service to begin its answer, seconds. Default 30.
    #[serde(default = "defaults::answer_s")]
    pub answer_s: u64,
    /// The same for uploads, seconds, upload time included. Default 3,600.
    #[serde(default = "defaults::upload_s")]
    pub upload_s: u64,
    /// Requests that wait for the answer of one service at a time; more are told to come back. Default 1,000.
    #[serde(default = "defaults::requests_at_once")]
    pub requests_at_once: usize,
    /// Requests that a service in the gateway's own process always takes at a time; it takes more, up to `requests_at_once`, as
    /// long as they do not wait for each other. Default 64.
    #[serde(default = "defaults::sure_at_once")]
    pub sure_at_once: usize,
    /// How long such requests may wait for each other, milliseconds, or twice what one takes alone where that is more; beyond it
    /// fewer are taken. Default 3.
    #[serde(default = "defaults::late_ms")]
    pub late_ms: u64,
    /// How long a client may let us wait for the rest of its request before 4 KiB per second are asked, seconds. Default 8.
    #[serde(default = "defaults::grace_s")]
    pub grace_s: u64,
    /// How long a client may leave an answer unread before its connection ends, seconds (Linux only). Default 30.
    #[serde(default = "defaults::unread_s")]
    pub unread_s: u64,
    /// Verified tokens remembered at a time. Default 20,000, about 20 MiB.
    #[serde(default = "defaults::remembered_tokens")]
    pub remembered_tokens: u64,
    /// Longest wait at stopping for requests under way, seconds. Default 8.
    #[serde(default = "defaults::stop_s")]
    pub stop_s: u64,
}

impl GatewayConfig {
    /// Tells what is wrong with the issuers before anything starts.
    ///
    /// # Errors
    /// The first issuer that cannot be trusted as written.
    pub fn check(&self) -> Result<(), IssuerError> {
        self.issuers.iter().try_for_each(IssuerConfig::check)
    }

    /// Defaults with these issuers.
    pub fn with_issuers(issuers: Vec<IssuerConfig>) -> Self {
        Self {
            hosts: defaults::hosts(),
            issuers,
            fsc: None,
            workers: defaults::workers(),
            requests_per_second: defaults::requests_per_second(),
            burst: defaults::burst(),
            json_bytes: defaults::json_bytes(),
            upload_bytes: defaults::upload_bytes(),
            head_bytes: defaults::head_bytes(),
            answer_s: defaults::answer_s(),
            upload_s: defaults::upload_s(),
            requests_at_once: defaults::requests_at_once(),
            sure_at_once: defaults::sure_at_once(),
            late_ms: defaults::late_ms(),
            grace_s: defaults::grace_s(),
            unread_s: defaults::unread_s(),
            remembered_tokens: defaults::remembered_tokens(),
            stop_s: defaults::stop_s(),
        }
    }
}

mod defaults {
    pub(super) fn hosts() -> Vec<String> {
        ["127.0.0.1", "localhost", "[::1]"]
            .map(str::to_owned)
            .to_vec()
    }
    pub(super) const fn workers() -> usize {
        2
    }
    pub(super) const fn requests_per_second() -> u32 {
        2_000
    }
    pub(super) const fn burst() -> u32 {
        4_000
    }
    pub(super) const fn json_bytes() -> u64 {
        2 << 20
    }
    pub(super) const fn upload_bytes() -> u64 {
        16 << 30
    }
    pub(super) const fn head_bytes() -> usize {
        32 << 10
    }
    pub(super) const fn answer_s() -> u64 {
        30
    }
    pub(super) const fn upload_s() -> u64 {
        3_600
    }
    pub(super) const fn requests_at_once() -> usize {
        1_000
    }
    pub(super) const fn sure_at_once() -> usize {
        64
    }
    pub(super) const fn late_ms() -> u64 {
        3
    }
    pub(super) const fn grace_s() -> u64 {
        8
    }
    pub(super) const fn unread_s() -> u64 {
        30
    }
    pub(super) const fn remembered_tokens() -> u64 {
        20_000
    }
    pub(super) const fn stop_s() -> u64 {
        8
    }
}
