//! The whole platform from outside: the real binary, over HTTP, through the gateway.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may end in a panic"
)]

mod access;
mod archives;
mod attacks;
mod audit;
mod backups;
mod bodies;
mod boosting;
mod chain;
mod client_groups;
mod collector_drill;
mod command;
mod control;
mod counts;
mod crash;
mod database;
mod described;
mod disks;
mod doctor;
mod encodings;
mod episodes;
mod headers;
mod hostile_files;
mod http;
mod idempotency;
mod inner;
mod journey;
mod kills;
mod known;
mod ledger;
mod made;
mod municipality;
mod numbers;
mod outflow;
mod overload;
mod packed;
mod places;
mod privacy;
mod processing;
mod queries;
mod reckoning;
mod refusals;
mod replicas;
mod reproduced;
mod resumed;
mod review;
mod rolling;
mod scorecards;
mod selections;
mod series;
mod sigterm;
mod spoilt;
mod stopping;
mod store_away;
mod support;
mod survival;
mod tables;
mod telemetry;
mod tenants;
mod tokens;
mod trap;
mod trees;
mod upgrade;
