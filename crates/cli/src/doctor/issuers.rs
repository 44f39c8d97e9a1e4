//! Issuers of tokens: found, with keys that fit, and a clock like ours.

use std::time::SystemTime;

use super::{Finding, patient::Patient};

/// Clocks may differ by this much before tokens are refused, milliseconds.
const FORGIVEN_MS: u64 = 5_000;
/// From here somebody should look; a clock in the head of an answer is told in whole seconds.
const NOTABLE_MS: u64 = 2_000;

pub(super) async fn look(patient: &Patient) -> Vec<Finding> {
    let mut found = Vec::new();
    for issuer in &patient.issuers {
        let name = &issuer.issuer;
        match helder_gateway::examine(issuer).await {
            Ok(seen) => {
                let keys = seen.keys;
                found.push(Finding::good("issuer", name, format!("{keys} keys fit")));
                if let Some(theirs) = seen.clock {
                    let now = SystemTime::now();
                    let ms = match now.duration_since(theirs) {
                        Ok(behind) => i64::try_from(behind.as_millis()),
                        Err(ahead) => i64::try_from(ahead.duration().as_millis()).map(|ms| -ms),
                    };
                    found.push(clock(name, ms.unwrap_or(i64::MAX)));
                }
            }
            Err(seen) => found.push(Finding::bad("issuer", name, seen).advice(
                "its address must be the exact `iss`, reachable from here, and trusted by this system's certificates",
            )),
        }
    }
    found
}

/// What a difference between our clock and another means.
pub(super) fn clock(of: &str, difference_ms: i64) -> Finding {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a difference in seconds, to one decimal"
    )]
    let seen = format!(
        "ours is {:.1} s {}",
        difference_ms.unsigned_abs() as f64 / 1_000.0,
        if difference_ms < 0 { "behind" } else { "ahead" }
    );
    let advice = "let both machines follow the same time server";
    match difference_ms.unsigned_abs() {
        FORGIVEN_MS.. => Finding::bad("clock", of, seen).advice(advice),
        NOTABLE_MS.. => Finding::attention("clock", of, seen).advice(advice),
        _ => Finding::good("clock", of, seen),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn clocks_that_differ_are_told_before_tokens_are_refused() {
        for (ms, state) in [
            (0, State::Good),
            (-1_999, State::Good),
            (2_000, State::Attention),
            (-4_999, State::Attention),
            (5_000, State::Bad),
            (-3_600_000, State::Bad),
        ] {
            assert_eq!(clock("a", ms).state, state, "{ms}");
        }
        assert_eq!(clock("a", -3_600_000).seen, "ours is 3600.0 s behind");
    }
}
