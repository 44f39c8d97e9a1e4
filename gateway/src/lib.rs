#![doc = include_str!("../README.md")]

mod accept;
mod answer;
mod audit;
mod config;
mod connection;
mod docs;
mod forward;
mod head;
mod health;
mod internal;
mod listen;
mod local;
mod outside;
mod pace;
mod process;
mod rate;
mod room;
mod serve;
mod server;
mod table;
mod trace;
mod turns;
mod upstream;

pub use config::{
    ClaimPaths, FscConfig, FscConsumer, FscError, GatewayConfig, IssuerConfig, IssuerError,
    SigningAlgorithm,
};
pub use outside::{IssuerSeen, examine};
pub use process::{ProcessSettings, main};
pub use server::{GatewayError, RunningGateway, start, start_beside, start_with};
pub use table::{BodyKind, Operation, operations};
