//! Rows that belong together: one side of the honest split, and intervals that know that rows are alike.
//!
//! `HELDER_SEEDS=500 cargo test -p helder-tree --test it -- households --nocapture` prints the figures of the README.

use std::collections::BTreeMap;

use helder_tree::{Column, Counted, RuleList, RuleSettings, Settings, Tree, TreeError};

use crate::{
    coverage::{BESIDE, Held, seeds},
    made::{Draws, Person, columns, numeric, outcomes},
};

/// Rows with the household of each. Those of a household share arrears and dwelling, and something that no column tells.
#[derive(Default)]
struct Town {
    rows: Vec<Person>,
    household: Vec<u32>,
}

impl Town {
    /// * `spread` – standard deviation, on the log odds, of what no column tells
    fn drawn(households: u32, most: f64, spread: f64, draws: &mut Draws) -> Self {
        let mut town = Self::default();
        for household in 0..households {
            let first = Person::drawn(draws);
            // Box and Muller.
            let radius = (-2.0 * (1.0 - draws.share()).ln()).sqrt();
            let untold = spread * radius * (std::f64::consts::TAU * draws.share()).cos();
            for _ in 0..=(draws.share() * most) as u32 {
                let own = Person::drawn(draws);
                let score = (first.truth / (1.0 - first.truth)).ln() + untold;
                town.rows.push(Person {
                    age: own.age,
                    noise: own.noise,
                    truth: 1.0 / (1.0 + (-score).exp()),
                    ..first
                });
                town.household.push(household);
            }
        }
        town
    }
}

/// What is learned from the households of a town, as what finds the place of a person and what is said there.
type Learned = (Box<dyn Fn(&Person) -> usize>, BTreeMap<usize, Counted>);

fn tree(town: &Town, outcome: &[bool], seed: u64) -> Option<Learned> {
    let settings = Settings {
        seed,
        ..Settings::default()
    };
    let tree =
        Tree::fit_clustered(&columns(&town.rows), outcome, &town.household, &settings).ok()?;
    let said = tree
        .leaves()
        .map(|(place, node)| (place, node.counted))
        .collect();
    Some((
        Box::new(move |person| tree.path(&person.values()).unwrap().leaf),
        said,
    ))
}

fn rules(town: &Town, outcome: &[bool], seed: u64) -> Option<Learned> {
    let settings = RuleSettings {
        seed,
        ..RuleSettings::default()
    };
    let list =
        RuleList::fit_clustered(&columns(&town.rows), outcome, &town.household, &settings).ok()?;
    let here = list.rules.iter().map(|rule| rule.here);
    let said = here.chain([*list.otherwise()]).enumerate().collect();
    let last = list.rules.len();
    Some((
        Box::new(move |person| list.answer(&person.values()).unwrap().rule.unwrap_or(last)),
        said,
    ))
}

fn held(learn: fn(&Town, &[bool], u64) -> Option<Learned>, most: f64, spread: f64) -> Held {
    let mut held = Held::default();
    for seed in 0..seeds() {
        let mut draws = Draws(seed);
        let town = Town::drawn(600, most, spread, &mut draws);
        let outcome = outcomes(&town.rows, &mut draws);
        let Some((place, said)) = learn(&town, &outcome, seed) else {
            continue;
        };
        let mut truths: BTreeMap<usize, (f64, usize)> = BTreeMap::new();
        for person in Town::drawn(BESIDE as u32, most, spread, &mut draws).rows {
            let truth = truths.entry(place(&person)).or_default();
            *truth = (truth.0 + person.truth, truth.1 + 1);
        }
        for (place, counted) in said {
            let (sum, beside) = truths.get(&place).copied().unwrap_or_default();
            held.count(&counted, sum, beside);
        }
    }
    held
}

#[test]
fn intervals_hold_the_truth_where_rows_of_a_household_are_alike() {
    let [given, _, plain] = held(tree, 4.0, 2.0).print("tree, households of 1 to 4");
    assert!((0.93..=0.985).contains(&given), "{given}");
    assert!(
        plain < given - 0.02,
        "those of strangers hold less: {plain}"
    );
    let [given, _, plain] = held(tree, 12.0, 2.0).print("tree, persons of 1 to 12 months");
    assert!((0.93..=0.985).contains(&given), "{given}");
    assert!(plain < given - 0.1, "those of strangers hold less: {plain}");
    let [given, _, plain] = held(rules, 4.0, 2.0).print("rules, households of 1 to 4");
    assert!((0.93..=0.985).contains(&given), "{given}");
    assert!(
        plain < given - 0.02,
        "those of strangers hold less: {plain}"
    );
    // Households that are alike in nothing but their columns.
    let [given, ..] = held(tree, 4.0, 0.0).print("tree, rows no more alike than told");
    assert!((0.93..=0.985).contains(&given), "{given}");
}

#[test]
fn rows_that_stand_alone_give_the_tree_that_no_clusters_give() {
    let mut draws = Draws(3);
    let people = crate::made::people(2_000, &mut draws);
    let (columns, outcome) = (columns(&people), outcomes(&people, &mut draws));
    let alone: Vec<u32> = (0..2_000).collect();
    let settings = Settings::default();
    let plain = Tree::fit(&columns, &outcome, &settings).unwrap();
    let clustered = Tree::fit_clustered(&columns, &outcome, &alone, &settings).unwrap();
    assert_eq!(plain.nodes.len(), clustered.nodes.len());
    for (one, other) in plain.nodes.iter().zip(&clustered.nodes) {
        assert_eq!(one.split, other.split);
        assert_eq!(one.counted.rows, other.counted.rows);
        assert_eq!(other.counted.clusters, Some(one.counted.rows));
        let ([low, high], [lower, higher]) = (
            one.counted.interval.unwrap(),
            other.counted.interval.unwrap(),
        );
        assert!(lower <= low && high <= higher && higher - lower < 1.1 * (high - low));
    }
}

#[test]
fn rows_that_are_copies_tell_no_more_than_one_of_them() {
    // Eighty persons of thirty rows each, and an outcome that only says who somebody is.
    let (mut found, mut fooled) = (0, 0);
    for seed in 0..20 {
        let mut draws = Draws(100 + seed);
        let of_person: Vec<(f64, bool)> = (0..80)
            .map(|_| (draws.share(), draws.share() < 0.5))
            .collect();
        let person: Vec<u32> = (0..2_400).map(|row| row % 80).collect();
        let column = numeric(
            "noise",
            person.iter().map(|p| of_person[*p as usize].0).collect(),
        );
        let outcome: Vec<bool> = person.iter().map(|p| of_person[*p as usize].1).collect();
        let settings = Settings {
            seed,
            ..Settings::default()
        };
        let columns = [column];
        fooled += u32::from(Tree::fit(&columns, &outcome, &settings).is_ok());
        found += u32::from(Tree::fit_clustered(&columns, &outcome, &person, &settings).is_ok());
    }
    assert_eq!(
        fooled, 20,
        "copies on both sides make chance look like knowledge"
    );
    assert!(found <= 6, "{found} of 20 trees found something in noise");
}

#[test]
fn a_leaf_and_a_level_hold_ten_persons() {
    let mut draws = Draws(8);
    let town = Town::drawn(400, 12.0, 1.0, &mut draws);
    let outcome = outcomes(&town.rows, &mut draws);
    let mut columns = columns(&town.rows);
    // One person with many rows lives on a boat.
    let codes = town
        .household
        .iter()
        .map(|household| Some(u32::from(*household % 60 == 0)));
    columns.push(Column::Category {
        name: "home".to_owned(),
        codes: codes.collect(),
        levels: ["house", "boat"].map(str::to_owned).to_vec(),
    });
    let tree =
        Tree::fit_clustered(&columns, &outcome, &town.household, &Settings::default()).unwrap();
    assert!(tree.leaves().count() > 2);
    for node in &tree.nodes {
        assert!(node.counted.clusters.unwrap() >= 10);
    }
    let list = RuleList::fit_clustered(
        &columns,
        &outcome,
        &town.household,
        &RuleSettings::default(),
    )
    .unwrap();
    for rule in &list.rules {
        assert!(rule.here.clusters.unwrap() >= 10 && rule.left.clusters.unwrap() >= 10);
    }
    // Seven boats, though many rows: no level of its own.
    assert_eq!(tree.inputs[4].levels, Some(vec!["house".to_owned()]));
    assert_eq!(list.inputs[4].levels, Some(vec!["house".to_owned()]));
}

#[test]
fn too_few_clusters_and_rows_without_one_are_refused() {
    let mut draws = Draws(5);
    let town = Town::drawn(300, 4.0, 0.0, &mut draws);
    let outcome = outcomes(&town.rows, &mut draws);
    let few: Vec<u32> = town
        .household
        .iter()
        .map(|household| household % 50)
        .collect();
    let columns = columns(&town.rows);
    let error = Tree::fit_clustered(&columns, &outcome, &few, &Settings::default()).unwrap_err();
    assert_eq!(
        error,
        TreeError::TooFewClusters {
            found: 50,
            needed: 67
        }
    );
    // One of three persons would estimate, or nobody at all of one.
    for persons in [1, 3] {
        let few: Vec<u32> = town
            .household
            .iter()
            .map(|household| household % persons)
            .collect();
        let error =
            Tree::fit_clustered(&columns, &outcome, &few, &Settings::default()).unwrap_err();
        assert!(
            matches!(error, TreeError::TooFewClusters { needed: 67, .. }),
            "{error}"
        );
    }
    let settings = RuleSettings::default();
    let error = RuleList::fit_clustered(&columns, &outcome, &few, &settings).unwrap_err();
    assert!(matches!(error, TreeError::TooFewClusters { .. }));
    let short = &town.household[1..];
    let error = Tree::fit_clustered(&columns, &outcome, short, &Settings::default()).unwrap_err();
    assert!(matches!(error, TreeError::Clusters { .. }), "{error}");
}
