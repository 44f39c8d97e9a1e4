#![doc = include_str!("../README.md")]

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Parser, Subcommand};

mod lint;
mod openapi;

/// Developer tasks.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write the OpenAPI documents of all services under `openapi/`.
    Openapi {
        /// Write nothing; fail when a committed document is not what the code says.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> anyhow::Result<()> {
    let Task::Openapi { check } = Arguments::parse().task;
    let folder = workspace_root()?.join("openapi");
    let problems = if check {
        openapi::check(&folder)?
    } else {
        openapi::write(&folder)?
    };
    for problem in &problems {
        eprintln!("{problem}");
    }
    anyhow::ensure!(
        problems.is_empty(),
        "{} problem(s) in the OpenAPI documents",
        problems.len()
    );
    Ok(())
}

/// The folder that holds the workspace's `Cargo.toml`.
fn workspace_root() -> anyhow::Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .map(Path::to_owned)
        .context("crates/xtask is not two folders below the workspace root")
}
