//! Charts as inline SVG, each with title, description and the same figures as a table.

mod axis;
mod bars;
mod calibration;
mod forest;
mod heat;
mod histogram;
mod interval;
mod line;
mod paired;
mod tree;
mod waterfall;

pub use bars::BarChart;
pub use calibration::{CalibrationPlot, CalibrationPoint};
pub use forest::ForestChart;
pub use heat::HeatMap;
pub use histogram::Histogram;
pub use interval::{IntervalChart, IntervalRow};
pub use line::{LineChart, Series};
pub use paired::PairedBarChart;
pub use tree::{TreeChart, TreeRow};
pub use waterfall::Waterfall;

use crate::{
    table::Table,
    text::{Html, Text},
};

/// Width of every chart in SVG units.
const WIDTH: f64 = 760.0;
/// Room left of the plot where rows carry labels.
const LABELS: f64 = 260.0;
/// Room right of the plot where rows carry figures.
const FIGURES: f64 = 80.0;
/// Height of a row.
const ROW: f64 = 26.0;

const BLUE: &str = "#154273";
const ORANGE: &str = "#a8480f";
const GREY: &str = "#6b6b6b";
/// Distinct in colour, in grey print and by [`DASHES`].
const SERIES: [&str; 6] = [BLUE, ORANGE, "#1f6f54", "#7a2e68", "#5b5b00", "#333333"];
const DASHES: [&str; 6] = ["none", "8 4", "2 3", "10 3 2 3", "4 4", "14 4"];

/// A chart of one of the kinds in this module.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Chart {
    /// Horizontal bars.
    Bars(BarChart),
    /// Estimates with their intervals.
    Intervals(IntervalChart),
    /// Ratios with their intervals.
    Forest(ForestChart),
    /// Predicted against observed.
    Calibration(CalibrationPlot),
    /// Lines or steps.
    Lines(LineChart),
    /// Counts per class.
    Histogram(Histogram),
    /// A coloured table.
    Heat(HeatMap),
    /// Two bars per row.
    Paired(PairedBarChart),
    /// Questions with two ways on.
    Tree(TreeChart),
    /// From a start by steps to an end.
    Waterfall(Waterfall),
}

macro_rules! chart_from {
    ($($kind:ident => $variant:ident),+) => {
        $(impl From<$kind> for Chart {
            fn from(chart: $kind) -> Self {
                Self::$variant(chart)
            }
        })+
    };
}
chart_from!(BarChart => Bars, IntervalChart => Intervals, ForestChart => Forest, CalibrationPlot => Calibration, LineChart => Lines,
    Histogram => Histogram, HeatMap => Heat, PairedBarChart => Paired, TreeChart => Tree, Waterfall => Waterfall);

/// What each kind of chart can say about itself.
trait Draw {
    fn title(&self) -> &Text;
    /// What a reader who does not see the picture should know first.
    fn description(&self) -> Text;
    fn height(&self) -> f64;
    fn draw(&self, html: &mut Html);
    fn table(&self) -> Table;
}

impl Chart {
    fn as_draw(&self) -> &dyn Draw {
        match self {
            Self::Bars(chart) => chart,
            Self::Intervals(chart) => chart,
            Self::Forest(chart) => chart,
            Self::Calibration(chart) => chart,
            Self::Lines(chart) => chart,
            Self::Histogram(chart) => chart,
            Self::Heat(chart) => chart,
            Self::Paired(chart) => chart,
            Self::Tree(chart) => chart,
            Self::Waterfall(chart) => chart,
        }
    }

    pub(crate) fn render(&self, html: &mut Html, number: usize) {
        let chart = self.as_draw();
        let description = chart.description();
        html.raw("<figure>\n<figcaption>")
            .both(chart.title())
            .raw("</figcaption>\n<svg role=\"img\" viewBox=\"0 0 ");
        html.coordinate(WIDTH)
            .raw(" ")
            .coordinate(chart.height())
            .raw("\" width=\"")
            .coordinate(WIDTH);
        html.raw("\" aria-labelledby=\"t")
            .integer(number)
            .raw(" d")
            .integer(number);
        html.raw("\" font-size=\"13\" fill=\"#1b1b1b\">\n<title id=\"t")
            .integer(number)
            .raw("\">");
        html.text(&chart.title().joined())
            .raw("</title>\n<desc id=\"d")
            .integer(number)
            .raw("\">");
        html.text(&description.nl)
            .raw(" / ")
            .text(&description.en)
            .raw("</desc>\n");
        chart.draw(html);
        html.raw("</svg>\n<details><summary>Cijfers als tabel <span class=\"en\" lang=\"en\">Figures as a table</span>");
        html.raw("</summary>\n");
        chart.table().render(html);
        html.raw("</details>\n</figure>\n");
    }
}

/// A label left of a row, shortened to what fits; the table holds it whole.
fn row_label(html: &mut Html, y: f64, label: &Text) {
    const FITS: usize = 30;
    let shown: String = if label.nl.chars().count() > FITS {
        label.nl.chars().take(FITS - 1).chain(['…']).collect()
    } else {
        label.nl.clone()
    };
    html.raw("<text text-anchor=\"end\" x=\"")
        .coordinate(LABELS - 10.0)
        .raw("\" y=\"")
        .coordinate(y + 4.5);
    html.raw("\">").text(&shown).raw("</text>\n");
}

/// A figure right of a row.
fn row_figure(html: &mut Html, y: f64, figure: &str) {
    html.raw("<text text-anchor=\"end\" x=\"")
        .coordinate(WIDTH - 4.0)
        .raw("\" y=\"")
        .coordinate(y + 4.5);
    html.raw("\">").text(figure).raw("</text>\n");
}

fn rectangle(html: &mut Html, x: [f64; 2], y: [f64; 2], colour: &'static str) {
    let (left, right) = (x[0].min(x[1]), x[0].max(x[1]));
    html.raw("<rect x=\"")
        .coordinate(left)
        .raw("\" y=\"")
        .coordinate(y[0])
        .raw("\" width=\"");
    html.coordinate((right - left).max(0.5))
        .raw("\" height=\"")
        .coordinate((y[1] - y[0]).max(0.0));
    html.raw("\" fill=\"").raw(colour).raw("\"/>\n");
}

fn segment(html: &mut Html, x: [f64; 2], y: [f64; 2], colour: &'static str, dashes: &'static str) {
    html.raw("<line x1=\"")
        .coordinate(x[0])
        .raw("\" y1=\"")
        .coordinate(y[0])
        .raw("\" x2=\"")
        .coordinate(x[1]);
    html.raw("\" y2=\"")
        .coordinate(y[1])
        .raw("\" stroke=\"")
        .raw(colour)
        .raw("\" stroke-dasharray=\"")
        .raw(dashes);
    html.raw("\"/>\n");
}

fn dot(html: &mut Html, x: f64, y: f64, colour: &'static str) {
    html.raw("<circle r=\"4.5\" cx=\"")
        .coordinate(x)
        .raw("\" cy=\"")
        .coordinate(y)
        .raw("\" fill=\"")
        .raw(colour);
    html.raw("\"/>\n");
}

/// Shown in place of a plot without any figure.
fn nothing_to_show(html: &mut Html) {
    html.raw("<text x=\"10\" y=\"24\">geen cijfers / no figures</text>\n");
}
