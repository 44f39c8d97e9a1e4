//! The page: title, facts about it, sections.

use crate::{
    section::{Section, facts},
    table::Cell,
    text::{Html, Text},
};

const STYLE: &str = include_str!("style.css");

/// Header to serve a page with: its own style sheet by hash, nothing else.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'sha256-+brS0lZG3wOXNFdIyDnzfly/RMhvEHCCoDLO1KScB64='; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page under construction; [`Page::render`] gives the whole document.
#[derive(Clone, Debug)]
pub struct Page {
    title: Text,
    lead: Option<Text>,
    facts: Vec<(Text, Cell)>,
    sections: Vec<Section>,
}

impl Page {
    /// An empty page.
    pub fn new(title: Text) -> Self {
        Self {
            title,
            lead: None,
            facts: Vec::new(),
            sections: Vec::new(),
        }
    }

    /// Says in one or two sentences what the reader is looking at.
    #[must_use]
    pub fn lead(mut self, text: Text) -> Self {
        self.lead = Some(text);
        self
    }

    /// Adds a fact about the page itself: digest, date, version.
    #[must_use]
    pub fn fact(mut self, name: Text, value: Cell) -> Self {
        self.facts.push((name, value));
        self
    }

    /// Adds a section.
    #[must_use]
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// The whole document, UTF-8, media type `text/html; charset=utf-8`.
    pub fn render(&self) -> String {
        let mut html = Html::default();
        html.raw("<!doctype html>\n<html lang=\"nl\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.raw(
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
        );
        html.text(&self.title.nl)
            .raw("</title>\n<style>")
            .raw(STYLE)
            .raw("</style>\n</head>\n<body>\n<header>\n<h1>");
        html.both(&self.title).raw("</h1>\n");
        if let Some(lead) = &self.lead {
            html.raw("<p>").text(&lead.nl).raw("</p>\n");
            if !lead.is_same() {
                html.raw("<p class=\"en\" lang=\"en\">")
                    .text(&lead.en)
                    .raw("</p>\n");
            }
        }
        if !self.facts.is_empty() {
            facts(&mut html, &self.facts);
        }
        html.raw("</header>\n<main>\n");
        let mut charts = 0;
        for section in &self.sections {
            section.render(&mut html, 2, &mut charts);
        }
        html.raw("</main>\n</body>\n</html>\n");
        html.finish()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use sha2::Digest as _;

    use super::*;

    #[test]
    fn the_policy_names_the_style_sheet_by_its_hash() {
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(STYLE));
        assert!(
            CONTENT_SECURITY_POLICY.contains(&format!("'sha256-{hash}'")),
            "the style sheet now has {hash}"
        );
    }

    #[test]
    fn a_style_sheet_cannot_close_its_own_element() {
        assert!(!STYLE.contains('<'));
    }
}
