//! What must hold for Dutch records too, whose comparisons depend on one another: sex beside given names, parts of an address, own and
//! partner's name, members of a household.
#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use helder_record_linkage::{
    Bound, Column, LinkageSpec, RunResult, Table,
    comparison::Scratch,
    dedupe,
    model::Source,
    run,
    run::{ScoredPair, within},
    waterfall,
    waterfall::BarKind,
};
use rand::{Rng as _, SeedableRng as _, seq::SliceRandom as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use support::dutch_spec;

const COLUMNS: [&str; 11] = [
    "voornamen",
    "voorvoegsel",
    "geslachtsnaam",
    "voorvoegsel_partner",
    "geslachtsnaam_partner",
    "geboortedatum",
    "geslacht",
    "postcode",
    "huisnummer",
    "toevoeging",
    "woonplaats",
];
const WOMEN: [&str; 9] = [
    "Anna",
    "Eva",
    "Fleur",
    "Hanna",
    "Iris",
    "Johanna Maria",
    "Fatima",
    "Łucja",
    "Noor",
];
const MEN: [&str; 9] = [
    "Bram",
    "Daan",
    "Gijs",
    "Jan Pieter",
    "Mohamed",
    "Piet",
    "Johannes",
    "Ruben",
    "Tomasz",
];
const SURNAMES: [(&str, &str); 12] = [
    ("", "Bakker"),
    ("de", "Vries"),
    ("van den", "Berg"),
    ("", "Jansen"),
    ("van", "Dijk"),
    ("", "Visser"),
    ("", "El Amrani"),
    ("", "Nowak"),
    ("", "Yılmaz"),
    ("", "Mulder"),
    ("de", "Boer"),
    ("", "Smit"),
];
const TOWNS: [(&str, u32); 3] = [("Eindhoven", 5611), ("Almere", 1311), ("Zaandam", 1501)];

type Row = [Option<String>; 11];

/// Households of two adults, one of whom may use the other's name, and two children.
fn people(rng: &mut Xoshiro256PlusPlus, households: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for _ in 0..households {
        let (town, area) = *TOWNS.choose(rng).unwrap();
        let letters = ["AB", "CD", "EX", "KL"].choose(rng).unwrap();
        let postcode = format!("{}{letters}", area + rng.gen_range(0..9));
        let number = rng.gen_range(1..90_u32).to_string();
        let addition = rng.gen_bool(0.3).then(|| "A".to_owned());
        let names = [
            *SURNAMES.choose(rng).unwrap(),
            *SURNAMES.choose(rng).unwrap(),
        ];
        for member in 0..4 {
            let woman = member == 0 || (member > 1 && rng.gen_bool(0.5));
            let own = names[usize::from(member == 0)];
            let partner = (member == 0 && rng.gen_bool(0.6)).then_some(names[0]);
            let year = rng.gen_range(if member < 2 { 1950..1985 } else { 1990..2015 });
            let born = format!(
                "{year}{:02}{:02}",
                rng.gen_range(1..13),
                rng.gen_range(1..29)
            );
            let given = *if woman { &WOMEN } else { &MEN }.choose(rng).unwrap();
            let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            rows.push([
                text(given),
                text(own.0),
                text(own.1),
                partner.and_then(|name| text(name.0)),
                partner.and_then(|name| text(name.1)),
                Some(born),
                text(if woman { "V" } else { "M" }),
                Some(postcode.clone()),
                Some(number.clone()),
                addition.clone(),
                text(town),
            ]);
        }
    }
    rows
}

/// The same people as another register has them: names misspelled or left out, dates filled in, some moved, the partner's name first.
fn dirty(rng: &mut Xoshiro256PlusPlus, rows: &[Row]) -> Vec<Row> {
    let again = rows.iter().map(|row| {
        let mut row = row.clone();
        if rng.gen_bool(0.10) {
            row[0] = row[0].as_ref().map(|name| name.chars().take(1).collect());
        }
        if rng.gen_bool(0.10) {
            row[2].as_mut().unwrap().push('e');
        }
        if row[4].is_some() && rng.gen_bool(0.4) {
            (row[1], row[2]) = (row[3].take(), row[4].take());
        }
        if rng.gen_bool(0.08) {
            row[5] = row[5].as_ref().map(|date| format!("{}0101", &date[..4]));
        }
        if rng.gen_bool(0.12) {
            (row[7], row[8]) = (
                Some("1316KL".to_owned()),
                Some(rng.gen_range(1..90_u32).to_string()),
            );
            row[10] = Some("Almere".to_owned());
        }
        for field in [0, 5, 6, 7, 9] {
            if rng.gen_bool(0.03) {
                row[field] = None;
            }
        }
        row
    });
    again.collect()
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(rows.len());
    for (i, name) in COLUMNS.iter().enumerate() {
        let texts = rows.iter().map(|row| row[i].as_deref());
        table.insert(*name, Column::from_texts(texts)).unwrap();
    }
    table
}

fn spec() -> LinkageSpec {
    let mut spec = dutch_spec();
    spec.random_pairs = 200_000;
    spec
}

fn files(seed: u64, households: usize) -> [Vec<Row>; 2] {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let left = people(&mut rng, households);
    let right = dirty(&mut rng, &left);
    [left, right]
}

fn threads<T: Send>(n: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
    pool.unwrap().install(work)
}

/// Rows of a pair with a number, to the bit.
type Bits = Vec<(u32, u32, u64)>;

/// Everything of a run: links, pairs by weight and by bar of the rivals, the model.
fn bits(found: &RunResult) -> (Bits, [Bits; 2], String) {
    let links = found.links.iter();
    let links = links.map(|l| (l.left, l.right, l.match_weight.to_bits()));
    let scored = |of: fn(&ScoredPair) -> f64| -> Bits {
        let pairs = found.scored.iter();
        pairs.map(|p| (p.left, p.right, of(p).to_bits())).collect()
    };
    let scored = [scored(|p| p.match_weight), scored(|p| p.rival_bar)];
    let model = serde_json::to_string(&found.model).unwrap();
    (links.collect(), scored, model)
}

#[test]
fn every_bar_of_dutch_records_sums_to_the_score_on_one_thread_and_four() {
    for seed in 1..=3 {
        let [left, right] = files(seed, 200).map(|rows| table(&rows));
        let found = threads(4, || run(&spec(), &left, &right, &()).unwrap());
        let one = threads(1, || run(&spec(), &left, &right, &()).unwrap());
        assert_eq!(bits(&found), bits(&one));
        assert!(found.links.len() > 600, "{}", found.links.len());
        let model = found.model.as_ref().unwrap();
        let bound = Bound::new(&spec(), &left, &right);
        let mut kinds = BTreeMap::new();
        for pair in &found.scored {
            let rows = (pair.left as usize, pair.right as usize);
            let shown = waterfall(&spec(), &bound, model, rows, pair.rival_bar);
            assert_eq!(shown.match_weight.to_bits(), pair.match_weight.to_bits());
            let backwards: f64 = shown.bars.iter().rev().map(|bar| bar.weight).sum();
            assert_eq!(backwards.to_bits(), pair.match_weight.to_bits());
            for bar in shown.bars.iter().filter(|bar| bar.weight != 0.0) {
                *kinds.entry(format!("{:?}", bar.kind)).or_insert(0) += 1;
            }
        }
        let weights: BTreeMap<(u32, u32), u64> = found
            .scored
            .iter()
            .map(|pair| ((pair.left, pair.right), pair.match_weight.to_bits()))
            .collect();
        for link in &found.links {
            assert_eq!(
                weights[&(link.left, link.right)],
                link.match_weight.to_bits()
            );
        }
        // Rarity, household and rivals all had a say.
        for kind in [BarKind::Frequency, BarKind::Household, BarKind::Rivals] {
            assert!(
                kinds.contains_key(&format!("{kind:?}")),
                "{kind:?}: {kinds:?}"
            );
        }
    }
}

#[test]
fn within_one_dutch_file_the_say_of_the_group_is_a_bar_like_any_other() {
    let [left, right] = files(4, 150);
    let third = dirty(&mut Xoshiro256PlusPlus::seed_from_u64(9), &left);
    let one = table(&[left, right, third].concat());
    let found = threads(4, || dedupe(&spec(), &one, &()).unwrap());
    let again = threads(1, || dedupe(&spec(), &one, &()).unwrap());
    assert_eq!(bits(&found.run), bits(&again.run));
    assert_eq!(found.clusters, again.clusters);
    let (spec, model) = (within(&spec()), found.run.model.as_ref().unwrap());
    let bound = Bound::within(&spec, &one);
    let mut raised = 0;
    for pair in &found.run.scored {
        let rows = (pair.left as usize, pair.right as usize);
        let shown = waterfall(&spec, &bound, model, rows, pair.rival_bar);
        assert_eq!(shown.match_weight.to_bits(), pair.match_weight.to_bits());
        raised += usize::from(pair.rival_bar > 0.0);
    }
    assert!(raised > 50, "{raised}");
}

/// The spec with its sides exchanged. Only the partner's name is told apart by side.
fn exchanged(spec: &LinkageSpec) -> LinkageSpec {
    let mut value = serde_json::to_value(spec).unwrap();
    for comparison in value["comparisons"].as_array_mut().unwrap() {
        let of = comparison.as_object_mut().unwrap();
        if let (Some(left), Some(right)) = (of.remove("leftPartner"), of.remove("rightPartner")) {
            of.insert("leftPartner".to_owned(), right);
            of.insert("rightPartner".to_owned(), left);
        }
    }
    serde_json::from_value(value).unwrap()
}

#[test]
fn dutch_comparisons_are_symmetric_and_blind_to_the_order_of_rows() {
    let [left, right] = files(5, 120);
    let found = run(&spec(), &table(&left), &table(&right), &()).unwrap();
    let model = found.model.unwrap();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(6);
    let mut shuffled = |rows: &[Row]| -> (Vec<usize>, Vec<Row>) {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.shuffle(&mut rng);
        let rows = order.iter().map(|row| rows[*row].clone()).collect();
        (order, rows)
    };
    let ((left_order, left_rows), (right_order, right_rows)) = (shuffled(&left), shuffled(&right));
    let given = Bound::new(&spec(), &table(&left), &table(&right));
    let turned = Bound::new(&exchanged(&spec()), &table(&right), &table(&left));
    let moved = Bound::new(&spec(), &table(&left_rows), &table(&right_rows));
    let one = Bound::within(&spec(), &table(&left));
    let (mut scratch, mut a, mut b) = (Scratch::new(), Vec::new(), Vec::new());
    let mut levels = BTreeSet::new();
    for _ in 0..40_000 {
        let (l, r) = (rng.gen_range(0..left.len()), rng.gen_range(0..right.len()));
        // Half of them about one household, so that every level comes by.
        let (l, r) = if rng.gen_bool(0.5) {
            (l, l / 4 * 4 + r % 4)
        } else {
            (l, r)
        };
        let weight = |bound: &Bound, spec: &LinkageSpec, l, r| {
            waterfall(spec, bound, &model, (l, r), 0.0)
                .match_weight
                .to_bits()
        };
        let here = weight(&given, &spec(), left_order[l], right_order[r]);
        assert_eq!(
            here,
            weight(&turned, &exchanged(&spec()), right_order[r], left_order[l])
        );
        assert_eq!(here, weight(&moved, &spec(), l, r));
        given.compare(left_order[l], right_order[r], &mut scratch, &mut a);
        levels.extend(a.iter().enumerate().map(|(k, outcome)| (k, outcome.level)));
        let r = r.min(left.len() - 1);
        one.compare(l, r, &mut scratch, &mut a);
        one.compare(r, l, &mut scratch, &mut b);
        assert_eq!(a, b, "rows {l} and {r} of one file");
    }
    // Sex under both conditions, names that agree and names that do not, among them.
    let sex = spec()
        .comparisons
        .iter()
        .position(|c| c.name() == "geslacht");
    for level in [1, 3] {
        assert!(levels.contains(&(sex.unwrap(), level)), "{levels:?}");
    }
    assert!(levels.len() > 28, "{} levels: {levels:?}", levels.len());
}

#[test]
fn the_order_of_dutch_rules_changes_no_weight_and_no_link() {
    let [left, right] = files(7, 200).map(|rows| table(&rows));
    let mut given = spec();
    given.pairs_per_record = 0.0;
    given.training_rules = given.blocking_rules.clone();
    let found = run(&given, &left, &right, &()).unwrap();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(8);
    for _ in 0..3 {
        given.blocking_rules.shuffle(&mut rng);
        assert_eq!(
            bits(&run(&given, &left, &right, &()).unwrap()),
            bits(&found)
        );
    }
}

/// u from random pairs beside u from all pairs. A draw uses each row four times, so its standard error is at most twice that of
/// independent pairs.
#[test]
fn u_of_random_pairs_is_that_of_all_pairs_to_within_its_standard_error() {
    let [left, right] = files(10, 100).map(|rows| table(&rows));
    let bound = Bound::new(&spec(), &left, &right);
    let mut counts: Vec<Vec<u64>> = Vec::new();
    let (mut scratch, mut outcomes) = (Scratch::new(), Vec::new());
    for l in 0..left.n_rows() {
        // A row's own person is no random one.
        for r in (0..right.n_rows()).filter(|r| *r != l) {
            bound.compare(l, r, &mut scratch, &mut outcomes);
            counts.resize(outcomes.len(), vec![0; 16]);
            for (counts, outcome) in counts.iter_mut().zip(&outcomes) {
                counts[usize::from(outcome.level)] += 1;
            }
        }
    }
    let (mut squares, mut n) = (0.0, 0.0);
    for seed in 1..=3 {
        let mut spec = spec();
        spec.seed = seed;
        let model = run(&spec, &left, &right, &()).unwrap().model.unwrap();
        for (k, comparison) in model.comparisons.iter().enumerate() {
            let known: u64 = counts[k][1..].iter().sum();
            // Levels under a condition are a distribution of their own.
            let sum: f64 = comparison
                .levels
                .iter()
                .map(|level| level.u_probability)
                .sum();
            if sum > 1.5 {
                continue;
            }
            for (place, level) in comparison.levels.iter().enumerate() {
                let u = counts[k][place + 1] as f64 / known as f64;
                let pairs = spec.random_pairs as f64;
                if level.u_source != Source::RandomPairs || u * pairs < 500.0 {
                    continue;
                }
                let error = 2.0 * (u * (1.0 - u) / pairs).sqrt();
                let z = (level.u_probability - u) / error;
                assert!(
                    z.abs() < 4.5,
                    "{} {}: {} beside {u}",
                    comparison.name,
                    level.label,
                    level.u_probability
                );
                squares += z * z;
                n += 1.0;
            }
        }
    }
    println!("{n} levels, mean z² {:.2}", squares / n);
    assert!(n > 30.0 && squares / n < 1.6, "{n} {}", squares / n);
}
