//! Hazards by interval as regressions: weights per cause, and the curves among them.

use helder_hazard::Link;
use helder_model::{Algorithm, Model, interval::timed};
use helder_report::{Cell, IntervalChart, IntervalRow, Section, Table, Text, number};

use super::splines;
use crate::learn::survival::{CauseEffects, RegressionSummary};

/// A section per cause.
pub(super) fn sections(model: &Model, summary: &RegressionSummary) -> Vec<Section> {
    let of_cause = |cause: &CauseEffects| curves(effects(cause, summary), model, cause);
    summary.causes.iter().map(of_cause).collect()
}

/// What counts as a curve, the time among it.
fn curves(section: Section, model: &Model, cause: &CauseEffects) -> Section {
    let Algorithm::HazardRegression(fit) = &model.algorithm else {
        return section;
    };
    let Some(own) = fit.causes.iter().find(|own| own.name == cause.name) else {
        return section;
    };
    let inputs = timed(&model.inputs, &fit.ends);
    let axis = Text::new("invloed op de score", "influence on the score");
    splines::drawn(section, &own.terms, &inputs, helder_evaluation::Z_95, &axis)
}

fn effects(cause: &CauseEffects, summary: &RegressionSummary) -> Section {
    let (nl, en) = match summary.link {
        Link::Logit => ("odds maal", "odds times"),
        Link::Cloglog => ("tempo maal", "rate times"),
    };
    let mut chart = IntervalChart::new(
        Text::new("Invloed per gegeven", "Influence per input"),
        Text::new(
            "score per standaarddeviatie",
            "score per standard deviation",
        ),
    )
    .reference(0.0);
    let mut table = Table::new(Text::new("Factoren", "Factors"))
        .column(Text::new("Kolom", "Column"))
        .number(Text::new(
            format!("{nl} (95%-interval)"),
            format!("{en} (95% interval)"),
        ))
        .number(Text::new("p-waarde", "p-value"));
    for entry in &cause.coefficients {
        let (weight, spread) = (&entry.weight, entry.standard_deviation);
        let (low, high) = weight
            .interval_95
            .unwrap_or((weight.estimate, weight.estimate));
        // The start is no factor of anything.
        if spread <= 0.0 {
            continue;
        }
        chart = chart.row(IntervalRow::new(
            Text::same(weight.name.clone()),
            weight.estimate * spread,
            low * spread,
            high * spread,
        ));
        table.push([
            Cell::code(weight.name.clone()),
            Cell::interval(weight.estimate.exp(), low.exp(), high.exp(), 3),
            weight.p_value.map_or_else(Cell::none, Cell::p_value),
        ]);
    }
    let (nl, en) = (&cause.meaning.nl, &cause.meaning.en);
    let events = number::count(cause.events as u64);
    let intervals = summary.intervals;
    let days = number::significant(summary.width);
    let section = Section::new(Text::new(
        format!("Wat het sneller of langzamer maakt: {nl}"),
        format!("What makes it faster or slower: {en}"),
    ))
    .paragraph(Text::new(
        format!("Geleerd van {events} keer, in {intervals} stukken van {days} dagen. Een factor boven 1 maakt het sneller, onder 1 langzamer, per eenheid van het gegeven, in elk stuk evenveel. De regel (time) is de tijd zelf, in dagen."),
        format!("Learned from {events} times, in {intervals} pieces of {days} days. A factor above 1 makes it faster, below 1 slower, per unit of the input, as much in every piece. The row (time) is the time itself, in days."),
    ))
    .chart(chart)
    .table(table);
    if cause.dropped.is_empty() {
        return section;
    }
    let names = cause.dropped.join(", ");
    section.paragraph(Text::new(
        format!("Weggelaten, want deze kolommen verschillen niet of zeggen hetzelfde als eerdere: {names}."),
        format!("Left out, because these columns do not differ or say the same as earlier ones: {names}."),
    ))
}
