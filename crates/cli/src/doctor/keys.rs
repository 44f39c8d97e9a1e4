//! Keys: there, readable by us and nobody else, usable, and not old.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::{Duration, SystemTime},
};

use helder_platform::{identity::TokenMint, keyring::MasterKeys};

use super::{
    Finding,
    patient::{Patient, Secret},
    told,
};

const CHECK: &str = "keys";
/// After this a key should be replaced.
const OLD: Duration = Duration::from_hours(24 * 365);
const ROTATE: &str = "replace it (docs/operations.md, keys)";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some((masters, _)) = &patient.keyring {
        let usable = |text: &str| {
            MasterKeys::from_text(text)
                .map(drop)
                .map_err(|it| told(&it))
        };
        found.push(one("master keys", masters, usable));
    }
    for (program, secret) in &patient.signing {
        let usable = |text: &str| {
            let read = TokenMint::from_base64(program, text);
            read.map(drop).map_err(|it| told(&it))
        };
        found.push(one(&format!("signing key of {program}"), secret, usable));
    }
    found
}

fn one(name: &str, secret: &Secret, usable: impl Fn(&str) -> Result<(), String>) -> Finding {
    let (path, is_made) = match secret {
        Secret::Text(text) => {
            return match usable(text) {
                Ok(()) => Finding::good(CHECK, name, "usable, from settings or environment"),
                Err(seen) => Finding::bad(CHECK, name, seen),
            };
        }
        Secret::File(path) => (path, false),
        Secret::MadeFile(path) => (path, true),
    };
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if is_made && error.kind() == std::io::ErrorKind::NotFound => {
            return Finding::good(CHECK, name, "not there yet; the first start makes it");
        }
        Err(error) => {
            return Finding::bad(CHECK, name, format!("the file cannot be read: {error}"))
                .advice("without it nothing starts; restore it from where keys are kept");
        }
    };
    let mode = meta.permissions().mode() & 0o777;
    let usable = std::fs::read_to_string(path)
        .map_err(|error| format!("the file cannot be read: {error}"))
        .and_then(|text| usable(&text));
    if let Err(seen) = usable {
        return Finding::bad(CHECK, name, seen).advice("restore it from where keys are kept");
    }
    if mode & 0o007 != 0 {
        return Finding::bad(
            CHECK,
            name,
            format!("everybody may read it (mode {mode:o})"),
        )
        .advice(format!("chmod 600 {}, and replace the key", show(path)));
    }
    let age = meta
        .modified()
        .ok()
        .and_then(|at| SystemTime::now().duration_since(at).ok())
        .unwrap_or_default();
    let days = age.as_secs() / 86_400;
    if age > OLD {
        return Finding::attention(CHECK, name, format!("{days} days old")).advice(ROTATE);
    }
    Finding::good(
        CHECK,
        name,
        format!("usable, mode {mode:o}, {days} days old"),
    )
}

fn show(path: &Path) -> String {
    path.display().to_string()
}
