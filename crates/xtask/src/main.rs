#![doc = include_str!("../README.md")]

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Parser, Subcommand};

mod lint;
mod openapi;
mod portable;

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
        /// Write nothing there; write the committed documents into this folder, for generators that know OpenAPI 3.0.
        #[arg(long, value_name = "FOLDER", conflicts_with = "check")]
        portable: Option<PathBuf>,
    },
}

fn main() -> anyhow::Result<()> {
    let Task::Openapi { check, portable } = Arguments::parse().task;
    let folder = workspace_root()?.join("openapi");
    if let Some(target) = portable {
        return openapi::write_portable(&folder, &target);
    }
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
