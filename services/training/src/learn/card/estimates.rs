//! How good estimates of amounts, counts and shares are, in tables.

use helder_evaluation::{EstimateBin, Estimates};
use helder_report::{Cell, KeyFigure, LineChart, Section, Series, Table, Text};

use crate::learn::{
    estimate::Details,
    judge::{FairnessDocument, GroupMeans},
};

/// Estimates beside what came.
pub(super) fn estimates(found: &Estimates, rows: usize) -> Section {
    let explained = found
        .deviance_explained
        .map_or_else(Cell::none, |share| Cell::percent(share, 1));
    let level = found
        .observed_over_estimated
        .map_or_else(Cell::none, |ratio| Cell::number(ratio, 3));
    let mut table = bins(Text::new(
        "Tienden op volgorde van schatting",
        "Tenths by estimate",
    ));
    for (place, bin) in found.tenths.iter().enumerate() {
        table.push(row(Cell::count(place as u64 + 1), bin));
    }
    Section::new(Text::new("Hoe goed het model is", "How good the model is"))
        .paragraph(Text::new(
            format!("Gemeten op {rows} rijen die het model niet eerder zag, tenzij hieronder anders staat."),
            format!("Measured on {rows} rows the model had not seen, unless stated otherwise below."),
        ))
        .figures([
            KeyFigure::new(Text::new("Verklaard", "Explained"), explained).note(Text::new(
                "0 is niet beter dan een gemiddelde voor iedereen",
                "0 is no better than one mean for everybody",
            )),
            KeyFigure::new(
                Text::new("Gemiddelde afwijking", "Mean difference"),
                Cell::number(found.mae, 3),
            )
            .note(Text::new(
                format!("zonder model {}", helder_report::number::decimal(found.mae_of_mean, 3)),
                format!("without a model {:.3}", found.mae_of_mean),
            )),
            KeyFigure::new(
                Text::new("Wortel van de gemiddelde kwadratische afwijking", "Root mean squared difference"),
                Cell::number(found.rmse, 3),
            )
            .note(Text::new(
                format!("zonder model {}", helder_report::number::decimal(found.rmse_of_mean, 3)),
                format!("without a model {:.3}", found.rmse_of_mean),
            )),
            KeyFigure::new(
                Text::new("Werkelijk gedeeld door geschat", "Observed over estimated"),
                level,
            ),
        ])
        .chart(by_tenth(found))
        .table(table)
}

/// What came against what was estimated, tenth by tenth, beside the line on which both are equal.
fn by_tenth(found: &Estimates) -> LineChart {
    let known = || {
        found.tenths.iter().filter_map(|bin| {
            let limits = bin.interval_95?;
            Some([bin.estimated?, bin.observed?, limits.low, limits.high])
        })
    };
    let band = known().map(|[x, _, low, high]| [x, low, high]);
    let ends = [known().next(), known().next_back()].into_iter().flatten();
    LineChart::new(
        Text::new("Geschat en wat er kwam", "Estimated and what came"),
        Text::new(
            "geschat, gemiddelde van een tiende",
            "estimated, mean of a tenth",
        ),
        Text::new("werkelijk, met 95%-interval", "observed, with 95% interval"),
    )
    .series(
        Series::line(
            Text::new("werkelijk", "observed"),
            known().map(|[x, y, ..]| [x, y]),
        )
        .band(band),
    )
    .series(Series::line(
        Text::new("even veel als geschat", "as much as estimated"),
        ends.map(|[x, ..]| [x, x]),
    ))
}

/// How the coefficients came about, where that is not maximum likelihood alone.
pub(super) fn details(details: &Details) -> Vec<Text> {
    let decimal = |value: f64| helder_report::number::decimal(value, 4);
    let mut said = Vec::new();
    match details.intervals {
        Some("robustHc1") => said.push(Text::new(
            "Intervallen en p-waarden komen van robuuste standaardfouten (HC1).",
            "Intervals and p-values come from robust standard errors (HC1).",
        )),
        Some("robust") => said.push(Text::new(
            "Intervallen en p-waarden komen van robuuste standaardfouten (HC0).",
            "Intervals and p-values come from robust standard errors (HC0).",
        )),
        Some(_) => said.push(Text::new(
            "Geschat met de bestrafte likelihood van Firth.",
            "Estimated with Firth's penalised likelihood.",
        )),
        None => {}
    }
    if let Some(net) = &details.elastic_net {
        said.push(Text::new(
            format!(
                "Gewichten zijn gekrompen (elastic net, alfa {}, lambda {}). Daarom zijn er geen intervallen.",
                decimal(net.alpha),
                decimal(net.lambda)
            ),
            format!(
                "Weights are shrunk (elastic net, alpha {:.4}, lambda {:.4}). There are therefore no intervals.",
                net.alpha, net.lambda
            ),
        ));
    }
    if let Some(theta) = &details.theta {
        said.push(match theta.estimate {
            Some(estimate) => Text::new(
                format!(
                    "De aantallen verschillen meer dan toeval alleen (theta {}).",
                    decimal(estimate)
                ),
                format!("The counts differ more than by chance alone (theta {estimate:.4})."),
            ),
            None => Text::new(
                "De aantallen verschillen niet meer dan toeval alleen: dit is een Poissonmodel.",
                "The counts differ no more than by chance alone: this is a Poisson model.",
            ),
        });
    }
    if let Some(test) = &details.overdispersion
        && test.linear.p_value.min(test.quadratic.p_value) < 0.05
    {
        said.push(Text::new(
            "De aantallen verschillen meer dan het model aanneemt, dus intervallen zijn te smal: kies robuuste standaardfouten of een negatief-binomiaal model.",
            "The counts differ more than the model assumes, so intervals are too narrow: choose robust standard errors or a negative binomial model.",
        ));
    }
    said
}

/// Estimates beside outcomes per sensitive group.
pub(super) fn means(document: &FairnessDocument) -> Vec<Table> {
    document.means.iter().map(feature).collect()
}

fn feature(means: &GroupMeans) -> Table {
    let name = &means.sensitive_feature;
    let mut table = bins(Text::new(
        format!("Geschat en werkelijk: {name}"),
        format!("Estimated and observed: {name}"),
    ));
    for group in &means.groups {
        table.push(row(Cell::text(group.group.clone()), &group.found));
    }
    table
}

fn bins(title: Text) -> Table {
    Table::new(title)
        .column(Text::new("Groep", "Group"))
        .number(Text::new("Rijen", "Rows"))
        .number(Text::new("Geschat", "Estimated"))
        .number(Text::new(
            "Werkelijk (95%-interval)",
            "Observed (95% interval)",
        ))
}

fn row(first: Cell, bin: &EstimateBin) -> [Cell; 4] {
    let observed = match (bin.observed, bin.interval_95) {
        (Some(value), Some(limits)) => Cell::interval(value, limits.low, limits.high, 3),
        (Some(value), None) => Cell::number(value, 3),
        _ => Cell::none(),
    };
    [
        first,
        Cell::count(bin.rows as u64),
        bin.estimated
            .map_or_else(Cell::none, |value| Cell::number(value, 3)),
        observed,
    ]
}
