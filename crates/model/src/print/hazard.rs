//! Proportional hazards: weights, the average row's chances, and what came of rows alike.

use super::{
    linear::{Z95, weights},
    sheet::Sheet,
};
use crate::{HazardFit, Language, RiskClass};

pub(super) fn hazards(sheet: &mut Sheet, fit: &HazardFit) {
    for cause in &fit.causes {
        let (meaning, events) = (sheet.pick(&cause.meaning).to_owned(), cause.events);
        sheet.headed(&match sheet.language() {
            Language::Dutch => format!("{meaning}: gewichten ({events} keer)"),
            Language::English => format!("{meaning}: weights ({events} times)"),
        });
        let ratio = Some(("tempo maal", "rate times"));
        weights(sheet, &cause.terms.linear(), Z95, ratio, false);
    }
    sheet.paragraph(
        "De score is elk gewicht maal hoeveel het gegeven van het gemiddelde verschilt. Met exp(score) wordt het tempo van de gemiddelde rij vermenigvuldigd.",
        "The score is every weight times how much its input differs from the mean. The rate of the average row is multiplied by exp(score).",
    );
    sheet.heading("Gemiddelde rij", "Average row");
    let mut rows = Vec::new();
    for horizon in &fit.horizons {
        let at = fit
            .times
            .partition_point(|time| time <= horizon)
            .checked_sub(1);
        let mut row = vec![sheet.value(*horizon)];
        for cause in &fit.causes {
            let hazard = at.and_then(|at| cause.cumulative_hazard.get(at));
            row.push(sheet.decimal(hazard.copied().unwrap_or(0.0), 4));
        }
        rows.push(row);
    }
    let days = sheet.say("Na dagen", "After days").to_owned();
    let names: Vec<String> = fit.causes.iter().map(|cause| cause.name.clone()).collect();
    let headings: Vec<&str> = std::iter::once(days.as_str())
        .chain(names.iter().map(String::as_str))
        .collect();
    sheet.table(&headings, &rows);
    sheet.paragraph(
        "Dit zijn opgetelde tempo's. Bij één oorzaak blijft een deel exp(-tempo) over.",
        "These are cumulative hazards. With one cause a share exp(-hazard) is left.",
    );
    let names: Vec<&str> = fit.causes.iter().map(|cause| cause.name.as_str()).collect();
    classes(sheet, &fit.risk_classes, &names);
}

pub(super) fn classes(sheet: &mut Sheet, classes: &[RiskClass], causes: &[&str]) {
    if classes.is_empty() {
        return;
    }
    sheet.heading(
        "Wat er kwam van rijen die op elkaar lijken",
        "What came of rows alike",
    );
    let mut rows = Vec::new();
    for class in classes {
        let below = class.below.map_or_else(String::new, |below| {
            format!("< {}", sheet.decimal(below, 3))
        });
        for (cause, curve) in causes.iter().zip(&class.ended) {
            let last = |of: &[f64]| of.last().copied();
            let days = last(&curve.time).map_or_else(String::new, |days| sheet.value(days));
            let share =
                last(&curve.share).map_or_else(String::new, |share| sheet.decimal(share, 3));
            rows.push(vec![
                below.clone(),
                class.rows.to_string(),
                (*cause).to_owned(),
                days,
                share,
            ]);
        }
    }
    let headings = [
        "Score",
        sheet.say("Rijen", "Rows"),
        sheet.say("Oorzaak", "Cause"),
        sheet.say("Tot dag", "Until day"),
        sheet.say("Aandeel", "Share"),
    ]
    .map(str::to_owned);
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    sheet.table(&headings, &rows);
}
