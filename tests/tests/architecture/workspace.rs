//! The build graph and the folders, read once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The services that own data; each is named as in its public path.
pub(crate) const SERVICES: [&str; 5] = ["ingest", "linkage", "training", "registry", "prediction"];

/// The workspace as cargo resolves it on this platform.
pub(crate) static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(vec![
            "--locked".into(),
            "--offline".into(),
            format!("--filter-platform={}", host()),
        ])
        .exec()
        .unwrap()
});

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Target triple of the compiler that builds these tests.
fn host() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc).arg("-vV").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    line.unwrap().to_owned()
}

/// Own packages by name.
pub(crate) fn own_packages() -> BTreeMap<&'static str, &'static Package> {
    let packages = METADATA.workspace_packages();
    packages
        .into_iter()
        .map(|package| (package.name.as_str(), package))
        .collect()
}

/// Names of the packages that `package` names in `[dependencies]`, and of its build scripts.
pub(crate) fn direct_dependencies(package: &Package) -> BTreeSet<&str> {
    let shipped = package
        .dependencies
        .iter()
        .filter(|it| it.kind != DependencyKind::Development);
    shipped.map(|dependency| dependency.name.as_str()).collect()
}

/// Names of all packages that end up in a program that uses `name` alone, itself excluded.
///
/// `cargo tree` on one package resolves features for that package; the metadata above mixes those of the workspace.
pub(crate) fn all_dependencies(name: &str) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let arguments = [
        "tree",
        "--locked",
        "--offline",
        "--edges=normal",
        "--prefix=none",
        "--package",
        name,
    ];
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    let names = lines.lines().filter_map(|line| line.split(' ').next());
    names
        .filter(|it| !it.is_empty() && *it != name)
        .map(str::to_owned)
        .collect()
}

/// Own source and text files with one of these extensions, without generated folders.
pub(crate) fn files(extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                let skip = matches!(name, "target" | "node_modules")
                    || name.starts_with('.') && name != ".ci";
                if !skip {
                    open.push(path);
                }
            } else if extensions
                .iter()
                .any(|it| path.extension().is_some_and(|own| own == *it))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// `path` as seen from the workspace.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}
