//! Trees and rule lists as indented questions.

use super::sheet::Sheet;
use crate::{TreeFit, TreeTest};

pub(super) fn tree(sheet: &mut Sheet, fit: &TreeFit) {
    sheet.heading("Vragen", "Questions");
    let mut rows = Vec::new();
    // Place, depth, and what leads there.
    let mut left: Vec<(usize, usize, String)> = vec![(0, 0, String::new())];
    while let Some((place, depth, way)) = left.pop() {
        let Some(node) = fit.nodes.get(place) else {
            continue;
        };
        let lead = format!("{}{way}", "  ".repeat(depth));
        let Some(split) = &node.split else {
            let ends = format!(
                "[{}; {}]",
                sheet.decimal(node.lower, 3),
                sheet.decimal(node.upper, 3)
            );
            rows.push(vec![
                lead,
                sheet.signed(node.score),
                ends,
                node.rows.to_string(),
            ]);
            continue;
        };
        let asked = match &split.test {
            TreeTest::AtMost(value) => format!("{} ≤ {}", split.input, sheet.value(*value)),
            TreeTest::Above(value) => format!("{} > {}", split.input, sheet.value(*value)),
            TreeTest::OneOf(levels) => format!("{}: {}", split.input, levels.join(", ")),
            TreeTest::Known(true) => {
                format!("{} {}", split.input, sheet.say("bekend", "known"))
            }
            TreeTest::Known(false) => {
                format!("{} {}", split.input, sheet.say("niet bekend", "not known"))
            }
        };
        rows.push(vec![format!("{lead}{asked}?")]);
        let (yes, no) = (
            sheet.say("ja: ", "yes: ").to_owned(),
            sheet.say("nee: ", "no: ").to_owned(),
        );
        left.push((split.second as usize, depth + 1, no));
        left.push((split.first as usize, depth + 1, yes));
    }
    let headings = [
        sheet.say("Vraag", "Question"),
        "log-odds",
        sheet.say("Kans (95%)", "Probability (95%)"),
        sheet.say("Rijen", "Rows"),
    ]
    .map(str::to_owned);
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    sheet.table(&headings, &rows);
}
