//! The words of the command line.

mod report;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use helder_types::{OrganisationId, Role};
use uuid::Uuid;

pub(crate) use report::ReportKind;

use crate::{command::SeriesArguments, pprl::PprlCommand, session::Access};

/// From messy extracts to an approved, explained prediction.
#[derive(Debug, Parser)]
#[command(name = "helder", version, about, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) access: Access,
    /// Write the result as one JSON document
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the platform: all services in this process, behind the gateway
    Up {
        /// Address of the gateway
        #[arg(long)]
        listen: Option<SocketAddr>,
        /// Settings [default: helder.toml in the data folder]
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Sign a token with the built-in issuer of the data folder
    Token(TokenArguments),
    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at database, object store, issuers, clocks, disks and keys, and say what is wrong
    Doctor {
        /// Settings of programs: gateway.toml, registry.toml … [default: those of the data folder]
        files: Vec<PathBuf>,
    },
    /// Copy databases, objects and keys of a platform, which may be running; list and verify such copies
    Backup(BackupCommands),
    /// Put a backup in a new place
    Restore(RestoreArguments),
    /// Replace the master key, step by step, while the platform runs
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Link the records of two organisations without showing them; works without a platform or network
    #[command(subcommand)]
    Pprl(PprlCommand),
    /// Bring the tables of the services to this version; on PostgreSQL as their owner, before the services start
    Migrate(MigrateArguments),
    /// Prepare a PostgreSQL database
    #[command(subcommand)]
    Database(DatabaseCommand),
    /// Do the main job on a fresh dummy municipality, and leave the platform running
    Demo(DemoArguments),
    /// Write the extracts of a dummy municipality, and the truth about it
    Dummy {
        /// Inhabitants on every 1 January
        #[arg(long, default_value_t = 240_000)]
        inhabitants: usize,
        /// The same seed gives the same bytes
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Reference dates with an outcome
        #[arg(long, default_value_t = 10)]
        years: u8,
        /// Folder to write to
        #[arg(long)]
        out: PathBuf,
    },
    /// Work with projects (as model owner)
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Work with datasets (as data steward)
    #[command(subcommand)]
    Dataset(DatasetCommand),
    /// Find the records of the same person in two files or dataset versions, or within one (as data steward)
    Link(LinkArguments),
    /// Decide about pairs of a linkage run, measure it by that, and link again with what was decided (as data steward)
    #[command(subcommand)]
    Clerical(crate::command::ClericalCommand),
    /// Have people look at the highest scores and at a random sample without knowing who is which (as analyst)
    #[command(subcommand)]
    Control(crate::command::ControlCommand),
    /// Link with another organisation on this platform without showing names (as data steward)
    #[command(subcommand)]
    Encoding(crate::command::EncodingCommand),
    /// Build a frame and train a model on it (as analyst)
    Train {
        /// Project
        #[arg(long)]
        project: Uuid,
        /// TOML file with the sections frame, and selection or training or both, as in a plan; tables name their datasetVersionId or linkageRunId
        file: PathBuf,
    },
    /// Build a frame of spells and report how long they last, why they end and what goes together with it (as analyst)
    Outflow {
        /// Project
        #[arg(long)]
        project: Uuid,
        /// File to write the page to
        #[arg(long)]
        out: Option<PathBuf>,
        /// TOML file with the sections frame and outflow, as in a plan; tables name their datasetVersionId or linkageRunId
        file: PathBuf,
    },
    /// Print a model as text, write it in forms that run elsewhere, or change its curves
    #[command(subcommand)]
    Model(crate::command::ModelCommand),
    /// Review a model version (as privacy officer)
    Review {
        /// Model version
        version: Uuid,
        /// approve or reject
        #[arg(long)]
        verdict: String,
        /// Why
        #[arg(long)]
        remarks: String,
        /// Why the model may be used although the fairness report is not within bound; the catalogue shows it
        #[arg(long, requires = "accepted_risks")]
        fairness_conclusion: Option<String>,
        /// A risk that is accepted, with what is done about it; may be repeated
        #[arg(long = "accepted-risk", requires = "fairness_conclusion")]
        accepted_risks: Vec<String>,
    },
    /// Let an approved model version answer (as model owner)
    Activate {
        /// Model version
        version: Uuid,
    },
    /// Ask a prediction with its explanation (as consumer)
    Predict {
        /// Name of the model
        model: String,
        /// JSON file with the subjects: [{"id": …, "values": {…}}]; `-` reads standard input
        #[arg(default_value = "-")]
        subjects: PathBuf,
    },
    /// Find the records of processing of a person, a trace or an activity in the logs of all services (as privacy officer)
    Records(RecordsArguments),
    /// Show what was removed at the end of its term, by which rule and when (as privacy officer)
    Proofs,
    /// Fetch a report as HTML
    Report {
        /// Which report
        kind: ReportKind,
        /// Of what
        id: Uuid,
        /// File to write [default: standard output]
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Run the chain that a plan describes
    Run {
        /// The plan
        plan: PathBuf,
        /// Keep the data of the platform that is started when no gateway is given
        #[arg(long)]
        keep: Option<PathBuf>,
    },
}

/// `helder keys`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a new master key; it opens, and does not wrap yet
    Add {
        /// Name, letters and digits
        name: String,
        /// Settings of the programs, *.toml [default: those of the data folder]
        files: Vec<PathBuf>,
    },
    /// Let this master key wrap from the next start on
    Use {
        /// Its name
        name: String,
        /// Settings of the programs, *.toml [default: those of the data folder]
        files: Vec<PathBuf>,
    },
    /// Wrap every data key with the master key in use
    Rewrap {
        /// Settings of the programs, *.toml [default: those of the data folder]
        files: Vec<PathBuf>,
    },
    /// Throw a master key away that wraps nothing any more
    Drop {
        /// Its name
        name: String,
        /// Settings of the programs, *.toml [default: those of the data folder]
        files: Vec<PathBuf>,
    },
}

/// `helder backup …`
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct BackupCommands {
    #[command(subcommand)]
    pub(crate) command: Option<BackupCommand>,
    #[command(flatten)]
    pub(crate) make: Option<BackupArguments>,
}

/// What to do with backups that were made.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// List the backups in a folder, and say which still hold what was removed since at the end of its term
    List(BackupsArguments),
    /// The same, and check every file and object of them against its digest
    Verify(BackupsArguments),
}

/// `helder backup list`, `helder backup verify`
#[derive(Args, Clone, Debug)]
pub(crate) struct BackupsArguments {
    /// Folder with backups, or one of them
    pub(crate) folder: PathBuf,
    /// Database to read as another role, `{service}` stands for the name of each service
    #[arg(long)]
    pub(crate) store: Option<String>,
    /// Settings of the programs, *.toml [default: those of the data folder]
    pub(crate) files: Vec<PathBuf>,
}

/// `helder backup`
#[derive(Args, Clone, Debug)]
pub(crate) struct BackupArguments {
    /// Folder of this backup; new or empty
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Folder that mirrors the keys; keep it apart from the backups
    #[arg(long)]
    pub(crate) keys: Option<PathBuf>,
    /// List the objects and leave them where they are, when the store keeps copies itself
    #[arg(long)]
    pub(crate) list_objects: bool,
    /// Database to read as another role, `{service}` stands for the name of each service
    #[arg(long)]
    pub(crate) store: Option<String>,
    /// Settings of the programs, *.toml [default: those of the data folder]
    pub(crate) files: Vec<PathBuf>,
}

/// `helder restore`
#[derive(Args, Clone, Debug)]
pub(crate) struct RestoreArguments {
    /// Folder of the backup
    #[arg(long)]
    pub(crate) from: PathBuf,
    /// Folder with the keys
    #[arg(long)]
    pub(crate) keys: Option<PathBuf>,
    /// Database to write as another role, `{service}` stands for the name of each service
    #[arg(long)]
    pub(crate) store: Option<String>,
    /// Settings of the programs, *.toml [default: those of the data folder]
    pub(crate) files: Vec<PathBuf>,
}

/// `helder token`
#[derive(Args, Debug)]
pub(crate) struct TokenArguments {
    /// Role, may be repeated
    #[arg(long, required = true)]
    pub(crate) role: Vec<Role>,
    /// Another organisation than a municipality
    #[arg(long)]
    pub(crate) organisation: Option<OrganisationId>,
    /// Life in hours, 24 at most
    #[arg(long, default_value_t = 8)]
    pub(crate) hours: u64,
}

/// `helder config`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read the settings and name everything that is wrong with them
    Check {
        /// Settings of programs: gateway.toml, registry.toml … [default: those of the data folder]
        files: Vec<PathBuf>,
    },
    /// Write keys and settings for the services as processes of their own
    Processes(ProcessesArguments),
    /// Make a signing key for a program, to replace the one it has
    Key,
}

/// `helder config processes`
#[derive(Args, Clone, Debug)]
pub(crate) struct ProcessesArguments {
    /// Folder to write to; keys that are there stay
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Database, `postgres://…`, where `{service}` stands for the name of each service; each gets a schema of its own
    #[arg(long)]
    pub(crate) store: String,
    /// Object store, `s3://bucket/prefix` or `file:folder`
    #[arg(long)]
    pub(crate) objects: String,
    /// Port of the gateway; the services get the ports after it
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Host at which the processes find each other
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: String,
}

/// `helder migrate`
#[derive(Args, Clone, Debug)]
pub(crate) struct MigrateArguments {
    /// Database, as its owner: `postgres://…`, where `{service}` stands for the name of each service [default: the setting
    /// `migrate_store`, else `store`]
    #[arg(long)]
    pub(crate) store: Option<String>,
    /// One service, may be repeated [default: all]
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(crate::database::names()))]
    pub(crate) service: Vec<String>,
    /// Only say what would be done; ends with an error when something would
    #[arg(long, conflicts_with = "down")]
    pub(crate) check: bool,
    /// Take this many migrations back, with the rows they hold; one service at a time
    #[arg(long, requires = "service")]
    pub(crate) down: Option<usize>,
}

/// `helder database`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DatabaseCommand {
    /// Print the SQL that makes roles and schemas; for psql, as superuser
    Roles(RolesArguments),
}

/// `helder database roles`
#[derive(Args, Clone, Debug)]
pub(crate) struct RolesArguments {
    /// One service, may be repeated [default: all]
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(crate::database::names()))]
    pub(crate) service: Vec<String>,
    /// Role that owns the tables; `{service}` stands for the name of the service
    #[arg(long, default_value = "helder_owner")]
    pub(crate) owner: String,
    /// Role that serves
    #[arg(long, default_value = "helder_{service}")]
    pub(crate) application: String,
}

/// `helder demo`
#[derive(Args, Debug)]
pub(crate) struct DemoArguments {
    /// End when the result is there
    #[arg(long)]
    pub(crate) exit: bool,
    /// Inhabitants
    #[arg(long, default_value_t = 40_000)]
    pub(crate) inhabitants: usize,
    /// Reference dates with an outcome
    #[arg(long, default_value_t = 6)]
    pub(crate) years: u8,
    /// The same seed gives the same figures
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Address of the gateway
    #[arg(long)]
    pub(crate) listen: Option<SocketAddr>,
}

/// `helder project`
#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// Ask for a project: what may be done with data, for which purpose, on which lawful basis
    Create {
        /// TOML or JSON file with the project, or a plan that holds one
        file: PathBuf,
    },
}

/// `helder dataset`
#[derive(Debug, Subcommand)]
pub(crate) enum DatasetCommand {
    /// Bring a file in
    Upload {
        /// CSV, XLSX, Parquet or JSON lines; CSV also .gz or .zst
        file: PathBuf,
        /// Project whose purpose covers it
        #[arg(long)]
        project: Uuid,
        /// Name of the dataset [default: the file's]
        #[arg(long)]
        name: Option<String>,
        /// TOML or JSON file with a contract [default: the suggested one]
        #[arg(long)]
        contract: Option<PathBuf>,
    },
}

/// `helder link`
#[derive(Args, Debug)]
pub(crate) struct LinkArguments {
    /// One file (who is in it more than once?) or two (who is in both?): CSV, XLSX, JSON lines or Parquet. Without --project and --gateway
    /// they are linked on a platform of their own that is gone afterwards
    #[arg(num_args = 0..=2, conflicts_with_all = ["left", "right"])]
    pub(crate) files: Vec<PathBuf>,
    /// Project whose purpose covers it, on a platform that is running
    #[arg(long, required_unless_present = "files")]
    pub(crate) project: Option<Uuid>,
    /// Dataset version; the register
    #[arg(long, required_unless_present = "files")]
    pub(crate) left: Option<Uuid>,
    /// Dataset version; the file to find in it. Without it, people are sought who are more than once in the left one
    #[arg(long)]
    pub(crate) right: Option<Uuid>,
    /// JSON or TOML file with a specification [default: the suggested one]
    #[arg(long)]
    pub(crate) spec: Option<PathBuf>,
    /// JSON or TOML file with the contract of the left file [default: the suggested one]
    #[arg(long, requires = "files")]
    pub(crate) left_contract: Option<PathBuf>,
    /// The same for the right file [default: that of the left file, where one is given]
    #[arg(long, requires = "files")]
    pub(crate) right_contract: Option<PathBuf>,
    /// Least match probability of a link
    #[arg(long)]
    pub(crate) threshold: Option<f64>,
    /// Each record has at most one partner
    #[arg(long)]
    pub(crate) one_to_one: Option<bool>,
    /// Column by whose values links are counted apart; may be given again
    #[arg(long = "group-by", value_name = "COLUMN")]
    pub(crate) group_by: Vec<String>,
    /// Column that says who is who, to judge the links by, never to make them; LEFT=RIGHT where the names differ
    #[arg(long, value_name = "COLUMN")]
    pub(crate) truth: Option<String>,
    /// Name of a derived dataset of which the links become a version
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset_name: Option<String>,
    #[command(flatten)]
    pub(crate) series: SeriesArguments,
    /// Folder for links.csv, unlinked.csv, clusters.csv, entities.csv, changes.csv, report.html and run.json
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
}

/// `helder records`
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("sought").required(true).multiple(true))]
pub(crate) struct RecordsArguments {
    /// Of the person that standard input names: a burgerservicenummer, a pseudonym, or the identifier of a client
    #[arg(long, group = "sought")]
    pub(crate) person: bool,
    /// Of this trace
    #[arg(long, group = "sought")]
    pub(crate) trace: Option<Uuid>,
    /// Of this processing activity, its URI
    #[arg(long, group = "sought")]
    pub(crate) activity: Option<String>,
    /// Only what started at this moment or later: 2026-11-22T00:00:00Z
    #[arg(long)]
    pub(crate) since: Option<jiff::Timestamp>,
    /// Only what ended at this moment or before
    #[arg(long)]
    pub(crate) until: Option<jiff::Timestamp>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_token_is_asked_as_the_test_kit_asks_it() {
        let line = "helder token --data x --role data-steward --gemeente GM0034 --subject a";
        let parsed = Arguments::try_parse_from(line.split(' ')).unwrap();
        assert_eq!(parsed.access.gemeente.as_str(), "GM0034");
    }
}
