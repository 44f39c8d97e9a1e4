//! Hazards by interval: what is added up per cause, and how chances follow.

use super::{
    hazard::classes,
    linear::{Z95, weights},
    sheet::Sheet,
    sums,
};
use crate::{IntervalFit, IntervalRegression, Language, Link, Model};

pub(super) fn hazards(sheet: &mut Sheet, model: &Model, fit: &IntervalFit, most: usize) {
    let timed = Model {
        inputs: fit.inputs(&model.inputs),
        ..model.clone()
    };
    let intervals = fit.ends.len();
    let until = sheet.value(fit.ends.last().copied().unwrap_or(0.0));
    sheet.paragraph(
        &format!(
            "De tijd is verdeeld in {intervals} stukken, tot {until} dagen na het begin. Per oorzaak geldt in elk stuk een optelsom. Kans op dit einde in een stuk: odds / (1 + alle odds), met odds = exp(score). Wat overblijft gaat door naar het volgende stuk."
        ),
        &format!(
            "Time is cut into {intervals} pieces, until {until} days after the beginning. Each cause has a sum in every piece. Chance of this end in a piece: odds / (1 + all odds), where odds = exp(score). What is left goes on to the next piece."
        ),
    );
    for cause in &fit.causes {
        let (meaning, events) = (sheet.pick(&cause.meaning).to_owned(), cause.events);
        sheet.headed(&match sheet.language() {
            Language::Dutch => format!("{meaning} ({events} keer)"),
            Language::English => format!("{meaning} ({events} times)"),
        });
        sums::terms(sheet, &timed, &cause.terms, most);
    }
    let names: Vec<&str> = fit.causes.iter().map(|cause| cause.name.as_str()).collect();
    classes(sheet, &fit.risk_classes, &names);
}

pub(super) fn regressions(sheet: &mut Sheet, model: &Model, fit: &IntervalRegression) {
    let intervals = fit.ends.len();
    let until = sheet.value(fit.ends.last().copied().unwrap_or(0.0));
    let (odds, ratio) = match model.link {
        Link::Cloglog => ("exp(exp(score)) - 1", ("tempo maal", "rate times")),
        _ => ("exp(score)", ("odds maal", "odds times")),
    };
    sheet.paragraph(
        &format!(
            "De tijd is verdeeld in {intervals} stukken, tot {until} dagen na het begin. Per oorzaak is de score in elk stuk het beginpunt plus elk gewicht maal zijn gegeven; (time) is het einde van het stuk. Kans op dit einde in een stuk: odds / (1 + alle odds), met odds = {odds}. Wat overblijft gaat door naar het volgende stuk."
        ),
        &format!(
            "Time is cut into {intervals} pieces, until {until} days after the beginning. Each cause has a score in every piece: the start plus every weight times its input; (time) is the end of the piece. Chance of this end in a piece: odds / (1 + all odds), where odds = {odds}. What is left goes on to the next piece."
        ),
    );
    for cause in &fit.causes {
        let (meaning, events) = (sheet.pick(&cause.meaning).to_owned(), cause.events);
        sheet.headed(&match sheet.language() {
            Language::Dutch => format!("{meaning}: gewichten ({events} keer)"),
            Language::English => format!("{meaning}: weights ({events} times)"),
        });
        weights(sheet, &cause.terms, Z95, Some(ratio), true);
    }
    let names: Vec<&str> = fit.causes.iter().map(|cause| cause.name.as_str()).collect();
    classes(sheet, &fit.risk_classes, &names);
}
