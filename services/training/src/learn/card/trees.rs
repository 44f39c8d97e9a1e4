//! Decision trees and rule lists as they are used: drawn, and as sentences with what they rest on.

use helder_model::{Algorithm, Input, Meaning, Model, TreeFit};
use helder_report::{Cell, Section, Table, Text, TreeChart, TreeRow, number};

use super::text;
use crate::learn::trees::{RowGroups, TreeSummary, answer};

/// The whole tree or list.
pub(super) fn tree(model: &Model, summary: &TreeSummary) -> Option<Section> {
    let (fit, is_list) = match &model.algorithm {
        Algorithm::DecisionTree(fit) => (fit, false),
        Algorithm::RuleList(fit) => (fit, true),
        _ => return None,
    };
    let (heading, how) = if is_list {
        (
            Text::new("De regels", "The rules"),
            Text::new(
                "Lees de regels van boven naar beneden. De eerste regel die klopt, geeft de kans. Wat niet bekend is, klopt met geen regel, behalve met een regel die zegt: niet bekend.",
                "Read the rules from top to bottom. The first rule that holds gives the probability. What is not known holds for no rule, except one that says: not known.",
            ),
        )
    } else {
        (
            Text::new("De boom", "The tree"),
            Text::new(
                "Begin bovenaan en volg bij elke vraag het antwoord. Waar geen vraag meer komt, staat de kans.",
                "Start at the top and follow the answer to each question. Where no question is left stands the probability.",
            ),
        )
    };
    let (chosen, estimated) = (
        number::count(summary.choosing_rows),
        number::count(summary.estimating_rows),
    );
    let how_often = if summary.groups.is_some() {
        Text::new("ongeveer", "about")
    } else {
        Text::new("minstens", "at least")
    };
    let mut section = Section::new(heading)
        .paragraph(how)
        .paragraph(Text::new(
            format!(
                "De vragen zijn gekozen op {chosen} rijen. De kansen komen van {estimated} andere rijen, die niets kozen. Daardoor lijken ze niet beter dan ze zijn. Het interval bevat de echte kans in {at_least} 95 van de 100 gevallen.",
                at_least = how_often.nl
            ),
            format!(
                "The questions were chosen on {chosen} rows. The probabilities come from {estimated} other rows, which chose nothing, so that they do not look better than they are. The interval holds the true probability in {at_least} 95 of 100 cases.",
                at_least = how_often.en
            ),
        ));
    if let Some(groups) = &summary.groups {
        section = section.paragraph(together(groups));
    }
    section = section.chart(drawn(fit, &model.inputs, is_list));
    if summary.given_up > 0 {
        let count = summary.given_up;
        section = section.warning(Text::new(
            format!(
                "{count} keer is een vraag of regel geschrapt, omdat de andere rijen de gevraagde richting tegenspraken."
            ),
            format!(
                "A question or rule was given up {count} times, because the other rows contradicted the direction that was asked."
            ),
        ));
    }
    Some(section.table(sentences(summary, is_list)))
}

/// What it means that rows belong together.
fn together(groups: &RowGroups) -> Text {
    let RowGroups { column, estimating } = groups;
    let count = estimating.map_or_else(String::new, number::count);
    Text::new(
        format!(
            "Rijen met dezelfde waarde in de kolom `{column}` horen bij elkaar, zoals de rijen van één persoon of één huishouden. Zulke rijen kozen samen, of kozen samen niets. De rijen die niets kozen, hebben {count} verschillende waarden. Rijen die bij elkaar horen, lijken op elkaar en zeggen daarom minder. Het interval is daar breder om."
        ),
        format!(
            "Rows with the same value in the column `{column}` belong together, as rows of one person or one household do. Such rows chose together, or together chose nothing. The rows that chose nothing have {count} different values. Rows that belong together are alike and therefore tell less. The interval is wider for it."
        ),
    )
}

fn drawn(fit: &TreeFit, inputs: &[Input], is_list: bool) -> TreeChart {
    let mut rows = Vec::new();
    let everybody = Meaning::new("iedereen", "everybody");
    // Place, depth, and the answer that leads there; the first way is read first.
    let mut waiting = vec![(0_usize, 0_usize, everybody)];
    while let Some((place, depth, label)) = waiting.pop() {
        let Some(node) = fit.nodes.get(place) else {
            continue;
        };
        let share = 1.0 / (1.0 + (-node.score).exp());
        let row = TreeRow::new(
            depth,
            text(&label),
            share,
            [node.lower, node.upper],
            node.rows,
        );
        rows.push(if node.split.is_some() {
            row
        } else {
            row.leaf()
        });
        let Some(split) = &node.split else { continue };
        // Below a rule stands the rest, at the same depth.
        let below = if is_list { 1 } else { depth + 1 };
        for (next, is_first) in [(split.second, false), (split.first, true)] {
            let label = if is_list && !is_first {
                Meaning::new("anders", "otherwise")
            } else {
                answer(split, inputs, is_first).unwrap_or_else(|| Meaning::new("", ""))
            };
            waiting.push((next as usize, below, label));
        }
    }
    if is_list {
        // What is left after each rule is no line of its own, except the last.
        let last = rows.len() - 1;
        let lines = rows.into_iter().enumerate();
        let kept = lines.filter(|(place, _)| *place == 0 || place % 2 == 1 || *place == last);
        rows = kept.map(|(_, row)| row).collect();
    }
    TreeChart::new(
        Text::new("Vragen en kansen", "Questions and probabilities"),
        Text::new("kans (95%-interval)", "probability (95% interval)"),
        rows,
    )
}

fn sentences(summary: &TreeSummary, is_list: bool) -> Table {
    let leaves = &summary.leaves;
    let mut table = Table::new(Text::new("In woorden", "In words"))
        .column(Text::new("Als", "If"))
        .number(Text::new("Kans", "Probability"))
        .number(Text::new("95%-interval", "95% interval"))
        .number(Text::new("Rijen", "Rows"));
    if let Some(RowGroups { column, .. }) = &summary.groups {
        table = table.number(Text::new(
            format!("Verschillende `{column}`"),
            format!("Different `{column}`"),
        ));
    }
    table = table
        .number(Text::new("Deel van alle rijen", "Share of all rows"))
        .number(Text::new("Met de uitkomst", "With the outcome"));
    for (place, leaf) in leaves.iter().enumerate() {
        let is_last = place + 1 == leaves.len();
        let sentence = match leaf.conditions.last() {
            // Rules before it did not hold; that is what "otherwise" says.
            Some(_) if is_list && is_last => Text::new("anders", "otherwise"),
            Some(condition) if is_list && place == 0 => text(condition),
            Some(condition) if is_list => Text::new(
                format!("anders, als {}", condition.nl),
                format!("otherwise, if {}", condition.en),
            ),
            _ => joined(&leaf.conditions),
        };
        let interval = format!(
            "{} – {}",
            number::percent(leaf.lower, 0),
            number::percent(leaf.upper, 0)
        );
        let mut cells = vec![
            Cell::both(sentence),
            Cell::percent(leaf.probability, 0),
            Cell::text(interval),
            Cell::count(leaf.rows),
        ];
        cells.extend(leaf.groups.map(Cell::count));
        cells.extend([
            Cell::percent(leaf.share, 0),
            leaf.events.map_or_else(
                || {
                    Cell::both(Text::new(
                        "minder dan 10, of alle behalve minder dan 10",
                        "fewer than 10, or all but fewer than 10",
                    ))
                },
                Cell::count,
            ),
        ]);
        table.push(cells);
    }
    table
}

fn joined(conditions: &[Meaning]) -> Text {
    let join = |pick: fn(&Meaning) -> &str, and: &str| {
        let parts: Vec<&str> = conditions.iter().map(pick).collect();
        parts.join(and)
    };
    Text::new(
        join(|meaning| meaning.nl.as_str(), "; en "),
        join(|meaning| meaning.en.as_str(), "; and "),
    )
}
