//! A PostgreSQL database of one test.

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};

use crate::Result;

/// A database that goes away when dropped.
#[derive(Debug)]
pub(crate) struct Database {
    server: String,
    name: String,
    /// Address of the database.
    pub(crate) url: String,
}

impl Database {
    /// A fresh database on the server that `HELDER_TEST_POSTGRES_URL` names, when `HELDER_TEST_STORE` is `postgres`;
    /// else nothing, and the platform keeps its facts in files.
    pub(crate) fn wanted() -> Result<Option<Self>> {
        if std::env::var("HELDER_TEST_STORE").as_deref() != Ok("postgres") {
            return Ok(None);
        }
        let server = std::env::var("HELDER_TEST_POSTGRES_URL").map_err(|_| {
            std::io::Error::other(
                "HELDER_TEST_STORE is postgres, so HELDER_TEST_POSTGRES_URL must name a server",
            )
        })?;
        let name = format!("helder_{}", uuid::Uuid::new_v4().simple());
        PgConnection::establish(&server)?.batch_execute(&format!("CREATE DATABASE {name}"))?;
        let address = server
            .rsplit_once('/')
            .map_or(server.as_str(), |(address, _)| address);
        let url = format!("{address}/{name}");
        Ok(Some(Self { server, name, url }))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let dropped = PgConnection::establish(&self.server)
            .map_err(|error| error.to_string())
            .and_then(|mut conn| {
                conn.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name))
                    .map_err(|error| error.to_string())
            });
        if let Err(error) = dropped {
            eprintln!("the database {} stays behind: {error}", self.name);
        }
    }
}
