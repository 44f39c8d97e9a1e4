//! Counts per class of a number.

use super::{BLUE, Draw, GREY, WIDTH, axis::Axis, nothing_to_show, rectangle, segment};
use crate::{
    number,
    table::{Cell, Table},
    text::{Html, Text},
};

/// Counts per class of a number.
#[derive(Clone, Debug)]
pub struct Histogram {
    title: Text,
    quantity: Text,
    edges: Vec<f64>,
    counts: Vec<u64>,
}

impl Histogram {
    /// `edges` ascending, one more than `counts`; class `i` runs from `edges[i]` to `edges[i + 1]`.
    ///
    /// Edges that do not fit the counts make an empty chart.
    pub fn new(
        title: Text,
        quantity: Text,
        edges: impl Into<Vec<f64>>,
        counts: impl Into<Vec<u64>>,
    ) -> Self {
        let (mut edges, mut counts) = (edges.into(), counts.into());
        let ascending = edges.windows(2).all(|pair| pair[0] < pair[1]);
        if edges.len() != counts.len() + 1
            || !ascending
            || edges.iter().any(|edge| !edge.is_finite())
        {
            edges.clear();
            counts.clear();
        }
        Self {
            title,
            quantity,
            edges,
            counts,
        }
    }
}

const LEFT: f64 = 80.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 250.0;

impl Draw for Histogram {
    fn title(&self) -> &Text {
        &self.title
    }

    fn description(&self) -> Text {
        let total = number::count(self.counts.iter().fold(0, |sum, n| sum.saturating_add(*n)));
        let classes = self.counts.len();
        match self
            .counts
            .iter()
            .enumerate()
            .max_by_key(|(place, n)| (**n, usize::MAX - place))
        {
            Some((place, _)) => {
                let [low, high] = [place, place + 1].map(|i| number::significant(self.edges[i]));
                Text::new(
                    format!(
                        "Histogram van {total} waarden in {classes} klassen. Meeste tussen {low} en {high}."
                    ),
                    format!(
                        "Histogram of {total} values in {classes} classes. Most between {low} and {high}."
                    ),
                )
            }
            None => Text::new("Histogram zonder cijfers.", "Histogram without figures."),
        }
    }

    fn height(&self) -> f64 {
        BOTTOM + 50.0
    }

    fn draw(&self, html: &mut Html) {
        let x = Axis::over(self.edges.iter().copied(), [LEFT, WIDTH - 20.0]);
        let y = Axis::over(
            self.counts.iter().map(|n| *n as f64).chain([0.0]),
            [BOTTOM, TOP],
        );
        let (Some(x), Some(y), false) = (x, y, self.counts.is_empty()) else {
            return nothing_to_show(html);
        };
        y.draw_left(html, [LEFT, WIDTH - 20.0], &Text::new("aantal", "count"));
        x.draw_below(html, [TOP, BOTTOM], &self.quantity);
        for (pair, n) in self.edges.windows(2).zip(&self.counts) {
            let ends = [x.at(pair[0]) + 0.5, x.at(pair[1]) - 0.5];
            if *n > 0 {
                rectangle(html, ends, [y.at(*n as f64), BOTTOM], BLUE);
            }
        }
        segment(html, [LEFT, WIDTH - 20.0], [BOTTOM, BOTTOM], GREY, "none");
    }

    fn table(&self) -> Table {
        let mut table = Table::new(self.title.clone())
            .column(self.quantity.clone())
            .number(Text::new("aantal", "count"));
        for (pair, n) in self.edges.windows(2).zip(&self.counts) {
            let class = format!(
                "{} – {}",
                number::significant(pair[0]),
                number::significant(pair[1])
            );
            table.push([Cell::text(class), Cell::count(*n)]);
        }
        table
    }
}
