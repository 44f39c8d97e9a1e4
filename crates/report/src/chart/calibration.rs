//! Predicted against observed.

use super::{BLUE, Draw, GREY, WIDTH, axis::Axis, dot, nothing_to_show, segment};
use crate::{
    number,
    table::{Cell, Table},
    text::{Html, Text},
};

/// A group of subjects with about the same predicted probability.
#[derive(Clone, Copy, Debug)]
pub struct CalibrationPoint {
    /// Mean predicted probability.
    pub predicted: f64,
    /// Share with the event.
    pub observed: f64,
    /// Lower end of the interval of the share.
    pub lower: f64,
    /// Upper end of the interval of the share.
    pub upper: f64,
    /// Subjects.
    pub n: u64,
}

/// Predicted probability against the share in which the event happened; the diagonal is perfect.
#[derive(Clone, Debug)]
pub struct CalibrationPlot {
    title: Text,
    points: Vec<CalibrationPoint>,
}

impl CalibrationPlot {
    /// A plot of `points` in any order.
    pub fn new(title: Text, points: impl IntoIterator<Item = CalibrationPoint>) -> Self {
        Self {
            title,
            points: points.into_iter().collect(),
        }
    }
}

const LEFT: f64 = 70.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 420.0;

impl Draw for CalibrationPlot {
    fn title(&self) -> &Text {
        &self.title
    }

    fn description(&self) -> Text {
        let n = self.points.len();
        let gap = self
            .points
            .iter()
            .map(|p| (p.predicted - p.observed).abs())
            .filter(|d| d.is_finite())
            .fold(0.0, f64::max);
        let gap = number::percent(gap, 1);
        Text::new(
            format!(
                "Voorspelde kans tegen werkelijk aandeel in {n} groepen. Grootste verschil: {gap}-punt."
            ),
            format!(
                "Predicted probability against observed share in {n} groups. Largest difference: {gap} points."
            ),
        )
    }

    fn height(&self) -> f64 {
        BOTTOM + 50.0
    }

    fn draw(&self, html: &mut Html) {
        let largest = self
            .points
            .iter()
            .flat_map(|p| [p.predicted, p.observed, p.upper])
            .filter(|v| v.is_finite());
        let largest = largest.fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            return nothing_to_show(html);
        }
        // Rare events would all sit in one corner of a unit square.
        let end = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5]
            .into_iter()
            .find(|end| largest <= *end)
            .unwrap_or(1.0);
        let x = Axis::fixed(0.0, end, [LEFT, WIDTH - 20.0]);
        let y = Axis::fixed(0.0, end, [BOTTOM, TOP]);
        y.draw_left(
            html,
            [LEFT, WIDTH - 20.0],
            &Text::new("werkelijk aandeel", "observed share"),
        );
        x.draw_below(
            html,
            [TOP, BOTTOM],
            &Text::new("voorspelde kans", "predicted probability"),
        );
        segment(
            html,
            [x.at(0.0), x.at(end)],
            [y.at(0.0), y.at(end)],
            GREY,
            "5 3",
        );
        for point in &self.points {
            if !(point.predicted.is_finite() && point.observed.is_finite()) {
                continue;
            }
            let across = x.at(point.predicted);
            if point.lower.is_finite() && point.upper.is_finite() {
                segment(
                    html,
                    [across, across],
                    [y.at(point.lower), y.at(point.upper)],
                    BLUE,
                    "none",
                );
            }
            dot(html, across, y.at(point.observed), BLUE);
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new(self.title.clone())
            .column(Text::new("voorspeld", "predicted"))
            .number(Text::new("werkelijk", "observed"))
            .number(Text::new("ondergrens", "lower"))
            .number(Text::new("bovengrens", "upper"))
            .number(Text::new("aantal", "count"));
        for p in &self.points {
            let shares =
                [p.predicted, p.observed, p.lower, p.upper].map(|share| Cell::percent(share, 2));
            table.push(shares.into_iter().chain([Cell::count(p.n)]));
        }
        table
    }
}
