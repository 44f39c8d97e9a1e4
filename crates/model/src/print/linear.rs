//! Regressions as tables of weights, groups as tables of centres.

use super::sheet::Sheet;
use crate::{Family, GeneralisedFit, Language, LinearFit, spline::column_names};

/// The 97.5 % point of the standard normal distribution.
pub(super) const Z95: f64 = 1.959_963_984_540_054;

pub(super) fn logistic(sheet: &mut Sheet, fit: &LinearFit) {
    sheet.heading("Gewichten (log-odds)", "Weights (log odds)");
    weights(sheet, fit, Z95, Some(("verhouding", "odds ratio")), true);
    sheet.paragraph(
        "De score is het beginpunt plus elk gewicht maal zijn gegeven; de kans is 1 / (1 + exp(-score)).",
        "The score is the start plus every weight times its input; the probability is 1 / (1 + exp(-score)).",
    );
}

pub(super) fn generalised(sheet: &mut Sheet, fit: &GeneralisedFit) {
    sheet.heading("Gewichten", "Weights");
    let factor = match fit.family {
        Family::Gaussian => None,
        Family::Binomial => Some(("verhouding", "odds ratio")),
        Family::Poisson | Family::NegativeBinomial => Some(("factor", "factor")),
    };
    weights(sheet, &fit.linear, fit.critical, factor, true);
    match fit.family {
        Family::Gaussian => sheet.paragraph(
            "De schatting is het beginpunt plus elk gewicht maal zijn gegeven.",
            "The estimate is the start plus every weight times its input.",
        ),
        Family::Binomial => sheet.paragraph(
            "De score is het beginpunt plus elk gewicht maal zijn gegeven; het aandeel is 1 / (1 + exp(-score)).",
            "The score is the start plus every weight times its input; the share is 1 / (1 + exp(-score)).",
        ),
        Family::Poisson | Family::NegativeBinomial => sheet.paragraph(
            "De schatting is exp(beginpunt plus elk gewicht maal zijn gegeven).",
            "The estimate is exp(start plus every weight times its input).",
        ),
    }
    if let Some(per) = &fit.per {
        let said = sheet.say("Per één van", "Per one of").to_owned();
        sheet.fact(&said, per);
    }
    let extras = [
        ("theta", fit.theta),
        (
            sheet.say("Restvariantie", "Residual variance"),
            fit.residual_variance,
        ),
    ];
    for (name, value) in extras {
        if let Some(value) = value {
            let value = sheet.value(value);
            sheet.fact(name, &value);
        }
    }
}

/// `ratio` names what exp of a weight is; a hazard has no start.
pub(super) fn weights(
    sheet: &mut Sheet,
    fit: &LinearFit,
    critical: f64,
    ratio: Option<(&str, &str)>,
    has_start: bool,
) {
    let mut rows = Vec::new();
    let mut row = |name: String, weight: f64, error: Option<f64>, has_ratio: bool| {
        let interval = error.map_or_else(String::new, |error| {
            let half = critical * error;
            format!(
                "[{}; {}]",
                sheet.significant(weight - half, 4),
                sheet.significant(weight + half, 4)
            )
        });
        let times = if has_ratio && ratio.is_some() {
            sheet.decimal(weight.exp(), 3)
        } else {
            String::new()
        };
        rows.push(vec![name, sheet.significant(weight, 6), interval, times]);
    };
    let start = sheet.say("(beginpunt)", "(start)").to_owned();
    if has_start {
        let intercept = fit.intercept;
        row(
            start,
            intercept.coefficient,
            intercept.standard_error,
            false,
        );
    }
    for term in &fit.linear_terms {
        row(
            term.input.clone(),
            term.coefficient,
            term.standard_error,
            true,
        );
    }
    for term in &fit.spline_terms {
        let names = column_names(&term.input, term.columns.len());
        for (name, column) in names.zip(&term.columns) {
            row(name, column.coefficient, column.standard_error, false);
        }
    }
    for term in &fit.category_terms {
        row(
            format!("{} = {}", term.input, term.reference_level),
            0.0,
            None,
            true,
        );
        for level in &term.levels {
            let name = format!("{} = {}", term.input, level.level);
            row(name, level.coefficient, level.standard_error, true);
        }
    }
    for term in &fit.missing_terms {
        let name = format!("{} {}", term.input, sheet.say("niet bekend", "not known"));
        row(name, term.coefficient, term.standard_error, true);
    }
    let headings = [
        sheet.say("Gegeven", "Input"),
        sheet.say("Gewicht", "Weight"),
        sheet.say("95%-interval", "95% interval"),
        ratio.map_or("", |(nl, en)| sheet.say(nl, en)),
    ]
    .map(str::to_owned);
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    sheet.table(&headings, &rows);
    curves(sheet, fit, critical);
}

/// What each curve adds at its knots; between them it runs smoothly, beyond them straight on.
fn curves(sheet: &mut Sheet, fit: &LinearFit, critical: f64) {
    for term in &fit.spline_terms {
        sheet.headed(&match sheet.language() {
            Language::Dutch => format!("Lijn van {}", term.input),
            Language::English => format!("Curve of {}", term.input),
        });
        let points = fit.curve(&term.input, &term.knots).into_iter();
        let rows = points.map(|point| {
            let interval = point.standard_error.map_or_else(String::new, |error| {
                let half = critical * error;
                let [low, high] = [point.effect - half, point.effect + half];
                format!(
                    "[{}; {}]",
                    sheet.significant(low, 4),
                    sheet.significant(high, 4)
                )
            });
            let (value, effect) = (point.value, point.effect);
            vec![sheet.value(value), sheet.significant(effect, 6), interval]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        let headings = [
            sheet.say("Waarde", "Value"),
            sheet.say("Telt mee", "Adds"),
            sheet.say("95%-interval", "95% interval"),
        ]
        .map(str::to_owned);
        let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
        sheet.table(&headings, &rows);
    }
    if !fit.spline_terms.is_empty() {
        sheet.paragraph(
            "Tussen deze waarden buigt de lijn vloeiend, daarbuiten gaat zij recht door (restricted cubic spline). Geteld vanaf het gemiddelde.",
            "Between these values the curve bends smoothly, beyond them it goes straight on (restricted cubic spline). Counted from the mean.",
        );
    }
}
