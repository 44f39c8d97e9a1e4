//! Estimates with their intervals, one per row (forest chart).

use super::{
    BLUE, Draw, FIGURES, GREY, LABELS, ROW, WIDTH, axis::Axis, dot, nothing_to_show, row_figure,
    row_label, segment,
};
use crate::{
    number,
    table::{Cell, Table},
    text::{Html, Text},
};

/// One estimate.
#[derive(Clone, Debug)]
pub struct IntervalRow {
    pub(super) label: Text,
    pub(super) estimate: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
    n: Option<u64>,
}

impl IntervalRow {
    /// An estimate with the ends of its interval; NaN where they could not be computed.
    pub fn new(label: Text, estimate: f64, lower: f64, upper: f64) -> Self {
        Self {
            label,
            estimate,
            lower,
            upper,
            n: None,
        }
    }

    /// Adds the count it rests on.
    #[must_use]
    pub fn n(mut self, n: u64) -> Self {
        self.n = Some(n);
        self
    }
}

/// Estimates with 95 % intervals (or another level that the title names).
#[derive(Clone, Debug)]
pub struct IntervalChart {
    title: Text,
    quantity: Text,
    reference: Option<f64>,
    rows: Vec<IntervalRow>,
}

impl IntervalChart {
    /// An empty chart; `quantity` names what is estimated.
    pub fn new(title: Text, quantity: Text) -> Self {
        Self {
            title,
            quantity,
            reference: None,
            rows: Vec::new(),
        }
    }

    /// Adds a dashed line: no effect, the norm, the value over all.
    #[must_use]
    pub fn reference(mut self, value: f64) -> Self {
        self.reference = Some(value);
        self
    }

    /// Adds a row.
    #[must_use]
    pub fn row(mut self, row: IntervalRow) -> Self {
        self.rows.push(row);
        self
    }

    /// Adds rows.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = IntervalRow>) -> Self {
        self.rows.extend(rows);
        self
    }
}

impl Draw for IntervalChart {
    fn title(&self) -> &Text {
        &self.title
    }

    fn description(&self) -> Text {
        let n = self.rows.len();
        let outside = self.reference.map_or(0, |reference| {
            self.rows
                .iter()
                .filter(|row| row.lower > reference || row.upper < reference)
                .count()
        });
        match self.reference.map(number::significant) {
            Some(line) => Text::new(
                format!(
                    "{n} schattingen met interval. Bij {outside} ligt het interval geheel naast de lijn op {line}."
                ),
                format!(
                    "{n} estimates with intervals. For {outside} the interval lies wholly beside the line at {line}."
                ),
            ),
            None => Text::new(
                format!("{n} schattingen met interval."),
                format!("{n} estimates with intervals."),
            ),
        }
    }

    fn height(&self) -> f64 {
        self.rows.len().max(1) as f64 * ROW + 56.0
    }

    fn draw(&self, html: &mut Html) {
        let values = self
            .rows
            .iter()
            .flat_map(|row| [row.estimate, row.lower, row.upper])
            .chain(self.reference);
        let Some(axis) = Axis::over(values, [LABELS, WIDTH - FIGURES]) else {
            return nothing_to_show(html);
        };
        let bottom = self.rows.len() as f64 * ROW + 6.0;
        axis.draw_below(html, [4.0, bottom], &self.quantity);
        if let Some(reference) = self.reference.filter(|value| value.is_finite()) {
            segment(html, [axis.at(reference); 2], [4.0, bottom], GREY, "5 3");
        }
        for (place, row) in self.rows.iter().enumerate() {
            let y = place as f64 * ROW + ROW / 2.0 + 4.0;
            row_label(html, y, &row.label);
            if row.lower.is_finite() && row.upper.is_finite() {
                let ends = [axis.at(row.lower), axis.at(row.upper)];
                segment(html, ends, [y, y], BLUE, "none");
                for x in ends {
                    segment(html, [x, x], [y - 5.0, y + 5.0], BLUE, "none");
                }
            }
            if row.estimate.is_finite() {
                dot(html, axis.at(row.estimate), y, BLUE);
            }
            row_figure(html, y, &number::significant(row.estimate));
        }
    }

    fn table(&self) -> Table {
        let counted = self.rows.iter().any(|row| row.n.is_some());
        let mut table = Table::new(self.title.clone())
            .column(Text::new("Naam", "Name"))
            .number(self.quantity.clone())
            .number(Text::new("ondergrens", "lower"))
            .number(Text::new("bovengrens", "upper"));
        if counted {
            table = table.number(Text::new("aantal", "count"));
        }
        for row in &self.rows {
            let figures = [row.estimate, row.lower, row.upper]
                .map(|value| Cell::text(number::significant(value)));
            table.push(
                [Cell::both(row.label.clone())]
                    .into_iter()
                    .chain(figures)
                    .chain([row.n.map_or_else(Cell::none, Cell::count)]),
            );
        }
        table
    }
}
