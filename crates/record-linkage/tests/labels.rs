//! Decisions of people overrule a run, and the model learns from them.

mod support;

use std::collections::BTreeMap;

use helder_record_linkage::{
    Bound, Column, Label, LinkageSpec, RunResult, Table, TrainedModel,
    bound::level_of,
    comparison::Scratch,
    run,
    run::{Limits, Step, dedupe_labelled},
    run_labelled,
    spec::{Assignment, ColumnPair},
};
use helder_types::SemanticType;
use support::{febrl_spec, febrl4, suggested};

fn is_linked(result: &RunResult, pair: (u32, u32)) -> Option<Step> {
    let found = result.links.iter();
    found
        .clone()
        .find(|link| (link.left, link.right) == pair)
        .map(|link| link.step)
}

fn label((left, right): (u32, u32), is_match: bool) -> Label {
    Label {
        left,
        right,
        is_match,
    }
}

#[test]
fn a_decision_stands_whatever_the_pseudonyms_say() {
    let table = |name: &str, texts: [&str; 3]| {
        let mut table = Table::new(3);
        let column = Column::from_texts(texts.map(Some));
        table.insert(name, column).unwrap();
        table
    };
    let (left, right) = (table("p", ["x", "y", "z"]), table("q", ["x", "y", "w"]));
    let mut spec = LinkageSpec::new(Vec::new(), Vec::new());
    spec.deterministic.push(ColumnPair::new("p", "q"));
    spec.assignment = Assignment::OneToOne;
    let labels = [
        label((0, 0), false),
        label((2, 2), true),
        // The same record cannot have a second partner, and rows that do not exist are nobody's.
        label((2, 1), false),
        label((9, 1), true),
    ];
    let result = run_labelled(&spec, &left, &right, (&labels, Limits::default()), &()).unwrap();
    assert_eq!(is_linked(&result, (0, 0)), None);
    assert_eq!(is_linked(&result, (1, 1)), Some(Step::Deterministic));
    assert_eq!(is_linked(&result, (2, 2)), Some(Step::Reviewed));
    assert_eq!((result.steps[0].pairs, result.steps[0].links), (3, 1));
}

#[test]
fn decisions_overrule_the_links_and_the_rest_is_linked_as_before_or_better() {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let before = run(&spec, &left.table, &right.table, &()).unwrap();
    assert_eq!(
        run_labelled(
            &spec,
            &left.table,
            &right.table,
            (&[], Limits::default()),
            &()
        )
        .unwrap()
        .links,
        before.links
    );
    let is_true = |l: u32, r: u32| left.truth[l as usize] == right.truth[r as usize];
    let wrong_on_purpose = (before.links[10].left, before.links[10].right);
    // The fifty pairs that the model knows least about, decided as they are; and one sure link that people refuse.
    let mut unsure: Vec<_> = before.scored.iter().collect();
    unsure.sort_by(|a, b| {
        (a.match_weight.abs(), a.left, a.right)
            .partial_cmp(&(b.match_weight.abs(), b.left, b.right))
            .unwrap()
    });
    let mut labels: Vec<Label> = unsure
        .iter()
        .take(50)
        .map(|pair| label((pair.left, pair.right), is_true(pair.left, pair.right)))
        .collect();
    labels.retain(|label| (label.left, label.right) != wrong_on_purpose);
    labels.push(label(wrong_on_purpose, false));
    let after = run_labelled(
        &spec,
        &left.table,
        &right.table,
        (&labels, Limits::default()),
        &(),
    )
    .unwrap();
    assert_eq!(is_linked(&after, wrong_on_purpose), None);
    for label in &labels {
        let step = is_linked(&after, (label.left, label.right));
        assert_eq!(step, label.is_match.then_some(Step::Reviewed), "{label:?}");
    }
    let wrong = |result: &RunResult| {
        let bad = |link: &&helder_record_linkage::Link| !is_true(link.left, link.right);
        let missed = left.truth.len() - result.links.iter().filter(|link| !bad(link)).count();
        missed + result.links.iter().filter(bad).count()
    };
    assert!(
        wrong(&after) <= wrong(&before) + 1,
        "{} then {}",
        wrong(&before),
        wrong(&after)
    );
}

#[test]
fn labels_move_m_towards_what_people_say_and_by_the_pairs_that_share_the_pattern() {
    let (left, right) = febrl4();
    // Names alone leave much open.
    let spec = suggested(&[
        ("given_name", Some(SemanticType::Voornamen)),
        ("surname", Some(SemanticType::Geslachtsnaam)),
        ("suburb", Some(SemanticType::Woonplaats)),
    ]);
    let before = run(&spec, &left.table, &right.table, &()).unwrap();
    // All pairs of the pattern that is doubtful most often.
    let bound = Bound::new(&spec, &left.table, &right.table);
    let mut scratch = Scratch::new();
    let mut doubtful: BTreeMap<u64, Vec<(u32, u32)>> = BTreeMap::new();
    for pair in before
        .scored
        .iter()
        .filter(|pair| pair.match_weight.abs() < 4.0)
    {
        let pattern = bound.pattern(pair.left as usize, pair.right as usize, &mut scratch);
        doubtful
            .entry(pattern)
            .or_default()
            .push((pair.left, pair.right));
    }
    let (pattern, pairs) = doubtful
        .iter()
        .max_by_key(|(_, pairs)| pairs.len())
        .unwrap();
    assert!(pairs.len() > 20, "{}", pairs.len());
    let learned = |is_match: bool, n: usize| {
        let labels = pairs.iter().take(n).map(|pair| label(*pair, is_match));
        let labels: Vec<Label> = labels.collect();
        run_labelled(
            &spec,
            &left.table,
            &right.table,
            (&labels, Limits::default()),
            &(),
        )
        .unwrap()
        .model
        .unwrap()
    };
    let (middle, one) = (before.model.unwrap(), learned(true, 1));
    let (all, none) = (learned(true, usize::MAX), learned(false, usize::MAX));
    let mut moved = 0;
    for k in 0..middle.comparisons.len() {
        let Some(place) = level_of(*pattern, k).checked_sub(1) else {
            continue;
        };
        let m = |model: &TrainedModel| model.comparisons[k].levels[place].m_probability;
        let said = (m(&none), m(&middle), m(&one), m(&all));
        assert!(
            said.0 < said.1 && said.1 < said.2 && said.2 < said.3,
            "{said:?}"
        );
        let sum: f64 = all.comparisons[k]
            .levels
            .iter()
            .map(|l| l.m_probability)
            .sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        moved += 1;
    }
    assert!(moved > 0);
}

#[test]
fn within_one_file_decisions_join_and_part_groups() {
    let (a, b) = febrl4();
    let mut table = Table::new(2 * 600);
    for name in a.table.names() {
        let texts = [&a, &b].map(|side| {
            let column = side.table.column(name).unwrap();
            let codes = column.codes()[..600].iter();
            codes.map(|code| column.text(*code)).collect::<Vec<_>>()
        });
        table
            .insert(name, Column::from_texts(texts.concat()))
            .unwrap();
    }
    let run = |labels: &[Label]| {
        dedupe_labelled(&febrl_spec(), &table, (labels, Limits::default()), &()).unwrap()
    };
    let before = run(&[]);
    let links: Vec<(u32, u32)> = before.run.links.iter().map(|l| (l.left, l.right)).collect();
    let (parted, kept) = (links[3], links[7]);
    let group = |row: u32| before.clusters.cluster_of[row as usize];
    let strangers = (
        kept.0,
        (0..1200).find(|row| group(*row) != group(kept.0)).unwrap(),
    );
    let labels = [
        label((parted.1, parted.0), false),
        label(strangers, true),
        label(kept, true),
        // Their partner is another person than the stranger: this cannot hold beside the two above.
        label((kept.1, strangers.1), false),
        label((5, 5), true),
        label((5, 5000), true),
    ];
    let after = run(&labels);
    let of = |row: u32| after.clusters.cluster_of[row as usize];
    assert_ne!(of(parted.0), of(parted.1));
    assert_eq!(is_linked(&after.run, parted), None);
    assert_ne!(of(kept.1), of(strangers.1));
    let (first, last) = (strangers.0.min(strangers.1), strangers.0.max(strangers.1));
    assert_eq!(is_linked(&after.run, (first, last)), Some(Step::Reviewed));
    assert_eq!(is_linked(&after.run, kept), Some(Step::Reviewed));
    // One of the two matches did not join, and that is told.
    let joined = [kept, (first, last)].map(|(x, y)| of(x) == of(y));
    assert_eq!(joined.iter().filter(|joined| **joined).count(), 1);
    let told = after.clusters.conflicts.iter();
    assert!(
        told.clone()
            .any(|c| [kept, (first, last)].contains(&(c.left, c.right)))
    );
    // Nothing else changed much.
    let others = links
        .iter()
        .filter(|pair| is_linked(&after.run, **pair).is_none());
    assert!(others.count() <= 3);
    for link in &after.run.links {
        let apart = [
            (parted.0, parted.1),
            (kept.1.min(strangers.1), kept.1.max(strangers.1)),
        ];
        assert!(!apart.contains(&(link.left, link.right)));
    }
}
