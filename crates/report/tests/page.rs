//! What every page promises, whatever stands in it.
#![expect(
    clippy::unwrap_used,
    reason = "a page that cannot be read is a failed test"
)]

use helder_report::{
    BarChart, CalibrationPlot, CalibrationPoint, Cell, HeatMap, Histogram, IntervalChart,
    IntervalRow, KeyFigure, LineChart, Page, PairedBarChart, Section, Series, Table, Text,
    TreeChart, TreeRow, Waterfall,
};
use proptest::prelude::*;

fn page_with(text: &str, x: f64) -> String {
    let t = || Text::new(text, format!("{text} (en)"));
    let table = Table::new(t())
        .column(t())
        .number(t())
        .row([Cell::code(text), Cell::number(x, 3)])
        .row([]);
    let points = [CalibrationPoint {
        predicted: x,
        observed: 0.1,
        lower: 0.0,
        upper: x,
        n: 12,
    }];
    Page::new(t())
        .lead(t())
        .fact(t(), Cell::interval(x, x, x, 2))
        .section(
            Section::new(t())
                .paragraph(t())
                .warning(t())
                .list([t()])
                .facts([(t(), Cell::none())])
                .figures([KeyFigure::new(t(), Cell::percent(x, 1)).note(t())])
                .table(table)
                .section(
                    Section::new(t()).chart(BarChart::new(t(), t()).bar(t(), x).bar(t(), -1.0)),
                ),
        )
        .section(
            Section::new(t())
                .chart(
                    IntervalChart::new(t(), t())
                        .reference(x)
                        .row(IntervalRow::new(t(), x, x - 1.0, x + 1.0).n(3)),
                )
                .chart(CalibrationPlot::new(t(), points))
                .chart(Histogram::new(t(), t(), [0.0, 1.0, x], [4, 2]))
                .chart(HeatMap::new(
                    t(),
                    (t(), vec![t(), t()]),
                    (t(), vec![t()]),
                    vec![vec![x], vec![-1.0]],
                ))
                .chart(TreeChart::new(
                    t(),
                    t(),
                    [
                        TreeRow::new(0, t(), 0.3, [0.2, 0.4], 90),
                        TreeRow::new(1, t(), x, [0.0, x], 40).leaf(),
                        TreeRow::new(99, t(), -1.0, [x, 1.0], 50).leaf(),
                    ],
                ))
                .chart(PairedBarChart::new(t(), t(), [t(), t()]).row(t(), [x, 0.5]))
                .chart(
                    Waterfall::new(t(), t(), (t(), x), t())
                        .step(t(), 1.5)
                        .step(t(), -x),
                )
                .chart(
                    LineChart::new(t(), t(), t())
                        .series(Series::step(t(), [[0.0, 1.0], [x, 0.5]]).band([[0.0, x, 1.0]])),
                ),
        )
        .render()
}

/// Names of open elements must match; every attribute is quoted. A strict reader of our own output.
fn check_well_formed(html: &str) {
    let mut open = Vec::new();
    let mut rest = html.strip_prefix("<!doctype html>\n").unwrap();
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a bare > in text");
        let end = rest[start..].find('>').unwrap() + start;
        let tag = &rest[start + 1..end];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            let name = tag.split([' ', '/']).next().unwrap();
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric()), "{tag}");
            if !tag.ends_with('/') && name != "meta" {
                open.push(name);
            }
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn hostile_text_adds_no_element() {
    let plain = page_with("naam", 0.5);
    let hostile = page_with(
        "</title><script>alert(1)</script><img src=x onerror=\"y\">'",
        0.5,
    );
    check_well_formed(&hostile);
    assert_eq!(plain.matches('<').count(), hostile.matches('<').count());
    assert!(!hostile.contains("<script"));
}

#[test]
fn a_page_asks_nothing_from_outside_and_runs_nothing() {
    let page = page_with("naam", 0.5);
    for forbidden in [
        "<script", "http://", "https://", "url(", "@import", " style=", " onclick", "src=",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn a_page_is_navigable() {
    let page = page_with("naam", 0.5);
    assert_eq!(page.matches("<h1>").count(), 1);
    assert!(page.contains("<html lang=\"nl\">") && page.contains("lang=\"en\""));
    assert_eq!(page.matches("<svg role=\"img\"").count(), 9);
    assert_eq!(page.matches("<desc id=").count(), 9);
    assert_eq!(
        page.matches("<caption>").count(),
        page.matches("<table>").count()
    );
    assert_eq!(
        page.matches("<th ").count(),
        page.matches("<th scope=").count()
    );
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    assert_eq!(page_with("naam", 1.0 / 3.0), page_with("naam", 1.0 / 3.0));
}

proptest! {
    #[test]
    fn any_text_and_any_number_make_a_well_formed_page(text in any::<String>(), x in any::<f64>()) {
        let page = page_with(&text, x);
        check_well_formed(&page);
        prop_assert!(!page.contains("NaN") || text.contains("NaN"));
    }
}
