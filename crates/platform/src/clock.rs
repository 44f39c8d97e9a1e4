//! UTC times as the platform stores and shows them.

use std::time::Duration;

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

/// Fixed width, so that text order is time order: six decimals, `Z`.
const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// Now, as `2026-11-22T03:57:53.000000Z`.
pub fn now() -> String {
    text(Timestamp::now())
}

/// A moment `from_now` ahead, in the same form.
pub fn after(from_now: Duration) -> String {
    text(
        Timestamp::now()
            .saturating_add(from_now)
            .unwrap_or(Timestamp::MAX),
    )
}

/// Any moment in the stored form.
pub fn text(at: Timestamp) -> String {
    PRINTER.timestamp_to_string(&at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_order_is_time_order() {
        let whole = text("2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(whole, "2026-01-01T00:00:00.000000Z");
        assert!(whole < text("2026-01-01T00:00:00.000001Z".parse().unwrap()));
        assert!(now() < after(Duration::from_secs(1)));
    }
}
