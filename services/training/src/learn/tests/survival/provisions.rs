//! What a model carries of provisions: the report decides, on the same frame.

use helder_model::{Model, Provision, Provisions};
use helder_outflow::{OutflowSpec, analyse, expected};
use helder_types::Digest;
use serde_json::json;

use super::{
    super::frame::{Frame, origin, parsed},
    causes, survival,
};
use crate::learn::{learn, spells};

/// Made spells: a course begins on a day of no order in three of ten; from then on people leave `times` as fast.
fn made(n: u64, times: f64) -> Frame {
    let mut state = 3_u64;
    let mut draw = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let (mut days, mut ended, mut course, mut age) = (vec![], vec![], vec![], vec![]);
    for _ in 0..n {
        let years = 20.0 + (draw() * 40.0).floor();
        let begins = (draw() < 0.5).then(|| (draw() * 300.0).ceil());
        let pace = 0.0012 * (-0.01 * (years - 40.0)).exp();
        // What is left of the waiting goes faster once the course has begun.
        let wait = -draw().ln() / pace;
        let end = begins
            .filter(|day| wait > *day)
            .map_or(wait, |day| day + (wait - day) / times);
        let moved = -draw().ln() / 0.0004;
        let day = end.min(moved).min(1_100.0).ceil().max(1.0);
        days.push(Some(day));
        ended.push(if day >= 1_100.0 {
            None
        } else if end <= moved {
            Some("work")
        } else {
            Some("moved")
        });
        course.push(begins.filter(|begin| *begin < day));
        age.push(Some(years as i64));
    }
    Frame::default()
        .numbers("days", days)
        .texts("ended", ended)
        .numbers("course", course)
        .integers("age", age)
        .booleans("is_test", (0..n).map(|row| row % 4 == 0))
}

/// Reports, trains with what the report says, and gives back what the model carries.
fn carried(n: u64, times: f64) -> Provision {
    let words = |text: &str| json!({"nl": text, "en": text});
    let spec: OutflowSpec = serde_json::from_value(json!({
        "title": words("Uitstroom"), "time": "days",
        "ends": {"cause": "ended", "causes": [
            {"codes": ["work"], "kind": "work"}, {"codes": ["moved"], "kind": "moved"},
        ]},
        "characteristics": [{"column": "age", "kind": "number", "title": words("leeftijd"), "per": 10}],
        "provisions": [{"column": "course", "title": words("cursus")}],
    }))
    .unwrap();
    let file = made(n, times).file();
    let table = spells(file.path(), &spec, None).unwrap();
    let report = analyse(&table, &spec, "frame", &|_| false).unwrap();
    let mut plan = survival(&["age"]);
    causes(&mut plan, &["work", "moved"]);
    let mut origin = origin();
    origin.provisions = Some(Provisions {
        report: Digest::of(b"analysis"),
        each: expected(&report.provisions),
    });
    let learned = learn(file.path(), &parsed(&plan), &origin, &|_| false).unwrap();
    let card = String::from_utf8(learned.card).unwrap();
    assert!(card.contains("Wat het model over voorzieningen zegt"));
    let model = Model::from_json(&learned.model).unwrap();
    let found = model.provisions.unwrap();
    assert_eq!(found.report, Digest::of(b"analysis"));
    found.each.into_iter().next().unwrap()
}

#[test]
fn a_model_carries_the_difference_where_the_report_allows_it_and_else_the_reason_only() {
    let clear = carried(4_000, 2.0);
    assert_eq!(clear.reason, None, "{clear:?}");
    assert!(
        clear
            .differences
            .iter()
            .all(|at| at.difference > 0.0 && at.lower <= at.difference)
    );
    let year = clear
        .differences
        .iter()
        .find(|at| at.within_months == 12)
        .unwrap();
    assert!(year.lower > 0.0 && year.difference < 0.4, "{year:?}");
    // Horizons beyond the one that the report concludes on are told as well, where people were followed for so long.
    assert!(
        clear.differences.iter().any(|at| at.within_months > 12),
        "{:?}",
        clear.differences
    );
    assert!(!clear.may.is_empty() && clear.may_not.len() >= 2);
    println!("allowed: {:?}", clear.differences);
    for (n, times) in [(300, 2.0), (4_000, 1.0)] {
        let refused = carried(n, times);
        println!("refused: {:?}", refused.reason);
        assert!(refused.reason.is_some(), "{refused:?}");
        assert!(refused.differences.is_empty() && refused.may.is_empty());
    }
}
