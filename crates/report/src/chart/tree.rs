//! A tree of questions, from left to right and from top to bottom, with what is so at each place.

use super::{BLUE, Draw, GREY, ROW, WIDTH, axis::Axis, dot, nothing_to_show, segment};
use crate::{
    number,
    table::{Cell, Table},
    text::{Html, Text},
};

/// How far each step goes to the right.
const INDENT: f64 = 18.0;
/// Where labels end.
const LABELS_END: f64 = 480.0;
/// Room for the figure right of the plot.
const FIGURE: f64 = 56.0;
/// Width of a letter; labels that are longer are shortened, and stand whole in the table.
const LETTER: f64 = 6.9;
/// Deeper places are drawn at this depth.
const MOST_DEPTH: usize = 15;

/// A place in a tree.
#[derive(Clone, Debug)]
pub struct TreeRow {
    depth: usize,
    label: Text,
    share: f64,
    interval: [f64; 2],
    n: u64,
    is_leaf: bool,
}

impl TreeRow {
    /// `depth` answers after the root; `label` is the answer that leads here; `share` lies in `interval`, among `n` rows.
    pub fn new(depth: usize, label: Text, share: f64, interval: [f64; 2], n: u64) -> Self {
        Self {
            depth: depth.min(MOST_DEPTH),
            label,
            share,
            interval,
            n,
            is_leaf: false,
        }
    }

    /// Nothing is asked here any more.
    #[must_use]
    pub fn leaf(mut self) -> Self {
        self.is_leaf = true;
        self
    }
}

/// Places of a tree, each under the one it belongs to; leaves with their share and its interval.
#[derive(Clone, Debug)]
pub struct TreeChart {
    title: Text,
    quantity: Text,
    rows: Vec<TreeRow>,
}

impl TreeChart {
    /// `rows` stand in the order of reading: a place, then all below its first answer, then all below its second.
    pub fn new(title: Text, quantity: Text, rows: impl IntoIterator<Item = TreeRow>) -> Self {
        Self {
            title,
            quantity,
            rows: rows.into_iter().collect(),
        }
    }
}

impl Draw for TreeChart {
    fn title(&self) -> &Text {
        &self.title
    }

    fn description(&self) -> Text {
        let leaves = self.rows.iter().filter(|row| row.is_leaf).count();
        let questions = self.rows.len() - leaves;
        Text::new(
            format!("Boom met {questions} vragen en {leaves} eindpunten."),
            format!("Tree with {questions} questions and {leaves} ends."),
        )
    }

    fn height(&self) -> f64 {
        self.rows.len().max(1) as f64 * ROW + 56.0
    }

    fn draw(&self, html: &mut Html) {
        let ends = self.rows.iter().flat_map(|row| row.interval);
        let values = ends
            .chain(self.rows.iter().map(|row| row.share))
            .chain([0.0]);
        let Some(axis) = Axis::over(values, [LABELS_END + 14.0, WIDTH - FIGURE]) else {
            return nothing_to_show(html);
        };
        let bottom = self.rows.len() as f64 * ROW + 6.0;
        axis.draw_below(html, [4.0, bottom], &self.quantity);
        // Height of the last place at each depth.
        let mut last: Vec<f64> = Vec::new();
        for (place, row) in self.rows.iter().enumerate() {
            let y = place as f64 * ROW + ROW / 2.0 + 4.0;
            let x = 6.0 + row.depth as f64 * INDENT;
            last.truncate(row.depth);
            if let Some(above) = last.last() {
                let stem = x - INDENT + 4.0;
                segment(html, [stem, stem], [above + 9.0, y], GREY, "none");
                segment(html, [stem, x - 2.0], [y, y], GREY, "none");
            }
            last.resize(row.depth, y);
            last.push(y);
            label(html, x, y, &row.label.nl, row.is_leaf);
            if !row.is_leaf {
                continue;
            }
            let [low, high] = row.interval;
            if low.is_finite() && high.is_finite() {
                let ends = [axis.at(low), axis.at(high)];
                segment(html, ends, [y, y], BLUE, "none");
                for x in ends {
                    segment(html, [x, x], [y - 5.0, y + 5.0], BLUE, "none");
                }
            }
            if row.share.is_finite() {
                dot(html, axis.at(row.share), y, BLUE);
            }
            super::row_figure(html, y, &number::percent(row.share, 0));
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new(self.title.clone())
            .number(Text::new("Diepte", "Depth"))
            .column(Text::new("Antwoord", "Answer"))
            .column(Text::new("Eindpunt", "End"))
            .number(self.quantity.clone())
            .number(Text::new("ondergrens", "lower"))
            .number(Text::new("bovengrens", "upper"))
            .number(Text::new("rijen", "rows"));
        for row in &self.rows {
            let end = if row.is_leaf {
                Text::new("ja", "yes")
            } else {
                Text::new("nee", "no")
            };
            table.push([
                Cell::count(row.depth as u64),
                Cell::both(row.label.clone()),
                Cell::both(end),
                Cell::percent(row.share, 0),
                Cell::percent(row.interval[0], 1),
                Cell::percent(row.interval[1], 1),
                Cell::count(row.n),
            ]);
        }
        table
    }
}

/// A label that starts at `x`, heavier at an end.
fn label(html: &mut Html, x: f64, y: f64, text: &str, is_leaf: bool) {
    let fits = ((LABELS_END - x) / LETTER) as usize;
    let shown: String = if text.chars().count() > fits {
        text.chars()
            .take(fits.saturating_sub(1))
            .chain(['…'])
            .collect()
    } else {
        text.to_owned()
    };
    html.raw("<text x=\"")
        .coordinate(x)
        .raw("\" y=\"")
        .coordinate(y + 4.5);
    if is_leaf {
        html.raw("\" font-weight=\"bold");
    }
    html.raw("\">").text(&shown).raw("</text>\n");
}
