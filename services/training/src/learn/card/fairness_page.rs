//! `fairness.html`: everything known about how fair the model is, for whoever must judge it.

use helder_evaluation::Interval;
use helder_fairness::{
    Bootstrap, Compared, Criterion, CriterionResult, Exploration, FairnessReport, LabelSensitivity,
    Measure, Policy, Proxy, ProxyAuc, Verdict,
};
use helder_report::{
    Cell, IntervalChart, IntervalRow, LineChart, Page, Section, Series, Table, Text, number,
};

use super::{causes, fairness, privacy, shared, survival, truth};
use crate::learn::{audit::FeatureAudit, judge::FairnessDocument, plan::NewTrainingRun};

/// Most pairs, inputs and tipping points told in one table.
const MOST: usize = 20;

/// The whole page; `None` for a model without predictions.
pub(in crate::learn) fn page(plan: &NewTrainingRun, document: &FairnessDocument) -> Option<Page> {
    if plan.algorithm.is_survival() {
        return Some(survival::fairness_page(plan, document));
    }
    let sections = document.sections.as_ref()?;
    let title = &plan.model.title;
    let mut page = Page::new(Text::new(
        format!("Is het model eerlijk? {}", title.nl),
        format!("Is the model fair? {}", title.en),
    ))
    .lead(Text::new(
        "Dit rapport vergelijkt wat het model doet voor groepen mensen. Een groep heet pas gelijk of ongelijk behandeld als de \
         gegevens dat aantonen; anders staat er dat er te weinig gegevens zijn.",
        "This report compares what the model does for groups of people. A group is called treated equally or unequally only when the \
         data show it; otherwise it says that there are not enough data.",
    ))
    .fact(
        Text::new("Oordeel over alles", "Verdict over all"),
        Cell::both(fairness::verdict(document.verdict)),
    )
    .fact(
        Text::new("Grootste verschil dat mag", "Largest difference allowed"),
        Cell::percent(plan.fairness_settings().largest_difference, 0),
    )
    .section(shared::not_judged(&sections.not_judged));
    let mut summary = fairness::fairness(plan, document);
    if document.rows.judged_on_training_rows {
        summary = summary.warning(shared::judged_on_training_rows());
    }
    page = page.section(summary);
    if let Some(promised) = &plan.privacy {
        page = page.section(privacy::promise(promised));
    }
    if let Some(asked) = &sections.causal_graph {
        page = page.section(causes::graph(asked));
    }
    for (report, audit) in document.sensitive_features.iter().zip(&sections.audits) {
        page = page.section(feature(report, audit));
    }
    if !sections.intersections.is_empty() {
        let mut section = Section::new(Text::new(
            "Combinaties van groepen",
            "Combinations of groups",
        ))
        .paragraph(Text::new(
            "Een groep kan apart gelijk behandeld worden en in combinatie met een andere niet.",
            "A group may be treated equally by itself and not in combination with another.",
        ));
        for report in &sections.intersections {
            section = section.section(groups(report, Text::same(report.sensitive_feature.clone())));
        }
        page = page.section(section);
    }
    if let Some(moved) = truth::drift(&sections.drift) {
        page = page.section(moved);
    }
    Some(page.section(shared::conclusion()))
}

fn feature(report: &FairnessReport, audit: &FeatureAudit) -> Section {
    let name = &report.sensitive_feature;
    let mut section = Section::new(Text::new(
        format!("Nader bekeken: {name}"),
        format!("A closer look: {name}"),
    ))
    .section(groups(
        report,
        Text::new("Cijfers per groep", "Figures per group"),
    ))
    .section(pairs(report));
    if let Some(exploration) = &audit.exploration {
        section = section.section(rules(exploration));
    }
    if !audit.label_sensitivity.is_empty() {
        section = section.section(labels(&audit.label_sensitivity));
    }
    if let Some(found) = &audit.label_audit {
        section = section.section(truth::labels(found));
    }
    if let Some(found) = &audit.causal_paths {
        section = section.section(causes::paths(found));
    }
    section.section(proxies(&audit.proxies, &audit.whole_set))
}

fn cell(value: Option<f64>, limits: Option<Interval>) -> Cell {
    match (value, limits) {
        (Some(value), Some(limits)) => Cell::interval(value, limits.low, limits.high, 3),
        _ => Cell::none(),
    }
}

fn groups(report: &FairnessReport, title: Text) -> Section {
    let mut table = Table::new(Text::new(
        format!("{}: aandelen met 95%-interval", report.sensitive_feature),
        format!("{}: shares with 95% interval", report.sensitive_feature),
    ))
    .column(Text::new("Groep", "Group"))
    .number(Text::new("Personen", "Subjects"))
    .number(Text::new("Gekozen", "Picked"))
    .number(Text::new(
        "Gevonden van wie het overkomt",
        "Found among those it happens to",
    ))
    .number(Text::new(
        "Gekozen van wie het niet overkomt",
        "Picked among those it does not happen to",
    ))
    .number(Text::new("Gemist", "Missed"))
    .number(Text::new("Terecht gekozen", "Rightly picked"))
    .number(Text::new("Gemiddelde kans", "Mean probability"))
    .number(Text::new("Gebeurd − voorspeld", "Happened − predicted"))
    .number(Text::new("Helling (ideaal 1)", "Slope (ideal 1)"));
    for group in &report.groups {
        let rate = |rate: Option<helder_fairness::Rate>| {
            rate.map_or_else(Cell::none, |rate| cell(rate.value, rate.interval_95))
        };
        table.push([
            Cell::text(group.group.clone()),
            group
                .rows
                .map_or_else(Cell::none, |rows| Cell::count(rows as u64)),
            rate(group.selection_rate),
            rate(group.true_positive_rate),
            rate(group.false_positive_rate),
            rate(group.false_negative_rate),
            rate(group.precision),
            cell(group.mean_score, group.mean_score_interval_95),
            group
                .calibration_gap
                .map_or_else(Cell::none, |gap| cell(Some(gap.value), gap.interval_95())),
            group.calibration_line.map_or_else(Cell::none, |line| {
                cell(Some(line.slope), line.slope_interval_95)
            }),
        ]);
    }
    let mut section = Section::new(title)
        .paragraph(fairness::verdict_sentence(report.verdict))
        .table(table);
    if !report.not_judged.is_empty() {
        let names = report.not_judged.join(", ");
        section = section.paragraph(Text::new(
            format!("Te klein om (geheel) te tonen of te beoordelen: {names}."),
            format!("Too small to show or judge (in full): {names}."),
        ));
    }
    section
}

fn pairs(report: &FairnessReport) -> Section {
    let mut section = Section::new(Text::new("Verschillen tussen groepen", "Differences between groups")).paragraph(Text::new(
        "Hoe meer groepen, hoe eerder één verschil groot lijkt door toeval. Daarom staan er twee intervallen: voor dit paar alleen, en \
         breder, voor alle paren samen.",
        "The more groups, the sooner one difference looks large by chance. Hence two intervals: for this pair alone, and a wider one for \
         all pairs together.",
    ));
    if let Some(found) = &report.bootstrap {
        section = section.table(resampled(found));
    }
    for result in &report.criteria {
        section = section.section(criterion(result));
    }
    section
}

/// The largest of many distances has no formula for its interval; drawing again and again does.
fn resampled(found: &Bootstrap) -> Table {
    let mut table = Table::new(Text::new(
        format!(
            "Grootste verschil, {} keer opnieuw getrokken",
            found.replicates
        ),
        format!("Largest difference, drawn again {} times", found.replicates),
    ))
    .column(Text::new("Maat", "Criterion"))
    .number(Text::new("Midden (95%-interval)", "Middle (95% interval)"))
    .number(Text::new(
        "Overdrijving door toeval",
        "Exaggeration by chance",
    ));
    for (criterion, spread) in [
        (
            Criterion::DemographicParity,
            found.demographic_parity_difference,
        ),
        (
            Criterion::EqualOpportunity,
            found.equal_opportunity_difference,
        ),
        (Criterion::EqualizedOdds, found.equalized_odds_difference),
        (
            Criterion::PredictiveParity,
            found.predictive_parity_difference,
        ),
    ] {
        let limits = spread.map(|spread| spread.interval_95);
        table.push([
            Cell::both(fairness::criterion(criterion)),
            cell(spread.map(|spread| spread.median), limits),
            spread.map_or_else(Cell::none, |spread| Cell::number(spread.bias, 3)),
        ]);
    }
    table
}

fn criterion(result: &CriterionResult) -> Section {
    let mut section = Section::new(fairness::criterion(result.criterion))
        .paragraph(fairness::verdict_sentence(result.verdict));
    if result.verdict == Verdict::NotEnoughData
        && let Some(smallest) = result.smallest_detectable_difference
    {
        let smallest = number::decimal(smallest, 3);
        section = section.paragraph(Text::new(
            format!("Een echt verschil kleiner dan {smallest} kan bij dit aantal personen onopgemerkt blijven."),
            format!("With this number of subjects, a real difference below {smallest} can stay unseen."),
        ));
    }
    if result.comparisons.is_empty() {
        return section;
    }
    let mut table = Table::new(Text::new("Per paar van groepen", "By pair of groups"))
        .column(Text::new("Maat", "Measure"))
        .column(Text::new("Groepen", "Groups"))
        .number(Text::new("Verschil (dit paar)", "Difference (this pair)"))
        .number(Text::new("Alle paren samen", "All pairs together"))
        .number(Text::new("Verhouding", "Ratio"))
        .number(Text::new("p-waarde (Holm)", "p-value (Holm)"))
        .column(Text::new("Oordeel", "Verdict"));
    for pair in result.comparisons.iter().take(MOST) {
        let ratio = match (pair.ratio, pair.ratio_interval_95) {
            (Some(ratio), Some(limits)) => {
                Cell::interval(ratio, limits.low, limits.high.unwrap_or(f64::INFINITY), 2)
            }
            _ => Cell::none(),
        };
        let all = pair.interval_simultaneous;
        table.push([
            Cell::both(compared(pair.measure)),
            Cell::text(format!("{} − {}", pair.first, pair.second)),
            cell(Some(pair.difference), Some(pair.interval_95)),
            Cell::text(format!(
                "{} – {}",
                number::decimal(all.low, 3),
                number::decimal(all.high, 3)
            )),
            ratio,
            Cell::p_value(pair.p_value_holm),
            Cell::both(fairness::verdict(pair.verdict)),
        ]);
    }
    section.table(table)
}

fn compared(measure: Compared) -> Text {
    match measure {
        Compared::Rate(measure) => measure_text(measure),
        Compared::Calibration(_) => Text::new("gebeurd − voorspeld", "happened − predicted"),
        Compared::Share(_) => Text::new("aandeel", "share"),
    }
}

fn measure_text(measure: Measure) -> Text {
    match measure {
        Measure::SelectionRate => Text::new("gekozen", "picked"),
        Measure::TruePositiveRate => Text::new("gevonden", "found"),
        Measure::FalsePositiveRate => Text::new("ten onrechte gekozen", "wrongly picked"),
        Measure::FalseNegativeRate => Text::new("gemist", "missed"),
        Measure::TrueNegativeRate => Text::new("terecht niet gekozen", "rightly not picked"),
        Measure::Precision => Text::new("terecht gekozen", "rightly picked"),
        Measure::Accuracy => Text::new("juist", "right"),
    }
}

fn rules(found: &Exploration) -> Section {
    let mut table = Table::new(Text::new(
        format!("{} plaatsen, vier regels", found.capacity),
        format!("{} places, four rules", found.capacity),
    ))
    .column(Text::new("Regel", "Rule"))
    .number(Text::new("Terecht gekozen", "Rightly picked"))
    .number(Text::new(
        "Minder gevonden dan met één drempel",
        "Fewer found than with one threshold",
    ))
    .number(Text::new("Anderen gekozen", "Others picked"))
    .number(Text::new("Verschil in gekozen", "Difference in picked"))
    .number(Text::new("Verschil in gevonden", "Difference in found"))
    .number(Text::new(
        "Verschil in ten onrechte gekozen",
        "Difference in wrongly picked",
    ));
    for outcome in &found.policies {
        let rule = match outcome.policy {
            Policy::OneThreshold => Text::new("één drempel voor iedereen", "one threshold for all"),
            Policy::EqualSelection => {
                Text::new("elke groep even vaak gekozen", "each group picked as often")
            }
            Policy::EqualOpportunity => {
                Text::new("elke groep even vaak gevonden", "each group found as often")
            }
            Policy::EqualFalseAlarms => Text::new(
                "elke groep even vaak ten onrechte gekozen",
                "each group wrongly picked as often",
            ),
        };
        let limits = outcome.true_positives_lost_interval_95;
        let number = |value: Option<f64>| value.map_or_else(Cell::none, |v| Cell::number(v, 3));
        table.push([
            Cell::both(rule),
            Cell::count(outcome.true_positives as u64),
            Cell::interval(
                outcome.true_positives_lost as f64,
                limits.low,
                limits.high,
                0,
            ),
            Cell::count(outcome.replaced as u64),
            number(outcome.selection_difference),
            number(outcome.true_positive_difference),
            number(outcome.false_positive_difference),
        ]);
    }
    let line = |label: Text, pick: fn(&helder_fairness::ThresholdPoint) -> Option<f64>| {
        let points = found
            .curve
            .iter()
            .filter_map(move |point| Some([point.picked as f64, pick(point)?]));
        Series::line(label, points.collect::<Vec<_>>())
    };
    Section::new(Text::new("Wat een andere regel zou kosten", "What another rule would cost"))
        .paragraph(Text::new(
            "De drempels zijn gekozen op dezelfde personen als waarop ze zijn gemeten: een gunstig geval. Een regel die naar de groep \
             kijkt, heeft een eigen grondslag in de wet nodig.",
            "Thresholds were chosen on the same subjects they were measured on: a favourable case. A rule that looks at the group needs a \
             legal basis of its own.",
        ))
        .table(table)
        .chart(
            LineChart::new(
                Text::new("Eén drempel: verschillen bij meer plaatsen", "One threshold: differences with more places"),
                Text::new("gekozen personen", "subjects picked"),
                Text::new("grootste verschil tussen groepen", "largest difference between groups"),
            )
            .series(line(Text::new("gekozen", "picked"), |point| point.selection_difference))
            .series(line(Text::new("gevonden", "found"), |point| point.true_positive_difference))
            .series(line(Text::new("ten onrechte gekozen", "wrongly picked"), |point| {
                point.false_positive_difference
            })),
        )
}

fn labels(found: &[LabelSensitivity]) -> Section {
    let mut table = Table::new(Text::new(
        "Bij welk geregistreerd aandeel wordt het verschil te groot?",
        "At which registered share does the difference become too large?",
    ))
    .column(Text::new("Groep", "Group"))
    .column(Text::new("Maat", "Measure"))
    .number(Text::new(
        "Als registratie los staat van gekozen worden",
        "If registration does not depend on being picked",
    ))
    .number(Text::new(
        "In het ongunstigste geval",
        "In the least favourable case",
    ));
    for group in found.iter().take(MOST) {
        for point in &group.tipping_points {
            let share = |share: Option<f64>| {
                share.map_or_else(
                    || Cell::both(Text::new("niet boven 30%", "not above 30%")),
                    |share| Cell::percent(share, 0),
                )
            };
            table.push([
                Cell::text(group.group.clone()),
                Cell::both(measure_text(point.measure)),
                share(point.as_registered),
                share(point.least_favourable),
            ]);
        }
    }
    Section::new(Text::new("Als uitkomsten niet zijn opgeschreven", "If outcomes were not written down"))
        .paragraph(Text::new(
            "Een model leert van wat is geregistreerd. Is dat voor één groep onvolledig, dan lijkt het model eerlijk terwijl het die groep \
             mist. De tabel zegt hoeveel er dan zou moeten ontbreken. Of dat zo is, laat alleen een steekproef zien.",
            "A model learns from what was registered. When that is incomplete for one group, the model looks fair while it misses that group. \
             The table says how much would have to be missing. Whether it is, only a sample shows.",
        ))
        .table(table)
}

fn proxies(each: &[Proxy], together: &[ProxyAuc]) -> Section {
    let mut rows: Vec<IntervalRow> = Vec::new();
    for all in together {
        if let Some(limits) = all.interval_95 {
            let label = Text::new(
                format!("alle gegevens samen: {}", all.group),
                format!("all inputs together: {}", all.group),
            );
            rows.push(IntervalRow::new(label, all.auc, limits.low, limits.high));
        }
    }
    for proxy in each.iter().take(MOST) {
        if let Some((best, limits)) = proxy.best.as_ref().and_then(|b| Some((b, b.interval_95?))) {
            let label = Text::same(format!("{}: {}", proxy.feature, best.group));
            rows.push(IntervalRow::new(label, best.auc, limits.low, limits.high));
        }
    }
    let given_away = each
        .iter()
        .filter(|proxy| {
            proxy
                .best
                .as_ref()
                .is_some_and(|b| b.verdict == Verdict::OutsideBound)
        })
        .map(|proxy| proxy.feature.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let mut section = Section::new(Text::new("Verraadt een gegeven de groep?", "Does an input give the group away?")).paragraph(Text::new(
        "0,5 is toeval, 1 verraadt de groep geheel. Een kolom weglaten verbergt een groep niet als andere gegevens haar verraden.",
        "0.5 is chance, 1 gives the group away. Leaving a column out does not hide a group when other inputs give it away.",
    ));
    if !given_away.is_empty() {
        section = section.warning(Text::new(
            format!("Deze gegevens verraden de groep: {given_away}."),
            format!("These inputs give the group away: {given_away}."),
        ));
    }
    section.chart(
        IntervalChart::new(
            Text::new(
                "Hoe goed gegevens groepen uit elkaar houden",
                "How well inputs tell groups apart",
            ),
            Text::same("AUC"),
        )
        .reference(0.5)
        .rows(rows),
    )
}
