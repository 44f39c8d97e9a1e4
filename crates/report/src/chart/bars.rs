//! Horizontal bars.

use super::{
    BLUE, Draw, FIGURES, GREY, LABELS, ORANGE, ROW, WIDTH, axis::Axis, nothing_to_show, rectangle,
    row_figure, row_label, segment,
};
use crate::{
    number,
    table::{Cell, Table},
    text::{Html, Text},
};

/// Horizontal bars from zero, to the left where negative.
#[derive(Clone, Debug)]
pub struct BarChart {
    title: Text,
    quantity: Text,
    bars: Vec<(Text, f64)>,
}

impl BarChart {
    /// An empty chart; `quantity` names what the length means, with its unit.
    pub fn new(title: Text, quantity: Text) -> Self {
        Self {
            title,
            quantity,
            bars: Vec::new(),
        }
    }

    /// Adds a bar.
    #[must_use]
    pub fn bar(mut self, label: Text, value: f64) -> Self {
        self.bars.push((label, value));
        self
    }

    /// Adds bars.
    #[must_use]
    pub fn bars(mut self, bars: impl IntoIterator<Item = (Text, f64)>) -> Self {
        self.bars.extend(bars);
        self
    }
}

impl Draw for BarChart {
    fn title(&self) -> &Text {
        &self.title
    }

    fn description(&self) -> Text {
        let finite = || self.bars.iter().filter(|(_, value)| value.is_finite());
        let highest = finite().max_by(|a, b| a.1.total_cmp(&b.1));
        let lowest = finite().min_by(|a, b| a.1.total_cmp(&b.1));
        let (Some(highest), Some(lowest)) = (highest, lowest) else {
            return Text::new("Staafdiagram zonder cijfers.", "Bar chart without figures.");
        };
        let n = self.bars.len();
        let (high, low) = (
            number::significant(highest.1),
            number::significant(lowest.1),
        );
        Text::new(
            format!(
                "Staafdiagram, {n} staven. Hoogste: {} ({high}). Laagste: {} ({low}).",
                highest.0.nl, lowest.0.nl
            ),
            format!(
                "Bar chart, {n} bars. Highest: {} ({high}). Lowest: {} ({low}).",
                highest.0.en, lowest.0.en
            ),
        )
    }

    fn height(&self) -> f64 {
        self.bars.len().max(1) as f64 * ROW + 56.0
    }

    fn draw(&self, html: &mut Html) {
        let values = self
            .bars
            .iter()
            .map(|(_, value)| *value)
            .filter(|v| v.is_finite());
        let bottom = self.bars.len() as f64 * ROW + 6.0;
        if self.bars.iter().all(|(_, value)| !value.is_finite()) {
            return nothing_to_show(html);
        }
        let Some(axis) = Axis::over(values.chain([0.0]), [LABELS, WIDTH - FIGURES]) else {
            return nothing_to_show(html);
        };
        axis.draw_below(html, [4.0, bottom], &self.quantity);
        for (place, (label, value)) in self.bars.iter().enumerate() {
            let y = place as f64 * ROW + ROW / 2.0 + 4.0;
            row_label(html, y, label);
            if value.is_finite() {
                let colour = if *value < 0.0 { ORANGE } else { BLUE };
                rectangle(
                    html,
                    [axis.at(0.0), axis.at(*value)],
                    [y - 8.0, y + 8.0],
                    colour,
                );
            }
            row_figure(html, y, &number::significant(*value));
        }
        segment(html, [axis.at(0.0); 2], [4.0, bottom], GREY, "none");
    }

    fn table(&self) -> Table {
        let mut table = Table::new(self.title.clone())
            .column(Text::new("Naam", "Name"))
            .number(self.quantity.clone());
        for (label, value) in &self.bars {
            table.push([
                Cell::both(label.clone()),
                Cell::text(number::significant(*value)),
            ]);
        }
        table
    }
}
