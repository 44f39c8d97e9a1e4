//! Curves and tables of any size give, to the bit, what reading them off one by one gives.

use helder_model::{
    Algorithm, Answer, Bags, Calibration, Curve, Deviations, InputType, MissingRule, Model,
    PairTable, Scorer, Side, TermsFit, Value,
};

use crate::examples::{input, regression};

/// Numbers without a pattern, the same ones always.
struct Scattered(u64);

impl Scattered {
    fn share(&mut self) -> f64 {
        self.0 = (self.0)
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.share() * end as f64) as usize
    }

    /// Cuts that crowd at the lower end, as those of amounts do.
    fn side(&mut self, input: &str, steps: usize) -> Side {
        let mut cuts: Vec<f64> = (1..steps)
            .map(|_| (self.share() * 12.0).exp() - 5.0)
            .collect();
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        Side {
            input: input.to_owned(),
            cuts: Some(cuts),
            levels: None,
        }
    }

    /// Some equal, some zero.
    fn score(&mut self) -> f64 {
        match self.below(5) {
            0 => 0.0,
            1 => -0.25,
            _ => self.share() - 0.5,
        }
    }

    fn deviations(&mut self, bags: usize, largest: f64) -> Deviations {
        let mut one = || ((self.share() - 0.5) * 2.0 * largest) as i32;
        Deviations((0..bags).map(|_| one()).collect())
    }
}

fn made(curves: usize, pairs: usize, bags: usize, largest: f64) -> Model {
    let mut scattered = Scattered((curves * 1_000 + pairs * 100 + bags) as u64);
    let mut model = regression();
    model.calibration = Calibration::None;
    let number = |place: usize| {
        let rule = MissingRule::OwnEffect;
        input(&format!("x{place}"), InputType::Number, rule)
    };
    model.inputs = (0..curves).map(number).collect();
    let mut curve = |place: usize| {
        let steps = 2 + scattered.below(150);
        let side = scattered.side(&format!("x{place}"), steps);
        let steps = side.steps() + 1;
        Curve {
            side,
            scores: (0..steps).map(|_| scattered.score()).collect(),
            standard_errors: vec![0.1; steps],
            deviations: (0..steps)
                .map(|_| scattered.deviations(bags, largest))
                .collect(),
        }
    };
    let curves: Vec<Curve> = (0..curves).map(&mut curve).collect();
    let mut pair = |place: usize| {
        let first = curves[place].side.clone();
        let second = scattered.side(&format!("x{}", place + 1), 9);
        let (down, across) = (first.steps() + 1, second.steps() + 1);
        PairTable {
            first,
            second,
            scores: (0..down)
                .map(|_| (0..across).map(|_| scattered.score()).collect())
                .collect(),
            standard_errors: vec![vec![0.1; across]; down],
            deviations: (0..down)
                .map(|_| {
                    (0..across)
                        .map(|_| scattered.deviations(bags, largest))
                        .collect()
                })
                .collect(),
        }
    };
    let pairs = (0..pairs).map(&mut pair).collect();
    model.algorithm = Algorithm::ExplainableBoosting(TermsFit {
        intercept: -1.3,
        bags: Some(Bags {
            factor: 2.38,
            unit: 1e-5,
            intercept: scattered.deviations(bags, largest),
        }),
        edits: Vec::new(),
        curves,
        pairs,
    });
    model
}

fn step(side: &Side, value: Option<f64>) -> usize {
    let Some(value) = value else { return 0 };
    let cuts = side.cuts.iter().flatten();
    1 + cuts.filter(|cut| **cut <= value).count()
}

/// Contributions, their order, the score and the ends of the interval, one by one from the stored model.
fn read_off(model: &Model, values: &[Option<f64>]) -> (Vec<u64>, Vec<usize>) {
    let Algorithm::ExplainableBoosting(fit) = &model.algorithm else {
        unreachable!("a boosting");
    };
    let bags = fit.bags.as_ref().unwrap();
    let mut sums: Vec<f64> = bags.intercept.0.iter().map(|d| f64::from(*d)).collect();
    let mut add = |deviations: &Deviations| {
        for (sum, deviation) in sums.iter_mut().zip(&deviations.0) {
            *sum += f64::from(*deviation as f32);
        }
    };
    let mut contributions = Vec::new();
    for (curve, value) in fit.curves.iter().zip(values) {
        let step = step(&curve.side, *value);
        contributions.push(curve.scores[step]);
        add(&curve.deviations[step]);
    }
    for pair in &fit.pairs {
        let value = |side: &Side| values[side.input[1..].parse::<usize>().unwrap()];
        let [down, across] = [&pair.first, &pair.second].map(|side| step(side, value(side)));
        contributions.push(pair.scores[down][across]);
        add(&pair.deviations[down][across]);
    }
    let score = contributions.iter().fold(fit.intercept, |sum, c| sum + c);
    let squares: f64 = sums.iter().map(|sum| sum * sum).sum();
    let half = 1.959_963_984_540_054
        * (bags.unit * (bags.factor * (squares / (sums.len().max(2) - 1) as f64).sqrt()));
    let logistic = |score: f64| {
        if score >= 0.0 {
            1.0 / (1.0 + (-score).exp())
        } else {
            score.exp() / (1.0 + score.exp())
        }
    };
    let mut order: Vec<usize> = (0..contributions.len()).collect();
    order.sort_by(|a, b| contributions[*b].abs().total_cmp(&contributions[*a].abs()));
    let ends = [score - half, score, score + half].map(logistic);
    let numbers = contributions.into_iter().chain([score]).chain(ends);
    (numbers.map(f64::to_bits).collect(), order)
}

fn answered(answer: &Answer) -> (Vec<u64>, Vec<usize>) {
    let interval = answer.interval.unwrap();
    let ends = [
        answer.score,
        interval.lower,
        answer.probability.unwrap(),
        interval.upper,
    ];
    let numbers = answer.contributions.iter().copied().chain(ends);
    (numbers.map(f64::to_bits).collect(), answer.order.clone())
}

#[test]
fn scores_contributions_order_and_intervals_are_those_read_off_one_by_one_to_the_bit() {
    for (curves, pairs, bags, largest) in [
        (1, 0, 2, 1e3),
        (6, 5, 14, 3e4),
        (20, 10, 14, 3e4),
        (30, 20, 20, 3e4),
        (60, 30, 33, 3e4),
        // Beyond what 32 bits hold exactly, one by one and together.
        (5, 3, 8, 2e9),
        (40, 30, 16, 1.6e7),
    ] {
        let model = made(curves, pairs, bags, largest);
        let scorer = Scorer::new(&model).unwrap();
        let (mut row, mut answer) = (scorer.row(), Answer::default());
        let mut scattered = Scattered(7);
        for _ in 0..300 {
            let mut value =
                || (scattered.below(10) > 0).then(|| (scattered.share() * 13.0).exp() - 10.0);
            let values: Vec<Option<f64>> = (0..curves).map(|_| value()).collect();
            row.clear();
            for (place, value) in values.iter().enumerate() {
                let value = value.map_or(Value::Null, Value::Number);
                scorer.set(&mut row, place, value).unwrap();
            }
            scorer.score(&row, &mut answer).unwrap();
            assert_eq!(answered(&answer), read_off(&model, &values));
        }
    }
}
