//! The gateway before stub services that count what reaches them: everything it lets through, and everything it refuses.

mod access;
mod bodies;
mod docs;
mod forwarding;
mod heads;
mod issuer;
mod stub;
mod times;
mod tokens;
mod world;
