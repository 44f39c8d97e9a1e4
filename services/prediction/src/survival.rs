//! Outlooks of survival models as they go over the wire.

use helder_model::{
    Chance, ExpectedDifference, Meaning, Model, Outlook, OverTime, Provision, RiskClass, Row,
};

use crate::{
    served::Served,
    wire::{
        CauseAnswer, CauseContribution, ChanceAnswer, ComparableAnswer, ComparableCurve,
        CurveAnswer, DifferenceAnswer, Interval, MedianAnswer, OverTimeAnswer, ProvisionAnswer,
        SurvivalAnswer,
    },
};

/// Days of a month: a twelfth of a year of 365.25.
const MONTH: f64 = 30.4375;

/// What does not change per subject.
pub(crate) struct Ends {
    causes: Vec<(String, Meaning)>,
    classes: Vec<RiskClass>,
    provisions: Vec<ProvisionAnswer>,
    /// Months of the horizons, rounded, for names of columns.
    pub(crate) months: Vec<u32>,
}

impl Ends {
    /// `None` for a model of another kind.
    pub(crate) fn of(model: &Model) -> Option<Self> {
        let spoken = model.algorithm.spoken()?;
        let causes = spoken
            .causes
            .iter()
            .map(|(name, meaning, _)| ((*name).to_owned(), (*meaning).clone()));
        Some(Self {
            causes: causes.collect(),
            classes: spoken.risk_classes.to_vec(),
            provisions: model
                .provisions
                .iter()
                .flat_map(|of| &of.each)
                .map(provision)
                .collect(),
            months: spoken
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
            over_time: over_time(served, &cause.over_time),
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
            provisions: self.provisions.clone(),
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
    let terms = served.scorer.terms();
    let name = |input: usize| inputs[input].name.clone();
    order
        .into_iter()
        .map(|term| CauseContribution {
            input: name(terms[term].input),
            other_input: terms[term].other.map(name),
            contribution: values[term],
            reason: served.plain.meaning(row, term, values[term]),
        })
        .collect()
}

fn over_time(served: &Served, found: &[OverTime]) -> Vec<OverTimeAnswer> {
    let inputs = served.scorer.inputs();
    let told = found.iter().map(|of| OverTimeAnswer {
        input: inputs[of.input].name.clone(),
        contributions: of.contributions.clone(),
    });
    told.collect()
}

fn provision(of: &Provision) -> ProvisionAnswer {
    let difference = |at: &ExpectedDifference| DifferenceAnswer {
        from_months: at.from_months,
        within_months: at.within_months,
        difference: at.difference,
        interval: Interval {
            level: 0.95,
            lower: at.lower,
            upper: at.upper,
        },
    };
    ProvisionAnswer {
        provision: of.meaning.clone(),
        outcome: of.outcome.clone(),
        reason: of.reason.clone(),
        differences: of.differences.iter().map(difference).collect(),
        may_conclude: of.may.clone(),
        may_not_conclude: of.may_not.clone(),
    }
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
