//! What would change an answer is the cheapest change there is, and one that somebody can make.

use helder_model::{
    Actionable, Algorithm, Answer, Counterfactual, Counterfactuals, Curve, Direction, Goal, Input,
    InputType, LinearFit, MissingRule, Model, PairTable, Row, Scorer, Side, TermsFit, TreeFit,
    TreeNode, TreeSplit, TreeTest, Value, Way, counterfactual::Outcome,
};

use crate::{
    boosting::boosted,
    examples::{input, regression},
    trees::tree,
};

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    fn score(&mut self) -> f64 {
        self.unit() * 2.0 - 1.0
    }
}

pub(crate) fn actionable(direction: Direction) -> Actionable {
    Actionable {
        direction,
        minimum: None,
        maximum: None,
        largest_step: None,
        step: None,
        levels: Vec::new(),
        effort: None,
    }
}

/// Four inputs with ranges small enough to try everything.
fn inputs(dice: &mut Dice) -> Vec<Input> {
    let kinds = [
        ("bedrag", InputType::Number),
        ("aantal", InputType::Integer),
        ("bijstand", InputType::Boolean),
        ("woonvorm", InputType::Category),
    ];
    let directions = [Direction::Up, Direction::Down, Direction::Either];
    let make = |(name, kind): (&str, InputType)| {
        let mut input = input(name, kind, MissingRule::Reject);
        let mut how = actionable(directions[dice.below(3)]);
        if let Some(range) = &mut input.training_range {
            range.maximum = 6.0;
            how.step = Some(if kind == InputType::Number { 0.5 } else { 1.0 });
            how.minimum = (dice.unit() < 0.3).then_some(1.2);
            how.maximum = (dice.unit() < 0.3).then_some(4.9);
            how.largest_step = (dice.unit() < 0.3).then_some(2.0);
        }
        if kind == InputType::Category {
            how.direction = Direction::Either;
            how.levels = vec!["koop".to_owned(), "overig".to_owned()];
        }
        how.effort = (dice.unit() < 0.5).then(|| 0.2 + dice.unit());
        input.actionable = (dice.unit() < 0.9).then_some(how);
        input
    };
    kinds.map(make).into()
}

fn linear(dice: &mut Dice) -> Model {
    let mut model = regression();
    model.inputs = inputs(dice);
    let Algorithm::LogisticRegression(fit) = &mut model.algorithm else {
        unreachable!()
    };
    let term = fit.linear_terms[0].clone();
    let slopes = [("bedrag", 0.4), ("aantal", 0.6), ("bijstand", 1.5)];
    fit.linear_terms = slopes
        .map(|(name, size)| helder_model::LinearTerm {
            input: name.to_owned(),
            coefficient: size * dice.score(),
            mean: 0.5,
            ..term.clone()
        })
        .into();
    for level in &mut fit.category_terms[0].levels {
        level.coefficient = 1.5 * dice.score();
    }
    *fit = LinearFit {
        missing_terms: Vec::new(),
        covariance: None,
        ..fit.clone()
    };
    model
}

fn terms(dice: &mut Dice) -> Model {
    let mut model = boosted();
    model.inputs = inputs(dice);
    let side = |place: usize, dice: &mut Dice| {
        let input = &model.inputs[place];
        let of = |cuts: Vec<f64>| Side {
            input: input.name.clone(),
            cuts: Some(cuts),
            levels: None,
        };
        match place {
            0 | 1 => {
                let mut cuts: Vec<f64> = (0..=dice.below(4)).map(|_| dice.unit() * 6.0).collect();
                cuts.sort_by(f64::total_cmp);
                of(cuts)
            }
            2 => of(vec![0.5]),
            _ => Side {
                input: input.name.clone(),
                cuts: None,
                levels: Some(vec![
                    vec!["huur".to_owned()],
                    vec!["koop".to_owned()],
                    vec!["overig".to_owned()],
                ]),
            },
        }
    };
    let curves: Vec<Curve> = (0..4)
        .map(|place| {
            let side = side(place, dice);
            let scores: Vec<f64> = (0..side.steps()).map(|_| dice.score()).collect();
            Curve {
                standard_errors: vec![0.1; scores.len()],
                deviations: Vec::new(),
                scores,
                side,
            }
        })
        .collect();
    let mut pairs = Vec::new();
    for (a, b) in [(0, 1), (0, 3), (1, 2), (2, 3)] {
        if dice.unit() < 0.6 {
            let (first, second) = (side(a, dice), side(b, dice));
            let row = |dice: &mut Dice| (0..second.steps()).map(|_| dice.score()).collect();
            let scores: Vec<Vec<f64>> = (0..first.steps()).map(|_| row(dice)).collect();
            pairs.push(PairTable {
                standard_errors: vec![vec![0.1; second.steps()]; first.steps()],
                deviations: Vec::new(),
                first,
                second,
                scores,
            });
        }
    }
    model.algorithm = Algorithm::ExplainableBoosting(TermsFit {
        intercept: -0.5,
        bags: None,
        edits: Vec::new(),
        curves,
        pairs,
    });
    model
}

/// A tree or a rule list that asks for every input at least once, for the first several times.
fn questions(dice: &mut Dice) -> Model {
    let mut model = tree();
    model.inputs = inputs(dice);
    let is_list = dice.unit() < 0.4;
    let leaf = |dice: &mut Dice| TreeNode {
        score: 3.0 * dice.score(),
        rows: 50,
        lower: 0.0,
        upper: 1.0,
        split: None,
    };
    let mut nodes = vec![leaf(dice)];
    let mut open = vec![0];
    let more = dice.below(8);
    for place in (0..4).chain((0..more).map(|_| dice.below(4)).collect::<Vec<_>>()) {
        let at = open.swap_remove(if is_list {
            open.len() - 1
        } else {
            dice.below(open.len())
        });
        let cut = match place {
            2 => 0.5,
            _ if dice.unit() < 0.3 => dice.below(7) as f64,
            _ => 6.0 * dice.unit(),
        };
        let test = match (place, dice.below(2)) {
            (3, 0) => TreeTest::OneOf(vec![["huur", "koop", "overig"][dice.below(3)].to_owned()]),
            (3, _) => TreeTest::OneOf(vec!["overig".to_owned(), "huur".to_owned()]),
            (_, 0) => TreeTest::AtMost(cut),
            _ => TreeTest::Above(cut),
        };
        let first = nodes.len();
        nodes[at].split = Some(TreeSplit {
            input: model.inputs[place].name.clone(),
            test,
            missing: Way::First,
            first: first as u64,
            second: first as u64 + 1,
        });
        nodes.extend([leaf(dice), leaf(dice)]);
        open.extend([first, first + 1].iter().skip(usize::from(is_list)));
    }
    let fit = TreeFit { nodes };
    model.algorithm = if is_list {
        Algorithm::RuleList(fit)
    } else {
        Algorithm::DecisionTree(fit)
    };
    model
}

/// Values of an input as numbers; levels by place.
type Values = [f64; 4];

fn row_of(scorer: &Scorer, values: Values) -> Row {
    let mut row = scorer.row();
    let levels = ["huur", "koop", "overig"];
    let each = [
        Value::Number(values[0]),
        Value::Number(values[1]),
        Value::Boolean(values[2] > 0.5),
        Value::Text(levels[values[3] as usize]),
    ];
    for (place, value) in each.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    row
}

pub(crate) fn answer_of(scorer: &Scorer, row: &Row) -> Answer {
    let mut answer = Answer::default();
    scorer.score(row, &mut answer).unwrap();
    answer
}

/// What an input may become, its present value first, with the effort.
fn allowed(input: &Input, place: usize, now: f64) -> Vec<(f64, f64)> {
    let mut all = vec![(now, 0.0)];
    let Some(how) = &input.actionable else {
        return all;
    };
    let effort = how.effort.unwrap_or(1.0);
    let way = |to: f64| match how.direction {
        Direction::Up => to > now,
        Direction::Down => to < now,
        Direction::Either => (to - now).abs() > 0.0,
    };
    match place {
        0 | 1 => {
            let step = how.step.unwrap();
            for count in 0..=(6.0 / step) as usize {
                let to = count as f64 * step;
                let is_in = how.minimum.is_none_or(|low| to >= low)
                    && how.maximum.is_none_or(|high| to <= high)
                    && how.largest_step.is_none_or(|far| (to - now).abs() <= far);
                if is_in && way(to) {
                    all.push((to, effort * (to - now).abs() / 6.0));
                }
            }
        }
        2 => all.extend(
            [0.0, 1.0]
                .into_iter()
                .filter(|to| way(*to))
                .map(|to| (to, effort)),
        ),
        _ => all.extend(
            [1.0, 2.0]
                .into_iter()
                .filter(|to| way(*to))
                .map(|to| (to, effort)),
        ),
    }
    all
}

/// The least effort of all combinations, by scoring every one.
fn by_hand(model: &Model, scorer: &Scorer, now: Values, goal: Goal, most: usize) -> Option<f64> {
    let all: Vec<Vec<(f64, f64)>> = (0..4)
        .map(|place| allowed(&model.inputs[place], place, now[place]))
        .collect();
    let mut best = f64::INFINITY;
    for a in &all[0] {
        for b in &all[1] {
            for c in &all[2] {
                for d in &all[3] {
                    let effort = a.1 + b.1 + c.1 + d.1;
                    let changes = [a.1, b.1, c.1, d.1].iter().filter(|e| **e > 0.0).count();
                    if changes > most || effort >= best {
                        continue;
                    }
                    let answer = answer_of(scorer, &row_of(scorer, [a.0, b.0, c.0, d.0]));
                    if goal.is_met(answer.probability.unwrap()) {
                        best = effort;
                    }
                }
            }
        }
    }
    best.is_finite().then_some(best)
}

fn effort(found: &Counterfactual) -> Option<f64> {
    match &found.outcome {
        Outcome::Reached => Some(0.0),
        Outcome::Change(changes) => Some(changes.iter().map(|change| change.effort).sum()),
        Outcome::None | Outcome::NothingActionable => None,
    }
}

#[test]
fn the_smallest_change_is_found_for_sums_curves_and_pairs() {
    agrees_with_trying_everything(3, |round, dice| {
        if round % 3 == 0 {
            linear(dice)
        } else {
            terms(dice)
        }
    });
}

#[test]
fn the_smallest_change_is_found_for_trees_and_rule_lists() {
    agrees_with_trying_everything(11, |_, dice| questions(dice));
}

fn agrees_with_trying_everything(seed: u64, made: impl Fn(usize, &mut Dice) -> Model) {
    let mut dice = Dice(seed);
    let (mut some, mut none, mut several) = (0, 0, 0);
    for round in 0..400 {
        let model = made(round, &mut dice);
        let scorer = Scorer::new(&model).unwrap();
        let ready = Counterfactuals::new(&model).unwrap();
        let now = [
            dice.unit() * 6.0,
            dice.below(7) as f64,
            dice.below(2) as f64,
            dice.below(3) as f64,
        ];
        let row = row_of(&scorer, now);
        let answer = answer_of(&scorer, &row);
        let probability = answer.probability.unwrap();
        let goal = match dice.below(2) {
            0 => Goal::AtMost((probability * (0.3 + 0.8 * dice.unit())).min(0.99)),
            _ => Goal::AtLeast((probability * (0.9 + 2.0 * dice.unit())).min(0.99)),
        };
        let most = 1 + dice.below(3);
        let found = ready.find(&scorer, (&row, &answer), goal, most).unwrap();
        assert!(found.is_exact);
        let expected = by_hand(&model, &scorer, now, goal, most);
        assert_eq!(
            effort(&found).is_some(),
            expected.is_some(),
            "{round} {found:?} {expected:?} {goal:?}"
        );
        let (Some(effort), Some(expected)) = (effort(&found), expected) else {
            none += 1;
            continue;
        };
        assert!(
            (effort - expected).abs() < 1e-9,
            "{round} {effort} {expected} {found:?}"
        );
        // What is told is what the model answers.
        assert_eq!(answer_of(&scorer, &found.row), found.answer);
        assert!(goal.is_met(found.answer.probability.unwrap()), "{found:?}");
        if let Outcome::Change(changes) = &found.outcome {
            several += usize::from(changes.len() > 1);
            some += 1;
            assert!(changes.len() <= most);
            for place in (0..4).filter(|place| changes.iter().all(|c| c.input != *place)) {
                assert_eq!(found.row.number(place), row.number(place));
                assert_eq!(found.row.level(place), row.level(place));
            }
        }
    }
    assert!(
        some > 100 && none > 50 && several > 8,
        "{some} {none} {several}"
    );
}

#[test]
fn a_tree_moves_no_value_that_is_not_known_and_says_when_no_leaf_can_be_reached() {
    let mut model = tree();
    for (place, direction) in [(0, Direction::Down), (1, Direction::Either)] {
        model.inputs[place].actionable = Some(actionable(direction));
    }
    model.inputs[0].training_range.as_mut().unwrap().maximum = 100_000.0;
    let scorer = Scorer::new(&model).unwrap();
    let ready = Counterfactuals::new(&model).unwrap();
    let row_of = |arrears: Value<'_>, benefit: bool, home: &str| {
        let mut row = scorer.row();
        let values = [arrears, Value::Boolean(benefit), Value::Text(home)];
        for (place, value) in values.into_iter().enumerate() {
            scorer.set(&mut row, place, value).unwrap();
        }
        row
    };
    let find = |row: &Row, goal| {
        let answer = answer_of(&scorer, row);
        ready.find(&scorer, (row, &answer), goal, 3).unwrap()
    };
    // Missing arrears lead to the leaf of 0.45; what could be paid off is not known, and nothing else is asked there.
    let found = find(&row_of(Value::Null, true, "huur"), Goal::AtMost(0.1));
    assert_eq!((found.outcome, found.is_exact), (Outcome::None, true));
    // Known ones are paid off just far enough, and the benefit must end too.
    let row = row_of(Value::Integer(60_000), true, "huur");
    let found = find(&row, Goal::AtMost(0.1));
    let Outcome::Change(changes) = &found.outcome else {
        panic!("{found:?}")
    };
    let places: Vec<usize> = changes.iter().map(|change| change.input).collect();
    assert_eq!(places, [0, 1]);
    assert_eq!(found.row.number(0), Some(50_000.0));
    assert!(found.answer.probability.unwrap() <= 0.1);
    // No leaf says so much.
    let found = find(&row, Goal::AtLeast(0.99));
    assert_eq!((found.outcome, found.is_exact), (Outcome::None, true));
}
