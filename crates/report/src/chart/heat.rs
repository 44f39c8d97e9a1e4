//! Values of two quantities together, as a coloured table.

use super::{BLUE, Draw, GREY, LABELS, ORANGE, WIDTH, nothing_to_show, row_label};
use crate::{
    number,
    table::{Cell, Table},
    text::{Html, Text},
};

/// Height of a row of cells.
const ROW: f64 = 20.0;
/// Room for one letter of a name below a column.
const LETTER: f64 = 8.0;
/// From faint to full; the largest size is full.
const STRENGTHS: [&str; 5] = ["0.05", "0.25", "0.45", "0.7", "1"];

/// A value per row and column: blue above zero, orange below, stronger where larger.
#[derive(Clone, Debug)]
pub struct HeatMap {
    title: Text,
    down: (Text, Vec<Text>),
    across: (Text, Vec<Text>),
    values: Vec<Vec<f64>>,
}

impl HeatMap {
    /// `down` and `across` are what rows and columns stand for, with the name of each; `values` has a row per row.
    ///
    /// Values that do not fit the names make an empty chart.
    pub fn new(
        title: Text,
        down: (Text, Vec<Text>),
        across: (Text, Vec<Text>),
        values: Vec<Vec<f64>>,
    ) -> Self {
        let fits =
            values.len() == down.1.len() && values.iter().all(|row| row.len() == across.1.len());
        Self {
            title,
            down,
            across,
            values: if fits { values } else { Vec::new() },
        }
    }

    fn finite(&self) -> impl Iterator<Item = f64> {
        self.values
            .iter()
            .flatten()
            .copied()
            .filter(|v| v.is_finite())
    }
}

impl Draw for HeatMap {
    fn title(&self) -> &Text {
        &self.title
    }

    fn description(&self) -> Text {
        let high = self.finite().fold(f64::NEG_INFINITY, f64::max);
        let low = self.finite().fold(f64::INFINITY, f64::min);
        if high < low {
            return Text::new("Kleurentabel zonder cijfers.", "Heat map without figures.");
        }
        let (rows, columns) = (self.down.1.len(), self.across.1.len());
        let (high, low) = (number::significant(high), number::significant(low));
        Text::new(
            format!("Kleurentabel, {rows} rijen en {columns} kolommen, van {low} tot {high}."),
            format!("Heat map, {rows} rows and {columns} columns, from {low} to {high}."),
        )
    }

    fn height(&self) -> f64 {
        self.values.len().max(1) as f64 * ROW + 50.0
    }

    fn draw(&self, html: &mut Html) {
        let columns = self.across.1.len();
        let most = self
            .finite()
            .fold(0.0_f64, |most, value| most.max(value.abs()));
        if self.values.is_empty() || columns == 0 {
            return nothing_to_show(html);
        }
        let wide = (WIDTH - LABELS - 20.0) / columns as f64;
        for (place, (label, row)) in self.down.1.iter().zip(&self.values).enumerate() {
            let y = 4.0 + place as f64 * ROW;
            row_label(html, y + ROW / 2.0, label);
            for (column, value) in row.iter().enumerate() {
                let share = if most > 0.0 { value.abs() / most } else { 0.0 };
                let strength = if share.is_finite() {
                    ((share * STRENGTHS.len() as f64) as usize).min(STRENGTHS.len() - 1)
                } else {
                    0
                };
                html.raw("<rect x=\"")
                    .coordinate(LABELS + column as f64 * wide)
                    .raw("\" y=\"")
                    .coordinate(y)
                    .raw("\" width=\"")
                    .coordinate(wide)
                    .raw("\" height=\"")
                    .coordinate(ROW);
                html.raw("\" stroke=\"")
                    .raw(GREY)
                    .raw("\" stroke-width=\"0.3\" fill=\"")
                    .raw(if *value < 0.0 { ORANGE } else { BLUE })
                    .raw("\" fill-opacity=\"")
                    .raw(STRENGTHS[strength])
                    .raw("\"/>\n");
            }
        }
        let bottom = 4.0 + self.values.len() as f64 * ROW;
        // All names where they fit, else the first and the last.
        let fits = |name: &Text| name.nl.chars().count() as f64 * LETTER <= wide;
        let shown: Vec<(f64, &str, usize)> = if self.across.1.iter().all(fits) {
            let middle = |column: usize| LABELS + (column as f64 + 0.5) * wide;
            (0..columns)
                .map(|column| (middle(column), "middle", column))
                .collect()
        } else {
            vec![(LABELS, "start", 0), (WIDTH - 20.0, "end", columns - 1)]
        };
        for (x, anchor, column) in shown {
            html.raw("<text text-anchor=\"")
                .raw(anchor)
                .raw("\" x=\"")
                .coordinate(x)
                .raw("\" y=\"")
                .coordinate(bottom + 16.0)
                .raw("\">")
                .text(&self.across.1[column].nl)
                .raw("</text>\n");
        }
        html.raw("<text text-anchor=\"middle\" x=\"")
            .coordinate(f64::midpoint(LABELS, WIDTH - 20.0))
            .raw("\" y=\"")
            .coordinate(bottom + 34.0)
            .raw("\">")
            .text(&self.across.0.nl)
            .raw("</text>\n");
    }

    fn table(&self) -> Table {
        let mut table = Table::new(self.title.clone()).column(self.down.0.clone());
        for name in &self.across.1 {
            table = table.number(name.clone());
        }
        for (label, row) in self.down.1.iter().zip(&self.values) {
            let cells = row
                .iter()
                .map(|value| Cell::text(number::significant(*value)));
            table.push([Cell::both(label.clone())].into_iter().chain(cells));
        }
        table
    }
}
