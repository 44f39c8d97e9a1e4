//! Why a call did not give what was asked, in words a person can act on.

use std::fmt::Write as _;

use helder_types::ProblemDetails;

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The platform refused or failed, and said why.
    #[error("{}", in_words(.0))]
    Problem(Box<ProblemDetails>),
    /// An answer without a readable problem, as from a proxy in between.
    #[error(
        "status {status} from {path} without an explanation; is this address Helder's gateway?"
    )]
    Unexplained {
        /// HTTP status.
        status: u16,
        /// Path of the call.
        path: String,
    },
    /// No answer.
    #[error("no answer from {address}: {reason}; is the platform running? `helder up` starts it")]
    Unreachable {
        /// Address of the gateway.
        address: String,
        /// What the connection said.
        reason: String,
    },
    /// The answer is not what the API promises.
    #[error("the answer of {path} is not what this version of the client knows: {reason}")]
    Unreadable {
        /// Path of the call.
        path: String,
        /// Which part.
        reason: String,
    },
    /// A local file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A job was cancelled.
    #[error("the job was cancelled")]
    Cancelled,
}

impl ClientError {
    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Problem(problem) => Some(problem.status),
            Self::Unexplained { status, .. } => Some(*status),
            _ => None,
        }
    }
}

fn in_words(problem: &ProblemDetails) -> String {
    let mut text = format!("{} ({}): {}", problem.title, problem.status, problem.detail);
    for fault in &problem.errors {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {}: {}", fault.pointer, fault.detail);
    }
    if let Some(instance) = &problem.instance {
        let _ = write!(text, "\n  request {instance}");
    }
    text
}
