//! PostgreSQL's own tools, with the password in their environment and not in the list of processes.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// Writes one schema to a file, as it is at one moment.
pub(super) fn dump(address: &str, schema: &str, file: &Path) -> Result<()> {
    let (address, password) = without_password(address);
    run(tool("pg_dump", password.as_deref())
        .args([
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--schema",
        ])
        .arg(schema)
        .arg("--file")
        .arg(file)
        .arg("--dbname")
        .arg(address))
}

/// Makes the tables of a schema, which is there and empty, from a file; all of it or nothing. Whoever does it owns them.
pub(super) fn load(address: &str, schema: &str, file: &Path) -> Result<()> {
    let (address, password) = without_password(address);
    run(tool("pg_restore", password.as_deref())
        .args([
            "--no-owner",
            "--no-privileges",
            "--single-transaction",
            "--exit-on-error",
            "--schema",
        ])
        .arg(schema)
        .arg("--dbname")
        .arg(address)
        .arg(file))
}

/// The tools of the newest version that Debian installed, or those in the path.
fn tool(name: &str, password: Option<&str>) -> Command {
    let newest = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let path = entry.path().join("bin").join(name);
            path.is_file().then_some((version, path))
        })
        .max();
    let mut command = match newest {
        Some((_, path)) => Command::new(path),
        None => Command::new(name),
    };
    command.stdin(Stdio::null()).stdout(Stdio::null());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("cannot start {name}; install PostgreSQL's client programs"))?;
    if !output.status.success() {
        bail!(
            "{name} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

/// `postgres://user:password@host/db` as the address without, and the password.
fn without_password(address: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = address.split_once("://") else {
        return (address.to_owned(), None);
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let found = rest[..end]
        .rsplit_once('@')
        .and_then(|(user, _)| user.split_once(':'));
    match found {
        Some((user, password)) => {
            let host = &rest[user.len() + 1 + password.len()..];
            (format!("{scheme}://{user}{host}"), Some(decoded(password)))
        }
        None => (address.to_owned(), None),
    }
}

/// Undoes percent-encoding.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = more
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = code {
            bytes.push(byte);
            rest = &more[2..];
        } else {
            bytes.push(*first);
            rest = more;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_the_address() {
        for (address, without, password) in [
            ("postgres://a@h/d", "postgres://a@h/d", None),
            (
                "postgres://a:b%40%2Fc@h:5/d?x=1",
                "postgres://a@h:5/d?x=1",
                Some("b@/c"),
            ),
            ("postgres://h/d?p=a:b@c", "postgres://h/d?p=a:b@c", None),
        ] {
            let found = without_password(address);
            assert_eq!(found, (without.to_owned(), password.map(str::to_owned)));
        }
    }
}
