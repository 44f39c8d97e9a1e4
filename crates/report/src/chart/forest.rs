//! Ratios with their intervals on a logarithmic axis: twice as much lies as far from 1 as half as much.

use super::{
    BLUE, Draw, FIGURES, GREY, IntervalRow, LABELS, ROW, WIDTH, dot, nothing_to_show, row_figure,
    row_label, segment,
};
use crate::{
    number,
    table::{Cell, Table},
    text::{Html, Text},
};

/// Ratios with 95 % intervals (or another level that the title names); the line at 1 is no difference.
#[derive(Clone, Debug)]
pub struct ForestChart {
    title: Text,
    quantity: Text,
    rows: Vec<IntervalRow>,
}

impl ForestChart {
    /// An empty chart; `quantity` names the ratio.
    pub fn new(title: Text, quantity: Text) -> Self {
        Self {
            title,
            quantity,
            rows: Vec::new(),
        }
    }

    /// Adds rows; what is not above 0 is not drawn.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = IntervalRow>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Powers of two that hold what is drawn, at most 1/16 and 16.
    fn ends(&self) -> [i32; 2] {
        let drawn = self
            .rows
            .iter()
            .flat_map(|row| [row.estimate, row.lower, row.upper]);
        let logs = drawn.filter(|v| v.is_finite() && *v > 0.0).map(f64::log2);
        let [low, high] = logs.fold([-0.5_f64, 0.5_f64], |[low, high], v| {
            [low.min(v), high.max(v)]
        });
        [low.floor().max(-4.0) as i32, high.ceil().min(4.0) as i32]
    }
}

/// Where a ratio stands; what lies outside the axis stands at its end.
fn place(value: f64, ends: [i32; 2]) -> f64 {
    let [low, high] = ends.map(f64::from);
    let share = ((value.log2() - low) / (high - low)).clamp(0.0, 1.0);
    LABELS + share * (WIDTH - FIGURES - LABELS)
}

fn is_drawn(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

impl Draw for ForestChart {
    fn title(&self) -> &Text {
        &self.title
    }

    fn description(&self) -> Text {
        let n = self.rows.len();
        let beside = |row: &&IntervalRow| row.lower > 1.0 || row.upper < 1.0;
        let outside = self.rows.iter().filter(beside).count();
        Text::new(
            format!(
                "{n} verhoudingen met interval. Bij {outside} ligt het interval geheel naast 1."
            ),
            format!("{n} ratios with intervals. For {outside} the interval lies wholly beside 1."),
        )
    }

    fn height(&self) -> f64 {
        self.rows.len().max(1) as f64 * ROW + 56.0
    }

    fn draw(&self, html: &mut Html) {
        if !self.rows.iter().any(|row| is_drawn(row.estimate)) {
            return nothing_to_show(html);
        }
        let ends = self.ends();
        let bottom = self.rows.len() as f64 * ROW + 6.0;
        for power in ends[0]..=ends[1] {
            let tick = 2.0_f64.powi(power);
            let x = place(tick, ends);
            let (colour, dashes) = if power == 0 {
                (GREY, "5 3")
            } else {
                ("#d0d0d0", "none")
            };
            segment(html, [x, x], [4.0, bottom], colour, dashes);
            html.raw("<text text-anchor=\"middle\" x=\"")
                .coordinate(x)
                .raw("\" y=\"")
                .coordinate(bottom + 17.0);
            html.raw("\">")
                .text(&number::significant(tick))
                .raw("</text>\n");
        }
        html.raw("<text text-anchor=\"middle\" x=\"")
            .coordinate(f64::midpoint(LABELS, WIDTH - FIGURES))
            .raw("\" y=\"")
            .coordinate(bottom + 36.0);
        html.raw("\" fill=\"#545454\">")
            .text(&self.quantity.joined())
            .raw("</text>\n");
        for (n, row) in self.rows.iter().enumerate() {
            let y = n as f64 * ROW + ROW / 2.0 + 4.0;
            row_label(html, y, &row.label);
            if is_drawn(row.lower) && is_drawn(row.upper) {
                let limits = [place(row.lower, ends), place(row.upper, ends)];
                segment(html, limits, [y, y], BLUE, "none");
                for x in limits {
                    segment(html, [x, x], [y - 5.0, y + 5.0], BLUE, "none");
                }
            }
            if is_drawn(row.estimate) {
                dot(html, place(row.estimate, ends), y, BLUE);
            }
            row_figure(html, y, &number::decimal(row.estimate, 2));
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new(self.title.clone())
            .column(Text::new("Naam", "Name"))
            .number(self.quantity.clone())
            .number(Text::new("ondergrens", "lower"))
            .number(Text::new("bovengrens", "upper"));
        for row in &self.rows {
            let figures = [row.estimate, row.lower, row.upper].map(|value| Cell::number(value, 2));
            table.push([Cell::both(row.label.clone())].into_iter().chain(figures));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_as_much_lies_as_far_from_one_as_half_as_much() {
        let ends = [-2, 2];
        let one = place(1.0, ends);
        assert!((place(2.0, ends) - one - (one - place(0.5, ends))).abs() < 1e-9);
        assert!((place(1e9, ends) - place(4.0, ends)).abs() < 1e-9);
    }

    #[test]
    fn ratios_that_could_not_be_computed_leave_a_page_whole() {
        let rows = [f64::NAN, 0.0, -1.0, f64::INFINITY]
            .map(|value| IntervalRow::new(Text::same("x"), value, f64::NAN, f64::INFINITY));
        let chart = ForestChart::new(Text::same("t"), Text::same("q")).rows(rows);
        let mut html = Html::default();
        chart.draw(&mut html);
        assert!(html.finish().contains("no figures"));
    }
}
