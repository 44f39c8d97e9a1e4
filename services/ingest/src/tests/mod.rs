//! The whole service on a free port, with a real store, object store and key ring, beside a registry that says yes or no.

mod flows;
mod hostile;
mod house;
mod recorded;
mod retention;
mod survival;
