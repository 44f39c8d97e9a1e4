//! Faults of the dataset crate as answers.

use actix_web::http::StatusCode;
use helder_dataset::DatasetError;
use helder_platform::problem::Problem;

/// The answer to a fault: a client's own is told in full, ours is logged.
pub(crate) fn problem(error: DatasetError) -> Problem {
    match error {
        DatasetError::Refused(faults) => Problem::invalid(faults),
        DatasetError::TooLarge { what, limit } => {
            let detail = format!("{what} exceed the limit of {limit}");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
        }
        DatasetError::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            Problem::storage_full().caused_by(error)
        }
        other => Problem::internal(other),
    }
}
