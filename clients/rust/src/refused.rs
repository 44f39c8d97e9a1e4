//! What a refusal is.

use progenitor_client::{Error, ResponseValue};

/// A problem that Helder explained. Decide on the end of `kind` and on `errors`; show `detail` to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: u16,
    pub title: String,
    pub detail: String,
    /// URN of the kind: `urn:helder:problem:<code>`.
    pub kind: String,
    /// All faults of the input.
    pub errors: Vec<Fault>,
}

/// A fault of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON Pointer into the body, `?key` of the query, or the name of a header.
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

/// A call that did not give what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Helder refused or failed, and said why.
    #[error("{} ({}): {}", .0.title, .0.status, .0.detail)]
    Problem(Problem),
    /// There was no answer, or not one of Helder.
    #[error("{0}")]
    Other(String),
    /// A job was cancelled.
    #[error("the job was cancelled")]
    Cancelled,
}

impl Refused {
    /// HTTP status, when Helder refused.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Problem(problem) => Some(problem.status),
            _ => None,
        }
    }

    /// The last part of `type`, for instance `invalid-input`; stays the same over versions.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem(problem) => problem.kind.rsplit(':').next(),
            _ => None,
        }
    }
}

/// A problem as the module of a service knows it.
pub trait RefusedBy: std::fmt::Debug {
    /// The same for all services.
    fn problem(self) -> Problem;
}

impl<P: RefusedBy> From<Error<P>> for Refused {
    fn from(error: Error<P>) -> Self {
        match error {
            Error::ErrorResponse(response) => Self::Problem(response.into_inner().problem()),
            other => Self::Other(other.to_string()),
        }
    }
}

/// The body of an answer, or `Refused`.
///
/// # Errors
/// [`Refused`].
pub fn taken<T, P: RefusedBy>(answer: Result<ResponseValue<T>, Error<P>>) -> Result<T, Refused> {
    Ok(answer?.into_inner())
}

/// Says how the problems and the jobs of a module look to all.
macro_rules! refuses {
    ($service:ident) => {
        impl $crate::RefusedBy for $service::types::ProblemDetails {
            fn problem(self) -> $crate::Problem {
                $crate::Problem {
                    status: u16::try_from(self.status).unwrap_or(500),
                    title: self.title,
                    detail: self.detail,
                    kind: self.type_,
                    errors: self
                        .errors
                        .into_iter()
                        .map(|fault| $crate::Fault {
                            pointer: fault.pointer,
                            code: fault.code,
                            detail: fault.detail,
                        })
                        .collect(),
                }
            }
        }
    };
}
pub(crate) use refuses;
