//! What a database error means to a client.

use diesel::result::{DatabaseErrorKind, Error};

use crate::problem::Problem;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found(),
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::conflict(
                "already-exists",
                "something with this name or number already exists",
            ),
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Self::unavailable(
                "somebody changed the same thing at the same moment; try again",
                1,
            ),
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
            | Error::BrokenTransactionManager => {
                tracing::warn!(%error, "database connection lost");
                Self::unavailable("the database is away", 2)
            }
            Error::DatabaseError(_, ref what) if is_busy(what.message()) => {
                tracing::warn!(%error, "database busy");
                Self::unavailable("the database is busy", 1)
            }
            Error::DatabaseError(_, ref what) if is_full(what.message()) => {
                Self::storage_full().caused_by(error)
            }
            Error::DatabaseError(_, ref what) if what.message().contains("disk I/O error") => {
                Self::storage_failed().caused_by(error)
            }
            other => Self::internal(other),
        }
    }
}

/// SQLite's words, and those of PostgreSQL for its own disk.
fn is_full(message: &str) -> bool {
    message.contains("database or disk is full") || message.contains("No space left on device")
}

fn is_busy(message: &str) -> bool {
    message.contains("database is locked")
        || message.contains("lock timeout")
        || message.contains("statement timeout")
        || message.contains("terminating connection")
}
