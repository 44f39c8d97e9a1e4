//! All faults of a configuration at once.
//!
//! Reading stops at the first fault. So each fault found is mended, by taking the key out or by a value that is good for
//! it, until nothing is left to find. What comes out of a mended configuration is thrown away.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::load::{ConfigError, overlaid, parsed};

/// More faults than this are not looked for.
const MOST: usize = 200;

/// What was found.
#[derive(Debug)]
pub struct Checked<T> {
    /// The settings, when there is no fault.
    pub settings: Option<T>,
    /// Every fault; keys, never values.
    pub faults: Vec<ConfigError>,
}

/// Reads `T` from a table and variables, as [`super::from_parts`] does, and names everything that is wrong.
///
/// * `good` – settings in which every needed key has a value that can be read
pub fn check<T: DeserializeOwned>(
    mut table: Table,
    variables: impl IntoIterator<Item = (String, String)>,
    good: &Table,
) -> Checked<T> {
    let mut faults = overlaid(&mut table, variables);
    while faults.len() < MOST {
        match parsed(table.clone()) {
            Ok(settings) => {
                return Checked {
                    settings: faults.is_empty().then_some(settings),
                    faults,
                };
            }
            Err(fault) => {
                let key = match &fault {
                    ConfigError::Key { key, .. } => key.clone(),
                    _ => String::new(),
                };
                faults.push(fault);
                if !mend(&mut table, good, &path(&key)) {
                    break;
                }
            }
        }
    }
    Checked {
        settings: None,
        faults,
    }
}

/// A step of a path such as `gateway.issuers[0].audience`.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Place(usize),
}

fn path(key: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in key.split('.').filter(|part| !part.is_empty()) {
        let mut pieces = part.split('[');
        if let Some(name) = pieces.next().filter(|name| !name.is_empty()) {
            steps.push(Step::Key(name.to_owned()));
        }
        let places = pieces.filter_map(|piece| piece.trim_end_matches(']').parse().ok());
        steps.extend(places.map(Step::Place));
    }
    steps
}

/// Makes the fault at `path` go away; whether that worked.
fn mend(table: &mut Table, good: &Table, path: &[Step]) -> bool {
    let Some((Step::Key(name), above)) = path.split_last() else {
        // An item of a list that cannot be read: without the whole list the rest can be looked at.
        let list = path
            .iter()
            .rposition(|step| matches!(step, Step::Key(_)))
            .unwrap_or_default();
        return !path.is_empty() && mend(table, good, &path[..=list]);
    };
    let spare = spare(good, path);
    let Some(place) = find(table, above) else {
        // A value stands where a section is asked, or nothing does.
        return !above.is_empty() && mend(table, good, above);
    };
    match spare {
        Some(value) if place.get(name) != Some(&value) => {
            place.insert(name.clone(), value);
            true
        }
        _ => place.remove(name).is_some(),
    }
}

fn find<'t>(table: &'t mut Table, path: &[Step]) -> Option<&'t mut Table> {
    let Some((Step::Key(first), rest)) = path.split_first() else {
        return path.is_empty().then_some(table);
    };
    let mut value = table.get_mut(first)?;
    for step in rest {
        value = match step {
            Step::Key(name) => value.get_mut(name.as_str())?,
            Step::Place(place) => value.get_mut(*place)?,
        };
    }
    value.as_table_mut()
}

fn spare(good: &Table, path: &[Step]) -> Option<Value> {
    let Some((Step::Key(first), rest)) = path.split_first() else {
        return None;
    };
    let mut value = good.get(first)?;
    for step in rest {
        value = match step {
            Step::Key(name) => value.get(name.as_str())?,
            // The one item of a list serves for each.
            Step::Place(_) => value.get(0)?,
        };
    }
    Some(value.clone())
}

#[cfg(test)]
mod tests {
    use super::{super::ServiceSettings, *};

    const GOOD: &str = r#"
        listen = "127.0.0.1:8081"
        store = { url = "sqlite:x.db" }
        objects = { url = "file:objects" }
        keyring = { shelf = "file:keys" }
        identity = { trusted = {} }
    "#;

    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "only reading is tested")]
    struct Door {
        issuers: Vec<Trusted>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading is tested")]
    struct Trusted {
        issuer: String,
        audience: String,
        algorithms: Vec<u8>,
    }

    fn checked(text: &str, variables: &[(&str, &str)]) -> Checked<ServiceSettings> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        check(text.parse().unwrap(), variables, &GOOD.parse().unwrap())
    }

    #[test]
    fn every_fault_is_named_at_once_and_no_value_is_shown() {
        let text = r#"
            listen = "geheim-1"
            workers = "geheim-2"
            lisen = "geheim-3"
            objects = "geheim-4"
            [store]
            uri = "postgres://helder:geheim-5@db/helder"
            [limits]
            json_bytes = -1
            stop_s = "geheim-6"
            [telemetry]
            colour = "geheim-7"
        "#;
        let found = checked(text, &[("HELDER_LISTEN__PORT", "geheim-8")]);
        assert!(found.settings.is_none());
        let said: Vec<_> = found.faults.iter().map(ToString::to_string).collect();
        for key in [
            "key listen:",
            "key listen.port:",
            "key workers:",
            "key lisen:",
            "key objects:",
            "key store.uri:",
            "key store.url:",
            "key keyring",
            "key identity",
            "key limits.json_bytes:",
            "key limits.stop_s:",
            "key telemetry.colour:",
        ] {
            let times = said.iter().filter(|line| line.contains(key)).count();
            assert_eq!(times, 1, "{key} in {said:#?}");
        }
        assert_eq!(said.len(), 12, "{said:#?}");
        assert!(!said.concat().contains("geheim"), "{said:#?}");
    }

    #[test]
    fn good_settings_come_out_and_a_fault_in_a_list_is_found_too() {
        let found = checked(GOOD, &[("HELDER_WORKERS", "3")]);
        assert!(found.faults.is_empty(), "{:?}", found.faults);
        assert_eq!(found.settings.unwrap().workers, 3);

        let text = r#"
            issuers = [
                { issuer = 1, algorithms = [1, "x"] },
                { issuer = "a", audience = "b", algorithms = [1], more = 1 },
            ]
        "#;
        let good = r#"issuers = [{ issuer = "a", audience = "b", algorithms = [] }]"#;
        let found: Checked<Door> = check(text.parse().unwrap(), [], &good.parse().unwrap());
        let said = format!("{:?}", found.faults);
        for key in [
            "issuers[0].issuer",
            "issuers[0].audience",
            "issuers[0].algorithms[1]",
            "issuers[1].more",
        ] {
            assert!(said.contains(key), "{key} in {said}");
        }
    }
}
