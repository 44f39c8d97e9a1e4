//! Sections: a heading and what stands under it.

use crate::{
    chart::Chart,
    table::{Cell, Table},
    text::{Html, Text},
};

/// A figure worth seeing at once.
#[derive(Clone, Debug)]
pub struct KeyFigure {
    label: Text,
    value: Cell,
    note: Option<Text>,
}

impl KeyFigure {
    /// A figure under its label.
    pub fn new(label: Text, value: Cell) -> Self {
        Self {
            label,
            value,
            note: None,
        }
    }

    /// Adds a line below: an interval, a count, a norm.
    #[must_use]
    pub fn note(mut self, note: Text) -> Self {
        self.note = Some(note);
        self
    }
}

#[derive(Clone, Debug)]
enum Block {
    Paragraph(Text),
    Warning(Text),
    List(Vec<Text>),
    Facts(Vec<(Text, Cell)>),
    Figures(Vec<KeyFigure>),
    Table(Table),
    Chart(Box<Chart>),
    Section(Section),
}

/// A heading and what stands under it.
#[derive(Clone, Debug)]
pub struct Section {
    heading: Text,
    blocks: Vec<Block>,
}

impl Section {
    /// An empty section.
    pub fn new(heading: Text) -> Self {
        Self {
            heading,
            blocks: Vec::new(),
        }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn paragraph(self, text: Text) -> Self {
        self.with(Block::Paragraph(text))
    }

    /// Adds a remark that must not be missed; it starts with the word *Let op*.
    #[must_use]
    pub fn warning(self, text: Text) -> Self {
        self.with(Block::Warning(text))
    }

    /// Adds a bulleted list.
    #[must_use]
    pub fn list(self, items: impl IntoIterator<Item = Text>) -> Self {
        self.with(Block::List(items.into_iter().collect()))
    }

    /// Adds names with their values.
    #[must_use]
    pub fn facts(self, facts: impl IntoIterator<Item = (Text, Cell)>) -> Self {
        self.with(Block::Facts(facts.into_iter().collect()))
    }

    /// Adds a row of key figures.
    #[must_use]
    pub fn figures(self, figures: impl IntoIterator<Item = KeyFigure>) -> Self {
        self.with(Block::Figures(figures.into_iter().collect()))
    }

    /// Adds a table.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        self.with(Block::Table(table))
    }

    /// Adds a chart.
    #[must_use]
    pub fn chart(self, chart: impl Into<Chart>) -> Self {
        self.with(Block::Chart(Box::new(chart.into())))
    }

    /// Adds a section one level deeper.
    #[must_use]
    pub fn section(self, section: Section) -> Self {
        self.with(Block::Section(section))
    }

    fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// `level` is the heading level, 2 to 6; `charts` counts the charts of the page so far.
    pub(crate) fn render(&self, html: &mut Html, level: usize, charts: &mut usize) {
        const OPEN: [&str; 5] = ["<h2>", "<h3>", "<h4>", "<h5>", "<h6>"];
        const CLOSE: [&str; 5] = ["</h2>\n", "</h3>\n", "</h4>\n", "</h5>\n", "</h6>\n"];
        let place = level.clamp(2, 6) - 2;
        html.raw("<section>\n")
            .raw(OPEN[place])
            .both(&self.heading)
            .raw(CLOSE[place]);
        for block in &self.blocks {
            block.render(html, level, charts);
        }
        html.raw("</section>\n");
    }
}

/// Dutch and English as two paragraphs of one block.
fn paragraphs(html: &mut Html, text: &Text) {
    html.raw("<p>").text(&text.nl).raw("</p>\n");
    if !text.is_same() {
        html.raw("<p class=\"en\" lang=\"en\">")
            .text(&text.en)
            .raw("</p>\n");
    }
}

pub(crate) fn facts(html: &mut Html, facts: &[(Text, Cell)]) {
    html.raw("<dl class=\"facts\">\n");
    for (name, value) in facts {
        html.raw("<div><dt>").both(name).raw("</dt><dd>");
        value.render(html);
        html.raw("</dd></div>\n");
    }
    html.raw("</dl>\n");
}

impl Block {
    fn render(&self, html: &mut Html, level: usize, charts: &mut usize) {
        match self {
            Self::Paragraph(text) => paragraphs(html, text),
            Self::Warning(text) => {
                html.raw("<div class=\"warning\" role=\"note\"><p><strong>Let op <span class=\"en\" lang=\"en\">Note");
                html.raw("</span></strong></p>\n");
                paragraphs(html, text);
                html.raw("</div>\n");
            }
            Self::List(items) => {
                html.raw("<ul>\n");
                for item in items {
                    html.raw("<li>").both(item).raw("</li>\n");
                }
                html.raw("</ul>\n");
            }
            Self::Facts(list) => facts(html, list),
            Self::Figures(figures) => {
                html.raw("<dl class=\"figures\">\n");
                for figure in figures {
                    html.raw("<div><dt>")
                        .both(&figure.label)
                        .raw("</dt><dd><strong>");
                    figure.value.render(html);
                    html.raw("</strong>");
                    if let Some(note) = &figure.note {
                        html.raw("<small>").both(note).raw("</small>");
                    }
                    html.raw("</dd></div>\n");
                }
                html.raw("</dl>\n");
            }
            Self::Table(table) => table.render(html),
            Self::Chart(chart) => {
                *charts += 1;
                chart.render(html, *charts);
            }
            Self::Section(section) => section.render(html, level + 1, charts),
        }
    }
}
