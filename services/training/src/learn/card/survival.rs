//! How long it lasts: weights, chances beside what came, and for whom.

use helder_evaluation::Z_95;
use helder_model::{Algorithm, Model, Spoken};
use helder_report::{
    Cell, IntervalChart, IntervalRow, LineChart, Page, Section, Series, Table, Text, number,
};

use super::{fairness, intervals, provisions, regressions, shared, splines, text};
use crate::learn::{
    judge::{FairnessDocument, RowCounts},
    plan::NewTrainingRun,
    survival::{
        CalibrationRow, CauseQuality, CauseSummary, GroupOutlooks, HorizonQuality, Ordered,
        Proportional, SurvivalQuality, months,
    },
};

/// Tests below this say that a factor changes over time.
const DOUBTFUL: f64 = 0.01;

/// For the model card.
pub(super) fn sections(model: &Model, quality: &SurvivalQuality, rows: RowCounts) -> Vec<Section> {
    let mut sections: Vec<Section> = quality
        .fit
        .iter()
        .flat_map(|fit| &fit.causes)
        .map(|cause| curves(factors(cause), model, &cause.name))
        .collect();
    if let Some(summary) = &quality.intervals {
        sections.extend(intervals::sections(model, summary));
    }
    if let Some(summary) = &quality.regression {
        sections.extend(regressions::sections(model, summary));
    }
    if let Some(spoken) = model.algorithm.spoken() {
        sections.extend(classes(&spoken));
    }
    sections.extend(model.provisions.as_ref().map(provisions::section));
    sections.push(shared::not_judged(&quality.not_judged));
    sections.extend(quality.causes.iter().map(|cause| how_good(cause, rows)));
    sections
}

/// `evaluation.html`.
pub(super) fn evaluation_page(
    plan: &NewTrainingRun,
    quality: &SurvivalQuality,
    rows: RowCounts,
) -> Page {
    let title = &plan.model.title;
    let mut page = Page::new(Text::new(
        format!("Hoe goed is het model? {}", title.nl),
        format!("How good is the model? {}", title.en),
    ))
    .lead(Text::new(
        "Dit rapport zegt hoe goed de kansen van dit model zijn op verschillende momenten, hoe zeker dat is, en wat niet te zeggen valt.",
        "This report says how good this model's chances are at several times, how sure that is, and what cannot be said.",
    ))
    .section(shared::not_judged(&quality.not_judged));
    for cause in &quality.causes {
        page = page.section(how_good(cause, rows));
    }
    for fit in quality.fit.iter().flat_map(|fit| &fit.causes) {
        page = page.section(factors(fit));
    }
    page.section(shared::conclusion())
}

/// `fairness.html`.
pub(super) fn fairness_page(plan: &NewTrainingRun, document: &FairnessDocument) -> Page {
    let title = &plan.model.title;
    let mut summary = fairness::fairness(plan, document);
    if document.rows.judged_on_training_rows {
        summary = summary.warning(shared::judged_on_training_rows());
    }
    let mut page = Page::new(Text::new(
        format!("Is het model eerlijk? {}", title.nl),
        format!("Is the model fair? {}", title.en),
    ))
    .lead(Text::new(
        "Dit rapport vergelijkt wat het model zegt van groepen mensen met wat er kwam. Of een verschil eerlijk is, hangt af van waar de \
         kansen voor worden gebruikt. Daarom staat er geen oordeel bij.",
        "This report compares what the model says of groups of people with what came. Whether a difference is fair depends on what the \
         chances are used for. There is therefore no verdict.",
    ))
    .section(summary);
    for outlooks in &document.outlooks {
        page = page.section(in_charts(outlooks));
    }
    page.section(shared::conclusion())
}

/// What counts as a curve in the hazard of a cause.
fn curves(section: Section, model: &Model, cause: &str) -> Section {
    let Algorithm::CoxRegression(fit) = &model.algorithm else {
        return section;
    };
    let Some(hazard) = fit.causes.iter().find(|hazard| hazard.name == cause) else {
        return section;
    };
    let axis = Text::new("log van de factor", "log of the factor");
    let terms = hazard.terms.linear();
    splines::drawn(section, &terms, &model.inputs, Z_95, &axis)
}

fn factors(cause: &CauseSummary) -> Section {
    let mut chart = IntervalChart::new(
        Text::new("Invloed per gegeven", "Influence per input"),
        Text::new(
            "log van de factor per standaarddeviatie",
            "log of the factor per standard deviation",
        ),
    )
    .reference(0.0);
    let mut table = Table::new(Text::new("Factoren", "Factors"))
        .column(Text::new("Kolom", "Column"))
        .number(Text::new("Factor (95%-interval)", "Factor (95% interval)"))
        .number(Text::new("p-waarde", "p-value"))
        .number(Text::new(
            "Blijft gelijk in de tijd (p-waarde)",
            "Stays the same over time (p-value)",
        ));
    for ratio in &cause.coefficients {
        let (weight, spread) = (&ratio.weight, ratio.standard_deviation);
        let (low, high) = weight
            .interval_95
            .unwrap_or((weight.estimate, weight.estimate));
        let label = Text::same(weight.name.clone());
        chart = chart.row(IntervalRow::new(
            label,
            weight.estimate * spread,
            low * spread,
            high * spread,
        ));
        table.push([
            Cell::code(weight.name.clone()),
            match ratio.hazard_ratio_interval_95 {
                Some((low, high)) => Cell::interval(ratio.hazard_ratio, low, high, 3),
                None => Cell::number(ratio.hazard_ratio, 3),
            },
            weight
                .p_value
                .map_or_else(Cell::none, |p| Cell::number(p, 4)),
            proportional(ratio.proportional.as_ref()),
        ]);
    }
    let (nl, en) = (&cause.meaning.nl, &cause.meaning.en);
    let events = number::count(cause.events as u64);
    let mut section = Section::new(Text::new(
        format!("Wat het sneller of langzamer maakt: {nl}"),
        format!("What makes it faster or slower: {en}"),
    ))
    .paragraph(Text::new(
        format!("Geleerd van {events} keer. Een factor boven 1 maakt het sneller, onder 1 langzamer, per eenheid van het gegeven."),
        format!("Learned from {events} times. A factor above 1 makes it faster, below 1 slower, per unit of the input."),
    ))
    .chart(chart)
    .table(table);
    if let Some(penalty) = &cause.elastic_net {
        let weights = cause.coefficients.iter().map(|ratio| ratio.weight.estimate);
        let (all, left) = (
            cause.coefficients.len(),
            weights.filter(|weight| weight.abs() > 0.0).count(),
        );
        let [alpha, lambda] = [penalty.alpha, penalty.lambda].map(number::significant);
        section = section.paragraph(Text::new(
            format!("Een straf op grote gewichten koos de kolommen: {left} van {all} tellen mee (alpha {alpha}, lambda {lambda}). Gewichten zijn daardoor kleiner dan zonder straf, en er zijn geen intervallen, ook niet bij een voorspelling."),
            format!("A penalty on large weights chose the columns: {left} of {all} count (alpha {alpha}, lambda {lambda}). Weights are therefore smaller than without it, and there are no intervals, nor with a prediction."),
        ));
    }
    if !cause.dropped.is_empty() {
        let names = cause.dropped.join(", ");
        section = section.paragraph(Text::new(
            format!("Weggelaten, want deze kolommen verschillen niet of zeggen hetzelfde als eerdere: {names}."),
            format!("Left out, because these columns do not differ or say the same as earlier ones: {names}."),
        ));
    }
    let doubted = cause
        .proportional
        .is_some_and(|test| test.p_value < DOUBTFUL);
    if doubted {
        section = section.warning(Text::new(
            "De factoren veranderen in de loop van de tijd. De kansen kunnen daardoor aan het begin of aan het eind scheef zijn: kijk naar de cijfers per moment.",
            "The factors change over time. Chances may therefore be off at the beginning or at the end: look at the figures per moment.",
        ));
    }
    section
}

fn proportional(test: Option<&Proportional>) -> Cell {
    test.map_or_else(Cell::none, |test| Cell::number(test.p_value, 4))
}

fn classes(fit: &Spoken<'_>) -> Vec<Section> {
    if fit.risk_classes.is_empty() {
        return Vec::new();
    }
    let many = fit.risk_classes.len();
    let section = Section::new(Text::new(
        "Wat er kwam van mensen die op elkaar lijken",
        "What came of people alike",
    ))
    .paragraph(Text::new(
        "De rijen waarvan het model leerde, verdeeld in klassen van langzaam naar snel. Elk punt staat voor minstens tien mensen.",
        "The rows the model learned from, in classes from slow to fast. Every point stands for at least ten people.",
    ));
    let charts = fit
        .causes
        .iter()
        .enumerate()
        .map(|(place, (_, meaning, _))| {
            let mut chart = LineChart::new(
                text(meaning),
                Text::new("dagen", "days"),
                Text::new("aandeel", "share"),
            )
            .y_range(0.0, 1.0);
            for (class, risk) in fit.risk_classes.iter().enumerate() {
                let Some(curve) = risk.ended.get(place).filter(|curve| !curve.time.is_empty())
                else {
                    continue;
                };
                let rows = number::count(risk.rows);
                let points = curve
                    .time
                    .iter()
                    .zip(&curve.share)
                    .map(|(time, share)| [*time, *share]);
                chart = chart.series(Series::line(
                    Text::new(
                        format!("klasse {} van {many} ({rows} mensen)", class + 1),
                        format!("class {} of {many} ({rows} people)", class + 1),
                    ),
                    points,
                ));
            }
            chart
        });
    vec![charts.fold(section, Section::chart)]
}

fn how_good(cause: &CauseQuality, rows: RowCounts) -> Section {
    let decimals =
        |value: Option<f64>| value.map_or_else(Cell::none, |value| Cell::number(value, 3));
    let (nl, en) = (&cause.meaning.nl, &cause.meaning.en);
    let test = rows.test;
    let mut section = Section::new(Text::new(
        format!("Hoe goed het model is: {nl}"),
        format!("How good the model is: {en}"),
    ))
    .paragraph(Text::new(
        format!("Gemeten op {test} rijen die het model niet eerder zag, tenzij hieronder anders staat. Mensen die uit beeld raakten, tellen mee tot dat moment."),
        format!("Measured on {test} rows the model had not seen, unless stated otherwise below. People lost from sight count until then."),
    ))
    .facts([
        (
            Text::new(
                "Van twee mensen wijst het de snelste aan (0,5 is loten)",
                "Of two people it points out the faster (0.5 is drawing lots)",
            ),
            ordered(cause.concordance.as_ref()),
        ),
        (
            Text::new("Hetzelfde volgens Uno", "The same by Uno"),
            decimals(cause.uno_concordance),
        ),
        (
            Text::new(
                "Gemiddelde kwadratische fout over de tijd",
                "Mean squared error over time",
            ),
            decimals(cause.integrated_brier),
        ),
        (
            Text::new(
                "Dezelfde fout zonder model, met één kans voor iedereen",
                "The same error without a model, with one chance for everybody",
            ),
            decimals(cause.integrated_brier_of_share),
        ),
    ]);
    if rows.judged_on_training_rows {
        section = section.warning(shared::judged_on_training_rows());
    }
    if cause.horizons.is_empty() {
        return section;
    }
    section = section.table(by_time(&cause.horizons));
    for horizon in &cause.horizons {
        section = section
            .chart(calibration(horizon))
            .table(said_and_came(horizon));
    }
    section
}

fn ordered(found: Option<&Ordered>) -> Cell {
    match found.map(|found| (found.index, found.interval_95)) {
        Some((index, Some(limits))) => Cell::interval(index, limits.low, limits.high, 3),
        Some((index, None)) => Cell::number(index, 3),
        None => Cell::none(),
    }
}

fn by_time(horizons: &[HorizonQuality]) -> Table {
    let decimals =
        |value: Option<f64>| value.map_or_else(Cell::none, |value| Cell::number(value, 3));
    let mut table = Table::new(Text::new("Per moment", "By moment"))
        .number(Text::new("Maanden", "Months"))
        .number(Text::new("Onderscheid (AUC)", "Discrimination (AUC)"))
        .number(Text::new(
            "Kwadratische fout (Brier)",
            "Squared error (Brier)",
        ))
        .number(Text::new("Zonder model", "Without a model"))
        .number(Text::new("Gemiddelde kans", "Mean chance"))
        .number(Text::new(
            "Werkelijk (95%-interval)",
            "Observed (95% interval)",
        ));
    for horizon in horizons {
        table.push([
            Cell::count(u64::from(months(horizon.days))),
            decimals(horizon.auc),
            decimals(horizon.brier),
            decimals(horizon.brier_of_share),
            decimals(horizon.everybody.predicted),
            observed(&horizon.everybody),
        ]);
    }
    table
}

fn observed(row: &CalibrationRow) -> Cell {
    match (row.observed, row.interval_95) {
        (Some(share), Some(limits)) => Cell::interval(share, limits.low, limits.high, 3),
        (Some(share), None) => Cell::number(share, 3),
        _ => Cell::none(),
    }
}

fn calibration(horizon: &HorizonQuality) -> LineChart {
    let months = months(horizon.days);
    let known = || {
        horizon.classes.iter().filter_map(|class| {
            let limits = class.interval_95?;
            Some([class.predicted?, class.observed?, limits.low, limits.high])
        })
    };
    let ends = [known().next(), known().next_back()].into_iter().flatten();
    LineChart::new(
        Text::new(
            format!("Gezegd en gekomen na {months} maanden"),
            format!("Said and came after {months} months"),
        ),
        Text::new("kans volgens het model", "chance by the model"),
        Text::new("werkelijk, met 95%-interval", "observed, with 95% interval"),
    )
    .series(
        Series::line(
            Text::new("werkelijk", "observed"),
            known().map(|[x, y, ..]| [x, y]),
        )
        .band(known().map(|[x, _, low, high]| [x, low, high])),
    )
    .series(Series::line(
        Text::new("even vaak als gezegd", "as often as said"),
        ends.map(|[x, ..]| [x, x]),
    ))
}

fn said_and_came(horizon: &HorizonQuality) -> Table {
    let months = months(horizon.days);
    let mut table = Table::new(Text::new(
        format!("Klassen van kleine naar grote kans, na {months} maanden"),
        format!("Classes from small to large chance, after {months} months"),
    ))
    .number(Text::new("Klasse", "Class"))
    .number(Text::new("Rijen", "Rows"))
    .number(Text::new("Gemiddelde kans", "Mean chance"))
    .number(Text::new(
        "Werkelijk (95%-interval)",
        "Observed (95% interval)",
    ));
    for (place, class) in horizon.classes.iter().enumerate() {
        table.push([
            Cell::count(place as u64 + 1),
            Cell::count(class.rows as u64),
            class
                .predicted
                .map_or_else(Cell::none, |chance| Cell::number(chance, 3)),
            observed(class),
        ]);
    }
    table
}

/// Per sensitive feature and cause: what was said of groups beside what came.
pub(super) fn outlooks(document: &FairnessDocument) -> Vec<Table> {
    document.outlooks.iter().flat_map(tables).collect()
}

/// Name and meaning of each cause that some group shows.
fn causes(outlooks: &GroupOutlooks) -> Vec<Text> {
    let shown = outlooks
        .groups
        .iter()
        .find(|group| !group.causes.is_empty());
    let causes = shown.iter().flat_map(|group| &group.causes);
    causes.map(|cause| text(&cause.meaning)).collect()
}

fn tables(outlooks: &GroupOutlooks) -> Vec<Table> {
    let name = &outlooks.sensitive_feature;
    let of_cause = |(place, cause): (usize, Text)| {
        let mut table = Table::new(Text::new(
            format!("Binnen twaalf maanden {}: {name}", cause.nl),
            format!("Within twelve months {}: {name}", cause.en),
        ))
        .column(Text::new("Groep", "Group"))
        .number(Text::new("Rijen", "Rows"))
        .number(Text::new(
            "Gemiddelde kans (95%-interval)",
            "Mean chance (95% interval)",
        ))
        .number(Text::new(
            "Werkelijk (95%-interval)",
            "Observed (95% interval)",
        ))
        .number(Text::new("Werkelijk min gezegd", "Observed less said"))
        .number(Text::new(
            "Wijst de snelste aan (95%-interval)",
            "Points out the faster (95% interval)",
        ));
        for group in &outlooks.groups {
            let found = group.causes.get(place);
            let said =
                found.and_then(|found| found.year.predicted.zip(found.predicted_interval_95));
            table.push([
                Cell::text(group.group.clone()),
                group
                    .rows
                    .map_or_else(Cell::none, |rows| Cell::count(rows as u64)),
                said.map_or_else(Cell::none, |(mean, limits)| {
                    Cell::interval(mean, limits.low, limits.high, 3)
                }),
                found.map_or_else(Cell::none, |found| observed(&found.year)),
                found
                    .and_then(|found| found.observed_less_predicted)
                    .map_or_else(Cell::none, |difference| Cell::number(difference, 3)),
                ordered(found.and_then(|found| found.concordance.as_ref())),
            ]);
        }
        table
    };
    causes(outlooks)
        .into_iter()
        .enumerate()
        .map(of_cause)
        .collect()
}

fn in_charts(outlooks: &GroupOutlooks) -> Section {
    let name = &outlooks.sensitive_feature;
    let mut section = Section::new(Text::new(
        format!("Nader bekeken: {name}"),
        format!("A closer look: {name}"),
    ));
    for (place, cause) in causes(outlooks).into_iter().enumerate() {
        let known = |came: bool| {
            outlooks.groups.iter().filter_map(move |group| {
                let found = group.causes.get(place)?;
                let (value, limits) = if came {
                    (found.year.observed?, found.year.interval_95?)
                } else {
                    (found.year.predicted?, found.predicted_interval_95?)
                };
                let label = Text::same(group.group.clone());
                Some(IntervalRow::new(label, value, limits.low, limits.high).n(group.rows? as u64))
            })
        };
        for (came, nl, en) in [(false, "gezegd", "said"), (true, "gekomen", "came")] {
            let rows: Vec<IntervalRow> = known(came).collect();
            if rows.is_empty() {
                continue;
            }
            let chart = IntervalChart::new(
                Text::new(format!("{}: {nl}", cause.nl), format!("{}: {en}", cause.en)),
                Text::new(
                    "aandeel binnen twaalf maanden",
                    "share within twelve months",
                ),
            );
            section = section.chart(chart.rows(rows));
        }
    }
    section
}
