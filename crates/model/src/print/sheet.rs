//! Plain text of 80 columns: titles, facts, tables that line up.

use crate::{Language, Meaning};

/// Columns of a line.
const WIDTH: usize = 80;
/// Columns of the names of facts.
const NAMES: usize = 22;
/// Most columns of the first column of a table.
const FIRST: usize = 30;

/// Text under construction.
pub(super) struct Sheet {
    language: Language,
    text: String,
}

impl Sheet {
    pub(super) const fn new(language: Language) -> Self {
        Self {
            language,
            text: String::new(),
        }
    }

    pub(super) const fn language(&self) -> Language {
        self.language
    }

    pub(super) const fn say<'a>(&self, nl: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::Dutch => nl,
            Language::English => en,
        }
    }

    pub(super) fn pick<'a>(&self, meaning: &'a Meaning) -> &'a str {
        self.say(&meaning.nl, &meaning.en)
    }

    /// A number with so many decimals, with the comma of the language.
    pub(super) fn decimal(&self, value: f64, decimals: usize) -> String {
        self.comma(format!("{value:.decimals$}"))
    }

    /// A number with its sign, as what is added up.
    pub(super) fn signed(&self, value: f64) -> String {
        self.comma(format!("{value:+.4}"))
    }

    /// A number with so many digits that count; large and small ones with an exponent.
    pub(super) fn significant(&self, value: f64, digits: usize) -> String {
        if value == 0.0 || !value.is_finite() {
            return self.value(value);
        }
        let exponent = value.abs().log10().floor();
        if (-4.0..6.0).contains(&exponent) {
            let decimals = (digits as f64 - 1.0 - exponent).clamp(0.0, 12.0) as usize;
            self.decimal(value, decimals)
        } else {
            self.comma(format!("{value:.*e}", digits - 1))
        }
    }

    /// A number as it stands in the model.
    pub(super) fn value(&self, value: f64) -> String {
        self.comma(value.to_string())
    }

    fn comma(&self, plain: String) -> String {
        match self.language {
            Language::Dutch => plain.replace('.', ","),
            Language::English => plain,
        }
    }

    pub(super) fn title(&mut self, title: &str) {
        self.wrapped("", title, 0);
        let line = "=".repeat(title.chars().count().min(WIDTH));
        self.text.push_str(&line);
        self.text.push('\n');
    }

    pub(super) fn heading(&mut self, nl: &str, en: &str) {
        let heading = self.say(nl, en).to_owned();
        self.headed(&heading);
    }

    pub(super) fn headed(&mut self, heading: &str) {
        self.text.push('\n');
        self.wrapped("", heading, 0);
        let line = "-".repeat(heading.chars().count().min(WIDTH));
        self.text.push_str(&line);
        self.text.push('\n');
    }

    /// A name and what it is, wrapped beside it.
    pub(super) fn fact(&mut self, name: &str, value: &str) {
        let name = if name.chars().count() >= NAMES {
            format!("{name} ")
        } else {
            format!("{name:NAMES$}")
        };
        self.wrapped(&name, value, NAMES);
    }

    pub(super) fn paragraph(&mut self, nl: &str, en: &str) {
        let text = self.say(nl, en).to_owned();
        self.wrapped("", &text, 0);
    }

    fn wrapped(&mut self, lead: &str, text: &str, indent: usize) {
        let mut line = lead.to_owned();
        let mut is_fresh = true;
        for word in text.split_whitespace() {
            let length = line.chars().count() + usize::from(!is_fresh) + word.chars().count();
            if length > WIDTH && !is_fresh {
                self.text.push_str(line.trim_end());
                self.text.push('\n');
                line = " ".repeat(indent);
                is_fresh = true;
            }
            if !is_fresh {
                line.push(' ');
            }
            line.push_str(word);
            is_fresh = false;
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// A table: the first column to the left, the others to the right. Long names of rows get a line of their own.
    pub(super) fn table(&mut self, headings: &[&str], rows: &[Vec<String>]) {
        let length = |text: &str| text.chars().count();
        let columns = headings.len();
        let mut widths: Vec<usize> = headings.iter().map(|heading| length(heading)).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(length(cell));
            }
        }
        widths[0] = widths[0].min(FIRST);
        let headings: Vec<String> = headings
            .iter()
            .map(|heading| (*heading).to_owned())
            .collect();
        for row in std::iter::once(&headings).chain(rows) {
            let mut line = String::new();
            for (place, cell) in row.iter().take(columns).enumerate() {
                let width = widths[place];
                if place == 0 {
                    if length(cell) > width {
                        line.push_str(cell);
                        line.push('\n');
                        line.push_str(&" ".repeat(width));
                    } else {
                        line.push_str(cell);
                        line.push_str(&" ".repeat(width - length(cell)));
                    }
                } else {
                    line.push_str(&" ".repeat(2 + width.saturating_sub(length(cell))));
                    line.push_str(cell);
                }
            }
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    pub(super) fn done(self) -> String {
        self.text
    }
}

/// A bar to the right for what raises, to the left for what lowers; `most` fills it.
pub(super) fn bar(value: f64, most: f64) -> String {
    const HALF: usize = 8;
    let share = if most > 0.0 { value.abs() / most } else { 0.0 };
    let length = ((share * HALF as f64).round() as usize).min(HALF);
    let (left, right) = if value < 0.0 {
        (length, 0)
    } else {
        (0, length)
    };
    format!(
        "{}{}|{}{}",
        " ".repeat(HALF - left),
        "#".repeat(left),
        "#".repeat(right),
        " ".repeat(HALF - right)
    )
}
