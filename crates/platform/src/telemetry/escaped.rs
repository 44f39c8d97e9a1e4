//! Text that cannot end a line of the log or speak to a terminal.

use std::fmt;

/// Whether `text` is printable ASCII, as nearly all of it is.
pub(super) fn is_plain(text: &str) -> bool {
    // Without an early end, the compiler looks at many bytes at once.
    let is_printable = |plain, byte| plain & matches!(byte, b' '..=b'~');
    text.bytes().fold(true, is_printable)
}

/// Writes with every control character escaped as Rust does: `\n`, `\u{1b}`.
pub(super) struct Escaping<W>(pub(super) W);

impl<W: fmt::Write> fmt::Write for Escaping<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if is_plain(text) {
            return self.0.write_str(text);
        }
        let mut rest = text;
        while let Some(at) = rest.find(char::is_control) {
            let (plain, from) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut signs = from.chars();
            if let Some(sign) = signs.next() {
                write!(self.0, "{}", sign.escape_default())?;
            }
            rest = signs.as_str();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing_subscriber::{Layer, fmt, layer::SubscriberExt};

    use crate::telemetry::{Line, fields::Fields, said::Said};

    // M15: what a client can put into a field stays in its field, as text and as JSON.
    #[test]
    fn no_text_of_a_client_starts_a_line_or_colours_a_terminal() {
        const HOSTILE: &str =
            "kind\x1b[31m\r\n2026-01-01T00:00:00Z  INFO audit: forged\u{9b}2J\u{7}";
        for is_json in [false, true] {
            let said = Said::default();
            let writer = said.clone();
            let layer = fmt::layer()
                .with_ansi(false)
                .with_writer(move || writer.clone());
            let layer = if is_json {
                layer.json().boxed()
            } else {
                layer.event_format(Line).fmt_fields(Fields).boxed()
            };
            let subscriber = tracing_subscriber::registry().with(layer);
            tracing::subscriber::with_default(subscriber, || {
                tracing::info!(debug = ?HOSTILE, text = HOSTILE, "one");
                tracing::info!(display = %HOSTILE, "two");
                tracing::info!(
                    error = &io::Error::other(HOSTILE) as &dyn std::error::Error,
                    "three"
                );
                tracing::info!("four {HOSTILE}");
            });
            let said = said.text();
            assert_eq!(said.lines().count(), 4, "{said:?}");
            // In JSON, signs beyond ASCII are no controls.
            let is_control = |sign: char| {
                if is_json {
                    sign.is_ascii_control()
                } else {
                    sign.is_control()
                }
            };
            let strange = |sign: char| is_control(sign) && sign != '\n';
            assert!(!said.contains(strange), "{said:?}");
        }
    }
}
