//! Licences and banned crates, from the same `deny.toml` that cargo-deny reads.

use std::{collections::BTreeSet, fs};

use cargo_metadata::semver::{Version, VersionReq};
use serde::Deserialize;

use crate::workspace::{METADATA, root};

#[derive(Deserialize)]
struct Rules {
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
    clarify: Vec<Clarified>,
}

/// A crate that names a file instead of a licence.
#[derive(Deserialize)]
struct Clarified {
    #[serde(rename = "crate")]
    krate: String,
    expression: String,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    krate: String,
    reason: String,
}

fn rules() -> Rules {
    toml::from_str(&fs::read_to_string(root().join("deny.toml")).unwrap()).unwrap()
}

#[test]
fn every_dependency_has_a_licence_from_the_list() {
    let rules = rules().licenses;
    let allowed = rules.allow;
    for package in &METADATA.packages {
        let clarified = rules.clarify.iter().find(|entry| {
            let (name, versions) = entry.krate.split_once(':').unwrap_or((&entry.krate, "*"));
            let versions: VersionReq = versions.parse().unwrap();
            name == package.name.as_str() && versions.matches(&package.version)
        });
        let clarified = clarified.map(|entry| entry.expression.as_str());
        // A clarification serves who says nothing; it overrules nobody.
        let licence = package.license.as_deref().or(clarified).unwrap_or_default();
        assert!(
            is_allowed(licence, &allowed),
            "{} {}: {licence:?}",
            package.name,
            package.version
        );
    }
}

#[test]
fn no_banned_crate_is_used() {
    for ban in rules().bans.deny {
        let (name, versions) = ban.krate.split_once(':').unwrap_or((&ban.krate, "*"));
        let versions: VersionReq = versions.parse().unwrap();
        for package in METADATA
            .packages
            .iter()
            .filter(|package| package.name.as_str() == name)
        {
            let version: &Version = &package.version;
            assert!(
                !versions.matches(version),
                "{name} {version}: {}",
                ban.reason
            );
        }
    }
}

#[test]
fn every_dependency_comes_from_the_package_registry_or_this_repository() {
    for package in &METADATA.packages {
        if let Some(source) = &package.source {
            assert!(
                source.is_crates_io(),
                "{} comes from {source}",
                package.name
            );
        }
    }
}

/// Whether an SPDX expression can be met with the licences in `allowed`.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // Old manifests write `A/B` for `A OR B`.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let holds = any_of(&mut words, allowed);
    holds && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut holds = all_of(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        holds |= all_of(words, allowed);
    }
    holds
}

fn all_of(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut holds = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        holds &= one(words, allowed);
    }
    holds
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let holds = any_of(words, allowed);
        return words.next_if_eq(&")").is_some() && holds;
    }
    let Some(mut licence) = words.next().map(str::to_owned) else {
        return false;
    };
    if words.next_if_eq(&"WITH").is_some() {
        licence = format!("{licence} WITH {}", words.next().unwrap_or_default());
    }
    allowed.contains(&licence)
}

#[test]
fn an_spdx_expression_is_read_as_it_is_meant() {
    let allowed =
        BTreeSet::from(["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned));
    for good in [
        "MIT",
        "GPL-3.0-only OR MIT",
        "GPL-3.0-only/MIT",
        "MIT AND ISC",
        "MIT AND (GPL-3.0-only OR ISC)",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0-only",
    ] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in [
        "",
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "Apache-2.0",
        "(MIT",
        "MIT MIT",
    ] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}
