//! How fair the model is, in charts.

use helder_fairness::{Criterion, FairnessReport, PublishedGroup, Rate, Verdict};
use helder_report::{Cell, IntervalChart, IntervalRow, Section, Table, Text};

use crate::learn::{judge::FairnessDocument, plan::NewTrainingRun};

/// Fairness per sensitive feature.
pub(super) fn fairness(plan: &NewTrainingRun, document: &FairnessDocument) -> Section {
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
    for table in super::estimates::means(document) {
        section = section.table(table);
    }
    for table in super::survival::outlooks(document) {
        section = section.table(table);
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

/// A rate of a group, where it may be shown.
type Pick = fn(&PublishedGroup) -> Option<Rate>;

fn feature(report: &FairnessReport) -> Section {
    let name = &report.sensitive_feature;
    let mut section = Section::new(Text::same(name.clone())).paragraph(verdict(report.verdict));
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
        .column(Text::new("Oordeel", "Verdict"))
        .column(Text::new(
            "Oordeel over de verhouding",
            "Verdict on the ratio",
        ));
    for result in &report.criteria {
        let number =
            |value: Option<f64>| value.map_or_else(Cell::none, |value| Cell::number(value, 3));
        table.push([
            Cell::both(criterion(result.criterion)),
            number(result.difference),
            number(result.ratio),
            Cell::both(verdict(result.verdict)),
            result
                .ratio_verdict
                .map_or_else(Cell::none, |found| Cell::both(verdict(found))),
        ]);
    }
    section = section.table(table);
    let hides = |result: &helder_fairness::CriterionResult| {
        result.verdict == Verdict::WithinBound
            && result.ratio_verdict == Some(Verdict::OutsideBound)
    };
    if report.criteria.iter().any(hides) {
        let fifths = helder_report::number::decimal(report.settings.smallest_ratio, 2);
        section = section.warning(Text::new(
            format!(
                "Er is een verschil dat klein is in procentpunten en groot in verhouding (kleiner dan {fifths}). \
                 Dat komt voor als weinig mensen worden gekozen. Kijk dan naar de verhouding."
            ),
            format!(
                "There is a difference that is small in percentage points and large as a ratio (below {fifths}). \
                 This happens when few are picked. Look at the ratio then."
            ),
        ));
    }
    if !report.not_judged.is_empty() {
        let names = report.not_judged.join(", ");
        section = section.paragraph(Text::new(
            format!("Te klein om (geheel) te tonen of te beoordelen: {names}."),
            format!("Too small to show or judge (in full): {names}."),
        ));
    }
    section
}

pub(super) fn criterion(criterion: Criterion) -> Text {
    match criterion {
        Criterion::DemographicParity => Text::new("Even vaak gekozen", "Demographic parity"),
        Criterion::EqualOpportunity => Text::new("Even vaak gevonden", "Equal opportunity"),
        Criterion::EqualizedOdds => Text::new(
            "Even vaak gevonden en even vaak ten onrechte gekozen",
            "Equalized odds",
        ),
        Criterion::PredictiveParity => Text::new("Even vaak terecht gekozen", "Predictive parity"),
        Criterion::Calibration => Text::new("Kansen kloppen even goed", "Calibration"),
    }
}

pub(super) fn verdict(verdict: Verdict) -> Text {
    match verdict {
        Verdict::WithinBound => Text::new("binnen de grens", "within bound"),
        Verdict::OutsideBound => Text::new("buiten de grens", "outside bound"),
        Verdict::NotEnoughData => Text::new(
            "te weinig gegevens voor een oordeel",
            "not enough data for a verdict",
        ),
    }
}

/// The verdict as a sentence.
pub(super) fn verdict_sentence(found: Verdict) -> Text {
    let found = verdict(found);
    Text::new(
        format!("Oordeel: {}.", found.nl),
        format!("Verdict: {}.", found.en),
    )
}
