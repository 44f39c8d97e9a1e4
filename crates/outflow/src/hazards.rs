//! What goes together with faster and slower outflow, by cause.

use std::collections::BTreeSet;

use helder_model::Meaning;
use helder_survival::{Cox, CoxFit, Spells, SurvivalError, TimeScale};
use serde::{Deserialize, Serialize};

use crate::{
    CONFIDENCE,
    design::{Against, DesignColumn, columns, design, name},
    prepare::Prepared,
    small::{holm, rounded},
    traits::Trait,
};

/// Ends per column below which a regression says little.
pub(crate) const ENDS_PER_COLUMN: usize = 10;
/// Level of the test of proportional hazards, over all columns together.
const LEVEL: f64 = 0.05;

/// A regression of the pace of one cause, or of any end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HazardModel {
    /// The end it is about.
    pub words: Meaning,
    /// Whether soft characteristics take part.
    pub with_soft: bool,
    /// What was found, or why nothing could be.
    pub result: HazardResult,
}

/// What a regression found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "state"
)]
pub enum HazardResult {
    /// Estimates.
    Fitted {
        /// Spells that ended so.
        ended: u64,
        /// One per column.
        ratios: Vec<HazardRatio>,
        /// What could not be estimated: it does not vary, follows from the others, or its ends lie at one side.
        left_out: Vec<Compared>,
        /// Chance of so strong a change of the ratios over time without any; all columns together. Absent where it cannot be computed.
        proportional_p_value: Option<f64>,
        /// The month at which spells are cut for the ratios before and after.
        cut_months: Option<f64>,
    },
    /// Fewer ends than the columns ask.
    TooFewEnds {
        /// Least number of ends.
        needed: u64,
    },
    /// The estimates do not exist.
    NoEstimate,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// Column of the characteristic.
    pub column: String,
    /// What it means.
    pub words: Meaning,
    /// The level, step or gap.
    pub level: Meaning,
    /// What it is compared with.
    pub reference: Meaning,
}

/// How much faster spells end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HazardRatio {
    /// What is compared.
    #[serde(flatten)]
    pub compared: Compared,
    /// Ratio of the pace of ending; above 1 is faster.
    pub ratio: f64,
    /// Lower 95 % limit.
    pub lower: f64,
    /// Upper 95 % limit.
    pub upper: f64,
    /// Probability of a ratio as far from 1 when there is no difference.
    pub p_value: f64,
    /// The same, knowing how many ratios there are (Holm).
    pub p_value_adjusted: f64,
    /// Probability of so strong a change over time when there is none, for all ratios of this regression (Holm).
    pub change_p_value: Option<f64>,
    /// Where the ratio changes over time: before the cut and after it.
    pub periods: Option<[Period; 2]>,
}

/// A ratio within one period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Period {
    /// Ratio.
    pub ratio: f64,
    /// Lower 95 % limit.
    pub lower: f64,
    /// Upper 95 % limit.
    pub upper: f64,
}

/// Regressions of any end, of every known cause, and of any end with the soft characteristics too.
pub(crate) fn models(prepared: &Prepared<'_>) -> Vec<HazardModel> {
    let hard = columns(prepared, &|one: &Trait| !one.is_soft);
    let any = Meaning::new("alle redenen samen", "all reasons together");
    let mut models = vec![model(prepared, any.clone(), &prepared.spells.any(), &hard)];
    // Of one cause alone the regression is that of any end.
    let several = prepared.causes.len() > 1;
    let known = prepared
        .causes
        .iter()
        .enumerate()
        .filter(|(_, cause)| several && !cause.is_unknown);
    models.extend(known.map(|(n, cause)| {
        let spells = prepared.spells.only(n as u32 + 1);
        model(prepared, cause.words.clone(), &spells, &hard)
    }));
    if prepared.traits.iter().any(|one| one.is_soft) {
        let all = columns(prepared, &|_| true);
        models.push(HazardModel {
            with_soft: true,
            ..model(prepared, any, &prepared.spells.any(), &all)
        });
    }
    models
}

fn model(
    prepared: &Prepared<'_>,
    words: Meaning,
    spells: &Spells,
    columns: &[DesignColumn],
) -> HazardModel {
    let needed = ENDS_PER_COLUMN * columns.len().max(1);
    let result = if spells.n_events() < needed {
        HazardResult::TooFewEnds {
            needed: needed as u64,
        }
    } else {
        fitted(prepared, spells, columns).unwrap_or(HazardResult::NoEstimate)
    };
    HazardModel {
        words,
        with_soft: false,
        result,
    }
}

fn fitted(
    prepared: &Prepared<'_>,
    spells: &Spells,
    columns: &[DesignColumn],
) -> Result<HazardResult, SurvivalError> {
    let places: Vec<usize> = (0..spells.len()).collect();
    let (kept, fit) = fit(prepared, spells, columns, &places)?;
    let kept: Vec<DesignColumn> = kept.into_iter().cloned().collect();
    let whole = design(&kept, prepared.persons.as_deref(), &places)?;
    let proportional = fit
        .proportional_hazards(spells, &whole, TimeScale::KaplanMeier)
        .ok();
    let own = |n: usize| fit.coefficients.iter().position(|c| c.name == name(n));
    let told: Vec<(usize, usize)> = (0..kept.len())
        .filter_map(|n| own(n).map(|place| (n, place)))
        .collect();
    let p_values: Vec<f64> = told
        .iter()
        .map(|(_, place)| fit.coefficients[*place].p_value)
        .collect();
    let adjusted = holm(&p_values);
    let changes = proportional.as_ref().map(|test| {
        let p: Vec<f64> = told
            .iter()
            .map(|(_, place)| test.columns[*place].1.p_value)
            .collect();
        holm(&p)
    });
    let changing = |n: usize| changes.as_ref().is_some_and(|changes| changes[n] < LEVEL);
    let halves = if (0..told.len()).any(changing) {
        halves(prepared, spells, &kept)
    } else {
        None
    };
    let ratios = told.iter().enumerate().map(|(n, &(column, place))| {
        let coefficient = &fit.coefficients[place];
        HazardRatio {
            compared: compared(prepared, &kept[column]),
            ratio: rounded(coefficient.hazard_ratio),
            lower: rounded(coefficient.lower),
            upper: rounded(coefficient.upper),
            p_value: rounded(coefficient.p_value),
            p_value_adjusted: rounded(adjusted[n]),
            change_p_value: changes
                .as_ref()
                .map(|changes| rounded(changes[n]))
                .filter(|p| p.is_finite()),
            periods: halves
                .as_ref()
                .filter(|_| changing(n))
                .and_then(|(_, halves)| Some([halves[0][column]?, halves[1][column]?])),
        }
    });
    let told_columns: BTreeSet<String> = told.iter().map(|(n, _)| key(&kept[*n])).collect();
    let left_out = columns
        .iter()
        .filter(|column| !told_columns.contains(&key(column)));
    Ok(HazardResult::Fitted {
        ended: spells.n_events() as u64,
        ratios: ratios.collect(),
        left_out: left_out.map(|column| compared(prepared, column)).collect(),
        proportional_p_value: proportional
            .map(|test| rounded(test.all.p_value))
            .filter(|p| p.is_finite()),
        cut_months: halves.map(|(cut, _)| prepared.months(cut)),
    })
}

pub(crate) fn key(column: &DesignColumn) -> String {
    format!("{} {:?}", column.place, column.against)
}

/// Fits; what has no finite estimate is left out and the rest fitted again.
pub(crate) fn fit<'a>(
    prepared: &Prepared<'_>,
    spells: &Spells,
    columns: &'a [DesignColumn],
    places: &[usize],
) -> Result<(Vec<&'a DesignColumn>, CoxFit), SurvivalError> {
    let mut kept: Vec<&DesignColumn> = columns.iter().collect();
    loop {
        let owned: Vec<DesignColumn> = kept.iter().map(|column| (*column).clone()).collect();
        let rows = design(&owned, prepared.persons.as_deref(), places)?;
        match Cox::new().confidence(CONFIDENCE).fit(spells, &rows) {
            Err(SurvivalError::MonotoneLikelihood(names)) => {
                let before = kept.len();
                let names: BTreeSet<String> = names.into_iter().collect();
                let mut n = 0;
                kept.retain(|_| {
                    n += 1;
                    !names.contains(&name(n - 1))
                });
                if kept.is_empty() || kept.len() == before {
                    return Err(SurvivalError::NothingVaries);
                }
            }
            Ok(fit) => return Ok((kept, fit)),
            Err(error) => return Err(error),
        }
    }
}

type Halves = (f64, [Vec<Option<Period>>; 2]);

/// Ratios until the time at which half of the ends have come, and after it.
fn halves(prepared: &Prepared<'_>, spells: &Spells, columns: &[DesignColumn]) -> Option<Halves> {
    let mut ends: Vec<f64> = (0..spells.len())
        .filter(|&i| spells.causes()[i] > 0)
        .map(|i| spells.times()[i])
        .collect();
    ends.sort_by(f64::total_cmp);
    let cut = *ends.get(ends.len() / 2)?;
    let periods = |places: &[usize], part: &Spells| {
        let (kept, fit) = fit(prepared, part, columns, places).ok()?;
        let of = |column: &DesignColumn| {
            let n = kept.iter().position(|other| key(other) == key(column))?;
            let found = fit.coefficients.iter().find(|c| c.name == name(n))?;
            Some(Period {
                ratio: rounded(found.hazard_ratio),
                lower: rounded(found.lower),
                upper: rounded(found.upper),
            })
        };
        Some(columns.iter().map(of).collect::<Vec<_>>())
    };
    let [early, late] = prepared.split_at(spells, cut)?;
    Some((
        cut,
        [periods(&early.0, &early.1)?, periods(&late.0, &late.1)?],
    ))
}

pub(crate) fn compared(prepared: &Prepared<'_>, column: &DesignColumn) -> Compared {
    let one = &prepared.traits[column.place];
    let (level, reference) = match &column.against {
        Against::Step(per) => {
            let per = helder_report::number::significant(*per);
            (
                Meaning::new(format!("per {per} erbij"), format!("per {per} more")),
                Meaning::new(format!("{per} minder"), format!("{per} less")),
            )
        }
        Against::Level { level, reference } => (level.clone(), reference.clone()),
        Against::Missing => (
            Meaning::new("niet bekend", "not known"),
            one.levels
                .get(one.reference)
                .filter(|_| one.numbers.is_none())
                .map_or_else(
                    || Meaning::new("mediaan", "median"),
                    |level| level.words.clone(),
                ),
        ),
    };
    Compared {
        column: one.column.clone(),
        words: one.words.clone(),
        level,
        reference,
    }
}
