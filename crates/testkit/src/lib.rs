#![doc = include_str!("../README.md")]

mod balancer;
mod binary;
mod bucket;
mod collector;
mod database;
mod faulty;
mod launch;
mod left_out;
mod platform;
mod ports;
mod postgres;
mod processes;
mod shape;

use binary::former;
pub use binary::helder;
pub use collector::{Attributes, CollectedPoint, CollectedSpan, Collector};
pub use faulty::{Fault, FaultyProxy};
pub use left_out::not_run;
pub use platform::{Place, Platform};
pub use postgres::Server;

/// Something a test needs did not happen.
#[derive(Debug, thiserror::Error)]
pub enum TestkitError {
    /// There is no binary to start.
    #[error(
        "no helder binary at {0}; run `cargo build -p helder-cli`, or scripts/test, or set HELDER_BIN"
    )]
    NoBinary(std::path::PathBuf),
    /// The process ended, or did not become ready in time.
    #[error("the platform did not become ready: {reason}; the end of its log:\n{log}")]
    NotReady {
        /// What was seen instead.
        reason: String,
        /// Last lines of its log.
        log: String,
    },
    /// `helder token` refused.
    #[error("no token: {0}")]
    NoToken(String),
    /// The database server is away.
    #[error("the database server is away")]
    Away(#[from] diesel::ConnectionError),
    /// The database server refused.
    #[error("the database server refused")]
    Refused(#[from] diesel::result::Error),
    /// Settings for separate processes were not written.
    #[error("no settings for separate processes: {0}")]
    NoSettings(String),
    /// A call failed.
    #[error(transparent)]
    Call(#[from] helder_client::ClientError),
    /// A file or process.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Result with [`TestkitError`].
pub type Result<T, E = TestkitError> = std::result::Result<T, E>;
