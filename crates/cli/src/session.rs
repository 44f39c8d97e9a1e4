//! Who calls the API: a client per role, with tokens from a data folder or given by hand.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use clap::Args;
use helder_client::Client;
use helder_types::{Gemeentecode, Role};

use crate::{
    folder::DataFolder,
    issuer::{Holder, Issuer},
};

/// Life of the tokens that commands ask for themselves.
const LIFE: Duration = Duration::from_hours(2);

/// Where the platform is and who calls.
#[derive(Args, Clone, Debug)]
pub(crate) struct Access {
    /// Address of the gateway [default: that of the platform running on the data folder, else <http://127.0.0.1:8080>]
    #[arg(long, env = "HELDER_GATEWAY", global = true)]
    pub(crate) gateway: Option<String>,
    /// Token to call with; without it the built-in issuer of the data folder signs one
    #[arg(long, env = "HELDER_TOKEN", hide_env_values = true, global = true)]
    pub(crate) token: Option<String>,
    /// Data folder of the platform [default: .helder]
    #[arg(long, env = "HELDER_DATA", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// Municipality to call for
    #[arg(long, env = "HELDER_GEMEENTE", default_value = "GM0772", global = true)]
    pub(crate) gemeente: Gemeentecode,
    /// Name of the person in the token; each role has one of its own when absent
    #[arg(long, global = true)]
    pub(crate) subject: Option<String>,
}

/// Clients of one municipality.
pub(crate) struct Session {
    client: Client,
    tokens: Tokens,
    gemeente: Gemeentecode,
    subject: Option<String>,
}

enum Tokens {
    Given(String),
    Signed(Box<Issuer>),
}

impl Access {
    /// The data folder.
    pub(crate) fn folder(&self) -> &Path {
        self.data.as_deref().unwrap_or(Path::new(".helder"))
    }

    /// A session as asked.
    ///
    /// # Errors
    /// When there is neither a token nor a data folder with an issuer.
    pub(crate) fn session(&self) -> Result<Session> {
        let running = DataFolder::existing(self.folder());
        let address = self
            .gateway
            .clone()
            .or_else(|| running.as_ref().ok().and_then(DataFolder::address))
            .unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
        let tokens = if let Some(token) = &self.token {
            Tokens::Given(token.clone())
        } else {
            let folder = running.context(
                "give a token with --token or HELDER_TOKEN, or a data folder with --data",
            )?;
            Tokens::Signed(Box::new(Issuer::open(&folder)?))
        };
        Ok(Session {
            client: Client::new(&address)?,
            tokens,
            gemeente: self.gemeente.clone(),
            subject: self.subject.clone(),
        })
    }
}

impl Session {
    /// A session with the platform that this process runs on `folder`.
    ///
    /// # Errors
    /// When the issuer's key cannot be read.
    pub(crate) fn on(folder: &DataFolder, address: &str, gemeente: Gemeentecode) -> Result<Self> {
        Ok(Self {
            client: Client::new(address)?,
            tokens: Tokens::Signed(Box::new(Issuer::open(folder)?)),
            gemeente,
            subject: None,
        })
    }

    /// A client that acts as `role`.
    ///
    /// A token given by hand serves every role it carries: for the whole chain, `HELDER_TOKEN_ANALYST`,
    /// `HELDER_TOKEN_PRIVACY_OFFICER` … give each role its own.
    ///
    /// # Errors
    /// When the token cannot be signed.
    pub(crate) fn acting_as(&self, role: Role) -> Result<Client> {
        let variable = format!(
            "HELDER_TOKEN_{}",
            role.as_str().to_uppercase().replace('-', "_")
        );
        let token = match (std::env::var(variable), &self.tokens) {
            (Ok(token), _) => token,
            (_, Tokens::Given(token)) => token.clone(),
            (_, Tokens::Signed(issuer)) => {
                let holder = Holder::in_gemeente(&self.gemeente, role, self.subject.as_deref());
                issuer.token(&holder, LIFE)?
            }
        };
        Ok(self.client.with_token(token))
    }

    /// Address of the gateway.
    pub(crate) fn address(&self) -> &str {
        self.client.gateway()
    }
}
