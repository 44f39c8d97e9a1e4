//! The curves and tables of explainable boosting, in pictures.

use std::collections::HashMap;

use helder_model::{
    Algorithm, Curve, Input, InputType, Meaning, MissingRule, Model, PairTable, Side, TermsFit,
    interval::TIME,
};
use helder_report::{
    BarChart, HeatMap, IntervalChart, IntervalRow, LineChart, Section, Series, Text, number,
};

use super::text;
use crate::learn::ebm::BoostingSummary;

/// Most curves and most tables drawn; all terms are in the chart of importance, and in the model file.
const MOST_DRAWN: usize = 40;
/// Half a band of 95 % in standard errors.
const HALF_BAND: f64 = 1.96;

/// What every input does, and what some do together.
pub(super) fn terms(model: &Model, summary: &BoostingSummary) -> Option<Section> {
    let Algorithm::ExplainableBoosting(fit) = &model.algorithm else {
        return None;
    };
    let section = Section::new(Text::new("Wat elk gegeven doet", "What each input does")).paragraph(Text::new(
        "De kans is een optelsom. Elk gegeven telt mee zoals zijn lijn laat zien: boven nul verhoogt de kans, onder nul verlaagt de kans. De lichte band om de lijn laat zien hoe zeker dat is (95%).",
        "The probability is a sum. Each input counts as its line shows: above zero raises the probability, below zero lowers it. The light band around the line shows how certain that is (95%).",
    ));
    Some(sum(section, &model.inputs, fit, summary))
}

/// Every term of a sum, the most important first.
pub(super) fn sum(
    section: Section,
    inputs: &[Input],
    fit: &TermsFit,
    summary: &BoostingSummary,
) -> Section {
    let inputs: HashMap<&str, &Input> = inputs
        .iter()
        .map(|input| (input.name.as_str(), input))
        .collect();
    let name = |inputs_of_term: &[String]| {
        let of = |pick: fn(&Meaning) -> &String| {
            let names = inputs_of_term
                .iter()
                .filter_map(|name| inputs.get(name.as_str()));
            names
                .map(|input| pick(&input.meaning).clone())
                .collect::<Vec<_>>()
                .join(" × ")
        };
        Text::new(of(|meaning| &meaning.nl), of(|meaning| &meaning.en))
    };
    let importance = BarChart::new(
        Text::new("Hoe zwaar elk onderdeel telt", "How much each part counts"),
        Text::new("gemiddelde invloed, log-odds", "mean influence, log odds"),
    )
    .bars(
        summary
            .terms
            .iter()
            .map(|term| (name(&term.inputs), term.importance)),
    );
    let mut section = section.chart(importance);
    if fit.bags.is_some() {
        // Of many models the file keeps the deviations of the first only.
        let count = summary.bags;
        section = section.paragraph(Text::new(
            format!(
                "Bij elke voorspelde kans staat een interval. Het model is een gemiddelde van {count} modellen, elk van een ander deel van de rijen, en het interval laat zien hoe ver die uiteenlopen. Het gaat over mensen zoals deze, niet over hoe het één persoon vergaat. Wat alle modellen gladstrijken zit er niet in."
            ),
            format!(
                "Every predicted probability has an interval. The model is a mean of {count} models, each of another part of the rows, and the interval shows how far they lie apart. It is about people like this, not about how one person will fare. What all models smooth away is not in it."
            ),
        ));
    }
    if !summary.silent.is_empty() {
        let names = summary.silent.join(", ");
        section = section.warning(Text::new(
            format!("Deze gegevens zeggen niets, omdat iedereen dezelfde waarde heeft: {names}."),
            format!("These inputs say nothing, because everybody has the same value: {names}."),
        ));
    }
    if let Some(width) = summary.smoothing {
        section = section.paragraph(Text::new(
            format!("De lijnen zijn gladgestreken. Wat smaller is dan ongeveer {width} stappen van de lijn, is weggehaald. Hoe breed dat mocht zijn, is gekozen met rijen waarvan het model niet leerde."),
            format!("The curves were smoothed. What is narrower than about {width} steps of the curve was taken away. How wide that could be was chosen by rows the model did not learn from."),
        ));
    }
    if !summary.left_out.is_empty() {
        let names = summary.left_out.join(", ");
        section = section.paragraph(Text::new(
            format!("Deze gegevens zijn weggelaten, omdat ze niets of minder dan andere zeggen over rijen waarvan het model niet leerde: {names}."),
            format!("These inputs were left out, because they say nothing, or less than others, about rows the model did not learn from: {names}."),
        ));
    }
    for term in summary.terms.iter().take(MOST_DRAWN) {
        if let [input] = term.inputs.as_slice() {
            let curve = fit.curves.iter().find(|curve| curve.side.input == *input);
            if let (Some(curve), Some(input)) = (curve, inputs.get(input.as_str())) {
                section = drawn(section, curve, input);
            }
        } else {
            let pair = fit.pairs.iter().find(|pair| {
                [&pair.first.input, &pair.second.input]
                    .into_iter()
                    .eq(&term.inputs)
            });
            if let Some(pair) = pair {
                let title = name(&term.inputs);
                section = match over_time(pair, &title, &inputs) {
                    Some(chart) => section.chart(chart),
                    None => section.chart(heat(pair, title, &inputs)),
                };
            }
        }
    }
    section
}

/// Lines of a table that would hardly be told apart in one picture are more than these.
const MOST_LINES: usize = 6;

/// What an input adds as time goes on, a line for each of its steps; `None` for pairs without the time and for many steps.
fn over_time(pair: &PairTable, title: &Text, inputs: &HashMap<&str, &Input>) -> Option<LineChart> {
    let is_time = |side: &Side| side.input == TIME;
    let (time, other, is_turned) = match (is_time(&pair.first), is_time(&pair.second)) {
        (true, _) => (&pair.first, &pair.second, true),
        (_, true) => (&pair.second, &pair.first, false),
        _ => return None,
    };
    let names = steps(other, inputs.get(other.input.as_str())?);
    let range = inputs.get(time.input.as_str())?.training_range?;
    if names.len() > MOST_LINES {
        return None;
    }
    let edges: Vec<f64> = [0.0]
        .into_iter()
        .chain(time.cuts.iter().flatten().copied())
        .collect();
    let chart = LineChart::new(title.clone(), Text::new("dagen", "days"), effect());
    Some(
        names
            .into_iter()
            .enumerate()
            .fold(chart, |chart, (line, name)| {
                let score = |step: usize| {
                    let (row, column) = if is_turned {
                        (step, line)
                    } else {
                        (line, step)
                    };
                    pair.scores
                        .get(row)
                        .and_then(|row| row.get(column))
                        .copied()
                        .unwrap_or(0.0)
                };
                let last = [range.maximum, score(edges.len() - 1)];
                let points = edges
                    .iter()
                    .enumerate()
                    .map(|(step, edge)| [*edge, score(step)]);
                chart.series(Series::step(name, points.chain([last])))
            }),
    )
}

fn effect() -> Text {
    Text::new("invloed, log-odds", "influence, log odds")
}

fn drawn(section: Section, curve: &Curve, input: &Input) -> Section {
    let title = text(&input.meaning);
    let has_missing = input.missing == MissingRule::OwnEffect;
    let (Some(cuts), Some(range), true) = (
        &curve.side.cuts,
        input.worked_range(),
        input.kind != InputType::Boolean,
    ) else {
        let rows = steps(&curve.side, input).into_iter();
        let rows = rows.zip(curve.scores.iter().zip(&curve.standard_errors));
        let chart = IntervalChart::new(title, effect()).reference(0.0);
        return section.chart(chart.rows(rows.map(|(label, (score, error))| {
            let half = HALF_BAND * error;
            IntervalRow::new(label, *score, score - half, score + half)
        })));
    };
    let unit = input.worked_unit().unwrap_or_default();
    let axis = Text::same(if unit.is_empty() {
        input.name.as_str()
    } else {
        unit
    });
    let skipped = usize::from(has_missing);
    let edges = [range.minimum].into_iter().chain(cuts.iter().copied());
    let scored = || {
        curve.scores[skipped..]
            .iter()
            .zip(&curve.standard_errors[skipped..])
    };
    let last = scored()
        .next_back()
        .map(|(score, error)| (range.maximum, (score, error)));
    let points: Vec<(f64, (&f64, &f64))> = edges.zip(scored()).chain(last).collect();
    let line = points.iter().map(|(x, (score, _))| [*x, **score]);
    let band = points.iter().map(|(x, (score, error))| {
        let half = HALF_BAND * **error;
        [*x, **score - half, **score + half]
    });
    let series = Series::step(effect(), line).band(band);
    let section = section.chart(LineChart::new(title, axis, effect()).series(series));
    match (has_missing, curve.scores.first()) {
        (true, Some(score)) => {
            let score = number::significant(*score);
            section.paragraph(Text::new(
                format!("Is dit gegeven niet bekend, dan telt het mee met {score}."),
                format!("Where this input is not known it counts with {score}."),
            ))
        }
        _ => section,
    }
}

fn heat(pair: &PairTable, title: Text, inputs: &HashMap<&str, &Input>) -> HeatMap {
    let side = |side: &Side| {
        let input = inputs.get(side.input.as_str());
        input.map_or_else(
            || (Text::same(side.input.clone()), Vec::new()),
            |input| (text(&input.meaning), steps(side, input)),
        )
    };
    HeatMap::new(
        title,
        side(&pair.first),
        side(&pair.second),
        pair.scores.clone(),
    )
}

/// The names of the steps, the one for missing first where there is one.
fn steps(side: &Side, input: &Input) -> Vec<Text> {
    let unknown = || Text::new("niet bekend", "not known");
    let missing = (input.missing == MissingRule::OwnEffect).then(unknown);
    let named: Vec<Text> = match (&side.cuts, &side.levels) {
        (Some(cuts), _) if input.kind == InputType::Boolean && cuts.len() == 1 => {
            vec![Text::new("nee", "no"), Text::new("ja", "yes")]
        }
        (Some(cuts), _) => {
            let shown: Vec<String> = cuts.iter().map(|cut| number::significant(*cut)).collect();
            (0..=shown.len())
                .map(|step| {
                    match (
                        step.checked_sub(1).and_then(|i| shown.get(i)),
                        shown.get(step),
                    ) {
                        (None, None) => Text::new("alle", "all"),
                        (None, Some(high)) => Text::same(format!("< {high}")),
                        (Some(low), None) => Text::same(format!("≥ {low}")),
                        (Some(low), Some(high)) => Text::same(format!("{low} – {high}")),
                    }
                })
                .collect()
        }
        (None, levels) => levels
            .iter()
            .flatten()
            .map(|levels| Text::same(levels.join(", ")))
            .collect(),
    };
    missing.into_iter().chain(named).collect()
}
