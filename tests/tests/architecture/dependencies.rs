//! Who may import whom.

use std::{collections::BTreeSet, fs};

use crate::workspace::{
    all_dependencies, direct_dependencies, files, own_packages, relative, root,
};

/// Crates with mathematics and formats only.
const PURE: [&str; 23] = [
    "helder-dataset",
    "helder-record-linkage",
    "helder-pprl",
    "helder-glm",
    "helder-ebm",
    "helder-tree",
    "helder-evaluation",
    "helder-fairness",
    "helder-scorecard",
    "helder-segmentation",
    "helder-imputation",
    "helder-survival",
    "helder-effect",
    "helder-hazard",
    "helder-selection",
    "helder-outflow",
    "helder-yardstick",
    "helder-model",
    "helder-exports",
    "helder-report",
    "helder-frames",
    "helder-dummy",
    "helder-subjects",
];

/// The programs that own data or the door.
const PROGRAMS: [&str; 6] = [
    "helder-gateway",
    "helder-registry",
    "helder-ingest",
    "helder-linkage",
    "helder-training",
    "helder-prediction",
];

/// May see everything.
const ALL_SEEING: [&str; 4] = ["helder-cli", "helder-testkit", "xtask", "helder-tests"];

/// What a crate without web and database must not bring, at any depth.
const WEB_AND_DATABASE: [&str; 12] = [
    "actix-web",
    "actix-http",
    "hyper",
    "reqwest",
    "awc",
    "axum",
    "tonic",
    "diesel",
    "rusqlite",
    "libsqlite3-sys",
    "pq-sys",
    "sqlx",
];

#[test]
fn every_own_crate_has_a_place_in_these_rules() {
    let others = ["helder-types", "helder-platform", "helder-client"];
    let placed: BTreeSet<_> = PURE
        .into_iter()
        .chain(PROGRAMS)
        .chain(ALL_SEEING)
        .chain(others)
        .collect();
    let existing: BTreeSet<_> = own_packages().into_keys().collect();
    assert_eq!(placed, existing);
}

#[test]
fn types_knows_nobody() {
    let own = own_among(&direct_dependencies(own_packages()["helder-types"]));
    assert_eq!(own, BTreeSet::new());
    assert_avoids("helder-types", &WEB_AND_DATABASE);
    assert_avoids("helder-types", &["tokio", "arrow", "ndarray"]);
}

#[test]
fn pure_crates_bring_no_web_and_no_database() {
    for name in PURE {
        assert_avoids(name, &WEB_AND_DATABASE);
    }
}

#[test]
fn pure_crates_know_only_types_and_each_other() {
    let allowed: BTreeSet<_> = PURE.into_iter().chain(["helder-types"]).collect();
    for name in PURE {
        let own = own_among(&direct_dependencies(own_packages()[name]));
        assert!(
            own.is_subset(&allowed),
            "{name} imports {:?}",
            own.difference(&allowed)
        );
    }
}

#[test]
fn platform_knows_no_algorithm() {
    let own = own_among(&direct_dependencies(own_packages()["helder-platform"]));
    assert_eq!(own, BTreeSet::from(["helder-types"]));
    assert_avoids(
        "helder-platform",
        &["datafusion", "arrow", "parquet", "ndarray", "linfa", "faer"],
    );
}

#[test]
fn services_never_import_each_other() {
    for name in PROGRAMS {
        let others = PROGRAMS.into_iter().filter(|other| *other != name);
        assert_avoids(name, &others.collect::<Vec<_>>());
    }
}

#[test]
fn only_the_tools_on_top_see_services_or_each_other() {
    let closed: BTreeSet<_> = PROGRAMS.into_iter().chain(ALL_SEEING).collect();
    for (name, package) in own_packages() {
        if !ALL_SEEING.contains(&name) {
            let own = own_among(&direct_dependencies(package));
            let reached: BTreeSet<_> = own.intersection(&closed).collect();
            assert!(reached.is_empty(), "{name} imports {reached:?}");
        }
    }
}

#[test]
fn registry_and_gateway_import_no_algorithm() {
    for name in ["helder-registry", "helder-gateway"] {
        let own = own_among(&direct_dependencies(own_packages()[name]));
        let allowed = BTreeSet::from(["helder-types", "helder-platform", "helder-report"]);
        assert!(
            own.is_subset(&allowed),
            "{name} imports {:?}",
            own.difference(&allowed)
        );
        assert_avoids(
            name,
            &["datafusion", "arrow", "parquet", "ndarray", "linfa", "faer"],
        );
    }
}

#[test]
fn only_frames_and_who_uses_it_bring_datafusion() {
    let expected = BTreeSet::from(["helder-frames", "helder-training", "helder-cli", "xtask"]);
    let own = own_packages().into_keys();
    let bring: BTreeSet<_> = own
        .filter(|name| all_dependencies(name).contains("datafusion"))
        .collect();
    assert!(
        bring.is_subset(&expected),
        "{:?}",
        bring.difference(&expected)
    );
}

/// What answers with a model learns none of it from a black box.
#[test]
fn the_black_box_is_a_yardstick_only() {
    let importers = |wanted: &str| -> Vec<&str> {
        let own = own_packages();
        own.into_iter()
            .filter(|(_, package)| direct_dependencies(package).contains(wanted))
            .map(|(name, _)| name)
            .collect()
    };
    assert_eq!(importers("forust-ml"), ["helder-yardstick"]);
    assert_eq!(importers("helder-yardstick"), ["helder-training"]);
    for name in ["helder-model", "helder-registry", "helder-prediction"] {
        assert_avoids(name, &["forust-ml", "helder-yardstick"]);
    }
    // It answers numbers and keeps nothing: no public type could hold or store what it learned.
    let folder = root().join("crates/yardstick/src");
    let api = fs::read_to_string(folder.join("lib.rs")).unwrap();
    let public: Vec<&str> = api
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("pub "))
        .collect();
    assert_eq!(
        public,
        ["pub use error::YardstickError;", "pub fn probabilities("]
    );
    assert!(api.contains(") -> Result<Vec<f64>, YardstickError>"));
    // In training one file asks it, in the folder that compares algorithms and writes no model.
    let training = root().join("services/training/src");
    let mut askers: Vec<String> = files(&["rs"])
        .iter()
        .filter(|path| path.starts_with(&training))
        .filter(|path| {
            fs::read_to_string(path)
                .unwrap()
                .contains("helder_yardstick")
        })
        .map(|path| relative(path))
        .collect();
    askers.sort();
    assert_eq!(askers, ["services/training/src/learn/select/ceiling.rs"]);
    let compared = fs::read_to_string(root().join("openapi/training.json")).unwrap();
    assert!(
        !compared.contains("\"gradient-boosting\""),
        "no algorithm of a plan"
    );
}

fn own_among<'a>(names: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    names
        .iter()
        .copied()
        .filter(|name| own_packages().contains_key(name))
        .collect()
}

fn assert_avoids(name: &str, forbidden: &[&str]) {
    let all = all_dependencies(name);
    let found: Vec<_> = forbidden.iter().filter(|it| all.contains(**it)).collect();
    assert!(
        found.is_empty(),
        "{name} brings {found:?}; see who with `cargo tree -p {name} -i <crate>`"
    );
}
