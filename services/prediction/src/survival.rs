//! Outlooks of survival models as they go over the wire.

use helder_model::{Algorithm, Chance, Meaning, Model, Outlook, RiskClass, Row};

use crate::{
    served::Served,
    wire::{
        CauseAnswer, CauseContribution, ChanceAnswer, ComparableAnswer, ComparableCurve,
        CurveAnswer, Interval, MedianAnswer, SurvivalAnswer,
    },
};

/// Days of a month: a twelfth of a year of 365.25.
const MONTH: f64 = 30.4375;

/// What does not change per subject.
pub(crate) struct Ends {
    causes: Vec<(String, Meaning)>,
    classes: Vec<RiskClass>,
    /// Months of the horizons, rounded, for names of columns.
    pub(crate) months: Vec<u32>,
}

impl Ends {
    /// `None` for a model of another kind.
    pub(crate) fn of(model: &Model) -> Option<Self> {
        let Algorithm::CoxRegression(fit) = &model.algorithm else {
            return None;
        };
        let causes = fit
            .causes
            .iter()
            .map(|cause| (cause.name.clone(), cause.meaning.clone()));
        Some(Self {
            causes: causes.collect(),
            classes: fit.risk_classes.clone(),
            months: fit
                .horizons
                .iter()
                .map(|days| (days / MONTH).round() as u32)
                .collect(),
        })
    }

    /// Columns of a batch: the median, chances of lasting, then those of each cause, numbered from 1.
    pub(crate) fn columns(&self) -> Vec<String> {
        let months = || self.months.iter();
        let ended = (1..=self.causes.len())
            .flat_map(|cause| months().map(move |months| format!("ended_{cause}_{months}m")));
        std::iter::once("median_days".to_owned())
            .chain(months().map(|months| format!("lasting_{months}m")))
            .chain(ended)
            .collect()
    }

    /// How many causes there are.
    pub(crate) const fn n_causes(&self) -> usize {
        self.causes.len()
    }

    /// All that is told of one subject.
    pub(crate) fn told(&self, served: &Served, row: &Row, outlook: &Outlook) -> SurvivalAnswer {
        let causes = self.causes.iter().zip(&outlook.causes).enumerate();
        let causes = causes.map(|(place, ((name, meaning), cause))| CauseAnswer {
            cause: name.clone(),
            meaning: meaning.clone(),
            hazard_ratio: cause.score.clamp(-700.0, 700.0).exp(),
            chances: cause.ended.iter().map(chance).collect(),
            contributions: if place == 0 {
                Vec::new()
            } else {
                contributions(served, row, &cause.contributions)
            },
        });
        let median = outlook.median;
        SurvivalAnswer {
            text: in_words(median.time),
            median: MedianAnswer {
                days: median.time,
                lower: median.lower,
                upper: median.upper,
            },
            lasting: outlook.lasting.iter().map(chance).collect(),
            causes: causes.collect(),
            comparable: outlook.risk_class.and_then(|class| self.comparable(class)),
            curve: outlook.curve.as_ref().map(|curve| CurveAnswer {
                days: curve.time.clone(),
                lasting: curve.lasting.clone(),
                ended: curve.ended.clone(),
            }),
        }
    }

    fn comparable(&self, place: usize) -> Option<ComparableAnswer> {
        let class = self.classes.get(place)?;
        let ended = class.ended.iter().map(|curve| ComparableCurve {
            days: curve.time.clone(),
            share: curve.share.clone(),
            lower: curve.lower.clone(),
            upper: curve.upper.clone(),
        });
        Some(ComparableAnswer {
            class: place as u64 + 1,
            classes: self.classes.len() as u64,
            rows: class.rows,
            ended: ended.collect(),
        })
    }
}

fn chance(chance: &Chance) -> ChanceAnswer {
    ChanceAnswer {
        months: chance.time / MONTH,
        chance: chance.chance,
        interval: chance.interval.map(|interval| Interval {
            level: 0.95,
            lower: interval.lower,
            upper: interval.upper,
        }),
        is_beyond_training: chance.is_beyond,
    }
}

fn contributions(served: &Served, row: &Row, values: &[f64]) -> Vec<CauseContribution> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].abs().total_cmp(&values[*a].abs()));
    let inputs = served.scorer.inputs();
    order
        .into_iter()
        .map(|input| CauseContribution {
            input: inputs[input].name.clone(),
            contribution: values[input],
            reason: served.plain.meaning(row, input, values[input]),
        })
        .collect()
}

fn in_words(median: Option<f64>) -> Meaning {
    let Some(days) = median else {
        return Meaning::new(
            "Minder dan de helft van de mensen zoals deze stroomt uit in de tijd waarover gegevens zijn.",
            "Fewer than half of people like this leave within the time that the data cover.",
        );
    };
    let days = days.ceil();
    Meaning::new(
        format!("Van de mensen zoals deze is na {days} dagen de helft uitgestroomd."),
        format!("Of people like this half have left after {days} days."),
    )
}
