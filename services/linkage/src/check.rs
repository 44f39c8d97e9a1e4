//! Turns a request into a run without faults: versions that exist, belong to the project and hold the columns named.

use std::collections::BTreeSet;

use helder_platform::problem::{Problem, Result};
use helder_record_linkage::{
    LinkageSpec,
    spec::{
        Assignment,
        suggest::{Described, suggest},
    },
};
use helder_types::Fault;
use uuid::Uuid;

use crate::{
    runs::Checked,
    versions::{Input, Inputs, Version},
    wire::NewLinkageRun,
};

/// Both sides as ingest describes them; `None` where ingest knows no such version of the caller.
pub(crate) struct Found {
    /// Left.
    pub left: Option<Version>,
    /// Right.
    pub right: Option<Version>,
}

/// Both sides, usable.
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
    pub(crate) fn usable(self, project: Option<Uuid>) -> Result<Usable> {
        let mut faults = Vec::new();
        let left = side("/left", self.left, project, &mut faults);
        let right = side("/right", self.right, project, &mut faults);
        match (left, right) {
            (Some((left, left_columns)), Some((right, right_columns))) if faults.is_empty() => {
                Ok(Usable {
                    inputs: Inputs { left, right },
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
    version: Option<Version>,
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
    /// The suggested specification.
    pub(crate) fn suggestion(&self) -> LinkageSpec {
        suggest(&self.left, &self.right)
    }

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
}

/// The run that `request` asks.
///
/// # Errors
/// 400 with all faults.
pub(crate) fn run(request: NewLinkageRun, found: Found) -> Result<Checked> {
    let usable = found.usable(Some(request.project_id))?;
    let asked = request.spec.is_some();
    let mut spec = request.spec.unwrap_or_else(|| usable.suggestion());
    let mut faults = if asked {
        usable.faults(&spec)
    } else {
        Vec::new()
    };
    if !asked && spec.comparisons.is_empty() && spec.deterministic.is_empty() {
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
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    Ok(Checked {
        project_id: request.project_id,
        left: request.left,
        right: request.right,
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
            right: version(2, &serde_json::json!([])),
        };
        let problem = run(request(&serde_json::Value::Null), found).err().unwrap();
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
        let found = || Found {
            left: version(1, &names),
            right: version(1, &names),
        };
        let spec = serde_json::json!({"comparisons": [{"type": "exact", "name": "x", "column": {"left": "v", "right": "w"}}], "blockingRules": []});
        let problem = run(request(&spec), found()).err().unwrap();
        assert_eq!(
            codes(&problem),
            [
                ("/spec/comparisons/0/column", "unknown-column"),
                ("/spec/blockingRules", "empty"),
                ("/threshold", "out-of-range")
            ]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        let nothing = Found {
            left: version(1, &serde_json::json!([])),
            right: version(1, &serde_json::json!([])),
        };
        let problem = run(request(&serde_json::Value::Null), nothing)
            .err()
            .unwrap();
        assert_eq!(codes(&problem)[0].1, "nothing-in-common");
    }

    #[test]
    fn without_a_specification_the_suggested_one_is_used() {
        let names = serde_json::json!([{"name": "v", "type": "string", "semanticType": "voornamen"}, {"name": "bsn", "semanticType": "bsn"}]);
        let mut asked = request(&serde_json::Value::Null);
        (asked.threshold, asked.one_to_one) = (Some(0.8), Some(false));
        let checked = run(
            asked,
            Found {
                left: version(1, &names),
                right: version(1, &names),
            },
        )
        .unwrap();
        assert_eq!(checked.spec.deterministic[0].left, "bsn_pseudonym");
        assert_eq!(
            (checked.spec.threshold, checked.spec.assignment),
            (0.8, Assignment::OneLeftPerRight)
        );
    }
}
