//! Models of every family that has a score, and rows that sit where forms go wrong.

use std::collections::BTreeSet;

use helder_model::{
    Algorithm, Answer, Calibration, CategoryGroup, Conversion, Family, Input, InputType, Link,
    MissingRule, Model, Preparation, Scorer, TrainingRange, TreeFit, TreeNode, TreeSplit, TreeTest,
    UnknownCategory, Value, Way,
};

/// A number of chance; equal seeds give equal rows.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// From 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A value in a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    Missing,
    Number(f64),
    Boolean(bool),
    Text(String),
}

/// A row with what the service answers: score, answer, points; nothing where it refuses.
pub(crate) struct Row {
    pub(crate) values: Vec<Given>,
    pub(crate) answer: Option<(f64, f64, u32)>,
}

fn stored(name: &str) -> Model {
    let path = format!(
        "{}/../model/tests/formats/1/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    Model::from_json(&std::fs::read(path).unwrap()).unwrap()
}

/// A model of every family, calibrated and not.
pub(crate) fn models() -> Vec<Model> {
    let mut all: Vec<Model> = [
        "economic-homelessness",
        "minimal",
        "boosted-homelessness",
        "homelessness-card",
        "visits",
    ]
    .map(stored)
    .into_iter()
    .collect();
    for (family, link) in [
        (Family::Gaussian, Link::Identity),
        (Family::Poisson, Link::Log),
        (Family::Binomial, Link::Logit),
    ] {
        all.push(regression(family, link));
    }
    let mut card = stored("homelessness-card");
    "calibrated-card".clone_into(&mut card.name);
    card.calibration = Calibration::Logistic {
        intercept: -0.123_456_789_012_345_67,
        slope: 0.9,
    };
    all.push(card);
    all.push(long());
    let prepared: Vec<Model> = all.iter().cloned().map(prepared).collect();
    all.extend(prepared);
    all
}

/// The same with every number converted, some with their ends cut off, and every first category standing for others too.
fn prepared(mut model: Model) -> Model {
    model.name.push_str("-prepared");
    for (place, input) in model.inputs.iter_mut().enumerate() {
        input.preparation = match input.kind {
            InputType::Boolean => None,
            InputType::Number | InputType::Integer => Some(Preparation::Conversion(Conversion {
                unit: Some("andere eenheid".to_owned()),
                scale: [0.01, 1.0 / 12.0, 1.8][place % 3],
                offset: place as f64 - 1.0,
                lowest: (place % 2 == 0).then_some(-250.5),
                highest: (place % 3 > 0).then_some(700.0 / 3.0),
            })),
            InputType::Category => Some(Preparation::Groups {
                groups: vec![CategoryGroup {
                    level: input.categories[0].level.clone(),
                    members: ["lid", "Lid", "it's in", "=1+2"].map(str::to_owned).into(),
                }],
            }),
        };
    }
    model.to_json().unwrap();
    model
}

/// A tree and a rule list, as stored and with inputs that refuse, fill in, or let missing go its own way.
pub(crate) fn trees() -> Vec<Model> {
    let mut all: Vec<Model> = ["homelessness-tree", "homelessness-rules"]
        .map(stored)
        .into_iter()
        .collect();
    let mut calibrated = stored("homelessness-tree");
    "calibrated-tree".clone_into(&mut calibrated.name);
    calibrated.calibration = Calibration::Logistic {
        intercept: -0.123_456_789_012_345_67,
        slope: 0.9,
    };
    all.push(calibrated);
    all.push(deep());
    let prepared: Vec<Model> = all.iter().cloned().map(prepared).collect();
    all.extend(prepared);
    all
}

/// 127 questions about the inputs of [`long`] and a boolean, at edges of seventeen digits.
fn deep() -> Model {
    let mut model = long();
    "deep-tree".clone_into(&mut model.name);
    model.inputs[0].missing = MissingRule::OwnEffect;
    model.inputs[2].unknown_category = Some(UnknownCategory::Level {
        level: "it's".to_owned(),
    });
    let mut boolean = stored("boosted-homelessness").inputs[1].clone();
    boolean.missing = MissingRule::Reject;
    model.inputs.push(boolean);
    let mut dice = Dice::new(8);
    let mut split = |place: u64| {
        let input = &model.inputs[dice.below(model.inputs.len())];
        let cut = (dice.share() - 0.4) * 10_f64.powi(dice.below(9) as i32 - 4);
        let levels = input.categories.iter().step_by(1 + dice.below(3));
        TreeSplit {
            input: input.name.clone(),
            test: match (input.kind, dice.below(5)) {
                (InputType::Category, _) => {
                    TreeTest::OneOf(levels.skip(1).map(|one| one.level.clone()).collect())
                }
                (InputType::Boolean, _) => TreeTest::AtMost(0.5),
                (_, 0) if input.missing == MissingRule::OwnEffect => TreeTest::Known(true),
                (_, 1) => TreeTest::AtMost(0.1 + 0.2),
                (_, 2) => TreeTest::AtMost(cut),
                _ => TreeTest::Above(cut),
            },
            missing: Way::Second,
            first: 2 * place + 1,
            second: 2 * place + 2,
        }
    };
    let splits: Vec<TreeSplit> = (0..127).map(&mut split).collect();
    let nodes = (0..255_u64).map(|place| {
        let score = (place as f64 * 0.37).sin();
        let mut split = splits.get(place as usize).cloned();
        if let Some(split) = &mut split
            && !matches!(split.test, TreeTest::Known(_))
            && place % 3 == 0
        {
            split.missing = Way::First;
        }
        TreeNode {
            score,
            rows: 100,
            lower: 0.0,
            upper: 1.0,
            split,
        }
    });
    model.algorithm = Algorithm::DecisionTree(TreeFit {
        nodes: nodes.collect(),
    });
    Model::from_json(&model.to_json().unwrap()).unwrap()
}

/// The terms of the logistic regression under another link.
fn regression(family: Family, link: Link) -> Model {
    let mut model = stored("economic-homelessness");
    let Algorithm::LogisticRegression(linear) = model.algorithm.clone() else {
        panic!("another algorithm");
    };
    let Algorithm::GeneralisedLinear(mut fit) = stored("visits").algorithm else {
        panic!("another algorithm");
    };
    fit.family = family;
    fit.theta = None;
    fit.residual_variance = (family == Family::Gaussian).then_some(1.5);
    fit.linear = linear;
    model.name = format!("of-{}", family.as_str());
    model.kind = helder_model::Kind::Regression;
    model.calibration = Calibration::None;
    model.link = link;
    model.algorithm = Algorithm::GeneralisedLinear(fit);
    model.to_json().unwrap();
    model
}

/// Curves with cuts of seventeen digits, a table of numbers, levels that only differ in capitals, and texts that break out of quotes.
fn long() -> Model {
    let mut model = stored("boosted-homelessness");
    "long-curves".clone_into(&mut model.name);
    "Lange lijnen\n; DROP TABLE subjects; --".clone_into(&mut model.title.nl);
    let mut dice = Dice::new(5);
    let number = |name: &str, missing: MissingRule| Input {
        name: name.to_owned(),
        kind: InputType::Number,
        unit: None,
        training_range: Some(TrainingRange {
            minimum: -1e300,
            maximum: 1e300,
        }),
        categories: Vec::new(),
        unknown_category: None,
        missing,
        ..model.inputs[0].clone()
    };
    let mut inputs = vec![
        number("a \"quoted\" name", MissingRule::OwnEffect),
        number("select", MissingRule::Median { value: 0.1 + 0.2 }),
    ];
    let levels = ["ja", "Ja", "JA ", "=1+1", "it's", "100%", "*", "", "é"];
    let levels: Vec<String> = levels.iter().map(|level| (*level).to_owned()).collect();
    let mut words = model.inputs[2].clone();
    words.categories = levels
        .iter()
        .filter(|level| !level.is_empty())
        .map(|level| helder_model::Category {
            level: level.clone(),
            meaning: None,
        })
        .collect();
    words.missing = MissingRule::Reject;
    words.unknown_category = Some(UnknownCategory::Reject);
    inputs.push(words);
    model.inputs = inputs;
    let Algorithm::ExplainableBoosting(fit) = &mut model.algorithm else {
        panic!("another algorithm");
    };
    let mut cuts = |n: usize| -> Vec<f64> {
        let mut cuts: Vec<f64> = (0..n)
            .map(|_| (dice.share() - 0.4) * 10_f64.powi(dice.below(9) as i32 - 4))
            .collect();
        cuts.extend([0.1 + 0.2, -1e200, 1e200, 5e-324]);
        cuts.sort_by(f64::total_cmp);
        cuts
    };
    let (first, second) = (cuts(300), cuts(12));
    let mut dice = Dice::new(6);
    let mut scores = |n: usize| -> Vec<f64> { (0..n).map(|_| dice.share() - 0.5).collect() };
    let mut pair = fit.pairs[0].clone();
    fit.curves.truncate(3);
    for (curve, cuts) in fit.curves.iter_mut().zip([&first, &second]) {
        curve.side.cuts = Some(cuts.clone());
        curve.side.levels = None;
    }
    fit.curves[2].side.levels = Some(
        model.inputs[2]
            .categories
            .iter()
            .map(|category| vec![category.level.clone()])
            .collect(),
    );
    fit.curves[2].side.cuts = None;
    for (curve, input) in fit.curves.iter_mut().zip(&model.inputs) {
        curve.side.input.clone_from(&input.name);
        let missing = usize::from(input.missing == MissingRule::OwnEffect);
        curve.scores = scores(curve.side.steps() + missing);
        curve.standard_errors = vec![0.0; curve.scores.len()];
        curve.deviations = Vec::new();
    }
    pair.first.input.clone_from(&model.inputs[0].name);
    pair.first.cuts = Some(first.iter().copied().step_by(40).collect());
    pair.first.levels = None;
    pair.second.input.clone_from(&model.inputs[1].name);
    pair.second.cuts = Some(second.iter().copied().step_by(5).collect());
    pair.second.levels = None;
    let across = pair.second.steps();
    pair.scores = (0..=pair.first.steps()).map(|_| scores(across)).collect();
    pair.standard_errors = vec![vec![0.0; across]; pair.scores.len()];
    pair.deviations = Vec::new();
    fit.pairs = vec![pair];
    fit.bags = None;
    model.to_json().unwrap();
    model
}

/// Edges of the steps of an input, and substitutes.
fn edges(model: &Model, place: usize) -> Vec<f64> {
    let name = &model.inputs[place].name;
    let mut all = Vec::new();
    let mut add = |side: &helder_model::Side| {
        if side.input == *name {
            all.extend(side.cuts.iter().flatten().copied());
        }
    };
    match &model.algorithm {
        Algorithm::ExplainableBoosting(fit) => {
            fit.curves.iter().for_each(|curve| add(&curve.side));
            for pair in &fit.pairs {
                add(&pair.first);
                add(&pair.second);
            }
        }
        Algorithm::Scorecard(fit) => fit.inputs.iter().for_each(|part| add(&part.side)),
        Algorithm::DecisionTree(fit) | Algorithm::RuleList(fit) => {
            for split in fit.nodes.iter().filter_map(|node| node.split.as_ref()) {
                match split.test {
                    TreeTest::AtMost(cut) | TreeTest::Above(cut) if split.input == *name => {
                        all.push(cut);
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
    if let Some(how) = model.inputs[place].conversion() {
        all = all.into_iter().map(|cut| how.raw_cut(cut)).collect();
        all.extend([how.lowest, how.highest].into_iter().flatten());
        all.retain(|edge| edge.is_finite());
    }
    all
}

/// `exact`: also values that differ from an edge in the last digit only, and fractions where whole numbers are wanted.
pub(crate) fn rows(model: &Model, n: usize, exact: bool) -> Vec<Row> {
    let mut dice = Dice::new(11);
    let scorer = Scorer::new(model).unwrap();
    let edges: Vec<Vec<f64>> = (0..model.inputs.len())
        .map(|place| edges(model, place))
        .collect();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    let made = (0..n).map(|_| {
        let given: Vec<Given> = model
            .inputs
            .iter()
            .zip(&edges)
            .map(|(input, edges)| value(input, edges, &mut dice, exact))
            .collect();
        row.clear();
        let set = given.iter().enumerate().all(|(place, given)| {
            let value = match given {
                Given::Missing => Value::Null,
                Given::Number(number) => Value::Number(*number),
                Given::Boolean(boolean) => Value::Boolean(*boolean),
                Given::Text(text) => Value::Text(text),
            };
            scorer.set(&mut row, place, value).is_ok()
        });
        let answered = set.then(|| {
            scorer.score(&row, &mut answer).unwrap();
            let said = answer.probability.or(answer.value).unwrap();
            (answer.score, said, answer.points.iter().sum())
        });
        Row {
            values: given,
            answer: answered,
        }
    });
    made.collect()
}

fn value(input: &Input, edges: &[f64], dice: &mut Dice, exact: bool) -> Given {
    if dice.below(12) == 0 {
        return Given::Missing;
    }
    match input.kind {
        InputType::Boolean => Given::Boolean(dice.below(2) == 1),
        InputType::Category => {
            let raw: Vec<&str> = input.raw_categories().map(|(raw, _)| raw).collect();
            let known = raw.len();
            match dice.below(known + 2) {
                place if place < known => Given::Text(raw[place].to_owned()),
                place if place == known => Given::Text("nergens gezien".to_owned()),
                _ => Given::Text(input.categories[0].level.to_uppercase()),
            }
        }
        InputType::Number | InputType::Integer => {
            let range = input.training_range.unwrap();
            let (low, high) = (range.minimum.max(-1e6), range.maximum.min(1e6));
            let at_edge = if edges.is_empty() {
                low
            } else {
                edges[dice.below(edges.len())]
            };
            let aside = |by: f64| at_edge + by * at_edge.abs().max(1e-300);
            let number = match dice.below(14) {
                0 | 1 => at_edge,
                2 if exact => at_edge.next_down(),
                3 if exact => at_edge.next_up(),
                2 | 4 => aside(-1e-9),
                3 | 5 => aside(1e-9),
                6 => -0.0,
                7 => 0.0,
                8 => [-1e300, 1e300][dice.below(2)],
                9 => low,
                _ => low + dice.share() * (high - low),
            };
            let fraction = exact && dice.below(10) == 0;
            Given::Number(if input.kind == InputType::Integer && !fraction {
                number.round()
            } else {
                number
            })
        }
    }
}

/// How many rows: few in a usual run.
pub(crate) fn count(usual: usize) -> usize {
    std::env::var("HELDER_EXPORT_ROWS").map_or(usual, |rows| rows.parse().unwrap())
}

/// What was reproduced, told at the end of a test.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) rows: usize,
    pub(crate) refused: usize,
    pub(crate) most: f64,
    pub(crate) unequal_bits: usize,
    pub(crate) names: BTreeSet<String>,
}

impl Told {
    /// Compares, relative to the size where that is above 1.
    #[track_caller]
    pub(crate) fn compare(&mut self, model: &Model, row: &Row, found: Option<(f64, f64)>) {
        self.rows += 1;
        self.names.insert(model.name.clone());
        let told = || format!("{} {:?} {:?} {found:?}", model.name, row.values, row.answer);
        match (row.answer, found) {
            (None, None) => self.refused += 1,
            (Some((score, answer, _)), Some((found, said))) => {
                let away = |a: f64, b: f64| (a - b).abs() / a.abs().max(1.0);
                let most = away(score, found).max(away(answer, said));
                assert!(most <= 1e-12, "{most} {}", told());
                self.most = self.most.max(most);
                self.unequal_bits += usize::from((score + 0.0).to_bits() != found.to_bits());
            }
            _ => panic!("{}", told()),
        }
    }

    pub(crate) fn say(&self, what: &str) {
        println!(
            "{what}: {} models, {} rows, {} of them refused; largest difference {:e}, {} scores with other bits",
            self.names.len(),
            self.rows,
            self.refused,
            self.most,
            self.unequal_bits
        );
    }
}
