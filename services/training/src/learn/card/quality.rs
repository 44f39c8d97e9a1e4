//! How good the model is, in charts.

use helder_evaluation::{Evaluation, Z_95};
use helder_report::{
    CalibrationPlot, CalibrationPoint, Cell, IntervalChart, IntervalRow, KeyFigure, Section, Table,
    Text,
};

use helder_model::{Algorithm, Kind, Model};

use super::splines;
use crate::learn::regress::FitSummary;

/// The weights with their intervals.
pub(super) fn coefficients(fit: &FitSummary, model: &Model) -> Section {
    let scale = if model.kind == Kind::Regression {
        Text::new(
            "score per standaarddeviatie",
            "score per standard deviation",
        )
    } else {
        Text::new(
            "log-odds per standaarddeviatie",
            "log odds per standard deviation",
        )
    };
    let mut chart = IntervalChart::new(
        Text::new("Invloed per gegeven", "Influence per input"),
        scale,
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
        let (c, spread) = (&entry.weight, entry.standard_deviation);
        let number = |value: Option<f64>| value.map_or_else(Cell::none, |v| Cell::number(v, 4));
        // Without an interval the chart shows the weight alone.
        let (low, high) = c.interval_95.unwrap_or((c.estimate, c.estimate));
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
            c.interval_95.map_or_else(
                || Cell::number(c.estimate, 4),
                |(low, high)| Cell::interval(c.estimate, low, high, 4),
            ),
            number(c.standard_error),
            number(c.robust_standard_error),
            c.p_value.map_or_else(Cell::none, Cell::p_value),
        ]);
    }
    let mut section = Section::new(Text::new("Wat telt hoe zwaar", "What counts how much"))
        .chart(chart)
        .table(table);
    let curves = match &model.algorithm {
        Algorithm::LogisticRegression(linear) => Some((linear, Z_95)),
        Algorithm::GeneralisedLinear(fit) => Some((&fit.linear, fit.critical)),
        _ => None,
    };
    if let Some((linear, critical)) = curves {
        let axis = if model.kind == Kind::Regression {
            Text::new("invloed op de score", "influence on the score")
        } else {
            Text::new("invloed, log-odds", "influence, log odds")
        };
        section = splines::drawn(section, linear, &model.inputs, critical, &axis);
    }
    for said in super::estimates::details(&fit.details) {
        section = section.paragraph(said);
    }
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

/// How good the predictions are.
pub(super) fn quality(found: &Evaluation, rows: usize) -> Section {
    let auc = &found.auc;
    let auc_cell = auc.interval_95.map_or_else(
        || Cell::number(auc.value, 3),
        |limits| Cell::interval(auc.value, limits.low, limits.high, 3),
    );
    let points = found.calibration.quantile_bins.iter().filter_map(|bin| {
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
            KeyFigure::new(
                Text::new("Gemiddelde precisie", "Average precision"),
                found.average_precision_interval_95.map_or_else(
                    || Cell::number(found.average_precision, 3),
                    |limits| Cell::interval(found.average_precision, limits.low, limits.high, 3),
                ),
            ),
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
