//! The service in parts and as a whole.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod active;
mod answers;
mod batches;
mod budget;
mod document;
mod findings;
mod log;
mod mutated;
mod oip;
mod people;
mod reproductions;
mod service;
mod subjects;
mod support;
mod survival;
mod world;
