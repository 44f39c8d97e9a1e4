//! What became of the records of a frame of episodes, for people.

use serde_json::Value;

use super::report::FrameResult;
use crate::screen::{Screen, count};

/// How many records make how many rows, and what was done to them.
pub(super) fn show(screen: Screen, frame: &FrameResult) {
    let Some(episodes) = &frame.episodes else {
        return;
    };
    let n = |key: &str| count(episodes[key].as_u64().unwrap_or(0));
    screen.line(&format!(
        "{}: {} records are {} episodes",
        frame.name,
        n("records"),
        n("episodes")
    ));
    for (what, key) in [("of them", "done"), ("set apart", "setApart")] {
        let counted = counted(&episodes[key]);
        if !counted.is_empty() {
            screen.line(&format!("  {what}: {}", counted.join(", ")));
        }
    }
}

fn counted(counts: &Value) -> Vec<String> {
    counts
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, n)| {
            format!(
                "{} {}",
                count(n.as_u64().unwrap_or(0)),
                name.replace('_', " ")
            )
        })
        .collect()
}
