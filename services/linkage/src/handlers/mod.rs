//! Operations over HTTP: parse, call, store, answer.

pub mod links;
pub mod reports;
pub mod runs;
pub mod specs;
pub mod waterfalls;

use helder_platform::{keyring::KeyRing, objects::Objects, problem::{Problem, Result}};
use helder_types::{Caller, ProjectStep};
use tokio::{runtime::Handle, sync::Semaphore};
use uuid::Uuid;

use crate::{check::Found, versions::Version};

/// What handlers work with, besides the store.
pub struct App {
    /// Where parts and results lie.
    pub objects: Objects,
    /// Opens identity parts.
    pub keyring: KeyRing,
    /// Other services.
    pub peers: Peers,
    /// One explanation or count at a time: each reads two identity parts into memory.
    pub gate: Semaphore,
}
