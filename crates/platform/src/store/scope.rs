//! Whose rows a transaction may touch. On PostgreSQL the database itself keeps to it (row-level security, see
//! [`super::Guard`]); on SQLite the filters of the queries are the only wall.

use helder_types::{Caller, OrganisationId};
use serde::{Serialize, de::DeserializeOwned};

use super::{Conn, Store};
use crate::{
    idempotency::{self, Idempotency},
    problem::Result,
};

/// A named task that concerns the rows of more than one organisation, such as giving out jobs to workers.
///
/// A name opens nothing by itself: a [`Guard::across`](super::Guard::across) says which rows of which table it may read or
/// change. Everything else is done for one organisation at a time, with [`Store::of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work(&'static str);

impl Work {
    /// Gives out the jobs of everybody to workers.
    pub const LEASE: Self = Self("lease");
    /// Removes answers to idempotency keys whose time is over.
    pub const EXPIRY: Self = Self("expiry");
    /// Counts the jobs of everybody that have not ended.
    pub const NUMBERS: Self = Self("numbers");
    /// Removes records of processing and lines of the audit trail whose term is over.
    pub const LOG_TERM: Self = Self("log-term");
    /// Changes tables; only their owner can.
    pub(super) const MIGRATION: Self = Self("migration");

    /// A task of one service.
    ///
    /// * `name` – lower-case letters and hyphens; it stands in the policies of the database
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// The name as the policies know it.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// What the database is told at the start of a transaction.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    /// Rows of one organisation.
    Of(OrganisationId),
    /// Rows that this task needs.
    Across(Work),
    /// No rows.
    Nobody,
}

impl Scope {
    /// Starts a transaction on PostgreSQL with `begin`, and says for whom it is; one round trip. The setting ends with
    /// the transaction, so that a connection that goes back to the pool says nothing about the next user.
    pub(super) fn begin_sql(&self, begin: &str) -> String {
        let (organisation, work) = match self {
            Self::Of(organisation) => (organisation.as_str(), ""),
            Self::Across(work) => ("", work.name()),
            Self::Nobody => ("", ""),
        };
        let organisation = organisation.replace('\'', "''");
        format!(
            "{begin}; SELECT set_config('helder.organisation', '{organisation}', true), \
             set_config('helder.work', '{work}', true)"
        )
    }
}

/// A [`Store`] as one organisation, or one named task, sees it. Cheap to clone.
#[derive(Clone)]
pub struct ScopedStore {
    store: Store,
    scope: Scope,
}

impl Store {
    /// The rows of this organisation.
    pub fn of(&self, organisation: &OrganisationId) -> ScopedStore {
        self.scoped(Scope::Of(organisation.clone()))
    }

    /// The rows that `work` needs, of all organisations.
    pub fn across(&self, work: Work) -> ScopedStore {
        self.scoped(Scope::Across(work))
    }

    /// No rows; for questions about the database itself.
    pub(crate) fn nobody(&self) -> ScopedStore {
        self.scoped(Scope::Nobody)
    }

    fn scoped(&self, scope: Scope) -> ScopedStore {
        ScopedStore {
            store: self.clone(),
            scope,
        }
    }

    /// A write for the caller's organisation that happens once per `Idempotency-Key`: the effect and the answer are kept
    /// in one transaction, and a repeat gets the kept answer. Without a key it is a plain write.
    ///
    /// # Errors
    /// 409 `idempotency-key-reused` when the key came with another request before; else as [`ScopedStore::write`].
    pub async fn create<T, F>(
        &self,
        caller: &Caller,
        idempotency: &Idempotency,
        work: F,
    ) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let own = self.of(&caller.organisation);
        let Some(claim) = idempotency.claim(caller) else {
            return own.write(work).await;
        };
        own.write(move |conn| idempotency::once(conn, &claim, work))
            .await
    }
}

impl ScopedStore {
    /// Runs `work` in a transaction that cannot write.
    ///
    /// # Errors
    /// What `work` returns; 503 when no connection comes free in time or the database is away.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        self.store.read(self.scope.clone(), work).await
    }

    /// Runs `work` in one transaction: all of it is kept, or nothing.
    ///
    /// # Errors
    /// What `work` returns; 503 when no connection comes free in time or the database is away.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        self.store.write(self.scope.clone(), work).await
    }

    /// [`ScopedStore::read`] for code that already runs on a blocking thread, such as a job.
    ///
    /// # Errors
    /// As [`ScopedStore::read`].
    pub fn read_blocking<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.store.read_blocking(&self.scope, work)
    }

    /// [`ScopedStore::write`] for code that already runs on a blocking thread, such as a job.
    ///
    /// # Errors
    /// As [`ScopedStore::write`].
    pub fn write_blocking<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.store.write_blocking(&self.scope, work)
    }
}
