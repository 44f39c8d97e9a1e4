#![doc = include_str!("../README.md")]

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Parser, Subcommand};

mod compare;
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
        /// Write nothing; fail when a committed document breaks something of the last release.
        #[arg(long, conflicts_with = "check")]
        compare: bool,
        /// Write nothing there; keep the committed documents as those of a release: `1.2.0`.
        #[arg(long, value_name = "VERSION", conflicts_with_all = ["check", "compare"])]
        release: Option<String>,
        /// Write nothing there; write the committed documents into this folder, for generators that know OpenAPI 3.0.
        #[arg(long, value_name = "FOLDER", conflicts_with_all = ["check", "compare", "release"])]
        portable: Option<PathBuf>,
    },
}

fn main() -> anyhow::Result<()> {
    let Task::Openapi {
        check,
        compare,
        release,
        portable,
    } = Arguments::parse().task;
    let folder = workspace_root()?.join("openapi");
    if let Some(target) = portable {
        return openapi::write_portable(&folder, &target);
    }
    if let Some(version) = release {
        return openapi::release(&folder, &version);
    }
    let problems = if check {
        openapi::check(&folder)?
    } else if compare {
        compare::with_last_release(&folder)?
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
