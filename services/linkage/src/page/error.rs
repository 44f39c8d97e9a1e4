//! Precision and recall by threshold: expected without labels, and measured with them.

use helder_record_linkage::run::Step;
use helder_report::{Cell, LineChart, Section, Series, Table, Text};

use crate::wire::{Measured, Outcome, Prediction, Share};

/// Where the axis of shares begins: low enough that a thousandth does not look like a gulf.
fn lowest(shares: impl Iterator<Item = f64>) -> f64 {
    let least = shares
        .filter(|share| share.is_finite())
        .fold(0.95, f64::min);
    ((least * 20.0).floor() / 20.0).max(0.0)
}

/// What to expect of the links, without labels.
pub(super) fn expected(outcome: &Outcome, threshold: f64) -> Option<Section> {
    let prediction = outcome.prediction.as_ref()?;
    let mut table = Table::new(Text::new(
        "Verwacht per drempel, van de gewogen koppelingen",
        "Expected by threshold, of the weighed links",
    ))
    .number(Text::new("Drempel", "Threshold"))
    .number(Text::new("Koppelingen", "Links"))
    .number(Text::new("Precisie", "Precision"))
    .number(Text::new("Volledigheid", "Recall"));
    for at in &prediction.thresholds {
        table.push([
            Cell::number(at.threshold, 2),
            Cell::count(at.links),
            Cell::percent(at.precision, 2),
            Cell::percent(at.recall, 2),
        ]);
    }
    let points = |of: fn(&helder_record_linkage::run::AtThreshold) -> f64| {
        let thresholds = prediction.thresholds.iter();
        thresholds
            .map(move |at| [at.threshold, of(at)])
            .collect::<Vec<_>>()
    };
    let low = lowest(
        prediction
            .thresholds
            .iter()
            .flat_map(|at| [at.precision, at.recall]),
    );
    let bands = bands(prediction);
    let is_ordering_only = orders_only(prediction);
    let mut section = Section::new(Text::new("Verwachte fouten", "Expected error"))
        .paragraph(Text::new(
            "Precisie: welk deel van de koppelingen klopt. Volledigheid: welk deel van de ware paren is gevonden, ook van de paren die geen \
             enkele zoekregel bereikt.",
            "Precision: which share of the links is right. Recall: which share of the true pairs was found, those that no blocking rule \
             reaches among them.",
        ))
        .warning(Text::new(
            "Deze getallen komen uit het model zelf, niet uit een controle door mensen. Ze kloppen zover het model klopt.",
            "These figures come from the model itself, not from a check by people. They hold as far as the model does.",
        ))
        .facts([
            (Text::new("Drempel van deze koppeling", "Threshold of this run"), Cell::number(threshold, 2)),
            (
                Text::new(
                    "Koppelingen die niet gewogen zijn en dus niet in de tabellen hieronder staan (gelijk pseudoniem, beoordeeld)",
                    "Links that were not weighed, so not in the tables below (equal pseudonym, decided by people)",
                ),
                Cell::count(unweighed(outcome)),
            ),
            (
                Text::new("Ware paren die geen regel bereikt (geschat)", "True pairs that no rule reaches (estimated)"),
                Cell::number(prediction.unreached_pairs, 0),
            ),
        ])
        .chart(
            LineChart::new(
                Text::new("Verwachte precisie en volledigheid per drempel", "Expected precision and recall by threshold"),
                Text::new("drempel (kans)", "threshold (probability)"),
                Text::new("aandeel", "share"),
            )
            .y_range(low, 1.0)
            .series(Series::line(Text::new("precisie", "precision"), points(|at| at.precision)))
            .series(Series::line(Text::new("volledigheid", "recall"), points(|at| at.recall))),
        )
        .table(table)
        .table(bands);
    if is_ordering_only {
        section = section.paragraph(Text::new(
            "Binnen één bestand zegt een kans tussen 0,1 en 0,9 vooral welk paar eerder klopt dan een ander. Hoeveel er kloppen verschilt per \
             bestand: zo ver lag het bij proefbestanden hoogstens van de gemiddelde kans. Laat mensen paren in dit gebied bekijken.",
            "Within one file a probability from 0.1 to 0.9 says above all which pair is likelier to be true than another. How many are true \
             differs by file: on test files it was no farther from the mean than this. Have people look at pairs in this range.",
        ));
    }
    Some(section)
}

/// Whether scores say which pair is likelier rather than how many are true.
fn orders_only(prediction: &Prediction) -> bool {
    prediction
        .bands
        .iter()
        .any(|band| band.true_share.is_some())
}

/// Pairs by band of the score.
fn bands(prediction: &Prediction) -> Table {
    let mut bands = Table::new(Text::new(
        "Paren die gekozen zouden worden, naar kans",
        "Pairs that would be chosen, by probability",
    ))
    .column(Text::new("Kans", "Probability"))
    .number(Text::new("Paren", "Pairs"))
    .number(Text::new("Gemiddelde kans", "Mean probability"));
    let is_ordering_only = prediction
        .bands
        .iter()
        .any(|band| band.true_share.is_some());
    if is_ordering_only {
        bands = bands.column(Text::new("Daarvan klopt", "True of these"));
    }
    for band in &prediction.bands {
        let is_few = band.pairs > 0 && band.pairs < 10;
        let few = Text::new("minder dan 10", "fewer than 10");
        let mut row = vec![
            Cell::text(format!("{} – {}", decimal(band.from), decimal(band.to))),
            if is_few {
                Cell::both(few)
            } else {
                Cell::count(band.pairs)
            },
            if is_few || band.pairs == 0 {
                Cell::none()
            } else {
                Cell::percent(band.mean, 1)
            },
        ];
        if is_ordering_only {
            let share = band.true_share.filter(|_| !is_few);
            row.push(share.map_or_else(Cell::none, |[low, high]| {
                let percent = |share| helder_report::number::percent(share, 0);
                Cell::text(format!("{} – {}", percent(low), percent(high)))
            }));
        }
        bands.push(row);
    }
    bands
}

/// Links of other steps than the weighing.
fn unweighed(outcome: &Outcome) -> u64 {
    let steps = outcome.steps.iter();
    let others = steps.filter(|step| step.step != Step::Probabilistic);
    others.map(|step| step.links).sum()
}

fn decimal(value: f64) -> String {
    helder_report::number::decimal(value, 1)
}

/// What labels say of the links.
pub(super) fn measured(measured: &Measured) -> Section {
    let mut table = Table::new(Text::new(
        "Gemeten per drempel, met 95 %-interval",
        "Measured by threshold, with 95 % interval",
    ))
    .number(Text::new("Drempel", "Threshold"))
    .number(Text::new("Precisie", "Precision"))
    .number(Text::new("Volledigheid", "Recall"));
    for at in &measured.thresholds {
        table.push([
            Cell::number(at.threshold, 2),
            interval(at.precision),
            interval(at.recall),
        ]);
    }
    let series = |name: Text, of: fn(&crate::wire::MeasuredAtThreshold) -> Option<Share>| {
        let shares = || {
            let thresholds = measured.thresholds.iter();
            thresholds.filter_map(|at| Some((at.threshold, of(at)?)))
        };
        Series::line(name, shares().map(|(at, share)| [at, share.value]))
            .band(shares().map(|(at, share)| [at, share.low, share.high]))
    };
    let shares = measured
        .thresholds
        .iter()
        .flat_map(|at| [at.precision, at.recall]);
    let low = lowest(shares.flatten().map(|share| share.low));
    let [left, right] = measured.rows_without_label;
    Section::new(Text::new("Gemeten fouten", "Measured error"))
        .paragraph(Text::new(
            "Deze koppeling is naast gegevens gelegd waarvan bekend is wie wie is. Die gegevens zijn niet gebruikt om te koppelen.",
            "This linkage was laid beside labels that say who is who. The labels were not used to link.",
        ))
        .facts([
            (Text::new("Beoordeelde koppelingen", "Links judged"), Cell::count(measured.judged_links)),
            (Text::new("Ware paren", "True pairs"), Cell::count(measured.true_pairs)),
            (Text::new("Regels zonder oordeel, links", "Rows without label, left"), Cell::count(left)),
            (Text::new("Regels zonder oordeel, rechts", "Rows without label, right"), Cell::count(right)),
        ])
        .chart(
            LineChart::new(
                Text::new("Gemeten precisie en volledigheid per drempel", "Measured precision and recall by threshold"),
                Text::new("drempel (kans)", "threshold (probability)"),
                Text::new("aandeel", "share"),
            )
            .y_range(low, 1.0)
            .series(series(Text::new("precisie", "precision"), |at| at.precision))
            .series(series(Text::new("volledigheid", "recall"), |at| at.recall)),
        )
        .table(table)
}

/// A share with its interval, as percentages.
pub(super) fn interval(share: Option<Share>) -> Cell {
    share.map_or_else(Cell::none, |share| {
        Cell::text(format!(
            "{} ({} – {})",
            helder_report::number::percent(share.value, 2),
            helder_report::number::percent(share.low, 2),
            helder_report::number::percent(share.high, 2)
        ))
    })
}
