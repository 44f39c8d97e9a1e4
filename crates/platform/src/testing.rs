//! Fresh databases for tests; no service uses this.
//!
//! Every store test runs on SQLite and, where `HELDER_TEST_POSTGRES_URL` names a server, on PostgreSQL in a schema of
//! its own, under the role of an application. The server must let its superuser and the roles made here in without a
//! password, as the throw-away server of `scripts/lib/postgres.sh` does.

use std::future::Future;

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use helder_types::{Caller, Permission};
use tempfile::TempDir;
use uuid::Uuid;

use crate::store::{self, Grants, Migrations, Store, StoreError};

/// A database that goes away when dropped.
pub struct TestDatabase {
    /// To open a [`Store`] with, as often as the test needs.
    pub url: String,
    /// To change tables with; the same on SQLite.
    pub owner_url: String,
    folder: Option<TempDir>,
    schema: Option<(String, String)>,
}

impl TestDatabase {
    /// A SQLite file in a folder of its own.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn sqlite() -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Ok(Self {
            owner_url: url.clone(),
            url,
            folder: Some(folder),
            schema: None,
        })
    }

    /// A schema on the server that `HELDER_TEST_POSTGRES_URL` names; nothing where it names none.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn postgres() -> Result<Option<Self>, StoreError> {
        let Ok(server) = std::env::var("HELDER_TEST_POSTGRES_URL") else {
            return Ok(None);
        };
        let schema = format!("test_{}", Uuid::new_v4().simple());
        let grants = Grants {
            schema: &schema,
            owner: "helder_test_owner",
            application: "helder_test",
        };
        PgConnection::establish(&server)?.batch_execute(&grants.sql()?)?;
        let joint = if server.contains('?') { '&' } else { '?' };
        let url = |role| {
            let server = as_role(&server, role);
            format!("{server}{joint}schema={schema}&application_name={schema}")
        };
        Ok(Some(Self {
            url: url(grants.application),
            owner_url: url(grants.owner),
            folder: None,
            schema: Some((server, schema)),
        }))
    }

    /// Brings it up to date and opens it.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(&self, migrations: &[Migrations]) -> Result<Store, StoreError> {
        if self.schema.is_some() {
            store::up(&self.owner_url, migrations)?;
        }
        Store::open(&self.url, migrations)
    }

    /// Does something to tables or rows behind the back of everybody, as their owner.
    ///
    /// # Errors
    /// Database errors.
    pub fn tamper(&self, sql: &str) -> Result<(), StoreError> {
        store::as_owner(&self.owner_url, sql)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        drop(self.folder.take());
        if let Some((server, schema)) = self.schema.take()
            && let Ok(mut conn) = PgConnection::establish(&server)
            && let Err(error) =
                conn.batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE"))
        {
            tracing::warn!(%error, schema, "a test schema stays behind");
        }
    }
}

/// The same server as another role.
fn as_role(server: &str, role: &str) -> String {
    let (scheme, rest) = server.split_once("://").unwrap_or(("postgres", server));
    let address = rest.rsplit_once('@').map_or(rest, |(_, address)| address);
    format!("{scheme}://{role}@{address}")
}

/// Runs a test on every database there is here.
///
/// # Errors
/// When a database cannot be made; what the test itself finds, it panics with.
pub async fn on_every_database<F, T>(test: F) -> Result<(), StoreError>
where
    F: Fn(TestDatabase) -> T,
    T: Future<Output = ()>,
{
    test(TestDatabase::sqlite().map_err(StoreError::Folder)?).await;
    if let Some(postgres) = TestDatabase::postgres()? {
        test(postgres).await;
    }
    Ok(())
}

/// A caller of an organisation that may do everything, or exactly `permissions`.
///
/// # Errors
/// When the organisation is not written as one.
pub fn caller(
    organisation: &str,
    subject: &str,
    permissions: &[Permission],
) -> Result<Caller, helder_types::identifier::ParseIdentifierError> {
    Ok(Caller {
        organisation: organisation.parse()?,
        gemeentecode: organisation.parse().ok(),
        subject: subject.to_owned(),
        client: "test".to_owned(),
        permissions: permissions.to_vec(),
    })
}
