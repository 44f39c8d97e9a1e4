//! The fields of a line of text, as `name=value`.
//!
//! Every request writes a line, so the plain text that fields nearly always hold is written as it is, and only what is not plain
//! goes through `Debug`.

use std::{error::Error, fmt};

use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FormatFields, format::Writer},
};

use super::escaped::{Escaping, is_plain};

/// Writes fields so that no value can end the line.
pub(super) struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut written = Written {
            to: Escaping(writer),
            is_first: true,
            outcome: Ok(()),
        };
        fields.record(&mut written);
        written.outcome
    }
}

struct Written<'w> {
    to: Escaping<Writer<'w>>,
    is_first: bool,
    outcome: fmt::Result,
}

impl Written<'_> {
    fn value(&mut self, field: &Field, write: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result) {
        if self.outcome.is_ok() {
            self.outcome = self.name(field).and_then(|()| write(&mut self.to));
        }
    }

    /// Only the message has none.
    fn name(&mut self, field: &Field) -> fmt::Result {
        // Names stand in the source; there is nothing to escape.
        let Escaping(to) = &mut self.to;
        if !std::mem::take(&mut self.is_first) {
            to.write_char(' ')?;
        }
        if field.name() == "message" {
            return Ok(());
        }
        to.write_str(field.name())?;
        to.write_char('=')
    }
}

impl Visit for Written<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_message = field.name() == "message";
        self.value(field, |to| {
            if is_message {
                to.write_str(value)
            } else if is_plain(value) && !value.contains(['"', '\\']) {
                to.write_char('"')?;
                to.write_str(value)?;
                to.write_char('"')
            } else {
                write!(to, "{value:?}")
            }
        });
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.value(field, |to| {
            write!(to, "{value}")?;
            let mut source = value.source();
            while let Some(cause) = source {
                write!(to, ": {cause}")?;
                source = cause.source();
            }
            Ok(())
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.value(field, |to| write!(to, "{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::{
        fmt::{self, format::DefaultFields},
        layer::SubscriberExt,
    };

    use super::Fields;
    use crate::telemetry::{Line, said::Said};

    /// What stands after the time.
    fn said(is_ours: bool) -> String {
        let said = Said::default();
        let writer = said.clone();
        let layer = fmt::layer()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .event_format(Line);
        let say = || {
            let (text, absent) = (r#"with "quotes" and \ in it"#, None::<&str>);
            tracing::info!(
                name = "plain",
                text,
                empty = "",
                absent,
                "a message with {text}"
            );
            tracing::info!(rows = 3_u64, less = -1_i64, share = 0.5, is_so = true, debug = ?Some("é"), shown = %text);
        };
        if is_ours {
            let layer = layer.fmt_fields(Fields);
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), say);
        } else {
            let layer = layer.fmt_fields(DefaultFields::new());
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), say);
        }
        let text = said.text();
        let after_the_time = text.lines().map(|line| line.split_once("INFO").unwrap().1);
        after_the_time.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn fields_read_as_the_library_writes_them() {
        let ours = said(true);
        assert_eq!(ours, said(false));
        assert!(
            ours.contains(r#"name="plain" text="with \"quotes\" and \\ in it" empty="""#),
            "{ours}"
        );
    }
}
