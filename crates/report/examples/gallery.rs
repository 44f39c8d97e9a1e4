//! Writes a page with every kind of chart to standard output, to look at: `cargo run -p helder-report --example gallery > page.html`.

use helder_report::{
    BarChart, CalibrationPlot, CalibrationPoint, Cell, Histogram, IntervalChart, IntervalRow,
    KeyFigure, LineChart, Page, Section, Series, Table, Text, Waterfall,
};

fn main() {
    println!(
        "{}",
        Page::new(Text::new("Voorbeelden van grafieken", "Examples of charts"))
            .lead(Text::new("Verzonnen cijfers.", "Invented figures."))
            .fact(Text::same("Digest"), Cell::code("sha256:00ff"))
            .section(figures())
            .section(charts())
            .render()
    );
}

fn t(nl: &str, en: &str) -> Text {
    Text::new(nl, en)
}

fn figures() -> Section {
    Section::new(t("Cijfers", "Figures"))
        .figures([
            KeyFigure::new(Text::same("AUC"), Cell::number(0.8123, 3))
                .note(Text::same("0,79 – 0,83")),
            KeyFigure::new(t("Regels", "Rows"), Cell::count(240_000)),
        ])
        .warning(t("Deze groep is klein.", "This group is small."))
        .table(
            Table::new(t("Per groep", "By group"))
                .column(t("Groep", "Group"))
                .number(t("Aandeel", "Share"))
                .row([Cell::both(t("vrouwen", "women")), Cell::percent(0.512, 1)])
                .row([Cell::both(t("mannen", "men")), Cell::percent(0.488, 1)]),
        )
}

fn charts() -> Section {
    let points = (1..=8).map(|i| {
        let predicted = 0.01 * f64::from(i * i);
        CalibrationPoint {
            predicted,
            observed: predicted * 0.9,
            lower: predicted * 0.7,
            upper: predicted * 1.15,
            n: 120,
        }
    });
    let curve = |rate: f64| (0..=24).map(f64::from).map(move |x| [x, (-rate * x).exp()]);
    let band = |rate: f64| {
        (0..=24)
            .map(f64::from)
            .map(move |x| [x, (-rate * 1.2 * x).exp(), (-rate * 0.8 * x).exp()])
    };
    Section::new(t("Grafieken", "Charts"))
        .chart(
            BarChart::new(t("Bijdragen", "Contributions"), Text::same("log odds"))
                .bar(
                    t(
                        "huurachterstand van het huishouden in het afgelopen jaar",
                        "rent arrears",
                    ),
                    0.82,
                )
                .bar(t("kinderen", "children"), -0.31),
        )
        .chart(
            IntervalChart::new(
                t("Selectie per groep", "Selection rate by group"),
                t("aandeel", "share"),
            )
            .reference(0.1)
            .row(IntervalRow::new(t("vrouwen", "women"), 0.11, 0.09, 0.13).n(800))
            .row(IntervalRow::new(t("mannen", "men"), 0.08, 0.07, 0.095).n(900)),
        )
        .chart(CalibrationPlot::new(t("Kalibratie", "Calibration"), points))
        .chart(
            LineChart::new(
                t("Uitstroom", "Outflow"),
                t("maanden", "months"),
                t("nog in bijstand", "still on welfare"),
            )
            .y_range(0.0, 1.0)
            .series(Series::step(t("met kinderen", "with children"), curve(0.05)).band(band(0.05)))
            .series(
                Series::line(t("zonder kinderen", "without children"), curve(0.09))
                    .band(band(0.09)),
            ),
        )
        .chart(Histogram::new(
            t("Leeftijd", "Age"),
            t("jaren", "years"),
            [0.0, 18.0, 30.0, 45.0, 67.0, 100.0],
            [20, 45, 70, 66, 31],
        ))
        .chart(
            Waterfall::new(
                t("Gewicht", "Weight"),
                Text::same("bits"),
                (t("vooraf", "prior"), -9.2),
                t("totaal", "total"),
            )
            .step(t("naam", "name"), 7.5)
            .step(t("geboortedatum", "birth date"), 11.2)
            .step(t("adres", "address"), -2.1),
        )
}
