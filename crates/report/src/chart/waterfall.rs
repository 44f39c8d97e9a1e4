//! From a start by steps to an end.

use super::{
    BLUE, Draw, FIGURES, GREY, LABELS, ORANGE, ROW, WIDTH, axis::Axis, nothing_to_show, rectangle,
    row_figure, row_label, segment,
};
use crate::{
    number,
    table::{Cell, Table},
    text::{Html, Text},
};

/// How a start becomes an end by steps: a match weight by its comparisons, a score by its contributions.
#[derive(Clone, Debug)]
pub struct Waterfall {
    title: Text,
    quantity: Text,
    start: (Text, f64),
    steps: Vec<(Text, f64)>,
    end: Text,
}

impl Waterfall {
    /// A waterfall that begins at `start`; the end is the sum of start and steps.
    pub fn new(title: Text, quantity: Text, start: (Text, f64), end: Text) -> Self {
        Self {
            title,
            quantity,
            start,
            steps: Vec::new(),
            end,
        }
    }

    /// Adds a step up (> 0) or down (< 0).
    #[must_use]
    pub fn step(mut self, label: Text, change: f64) -> Self {
        self.steps.push((label, change));
        self
    }

    /// Adds steps.
    #[must_use]
    pub fn steps(mut self, steps: impl IntoIterator<Item = (Text, f64)>) -> Self {
        self.steps.extend(steps);
        self
    }

    fn total(&self) -> f64 {
        self.steps
            .iter()
            .fold(self.start.1, |sum, (_, change)| sum + change)
    }
}

impl Draw for Waterfall {
    fn title(&self) -> &Text {
        &self.title
    }

    fn description(&self) -> Text {
        let [start, end] = [self.start.1, self.total()].map(number::significant);
        let n = self.steps.len();
        Text::new(
            format!(
                "Van {start} ({}) in {n} stappen naar {end} ({}).",
                self.start.0.nl, self.end.nl
            ),
            format!(
                "From {start} ({}) in {n} steps to {end} ({}).",
                self.start.0.en, self.end.en
            ),
        )
    }

    fn height(&self) -> f64 {
        (self.steps.len() + 2) as f64 * ROW + 56.0
    }

    fn draw(&self, html: &mut Html) {
        let mut sums = vec![self.start.1];
        for (_, change) in &self.steps {
            sums.push(sums[sums.len() - 1] + change);
        }
        let axis = Axis::over(sums.iter().copied().chain([0.0]), [LABELS, WIDTH - FIGURES]);
        let (Some(axis), true) = (axis, sums.iter().all(|sum| sum.is_finite())) else {
            return nothing_to_show(html);
        };
        let bottom = (self.steps.len() + 2) as f64 * ROW + 6.0;
        let middle = |place: usize| place as f64 * ROW + ROW / 2.0 + 4.0;
        axis.draw_below(html, [4.0, bottom], &self.quantity);
        for (place, (label, change)) in [&self.start].into_iter().chain(&self.steps).enumerate() {
            let y = middle(place);
            let from = if place == 0 { 0.0 } else { sums[place - 1] };
            let colour = if place == 0 {
                GREY
            } else if *change < 0.0 {
                ORANGE
            } else {
                BLUE
            };
            row_label(html, y, label);
            rectangle(
                html,
                [axis.at(from), axis.at(sums[place])],
                [y - 8.0, y + 8.0],
                colour,
            );
            segment(
                html,
                [axis.at(sums[place]); 2],
                [y + 8.0, y + ROW - 8.0],
                GREY,
                "none",
            );
            let sign = if place > 0 && *change > 0.0 { "+" } else { "" };
            row_figure(html, y, &format!("{sign}{}", number::significant(*change)));
        }
        let (y, total) = (middle(self.steps.len() + 1), sums[sums.len() - 1]);
        row_label(html, y, &self.end);
        rectangle(
            html,
            [axis.at(0.0), axis.at(total)],
            [y - 8.0, y + 8.0],
            GREY,
        );
        row_figure(html, y, &number::significant(total));
    }

    fn table(&self) -> Table {
        let mut table = Table::new(self.title.clone())
            .column(Text::new("Stap", "Step"))
            .number(self.quantity.clone());
        let end = (self.end.clone(), self.total());
        for (label, value) in [&self.start].into_iter().chain(&self.steps).chain([&end]) {
            table.push([
                Cell::both(label.clone()),
                Cell::text(number::significant(*value)),
            ]);
        }
        table
    }
}
