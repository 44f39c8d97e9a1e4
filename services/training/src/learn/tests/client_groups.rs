//! Groups of clients by k-prototypes and by mixtures, through the same door.

use helder_model::{Algorithm, Answer, MissingRule, Model, Scorer, Value};
use serde_json::{Value as Json, json};

use super::{
    frame::{Frame, faults, learned, parse, plan},
    groups::one_kind,
};

/// `SplitMix64`, as a share.
fn dice(row: i64, salt: u64) -> f64 {
    let mut x = (row as u64 + (salt << 40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// About normal.
fn noise(row: i64, salt: u64) -> f64 {
    (0..6).map(|n| dice(row, salt + n)).sum::<f64>() - 3.0
}

fn kind(row: i64) -> usize {
    (dice(row, 1) * 3.0) as usize
}

/// Three kinds of clients; a third of their children and housing is not known.
pub(super) fn clients(n: i64) -> Frame {
    let mostly = |row: i64, salt: u64, wanted: bool| (dice(row, salt) < 0.9) == wanted;
    let housing = |row: i64| {
        let usual = ["huur", "koop", "inwonend"];
        let place = if dice(row, 60) < 0.85 {
            kind(row)
        } else {
            (dice(row, 61) * 3.0) as usize
        };
        (dice(row, 62) < 0.67).then_some(usual[place])
    };
    Frame::default()
        .booleans("is_test", (0..n).map(|row| dice(row, 2) < 0.2))
        .numbers(
            "age",
            (0..n).map(|row| Some([25.0, 45.0, 70.0][kind(row)] + 4.0 * noise(row, 10))),
        )
        .numbers(
            "debt",
            (0..n).map(|row| {
                (dice(row, 3) > 0.05).then_some([2.0, 9.0, 1.0][kind(row)] + noise(row, 20))
            }),
        )
        .maybe(
            "children",
            (0..n).map(|row| (dice(row, 4) < 0.67).then_some(mostly(row, 30, kind(row) == 1))),
        )
        .texts("housing", (0..n).map(housing))
        .texts(
            "origin",
            (0..n).map(|row| Some(if dice(row, 5) < 0.4 { "a" } else { "b" })),
        )
}

pub(super) fn asked(algorithm: &str, features: &[&str]) -> Json {
    let mut plan = plan(features);
    plan["algorithm"] = json!(algorithm);
    plan["sensitiveFeatures"] = json!(["origin"]);
    plan.as_object_mut().unwrap().remove("target");
    plan
}

const ALL: [&str; 4] = ["age", "debt", "children", "housing"];

/// Rows of each group by the stored model, and how many of them are together with most of their kind.
fn answered(model: &Model, rows: std::ops::Range<i64>) -> (Vec<u64>, f64) {
    let scorer = Scorer::new(model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    let mut table = [[0_u64; 3]; 3];
    for client in rows {
        row.clear();
        for (place, input) in model.inputs.iter().enumerate() {
            let value = match input.name.as_str() {
                "age" => Value::Number([25.0, 45.0, 70.0][kind(client)] + 4.0 * noise(client, 10)),
                "debt" => Value::Number([2.0, 9.0, 1.0][kind(client)] + noise(client, 20)),
                _ => Value::Null,
            };
            scorer.set(&mut row, place, value).unwrap();
        }
        scorer.score(&row, &mut answer).unwrap();
        let nearest = answer.nearest.unwrap();
        assert!((0.0..=1.0).contains(&nearest.certainty.unwrap()));
        table[kind(client)][nearest.group] += 1;
    }
    let sizes = (0..3).map(|g| table.iter().map(|of| of[g]).sum()).collect();
    let together: u64 = table.iter().map(|of| of.iter().max().unwrap()).sum();
    let all: u64 = table.iter().flatten().sum();
    (sizes, together as f64 / all as f64)
}

#[test]
fn kinds_of_clients_are_found_in_numbers_and_categories_with_gaps() {
    let found = learned(clients(900), &asked("k-prototypes", &ALL)).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    let Algorithm::KPrototypes(fit) = &model.algorithm else {
        panic!("another algorithm")
    };
    assert_eq!(fit.prototypes.len(), 3);
    assert!(
        model
            .inputs
            .iter()
            .all(|input| input.missing == MissingRule::LeftOut)
    );
    for group in &fit.prototypes {
        assert!(group.stability > 0.9, "{}", group.stability);
        assert!(group.certainty.iter().all(|step| step.rows >= 10));
        let rows: u64 = group.certainty.iter().map(|step| step.rows).sum();
        assert_eq!(rows, group.rows);
    }
    // Clients never seen, of whom only numbers are known.
    let (_, together) = answered(&model, 5_000..5_500);
    assert!(together > 0.97, "{together}");
    let groups = parse(&found.evaluation)["groups"].clone();
    assert!(groups["chanceWithoutGroups"].as_f64().unwrap() < 0.05);
    assert!(groups["candidates"][1]["jaccardLeast"].as_f64().unwrap() > 0.9);
    assert_eq!(groups["profiles"][0]["levels"].as_array().unwrap().len(), 2);
    for file in [found.card, found.evaluation_page.unwrap()] {
        let page = String::from_utf8(file).unwrap();
        assert!(page.contains("Hoe vast liggen de groepen?"));
        assert!(page.contains("Groep 3") && !page.contains("k-means"));
    }
}

#[test]
fn rows_of_the_card_are_those_that_the_stored_model_names() {
    let mut all = asked("k-prototypes", &["age", "debt"]);
    all["split"] = json!({"rule": "none"});
    let n = 600;
    // Ages alone lie close enough together for rows on the border.
    let frame = || {
        clients(n).without("debt").numbers(
            "debt",
            (0..n).map(|row| Some([2.0, 9.0, 1.0][kind(row)] + noise(row, 20))),
        )
    };
    for algorithm in ["k-prototypes", "gaussian-mixture"] {
        all["algorithm"] = json!(algorithm);
        all["hyperparameters"] = json!({"groups": 3});
        let model = Model::from_json(&learned(frame(), &all).unwrap().model).unwrap();
        let told: Vec<u64> = model.group_cards().iter().map(|card| card.rows).collect();
        assert_eq!(answered(&model, 0..n).0, told, "{algorithm}");
    }
}

#[test]
fn a_mixture_names_groups_with_their_probability() {
    let found = learned(clients(900), &asked("gaussian-mixture", &["age", "debt"])).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    let Algorithm::GaussianMixture(fit) = &model.algorithm else {
        panic!("another algorithm")
    };
    assert_eq!(fit.components.len(), 3);
    let (_, together) = answered(&model, 5_000..5_500);
    assert!(together > 0.97, "{together}");
    let groups = parse(&found.evaluation)["groups"].clone();
    let bic = |place: usize| groups["candidates"][place]["bic"].as_f64().unwrap();
    assert!(bic(1) < bic(0), "three describe better than two");
    let page = String::from_utf8(found.evaluation_page.unwrap()).unwrap();
    assert!(page.contains("BIC") && page.contains("Komt elke groep terug?"));
    assert!(
        String::from_utf8(found.card)
            .unwrap()
            .contains("normale verdelingen")
    );
}

#[test]
fn one_kind_of_people_has_no_groups_unless_they_are_asked() {
    for algorithm in ["k-prototypes", "gaussian-mixture"] {
        let mut plan = asked(algorithm, &["age", "debt"]);
        let fault = &faults(one_kind(600), &plan)[0];
        assert_eq!(fault.code, "no-groups", "{algorithm}");
        plan["hyperparameters"] = json!({"groups": 2});
        let found = learned(one_kind(600), &plan).unwrap();
        let page = String::from_utf8(found.evaluation_page.unwrap()).unwrap();
        assert!(page.contains("handige verdeling"), "{algorithm}");
    }
}

#[test]
fn the_seed_repeats_groups_and_the_most_bounds_them() {
    for (algorithm, features) in [("k-prototypes", &ALL[..]), ("gaussian-mixture", &ALL[..2])] {
        let mut plan = asked(algorithm, features);
        plan["hyperparameters"] = json!({"mostGroups": 2});
        let one = learned(clients(500), &plan).unwrap();
        let tried = parse(&one.evaluation)["groups"]["candidates"].clone();
        assert_eq!(tried.as_array().unwrap().len(), 1, "{algorithm}");
        let again = learned(clients(500), &plan).unwrap();
        assert_eq!(one.model, again.model, "{algorithm}");
    }
}

#[test]
fn what_these_groups_cannot_be_made_of_is_refused_by_name() {
    let place = |frame: Frame, plan: &Json| {
        let fault = faults(frame, plan).remove(0);
        (fault.pointer, fault.code)
    };
    let at = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let mixture = |features: &[&str]| asked("gaussian-mixture", features);
    assert_eq!(
        place(clients(300), &mixture(&["age", "children"])),
        at("/features/1/name", "boolean-in-groups")
    );
    assert_eq!(
        place(clients(300), &mixture(&["age", "housing"])),
        at("/features/1/name", "category-in-groups")
    );
    let twice = || {
        clients(300).numbers(
            "twice",
            (0..300).map(|row| Some(50.0 + 8.0 * noise(row, 10))),
        )
    };
    let same = twice().numbers("again", (0..300).map(|row| Some(noise(row, 10))));
    assert_eq!(
        place(same, &mixture(&["twice", "again"])),
        at("/features/1/name", "follows-from-others")
    );
    // Half of the clients have exactly no debt.
    let zeros = clients(300).without("debt").numbers(
        "debt",
        (0..300).map(|row| {
            Some(if row % 2 == 0 {
                0.0
            } else {
                5.0 + noise(row, 20)
            })
        }),
    );
    assert_eq!(
        place(zeros, &mixture(&["age", "debt"])),
        at("/features/1/name", "no-spread")
    );
    let prototypes = |features: &[&str]| asked("k-prototypes", features);
    let flat = clients(300).texts("flat", (0..300).map(|row| (row % 3 > 0).then_some("x")));
    assert_eq!(
        place(flat, &prototypes(&["age", "flat"])),
        at("/features/1/name", "constant-column")
    );
    let mut many = prototypes(&ALL);
    many["hyperparameters"] = json!({"groups": 40});
    assert_eq!(
        place(clients(300), &many),
        at("/hyperparameters/groups", "small-group")
    );
    let mut seldom = prototypes(&["age", "seldom"]);
    seldom["hyperparameters"] = json!({"groups": 2});
    let some = clients(300).texts(
        "seldom",
        (0..300).map(|row| (row % 12 == 0).then_some(["x", "y"][usize::from(kind(row) == 2)])),
    );
    assert_eq!(place(some, &seldom), at("/features/1/name", "seldom-known"));
}

#[test]
fn settings_of_other_algorithms_and_two_answers_at_once_are_refused() {
    use helder_platform::body::Check;
    let pointers = |algorithm: &str, settings: Json| {
        let mut plan = asked(algorithm, &["age"]);
        plan["hyperparameters"] = settings;
        let faults = super::frame::parsed(&plan).faults().into_iter();
        faults.map(|fault| fault.pointer).collect::<Vec<_>>()
    };
    let both = json!({"groups": 3, "mostGroups": 5});
    assert_eq!(pointers("k-means", both), ["/hyperparameters/mostGroups"]);
    let gamma = json!({"gamma": 0.5});
    assert_eq!(
        pointers("gaussian-mixture", gamma),
        ["/hyperparameters/gamma"]
    );
    let out = json!({"gamma": 0.0, "mostGroups": 51});
    assert_eq!(
        pointers("k-prototypes", out),
        ["/hyperparameters/mostGroups", "/hyperparameters/gamma"]
    );
    assert!(pointers("k-prototypes", json!({"gamma": 2.0})).is_empty());
}
