//! What experts changed, and what that did: for who has to approve it.

use std::collections::BTreeMap;

use helder_fairness::Verdict;
use helder_model::{Algorithm, Curve, Input, InputType, Meaning, MissingRule, Model};
use helder_report::{Cell, LineChart, Section, Series, Table, Text};

use super::text;
use crate::learn::edit::EditEffect;

/// Most curves drawn before and after.
const MOST_DRAWN: usize = 20;

/// Who changed what and why, the figures before and after, and the changed curves.
pub(super) fn edits(model: &Model, effect: &EditEffect) -> Section {
    let mut section = Section::new(Text::new(
        "Wat een deskundige heeft veranderd",
        "What an expert changed",
    ))
    .paragraph(Text::new(
        "Dit model is na het leren met de hand aangepast. Het is daarna opnieuw beoordeeld op dezelfde rijen als het model van vóór de aanpassing.",
        "This model was changed by hand after learning. It was then judged again on the same rows as the model before the change.",
    ));
    section = section.paragraph(Text::new(
        "Een waarde die een deskundige zet, is geteld vanaf het gemiddelde van vóór de aanpassing. Daarna is de lijn weer vanaf haar eigen gemiddelde getekend. Zo'n waarde is niet geschat, dus het interval zegt er niets over.",
        "A value that an expert sets is counted from the mean before the change. After that the curve is drawn from its own mean again. Such a value is not estimated, so the interval says nothing about it.",
    ));
    let mut changes = Table::new(Text::new("Aanpassingen", "Changes"))
        .column(Text::new("Wanneer", "When"))
        .column(Text::new("Wie", "Who"))
        .column(Text::new("Waarom", "Why"))
        .column(Text::new("Wat", "What"));
    let known = inputs_of(model);
    for edit in model.edits() {
        for change in &edit.changes {
            changes.push([
                Cell::text(edit.at.clone()),
                Cell::text(edit.by.clone()),
                Cell::text(edit.reason.clone()),
                Cell::both(text(&change.meaning(&known))),
            ]);
        }
    }
    section = section.table(changes).table(figures(effect));
    if !effect.groups.is_empty() {
        section = section.table(groups(effect));
    }
    let [was, is] = effect.verdict;
    section = section.paragraph(Text::new(
        format!(
            "Eerlijkheid, oordeel over alle groepen: eerst {}, nu {}.",
            verdict(was).nl,
            verdict(is).nl
        ),
        format!(
            "Fairness, judgement over all groups: {} before, {} now.",
            verdict(was).en,
            verdict(is).en
        ),
    ));
    let last = model.edits().last();
    for former in last
        .iter()
        .flat_map(|edit| &edit.former.curves)
        .take(MOST_DRAWN)
    {
        if let Some(chart) = beside(model, &former.was) {
            section = section.chart(chart);
        }
    }
    section
}

/// The inputs that the words of edits are about: those of now and those that were removed.
fn inputs_of(model: &Model) -> Vec<Input> {
    let removed = model.edits().iter().flat_map(|edit| &edit.former.inputs);
    model
        .inputs
        .iter()
        .chain(removed.map(|placed| &placed.was))
        .cloned()
        .collect()
}

fn figures(effect: &EditEffect) -> Table {
    let mut table = Table::new(Text::new(
        "Cijfers voor en na de laatste aanpassing",
        "Figures before and after the last change",
    ))
    .column(Text::new("Maat", "Measure"))
    .number(Text::new("Voor", "Before"))
    .number(Text::new("Na", "After"))
    .number(Text::new("Verschil", "Difference"));
    for figure in &effect.figures {
        table.push([
            Cell::both(measure(&figure.name)),
            Cell::number(figure.before, 4),
            Cell::number(figure.after, 4),
            Cell::number(figure.after - figure.before, 4),
        ]);
    }
    table
}

fn measure(name: &str) -> Text {
    match name {
        "auc" => Text::new("Onderscheid (AUC)", "Discrimination (AUC)"),
        "averagePrecision" => Text::new("Gemiddelde precisie", "Average precision"),
        "logLoss" => Text::new("Logaritmisch verlies", "Log loss"),
        "brier" => Text::new("Brier-score", "Brier score"),
        "calibrationIntercept" => Text::new(
            "Kalibratie: niveau (0 is goed)",
            "Calibration: intercept (0 is right)",
        ),
        "calibrationSlope" => Text::new(
            "Kalibratie: helling (1 is goed)",
            "Calibration: slope (1 is right)",
        ),
        other => Text::same(other.to_owned()),
    }
}

fn groups(effect: &EditEffect) -> Table {
    let mut table = Table::new(Text::new(
        "Per groep: voor → na de laatste aanpassing",
        "Per group: before → after the last change",
    ))
    .column(Text::new("Groep", "Group"))
    .number(Text::new("Rijen", "Rows"))
    .number(Text::new("Gekozen", "Picked"))
    .number(Text::new("Terecht gevonden", "Found rightly"))
    .number(Text::new("Ten onrechte gekozen", "Picked wrongly"))
    .number(Text::new("Precisie", "Precision"))
    .number(Text::new("Gemiddelde kans", "Mean probability"));
    for group in &effect.groups {
        let pair = |of: [Option<f64>; 2]| match of {
            [Some(was), Some(is)] => {
                let shown = |value| helder_report::number::decimal(value, 3);
                Cell::text(format!("{} → {}", shown(was), shown(is)))
            }
            _ => Cell::none(),
        };
        table.push([
            Cell::text(format!("{} = {}", group.sensitive_feature, group.group)),
            group
                .rows
                .map_or_else(Cell::none, |rows| Cell::count(rows as u64)),
            pair(group.selection_rate),
            pair(group.true_positive_rate),
            pair(group.false_positive_rate),
            pair(group.precision),
            pair(group.mean_score),
        ]);
    }
    table
}

fn verdict(of: Verdict) -> Meaning {
    match of {
        Verdict::WithinBound => Meaning::new("binnen de grens", "within the bound"),
        Verdict::OutsideBound => Meaning::new("buiten de grens", "outside the bound"),
        Verdict::NotEnoughData => Meaning::new("te weinig gegevens", "not enough data"),
    }
}

/// A curve of numbers as it was and as it is.
fn beside(model: &Model, was: &Curve) -> Option<LineChart> {
    let Algorithm::ExplainableBoosting(fit) = &model.algorithm else {
        return None;
    };
    let place = fit
        .curves
        .iter()
        .position(|curve| curve.side.input == was.side.input)?;
    let input = &model.inputs[place];
    let range = input.worked_range()?;
    if input.kind == InputType::Boolean {
        return None;
    }
    let skipped = usize::from(input.missing == MissingRule::OwnEffect);
    let shift = shift(was, &fit.curves[place], skipped);
    let line = |curve: &Curve, label: Text, shift: f64| {
        let cuts = curve.side.cuts.iter().flatten().copied();
        let scores = &curve.scores[skipped..];
        let edges = [range.minimum].into_iter().chain(cuts);
        let last = scores.last().map(|score| [range.maximum, *score]);
        let points = edges.zip(scores).map(|(x, score)| [x, *score]).chain(last);
        let seen = points.filter(|[x, _]| *x <= range.maximum);
        Series::step(label, seen.map(|[x, score]| [x, score + shift]))
    };
    let unit = input.worked_unit().unwrap_or(&input.name).to_owned();
    let before = Text::new("voor de aanpassing", "before the change");
    let after = Text::new(
        "na de aanpassing, vanaf hetzelfde gemiddelde",
        "after the change, from the same mean",
    );
    Some(
        LineChart::new(
            text(&input.meaning),
            Text::same(unit),
            Text::new("invloed, log-odds", "influence, log odds"),
        )
        .series(line(was, before, 0.0))
        .series(line(&fit.curves[place], after, shift)),
    )
}

/// What the intercept took over from this curve: the difference that most steps share, since those that nobody changed moved by that.
fn shift(was: &Curve, is: &Curve, skipped: usize) -> f64 {
    let (Some(before), Some(after)) = (&was.side.cuts, &is.side.cuts) else {
        return 0.0;
    };
    let mut found: BTreeMap<i64, (usize, f64)> = BTreeMap::new();
    let lower = [f64::NEG_INFINITY].into_iter().chain(after.iter().copied());
    for (x, score) in lower.zip(&is.scores[skipped..]) {
        let step = skipped + before.partition_point(|cut| *cut <= x);
        let moved = was.scores.get(step).map_or(0.0, |was| was - score);
        // Equal but for rounding.
        let seen = found.entry((moved * 1e9).round() as i64).or_default();
        *seen = (seen.0 + 1, moved);
    }
    let most = found.into_values().max_by_key(|(times, _)| *times);
    most.map_or(0.0, |(_, moved)| moved)
}
