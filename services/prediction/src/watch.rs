//! Asks the registry, again and again, what is in force.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use helder_platform::{
    calls::{Changed, Peers},
    identity::TokenMint,
    problem::{Problem, Result},
};
use helder_types::{Caller, Permission};
use serde::Deserialize;

use crate::{active::WeakActive, registry::ActiveVersion};

/// Pause between two questions. A stop is seen within this, one answer and nothing else.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);
/// The same before the first answer: until then nothing can be predicted.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Longest wait for one answer.
const ANSWER: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct Listed {
    items: Vec<ActiveVersion>,
}

/// Asks on until nobody needs the answer any more.
pub(crate) async fn run(active: WeakActive, peers: Peers, mint: Arc<TokenMint>) {
    let caller = match own_caller(&mint) {
        Ok(caller) => caller,
        Err(problem) => return problem.log(),
    };
    let registry = peers.peer("registry");
    let mut tag: Option<String> = None;
    let mut was_away = false;
    loop {
        let asked = Instant::now();
        let question = registry.get_if_changed::<Listed>(
            &caller,
            "/registry/v1/active-versions",
            tag.as_deref(),
        );
        let answer = tokio::time::timeout(ANSWER, question).await;
        let Some(active) = active.upgrade() else {
            return;
        };
        match answer {
            Ok(Ok(Changed::Now(listed, new_tag))) => {
                active.apply(listed.items, asked).await;
                active.news().heard(asked);
                tag = new_tag;
            }
            Ok(Ok(Changed::Not)) => {
                active.confirm(asked);
                active.load().await;
                active.news().heard(asked);
            }
            Ok(Err(_)) | Err(_) => {
                if !was_away {
                    tracing::warn!(patience = ?active.patience(), "the registry does not answer; what it confirmed last goes on for a while");
                }
                was_away = true;
                active.news().silent();
                let pause = if active.has_started() {
                    PAUSE
                } else {
                    FIRST_PAUSE
                };
                drop(active);
                tokio::time::sleep(pause).await;
                continue;
            }
        }
        if was_away {
            tracing::info!("the registry answers again");
        }
        was_away = false;
        let news = active.news();
        drop(active);
        news.pause(PAUSE).await;
    }
}

/// This service itself, asking about all organisations.
fn own_caller(mint: &TokenMint) -> Result<Caller> {
    let organisation = "helder".parse().map_err(Problem::internal)?;
    Ok(mint.own_caller(organisation, vec![Permission::RegistryServe]))
}
