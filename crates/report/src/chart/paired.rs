//! Two bars per row, to be read against each other.

use super::{BLUE, Draw, LABELS, ORANGE, WIDTH, axis::Axis, nothing_to_show, rectangle, row_label};
use crate::{
    number,
    table::{Cell, Table},
    text::{Html, Text},
};

/// Height of a row with its two bars.
const ROW: f64 = 34.0;
/// Room right of the plot for two figures.
const FIGURES: f64 = 90.0;

/// Two quantities per row, one above the other: how often something happens in two populations.
#[derive(Clone, Debug)]
pub struct PairedBarChart {
    title: Text,
    quantity: Text,
    names: [Text; 2],
    rows: Vec<(Text, [f64; 2])>,
}

impl PairedBarChart {
    /// An empty chart; `quantity` names what the length means, `names` what the two bars of a row are.
    pub fn new(title: Text, quantity: Text, names: [Text; 2]) -> Self {
        Self {
            title,
            quantity,
            names,
            rows: Vec::new(),
        }
    }

    /// Adds a row with its two values, not below zero.
    #[must_use]
    pub fn row(mut self, label: Text, values: [f64; 2]) -> Self {
        self.rows.push((label, values));
        self
    }

    fn bottom(&self) -> f64 {
        self.rows.len() as f64 * ROW + 6.0
    }
}

impl Draw for PairedBarChart {
    fn title(&self) -> &Text {
        &self.title
    }

    fn description(&self) -> Text {
        let n = self.rows.len();
        let [a, b] = &self.names;
        Text::new(
            format!("Twee staven per rij, {n} rijen: {} en {}.", a.nl, b.nl),
            format!("Two bars per row, {n} rows: {} and {}.", a.en, b.en),
        )
    }

    fn height(&self) -> f64 {
        self.bottom() + 92.0
    }

    fn draw(&self, html: &mut Html) {
        let values = self.rows.iter().flat_map(|(_, values)| *values);
        let finite: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let axis = Axis::over(
            finite.iter().copied().chain([0.0]),
            [LABELS, WIDTH - FIGURES],
        );
        let (false, Some(axis)) = (finite.is_empty(), axis) else {
            return nothing_to_show(html);
        };
        axis.draw_below(html, [4.0, self.bottom()], &self.quantity);
        for (place, (label, values)) in self.rows.iter().enumerate() {
            let y = place as f64 * ROW + ROW / 2.0 + 4.0;
            row_label(html, y, label);
            for (bar, colour) in [BLUE, ORANGE].into_iter().enumerate() {
                let top = y - 13.0 + 13.0 * bar as f64;
                if values[bar].is_finite() {
                    let across = [axis.at(0.0), axis.at(values[bar])];
                    rectangle(html, across, [top, top + 11.0], colour);
                }
                figure(html, top + 9.5, &number::significant(values[bar]));
            }
        }
        for (place, colour) in [BLUE, ORANGE].into_iter().enumerate() {
            let y = self.bottom() + 56.0 + place as f64 * 20.0;
            rectangle(html, [LABELS, LABELS + 40.0], [y - 9.0, y + 2.0], colour);
            html.raw("<text x=\"")
                .coordinate(LABELS + 48.0)
                .raw("\" y=\"")
                .coordinate(y + 1.0);
            html.raw("\">")
                .text(&self.names[place].joined())
                .raw("</text>\n");
        }
    }

    fn table(&self) -> Table {
        let [a, b] = self.names.clone();
        let mut table = Table::new(self.title.clone())
            .column(Text::new("Naam", "Name"))
            .number(a)
            .number(b);
        for (label, values) in &self.rows {
            let figures = values.map(|value| Cell::text(number::significant(value)));
            table.push([Cell::both(label.clone())].into_iter().chain(figures));
        }
        table
    }
}

/// A small figure right of a bar.
fn figure(html: &mut Html, y: f64, figure: &str) {
    html.raw("<text text-anchor=\"end\" font-size=\"11\" x=\"")
        .coordinate(WIDTH - 4.0)
        .raw("\" y=\"")
        .coordinate(y);
    html.raw("\">").text(figure).raw("</text>\n");
}
