//! A service as a running thing: what it is given, how it serves, how it stops.

mod address;
mod bell;
mod context;
mod local;
mod main;
mod migrate;
mod readiness;
mod request;
mod run;
#[cfg(test)]
mod tests;

pub use bell::Bell;
pub use context::{ServiceContext, StartError};
pub use local::{LocalApp, LocalService};
pub use main::{give_up, main, wait_for_signal};
pub use request::close_after;
pub use run::{RunningService, Service};
