//! The model card: what it does, what it uses, how good and how fair it is. For anybody.

use helder_evaluation::Evaluation;
use helder_fairness::{Criterion, FairnessReport, PublishedGroup, Rate, Verdict};
use helder_model::{Meaning, Model};
use helder_report::{
    CalibrationPlot, CalibrationPoint, Cell, IntervalChart, IntervalRow, KeyFigure, Page, Section,
    Table, Text,
};
use helder_types::Digest;

use super::{
    groups::GroupsSummary,
    judge::{FairnessDocument, Judged},
    plan::NewTrainingRun,
    regress::FitSummary,
};

/// The whole page.
pub(super) fn card(plan: &NewTrainingRun, model: &Model, digest: &Digest, judged: &Judged) -> Page {
    let rows = judged.evaluation.rows;
    let mut page = Page::new(text(&model.title))
        .lead(Text::new(
            "Dit model geeft advies. Een medewerker beslist altijd zelf.",
            "This model advises. A member of staff always decides.",
        ))
        .fact(
            Text::new("Wat het zegt", "What it says"),
            Cell::both(text(&model.output.meaning)),
        )
        .fact(Text::new("Methode", "Method"), Cell::both(method(model)))
        .fact(
            Text::new("Modelbestand", "Model file"),
            Cell::code(digest.to_string()),
        )
        .fact(
            Text::new("Analysetabel", "Frame"),
            Cell::code(model.training.frame_digest.to_string()),
        )
        .fact(
            Text::new("Geleerd van", "Learned from"),
            Cell::count(rows.train as u64),
        )
        .fact(
            Text::new("Programma", "Code"),
            Cell::code(model.training.code_version.clone()),
        )
        .section(inputs(model));
    if let Some(fit) = &judged.evaluation.fit {
        page = page.section(coefficients(fit));
    }
    if let Some(predictions) = &judged.evaluation.predictions {
        let mut section = quality(predictions, rows.test);
        if rows.judged_on_training_rows {
            section = section.warning(Text::new(
                "Het model is beoordeeld op dezelfde rijen waarvan het leerde. De cijfers zijn daardoor te gunstig.",
                "The model was judged on the rows it learned from. The figures are therefore too favourable.",
            ));
        }
        page = page.section(section);
    }
    if let Some(groups) = &judged.evaluation.groups {
        page = page.section(group_section(groups));
    }
    page.section(fairness(plan, &judged.fairness))
}

fn text(meaning: &Meaning) -> Text {
    Text::new(meaning.nl.clone(), meaning.en.clone())
}

fn method(model: &Model) -> Text {
    match model.algorithm.as_str() {
        "logistic_regression" => Text::new(
            "logistische regressie: elk gegeven telt met een vast gewicht mee",
            "logistic regression: each input counts with a fixed weight",
        ),
        _ => Text::new(
            "k-means: personen die op elkaar lijken komen in een groep",
            "k-means: subjects that resemble each other form a group",
        ),
    }
}

fn inputs(model: &Model) -> Section {
    let mut table = Table::new(Text::new(
        "Gegevens die het model gebruikt",
        "Inputs the model uses",
    ))
    .column(Text::new("Gegeven", "Input"))
    .column(Text::new("Eenheid", "Unit"))
    .column(Text::new("Bron", "Source"))
    .column(Text::new("Waarom", "Why"));
    for input in &model.inputs {
        table.push([
            Cell::both(text(&input.meaning)),
            input.unit.clone().map_or_else(Cell::none, Cell::text),
            input
                .source_field
                .clone()
                .map_or_else(Cell::none, Cell::code),
            Cell::text(input.justification.clone()),
        ]);
    }
    let mut section = Section::new(Text::new("Gegevens", "Inputs")).table(table);
    if !model.training.sensitive_features.is_empty() {
        let names = model.training.sensitive_features.join(", ");
        section = section.paragraph(Text::new(
            format!("Niet gebruikt om te voorspellen, alleen om eerlijkheid te meten: {names}."),
            format!("Not used to predict, only to measure fairness: {names}."),
        ));
    }
    section
}

fn coefficients(fit: &FitSummary) -> Section {
    let mut chart = IntervalChart::new(
        Text::new("Invloed per gegeven", "Influence per input"),
        Text::new(
            "verandering van de log-odds per standaarddeviatie",
            "change of the log odds per standard deviation",
        ),
    )
    .reference(0.0);
    let mut table = Table::new(Text::new("Gewichten", "Coefficients"))
        .column(Text::new("Kolom", "Column"))
        .number(Text::new(
            "Gewicht (95%-interval)",
            "Coefficient (95% interval)",
        ))
        .number(Text::new("Standaardfout", "Standard error"))
        .number(Text::new("Robuuste standaardfout", "Robust standard error"))
        .number(Text::new("p-waarde", "p-value"));
    for entry in &fit.coefficients {
        let (c, spread) = (&entry.coefficient, entry.standard_deviation);
        let (low, high) = entry.interval_95;
        if spread > 0.0 {
            let label = Text::same(c.name.clone());
            chart = chart.row(IntervalRow::new(
                label,
                c.estimate * spread,
                low * spread,
                high * spread,
            ));
        }
        table.push([
            Cell::code(c.name.clone()),
            Cell::interval(c.estimate, low, high, 4),
            Cell::number(c.standard_error, 4),
            Cell::number(c.robust_standard_error, 4),
            Cell::number(c.p_value, 4),
        ]);
    }
    let mut section = Section::new(Text::new("Wat telt hoe zwaar", "What counts how much"))
        .chart(chart)
        .table(table);
    if !fit.dropped.is_empty() {
        let names: Vec<&str> = fit
            .dropped
            .iter()
            .map(|dropped| dropped.name.as_str())
            .collect();
        let names = names.join(", ");
        section = section.paragraph(Text::new(
            format!("Weggelaten, omdat andere kolommen al hetzelfde zeggen: {names}."),
            format!("Left out, because other columns already say the same: {names}."),
        ));
    }
    section
}

fn quality(found: &Evaluation, rows: usize) -> Section {
    let auc = &found.auc;
    let auc_cell = auc.interval_95.map_or_else(
        || Cell::number(auc.value, 3),
        |limits| Cell::interval(auc.value, limits.low, limits.high, 3),
    );
    let points = found.calibration.bins.iter().filter_map(|bin| {
        let limits = bin.interval_95?;
        Some(CalibrationPoint {
            predicted: bin.mean_probability?,
            observed: bin.observed_share?,
            lower: limits.low,
            upper: limits.high,
            n: bin.observed?.total as u64,
        })
    });
    let mut section = Section::new(Text::new("Hoe goed het model is", "How good the model is"))
        .paragraph(Text::new(
            format!("Gemeten op {rows} rijen die het model niet eerder zag, tenzij hieronder anders staat."),
            format!("Measured on {rows} rows the model had not seen, unless stated otherwise below."),
        ))
        .figures([
            KeyFigure::new(Text::new("Onderscheid (AUC)", "Discrimination (AUC)"), auc_cell)
                .note(Text::new("0,5 is toeval, 1 is volmaakt", "0.5 is chance, 1 is perfect")),
            KeyFigure::new(Text::new("Gemiddelde precisie", "Average precision"), Cell::number(found.average_precision, 3)),
            KeyFigure::new(Text::new("Brier-score", "Brier score"), Cell::number(found.brier, 4)).note(Text::new(
                format!("zonder model {}", helder_report::number::decimal(found.brier_of_base_rate, 4)),
                format!("without a model {:.4}", found.brier_of_base_rate),
            )),
            KeyFigure::new(Text::new("Komt voor bij", "Occurs in"), Cell::percent(found.base_rate, 1)),
        ])
        .chart(CalibrationPlot::new(
            Text::new("Voorspelde kans en wat er gebeurde", "Predicted probability and what happened"),
            points,
        ));
    for capacity in &found.capacities {
        let share =
            |value: Option<f64>, limits: Option<helder_evaluation::Interval>| match (value, limits)
            {
                (Some(value), Some(limits)) => Cell::interval(value, limits.low, limits.high, 3),
                _ => Cell::none(),
            };
        let k = capacity.k;
        section = section.table(
            Table::new(Text::new(
                format!("De eerste {k} op volgorde van kans"),
                format!("The first {k} by probability"),
            ))
            .column(Text::new("Maat", "Measure"))
            .number(Text::new("Waarde (95%-interval)", "Value (95% interval)"))
            .row([
                Cell::both(Text::new(
                    "Terecht gekozen (precisie)",
                    "Rightly picked (precision)",
                )),
                share(Some(capacity.precision), capacity.precision_interval_95),
            ])
            .row([
                Cell::both(Text::new("Gevonden (recall)", "Found (recall)")),
                share(capacity.recall, capacity.recall_interval_95),
            ])
            .row([
                Cell::both(Text::new("Laagste kans", "Lowest probability")),
                Cell::number(capacity.threshold, 4),
            ]),
        );
    }
    section
}

fn group_section(groups: &GroupsSummary) -> Section {
    let mut section = Section::new(Text::new("De groepen", "The groups")).paragraph(Text::new(
        "Groepen beschrijven gegevens. Ze zeggen niets over oorzaken.",
        "Groups describe data. They say nothing about causes.",
    ));
    let mut tried = Table::new(Text::new(
        "Aantallen groepen die zijn geprobeerd",
        "Numbers of groups that were tried",
    ))
    .number(Text::new("Groepen", "Groups"))
    .number(Text::new("Silhouet", "Silhouette"))
    .number(Text::new("Stabiliteit", "Stability"));
    for candidate in &groups.candidates {
        tried.push([
            Cell::count(candidate.groups as u64),
            Cell::number(candidate.silhouette, 3),
            Cell::number(candidate.stability, 3),
        ]);
    }
    section = section.table(tried);
    for profile in &groups.profiles {
        let mut table = Table::new(text(&profile.name))
            .column(Text::new("Kolom", "Column"))
            .number(Text::new("Gemiddelde", "Mean"))
            .number(Text::new(
                "Afstand tot allen (sd)",
                "Distance from all (sd)",
            ));
        for mean in &profile.means {
            let cells = [
                Cell::code(mean.column.clone()),
                Cell::number(mean.mean, 3),
                Cell::number(mean.difference, 2),
            ];
            table.push(cells);
        }
        section = section.table(table);
    }
    section
}

fn fairness(plan: &NewTrainingRun, document: &FairnessDocument) -> Section {
    let mut section = Section::new(Text::new("Eerlijkheid", "Fairness"));
    if plan.sensitive_features.is_empty() {
        return section.warning(Text::new(
            "Er is geen gegeven opgegeven om eerlijkheid mee te meten. Daarom is er geen oordeel.",
            "No column was given to measure fairness with. There is therefore no verdict.",
        ));
    }
    if let Some(picked) = document.picked {
        section = section.paragraph(Text::new(
            format!(
                "Gekozen zijn {} van de {} rijen: de hoogste kansen.",
                picked.rows, document.rows.test
            ),
            format!(
                "Picked were {} of {} rows: the highest probabilities.",
                picked.rows, document.rows.test
            ),
        ));
    }
    for report in &document.sensitive_features {
        section = section.section(feature(report));
    }
    for membership in &document.memberships {
        let mut table = Table::new(Text::new(
            format!(
                "Verdeling over de groepen: {}",
                membership.sensitive_feature
            ),
            format!("Spread over the groups: {}", membership.sensitive_feature),
        ))
        .column(Text::same(membership.sensitive_feature.clone()));
        let most = membership
            .groups
            .iter()
            .filter_map(|row| row.rows.as_ref())
            .map(Vec::len)
            .max()
            .unwrap_or(0);
        for group in 1..=most {
            table = table.number(Text::new(
                format!("Groep {group}"),
                format!("Group {group}"),
            ));
        }
        for row in &membership.groups {
            let counts = row
                .rows
                .iter()
                .flatten()
                .map(|count| Cell::count(*count as u64));
            let hidden =
                std::iter::repeat_with(Cell::none).take(if row.rows.is_some() { 0 } else { most });
            table.push(
                std::iter::once(Cell::text(row.group.clone()))
                    .chain(counts)
                    .chain(hidden),
            );
        }
        section = section.table(table);
    }
    section
}

fn feature(report: &FairnessReport) -> Section {
    let name = &report.sensitive_feature;
    let mut section = Section::new(Text::same(name.clone())).paragraph(verdict(report.verdict));
    type Pick = fn(&PublishedGroup) -> Option<Rate>;
    let measures: [(Text, Pick); 3] = [
        (Text::new("Aandeel gekozen", "Selection rate"), |group| {
            group.selection_rate
        }),
        (
            Text::new(
                "Gevonden van wie het overkomt",
                "Found among those it happens to",
            ),
            |group| group.true_positive_rate,
        ),
        (
            Text::new(
                "Gekozen van wie het niet overkomt",
                "Picked among those it does not happen to",
            ),
            |group| group.false_positive_rate,
        ),
    ];
    for (title, pick) in measures {
        let rows: Vec<IntervalRow> = report
            .groups
            .iter()
            .filter_map(|group| {
                let rate = pick(group)?;
                let limits = rate.interval_95?;
                let label = Text::same(group.group.clone());
                Some(
                    IntervalRow::new(label, rate.value?, limits.low, limits.high)
                        .n(rate.total as u64),
                )
            })
            .collect();
        if !rows.is_empty() {
            section =
                section.chart(IntervalChart::new(title, Text::new("aandeel", "share")).rows(rows));
        }
    }
    let mut table = Table::new(Text::new("Oordeel per maat", "Verdict per criterion"))
        .column(Text::new("Maat", "Criterion"))
        .number(Text::new("Grootste verschil", "Largest difference"))
        .number(Text::new("Kleinste verhouding", "Smallest ratio"))
        .column(Text::new("Oordeel", "Verdict"));
    for result in &report.criteria {
        let number =
            |value: Option<f64>| value.map_or_else(Cell::none, |value| Cell::number(value, 3));
        table.push([
            Cell::both(criterion(result.criterion)),
            number(result.difference),
            number(result.ratio),
            Cell::both(verdict(result.verdict)),
        ]);
    }
    section = section.table(table);
    if !report.not_judged.is_empty() {
        let names = report.not_judged.join(", ");
        section = section.paragraph(Text::new(
            format!("Te klein om (geheel) te tonen of te beoordelen: {names}."),
            format!("Too small to show or judge (in full): {names}."),
        ));
    }
    section
}

fn criterion(criterion: Criterion) -> Text {
    match criterion {
        Criterion::DemographicParity => Text::new("Even vaak gekozen", "Demographic parity"),
        Criterion::EqualOpportunity => Text::new("Even vaak gevonden", "Equal opportunity"),
        Criterion::EqualizedOdds => Text::new(
            "Even vaak gevonden en even vaak ten onrechte gekozen",
            "Equalized odds",
        ),
    }
}

fn verdict(verdict: Verdict) -> Text {
    match verdict {
        Verdict::WithinBound => Text::new("binnen de grens", "within bound"),
        Verdict::OutsideBound => Text::new("buiten de grens", "outside bound"),
        Verdict::NotEnoughData => Text::new(
            "te weinig gegevens voor een oordeel",
            "not enough data for a verdict",
        ),
    }
}
