//! Provisions: how fast spells end once one has begun.

use helder_model::Meaning;
use helder_survival::{Cox, CoxFit, Spells, expose};
use serde::{Deserialize, Serialize};

use crate::{
    CONFIDENCE,
    design::{DesignColumn, columns, name},
    prepare::Prepared,
    small::rounded,
    traits::Trait,
};

/// One provision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionEffect {
    /// Column of its beginning.
    pub column: String,
    /// What it is.
    pub words: Meaning,
    /// Spells in which it began before their end.
    pub began: Option<u64>,
    /// Spells with a beginning at or after their end; they count as without.
    pub began_too_late: Option<u64>,
    /// Per sort of end: any first, then the known causes.
    pub ends: Vec<ProvisionEnd>,
}

/// How a provision goes together with one sort of end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionEnd {
    /// The end.
    pub words: Meaning,
    /// Pace after the beginning beside that before it and of those without, among clients with equal characteristics. Absent where too
    /// few ended so after it began.
    pub ratio: Option<Ratio>,
    /// The same when a spell is called "with" from its first day because of what came later: wrong, and shown because it is done often.
    pub ratio_when_called_from_first_day: Option<Ratio>,
}

/// A ratio of paces with its 95 % limits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ratio {
    /// The ratio.
    pub ratio: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
    /// Probability of a ratio as far from 1 when there is no difference.
    pub p_value: f64,
}

pub(crate) fn provisions(prepared: &Prepared<'_>) -> Vec<ProvisionEffect> {
    let hard = columns(prepared, &|one: &Trait| !one.is_soft);
    let named = prepared.spec.provisions.iter().zip(&prepared.provisions);
    named
        .map(|(provision, begins)| {
            let times = prepared.spells.times();
            let is_late = |i: &usize| begins[*i].is_some_and(|begin| begin >= times[*i]);
            let began = (0..begins.len())
                .filter(|i| begins[*i].is_some() && !is_late(i))
                .count();
            let late = (0..begins.len()).filter(is_late).count();
            let any = (
                Meaning::new("alle redenen samen", "all reasons together"),
                prepared.spells.any(),
            );
            let causes = prepared
                .causes
                .iter()
                .enumerate()
                .filter(|(_, cause)| !cause.is_unknown);
            let causes =
                causes.map(|(n, cause)| (cause.words.clone(), prepared.spells.only(n as u32 + 1)));
            let smallest = prepared.smallest();
            let told = |n: usize| (n == 0 || n >= smallest).then_some(n as u64);
            ProvisionEffect {
                column: provision.column.clone(),
                words: provision.title.clone(),
                began: told(began),
                began_too_late: told(late),
                ends: std::iter::once(any)
                    .chain(causes)
                    .map(|(words, spells)| end(prepared, words, &spells, begins, &hard))
                    .collect(),
            }
        })
        .collect()
}

fn end(
    prepared: &Prepared<'_>,
    words: Meaning,
    spells: &Spells,
    begins: &[Option<f64>],
    hard: &[DesignColumn],
) -> ProvisionEnd {
    let cut = expose(spells, begins).ok();
    let smallest = prepared.smallest();
    let cut = cut.filter(|cut| {
        let ended = |exposed: bool| {
            let parts = cut.exposed.iter().zip(cut.spells.causes());
            parts
                .filter(|(is, cause)| **is == exposed && **cause > 0)
                .count()
        };
        ended(true) >= smallest && ended(false) >= smallest
    });
    let Some(cut) = cut else {
        return ProvisionEnd {
            words,
            ratio: None,
            ratio_when_called_from_first_day: None,
        };
    };
    let ratio = ratio(prepared, &cut.spells, (&cut.origin, &cut.exposed), hard);
    let all: Vec<usize> = (0..spells.len()).collect();
    let ever: Vec<bool> = begins
        .iter()
        .zip(spells.times())
        .map(|(begins, time)| begins.is_some_and(|begins| begins < *time))
        .collect();
    ProvisionEnd {
        words,
        ratio,
        ratio_when_called_from_first_day: self::ratio(prepared, spells, (&all, &ever), hard),
    }
}

/// The ratio of a column of true and false, beside the characteristics.
fn ratio(
    prepared: &Prepared<'_>,
    spells: &Spells,
    (places, is_with): (&[usize], &[bool]),
    hard: &[DesignColumn],
) -> Option<Ratio> {
    let with = is_with.iter().map(|is| f64::from(u8::from(*is))).collect();
    let named = hard.iter().enumerate();
    let mut all: Vec<(String, Vec<f64>)> = named
        .map(|(n, c)| (name(n), places.iter().map(|&i| c.values[i]).collect()))
        .collect();
    all.push(("with".to_owned(), with));
    let rows = helder_survival::Design::new(all).ok()?;
    // Parts of one spell are of one person at least.
    let own: Vec<u32> = places
        .iter()
        .map(|&i| {
            prepared
                .persons
                .as_ref()
                .map_or(i as u32, |persons| persons[i])
        })
        .collect();
    let fit: CoxFit = Cox::new()
        .confidence(CONFIDENCE)
        .fit(spells, &rows.clustered_by(&own))
        .ok()?;
    let found = fit.coefficients.iter().find(|c| c.name == "with")?;
    Some(Ratio {
        ratio: rounded(found.hazard_ratio),
        lower: rounded(found.lower),
        upper: rounded(found.upper),
        p_value: rounded(found.p_value),
    })
}
