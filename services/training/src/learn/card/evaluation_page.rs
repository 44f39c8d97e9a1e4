//! `evaluation.html`: everything known about how good the model is, for whoever must judge it.

mod data;

use helder_evaluation::{Coverage, Interval, RecalibrationKind};
use helder_report::{
    Cell, IntervalChart, IntervalRow, LineChart, Page, Section, Series, Table, Text, number,
};

use super::{groups, privacy, quality, shared, survival, truth};
use crate::learn::{
    audit::{EvaluationSections, SetsEntry},
    judge::EvaluationDocument,
    plan::NewTrainingRun,
};

/// The whole page; `None` for a model of amounts, counts or shares.
pub(in crate::learn) fn page(plan: &NewTrainingRun, document: &EvaluationDocument) -> Option<Page> {
    if let Some(quality) = &document.survival {
        return Some(survival::evaluation_page(plan, quality, document.rows));
    }
    if let Some(summary) = &document.groups {
        return Some(groups::evaluation_page(plan, summary));
    }
    let (predictions, sections) = document
        .predictions
        .as_ref()
        .zip(document.sections.as_ref())?;
    let rows = document.rows;
    let title = &plan.model.title;
    let mut first = quality::quality(predictions, rows.test);
    if rows.judged_on_training_rows {
        first = first.warning(shared::judged_on_training_rows());
    }
    let mut page = Page::new(Text::new(
        format!("Hoe goed is het model? {}", title.nl),
        format!("How good is the model? {}", title.en),
    ))
    .lead(Text::new(
        "Dit rapport zegt hoe goed de kansen van dit model zijn, hoe zeker dat is, en wat niet te zeggen valt.",
        "This report says how good this model's probabilities are, how sure that is, and what cannot be said.",
    ))
    .section(shared::not_judged(&sections.not_judged))
    .section(first)
    .section(capacity(sections));
    if let Some(promised) = &plan.privacy {
        page = page.section(privacy::promise(promised));
    }
    for section in [
        sections.ceiling.as_ref().map(truth::ceiling),
        decisions(sections),
        recalibration(sections),
        sets(&sections.prediction_sets),
        data::areas(sections),
        data::stability(&sections.stability),
        learning(sections),
        data::leakage(sections),
        data::gaps(sections),
        data::links(sections),
    ]
    .into_iter()
    .flatten()
    {
        page = page.section(section);
    }
    Some(page.section(shared::conclusion()))
}

fn around(value: Option<f64>, limits: Option<Interval>, decimals: usize) -> Cell {
    match (value, limits) {
        (Some(value), Some(limits)) => Cell::interval(value, limits.low, limits.high, decimals),
        (Some(value), None) => Cell::number(value, decimals),
        _ => Cell::none(),
    }
}

fn capacity(sections: &EvaluationSections) -> Section {
    let mut table = Table::new(Text::new(
        "Als we zoveel mensen kunnen helpen",
        "If we can help this many",
    ))
    .number(Text::new("Plaatsen", "Places"))
    .number(Text::new(
        "Terecht gekozen (precisie)",
        "Rightly picked (precision)",
    ))
    .number(Text::new("Gevonden (recall)", "Found (recall)"))
    .number(Text::new(
        "Keer beter dan loten (lift)",
        "Times better than drawing lots (lift)",
    ));
    for point in &sections.capacity_curve {
        table.push([
            Cell::count(point.k as u64),
            around(Some(point.precision), point.precision_interval_95, 3),
            around(point.recall, point.recall_interval_95, 3),
            around(point.lift, point.lift_interval_95, 2),
        ]);
    }
    let curve = |pick: fn(&helder_evaluation::Capacity) -> (Option<f64>, Option<Interval>)| {
        let known = sections.capacity_curve.iter().filter_map(move |point| {
            let (value, limits) = pick(point);
            let (value, limits) = value.zip(limits)?;
            Some((point.k as f64, value, limits))
        });
        known.collect::<Vec<_>>()
    };
    let series = |label: Text, points: Vec<(f64, f64, Interval)>| {
        Series::line(label, points.iter().map(|(k, value, _)| [*k, *value])).band(
            points
                .iter()
                .map(|(k, _, limits)| [*k, limits.low, limits.high]),
        )
    };
    Section::new(Text::new("Wat het oplevert", "What it yields"))
        .chart(
            LineChart::new(
                Text::new(
                    "Precisie en recall bij meer plaatsen",
                    "Precision and recall with more places",
                ),
                Text::new("plaatsen", "places"),
                Text::new("aandeel", "share"),
            )
            .y_range(0.0, 1.0)
            .series(series(
                Text::new("precisie", "precision"),
                curve(|point| (Some(point.precision), point.precision_interval_95)),
            ))
            .series(series(
                Text::new("recall", "recall"),
                curve(|point| (point.recall, point.recall_interval_95)),
            )),
        )
        .table(table)
}

fn decisions(sections: &EvaluationSections) -> Option<Section> {
    let points = &sections.decision_curve;
    if points.is_empty() {
        return None;
    }
    let helps = points
        .iter()
        .filter(|point| point.gain_interval_95.low > 0.0)
        .count();
    Some(
        Section::new(Text::new("Is het beter dan iedereen of niemand helpen?", "Is it better than helping everybody or nobody?"))
            .paragraph(Text::new(
                format!("De lijn telt wie terecht is gekozen en trekt onterechte keuzes af, tegen de prijs die bij de drempel hoort. \
                         Bij {helps} van de {} drempels is het model aantoonbaar beter.", points.len()),
                format!("The line counts who was rightly picked and deducts wrong picks at the price that belongs to the threshold. \
                         At {helps} of {} thresholds the model is demonstrably better.", points.len()),
            ))
            .chart(
                LineChart::new(
                    Text::new("Netto opbrengst per drempel", "Net benefit per threshold"),
                    Text::new("drempel (kans)", "threshold (probability)"),
                    Text::new("netto opbrengst per persoon", "net benefit per person"),
                )
                .series(
                    Series::line(
                        Text::new("met het model", "with the model"),
                        points.iter().map(|point| [point.threshold, point.net_benefit]),
                    )
                    .band(points.iter().map(|point| {
                        [point.threshold, point.interval_95.low, point.interval_95.high]
                    })),
                )
                .series(Series::line(
                    Text::new("iedereen", "everybody"),
                    points
                        .iter()
                        .filter(|point| point.of_all > -point.net_benefit.abs().max(0.02))
                        .map(|point| [point.threshold, point.of_all]),
                )),
            ),
    )
}

fn recalibration(sections: &EvaluationSections) -> Option<Section> {
    if sections.recalibration.is_empty() {
        return None;
    }
    let mut table = Table::new(Text::new(
        "Kansen bijstellen: geleerd op de ene helft, gemeten op de andere",
        "Recalibrating: learned on one half, measured on the other",
    ))
    .column(Text::new("Manier", "Way"))
    .number(Text::new("Log-verlies", "Log loss"))
    .number(Text::new("Brier-score", "Brier score"))
    .number(Text::new("Kalibratiefout", "Calibration error"))
    .number(Text::new("Snijpunt (ideaal 0)", "Intercept (ideal 0)"))
    .number(Text::new("Helling (ideaal 1)", "Slope (ideal 1)"));
    for entry in &sections.recalibration {
        let way = match entry.kind {
            None => Text::new("zoals het model ze geeft", "as the model gives them"),
            Some(RecalibrationKind::Isotonic) => Text::new("isotoon", "isotonic"),
            Some(RecalibrationKind::Platt) => Text::same("Platt"),
            Some(RecalibrationKind::Beta) => Text::new("bèta", "beta"),
        };
        table.push([
            Cell::both(way),
            Cell::number(entry.log_loss, 4),
            Cell::number(entry.brier, 4),
            Cell::number(entry.expected_calibration_error, 4),
            entry.line.map_or_else(Cell::none, |line| {
                around(Some(line.intercept), line.intercept_interval_95, 2)
            }),
            entry.line.map_or_else(Cell::none, |line| {
                around(Some(line.slope), line.slope_interval_95, 2)
            }),
        ]);
    }
    Some(
        Section::new(Text::new("Kloppen de kansen?", "Are the probabilities right?"))
            .paragraph(Text::new(
                "Een lager log-verlies is beter. Is een regel onder de eerste duidelijk beter, dan zijn de kansen van het model scheef.",
                "A lower log loss is better. When a line below the first is clearly better, the model's probabilities are off.",
            ))
            .table(table),
    )
}

fn sets(entries: &[SetsEntry]) -> Option<Section> {
    let first = entries.first()?;
    let promised = number::percent(first.promised, 0);
    let mut section = Section::new(Text::new("Hoe zeker per persoon?", "How sure per person?")).paragraph(Text::new(
        format!("Een voorspelverzameling zegt welke uitkomsten mogelijk blijven. Ze hoort in {promised} van de gevallen te kloppen, \
                 ook voor wie het overkomt."),
        format!("A prediction set says which outcomes remain possible. It should be right in {promised} of cases, also for those \
                 it happens to."),
    ));
    for entry in entries {
        let title = match (entry.coverage, &entry.sensitive_feature) {
            (Coverage::Marginal, _) => {
                Text::new("Belofte over iedereen samen", "Promise over all together")
            }
            (Coverage::PerClass, _) => Text::new("Belofte per uitkomst", "Promise per outcome"),
            (Coverage::PerClassAndGroup, name) => {
                let name = name.clone().unwrap_or_default();
                Text::new(
                    format!("Belofte per uitkomst en groep: {name}"),
                    format!("Promise per outcome and group: {name}"),
                )
            }
        };
        let rows = entry.covered.iter().filter_map(|covered| {
            let outcome = match covered.class {
                None => Text::new("allen", "all"),
                Some(true) => Text::new("overkomt het wel", "it happens"),
                Some(false) => Text::new("overkomt het niet", "it does not happen"),
            };
            let label = match &covered.group {
                Some(group) => Text::new(
                    format!("{group}: {}", outcome.nl),
                    format!("{group}: {}", outcome.en),
                ),
                None => outcome,
            };
            let limits = covered.interval_95?;
            Some(
                IntervalRow::new(label, covered.held.value()?, limits.low, limits.high)
                    .n(covered.held.total as u64),
            )
        });
        section = section.chart(
            IntervalChart::new(title, Text::new("aandeel dat klopt", "share that is right"))
                .reference(entry.promised)
                .rows(rows),
        );
    }
    Some(section)
}

fn learning(sections: &EvaluationSections) -> Option<Section> {
    let curve = sections.learning_curve.as_ref()?;
    let known: Vec<_> = curve
        .points
        .iter()
        .filter_map(|point| Some((point.rows as f64, point.auc?)))
        .collect();
    let band = known.iter().filter_map(|(rows, auc)| {
        auc.interval_95
            .map(|limits| [*rows, limits.low, limits.high])
    });
    let line = Series::line(
        Text::new("onderscheid (AUC)", "discrimination (AUC)"),
        known.iter().map(|(rows, auc)| [*rows, auc.value]),
    );
    let mut section = Section::new(Text::new(
        "Zouden meer gegevens helpen?",
        "Would more data help?",
    ))
    .chart(
        LineChart::new(
            Text::new("Geleerd van meer rijen", "Learned from more rows"),
            Text::new("rijen om van te leren", "rows to learn from"),
            Text::same("AUC"),
        )
        .series(line.band(band)),
    );
    if let (Some(gain), Some(limits)) = (curve.last_gain, curve.last_gain_interval_95) {
        let [gain, low, high] = [gain, limits.low, limits.high].map(|v| number::decimal(v, 3));
        section = section.paragraph(Text::new(
            format!("De laatste verdubbeling gaf {gain} (tussen {low} en {high})."),
            format!("The last doubling gave {gain} (between {low} and {high})."),
        ));
    }
    Some(section)
}
