//! Counts of similar cases.

use super::{super::fields::Place, terms::side};
use crate::cases::{CaseCell, CaseNode, CaseSplit, SimilarCases, Withheld};

pub(super) fn similar_cases(place: &Place<'_>) -> Option<SimilarCases> {
    let mut fields = place.fields()?;
    let cells = fields.required("cells").and_then(|place| node(&place));
    fields.done();
    Some(SimilarCases { cells: cells? })
}

/// The reader bounds the depth of the whole file, so this ends.
fn node(place: &Place<'_>) -> Option<CaseNode> {
    let mut fields = place.fields()?;
    if fields.optional("parts").is_none() {
        let reasons = [
            ("few", Withheld::Few),
            ("most", Withheld::Most),
            ("protects", Withheld::Protects),
        ];
        let rows = fields.count("rows");
        let events = fields.optional("events").map(|place| place.count());
        let withheld = match fields.optional("withheld") {
            Some(place) => Some(place.one_of(&reasons)?),
            None => None,
        };
        fields.done();
        return Some(CaseNode::Cell(CaseCell {
            rows,
            events,
            withheld,
        }));
    }
    let side = side(&mut fields);
    let unknown_part = fields.optional("unknownPart").map(|place| place.count());
    let parts = fields.list("parts", |place| node(&place));
    fields.done();
    Some(CaseNode::Split(CaseSplit {
        side,
        unknown_part,
        parts: parts.into_iter().collect::<Option<_>>()?,
    }))
}
