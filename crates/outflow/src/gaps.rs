//! What is not filled in: with what the gaps go together, and what they do to the conclusions.

mod treatments;

use helder_imputation::{
    Column as Filled, Missingness, Table as Gappy, Values, Verdict, missingness,
};
use helder_model::Meaning;
use helder_survival::kaplan_meier;
use serde::{Deserialize, Serialize};

use crate::{CONFIDENCE, prepare::Prepared, small::rounded, traits::Trait};

pub use treatments::{GapConclusion, GapConclusions};

/// Names of the outcome among the columns, which no characteristic can have: those are numbers.
const ENDED: &str = "ended";
const HAZARD: &str = "hazard";
const ENTRY: &str = "entry";

/// What is not filled in, and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GapReport {
    /// Share of the spells of which every characteristic is known.
    pub complete_share: f64,
    /// Characteristics with gaps, the most gaps first.
    pub columns: Vec<ColumnGaps>,
    /// Probability of means that differ so much between patterns of gaps, if gaps came by chance (Little); absent without numbers to test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_chance_p_value: Option<f64>,
    /// What the hazard ratios are under other treatments of the gaps; absent where there are too few ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conclusions: Option<GapConclusions>,
}

/// Gaps of one characteristic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnGaps {
    /// The column.
    pub column: String,
    /// What it means.
    pub words: Meaning,
    /// Filled badly or by judgement.
    pub soft: bool,
    /// Share of the spells without a value.
    pub missing_share: f64,
    /// What the gaps look like.
    pub verdict: Verdict,
    /// How well the rest tells where it is missing; 0.5 is not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
    /// What goes together with the gaps, the strongest first.
    pub signs: Vec<GapSign>,
}

/// What goes together with gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GapSign {
    /// The characteristic, level or outcome.
    pub words: Meaning,
    /// Mean where the value is missing minus mean where it is known, in standard deviations.
    pub standardised_difference: f64,
}

/// Looks at the gaps; `None` where there are fewer than may be told of.
pub(crate) fn gaps(prepared: &Prepared<'_>) -> Option<GapReport> {
    let smallest = prepared.smallest();
    let table = table(prepared)?;
    let found = missingness(&table, smallest);
    let columns: Vec<ColumnGaps> = found
        .columns
        .iter()
        .filter(|one| one.missing >= smallest)
        .filter_map(|one| {
            let own = trait_of(prepared, &one.column)?;
            Some(ColumnGaps {
                column: own.column.clone(),
                words: own.words.clone(),
                soft: own.is_soft,
                missing_share: rounded(one.share),
                verdict: one.verdict,
                auc: one.auc.map(rounded),
                signs: signs(prepared, one),
            })
        })
        .collect();
    if columns.is_empty() {
        return None;
    }
    let Missingness {
        complete,
        rows,
        mcar,
        ..
    } = &found;
    Some(GapReport {
        complete_share: rounded(*complete as f64 / *rows as f64),
        by_chance_p_value: mcar.map(|test| rounded(test.p_value)),
        conclusions: treatments::conclusions(prepared, &table),
        columns,
    })
}

fn trait_of<'a>(prepared: &'a Prepared<'_>, name: &str) -> Option<&'a Trait> {
    prepared.traits.get(name.parse::<usize>().ok()?)
}

fn signs(prepared: &Prepared<'_>, gaps: &helder_imputation::Gaps) -> Vec<GapSign> {
    let words = |sign: &helder_imputation::Sign| match (sign.column.as_str(), &sign.level) {
        (ENDED, _) => Some(Meaning::new(
            "dat het traject eindigde",
            "that the spell ended",
        )),
        (HAZARD, _) => Some(Meaning::new(
            "hoe lang het traject duurde",
            "how long the spell lasted",
        )),
        (ENTRY, _) => Some(Meaning::new(
            "hoe laat het traject in beeld kwam",
            "how late the spell came into sight",
        )),
        (name, level) => {
            let own = trait_of(prepared, name)?;
            let Some(level) = level else {
                return Some(own.words.clone());
            };
            let level = &own.levels.get(level.parse::<usize>().ok()?)?.words;
            Some(Meaning::new(
                format!("{}: {}", own.words.nl, level.nl),
                format!("{}: {}", own.words.en, level.en),
            ))
        }
    };
    gaps.signs
        .iter()
        .filter_map(|sign| {
            Some(GapSign {
                words: words(sign)?,
                standardised_difference: rounded(sign.standardised_difference),
            })
        })
        .collect()
}

/// Characteristics by their place, and the outcome: whether the end was seen, the cumulative hazard until then, and the entry where some came
/// late.
fn table(prepared: &Prepared<'_>) -> Option<Gappy> {
    let mut columns: Vec<Filled> = prepared
        .traits
        .iter()
        .enumerate()
        .map(|(place, own)| Filled {
            name: place.to_string(),
            values: match &own.numbers {
                Some(numbers) => {
                    Values::Number(numbers.iter().map(|v| v.unwrap_or(f64::NAN)).collect())
                }
                None => Values::Category {
                    levels: (0..own.levels.len())
                        .map(|level| level.to_string())
                        .collect(),
                    codes: (own.level.iter())
                        .map(|level| level.filter(|level| !own.levels[*level].is_missing))
                        .map(|level| level.map(|level| level as u32))
                        .collect(),
                },
            },
        })
        .collect();
    let any = prepared.spells.any();
    let curve = kaplan_meier(&any, CONFIDENCE);
    let hazard = |time: f64| {
        let place = curve.points.partition_point(|point| point.time <= time);
        place
            .checked_sub(1)
            .map_or(0.0, |place| curve.points[place].cumulative_hazard)
    };
    let mut outcome = |name: &str, values: Vec<f64>| {
        columns.push(Filled {
            name: name.to_owned(),
            values: Values::Number(values),
        });
    };
    outcome(
        ENDED,
        any.causes()
            .iter()
            .map(|cause| f64::from(u8::from(*cause > 0)))
            .collect(),
    );
    outcome(
        HAZARD,
        any.times().iter().map(|time| hazard(*time)).collect(),
    );
    if let Some(entries) = &prepared.entries {
        outcome(ENTRY, entries.clone());
    }
    Gappy::new(columns).ok()
}
