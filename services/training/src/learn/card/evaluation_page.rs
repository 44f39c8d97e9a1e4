//! `evaluation.html`: everything known about how good the model is, for whoever must judge it.

use helder_evaluation::{Coverage, Interval, RecalibrationKind, Stability, Suspicion};
use helder_report::{
    Cell, IntervalChart, IntervalRow, LineChart, Page, Section, Series, Table, Text, number,
};

use super::{quality, shared};
use crate::learn::{
    audit::{EvaluationSections, NamedStability, SetsEntry},
    judge::EvaluationDocument,
    plan::NewTrainingRun,
};

/// The whole page; `None` for a model without predictions.
pub(in crate::learn) fn page(plan: &NewTrainingRun, document: &EvaluationDocument) -> Option<Page> {
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
    for section in [
        decisions(sections),
        recalibration(sections),
        sets(&sections.prediction_sets),
        stability(&sections.stability),
        learning(sections),
        leakage(sections),
        gaps(sections),
        links(sections),
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

fn stability(entries: &[NamedStability]) -> Option<Section> {
    if entries.is_empty() {
        return None;
    }
    let mut section = Section::new(Text::new(
        "Overal en altijd even goed?",
        "As good everywhere and always?",
    ));
    for entry in entries {
        section = section.section(parts(&entry.by, &entry.stability));
    }
    Some(section)
}

fn parts(by: &str, found: &Stability) -> Section {
    let name = if by == "reference_date" {
        Text::new("Per peildatum", "By reference date")
    } else {
        Text::new(format!("Per waarde van {by}"), format!("By value of {by}"))
    };
    let mut table = Table::new(name.clone())
        .column(Text::new("Deel", "Part"))
        .number(Text::new("Personen", "Subjects"))
        .number(Text::new("Onderscheid (AUC)", "Discrimination (AUC)"))
        .number(Text::new(
            "Gebeurd per verwacht (ideaal 1)",
            "Happened per expected (ideal 1)",
        ))
        .number(Text::new("Brier-score", "Brier score"));
    for part in &found.parts {
        let number = |value: Option<f64>| value.map_or_else(Cell::none, |v| Cell::number(v, 4));
        table.push([
            Cell::text(part.name.clone()),
            part.rows
                .map_or_else(Cell::none, |rows| Cell::count(rows as u64)),
            around(
                part.auc.map(|auc| auc.value),
                part.auc.and_then(|auc| auc.interval_95),
                3,
            ),
            around(
                part.observed_per_expected,
                part.observed_per_expected_interval_95,
                2,
            ),
            number(part.brier),
        ]);
    }
    let mut section = Section::new(name).table(table);
    let told = [
        (found.discrimination, "Het onderscheid", "Discrimination"),
        (found.calibration, "De kalibratie", "Calibration"),
    ];
    for (found, nl, en) in told {
        let Some(found) = found else { continue };
        let differs = found.p_value < 0.05;
        let p = if found.p_value < 0.0001 {
            format!("p < {}", number::decimal(0.0001, 4))
        } else {
            format!("p = {}", number::decimal(found.p_value, 4))
        };
        section = section.paragraph(if differs {
            Text::new(
                format!("{nl} verschilt tussen de delen meer dan door toeval ({p})."),
                format!("{en} differs between the parts by more than chance ({p})."),
            )
        } else {
            Text::new(
                format!("{nl} verschilt tussen de delen niet aantoonbaar ({p})."),
                format!("{en} does not demonstrably differ between the parts ({p})."),
            )
        });
    }
    section
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

fn leakage(sections: &EvaluationSections) -> Option<Section> {
    if sections.leakage.is_empty() {
        return None;
    }
    let mut table = Table::new(Text::new("Elk gegeven alleen", "Each input alone"))
        .column(Text::new("Gegeven", "Input"))
        .number(Text::new(
            "Onderscheid alleen (AUC)",
            "Discrimination alone (AUC)",
        ))
        .number(Text::new(
            "Onderscheid van wel of niet ingevuld",
            "Discrimination of filled or not",
        ))
        .column(Text::new("Verdacht", "Suspect"));
    for check in sections.leakage.iter().take(30) {
        let told: Vec<Text> = check.suspicions.iter().map(|s| suspicion(*s)).collect();
        let join = |pick: fn(&Text) -> &String| {
            told.iter()
                .map(|text| pick(text).as_str())
                .collect::<Vec<_>>()
                .join("; ")
        };
        table.push([
            Cell::code(check.feature.clone()),
            around(Some(check.auc.value), check.auc.interval_95, 3),
            around(
                check.gaps_auc.map(|auc| auc.value),
                check.gaps_auc.and_then(|auc| auc.interval_95),
                3,
            ),
            if told.is_empty() {
                Cell::both(Text::new("nee", "no"))
            } else {
                Cell::both(Text::new(join(|t| &t.nl), join(|t| &t.en)))
            },
        ]);
    }
    let suspects = sections
        .leakage
        .iter()
        .filter(|check| !check.suspicions.is_empty())
        .count();
    let mut section = Section::new(Text::new(
        "Weet een gegeven te veel?",
        "Does an input know too much?",
    ))
    .paragraph(Text::new(
        "Een gegeven dat pas ná de uitkomst is ingevuld, maakt elk cijfer in dit rapport te mooi.",
        "An input that was filled in after the outcome makes every figure in this report too good.",
    ));
    if suspects > 0 {
        section = section.warning(Text::new(
            format!("{suspects} gegevens zijn verdacht. Zoek uit wanneer ze zijn ingevuld."),
            format!("{suspects} inputs are suspect. Find out when they were filled in."),
        ));
    }
    Some(section.table(table))
}

fn suspicion(suspicion: Suspicion) -> Text {
    match suspicion {
        Suspicion::TooGood => Text::new("te goed om waar te zijn", "too good to be true"),
        Suspicion::GapsTell => Text::new(
            "wel of niet ingevuld zegt de uitkomst",
            "filled or not tells the outcome",
        ),
        Suspicion::CarriesTheModel => Text::new(
            "alleen al even goed als het model",
            "alone as good as the model",
        ),
    }
}

fn gaps(sections: &EvaluationSections) -> Option<Section> {
    let gaps = sections.gaps.as_ref()?;
    let mut section = Section::new(Text::new(
        "Wat ontbrekende gegevens doen",
        "What missing values do",
    ));
    if gaps.features.is_empty() {
        return Some(section.paragraph(Text::new("Er ontbreekt niets.", "Nothing is missing.")));
    }
    let mut table = Table::new(Text::new("Ontbrekend per gegeven", "Missing by input"))
        .column(Text::new("Gegeven", "Input"))
        .number(Text::new("Ontbreekt", "Missing"))
        .number(Text::new(
            "Verschil in uitkomst (zonder − met waarde)",
            "Difference in outcome (without − with value)",
        ));
    for feature in &gaps.features {
        let share = feature
            .missing
            .and_then(helder_evaluation::Proportion::value);
        table.push([
            Cell::code(feature.feature.clone()),
            share.map_or_else(Cell::none, |share| Cell::percent(share, 1)),
            around(
                feature.outcome_difference,
                feature.outcome_difference_interval_95,
                3,
            ),
        ]);
    }
    section = section
        .paragraph(Text::new(
            "Ligt 0 buiten het interval, dan ontbreken waarden niet bij toeval: rijen weglaten zou misleiden.",
            "When 0 lies outside the interval, values are not missing by chance: leaving rows out would mislead.",
        ))
        .table(table);
    Some(section.section(parts("complete", &gaps.by_completeness)))
}

fn links(sections: &EvaluationSections) -> Option<Section> {
    if sections.links.is_empty() {
        return None;
    }
    let mut table = Table::new(Text::new(
        "Als de uitkomst via koppelingen kwam",
        "If the outcome came through links",
    ))
    .number(Text::new(
        "Precisie van de koppeling",
        "Precision of the linkage",
    ))
    .number(Text::new("Volledigheid", "Recall"))
    .number(Text::new(
        "Onderscheid zonder koppelfouten",
        "Discrimination without errors of linkage",
    ))
    .number(Text::new(
        "Laagst en hoogst mogelijk",
        "Lowest and highest possible",
    ))
    .number(Text::new("Komt echt voor bij", "Really occurs in"));
    for entry in &sections.links {
        table.push([
            Cell::percent(entry.quality.precision, 0),
            Cell::percent(entry.quality.recall, 0),
            entry
                .auc_corrected
                .map_or_else(Cell::none, |auc| Cell::number(auc, 3)),
            Cell::text(format!(
                "{} – {}",
                number::decimal(entry.auc_lowest, 3),
                number::decimal(entry.auc_highest, 3)
            )),
            Cell::percent(entry.base_rate_corrected, 2),
        ]);
    }
    Some(
        Section::new(Text::new("Wat koppelfouten doen", "What errors of linkage do"))
            .paragraph(Text::new(
                "Het koppelrapport noemt precisie en volledigheid. Lees hier de regel die daarbij past.",
                "The linkage report names precision and recall. Read here the line that fits.",
            ))
            .table(table),
    )
}
