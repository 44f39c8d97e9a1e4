//! Our own token, which a request carries to a service.

use helder_platform::problem::{Problem, Result};

/// The `Authorization` value for a service, for either library that carries it: over a connection, or by call in this process.
/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Internal {
    pub(crate) connection: http::HeaderValue,
    pub(crate) call: actix_web::http::header::HeaderValue,
}

impl Internal {
    pub(crate) fn new(token: &str) -> Result<Self> {
        let text = format!("Bearer {token}");
        let mut connection = http::HeaderValue::try_from(&text).map_err(Problem::internal)?;
        let mut call = text.try_into().map_err(Problem::internal)?;
        connection.set_sensitive(true);
        actix_web::http::header::HeaderValue::set_sensitive(&mut call, true);
        Ok(Self { connection, call })
    }
}
