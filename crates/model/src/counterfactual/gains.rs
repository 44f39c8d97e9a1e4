//! What a change of one input, or of two, does to the score of a row.

use crate::{Algorithm, Input, MissingRule, Model, Row, Side, TermsFit};

use super::change::Target;

/// How the score follows from the inputs.
#[derive(Clone, Debug)]
pub(super) enum Gains {
    /// Linear in numbers; a number per level of a category.
    Linear(Vec<Effect>),
    /// Curves and tables.
    Terms {
        curves: Vec<(Steps, Vec<f64>)>,
        pairs: Vec<Pair>,
    },
}

/// The effect of an input in a regression.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    Slope(f64),
    Levels(Vec<f64>),
}

/// The steps of an input.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    pub(super) cuts: Vec<f64>,
    missing: usize,
    /// Step per level.
    levels: Vec<usize>,
}

/// A table of two inputs.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) inputs: [usize; 2],
    sides: [Steps; 2],
    scores: Vec<Vec<f64>>,
}

impl Gains {
    /// `None` for a family whose answer cannot be taken apart by inputs.
    pub(super) fn new(model: &Model) -> Option<Self> {
        match &model.algorithm {
            Algorithm::LogisticRegression(fit) => Some(Self::linear(model, fit)),
            Algorithm::GeneralisedLinear(fit) => Some(Self::linear(model, &fit.linear)),
            Algorithm::ExplainableBoosting(fit) => Some(Self::terms(model, fit)),
            Algorithm::Scorecard(fit) => {
                let of = |part: &crate::InputPoints, input| {
                    let points = part.points.iter();
                    let scores = points.map(|points| f64::from(*points) * fit.per_point);
                    (Steps::new(&part.side, input), scores.collect())
                };
                let inputs = fit.inputs.iter().zip(&model.inputs);
                Some(Self::Terms {
                    curves: inputs.map(|(part, input)| of(part, input)).collect(),
                    pairs: Vec::new(),
                })
            }
            Algorithm::KMeans(_)
            | Algorithm::KPrototypes(_)
            | Algorithm::GaussianMixture(_)
            | Algorithm::DecisionTree(_)
            | Algorithm::RuleList(_)
            | Algorithm::CoxRegression(_)
            | Algorithm::HazardBoosting(_)
            | Algorithm::HazardRegression(_) => None,
        }
    }

    fn linear(model: &Model, fit: &crate::LinearFit) -> Self {
        let effect = |input: &Input| {
            let term = fit.category_terms.iter().find(|t| t.input == input.name);
            if let Some(term) = term {
                let of = |level: &str| {
                    let found = term.levels.iter().find(|known| known.level == level);
                    found.map_or(0.0, |known| known.coefficient)
                };
                return Effect::Levels(input.categories.iter().map(|c| of(&c.level)).collect());
            }
            let term = fit.linear_terms.iter().find(|t| t.input == input.name);
            Effect::Slope(term.map_or(0.0, |term| term.coefficient))
        };
        Self::Linear(model.inputs.iter().map(effect).collect())
    }

    fn terms(model: &Model, fit: &TermsFit) -> Self {
        let place = |name: &str| model.inputs.iter().position(|input| input.name == name);
        let pair = |pair: &crate::PairTable| {
            let inputs = [place(&pair.first.input)?, place(&pair.second.input)?];
            Some(Pair {
                inputs,
                sides: [
                    Steps::new(&pair.first, &model.inputs[inputs[0]]),
                    Steps::new(&pair.second, &model.inputs[inputs[1]]),
                ],
                scores: pair.scores.clone(),
            })
        };
        let curves = fit.curves.iter().zip(&model.inputs);
        Self::Terms {
            curves: curves
                .map(|(curve, input)| (Steps::new(&curve.side, input), curve.scores.clone()))
                .collect(),
            pairs: fit.pairs.iter().filter_map(pair).collect(),
        }
    }

    /// Every cut of an input at which something of the score changes, ascending.
    pub(super) fn cuts(&self, input: usize) -> Vec<f64> {
        let Self::Terms { curves, pairs } = self else {
            return Vec::new();
        };
        let mut cuts: Vec<f64> = curves
            .get(input)
            .map_or_else(Vec::new, |(s, _)| s.cuts.clone());
        for pair in pairs {
            for (side, of) in pair.sides.iter().zip(pair.inputs) {
                if of == input {
                    cuts.extend(&side.cuts);
                }
            }
        }
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        cuts
    }

    /// What changing one input adds to the score.
    pub(super) fn alone(&self, row: &Row, input: usize, to: Target) -> f64 {
        match self {
            Self::Linear(effects) => match (&effects[input], to) {
                (Effect::Slope(slope), Target::Number(to)) => {
                    slope * (to - row.number(input).unwrap_or(to))
                }
                (Effect::Slope(slope), Target::Boolean(to)) => {
                    let to = f64::from(u8::from(to));
                    slope * (to - row.number(input).unwrap_or(to))
                }
                (Effect::Levels(levels), Target::Level(to)) => {
                    let of = |level: usize| levels.get(level).copied().unwrap_or(0.0);
                    of(to) - row.level(input).map_or(0.0, of)
                }
                _ => 0.0,
            },
            Self::Terms { curves, pairs } => {
                let (steps, scores) = &curves[input];
                let of = |step: usize| scores.get(step).copied().unwrap_or(0.0);
                let mut gain = of(steps.of(to)) - of(steps.now(row, input));
                for pair in pairs.iter().filter(|pair| pair.inputs.contains(&input)) {
                    let now = pair.now(row);
                    gain += pair.score(pair.with(now, input, to)) - pair.score(now);
                }
                gain
            }
        }
    }

    /// The tables of two inputs that both can change.
    pub(super) fn pairs(&self) -> &[Pair] {
        match self {
            Self::Linear(_) => &[],
            Self::Terms { pairs, .. } => pairs,
        }
    }

    /// The slope of a number along which the score is a line.
    pub(super) fn slope(&self, input: usize) -> Option<f64> {
        match self {
            Self::Linear(effects) => match effects.get(input)? {
                Effect::Slope(slope) => Some(*slope),
                Effect::Levels(_) => None,
            },
            Self::Terms { .. } => None,
        }
    }
}

impl Pair {
    fn now(&self, row: &Row) -> [usize; 2] {
        [0, 1].map(|side| self.sides[side].now(row, self.inputs[side]))
    }

    fn with(&self, mut steps: [usize; 2], input: usize, to: Target) -> [usize; 2] {
        for side in [0, 1] {
            if self.inputs[side] == input {
                steps[side] = self.sides[side].of(to);
            }
        }
        steps
    }

    fn score(&self, [down, across]: [usize; 2]) -> f64 {
        let found = self.scores.get(down).and_then(|row| row.get(across));
        found.copied().unwrap_or(0.0)
    }

    /// What two changes add beyond what each adds alone: for each target of the first, for each of the second.
    pub(super) fn beyond(&self, row: &Row, targets: [&[Target]; 2]) -> Vec<Vec<f64>> {
        let now = self.now(row);
        let steps = [0, 1].map(|side| {
            let each = targets[side].iter();
            each.map(|to| self.sides[side].of(*to))
                .collect::<Vec<usize>>()
        });
        let beyond = |down: usize, across: usize| {
            self.score([down, across]) - self.score([down, now[1]]) - self.score([now[0], across])
                + self.score(now)
        };
        let row = |down: &usize| {
            steps[1]
                .iter()
                .map(|across| beyond(*down, *across))
                .collect()
        };
        steps[0].iter().map(row).collect()
    }
}

impl Steps {
    fn new(side: &Side, input: &Input) -> Self {
        let of = |level: &str| {
            let mut steps = side.levels.iter().flatten();
            steps.position(|step| step.iter().any(|known| known == level))
        };
        Self {
            cuts: side.cuts.clone().unwrap_or_default(),
            missing: usize::from(side.levels.is_none() && input.missing == MissingRule::OwnEffect),
            levels: input
                .categories
                .iter()
                .map(|c| of(&c.level).unwrap_or(0))
                .collect(),
        }
    }

    fn of(&self, to: Target) -> usize {
        let number = match to {
            Target::Level(level) => return self.levels.get(level).copied().unwrap_or(0),
            Target::Number(number) => number,
            Target::Boolean(value) => f64::from(u8::from(value)),
        };
        self.missing + self.cuts.partition_point(|cut| *cut <= number)
    }

    fn now(&self, row: &Row, input: usize) -> usize {
        match (row.level(input), row.number(input)) {
            (_, Some(number)) => self.of(Target::Number(number)),
            // A missing value that counts by itself has neither a number nor one of the levels.
            (Some(level), None) => self.levels.get(level).copied().unwrap_or(0),
            (None, None) => 0,
        }
    }
}
