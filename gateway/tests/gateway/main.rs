//! The gateway before stub services that count what reaches them: everything it lets through, and everything it refuses.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may end in a panic"
)]

mod access;
mod bodies;
mod crowd;
mod docs;
mod forwarding;
mod framings;
mod fsc;
mod heads;
mod issuer;
mod issuers;
mod local;
mod mutated;
mod process;
mod provider;
mod publisher;
mod room;
mod secured;
mod slow;
mod sockets;
mod stub;
mod times;
mod tokens;
mod upstreams;
mod world;
