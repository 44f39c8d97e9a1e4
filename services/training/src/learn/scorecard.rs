//! Scorecards: learned, and laid down as a model of whole points.

mod summary;

use helder_evaluation::{Evaluation, evaluate};
use helder_glm::GlmError;
use helder_model::{
    Algorithm, Curve, Input, InputPoints, MissingRule, Model, PointsFit, Side, TermsFit,
    UnknownCategory,
};
use helder_scorecard::{
    BinSettings, Bins, CardInput, CardSettings, Column as CardColumn, ScorecardError, Trend, Value,
    fit as make,
};
use helder_types::column::Direction;

use super::{
    LearnError, ModelParts,
    columns::{Values, directions, own_effect, train_outcomes},
    judge::score,
    plan::{NewTrainingRun, SMALLEST_GROUP},
    prepare::Prepared,
    regress::outcomes,
    split::Rows,
    table::Table,
};
pub(super) use summary::{InputSummary, RoundingCost, ScorecardSummary};

/// A card with what others need of it.
pub(super) struct Carded {
    /// For the model document.
    pub parts: ModelParts,
    /// The same weights before they were rounded to points.
    pub unrounded: ModelParts,
    /// Positive outcomes among the train rows.
    pub events: usize,
    /// For the evaluation.
    pub summary: ScorecardSummary,
}

impl Values<'_> {
    fn column(&self) -> CardColumn<'_> {
        match self {
            Self::Numbers(values) => CardColumn::Numbers(values),
            Self::Levels(values) => CardColumn::Levels(values),
        }
    }

    fn points(&self, input: &CardInput) -> Vec<u32> {
        match self {
            Self::Numbers(values) => values
                .iter()
                .map(|value| input.points_of(Value::Number(*value)))
                .collect(),
            Self::Levels(values) => values
                .iter()
                .map(|value| input.points_of(Value::Level(*value)))
                .collect(),
        }
    }

    /// Rows without a value.
    fn missing(&self) -> usize {
        match self {
            Self::Numbers(values) => values.iter().filter(|value| value.is_none()).count(),
            Self::Levels(values) => values.iter().filter(|value| value.is_none()).count(),
        }
    }
}

/// Makes a card of the train rows. Features that are not on it are no inputs of the model: nobody needs to be asked for them.
///
/// # Errors
/// [`LearnError::Invalid`] when the outcome is no outcome or has one class, when no feature tells the outcomes apart, or when a
/// setting does not fit the columns.
pub(super) fn fit(
    table: &Table,
    plan: &NewTrainingRun,
    prepared: &Prepared,
    rows: &Rows,
) -> Result<Carded, LearnError> {
    let y = train_outcomes(table, plan, rows)?;
    let settings = settings(plan, &prepared.inputs)?;
    let worked = prepared
        .inputs
        .iter()
        .map(|input| table.worked(input))
        .collect::<Result<Vec<_>, LearnError>>()?;
    let each = worked.iter();
    let values: Vec<Values<'_>> = each.map(|column| Values::of(column, &rows.train)).collect();
    let named = prepared.inputs.iter().zip(&values);
    let columns: Vec<(&str, CardColumn<'_>)> = named
        .map(|(input, values)| (input.name.as_str(), values.column()))
        .collect();
    let card = make(&columns, &y, &settings).map_err(told)?;
    let mut inputs = Vec::new();
    let (mut points, mut curves, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for part in &card.inputs {
        let known = prepared.inputs.iter().zip(&values);
        let (input, values) = known
            .into_iter()
            .find(|(input, _)| input.name == part.name)
            .ok_or_else(|| LearnError::internal("a column that nobody gave"))?;
        let mut input = own_effect(input.clone());
        // A level that was never seen is a rare one, where rare ones have a bin.
        if let Some(level) = rare(&input, &part.bins).into_iter().next() {
            input.unknown_category = Some(UnknownCategory::Level { level });
        }
        let side = side(&input, &part.bins);
        let of_rows = values.points(part);
        let sum: u64 = of_rows.iter().map(|points| u64::from(*points)).sum();
        let scores = scores(&input, part);
        points.push(InputPoints {
            side: side.clone(),
            points: steps(&input, part.missing_points, &part.points),
            mean: sum as f64 / of_rows.len() as f64,
        });
        curves.push(Curve {
            side,
            standard_errors: vec![0.0; scores.len()],
            deviations: Vec::new(),
            scores,
        });
        told.push(InputSummary::new(part, &input, values.missing()));
        inputs.push(input);
    }
    let fit = PointsFit {
        intercept: card.intercept,
        per_point: card.per_point,
        inputs: points,
    };
    Ok(Carded {
        events: y.iter().filter(|y| **y).count(),
        summary: ScorecardSummary::new(&card, &fit, told),
        unrounded: ModelParts {
            inputs: inputs.clone(),
            algorithm: Algorithm::ExplainableBoosting(TermsFit {
                intercept: card.unrounded_intercept,
                bags: None,
                curves,
                pairs: Vec::new(),
                edits: Vec::new(),
            }),
        },
        parts: ModelParts {
            inputs,
            algorithm: Algorithm::Scorecard(fit),
        },
    })
}

/// What rounding costs on the rows that the model is judged by.
///
/// # Errors
/// [`LearnError::Internal`] when the rows that were judged cannot be judged again.
pub(super) fn cost(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    rounded: &Evaluation,
    unrounded: &Model,
) -> Result<RoundingCost, LearnError> {
    let outcomes = outcomes(table, plan)?;
    let y: Vec<bool> = rows.test.iter().map(|&row| outcomes[row]).collect();
    let p = score(table, unrounded, &rows.test)?;
    let unrounded = evaluate(&y, &p, &[]).map_err(LearnError::internal)?;
    Ok(RoundingCost {
        auc: rounded.auc.value,
        auc_unrounded: unrounded.auc.value,
        log_loss: rounded.log_loss,
        log_loss_unrounded: unrounded.log_loss,
    })
}

fn settings(plan: &NewTrainingRun, inputs: &[Input]) -> Result<CardSettings, LearnError> {
    let asked = &plan.hyperparameters;
    let default = CardSettings::default();
    let trend = |(name, direction)| match direction {
        Direction::Rising => (name, Trend::Ascending),
        Direction::Falling => (name, Trend::Descending),
    };
    let trends = directions(plan, inputs)?.into_iter().map(trend).collect();
    Ok(CardSettings {
        bins: BinSettings {
            max_bins: asked
                .most_bins
                .map_or(default.bins.max_bins, |most| most as usize),
            min_of_each: SMALLEST_GROUP as u64,
            ..default.bins
        },
        most_points: asked.most_points.unwrap_or(default.most_points),
        trends,
        ..default
    })
}

fn side(input: &Input, bins: &Bins) -> Side {
    let (cuts, levels) = match bins {
        Bins::Numbers { edges, .. } => (Some(edges.clone()), None),
        Bins::Levels { groups, .. } => {
            let rare = rare(input, bins);
            let levels = groups.iter().map(|group| {
                let more = rare.iter().filter(|_| group.takes_others).cloned();
                group.levels.iter().cloned().chain(more).collect()
            });
            (None, Some(levels.collect()))
        }
    };
    Side {
        input: input.name.clone(),
        cuts,
        levels,
    }
}

/// Levels too rare to stand by themselves; they share a bin.
fn rare(input: &Input, bins: &Bins) -> Vec<String> {
    let Bins::Levels { groups, .. } = bins else {
        return Vec::new();
    };
    let is_named = |level: &String| groups.iter().any(|group| group.levels.contains(level));
    let levels = input.categories.iter().map(|category| &category.level);
    levels.filter(|level| !is_named(level)).cloned().collect()
}

/// One per step of the model, that of the missing value first where it has one.
fn steps<T: Copy>(input: &Input, missing: T, values: &[T]) -> Vec<T> {
    let first = (input.missing == MissingRule::OwnEffect).then_some(missing);
    first.into_iter().chain(values.iter().copied()).collect()
}

/// Log odds before rounding.
fn scores(input: &Input, part: &CardInput) -> Vec<f64> {
    let of = |weight: f64| part.coefficient * weight;
    let missing = part
        .bins
        .missing()
        .map_or(0.0, |bin| of(bin.weight_of_evidence));
    let values: Vec<f64> = part
        .bins
        .bins()
        .iter()
        .map(|bin| of(bin.weight_of_evidence))
        .collect();
    steps(input, missing, &values)
}

fn told(error: ScorecardError) -> LearnError {
    let text = error.to_string();
    match error {
        ScorecardError::OneClass { .. } => LearnError::one_class(),
        ScorecardError::NothingLeft => LearnError::fault(
            "/features",
            "nothing-told",
            "no feature tells the outcomes apart in bins of at least 10 rows with each outcome",
        ),
        ScorecardError::NotEstimated(
            GlmError::Separation { .. } | GlmError::NotConverged { .. },
        ) => LearnError::fault(
            "/features",
            "separation",
            "the features together tell the outcome without error, so no finite weight exists: leave the strongest out",
        ),
        ScorecardError::NotEstimated(GlmError::TooFewRows { .. }) => {
            LearnError::fault("/frameId", "too-few-rows", text)
        }
        other => LearnError::internal(other),
    }
}
