//! Trees and rule lists.

use super::Place;
use crate::{TreeFit, TreeNode, TreeSplit, TreeTest, Way, read::fields::Fields};

pub(super) fn fit(place: &Place<'_>) -> Option<TreeFit> {
    let mut fields = place.fields()?;
    let nodes = fields.list("nodes", |place| node(&place));
    fields.done();
    Some(TreeFit {
        nodes: nodes.into_iter().collect::<Option<_>>()?,
    })
}

fn node(place: &Place<'_>) -> Option<TreeNode> {
    let mut fields = place.fields()?;
    let score = fields.number("score");
    let rows = fields.count("rows");
    let lower = fields.number("lower");
    let upper = fields.number("upper");
    let split = fields.optional("split").map(|place| split(&place));
    fields.done();
    Some(TreeNode {
        score,
        rows,
        lower,
        upper,
        split: match split {
            Some(split) => Some(split?),
            None => None,
        },
    })
}

fn split(place: &Place<'_>) -> Option<TreeSplit> {
    let mut fields = place.fields()?;
    let input = fields.text("input");
    let test = test(place, &mut fields);
    let ways = [("first", Way::First), ("second", Way::Second)];
    let missing = fields
        .required("missing")
        .and_then(|place| place.one_of(&ways));
    let split = TreeSplit {
        input,
        test: test?,
        missing: missing?,
        first: fields.count("first"),
        second: fields.count("second"),
    };
    fields.done();
    Some(split)
}

fn test(place: &Place<'_>, fields: &mut Fields<'_>) -> Option<TreeTest> {
    let at_most = fields.optional("atMost");
    let above = fields.optional("above");
    let one_of = fields.optional("oneOf");
    let known = fields.optional("known");
    match (at_most, above, one_of, known) {
        (Some(cut), None, None, None) => Some(TreeTest::AtMost(cut.number())),
        (None, Some(cut), None, None) => Some(TreeTest::Above(cut.number())),
        (None, None, Some(levels), None) => {
            Some(TreeTest::OneOf(levels.list(|level| level.text())))
        }
        (None, None, None, Some(known)) => known.boolean().map(TreeTest::Known),
        _ => {
            place.fault(
                "missing-field",
                "one of atMost, above, oneOf and known, and no other",
            );
            None
        }
    }
}
