//! What two versions may be linked on where nobody says so.

use std::collections::BTreeSet;

use helder_platform::problem::Result;
use helder_record_linkage::{
    LinkageSpec, Table,
    spec::suggest::{Described, suggest},
};

use super::{Found, Usable};
use crate::wire::{NewLinkageRun, Truth};

impl Usable {
    /// The suggested specification, from meanings and names of the columns.
    pub(crate) fn suggestion(&self) -> LinkageSpec {
        let by_name = |side: &[Described]| -> Vec<Described> {
            side.iter().cloned().map(Described::by_name).collect()
        };
        suggest(&by_name(&self.left), &by_name(&self.right))
    }

    /// Columns of each side of which no contract says what they mean, and that are not sealed: their values can tell.
    pub(crate) fn unexplained(&self) -> [BTreeSet<&str>; 2] {
        [
            (&self.left, &self.inputs.left),
            (&self.right, &self.inputs.right),
        ]
        .map(|(side, input)| {
            let columns = side.iter().filter(|c| c.semantic_type.is_none());
            columns
                .map(|column| column.name.as_str())
                .filter(|name| input.analysis_columns.contains(*name))
                .collect()
        })
    }

    /// The suggested specification, from meanings, names and some values of the columns: `seen` has those of each side.
    pub(crate) fn suggestion_by_values(&self, seen: &[Table; 2]) -> LinkageSpec {
        let by_values = |side: &[Described], seen: &Table| -> Vec<Described> {
            let columns = side.iter().cloned();
            columns
                .map(|column| match seen.column(&column.name) {
                    Some(values) => column.by_values(values),
                    None => column,
                })
                .collect()
        };
        suggest(
            &by_values(&self.left, &seen[0]),
            &by_values(&self.right, &seen[1]),
        )
    }

    /// Without the columns that judge the links, count them apart or name records: what a suggestion for this run may link on.
    pub(super) fn without_judging(mut self, request: &NewLinkageRun) -> Self {
        let mut judging: BTreeSet<&str> = request.group_by.iter().map(String::as_str).collect();
        if let Some(Truth::Columns { left, right }) = &request.truth {
            judging.extend([left.as_str(), right.as_str()]);
        }
        // A number that its source gave a record says nothing about the person.
        let series = request.incremental.as_ref();
        if let Some(keys) = series.and_then(|of| of.record_keys.as_ref()) {
            judging.extend([keys.column(true), keys.column(false)]);
        }
        for side in [&mut self.left, &mut self.right] {
            side.retain(|column| !judging.contains(column.name.as_str()));
        }
        self
    }
}

/// What a suggestion for the run that `request` asks may link on; `None` where a specification is given, or a run before that has one.
///
/// # Errors
/// 400 with all faults of the versions.
pub(crate) fn to_link_on(request: &NewLinkageRun, found: &Found) -> Result<Option<Usable>> {
    let previous = request.incremental.as_ref().and_then(|of| of.previous);
    if request.spec.is_some() || previous.is_some() {
        return Ok(None);
    }
    let usable = found.usable(Some(request.project_id))?;
    Ok(Some(usable.without_judging(request)))
}
