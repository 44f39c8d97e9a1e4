//! A PostgreSQL database of one test, with the roles of production.

use std::{net::SocketAddr, process::Command};

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};

use crate::{Result, TestkitError, former, helder};

/// A database that goes away when dropped.
#[derive(Debug)]
pub(crate) struct Database {
    server: String,
    name: String,
    /// Address of the database as the server's superuser, for tests that look or tamper.
    pub(crate) url: String,
    /// Address for the services: each has a role of its own, which owns nothing.
    pub(crate) services: String,
}

impl Database {
    /// A fresh database on the server that `HELDER_TEST_POSTGRES_URL` names, when `HELDER_TEST_STORE` is `postgres`;
    /// else nothing, and the platform keeps its facts in files.
    pub(crate) fn wanted(has_tables: bool) -> Result<Option<Self>> {
        if std::env::var("HELDER_TEST_STORE").as_deref() != Ok("postgres") {
            return Ok(None);
        }
        let server = std::env::var("HELDER_TEST_POSTGRES_URL").map_err(|_| {
            std::io::Error::other(
                "HELDER_TEST_STORE is postgres, so HELDER_TEST_POSTGRES_URL must name a server",
            )
        })?;
        Self::on(&server, has_tables).map(Some)
    }

    /// A fresh database on this server, made as an operator makes one: roles and schemas by `helder database roles`, tables
    /// by `helder migrate`.
    pub(crate) fn on(server: &str, has_tables: bool) -> Result<Self> {
        let name = format!("helder_{}", uuid::Uuid::new_v4().simple());
        PgConnection::establish(server)?.batch_execute(&format!("CREATE DATABASE {name}"))?;
        let address = server
            .rsplit_once('/')
            .map_or(server, |(address, _)| address);
        let database = Self {
            server: server.to_owned(),
            url: format!("{address}/{name}"),
            services: format!("{}/{name}", as_role(address, "helder_{service}")),
            name,
        };
        let roles = said(&["database", "roles"])?;
        PgConnection::establish(&database.url)?.batch_execute(&roles)?;
        if has_tables {
            said(&["migrate", "--store", &database.owner()])?;
        }
        Ok(database)
    }

    /// The services reach the server somewhere else: a proxy stands before it.
    pub(crate) fn reached_at(&mut self, endpoint: SocketAddr) {
        let address = format!("postgres://helder_{{service}}@{endpoint}");
        self.services = format!("{address}/{}", self.name);
    }

    /// Address as the owner of the tables.
    pub(crate) fn owner(&self) -> String {
        let address = self.server.rsplit_once('/');
        let address = address.map_or(self.server.as_str(), |(address, _)| address);
        format!("{}/{}", as_role(address, "helder_owner"), self.name)
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

/// The same server as another role; it lets roles in without a password.
fn as_role(address: &str, role: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{role}@{host}")
}

/// What `helder` prints; that of the former version, where one is to start first.
fn said(arguments: &[&str]) -> Result<String> {
    let program = match former() {
        Some(folder) => folder.join("helder"),
        None => helder()?,
    };
    let output = Command::new(program).args(arguments).output()?;
    if !output.status.success() {
        return Err(TestkitError::NoSettings(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
