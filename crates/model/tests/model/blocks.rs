//! Many rows at once say what each says alone.

use helder_model::{
    Answer, Answers, Block, Input, InputType, Model, Row, Scorer, Value, ValueFault,
    scorer::{BlockFault, Incomplete},
};
use proptest::prelude::*;

use crate::{
    advice::advised,
    boosting::boosted,
    cards::card,
    curves::{curved, curved_hazard},
    edits::{bagged, edited},
    examples::{groups, minimal, regression, visits, wide},
    hazards::{lasting, leaving},
    intervals::leaving_by_quarter,
    regressions::{odds, rates},
    trees::{rules, tree},
};

fn families() -> Vec<Model> {
    vec![
        regression(),
        minimal(),
        groups(),
        boosted(),
        visits(),
        card(),
        bagged(),
        edited(),
        advised(),
        rules(),
        tree(),
        leaving(),
        leaving_by_quarter(),
        lasting(),
        curved(),
        curved_hazard(),
        odds(),
        rates(),
        wide(&[0.0, 1.5, -1.5, 1e300, 0.25, 0.25], &[1.0; 6]),
    ]
}

/// Any value that an input could be sent, refused ones too.
fn value(input: &Input) -> BoxedStrategy<Value<'static>> {
    let numbers = prop_oneof![
        8 => -50.0..200_000.0_f64,
        4 => (-5..60).prop_map(f64::from),
        1 => proptest::num::f64::NORMAL,
    ];
    let known = match input.kind {
        InputType::Number => numbers.prop_map(Value::Number).boxed(),
        InputType::Integer => prop_oneof![-5..80_i64, 0..200_000_i64]
            .prop_map(Value::Integer)
            .boxed(),
        InputType::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        InputType::Category => {
            let levels = input.categories.iter().map(|category| &category.level);
            let levels = levels.map(|level| &*String::leak(level.clone()));
            let levels: Vec<&'static str> = levels.chain(["onbekend"]).collect();
            proptest::sample::select(levels)
                .prop_map(Value::Text)
                .boxed()
        }
    };
    prop_oneof![9 => known, 1 => Just(Value::Null)].boxed()
}

type Table = Vec<Vec<Value<'static>>>;

fn model_and_rows() -> impl Strategy<Value = (Model, Table)> {
    proptest::sample::select(families()).prop_flat_map(|model| {
        let row: Vec<_> = model.inputs.iter().map(value).collect();
        let rows = proptest::collection::vec(row, 0..=Block::ROWS);
        (Just(model), rows)
    })
}

/// The rows that the model accepts, with their values.
fn accepted(scorer: &Scorer, table: &Table) -> Vec<(Row, Vec<Value<'static>>)> {
    let rows = table.iter().filter_map(|values| {
        let mut row = scorer.row();
        let mut set = values.iter().enumerate();
        set.all(|(input, value)| scorer.set(&mut row, input, *value).is_ok())
            .then(|| (row, values.clone()))
    });
    rows.collect()
}

fn bits(answer: &Answer) -> Vec<u64> {
    let ends = answer.interval.map(|of| [of.lower, of.upper]);
    let nearest = answer.nearest;
    [answer.score, answer.base_score]
        .into_iter()
        .chain(answer.probability)
        .chain([f64::NAN])
        .chain(answer.value)
        .chain([f64::NAN])
        .chain(ends.into_iter().flatten())
        .chain(nearest.map(|of| of.squared_distance))
        .chain(answer.contributions.iter().copied())
        .map(f64::to_bits)
        .chain(nearest.map(|of| of.group as u64))
        .chain(answer.points.iter().map(|points| u64::from(*points)))
        .chain(answer.order.iter().map(|place| *place as u64))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_block_answers_every_row_of_every_family_to_the_last_bit((model, table) in model_and_rows()) {
        let scorer = Scorer::new(&model).unwrap();
        let rows = accepted(&scorer, &table);
        let (mut block, mut by_column) = (scorer.block(), scorer.block());
        for (row, _) in &rows {
            scorer.push(&mut block, row).unwrap();
        }
        for input in 0..model.inputs.len() {
            let values = rows.iter().map(|(_, values)| values[input]);
            scorer.set_column(&mut by_column, input, values).unwrap();
        }
        let (mut answers, mut again) = (Answers::default(), Answers::default());
        scorer.score_block(&block, &mut answers).unwrap();
        // Buffers that were used for other rows change nothing.
        scorer.score_block(&block, &mut again).unwrap();
        scorer.score_block(&by_column, &mut again).unwrap();
        prop_assert_eq!(answers.rows(), rows.len());
        let (mut alone, mut together) = (Answer::default(), Answer::default());
        let (mut three, mut six) = (Vec::new(), Vec::new());
        answers.largest::<3>(&mut three);
        answers.largest::<6>(&mut six);
        let mut copied = scorer.row();
        for (place, (row, _)) in rows.iter().enumerate() {
            scorer.score(row, &mut alone).unwrap();
            for of in [&answers, &again] {
                of.copy(place, &mut together);
                prop_assert_eq!(bits(&together), bits(&alone), "row {} of {}", place, model.name);
            }
            block.copy_row(place, &mut copied);
            prop_assert_eq!(&copied, row);
            let mut order = alone.order.clone();
            order.resize(6.max(order.len()), scorer.terms().len());
            prop_assert_eq!(&three[place][..], &order[..3]);
            prop_assert_eq!(&six[place][..], &order[..6]);
            for (term, contribution) in alone.contributions.iter().enumerate() {
                prop_assert_eq!(answers.contributions(term)[place].to_bits(), contribution.to_bits());
            }
        }
    }
}

#[test]
fn a_block_with_columns_of_two_lengths_is_not_scored() {
    let scorer = Scorer::new(&regression()).unwrap();
    let mut block = scorer.block();
    let two = [Value::Integer(1), Value::Integer(2)];
    scorer.set_column(&mut block, 0, two).unwrap();
    scorer.set_column(&mut block, 4, two[..1].to_vec()).unwrap();
    assert_eq!(
        scorer.score_block(&block, &mut Answers::default()),
        Err(Incomplete(vec![1, 2, 3, 4]))
    );
}

#[test]
fn a_full_block_an_incomplete_row_and_a_refused_value_are_told() {
    let scorer = Scorer::new(&minimal()).unwrap();
    let (mut block, mut row) = (scorer.block(), scorer.row());
    assert!(matches!(
        scorer.push(&mut block, &row),
        Err(BlockFault::Incomplete(_))
    ));
    let fault = scorer.set_column(&mut block, 0, [Value::Number(1.0), Value::Text("een")]);
    assert!(
        matches!(
            fault,
            Err(BlockFault::Value {
                row: 1,
                fault: ValueFault::WantsNumber
            })
        ),
        "{fault:?}"
    );
    block.clear();
    scorer.set(&mut row, 0, Value::Number(1.0)).unwrap();
    for _ in 0..Block::ROWS {
        scorer.push(&mut block, &row).unwrap();
    }
    assert!(block.is_full());
    assert_eq!(scorer.push(&mut block, &row), Err(BlockFault::Full));
    let many = vec![Value::Number(1.0); Block::ROWS + 1];
    assert_eq!(
        scorer.set_column(&mut block, 0, many),
        Err(BlockFault::Full)
    );
    let beyond = scorer.set_column(&mut block, 9, [Value::Null]);
    assert!(matches!(
        beyond,
        Err(BlockFault::Value {
            fault: ValueFault::UnknownInput,
            ..
        })
    ));
}
