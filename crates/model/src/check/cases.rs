//! Counts of similar cases: cells of at least ten rows, counts of events of at least ten.

use super::Check;
use crate::{
    Kind, Model,
    cases::{CaseCell, CaseNode, SMALLEST_CELL},
};

impl Check {
    pub(super) fn similar_cases(&mut self, model: &Model) {
        let Some(cases) = &model.similar_cases else {
            return;
        };
        self.that(
            model.kind == Kind::BinaryClassification,
            "/similarCases",
            "wrong-kind",
            "only a binary_classification has cases with and without the event",
        );
        self.node("/similarCases/cells", &cases.cells, model);
    }

    fn node(&mut self, at: &str, node: &CaseNode, model: &Model) {
        let split = match node {
            CaseNode::Cell(cell) => return self.cell(at, cell),
            CaseNode::Split(split) => split,
        };
        let place = |name: &str| model.inputs.iter().find(|input| input.name == name);
        let Some(input) = place(&split.side.input) else {
            return self.that(
                false,
                format!("{at}/input"),
                "unknown-input",
                "this names an input",
            );
        };
        self.side(at, &split.side, input);
        let steps = split.side.steps() as u64;
        let parts = split.parts.len() as u64;
        let holds = match split.unknown_part {
            Some(own) if own == steps => parts == steps + 1,
            Some(shared) => shared < steps && parts == steps,
            None => parts == steps,
        };
        self.that(
            holds && parts > 0,
            format!("{at}/parts"),
            "wrong-size",
            "a part for every step, and one for unknown values where unknownPart says so",
        );
        for (place, part) in split.parts.iter().enumerate() {
            self.node(&format!("{at}/parts/{place}"), part, model);
        }
    }

    fn cell(&mut self, at: &str, cell: &CaseCell) {
        self.that(
            cell.rows >= SMALLEST_CELL,
            format!("{at}/rows"),
            "small-cell",
            "a cell has at least 10 rows",
        );
        let is_told = cell.events.is_some();
        self.that(
            is_told != cell.withheld.is_some(),
            format!("{at}/withheld"),
            "wrong-kind",
            "either the events are told, or why they are not",
        );
        let events = cell.events.unwrap_or(SMALLEST_CELL);
        let others = cell.rows.checked_sub(events);
        self.that(
            !is_told
                || (events >= SMALLEST_CELL && others.is_some_and(|rest| rest >= SMALLEST_CELL)),
            format!("{at}/events"),
            "small-cell",
            "at least 10 with the event and at least 10 without, else it is not told",
        );
    }
}
