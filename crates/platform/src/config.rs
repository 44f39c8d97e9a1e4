//! Configuration: one TOML file, overlaid by `HELDER_…` environment variables.
//!
//! `HELDER_STORE__URL=sqlite:x.db` sets `url` in `[store]`: two underscores go one level down. An unknown key or a wrong
//! value is an error that names the key; the value is not repeated, it may be a secret.

mod check;
mod load;
mod settings;
#[cfg(test)]
mod tests;

pub use check::{Checked, check};
pub use load::{ConfigError, from_parts, load, table_of};
pub use settings::{
    BucketSettings, IdentitySettings, KeyRingSettings, Limits, ObjectsSettings, ServiceSettings,
    StoreSettings, TelemetrySettings,
};
