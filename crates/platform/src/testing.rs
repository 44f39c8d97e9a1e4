//! Fresh databases for tests; no service uses this.
//!
//! Every store test runs on SQLite and, where `HELDER_TEST_POSTGRES_URL` names a server, on PostgreSQL in a schema of
//! its own.

use std::future::Future;

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use diesel_migrations::EmbeddedMigrations;
use helder_types::{Caller, Permission};
use tempfile::TempDir;
use uuid::Uuid;

use crate::store::{Store, StoreError};

/// A database that goes away when dropped.
pub struct TestDatabase {
    /// To open a [`Store`] with, as often as the test needs.
    pub url: String,
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
        let joint = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{joint}schema={schema}&application_name={schema}");
        Ok(Some(Self {
            url,
            folder: None,
            schema: Some((server, schema)),
        }))
    }

    /// Opens it.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(&self, migrations: &[EmbeddedMigrations]) -> Result<Store, StoreError> {
        Store::open(&self.url, migrations)
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
