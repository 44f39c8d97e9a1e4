//! What needs a look: the first records per broken rule, and columns that stand out.

use std::collections::BTreeMap;

use super::{AttentionItem, ColumnQuality, Profiles};
use crate::rule::Rule;

/// First records per broken rule, so that somebody can look at the source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attention {
    pub(crate) groups: BTreeMap<(Option<usize>, Rule), (u64, Vec<i64>)>,
}

/// Record numbers kept per broken rule.
const EXAMPLES: usize = 10;

impl Attention {
    pub(crate) fn add(&mut self, field: Option<usize>, rule: Rule, ordinal: i64) {
        let (count, examples) = self.groups.entry((field, rule)).or_default();
        *count += 1;
        if examples.len() < EXAMPLES && examples.last() != Some(&ordinal) {
            examples.push(ordinal);
        }
    }
}

/// What needs a look, most frequent first.
pub(super) fn attention(profiles: &Profiles, columns: &[ColumnQuality]) -> Vec<AttentionItem> {
    let mut items: Vec<AttentionItem> = profiles
        .attention
        .groups
        .iter()
        .map(|((field, rule), (count, rows))| AttentionItem {
            column: field.map(|at| profiles.names[at].clone()),
            code: rule.code().into(),
            detail: rule.reason().into(),
            count: *count,
            rows: rows.clone(),
        })
        .collect();
    for column in columns {
        let mut add = |code: &str, detail: String, count: u64| {
            items.push(AttentionItem {
                column: Some(column.name.clone()),
                code: code.into(),
                detail,
                count,
                rows: Vec::new(),
            });
        };
        if column.set_missing > 0 {
            add(
                "set-missing",
                "invalid values were made missing".into(),
                column.set_missing,
            );
        }
        if column.completeness == 0.0 && profiles.rows_in > 0 {
            add(
                "empty-column",
                "the column has no value at all".into(),
                profiles.rows_in,
            );
        }
        if let Some(drift) = column
            .drift
            .as_ref()
            .filter(|drift| drift.verdict != "stable")
        {
            add(
                "drift",
                format!(
                    "distribution differs from the former version (PSI {})",
                    drift.psi
                ),
                profiles.rows_accepted,
            );
        }
        if column
            .outliers
            .as_ref()
            .is_some_and(|outliers| outliers.count > 0)
        {
            let count = column
                .outliers
                .as_ref()
                .map_or(0, |outliers| outliers.count);
            add(
                "outliers",
                "values beyond three interquartile ranges".into(),
                count,
            );
        }
    }
    items.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
    items
}
