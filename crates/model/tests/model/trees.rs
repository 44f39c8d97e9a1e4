//! Trees and rule lists: stored, refused when they do not fit, and followed with a finger.

use helder_model::{
    Algorithm, Answer, Calibration, InputType, MissingRule, Model, Reasons, Scorer, TreeFit,
    TreeNode, TreeSplit, TreeTest, Value, WarningKind, Way,
};
use serde_json::{Value as Json, json};

use crate::examples::{input, regression};

fn node(score: f64, rows: u64, [lower, upper]: [f64; 2]) -> TreeNode {
    TreeNode {
        score,
        rows,
        lower,
        upper,
        split: None,
    }
}

fn asks(
    mut node: TreeNode,
    name: &str,
    test: TreeTest,
    missing: Way,
    [first, second]: [u64; 2],
) -> TreeNode {
    node.split = Some(TreeSplit {
        input: name.to_owned(),
        test,
        missing,
        first,
        second,
    });
    node
}

fn levels(levels: &[&str]) -> TreeTest {
    TreeTest::OneOf(levels.iter().map(|level| (*level).to_owned()).collect())
}

fn base(name: &str) -> Model {
    let mut model = regression();
    name.clone_into(&mut model.name);
    model.calibration = Calibration::None;
    let arrears = input(
        "huurachterstand",
        InputType::Integer,
        MissingRule::OwnEffect,
    );
    let home = MissingRule::Level {
        level: "overig".to_owned(),
    };
    model.inputs = vec![
        arrears,
        input("bijstand", InputType::Boolean, MissingRule::Reject),
        input("woonvorm", InputType::Category, home),
    ];
    model
}

/// Arrears, then benefit for those with few, or the home and then arrears again for those with many.
pub(crate) fn tree() -> Model {
    let mut model = base("homelessness-tree");
    model.algorithm = Algorithm::DecisionTree(TreeFit {
        nodes: vec![
            asks(
                node(-2.0, 600, [0.09, 0.15]),
                "huurachterstand",
                TreeTest::AtMost(50_000.0),
                Way::Second,
                [1, 4],
            ),
            asks(
                node(-3.0, 400, [0.03, 0.08]),
                "bijstand",
                TreeTest::AtMost(0.5),
                Way::First,
                [2, 3],
            ),
            node(-4.0, 300, [0.0, 0.05]),
            node(-1.0, 100, [0.2, 0.35]),
            asks(
                node(0.1, 200, [0.45, 0.6]),
                "woonvorm",
                levels(&["huur", "overig"]),
                Way::First,
                [5, 8],
            ),
            asks(
                node(0.5, 150, [0.55, 0.7]),
                "huurachterstand",
                TreeTest::Known(true),
                Way::Second,
                [6, 7],
            ),
            node(0.8, 110, [0.6, 0.8]),
            node(-0.2, 40, [0.3, 0.6]),
            node(-0.9, 50, [0.15, 0.45]),
        ],
    });
    model
}

/// Three rules, the last for those whose arrears are not known.
pub(crate) fn rules() -> Model {
    let mut model = base("homelessness-rules");
    let everybody = node(-2.0, 600, [0.09, 0.15]);
    model.algorithm = Algorithm::RuleList(TreeFit {
        nodes: vec![
            asks(
                everybody,
                "huurachterstand",
                TreeTest::Above(50_000.0),
                Way::Second,
                [1, 2],
            ),
            node(0.6, 110, [0.5, 0.8]),
            asks(
                node(-2.4, 490, [0.05, 0.12]),
                "woonvorm",
                levels(&["huur"]),
                Way::Second,
                [3, 4],
            ),
            node(-1.0, 200, [0.2, 0.35]),
            asks(
                node(-2.8, 290, [0.03, 0.09]),
                "bijstand",
                TreeTest::Above(0.5),
                Way::Second,
                [5, 6],
            ),
            node(-1.5, 100, [0.1, 0.3]),
            asks(
                node(-3.4, 190, [0.01, 0.06]),
                "huurachterstand",
                TreeTest::Known(false),
                Way::First,
                [7, 8],
            ),
            node(-2.9, 20, [0.0, 0.3]),
            node(-3.5, 170, [0.01, 0.06]),
        ],
    });
    model
}

fn scored(model: &Model, values: [Value<'_>; 3]) -> Answer {
    let scorer = Scorer::new(model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    scorer.score(&row, &mut answer).unwrap();
    answer
}

#[test]
fn answers_are_those_of_the_leaf_that_the_questions_lead_to() {
    let whole = Value::Integer;
    let cases = [
        // Tree: leaf, and what each input changed on the way.
        (tree(), whole(50_000), false, "koop", 2, [-1.0, -1.0, 0.0]),
        (
            tree(),
            whole(50_001),
            true,
            "huur",
            6,
            [2.1 + 0.3, 0.0, 0.4],
        ),
        (
            tree(),
            Value::Null,
            true,
            "overig",
            7,
            [2.1 - 0.7, 0.0, 0.4],
        ),
        (tree(), Value::Null, true, "koop", 8, [2.1, 0.0, -1.0]),
        (rules(), whole(60_000), true, "huur", 1, [2.6, 0.0, 0.0]),
        (rules(), whole(3), true, "huur", 3, [-0.4, 0.0, 1.4]),
        (rules(), whole(3), true, "koop", 5, [-0.4, 1.3, -0.4]),
        (
            rules(),
            Value::Null,
            false,
            "koop",
            7,
            [-0.4 + 0.5, -0.6, -0.4],
        ),
        (
            rules(),
            whole(3),
            false,
            "koop",
            8,
            [-0.4 - 0.1, -0.6, -0.4],
        ),
    ];
    for (model, arrears, benefit, home, leaf, contributions) in cases {
        let answer = scored(
            &model,
            [arrears, Value::Boolean(benefit), Value::Text(home)],
        );
        let (Algorithm::DecisionTree(fit) | Algorithm::RuleList(fit)) = &model.algorithm else {
            panic!("no tree");
        };
        let leaf = &fit.nodes[leaf];
        assert!((answer.score - leaf.score).abs() < 1e-12, "{}", model.name);
        for (found, expected) in answer.contributions.iter().zip(contributions) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{:?}",
                answer.contributions
            );
        }
        let sum = answer
            .contributions
            .iter()
            .fold(answer.base_score, |sum, one| sum + one);
        assert_eq!(sum.to_bits(), answer.score.to_bits());
        let (interval, p) = (answer.interval.unwrap(), answer.probability.unwrap());
        assert_eq!(
            [interval.lower.to_bits(), interval.upper.to_bits()],
            [leaf.lower, leaf.upper].map(f64::to_bits)
        );
        assert!(interval.lower <= p && p <= interval.upper);
    }
}

#[test]
fn what_is_missing_or_unknown_is_told_and_what_was_not_asked_makes_no_difference() {
    let model = tree();
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    let values = [Value::Null, Value::Boolean(true), Value::Text("boot")];
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    scorer.score(&row, &mut answer).unwrap();
    let warnings: Vec<_> = scorer
        .warnings(&row)
        .map(|warning| (warning.input, warning.kind))
        .collect();
    assert_eq!(
        warnings,
        [
            (0, WarningKind::MissingCounts),
            (2, WarningKind::UnknownCategory)
        ]
    );
    let text = |term: usize| reasons.meaning(&row, term, answer.contributions[term]).nl;
    assert!(
        text(0).contains("niet bekend. Dit verhoogt de kans"),
        "{}",
        text(0)
    );
    assert!(
        text(1).ends_with("ja. Dit maakt voor de kans geen verschil."),
        "{}",
        text(1)
    );
}

#[test]
fn a_calibration_moves_the_interval_too() {
    let mut model = tree();
    let values = [
        Value::Integer(1),
        Value::Boolean(false),
        Value::Text("huur"),
    ];
    let before = scored(&model, values).interval.unwrap();
    let (intercept, slope) = (0.5, 0.8);
    model.calibration = Calibration::Logistic { intercept, slope };
    let after = scored(&model, values);
    let moved = |p: f64| 1.0 / (1.0 + (-(intercept + slope * (p / (1.0 - p)).ln())).exp());
    let interval = after.interval.unwrap();
    assert!(
        interval.lower.abs() < 1e-15 && before.lower.abs() < 1e-15,
        "0 stays 0"
    );
    assert!((interval.upper - moved(before.upper)).abs() < 1e-12);
    assert!(after.probability.unwrap() < interval.upper);
}

#[test]
fn what_does_not_fit_is_named() {
    let of_tree: [(&str, Json, &str); 13] = [
        ("/fitted/nodes", json!([]), "too-many"),
        ("/fitted/nodes/0/score", json!(3.0), "out-of-range"),
        ("/fitted/nodes/2/lower", json!(0.4), "out-of-range"),
        ("/fitted/nodes/2/upper", json!(1.4), "out-of-range"),
        (
            "/fitted/nodes/0/split/input",
            json!("inkomen"),
            "unknown-input",
        ),
        (
            "/fitted/nodes/0/split/input",
            json!("woonvorm"),
            "wrong-kind",
        ),
        ("/fitted/nodes/0/split/first", json!(0), "unknown-node"),
        ("/fitted/nodes/0/split/first", json!(4), "unknown-node"),
        ("/fitted/nodes/0/split/second", json!(99), "unknown-node"),
        ("/fitted/nodes/4/split/oneOf", json!(["tent"]), "wrong-kind"),
        (
            "/fitted/nodes/4/split/oneOf",
            json!(["huur", "huur"]),
            "wrong-kind",
        ),
        (
            "/fitted/nodes/5/split/missing",
            json!("first"),
            "wrong-kind",
        ),
        ("/algorithm", json!("rule_list"), "wrong-kind"),
    ];
    for (pointer, value, code) in of_tree {
        let mut tree = serde_json::to_value(tree()).unwrap();
        *tree.pointer_mut(pointer).unwrap() = value;
        let error = Model::from_json(&serde_json::to_vec(&tree).unwrap()).unwrap_err();
        let codes: Vec<&str> = error.0.iter().map(|fault| fault.code.as_str()).collect();
        assert!(codes.contains(&code), "{pointer}: {error:?}");
    }
    // Two tests in one question, and none.
    for (pointer, extra) in [
        ("/fitted/nodes/0/split", Some(json!(1))),
        ("/fitted/nodes/0/split", None),
    ] {
        let mut tree = serde_json::to_value(tree()).unwrap();
        let split = tree.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        match extra {
            Some(cut) => drop(split.insert("above".to_owned(), cut)),
            None => drop(split.remove("atMost")),
        }
        let error = Model::from_json(&serde_json::to_vec(&tree).unwrap()).unwrap_err();
        assert_eq!(error.0[0].code, "missing-field", "{error:?}");
    }
}
