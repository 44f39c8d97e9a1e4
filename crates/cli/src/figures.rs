//! Figures of a linkage, for people: how good it is, and for whom.

use serde_json::Value;

use crate::screen::{Screen, count};

/// Expected error by threshold, groups, named columns, what labels say, and what is left over.
pub(crate) fn linkage(screen: Screen, outcome: &Value) {
    expected(screen, outcome);
    measured(screen, &outcome["measured"]);
    let groups = rows(&outcome["groups"], |row| {
        label(row["group"].as_str().unwrap_or("?")).to_owned()
    });
    if !groups.is_empty() {
        screen.heading("Who is linked worse? Groups of fewer than 10 are hidden");
        screen.table(header(&groups), &groups);
    }
    for columns in outcome["columns"].as_array().into_iter().flatten() {
        screen.heading(&format!("By {}", columns["column"].as_str().unwrap_or("?")));
        let named = rows(&columns["values"], |row| match row["value"].as_str() {
            Some(value) => value.to_owned(),
            None if row["isRest"] == true => "(all others)".to_owned(),
            None => "(empty)".to_owned(),
        });
        screen.table(header(&named), &named);
    }
    let clusters = &outcome["clusters"];
    if clusters.is_object() {
        let n = |key: &str| count(clusters[key].as_u64().unwrap_or(0));
        screen.line(&format!(
            "{} rows are {} persons ({} if everything connected were one); {} links contradict each other",
            count(outcome["leftRows"].as_u64().unwrap_or(0)),
            n("clusters"),
            n("connectedComponents"),
            n("conflicts")
        ));
    }
    if let Some(rest) = outcome["unlinked"]["rows"].as_u64() {
        screen.line(&format!("{} rows have no link", count(rest)));
    }
}

/// Columns that need no labels.
const EXPECTED: usize = 6;
const GROUPS: [&str; 8] = [
    "group",
    "left linked",
    "right linked",
    "links",
    "expected precision",
    "expected recall",
    "measured precision",
    "measured recall",
];

/// Columns of the groups; those of labels only where there are any.
fn header(rows: &[Vec<String>]) -> &'static [&'static str] {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    &GROUPS[..columns.clamp(EXPECTED, GROUPS.len())]
}

fn expected(screen: Screen, outcome: &Value) {
    let thresholds = outcome["prediction"]["thresholds"].as_array();
    let Some(thresholds) = thresholds.filter(|all| !all.is_empty()) else {
        return;
    };
    let steps = outcome["steps"].as_array().into_iter().flatten();
    let others = steps.filter(|step| step["step"] != "probabilistic");
    let unweighed: u64 = others.filter_map(|step| step["links"].as_u64()).sum();
    screen.heading("What to expect of the weighed links by threshold, without labels");
    if unweighed > 0 {
        screen.line(&format!(
            "{} links on an equal pseudonym or decided by people are not weighed, so not in it",
            count(unweighed)
        ));
    }
    let rows: Vec<Vec<String>> = thresholds
        .iter()
        .map(|at| {
            vec![
                format!("{:.2}", at["threshold"].as_f64().unwrap_or(f64::NAN)),
                count(at["links"].as_u64().unwrap_or(0)),
                percent(&at["precision"]),
                percent(&at["recall"]),
            ]
        })
        .collect();
    screen.table(&["threshold", "links", "precision", "recall"], &rows);
}

fn measured(screen: Screen, measured: &Value) {
    let Some(thresholds) = measured["thresholds"].as_array() else {
        return;
    };
    screen.heading(&format!(
        "Measured against labels, with 95 % intervals: {} links judged, {} true pairs",
        count(measured["judgedLinks"].as_u64().unwrap_or(0)),
        count(measured["truePairs"].as_u64().unwrap_or(0))
    ));
    let rows: Vec<Vec<String>> = thresholds
        .iter()
        .map(|at| {
            vec![
                format!("{:.2}", at["threshold"].as_f64().unwrap_or(f64::NAN)),
                share(&at["precision"]),
                share(&at["recall"]),
            ]
        })
        .collect();
    screen.table(&["threshold", "precision", "recall"], &rows);
}

/// Rows of a table of groups.
fn rows(groups: &Value, name: impl Fn(&Value) -> String) -> Vec<Vec<String>> {
    let groups = groups.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_judged = groups
        .iter()
        .any(|row| row["precision"].is_object() || row["recall"].is_object());
    groups
        .iter()
        .map(|row| {
            if row["isHidden"] == true {
                return vec![name(row), "hidden".to_owned()];
            }
            let mut cells = vec![
                name(row),
                percent(&row["leftLinked"]["value"]),
                percent(&row["rightLinked"]["value"]),
                row["links"].as_u64().map_or_else(String::new, count),
                percent(&row["expectedPrecision"]),
                percent(&row["expectedRecall"]),
            ];
            if is_judged {
                cells.extend([share(&row["precision"]), share(&row["recall"])]);
            }
            cells
        })
        .collect()
}

/// Groups as they are called on a screen.
fn label(group: &str) -> &str {
    match group {
        "all" => "everybody",
        "movers" => "addresses differ",
        "marriedWomen" => "women with a partner's name",
        "defaultBirthDates" => "birth date unknown or filled in",
        "foreignSpelledNames" => "names spelled foreign",
        other => other,
    }
}

fn percent(value: &Value) -> String {
    value
        .as_f64()
        .map_or_else(String::new, |value| format!("{:.2} %", 100.0 * value))
}

fn share(share: &Value) -> String {
    let part = |key: &str| share[key].as_f64().map(|value| 100.0 * value);
    match (part("value"), part("low"), part("high")) {
        (Some(value), Some(low), Some(high)) => format!("{value:.2} % [{low:.2}, {high:.2}]"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hidden_groups_show_no_figure_and_shares_show_their_interval() {
        let groups = json!([
            {"group": "all", "isHidden": false, "links": 1234, "expectedRecall": 0.98765,
                "recall": {"value": 0.9, "low": 0.85, "high": 0.94}},
            {"group": "movers", "isHidden": true}
        ]);
        let rows = rows(&groups, |row| {
            label(row["group"].as_str().unwrap()).to_owned()
        });
        assert_eq!(
            rows[0],
            [
                "everybody",
                "",
                "",
                "1,234",
                "",
                "98.77 %",
                "",
                "90.00 % [85.00, 94.00]"
            ]
        );
        assert_eq!(rows[1], ["addresses differ", "hidden"]);
        assert_eq!(header(&rows), GROUPS);
    }

    #[test]
    fn without_labels_there_are_no_columns_of_what_they_say() {
        let groups = json!([{"group": "all", "links": 12, "expectedPrecision": 1.0}]);
        let rows = rows(&groups, |_| "everybody".to_owned());
        assert_eq!(header(&rows).last(), Some(&"expected recall"));
        assert_eq!(rows[0].len(), header(&rows).len());
    }
}
