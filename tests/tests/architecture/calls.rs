//! Who may call whom. The allowed arrows are the ones in `docs/architecture.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::workspace::{SERVICES, files, own_packages, relative, root};

/// The arrows between services as the architecture page lists them.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let arrows = page.lines().filter_map(|line| line.split_once(" → "));
    arrows
        .map(|(from, to)| (from.trim(), to))
        .filter(|(from, _)| SERVICES.contains(from))
        .map(|(from, to)| {
            let targets = to.split(',').map(str::trim).filter(|it| *it != "nobody");
            (from.to_owned(), targets.map(str::to_owned).collect())
        })
        .collect()
}

/// Services that the source of `service` calls, outside its tests, with the file that does.
///
/// There are two ways to call: `Peers::peer("<name>")`, and `purpose::require`, which asks the registry.
fn called_by(service: &str) -> BTreeMap<String, String> {
    let name = format!("helder-{service}");
    let folder = own_packages()[name.as_str()]
        .manifest_path
        .parent()
        .unwrap()
        .join("src");
    let mut called = BTreeMap::new();
    for path in files(&["rs"])
        .into_iter()
        .filter(|path| path.starts_with(&folder))
    {
        let place = relative(&path);
        if place.contains("/tests") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("mod tests {").next().unwrap_or_default();
        if code.contains("purpose::require") {
            called.insert("registry".to_owned(), place.clone());
        }
        for call in code.split(".peer(").skip(1) {
            let peer = call
                .trim_start()
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next());
            let peer = peer.unwrap_or_else(|| panic!("{place}: name the peer as a literal"));
            called.insert(peer.to_owned(), place.clone());
        }
    }
    called
}

#[test]
fn the_arrows_between_services_form_no_cycle() {
    let arrows = allowed();
    assert_eq!(
        arrows.len(),
        SERVICES.len(),
        "every service has a line: {arrows:?}"
    );
    let mut settled = BTreeSet::new();
    while settled.len() < arrows.len() {
        let next = arrows
            .iter()
            .find(|(from, to)| !settled.contains(*from) && to.is_subset(&settled));
        let Some((from, _)) = next else {
            panic!("a cycle among the services that are not in {settled:?}");
        };
        settled.insert(from.clone());
    }
}

#[test]
fn services_call_only_along_the_arrows() {
    let arrows = allowed();
    for service in SERVICES {
        for (other, place) in called_by(service) {
            assert!(
                arrows[service].contains(&other),
                "{service} calls {other} in {place}"
            );
        }
    }
}

#[test]
fn the_calls_in_the_code_are_found() {
    // Were the way to call to change, the tests above would pass without looking at anything.
    assert!(called_by("prediction").contains_key("registry"));
    assert!(called_by("linkage").contains_key("ingest"));
}

#[test]
fn registry_calls_nobody() {
    assert_eq!(allowed()["registry"], BTreeSet::new());
    assert_eq!(called_by("registry"), BTreeMap::new());
}
