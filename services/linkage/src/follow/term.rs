//! The end of a state: it goes when a part it was made of is gone, so that names live no longer in it than where they came from.

use std::{collections::BTreeSet, sync::Weak, time::Duration};

use helder_platform::{
    audit,
    identity::TokenMint,
    objects::Objects,
    problem::{Problem, Result},
    store::Store,
};
use helder_types::OrganisationId;
use uuid::Uuid;

use crate::encodings;

use super::{
    STATE_TERM,
    table::{self, StateRow},
};

/// What the look needs.
pub(crate) struct Term {
    /// Which states there are.
    pub(crate) store: Store,
    /// Where they lie, and the parts they were made of.
    pub(crate) objects: Objects,
    /// In whose name it is done.
    pub(crate) mint: std::sync::Arc<TokenMint>,
}

impl Term {
    /// Looks now and then until the service stops; the first look is at once.
    pub(crate) async fn keep(self, every: Duration, alive: Weak<()>) {
        loop {
            if let Err(problem) = self.run().await {
                problem.log();
            }
            let offers = encodings::sweep::run(&self.store, &self.objects, &self.mint);
            if let Err(problem) = offers.await {
                problem.log();
            }
            // Short steps, so that the task ends soon after the service.
            for _ in 0..every.as_secs().max(1) {
                if self.store.is_closing() || alive.strong_count() == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Removes every state of which a part is gone; gives their runs.
    ///
    /// # Errors
    /// When the database is away; what was done stays done.
    pub(crate) async fn run(&self) -> Result<Vec<Uuid>> {
        let owners = self.store.across(STATE_TERM).read(table::owners).await?;
        let mut removed = Vec::new();
        for owner in owners {
            let organisation: OrganisationId = owner.parse().map_err(Problem::internal)?;
            let own = organisation.clone();
            let states = self.store.of(&organisation);
            let states = states.read(move |conn| table::all(conn, &own)).await?;
            for state in states {
                match self.is_over(&organisation, &state).await {
                    Ok(false) => {}
                    Ok(true) => removed.extend(self.remove(&organisation, &state).await?),
                    // Not knowing is no permission to destroy.
                    Err(problem) => problem.log(),
                }
            }
        }
        Ok(removed)
    }

    async fn is_over(&self, organisation: &OrganisationId, state: &StateRow) -> Result<bool> {
        let parts: BTreeSet<_> = state.made_of()?.into_iter().collect();
        for part in parts {
            if !self.objects.exists(organisation, &part).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The bytes first: a row without them is looked at again, bytes without a row are not.
    async fn remove(
        &self,
        organisation: &OrganisationId,
        state: &StateRow,
    ) -> Result<Option<Uuid>> {
        let (run, object) = (state.run()?, state.object()?);
        self.objects.delete(organisation, &object).await?;
        let caller = self.mint.own_caller(organisation.clone(), Vec::new());
        let gone = self
            .store
            .of(organisation)
            .write(move |conn| {
                let gone = table::remove(conn, &caller.organisation, run)?;
                if gone {
                    let what = format!("/linkage-runs/{run}");
                    audit::record(conn, &caller, "linkage-state.remove", &what)?;
                }
                Ok(gone)
            })
            .await?;
        Ok(gone.then_some(run))
    }
}
