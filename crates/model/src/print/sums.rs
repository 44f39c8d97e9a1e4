//! Curves, tables and points: what is added up.

use super::sheet::{Sheet, bar};
use crate::{Curve, Input, InputType, MissingRule, Model, PairTable, PointsFit, Side, TermsFit};

/// Widest table of a pair, in columns.
const WIDEST: usize = 7;

pub(super) fn terms(sheet: &mut Sheet, model: &Model, fit: &TermsFit, most: usize) {
    sheet.heading("Optelsom (log-odds)", "Sum (log odds)");
    let start = sheet.say("Beginpunt", "Start").to_owned();
    let value = sheet.value(fit.intercept);
    sheet.fact(&start, &value);
    sheet.paragraph(
        "De score is het beginpunt plus wat in elke tabel hieronder staat; de kans is 1 / (1 + exp(-score)). Tussen haken: 95%-interval.",
        "The score is the start plus what each table below says; the probability is 1 / (1 + exp(-score)). In brackets: 95% interval.",
    );
    let largest = fit
        .curves
        .iter()
        .flat_map(|curve| &curve.scores)
        .fold(0.0_f64, |most, score| most.max(score.abs()));
    for (curve, input) in fit.curves.iter().zip(&model.inputs) {
        let heading = sheet.pick(&input.meaning).to_owned();
        sheet.headed(&heading);
        let rows: Vec<Vec<String>> = stretches(curve, input, most)
            .into_iter()
            .map(|steps| line(sheet, curve, input, &steps, largest))
            .collect();
        let headings = [
            sheet.say("Waarde", "Value").to_owned(),
            sheet.say("Telt mee met", "Counts with").to_owned(),
            String::new(),
            String::new(),
        ];
        let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
        sheet.table(&headings, &rows);
    }
    for pair in &fit.pairs {
        table(sheet, model, pair);
    }
}

/// Steps that are shown in one line: neighbours that differ least are taken together until `most` are left.
fn stretches(curve: &Curve, input: &Input, most: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = (0..curve.scores.len()).map(|step| vec![step]).collect();
    let first = usize::from(input.missing == MissingRule::OwnEffect);
    if curve.side.cuts.is_none() {
        return all;
    }
    let ends = |steps: &[usize]| {
        let scores = steps.iter().map(|step| curve.scores[*step]);
        scores.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), score| {
            (low.min(score), high.max(score))
        })
    };
    while all.len() > most.max(first + 1) {
        let spread = |at: &usize| {
            let ((a, b), (c, d)) = (ends(&all[*at]), ends(&all[*at + 1]));
            b.max(d) - a.min(c)
        };
        // The step for missing has no neighbours.
        let Some(at) = (first..all.len() - 1).min_by(|a, b| spread(a).total_cmp(&spread(b))) else {
            break;
        };
        let next = all.remove(at + 1);
        all[at].extend(next);
    }
    all
}

fn line(sheet: &Sheet, curve: &Curve, input: &Input, steps: &[usize], largest: f64) -> Vec<String> {
    let (Some(first), Some(last)) = (steps.first().copied(), steps.last().copied()) else {
        return Vec::new();
    };
    let label = label(sheet, &curve.side, input, first, last);
    let scores = || steps.iter().map(|step| curve.scores[*step]);
    let low = scores().fold(f64::INFINITY, f64::min);
    let high = scores().fold(f64::NEG_INFINITY, f64::max);
    if sheet.signed(low) == sheet.signed(high) {
        let half = 1.96 * curve.standard_errors[first];
        let interval = format!(
            "[{}; {}]",
            sheet.decimal(low - half, 2),
            sheet.decimal(low + half, 2)
        );
        return vec![label, sheet.signed(low), interval, bar(low, largest)];
    }
    let range = format!("{} … {}", sheet.signed(low), sheet.signed(high));
    let middle = f64::midpoint(low, high);
    vec![label, range, String::new(), bar(middle, largest)]
}

/// Names of the steps from `first` to `last`.
fn label(sheet: &Sheet, side: &Side, input: &Input, first: usize, last: usize) -> String {
    let skipped = usize::from(input.missing == MissingRule::OwnEffect);
    if first < skipped {
        return sheet.say("niet bekend", "not known").to_owned();
    }
    if let Some(levels) = &side.levels {
        let name = |level: &String| {
            let category = input.categories.iter().find(|one| one.level == *level);
            let meaning = category.and_then(|one| one.meaning.as_ref());
            meaning.map_or_else(|| level.clone(), |meaning| sheet.pick(meaning).to_owned())
        };
        let here = levels.get(first - skipped..=last - skipped);
        let names: Vec<String> = here
            .unwrap_or_default()
            .iter()
            .flatten()
            .map(name)
            .collect();
        return names.join(", ");
    }
    let cuts = side.cuts.as_deref().unwrap_or_default();
    let from = (first - skipped)
        .checked_sub(1)
        .and_then(|cut| cuts.get(cut));
    let to = cuts.get(last - skipped);
    if input.kind == InputType::Boolean && cuts.len() == 1 {
        return sheet
            .say(
                ["nee", "ja"][usize::from(from.is_some())],
                ["no", "yes"][usize::from(from.is_some())],
            )
            .to_owned();
    }
    match (from, to) {
        (None, None) => sheet.say("elke waarde", "every value").to_owned(),
        (None, Some(to)) => format!("{} {}", sheet.say("onder", "below"), sheet.value(*to)),
        (Some(from), None) => format!("{} {}", sheet.say("vanaf", "from"), sheet.value(*from)),
        (Some(from), Some(to)) => format!("{} – {}", sheet.value(*from), sheet.value(*to)),
    }
}

fn table(sheet: &mut Sheet, model: &Model, pair: &PairTable) {
    let input = |side: &Side| model.inputs.iter().find(|input| input.name == side.input);
    let (Some(first), Some(second)) = (input(&pair.first), input(&pair.second)) else {
        return;
    };
    let heading = format!(
        "{} × {}",
        sheet.pick(&first.meaning),
        sheet.pick(&second.meaning)
    );
    sheet.headed(&heading);
    let across = pair.scores.first().map_or(0, Vec::len);
    let names: Vec<String> = (0..across)
        .map(|step| label(sheet, &pair.second, second, step, step))
        .collect();
    // A wide table goes in parts, each with the names of the rows.
    for part in (0..across).collect::<Vec<usize>>().chunks(WIDEST) {
        let mut headings = vec![String::new()];
        headings.extend(part.iter().map(|step| names[*step].clone()));
        let rows: Vec<Vec<String>> = pair
            .scores
            .iter()
            .enumerate()
            .map(|(step, scores)| {
                let mut row = vec![label(sheet, &pair.first, first, step, step)];
                row.extend(part.iter().map(|at| sheet.decimal(scores[*at], 2)));
                row
            })
            .collect();
        let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
        sheet.table(&headings, &rows);
    }
}

pub(super) fn points(sheet: &mut Sheet, model: &Model, fit: &PointsFit) {
    sheet.heading("Punten", "Points");
    for (part, input) in fit.inputs.iter().zip(&model.inputs) {
        let heading = sheet.pick(&input.meaning).to_owned();
        sheet.headed(&heading);
        let rows: Vec<Vec<String>> = part
            .points
            .iter()
            .enumerate()
            .map(|(step, points)| {
                vec![
                    label(sheet, &part.side, input, step, step),
                    points.to_string(),
                ]
            })
            .collect();
        let headings =
            [sheet.say("Waarde", "Value"), sheet.say("Punten", "Points")].map(str::to_owned);
        let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
        sheet.table(&headings, &rows);
    }
    sheet.heading("Wat het totaal zegt", "What the total says");
    let (start, each) = (sheet.value(fit.intercept), sheet.value(fit.per_point));
    let most = fit.most();
    let said = match sheet.language() {
        crate::Language::Dutch => format!(
            "score = {start} + {each} × totaal (0 tot {most}); de kans is 1 / (1 + exp(-score))."
        ),
        crate::Language::English => format!(
            "score = {start} + {each} × total (0 to {most}); the probability is 1 / (1 + exp(-score))."
        ),
    };
    sheet.paragraph(&said, &said);
}
