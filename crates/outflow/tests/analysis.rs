//! The analysis as a whole, on made spells.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what cannot be made here fails the test"
)]

mod made;

use helder_imputation::Verdict;
use helder_outflow::{
    Column, GapConclusions, HazardResult, OutflowAnalysis, OutflowError, Table, analyse, page,
};
use serde_json::{Value, json};

fn analysed(table: &Table, asked: Value) -> OutflowAnalysis {
    analyse(table, &made::spec(asked), "made", &|_| false).unwrap()
}

#[test]
fn what_was_put_in_comes_out() {
    let found = analysed(&made::spells(6_000, 1), made::asked());
    let work = found
        .hazards
        .iter()
        .find(|model| model.words.en == "work")
        .unwrap();
    let HazardResult::Fitted { ratios, .. } = &work.result else {
        panic!("{:?}", work.result);
    };
    let trained = ratios
        .iter()
        .find(|ratio| ratio.compared.column == "opgeleid")
        .unwrap();
    assert!(trained.lower < 2.0 && 2.0 < trained.upper, "{trained:?}");
    assert!(trained.upper - trained.lower < 0.4, "{trained:?}");
    let home = ratios
        .iter()
        .filter(|ratio| ratio.compared.column == "woning");
    for ratio in home {
        assert!(ratio.lower < 1.0 && 1.0 < ratio.upper, "{ratio:?}");
    }
    let test = |column: &str| {
        let one = found
            .characteristics
            .iter()
            .find(|one| one.column == column)
            .unwrap();
        one.test.unwrap().p_value_adjusted
    };
    assert!(test("opgeleid") < 1e-6 && test("leeftijd") < 1e-6);
    assert!(test("woning") > 0.05);
    // Of two competing exponential paces the share of one is its part of the sum.
    let honesty = found.honesty.unwrap();
    assert!(
        honesty.concordance > 0.55 && honesty.concordance < 0.65,
        "{honesty:?}"
    );
    assert!(honesty.slope.lower.unwrap() < 1.0 && honesty.slope.upper.unwrap() > 1.0);
    assert_eq!(found.groups.found, None, "{:?}", found.groups.p_value);
}

#[test]
fn the_chances_by_reason_add_up_to_the_chance_to_have_left() {
    let found = analysed(&made::spells(1_000, 2), made::asked());
    let within = found.overall.within.iter().enumerate().skip(1);
    for (n, chance) in within {
        let chance = chance.unwrap().estimate;
        let sum: f64 = found
            .causes
            .iter()
            .map(|cause| cause.within[n].unwrap().estimate)
            .sum();
        assert!((chance - sum).abs() < 2e-5, "{chance} {sum}");
    }
    assert_eq!(found.causes.len(), 2, "rare ends stand with others");
}

#[test]
fn the_average_is_the_area_under_the_curve() {
    let found = analysed(&made::spells(6_000, 1), made::asked());
    let last = f64::from(*found.spec.horizons.last().unwrap());
    let levels = found.characteristics.iter().flat_map(|one| &one.levels);
    let stays = levels.map(|level| &level.stay).chain([&found.overall]);
    let mut told = 0;
    for stay in stays {
        let Some(average) = stay.average_months else {
            continue;
        };
        let within: Vec<_> = stay.curve.iter().filter(|p| p.months <= last).collect();
        let ends = within.iter().skip(1).map(|p| p.months).chain([last]);
        let area: f64 = within
            .iter()
            .zip(ends)
            .map(|(point, end)| point.share * (end - point.months))
            .sum();
        // The curve falls at the end of a month, and after ten ends: its area is the larger, by about half a month.
        assert!(
            (0.0..1.0).contains(&(area - average.estimate)),
            "{area} {average:?}"
        );
        assert!(
            average.lower.unwrap() < average.estimate && average.estimate < average.upper.unwrap()
        );
        told += 1;
    }
    assert!(told >= 5, "{told}");
}

#[test]
fn a_chance_that_the_others_would_give_away_is_kept_back_with_another() {
    let found = analysed(&made::spells(4_000, 2), made::asked());
    assert_eq!(found.causes.len(), 3, "the rare reason stands alone");
    let levels = found.characteristics.iter().flat_map(|one| &one.levels);
    let mut divisions: Vec<Vec<Vec<bool>>> = levels
        .map(|level| {
            level
                .causes
                .iter()
                .map(|own| own.iter().map(Option::is_none).collect())
                .collect()
        })
        .collect();
    divisions.push(
        found
            .causes
            .iter()
            .map(|cause| cause.within.iter().map(Option::is_none).collect())
            .collect(),
    );
    let mut kept_back = 0;
    for hidden in &divisions {
        for n in 0..found.spec.horizons.len() {
            let hidden = hidden.iter().filter(|own| own[n]).count();
            assert_ne!(hidden, 1);
            kept_back += hidden;
        }
    }
    assert!(kept_back > 0);
}

#[test]
fn one_two_and_four_threads_give_the_same_bytes() {
    let table = made::spells(1_500, 3);
    let bytes = [1, 2, 4].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let found = pool
            .build()
            .unwrap()
            .install(|| analysed(&table, made::asked()));
        let html = page(&found).render();
        (serde_json::to_vec(&found).unwrap(), html)
    });
    assert!(bytes[0] == bytes[1], "two threads tell something else");
    assert!(bytes[0] == bytes[2], "four threads tell something else");
}

#[test]
fn the_same_bytes_come_out_again_and_from_what_was_stored() {
    let table = made::spells(2_000, 3);
    let first = analysed(&table, made::asked());
    let again = analysed(&table, made::asked());
    let stored = serde_json::to_string(&first).unwrap();
    assert_eq!(stored, serde_json::to_string(&again).unwrap());
    let read: OutflowAnalysis = serde_json::from_str(&stored).unwrap();
    assert_eq!(page(&read).render(), page(&first).render());
}

/// Every count, and every number of people that a share could be turned back into, rests on at least ten.
#[test]
fn nothing_is_told_of_fewer_than_ten() {
    for seed in 0..4 {
        let found = analysed(&made::spells(260, seed), made::asked());
        let stored = serde_json::to_value(&found).unwrap();
        counts(&stored, "", &mut |path, count| {
            let of_rows = path.starts_with("/quality");
            assert!(of_rows || count == 0 || count >= 10, "{path}: {count}");
        });
        for level in found.characteristics.iter().flat_map(|one| &one.levels) {
            let points: Vec<f64> = level.stay.curve.iter().map(|point| point.share).collect();
            let spells = level.stay.spells as f64;
            for pair in points.windows(2) {
                // At most everybody is at risk, so a step is of this many at most; it is of ten at least.
                assert!((pair[0] - pair[1]) * spells > 9.9, "{pair:?} of {spells}");
            }
        }
    }
}

fn counts(value: &Value, path: &str, look: &mut dyn FnMut(&str, u64)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if ["spells", "ended", "began"].contains(&name.as_str())
                    && let Some(count) = value.as_u64()
                {
                    look(&format!("{path}/{name}"), count);
                }
                counts(value, &format!("{path}/{name}"), look);
            }
        }
        Value::Array(items) => {
            for item in items {
                counts(item, path, look);
            }
        }
        _ => {}
    }
}

#[test]
fn rows_that_are_no_spells_are_set_apart_with_their_reason() {
    let n = 400;
    let days: Vec<Option<f64>> = (0..n)
        .map(|i| match i {
            0..20 => None,
            20..25 => Some(-3.0),
            25..30 => Some(f64::INFINITY),
            _ => Some(f64::from(i)),
        })
        .collect();
    let ends = (0..n).map(|i| Some(if i % 2 == 0 { "W" } else { "L" }.to_owned()));
    let kind = (0..n).map(|i| Some(if i % 3 == 0 { "a" } else { "b" }.to_owned()));
    let table = Table::new([
        ("dagen".to_owned(), Column::Number(days)),
        ("reden".to_owned(), Column::Text(ends.collect())),
        ("soort".to_owned(), Column::Text(kind.collect())),
    ])
    .unwrap();
    let words = json!({"nl": "x", "en": "x"});
    let asked = json!({
        "title": words, "time": "dagen",
        "ends": {"cause": "reden", "running": ["L"], "causes": [{"codes": ["W"], "kind": "work"}]},
        "characteristics": [{"column": "soort", "kind": "category", "title": words}],
    });
    let found = analysed(&table, asked);
    let apart: u64 = found.quality.set_apart.iter().map(|one| one.rows).sum();
    assert_eq!((found.quality.used, apart), (370, 30));
    assert_eq!(found.quality.rows, found.quality.used + apart);
    let stored = serde_json::to_value(&found.quality.set_apart).unwrap();
    assert_eq!(
        stored,
        json!([{"reason": "noTime", "rows": 25}, {"reason": "negativeTime", "rows": 5}])
    );
}

#[test]
fn all_faults_come_at_once_and_repeat_no_value() {
    let table = made::spells(3_000, 1);
    let mut asked = made::asked();
    asked["time"] = json!("weg");
    asked["ends"]["causes"].as_array_mut().unwrap().pop();
    asked["characteristics"][0]["column"] = json!("woning");
    asked["characteristics"][2]["column"] = json!("niets");
    let refused = analyse(&table, &made::spec(asked), "made", &|_| false);
    let Err(OutflowError::Invalid(faults)) = refused else {
        panic!("{refused:?}");
    };
    let found: Vec<(&str, &str)> = faults
        .iter()
        .map(|f| (f.pointer.as_str(), f.code.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("/time", "unknown-column"),
            ("/characteristics/2/column", "unknown-column"),
            ("/characteristics/0/kind", "not-a-number"),
            ("/ends/causes", "undeclared-code"),
        ]
    );
    assert!(!format!("{faults:?}").contains("\"R\""));

    let mut asked = made::asked();
    asked["characteristics"][1]["column"] = json!("reden");
    asked["horizons"] = json!([12, 6]);
    asked["smallestCell"] = json!(5);
    asked["ends"]["causes"][1]["codes"] = json!(["W"]);
    asked["title"]["en"] = json!(" ");
    let faults = made::spec(asked).faults();
    let found: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        found,
        [
            "/title/en",
            "/characteristics/1/column",
            "/ends/causes/1/codes/0",
            "/horizons",
            "/smallestCell"
        ]
    );
}

#[test]
fn degenerate_frames_are_refused_or_told_of_and_never_break() {
    let few = analyse(
        &made::spells(50, 1),
        &made::spec(made::asked()),
        "made",
        &|_| false,
    );
    assert!(
        matches!(few, Err(OutflowError::Invalid(faults)) if faults[0].code == "too-few-spells")
    );
    // One value in every column, everybody leaves on one day, or nobody ever knew a value.
    for (days, kind) in [(7.0, Some("a")), (0.0, None)] {
        let table = Table::new([
            ("dagen".to_owned(), Column::Number(vec![Some(days); 200])),
            (
                "reden".to_owned(),
                Column::Text(vec![Some("W".to_owned()); 200]),
            ),
            (
                "soort".to_owned(),
                Column::Text(vec![kind.map(str::to_owned); 200]),
            ),
            (
                "getal".to_owned(),
                Column::Number(vec![kind.map(|_| 1.0); 200]),
            ),
        ])
        .unwrap();
        let words = json!({"nl": "x", "en": "x"});
        let asked = json!({
            "title": words, "time": "dagen",
            "ends": {"cause": "reden", "causes": [{"codes": ["W"], "kind": "work"}]},
            "characteristics": [
                {"column": "soort", "kind": "category", "title": words},
                {"column": "getal", "kind": "number", "title": words},
            ],
        });
        let found = analysed(&table, asked);
        let stored = serde_json::to_string(&found).unwrap();
        assert!(!stored.contains("NaN"));
        assert!(page(&found).render().ends_with("</html>\n"));
        serde_json::from_str::<OutflowAnalysis>(&stored).unwrap();
    }
}

#[test]
fn work_that_must_stop_stops() {
    let stopped = analyse(
        &made::spells(300, 1),
        &made::spec(made::asked()),
        "made",
        &|_| true,
    );
    assert_eq!(stopped, Err(OutflowError::Stopped));
}

/// Motivation that matters (`exp(0.6)` times the pace for the motivated) and is left open by chance or for those who leave soon.
fn with_motivation(left_open: impl Fn(f64, bool) -> bool) -> Table {
    let plain = made::spells(4_000, 5);
    let Some(Column::Number(days)) = plain.column("dagen").cloned() else {
        panic!("days are numbers")
    };
    let Some(Column::Text(reason)) = plain.column("reden").cloned() else {
        panic!("reasons are texts")
    };
    let motivated: Vec<Option<String>> = days
        .iter()
        .zip(&reason)
        .enumerate()
        .map(|(row, (day, reason))| {
            // Whoever ends early is motivated more often.
            let early = day.unwrap() < 300.0 && reason.is_some();
            let is = (row * 7_919 % 100) < if early { 65 } else { 35 };
            let open = left_open((row * 104_729 % 1_000) as f64 / 1_000.0, early);
            (!open).then(|| if is { "ja" } else { "nee" }.to_owned())
        })
        .collect();
    let kept = ["dagen", "reden", "leeftijd", "opgeleid", "woning"]
        .map(|name| (name.to_owned(), plain.column(name).unwrap().clone()));
    let motivation = ("motivatie".to_owned(), Column::Text(motivated));
    Table::new(kept.into_iter().chain([motivation])).unwrap()
}

#[test]
fn gaps_are_told_from_chance_and_conclusions_count_them() {
    let by_chance = analysed(&with_motivation(|draw, _| draw < 0.3), made::asked());
    let gaps = by_chance.gaps.unwrap();
    assert_eq!(gaps.columns.len(), 1);
    assert_eq!(gaps.columns[0].verdict, Verdict::NoSign, "{gaps:?}");
    let found = gaps.conclusions.unwrap();
    assert!(found.settled && found.what_ifs == 2);
    let motivated = |found: &GapConclusions| {
        let ratios = found.ratios.iter();
        let mut own = ratios.filter(|one| one.compared.column == "motivatie");
        own.next().cloned().unwrap()
    };
    let one = motivated(&found);
    let (complete, imputed) = (one.complete.unwrap(), one.imputed.unwrap());
    assert!((complete.ratio / imputed.ratio).ln().abs() < 0.1, "{one:?}");
    assert!(one.holds == Some(true) && one.missing_information.unwrap() > 0.1);
    let [low, high] = one.if_other.unwrap();
    assert!(
        low <= imputed.ratio && imputed.ratio <= high && low < high,
        "{one:?}"
    );

    let leavers = analysed(
        &with_motivation(|draw, early| draw < if early { 0.5 } else { 0.1 }),
        made::asked(),
    );
    let gaps = leavers.gaps.as_ref().unwrap();
    assert_eq!(gaps.columns[0].verdict, Verdict::HangTogether);
    let html = page(&leavers).render();
    assert!(html.contains("dat het traject eindigde (+)"));
    assert!(
        gaps.columns[0]
            .signs
            .iter()
            .any(|sign| sign.words.en == "that the spell ended")
    );
}

/// Spells of three sorts of people.
fn three_sorts(n: usize) -> Table {
    let sort = |i: usize| i % 3;
    let text = |names: [&'static str; 3]| {
        Column::Text((0..n).map(|i| Some(names[sort(i)].to_owned())).collect())
    };
    let noise = |i: usize, of: usize| (i * 7919 % of) as f64;
    Table::new([
        (
            "dagen".to_owned(),
            Column::Number((0..n).map(|i| Some(30.0 + noise(i, 600))).collect()),
        ),
        (
            "reden".to_owned(),
            Column::Text(
                (0..n)
                    .map(|i| Some(["W", "O"][i / 3 % 2].to_owned()))
                    .collect(),
            ),
        ),
        (
            "leeftijd".to_owned(),
            Column::Number(
                (0..n)
                    .map(|i| Some([20.0, 40.0, 60.0][sort(i)] + noise(i, 5)))
                    .collect(),
            ),
        ),
        ("opgeleid".to_owned(), text(["ja", "nee", "nee"])),
        ("woning".to_owned(), text(["huur", "koop", "anders"])),
        ("motivatie".to_owned(), Column::Text(vec![None; n])),
    ])
    .unwrap()
}

#[test]
fn each_group_says_how_well_it_is_found_again_and_one_that_is_not_gets_a_warning() {
    let mut asked = made::asked();
    asked["characteristics"].as_array_mut().unwrap().pop();
    let mut analysis = analysed(&three_sorts(600), asked);
    let found = analysis.groups.found.as_mut().unwrap();
    assert_eq!(found.cards.len(), 3);
    for card in &found.cards {
        assert!(card.found_again.unwrap() > 0.95, "{card:?}");
    }
    assert!(found.single_starts_agree_least.unwrap() <= 1.0);
    for (overlap, warning) in [
        (0.59, Some("niet stabiel")),
        (0.7, Some("niet zeker")),
        (0.8, None),
    ] {
        analysis.groups.found.as_mut().unwrap().cards[0].found_again = Some(overlap);
        let html = page(&analysis).render();
        assert!(html.contains("Jaccard"));
        for told in ["niet stabiel", "niet zeker"] {
            assert_eq!(
                html.contains(told),
                warning == Some(told),
                "{overlap} {told}"
            );
        }
    }
    // Reports of before have no such figure, and their pages say nothing of it.
    let mut former = serde_json::to_value(&analysis).unwrap();
    for card in former["groups"]["found"]["cards"].as_array_mut().unwrap() {
        card.as_object_mut().unwrap().remove("foundAgain");
    }
    let former: OutflowAnalysis = serde_json::from_value(former).unwrap();
    assert!(!page(&former).render().contains("Jaccard"));
}
