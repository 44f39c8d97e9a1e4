//! Turns a request into a run without faults: versions that exist, belong to the project and hold the columns named.

mod suggestion;

pub(crate) use suggestion::to_link_on;

use std::collections::BTreeSet;

use helder_platform::problem::{Problem, Result};
use helder_record_linkage::{
    LinkageSpec,
    spec::{Assignment, suggest::Described},
};
use helder_types::{Fault, SemanticType};
use uuid::Uuid;

use crate::{
    follow::{Previous, Wanted},
    runs::Checked,
    versions::{Asked, Input, Inputs, Labels, Version},
    wire::{NewLinkageRun, Truth},
};

/// Most columns by which links are counted apart.
const MOST_COLUMNS: usize = 5;
/// Longest name of a derived dataset.
const LONGEST_NAME: usize = 200;

/// Both sides as ingest describes them; `None` where ingest knows no such version of the caller.
pub(crate) struct Found {
    /// Left.
    pub left: Option<Version>,
    /// Right; `None` within one version too.
    pub right: Option<Version>,
    /// Whether both are one version.
    pub is_within: bool,
    /// The version with labelled pairs, where one is asked.
    pub truth: Option<Version>,
    /// The run before, where one is named and known.
    pub previous: Option<Previous>,
}

/// Both sides, usable.
#[derive(Clone)]
pub(crate) struct Usable {
    /// Parts and columns.
    pub inputs: Inputs,
    left: Vec<Described>,
    right: Vec<Described>,
}

impl Found {
    /// Both inputs, when both versions exist, are read, and belong to `project` (where one is asked).
    ///
    /// # Errors
    /// 400 with all faults.
    pub(crate) fn usable(&self, project: Option<Uuid>) -> Result<Usable> {
        let mut faults = Vec::new();
        let left = side("/left", self.left.as_ref(), project, &mut faults);
        let right = if self.is_within {
            left.clone()
        } else {
            side("/right", self.right.as_ref(), project, &mut faults)
        };
        match (left, right) {
            (Some((left, left_columns)), Some((right, right_columns))) if faults.is_empty() => {
                Ok(Usable {
                    inputs: Inputs {
                        left,
                        right,
                        is_within: self.is_within,
                        asked: Asked::default(),
                    },
                    left: left_columns,
                    right: right_columns,
                })
            }
            _ => Err(Problem::invalid(faults)),
        }
    }
}

fn side(
    pointer: &str,
    version: Option<&Version>,
    project: Option<Uuid>,
    faults: &mut Vec<Fault>,
) -> Option<(Input, Vec<Described>)> {
    let mut fault = |code: &str, detail: &str| faults.push(Fault::new(pointer, code, detail));
    let Some(version) = version else {
        fault(
            "unknown-dataset-version",
            "there is no such dataset version",
        );
        return None;
    };
    if project.is_some_and(|project| project != version.project_id) {
        fault(
            "other-project",
            "the dataset version belongs to another project",
        );
    }
    let input = version.input();
    if input.is_none() {
        fault(
            "not-ready",
            "the dataset version has not been read yet; wait for its job",
        );
    }
    input
}

impl Usable {
    /// All faults of a specification over these two versions, with pointers under `/spec`.
    pub(crate) fn faults(&self, spec: &LinkageSpec) -> Vec<Fault> {
        let (left, right): (BTreeSet<String>, BTreeSet<String>) =
            (self.inputs.left.columns(), self.inputs.right.columns());
        let mut faults = spec.faults(&left, &right);
        for fault in &mut faults {
            fault.pointer.insert_str(0, "/spec");
        }
        faults
    }

    /// Faults of the columns by which links are to be counted apart. A column that identifies would show names in a report.
    fn group_faults(&self, names: &[String]) -> Vec<Fault> {
        let mut faults = Vec::new();
        if names.len() > MOST_COLUMNS {
            let detail = format!("at most {MOST_COLUMNS} columns");
            faults.push(Fault::new("/groupBy", "too-many", detail));
        }
        for (at, name) in names.iter().enumerate() {
            let described = self.left.iter().chain(&self.right);
            let mut found = described.filter(|column| column.name == *name).peekable();
            let (code, detail) = if found.peek().is_none() {
                ("unknown-column", "neither version has this column")
            } else if found.any(|column| {
                column.semantic_type.is_some_and(|meaning| {
                    meaning.identifies_directly() || meaning == SemanticType::Bsn
                })
            }) {
                ("identifying", "the values of this column identify people")
            } else {
                continue;
            };
            faults.push(Fault::new(format!("/groupBy/{at}"), code, detail));
        }
        faults
    }

    /// Where labels are read; faults with pointers under `/truth`.
    fn labels(
        &self,
        truth: Truth,
        spec: &LinkageSpec,
        (version, project): (Option<Version>, Uuid),
        faults: &mut Vec<Fault>,
    ) -> Option<Labels> {
        let mut missing = |pointer: &str, name: &str, columns: &BTreeSet<String>| {
            if !columns.contains(name) {
                let detail = "the version has no such column that linkage may read";
                faults.push(Fault::new(pointer, "unknown-column", detail));
            }
        };
        match truth {
            Truth::Columns { left, right } => {
                missing("/truth/left", &left, &self.inputs.left.columns());
                missing("/truth/right", &right, &self.inputs.right.columns());
                for (pointer, name, is_left) in [
                    ("/truth/left", &left, true),
                    ("/truth/right", &right, false),
                ] {
                    if crate::parts::named(spec, is_left).contains(name.as_str()) {
                        let detail = "the specification links on this column, so it cannot judge";
                        faults.push(Fault::new(pointer, "truth-is-compared", detail));
                    }
                }
                Some(Labels::Columns { left, right })
            }
            Truth::Pairs {
                left, right, same, ..
            } => {
                let (input, _) = side("/truth/version", version.as_ref(), Some(project), faults)?;
                let known = input.columns();
                for (pointer, name) in [
                    ("/truth/left", Some(&left)),
                    ("/truth/right", Some(&right)),
                    ("/truth/same", same.as_ref()),
                ] {
                    if name.is_some_and(|name| !known.contains(name)) {
                        let detail = "the version with labels has no such column";
                        faults.push(Fault::new(pointer, "unknown-column", detail));
                    }
                }
                Some(Labels::Pairs {
                    input: Box::new(input),
                    left,
                    right,
                    same,
                })
            }
        }
    }
}

/// The run that `request` asks. Where it names no specification and follows no run it links on `suggested`, or without that on what
/// contracts and names of columns suggest.
///
/// # Errors
/// 400 with all faults.
pub(crate) fn run(
    request: NewLinkageRun,
    mut found: Found,
    suggested: Option<LinkageSpec>,
) -> Result<Checked> {
    let labelled = (found.truth.take(), request.project_id);
    let (previous, versions) = (
        found.previous.take(),
        [found.left.clone(), found.right.clone()],
    );
    let mut usable = found.usable(Some(request.project_id))?;
    let known = previous.as_ref().map(Previous::spec);
    let asked = request.spec.as_ref().or(known).cloned();
    let is_asked = asked.is_some();
    let by_name = || usable.clone().without_judging(&request).suggestion();
    let mut spec = asked.or(suggested).unwrap_or_else(by_name);
    let mut faults = Vec::new();
    if is_asked {
        faults = usable.faults(&spec);
    } else if spec.comparisons.is_empty() && spec.deterministic.is_empty() {
        faults.push(Fault::new(
            "/spec",
            "nothing-in-common",
            "the versions share no column to link on; give a specification",
        ));
    }
    if let Some(threshold) = request.threshold {
        if !(threshold > 0.0 && threshold < 1.0) {
            faults.push(Fault::new(
                "/threshold",
                "out-of-range",
                "a probability between 0 and 1, both excluded",
            ));
        }
        spec.threshold = threshold;
    }
    match request.one_to_one {
        Some(true) => spec.assignment = Assignment::OneToOne,
        Some(false) => spec.assignment = Assignment::OneLeftPerRight,
        None => {}
    }
    faults.extend(usable.group_faults(&request.group_by));
    let mut labels = None;
    if let Some(truth) = request.truth {
        labels = usable.labels(truth, &spec, labelled, &mut faults);
    }
    if let Some(name) = &request.dataset_name
        && (name.trim().is_empty() || name.chars().count() > LONGEST_NAME)
    {
        let detail = format!("a name of 1 to {LONGEST_NAME} characters");
        faults.push(Fault::new("/datasetName", "length", detail));
    }
    let series = request.incremental.as_ref().map(|asked| Wanted {
        project: request.project_id,
        asked,
        inputs: &usable.inputs,
        versions: [versions[0].as_ref(), versions[1].as_ref()],
        previous: previous.as_ref(),
    });
    if let Some(series) = &series {
        faults.extend(series.faults(&spec));
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let follow = series.map(|series| series.follow(&spec)).transpose()?;
    let right = request.right.unwrap_or(request.left);
    let mut parents = vec![request.left, right];
    parents.dedup();
    usable.inputs.asked = Asked {
        group_by: request.group_by,
        truth: labels,
        dataset_name: request.dataset_name,
        parents,
        follow,
    };
    Ok(Checked {
        project_id: request.project_id,
        left: request.left,
        right,
        spec,
        inputs: usable.inputs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(project: u128, fields: &serde_json::Value) -> Option<Version> {
        let digest = helder_types::Digest::of(b"x");
        serde_json::from_value(serde_json::json!({
            "id": Uuid::nil(), "projectId": Uuid::from_u128(project), "contract": {"fields": fields},
            "parts": {"analysis": {"digest": digest}, "identity": {"digest": digest}}
        }))
        .unwrap()
    }

    /// The same columns on both sides.
    fn both(version: Option<Version>) -> Found {
        Found {
            left: version.clone(),
            right: version,
            is_within: false,
            truth: None,
            previous: None,
        }
    }

    fn request(spec: &serde_json::Value) -> NewLinkageRun {
        serde_json::from_value(serde_json::json!({
            "projectId": Uuid::from_u128(1), "left": Uuid::nil(), "right": Uuid::nil(), "spec": spec, "threshold": 1.5
        }))
        .unwrap()
    }

    fn codes(problem: &Problem) -> Vec<(String, String)> {
        problem
            .faults()
            .iter()
            .map(|fault| (fault.pointer.clone(), fault.code.clone()))
            .collect()
    }

    #[test]
    fn both_sides_are_checked_at_once() {
        let found = Found {
            left: None,
            ..both(version(2, &serde_json::json!([])))
        };
        let problem = run(request(&serde_json::Value::Null), found, None)
            .err()
            .unwrap();
        assert_eq!(
            codes(&problem),
            [
                ("/left", "unknown-dataset-version"),
                ("/right", "other-project")
            ]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
    }

    #[test]
    fn faults_of_the_specification_come_with_the_others() {
        let names =
            serde_json::json!([{"name": "v", "type": "string", "semanticType": "voornamen"}]);
        let found = || both(version(1, &names));
        let spec = serde_json::json!({"comparisons": [{"type": "exact", "name": "x", "column": {"left": "v", "right": "w"}}], "blockingRules": []});
        let problem = run(request(&spec), found(), None).err().unwrap();
        assert_eq!(
            codes(&problem),
            [
                ("/spec/comparisons/0/column", "unknown-column"),
                ("/spec/blockingRules", "empty"),
                ("/threshold", "out-of-range")
            ]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        let nothing = both(version(1, &serde_json::json!([])));
        let problem = run(request(&serde_json::Value::Null), nothing, None)
            .err()
            .unwrap();
        assert_eq!(codes(&problem)[0].1, "nothing-in-common");
    }

    #[test]
    fn without_a_specification_the_suggested_one_is_used() {
        let names = serde_json::json!([{"name": "v", "type": "string", "semanticType": "voornamen"}, {"name": "bsn", "semanticType": "bsn"}]);
        let mut asked = request(&serde_json::Value::Null);
        (asked.threshold, asked.one_to_one) = (Some(0.8), Some(false));
        let checked = run(asked, both(version(1, &names)), None).unwrap();
        assert_eq!(checked.spec.deterministic[0].left, "bsn_pseudonym");
        assert_eq!(
            (checked.spec.threshold, checked.spec.assignment),
            (0.8, Assignment::OneLeftPerRight)
        );
    }

    #[test]
    fn labels_and_groups_are_columns_that_may_be_read_and_shown() {
        let columns = serde_json::json!([
            {"name": "v", "type": "string", "semanticType": "voornamen"},
            {"name": "person", "type": "string"}, {"name": "wijk", "type": "string"}
        ]);
        let asked = |group_by: &[&str], truth: serde_json::Value| -> NewLinkageRun {
            serde_json::from_value(serde_json::json!({
                "projectId": Uuid::from_u128(1), "left": Uuid::nil(), "groupBy": group_by, "truth": truth,
                "spec": {"comparisons": [{"type": "givenNames", "name": "v", "column": {"left": "v", "right": "v"}}],
                    "blockingRules": [{"keys": [{"comparison": "v", "key": "first"}]}]}
            }))
            .unwrap()
        };
        let labels = serde_json::json!({"by": "columns", "left": "person", "right": "person"});
        let within = || Found {
            is_within: true,
            right: None,
            ..both(version(1, &columns))
        };
        let checked = run(asked(&["wijk"], labels), within(), None).unwrap();
        assert!(checked.inputs.is_within && checked.right == checked.left);
        assert_eq!(checked.inputs.besides(true), ["wijk", "person"]);
        let labels = serde_json::json!({"by": "columns", "left": "v", "right": "x"});
        let problem = run(asked(&["v", "y"], labels), within(), None)
            .err()
            .unwrap();
        assert_eq!(
            codes(&problem),
            [
                ("/groupBy/0", "identifying"),
                ("/groupBy/1", "unknown-column"),
                ("/truth/right", "unknown-column"),
                ("/truth/left", "truth-is-compared")
            ]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        let labels =
            serde_json::json!({"by": "pairs", "version": Uuid::nil(), "left": "a", "right": "b"});
        let problem = run(asked(&[], labels), within(), None).err().unwrap();
        assert_eq!(codes(&problem)[0].0, "/truth/version");
    }
}
