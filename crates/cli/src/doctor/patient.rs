//! What the settings of a program point to.

use std::path::PathBuf;

use helder_gateway::IssuerConfig;
use helder_platform::config::BucketSettings;

/// One program, or an embedded platform.
pub(super) struct Patient {
    /// `helder`, `gateway`, `registry` …
    pub(super) program: String,
    /// Where its settings were read.
    pub(super) file: String,
    /// Databases per service.
    pub(super) stores: Vec<(String, String)>,
    /// Where the bytes lie, and how that is reached.
    pub(super) objects: Option<(String, BucketSettings)>,
    /// Master keys, and where the keys lie that they wrap.
    pub(super) keyring: Option<(Secret, String)>,
    /// Signing key per program.
    pub(super) signing: Vec<(String, Secret)>,
    /// Who may issue tokens.
    pub(super) issuers: Vec<IssuerConfig>,
    /// Folders that need room.
    pub(super) folders: Vec<PathBuf>,
}

/// Where a secret is.
#[derive(Clone)]
pub(super) enum Secret {
    /// In the settings or the environment.
    Text(String),
    /// In a file.
    File(PathBuf),
    /// In a file that is made when it is not there.
    MadeFile(PathBuf),
}

impl Secret {
    /// As two settings say it; the text goes before the file.
    pub(super) fn of(text: Option<String>, file: Option<PathBuf>) -> Option<Self> {
        text.map(Self::Text).or(file.map(Self::File))
    }
}
