//! Runs that follow one another: a run keeps a state, the next one links only what changed since, and persons keep their numbers.
//!
//! The state holds what was compared, names and birth dates among it, so it is sealed as identity parts are, and goes when one of the parts
//! it was made of goes.

mod fits;
mod keys;
mod link;
mod output;
mod state;
pub(crate) mod table;
mod term;
mod wire;

use helder_platform::store::{Command, Guard, Work};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use fits::{Previous, Wanted, previous};
pub(crate) use link::{Linked, linked};
pub(crate) use output::{change, entity, kind_text, reason_text, save, side_text};
pub(crate) use state::{Stores, frozen};
pub(crate) use term::Term;
pub(crate) use wire::{ChangeLink, Continuation, EntityChange, EntityRow, Incremental, RecordKeys};

/// Finds the states whose parts may be gone.
const STATE_TERM: Work = Work::named("state-term");

/// What that may see: whose states there are.
pub(crate) const GUARD: Guard = Guard::across("linkage_states", STATE_TERM, Command::Select);

/// What a run that can be followed was asked, fixed when it was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Follow {
    /// Columns by which records are told apart; without them, by what is compared.
    #[serde(default)]
    pub(crate) keys: Option<RecordKeys>,
    /// Dataset and number of each version, left and right.
    pub(crate) versions: [Option<(Uuid, i64)>; 2],
    /// The run before.
    #[serde(default)]
    pub(crate) previous: Option<Uuid>,
    /// Whether everything is linked again.
    #[serde(default)]
    pub(crate) everything: bool,
}
