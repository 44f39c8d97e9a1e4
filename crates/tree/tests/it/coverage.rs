//! Intervals hold the true probability as often as they say, over many made data sets.
//!
//! `HELDER_SEEDS=500 cargo test -p helder-tree --test it -- coverage --nocapture` prints the figures of the README.

use std::env;

use helder_evaluation::Proportion;
use helder_tree::{Counted, Direction, RuleList, RuleSettings, Settings, Tree};

use crate::made::{Draws, columns, outcomes, people};

const ROWS: usize = 1_000;
/// People beside those learned from, of whom the truth of a leaf is the mean.
pub(crate) const BESIDE: usize = 10_000;

pub(crate) fn seeds() -> u64 {
    let asked = env::var("HELDER_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok());
    asked.unwrap_or(40)
}

/// Intervals that held the truth, of how many.
#[derive(Default)]
pub(crate) struct Held {
    given: u64,
    plain: u64,
    wilson: u64,
    all: u64,
    width: f64,
}

impl Held {
    /// Counts an interval, given what is known of all who come there.
    pub(crate) fn count(&mut self, counted: &Counted, sum_of_truth: f64, beside: usize) {
        if beside < 50 {
            return;
        }
        let truth = sum_of_truth / beside as f64;
        let share = Proportion::new(counted.events as usize, counted.rows as usize);
        let plain = share.clopper_pearson(0.95).unwrap();
        let given = counted.interval.unwrap_or([plain.low, plain.high]);
        let wilson = share.wilson().unwrap();
        let holds = |low: f64, high: f64| u64::from((low..=high).contains(&truth));
        self.given += holds(given[0], given[1]);
        self.plain += holds(plain.low, plain.high);
        self.wilson += holds(wilson.low, wilson.high);
        self.width += given[1] - given[0];
        self.all += 1;
    }

    /// Shares that held the truth: of the intervals given, of Wilson's, and of the exact ones of strangers.
    pub(crate) fn print(&self, what: &str) -> [f64; 3] {
        let share = |count: u64| count as f64 / self.all as f64;
        let found = [share(self.given), share(self.wilson), share(self.plain)];
        println!(
            "{what:34} {:6} intervals: given {:.4}, Wilson {:.4}, exact {:.4}, mean width {:.3}",
            self.all,
            found[0],
            found[1],
            found[2],
            self.width / self.all as f64
        );
        found
    }
}

fn of_trees(settings: &Settings) -> Held {
    let mut held = Held::default();
    for seed in 0..seeds() {
        let mut draws = Draws(seed);
        let learned = people(ROWS, &mut draws);
        let outcome = outcomes(&learned, &mut draws);
        let settings = Settings {
            seed,
            ..settings.clone()
        };
        let Ok(tree) = Tree::fit(&columns(&learned), &outcome, &settings) else {
            continue;
        };
        let mut truths = vec![(0.0, 0); tree.nodes.len()];
        for person in people(BESIDE, &mut draws) {
            let leaf = &mut truths[tree.path(&person.values()).unwrap().leaf];
            *leaf = (leaf.0 + person.truth, leaf.1 + 1);
        }
        for (place, node) in tree.leaves() {
            held.count(&node.counted, truths[place].0, truths[place].1);
        }
    }
    held
}

fn of_lists(settings: &RuleSettings) -> Held {
    let mut held = Held::default();
    for seed in 0..seeds() {
        let mut draws = Draws(seed);
        let learned = people(ROWS, &mut draws);
        let outcome = outcomes(&learned, &mut draws);
        let settings = RuleSettings {
            seed,
            ..settings.clone()
        };
        let Ok(list) = RuleList::fit(&columns(&learned), &outcome, &settings) else {
            continue;
        };
        let mut truths = vec![(0.0, 0); list.rules.len() + 1];
        for person in people(BESIDE, &mut draws) {
            let rule = list.answer(&person.values()).unwrap().rule;
            let of_rule = &mut truths[rule.unwrap_or(list.rules.len())];
            *of_rule = (of_rule.0 + person.truth, of_rule.1 + 1);
        }
        let here = list
            .rules
            .iter()
            .map(|rule| &rule.here)
            .chain([list.otherwise()]);
        for (counted, (sum, beside)) in here.zip(truths) {
            held.count(counted, sum, beside);
        }
    }
    held
}

#[test]
fn intervals_from_rows_that_chose_no_split_hold_the_truth_as_often_as_they_say() {
    let honest = of_trees(&Settings::default());
    let [exact, wilson, _] = honest.print("tree");
    // With few seeds chance takes off a little; the README has the figures of 500.
    assert!(exact >= 0.94 && wilson >= 0.92);
    let monotone = Settings {
        monotone: vec![
            ("arrears".to_owned(), Direction::Rising),
            ("noise".to_owned(), Direction::Rising),
        ],
        ..Settings::default()
    };
    let [exact, ..] = of_trees(&monotone).print("tree, monotone");
    assert!(exact >= 0.94);
    // What the same rows say that chose the splits, which this crate therefore does not give.
    let same = Settings {
        honest_share: 0.0,
        ..Settings::default()
    };
    let [dishonest, ..] = of_trees(&same).print("tree, rows that chose the splits");
    assert!(
        dishonest < exact - 0.02,
        "honesty is what makes intervals hold"
    );
}

#[test]
fn intervals_of_rules_hold_the_truth_as_often_as_they_say() {
    let [exact, wilson, _] = of_lists(&RuleSettings::default()).print("rules, falling");
    assert!(exact >= 0.94 && wilson >= 0.92);
    let ordered = RuleSettings {
        is_falling: false,
        max_conditions: 2,
        ..RuleSettings::default()
    };
    let [exact, ..] = of_lists(&ordered).print("rules of two conditions, any order");
    assert!(exact >= 0.94);
}
