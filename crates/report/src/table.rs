//! Tables with a caption and headings that say what they head.

use crate::{
    number,
    text::{Html, Text},
};

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell(Content);

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Both(Text),
    Code(String),
    Link(String),
}

impl Cell {
    /// A text that is the same in both languages: a name, a value.
    pub fn text(text: impl Into<String>) -> Self {
        Self(Content::Both(Text::same(text)))
    }

    /// A text in both languages.
    pub fn both(text: Text) -> Self {
        Self(Content::Both(text))
    }

    /// A digest, identifier or column name, in a fixed-width face.
    pub fn code(text: impl Into<String>) -> Self {
        Self(Content::Code(text.into()))
    }

    /// An address to follow; what is no `https` address is shown as text, so that no page carries a script in a link.
    pub fn link(address: impl Into<String>) -> Self {
        let address = address.into();
        if address.starts_with("https://") {
            Self(Content::Link(address))
        } else {
            Self::code(address)
        }
    }

    /// A p-value with four decimals; `< 0,0001` below that.
    pub fn p_value(value: f64) -> Self {
        if value < 0.0001 {
            Self::text(format!("< {}", number::decimal(0.0001, 4)))
        } else {
            Self::number(value, 4)
        }
    }

    /// A count.
    pub fn count(value: u64) -> Self {
        Self::text(number::count(value))
    }

    /// A number with a fixed count of decimals; *–* when not finite.
    pub fn number(value: f64, decimals: usize) -> Self {
        Self::text(number::decimal(value, decimals))
    }

    /// A share in `[0, 1]` as a percentage; *–* when not finite.
    pub fn percent(share: f64, decimals: usize) -> Self {
        Self::text(number::percent(share, decimals))
    }

    /// An estimate with its interval: `0,81 (0,78 – 0,84)`.
    pub fn interval(estimate: f64, lower: f64, upper: f64, decimals: usize) -> Self {
        let place = |value| number::decimal(value, decimals);
        Self::text(format!(
            "{} ({} – {})",
            place(estimate),
            place(lower),
            place(upper)
        ))
    }

    /// No figure.
    pub fn none() -> Self {
        Self::text(number::UNKNOWN)
    }

    pub(crate) fn render(&self, html: &mut Html) {
        match &self.0 {
            Content::Both(text) => html.both(text),
            Content::Code(text) => html.raw("<code>").text(text).raw("</code>"),
            Content::Link(address) => html
                .raw("<a rel=\"noreferrer\" href=\"")
                .text(address)
                .raw("\">")
                .text(address)
                .raw("</a>"),
        };
    }
}

#[derive(Clone, Debug)]
struct Column {
    heading: Text,
    numeric: bool,
}

/// A table. The first column heads the rows.
#[derive(Clone, Debug)]
pub struct Table {
    caption: Text,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table under a caption.
    pub fn new(caption: Text) -> Self {
        Self {
            caption,
            columns: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Adds a column of texts.
    #[must_use]
    pub fn column(mut self, heading: Text) -> Self {
        self.columns.push(Column {
            heading,
            numeric: false,
        });
        self
    }

    /// Adds a column of figures, set to the right.
    #[must_use]
    pub fn number(mut self, heading: Text) -> Self {
        self.columns.push(Column {
            heading,
            numeric: true,
        });
        self
    }

    /// Adds a row. Cells beyond the columns are left out, missing cells are empty.
    #[must_use]
    pub fn row(mut self, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.push(cells);
        self
    }

    /// Adds a row in place, for loops.
    pub fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows
            .push(cells.into_iter().take(self.columns.len()).collect());
    }

    pub(crate) fn render(&self, html: &mut Html) {
        html.raw("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"")
            .text(&self.caption.nl);
        html.raw("\"><table>\n<caption>")
            .both(&self.caption)
            .raw("</caption>\n<thead><tr>");
        for column in &self.columns {
            html.raw(if column.numeric {
                "<th scope=\"col\" class=\"n\">"
            } else {
                "<th scope=\"col\">"
            });
            html.both(&column.heading).raw("</th>");
        }
        html.raw("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            html.raw("<tr>");
            for (place, column) in self.columns.iter().enumerate() {
                html.raw(match (place, column.numeric) {
                    (0, _) => "<th scope=\"row\">",
                    (_, true) => "<td class=\"n\">",
                    (_, false) => "<td>",
                });
                if let Some(cell) = row.get(place) {
                    cell.render(html);
                }
                html.raw(if place == 0 { "</th>" } else { "</td>" });
            }
            html.raw("</tr>\n");
        }
        if self.rows.is_empty() {
            html.raw("<tr><td colspan=\"")
                .integer(self.columns.len().max(1))
                .raw("\">");
            html.both(&Text::new("geen regels", "no rows"))
                .raw("</td></tr>\n");
        }
        html.raw("</tbody></table></div>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(cell: &Cell) -> String {
        let mut html = Html::default();
        cell.render(&mut html);
        html.finish()
    }

    #[test]
    fn only_https_addresses_become_links() {
        assert!(
            html(&Cell::link("https://wetten.overheid.nl/?a=1&b=2"))
                .contains("href=\"https://wetten.overheid.nl/?a=1&amp;b=2\"")
        );
        for address in [
            "javascript:alert(1)",
            "http://wetten.overheid.nl",
            "data:text/html,x",
        ] {
            assert!(!html(&Cell::link(address)).contains("href"), "{address}");
        }
        assert!(!html(&Cell::link("https://x\" onclick=\"y")).contains("\" onclick"));
    }

    #[test]
    fn small_p_values_are_not_shown_as_nought() {
        assert_eq!(html(&Cell::p_value(3e-9)), "&lt; 0,0001");
        assert_eq!(html(&Cell::p_value(0.0312)), "0,0312");
    }
}
