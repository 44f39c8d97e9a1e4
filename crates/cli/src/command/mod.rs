//! What each command does.

mod api;
mod clerical;
mod control;
mod encoding;
mod keys;
mod link;
mod local;
mod logs;
mod migrate;
mod model;
mod processes;
mod series;
mod show;
mod up;

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use tokio::runtime::{Builder, Runtime};

use crate::{
    arguments::{
        Arguments, BackupCommand, BackupCommands, Command, ConfigCommand, DatabaseCommand,
    },
    backup, demo, doctor,
    plan::{FairnessConclusion, Review},
    pprl,
    screen::Screen,
};

pub(crate) use clerical::ClericalCommand;
pub(crate) use control::ControlCommand;
pub(crate) use encoding::EncodingCommand;
pub(crate) use model::ModelCommand;
pub(crate) use processes::CALLS;
pub(crate) use series::SeriesArguments;
pub(crate) use show::{answered, show_prediction};
pub(crate) use up::{Embedded, run_on_signal};

/// Does what the command line asks.
///
/// # Errors
/// What went wrong and what to do about it.
pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        command,
        access,
        json,
    } = arguments;
    let screen = Screen::new(json);
    match command {
        Command::Up { listen, config } => {
            up::up(access.folder(), listen, config.as_deref(), screen)
        }
        Command::Migrate(wanted) => migrate::migrate(access.folder(), &wanted, screen),
        Command::Database(DatabaseCommand::Roles(wanted)) => migrate::roles(&wanted, screen),
        Command::Token(wanted) => local::token(&access, &wanted, screen),
        Command::Config(ConfigCommand::Check { files }) => {
            doctor::check_settings(access.folder(), &files, screen)
        }
        Command::Backup(wanted) => wait(backed_up(access.folder(), wanted, screen)),
        Command::Restore(wanted) => wait(backup::restore(access.folder(), &wanted, screen)),
        Command::Pprl(command) => pprl::step(command, screen),
        Command::Keys(command) => wait(keys::step(access.folder(), command, screen)),
        Command::Doctor { files } => wait(doctor::examine(access.folder(), &files, screen)),
        Command::Config(ConfigCommand::Processes(wanted)) => processes::write(&wanted, screen),
        Command::Config(ConfigCommand::Key) => processes::key(screen),
        Command::Dummy {
            inhabitants,
            seed,
            years,
            out,
        } => local::dummy(
            &out,
            &helder_dummy::Settings {
                seed,
                inhabitants,
                years,
                ..Default::default()
            },
            screen,
        ),
        Command::Demo(wanted) => demo::demo(&access, &wanted, screen),
        Command::Run { plan, keep } => api::run_plan(&access, &plan, keep.as_deref(), screen),
        Command::Project(command) => wait(api::project(&access, command, screen)),
        Command::Dataset(command) => wait(api::dataset(&access, command, screen)),
        Command::Link(wanted) => wait(link::link(&access, &wanted, screen)),
        Command::Clerical(command) => wait(clerical::step(&access, command, screen)),
        Command::Control(command) => wait(control::step(&access, command, screen)),
        Command::Encoding(command) => wait(encoding::step(&access, command, screen)),
        Command::Train { project, file } => wait(api::train(&access, project, &file, screen)),
        Command::Outflow { project, file, out } => wait(api::outflow(
            &access,
            project,
            (&file, out.as_deref()),
            screen,
        )),
        Command::Model(command) => wait(model::step(&access, command, screen)),
        Command::Review {
            version,
            verdict,
            remarks,
            fairness_conclusion,
            accepted_risks,
        } => {
            let fairness_conclusion = fairness_conclusion.map(|text| FairnessConclusion {
                text,
                accepted_risks,
            });
            let review = Review {
                verdict,
                remarks,
                fairness_conclusion,
            };
            wait(api::review(&access, version, &review, screen))
        }
        Command::Activate { version } => wait(api::activate(&access, version, screen)),
        Command::Predict { model, subjects } => {
            wait(api::predict(&access, &model, &subjects, screen))
        }
        Command::Records(wanted) => wait(logs::records(&access, &wanted, screen)),
        Command::Proofs => wait(logs::proofs(&access, screen)),
        Command::Report { kind, id, out } => wait(api::report(&access, kind, id, out.as_deref())),
    }
}

async fn backed_up(data: &Path, wanted: BackupCommands, screen: Screen) -> Result<()> {
    match (wanted.command, wanted.make) {
        (Some(BackupCommand::List(wanted)), _) => backup::list(data, &wanted, screen).await,
        (Some(BackupCommand::Verify(wanted)), _) => backup::verify(data, &wanted, screen).await,
        (None, Some(wanted)) => backup::backup(data, &wanted, screen).await,
        (None, None) => bail!("name a folder for the backup with --out"),
    }
}

/// A runtime for everything that waits.
pub(crate) fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no runtime")
}

fn wait(work: impl Future<Output = Result<()>>) -> Result<()> {
    runtime()?.block_on(work)
}
