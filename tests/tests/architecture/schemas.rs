//! Names in the OpenAPI documents.

use std::{collections::BTreeMap, fs};

use crate::workspace::{files, relative};

/// Two types of one name become one schema, and the document then describes one of them wrongly.
#[test]
fn no_two_types_of_a_service_share_a_schema_name() {
    let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
    for path in files(&["rs"]) {
        let path_text = relative(&path);
        let Some((crate_folder, _)) = path_text.split_once("/src/") else {
            continue;
        };
        for name in schema_names(&fs::read_to_string(&path).unwrap()) {
            let key = (crate_folder.to_owned(), name);
            if let Some(other) = seen.insert(key.clone(), path_text.clone()) {
                panic!(
                    "{} in {other} and in {path_text}: rename one of them",
                    key.1
                );
            }
        }
    }
    assert!(seen.len() > 50, "types with a schema are found");
}

/// Names of the types that derive `ToSchema`; a renamed one (`schema(as = …)`) counts by its new name.
fn schema_names(text: &str) -> Vec<String> {
    text.split("ToSchema")
        .skip(1)
        .filter_map(|rest| {
            let item = ["struct ", "enum "]
                .iter()
                .filter_map(|keyword| rest.find(keyword).map(|at| (at, at + keyword.len())))
                .min()?;
            let between = &rest[..item.0];
            let derived = between.contains(")]") && !between.contains(';');
            let name = between
                .split("schema(as = ")
                .nth(1)
                .unwrap_or(&rest[item.1..]);
            derived.then(|| {
                name.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect()
            })
        })
        .collect()
}

#[test]
fn derived_schemas_are_found_by_name() {
    let text = "use utoipa::ToSchema;\n#[derive(Debug, ToSchema)]\n#[serde(x)]\npub struct One {\n}\n\
                #[derive(ToSchema)]\n#[schema(as = Other)]\nenum Two {}\n";
    assert_eq!(schema_names(text), ["One", "Other"]);
}
