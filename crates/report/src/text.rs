//! Texts in two languages, and the one writer through which every text becomes HTML.

use std::fmt::Write as _;

/// A text in Dutch and in English.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// Dutch, for a broad public (B1).
    pub nl: String,
    /// English.
    pub en: String,
}

impl Text {
    /// A text in both languages.
    pub fn new(nl: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            nl: nl.into(),
            en: en.into(),
        }
    }

    /// A name or code that is the same in both languages.
    pub fn same(text: impl Into<String>) -> Self {
        let nl = text.into();
        Self { en: nl.clone(), nl }
    }

    /// Whether both languages say the same, so that it is shown once.
    pub(crate) fn is_same(&self) -> bool {
        self.nl == self.en || self.en.is_empty()
    }

    /// `Dutch / English` on one line, for axis titles.
    pub(crate) fn joined(&self) -> String {
        if self.is_same() {
            self.nl.clone()
        } else {
            format!("{} / {}", self.nl, self.en)
        }
    }
}

/// HTML under construction. Markup comes from this crate as `&'static str`; everything else is escaped.
#[derive(Debug, Default)]
pub(crate) struct Html {
    out: String,
}

impl Html {
    /// Markup written in this crate.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Any text, escaped for element content and quoted attributes alike. Control characters are dropped.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                '\n' | '\t' => self.out.push(c),
                c if c.is_control() || is_direction_mark(c) => {}
                c => self.out.push(c),
            }
        }
        self
    }

    /// A coordinate, two decimals at most.
    pub(crate) fn coordinate(&mut self, value: f64) -> &mut Self {
        let value = if value.is_finite() {
            (value * 100.0).round() / 100.0
        } else {
            0.0
        };
        // Adding zero turns -0 into 0.
        let _ = write!(self.out, "{}", value + 0.0);
        self
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, value: usize) -> &mut Self {
        let _ = write!(self.out, "{value}");
        self
    }

    /// Dutch, then English in its own element when it differs.
    pub(crate) fn both(&mut self, text: &Text) -> &mut Self {
        self.text(&text.nl);
        if !text.is_same() {
            self.raw(" <span class=\"en\" lang=\"en\">")
                .text(&text.en)
                .raw("</span>");
        }
        self
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }
}

/// Characters that reorder what a reader sees.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_text_stays_text() {
        let mut html = Html::default();
        html.text("<script>alert('x' & \"y\")</script>\u{0}\u{202e}");
        assert_eq!(
            html.finish(),
            "&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;"
        );
    }

    #[test]
    fn a_text_equal_in_both_languages_is_shown_once() {
        let mut html = Html::default();
        html.both(&Text::same("BSN"))
            .raw("|")
            .both(&Text::new("ja", "yes"));
        assert_eq!(
            html.finish(),
            "BSN|ja <span class=\"en\" lang=\"en\">yes</span>"
        );
    }

    #[test]
    fn coordinates_are_short_and_finite() {
        let mut html = Html::default();
        for value in [1.0, 0.125, -0.001, f64::NAN] {
            html.coordinate(value).raw(" ");
        }
        assert_eq!(html.finish(), "1 0.13 0 0 ");
    }
}
