//! The demo's result, for people.

use std::path::Path;

use helder_dummy::Summary;
use helder_evaluation::Auc;
use serde_json::Value;

use super::{
    Report,
    judge::{Judgement, Share},
};
use crate::{
    plan::PlanResult,
    screen::{Screen, count},
};

/// What was invented.
pub(super) fn municipality(screen: Screen, summary: &Summary, folder: &Path) {
    let parameters = &summary.parameters;
    screen.heading(&format!(
        "{}: {} invented inhabitants, {} files in {}",
        helder_dummy::GEMEENTE,
        count(parameters.settings.inhabitants as u64),
        parameters.files.len(),
        folder.join("extracts").display()
    ));
    screen.line(&format!(
        "{} adult-years, {} of them end in economic homelessness. {} records are unusable on purpose. The truth stays in {}.",
        count(parameters.person_years),
        count(parameters.events),
        count(summary.defects.len() as u64),
        folder.join("truth").display()
    ));
}

/// The model beside the truth.
pub(super) fn judgement(screen: Screen, result: &PlanResult, judged: &Judgement) {
    screen.heading(
        "How good is it? Test dates only; the best possible model knows every true probability",
    );
    let evaluation = result
        .training
        .as_ref()
        .map(|t| &t.run["outcome"]["evaluation"]);
    let reported = evaluation
        .and_then(reported_auc)
        .map_or_else(String::new, |v| format!("{v:.3}"));
    screen.table(
        &[
            "AUC on",
            "model",
            "best possible",
            "by the training service",
        ],
        &[
            vec![
                format!("{} registered outcomes", judged.outcomes[1]),
                with_interval(&judged.model_on_registered),
                with_interval(&judged.best_on_registered),
                reported,
            ],
            vec![
                format!("{} true outcomes", judged.outcomes[0]),
                with_interval(&judged.model_on_true),
                with_interval(&judged.best_on_true),
                String::new(),
            ],
        ],
    );
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "-".to_owned(), |v| format!("{:.1} %", 100.0 * v))
    };
    screen.line(&format!(
        "{} rows; with help for {} people the model reaches {} of the true outcomes, the best possible model {}.",
        count(judged.rows as u64),
        count(judged.capacity as u64),
        percent(judged.found_at_capacity[0]),
        percent(judged.found_at_capacity[1]),
    ));
    screen.heading(
        "How fair is it? The group itself has no effect; the registers miss group B more often",
    );
    let both = |name: &str, shares: [Share; 2]| {
        vec![
            name.to_owned(),
            with_counts(shares[0]),
            with_counts(shares[1]),
        ]
    };
    let years = judged.all_years;
    let groups = judged.groups;
    screen.table(
        &["", "group A", "group B"],
        &[
            both(
                "all years: true outcomes per person-year",
                years.map(|g| g.true_rate),
            ),
            both(
                "all years: registered outcomes per person-year",
                years.map(|g| g.registered_rate),
            ),
            both(
                "all years: registered, of the true ones",
                years.map(|g| g.registered_of_true),
            ),
            both("test: offered help", groups.map(|g| g.selected)),
            both(
                "test: offered help, of the registered (what the fairness report sees)",
                groups.map(|g| g.found_of_registered),
            ),
            both(
                "test: offered help, of the true (what nobody sees)",
                groups.map(|g| g.found_of_true),
            ),
        ],
    );
}

/// AUC in the evaluation that the training service stored.
fn reported_auc(evaluation: &Value) -> Option<f64> {
    evaluation.pointer("/predictions/auc/value")?.as_f64()
}

fn with_interval(auc: &Auc) -> String {
    auc.interval_95.map_or_else(
        || format!("{:.3}", auc.value),
        |i| format!("{:.3} [{:.3}, {:.3}]", auc.value, i.low, i.high),
    )
}

fn with_counts(share: Share) -> String {
    let proportion = share.proportion();
    match (proportion.value(), proportion.wilson()) {
        (Some(value), Some(limits)) => format!(
            "{:.2} % [{:.2}, {:.2}] ({}/{})",
            100.0 * value,
            100.0 * limits.low,
            100.0 * limits.high,
            share.count,
            share.total
        ),
        _ => "-".to_owned(),
    }
}

/// Where people can go on.
pub(super) fn where_to_look(
    screen: Screen,
    result: &PlanResult,
    url: &str,
    (data, reports): (&Path, &[Report]),
) {
    screen.heading("Where to look");
    let mut rows = vec![vec![
        "the API, all services".to_owned(),
        format!("{url}/docs"),
    ]];
    for page in result.pages.iter().filter(|page| !page.needs_token) {
        rows.push(vec![page.what.clone(), format!("{url}{}", page.path)]);
    }
    if let Some(card) = result.pages.iter().find(|page| page.what == "model card") {
        rows.push(vec![
            "model card, with a token".to_owned(),
            format!("{url}{}", card.path),
        ]);
    }
    for report in reports {
        rows.push(vec![report.what.clone(), report.file.display().to_string()]);
    }
    for row in rows {
        screen.line(&format!("{:30} {}", row[0], row[1]));
    }
    screen.line(&format!(
        "{:30} helder token --role analyst --gemeente GM0772 --data {}",
        "a token",
        data.display()
    ));
}
