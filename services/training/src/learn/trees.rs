//! Decision trees and rule lists: learned, and laid down as a model.

mod summary;
mod words;

use helder_model::{
    Algorithm, Input, TreeFit, TreeNode, TreeSplit, TreeTest, UnknownCategory, Way,
};
use helder_tree::{
    Condition, Counted, RuleList, RuleSettings, Settings, Split, Test, Tree, TreeError,
};

use super::{
    LearnError, ModelParts,
    columns::{columns, directions, own_effects, train_outcomes},
    folds::clusters,
    plan::{AlgorithmName, NewTrainingRun, SMALLEST_GROUP},
    prepare::Prepared,
    split::Rows,
    table::Table,
};
pub(super) use summary::{RowGroups, TreeSummary};
pub(super) use words::answer;

/// Places of the first and the second way, of a question in the model.
type Ways = [usize; 2];

/// A tree or a list with what others need of it.
pub(super) struct Grown {
    /// For the model document.
    pub parts: ModelParts,
    /// Positive outcomes among the train rows.
    pub events: usize,
    /// For the evaluation.
    pub summary: TreeSummary,
}

/// Learns from the train rows. Features that are nowhere asked for are no inputs of the model: nobody needs to be asked for them.
///
/// # Errors
/// [`LearnError::Invalid`] when the outcome is no outcome or has one class, when no feature tells the outcomes apart, when there are too
/// few rows, or when a setting does not fit the columns.
pub(super) fn fit(
    table: &Table,
    plan: &NewTrainingRun,
    prepared: &Prepared,
    rows: &Rows,
) -> Result<Grown, LearnError> {
    let y = train_outcomes(table, plan, rows)?;
    let inputs = own_effects(prepared);
    let columns = columns(table, &inputs, &rows.train)?;
    let clusters = clusters(table, plan, rows)?;
    let of_rows = clusters
        .as_ref()
        .map(|clusters| clusters.of_rows.as_slice());
    let pointer = clusters
        .as_ref()
        .map_or("/frameId", |clusters| clusters.pointer);
    let learned = if plan.algorithm == AlgorithmName::RuleList {
        let settings = RuleSettings {
            max_rules: plan
                .hyperparameters
                .most_rules
                .map_or(8, |most| most as usize),
            min_rule_rows: SMALLEST_GROUP,
            seed: u64::from(plan.seed),
            ..RuleSettings::default()
        };
        let list = match of_rows {
            Some(clusters) => RuleList::fit_clustered(&columns, &y, clusters, &settings),
            None => RuleList::fit(&columns, &y, &settings),
        };
        let list = list.map_err(|error| told(error, pointer))?;
        let common = list.inputs.iter().map(|input| input.levels.clone());
        Learned {
            leaves: (list.rules.iter().map(|rule| rule.here))
                .chain([*list.otherwise()])
                .collect(),
            inputs: with_levels(inputs, common),
            nodes: of_list(&list)?,
            given_up: list.dropped,
        }
    } else {
        let settings = settings(plan, &inputs)?;
        let tree = match of_rows {
            Some(clusters) => Tree::fit_clustered(&columns, &y, clusters, &settings),
            None => Tree::fit(&columns, &y, &settings),
        };
        let tree = tree.map_err(|error| told(error, pointer))?;
        let common = tree.inputs.iter().map(|input| input.levels.clone());
        Learned {
            leaves: tree.leaves().map(|(_, leaf)| leaf.counted).collect(),
            inputs: with_levels(inputs, common),
            nodes: of_tree(&tree)?,
            given_up: tree.merged,
        }
    };
    let fit = learned.fit();
    let inputs: Vec<Input> = learned
        .inputs
        .into_iter()
        .map(|(input, _)| input)
        .filter(|input| {
            let asked = fit.nodes.iter().flat_map(|node| &node.split);
            asked.into_iter().any(|split| split.input == input.name)
        })
        .collect();
    let mut summary = TreeSummary::new(&fit, &inputs, &learned.leaves, y.len(), learned.given_up);
    summary.groups = clusters.map(|clusters| RowGroups {
        column: clusters.column.to_owned(),
        estimating: learned.nodes.first().and_then(|(root, _)| root.clusters),
    });
    let algorithm = if plan.algorithm == AlgorithmName::RuleList {
        Algorithm::RuleList(fit)
    } else {
        Algorithm::DecisionTree(fit)
    };
    Ok(Grown {
        parts: ModelParts { inputs, algorithm },
        events: y.iter().filter(|y| **y).count(),
        summary,
    })
}

/// An input, and of a category the levels that were told apart.
type Leveled = (Input, Option<Vec<String>>);

/// A tree or a list in the order of the model, before questions have names.
struct Learned {
    inputs: Vec<Leveled>,
    nodes: Vec<(Counted, Option<Question>)>,
    /// What is said where questions end, in the order of the nodes.
    leaves: Vec<Counted>,
    given_up: usize,
}

/// A question about an input.
struct Question {
    input: usize,
    test: Asks,
    is_missing_first: bool,
    are_others_first: bool,
    ways: Ways,
}

enum Asks {
    AtMost(f64),
    Above(f64),
    OneOf(Vec<String>),
    Known(bool),
}

impl Learned {
    fn fit(&self) -> TreeFit {
        let nodes = self.nodes.iter().map(|(counted, question)| {
            let [lower, upper] = counted.interval.unwrap_or([0.0, 1.0]);
            TreeNode {
                score: counted.score(),
                rows: counted.rows,
                lower,
                upper,
                split: question.as_ref().map(|question| self.split(question)),
            }
        });
        TreeFit {
            nodes: nodes.collect(),
        }
    }

    fn split(&self, question: &Question) -> TreeSplit {
        let (input, common) = &self.inputs[question.input];
        let test = match &question.test {
            Asks::AtMost(cut) => TreeTest::AtMost(*cut),
            Asks::Above(cut) => TreeTest::Above(*cut),
            Asks::Known(known) => TreeTest::Known(*known),
            Asks::OneOf(levels) => {
                // All levels that go first by name: of those that are rare the model says so too.
                let is_first = |level: &String| {
                    let is_common = common.iter().flatten().any(|common| common == level);
                    if is_common {
                        levels.contains(level)
                    } else {
                        question.are_others_first
                    }
                };
                let all = input.categories.iter().map(|category| &category.level);
                TreeTest::OneOf(all.filter(|level| is_first(level)).cloned().collect())
            }
        };
        let [first, second] = question.ways.map(|way| way as u64);
        TreeSplit {
            input: input.name.clone(),
            test,
            missing: if question.is_missing_first {
                Way::First
            } else {
                Way::Second
            },
            first,
            second,
        }
    }
}

fn of_tree(tree: &Tree) -> Result<Vec<(Counted, Option<Question>)>, LearnError> {
    let question = |split: &Split| {
        let is_category = tree.inputs[split.input].levels.is_some();
        Ok(Question {
            input: split.input,
            test: match &split.test {
                Test::AtMost(cut) => Asks::AtMost(*cut),
                Test::OneOf(levels) => Asks::OneOf(levels.clone()),
                // A category that is missing is a level.
                Test::Known if is_category => {
                    return Err(LearnError::internal("a category that is not known"));
                }
                Test::Known => Asks::Known(true),
            },
            is_missing_first: split.is_missing_first,
            are_others_first: split.are_others_first,
            ways: [split.first, split.second],
        })
    };
    tree.nodes
        .iter()
        .map(|node| Ok((node.counted, node.split.as_ref().map(question).transpose()?)))
        .collect()
}

fn of_list(list: &RuleList) -> Result<Vec<(Counted, Option<Question>)>, LearnError> {
    let mut nodes = Vec::new();
    let mut before = list.everybody;
    for rule in &list.rules {
        let [condition] = rule.conditions.as_slice() else {
            return Err(LearnError::internal("a rule of several conditions"));
        };
        let is_missing = matches!(condition, Condition::Missing { .. });
        let question = Question {
            input: condition.input(),
            test: match condition {
                Condition::AtMost { cut, .. } => Asks::AtMost(*cut),
                Condition::Above { cut, .. } => Asks::Above(*cut),
                Condition::OneOf { levels, .. } => Asks::OneOf(levels.clone()),
                Condition::Missing { .. } => Asks::Known(false),
            },
            is_missing_first: is_missing,
            are_others_first: false,
            ways: [nodes.len() + 1, nodes.len() + 2],
        };
        nodes.push((before, Some(question)));
        nodes.push((rule.here, None));
        before = rule.left;
    }
    nodes.push((before, None));
    Ok(nodes)
}

/// Inputs with the levels that were told apart. A level that was never seen counts as a rare one, where there are rare ones.
fn with_levels(
    inputs: Vec<Input>,
    common: impl Iterator<Item = Option<Vec<String>>>,
) -> Vec<Leveled> {
    let leveled = inputs.into_iter().zip(common);
    leveled
        .map(|(mut input, common)| {
            let is_rare = |level: &&String| !common.iter().flatten().any(|one| one == *level);
            let mut levels = input.categories.iter().map(|category| &category.level);
            if let Some(level) = levels.find(is_rare).cloned() {
                input.unknown_category = Some(UnknownCategory::Level { level });
            }
            (input, common)
        })
        .collect()
}

fn settings(plan: &NewTrainingRun, inputs: &[Input]) -> Result<Settings, LearnError> {
    let asked = &plan.hyperparameters;
    let default = Settings::default();
    Ok(Settings {
        max_depth: asked
            .max_depth
            .map_or(default.max_depth, |depth| depth as usize),
        min_leaf_rows: SMALLEST_GROUP,
        monotone: directions(plan, inputs)?,
        seed: u64::from(plan.seed),
        ..default
    })
}

/// * `pointer` – what says which rows belong together
fn told(error: TreeError, pointer: &str) -> LearnError {
    let text = error.to_string();
    match error {
        TreeError::OneClass(_) => LearnError::one_class(),
        TreeError::TooFewRows { .. } => LearnError::fault("/frameId", "too-few-rows", text),
        TreeError::TooFewClusters { .. } => LearnError::fault(pointer, "too-few-groups", text),
        TreeError::NothingFound => LearnError::fault(
            "/features",
            "nothing-told",
            "no feature tells the outcomes apart better than chance: the answer would be the same for everybody",
        ),
        other => LearnError::internal(other),
    }
}
