//! What a provision does, as far as the data allow to say.

use helder_effect::{
    AtHorizon, Code, Column, Effect, EffectError, Grouping, HazardRatio, Landmark, Missing,
    Settings, Shown, Statement, Study, Text, Verdict, analyse,
};
use helder_model::Meaning;
use serde::{Deserialize, Serialize};

use crate::{
    CONFIDENCE,
    design::{Against, DesignColumn, columns},
    prepare::Prepared,
    small::rounded,
    spec::CauseKind,
    traits::Trait,
};

/// Months from the beginning of a spell at which those with and without are compared.
const LANDMARKS: [u32; 3] = [3, 6, 12];
/// Months in which a provision may do something else than later.
const FIRST_MONTHS: u32 = 6;
const DAYS_PER_MONTH: f64 = 365.25 / 12.0;

/// One provision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionEffect {
    /// Column of its beginning.
    pub column: String,
    /// What it is.
    pub words: Meaning,
    /// The end it is for.
    pub outcome: Meaning,
    /// Spells in which it began before their end.
    pub began: Option<u64>,
    /// Spells with a beginning at or after their end; they count as without.
    pub began_too_late: Option<u64>,
    /// In one word: `noStatement`, `noDifferenceShown`, `faster` or `slower`.
    pub verdict: String,
    /// What may be concluded.
    pub may: Vec<Meaning>,
    /// What may not be concluded.
    pub may_not: Vec<Meaning>,
    /// What would be needed to say more.
    pub needed: Vec<Meaning>,
    /// Why "ever received" is no way to ask, with both numbers where they may be shown.
    pub ever_received: Meaning,
    /// The smallest ratio of paces that these data would show, where there are people enough.
    pub smallest_visible_ratio: Option<f64>,
    /// From the day it begins, beside people without who are equal in all characteristics. All that follows is absent without power.
    pub ratio: Option<Ratio>,
    /// The same as if everybody had the same chance to get it.
    pub weighted: Option<Ratio>,
    /// E-values of the ratio and of its limit: how strongly something that was not measured must go together with both to explain it away.
    pub e_values: Option<[f64; 2]>,
    /// Compared from some months on.
    pub landmarks: Vec<ProvisionLandmark>,
    /// By characteristics that were declared beforehand.
    pub groups: Vec<ProvisionGroups>,
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

/// Those who had begun by a month beside those who had not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionLandmark {
    /// Months from the beginning of the spell.
    pub months: u32,
    /// Months after it until which outflow counts.
    pub horizon_months: u32,
    /// How many more of all leave by this end when all have begun, doubly robust, with limits at 95 %; in `[-1, 1]`.
    pub difference: Option<[f64; 3]>,
    /// The same for every horizon of the report, where it may be shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<HorizonDifference>,
    /// Largest standardised difference between those with and without after weighting; up to 0.1 they are alike.
    pub largest_difference: Option<f64>,
}

/// A difference in chance within some months.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HorizonDifference {
    /// Months after the landmark.
    pub months: u32,
    /// The difference with its limits at 95 %, in `[-1, 1]`.
    pub difference: [f64; 3],
}

/// By one characteristic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisionGroups {
    /// The characteristic.
    pub words: Meaning,
    /// Probability of such different ratios when there is no difference, for all characteristics asked (Holm).
    pub p_value: Option<f64>,
    /// Each level with its ratio, where it may be shown.
    pub groups: Vec<(Meaning, Option<Ratio>)>,
}

/// Looks at every provision.
///
/// # Errors
/// None for what was prepared here.
pub(crate) fn provisions(prepared: &Prepared<'_>) -> Result<Vec<ProvisionEffect>, EffectError> {
    let hard = columns(prepared, &|one: &Trait| !one.is_soft);
    let mut names: Vec<String> = Vec::new();
    for column in &hard {
        let mut name = label(prepared, column);
        while names.contains(&name) {
            name.push('′');
        }
        names.push(name);
    }
    (0..prepared.provisions.len())
        .map(|place| provision(prepared, place, &hard, &names))
        .collect()
}

fn provision(
    prepared: &Prepared<'_>,
    place: usize,
    hard: &[DesignColumn],
    names: &[String],
) -> Result<ProvisionEffect, EffectError> {
    let asked = &prepared.spec.provisions[place];
    let days = DAYS_PER_MONTH / prepared.spec.time_unit.per_month();
    let in_days = |values: &[f64]| values.iter().map(|v| v * days).collect::<Vec<f64>>();
    let times = prepared.spells.times();
    // A spell that ends on the day it begins lasts half a day here: the days before and after a beginning need some length.
    let end: Vec<f64> = in_days(times).iter().map(|end| end.max(0.5)).collect();
    let entry = prepared
        .entries
        .as_deref()
        .map_or_else(|| vec![0.0; end.len()], in_days);
    let begins: Vec<Option<f64>> = prepared.provisions[place]
        .iter()
        .map(|begin| begin.map(|begin| begin * days))
        .collect();
    let (outcome, cause) = aim(prepared, place);
    let horizon = prepared
        .spec
        .horizons
        .iter()
        .copied()
        .find(|months| *months >= 12);
    let horizon = horizon
        .or(prepared.spec.horizons.last().copied())
        .unwrap_or(12);
    let traits: Vec<&Trait> = (prepared.spec.effect_by.iter())
        .filter_map(|column| prepared.traits.iter().find(|own| own.column == *column))
        .collect();
    let labels: Vec<(Vec<String>, Vec<u32>)> = traits.iter().map(|own| levels(own)).collect();
    let found = analyse(&Study {
        person: prepared.persons.as_deref(),
        entry: &entry,
        end: &end,
        cause: prepared.spells.causes(),
        provision: &begins,
        columns: hard
            .iter()
            .zip(names)
            .map(|(column, name)| Column {
                name: name.clone(),
                values: &column.values,
                missing: Missing::Refuse,
            })
            .collect(),
        groupings: traits
            .iter()
            .zip(&labels)
            .map(|(own, (levels, labels))| Grouping {
                name: own.column.clone(),
                levels: levels.clone(),
                labels,
            })
            .collect(),
        settings: Settings {
            outcome: cause,
            confidence: CONFIDENCE,
            smallest_relevant_hazard_ratio: asked.smallest_ratio,
            landmarks: LANDMARKS
                .map(|months| f64::from(months) * DAYS_PER_MONTH)
                .to_vec(),
            horizons: (prepared.spec.horizons.iter())
                .map(|months| f64::from(*months) * DAYS_PER_MONTH)
                .collect(),
            concluded_horizon: Some(f64::from(horizon) * DAYS_PER_MONTH),
            first_days: f64::from(FIRST_MONTHS) * DAYS_PER_MONTH,
            smallest_group: prepared.smallest(),
            ..Settings::default()
        },
    })?;
    Ok(told(
        prepared,
        place,
        outcome,
        (&begins, &end),
        &found,
        (horizon, &traits),
    ))
}

/// What was found, as the report tells it.
fn told(
    prepared: &Prepared<'_>,
    place: usize,
    outcome: Meaning,
    (begins, end): (&[Option<f64>], &[f64]),
    found: &Effect,
    (horizon, traits): (u32, &[&Trait]),
) -> ProvisionEffect {
    let asked = &prepared.spec.provisions[place];
    let smallest = prepared.smallest();
    let count = |is_late: bool| {
        let pairs = begins.iter().zip(end);
        let n = pairs
            .filter(|(begin, end)| begin.is_some_and(|begin| (begin >= **end) == is_late))
            .count();
        (n == 0 || n >= smallest).then_some(n as u64)
    };
    let said = |statements: &[Statement]| {
        let kept = statements
            .iter()
            .filter(|one| one.code != Code::NotOnePerson);
        kept.map(|one| words(&one.text)).collect()
    };
    let time = &found.time_dependent;
    ProvisionEffect {
        column: asked.column.clone(),
        words: asked.title.clone(),
        outcome,
        began: count(false),
        began_too_late: count(true),
        verdict: match found.conclusion.verdict {
            Verdict::NoStatement => "noStatement",
            Verdict::NoDifferenceShown => "noDifferenceShown",
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
        }
        .to_owned(),
        may: said(&found.conclusion.may),
        may_not: said(&found.conclusion.may_not),
        needed: said(&found.conclusion.needed),
        ever_received: words(&found.ever_received.text),
        smallest_visible_ratio: found.power.smallest_detectable_hazard_ratio.map(rounded),
        ratio: ratio(&time.adjusted),
        weighted: time
            .weighted
            .value()
            .map(|weighted| of(&weighted.hazard_ratio)),
        e_values: (found.sensitivity.value())
            .map(|found| [found.e_value, found.e_value_of_limit].map(rounded)),
        landmarks: landmarks(prepared, found, horizon),
        groups: groups(found, traits),
    }
}

/// The end a provision is for: the declared one, else work, else the first; and its number.
fn aim(prepared: &Prepared<'_>, place: usize) -> (Meaning, u32) {
    let asked = prepared.spec.provisions[place].outcome;
    let causes = &prepared.spec.ends.causes;
    let kind = asked.unwrap_or_else(|| {
        let work = causes.iter().any(|cause| cause.kind == CauseKind::Work);
        if work {
            CauseKind::Work
        } else {
            causes.first().map_or(CauseKind::Other, |c| c.kind)
        }
    });
    let declared = causes.iter().find(|cause| cause.kind == kind);
    let words = declared.map_or_else(|| kind.words(), crate::spec::EndCause::words);
    let number = prepared
        .causes
        .iter()
        .position(|cause| cause.words == words);
    // An end that nobody, or too few, had: a number beyond all others, of which the effect crate says that there are too few.
    (
        words,
        number.map_or(prepared.causes.len() as u32 + 1, |n| n as u32 + 1),
    )
}

/// Names of the levels, and the level of every spell.
fn levels(own: &Trait) -> (Vec<String>, Vec<u32>) {
    let mut names: Vec<String> = (own.levels.iter())
        .map(|level| level.words.nl.clone())
        .collect();
    if own.level.iter().any(Option::is_none) {
        names.push("niet bekend".to_owned());
    }
    let rest = names.len() as u32 - 1;
    let labels = own
        .level
        .iter()
        .map(|level| level.map_or(rest, |level| level as u32));
    (names, labels.collect())
}

fn label(prepared: &Prepared<'_>, column: &DesignColumn) -> String {
    let own = &prepared.traits[column.place].column;
    match &column.against {
        Against::Step(_) => own.clone(),
        Against::Level { level, .. } => format!("{own}: {}", level.nl),
        Against::Missing => format!("{own}: niet bekend"),
    }
}

fn landmarks(prepared: &Prepared<'_>, found: &Effect, horizon: u32) -> Vec<ProvisionLandmark> {
    let Some(all) = found.landmarks.value() else {
        return Vec::new();
    };
    let of = |one: &Landmark| -> Vec<HorizonDifference> {
        let horizons = prepared.spec.horizons.iter().zip(&one.differences);
        let told = horizons.filter_map(|(&months, at)| {
            let difference = difference(at)?;
            Some(HorizonDifference { months, difference })
        });
        told.collect()
    };
    all.each
        .iter()
        .zip(LANDMARKS)
        .map(|(one, months)| (one, months, of(one)))
        .map(|(one, months, differences)| ProvisionLandmark {
            months,
            horizon_months: horizon,
            difference: (differences.iter())
                .find(|at| at.months == horizon)
                .map(|at| at.difference),
            differences,
            largest_difference: one.balance.value().map(|b| rounded(b.largest_difference)),
        })
        .collect()
}

fn difference(at: &AtHorizon) -> Option<[f64; 3]> {
    let found = &at.difference.value()?.doubly_robust;
    Some([found.estimate, found.lower, found.upper].map(rounded))
}

fn groups(found: &Effect, traits: &[&Trait]) -> Vec<ProvisionGroups> {
    let Some(all) = found.groups.value() else {
        return Vec::new();
    };
    all.iter()
        .zip(traits)
        .map(|(one, own)| ProvisionGroups {
            words: own.words.clone(),
            p_value: one
                .interaction
                .value()
                .map(|test| rounded(test.adjusted_p_value)),
            groups: one
                .groups
                .iter()
                .enumerate()
                .map(|(place, group)| {
                    let words = own.levels.get(place).map_or_else(
                        || Meaning::new("niet bekend", "not known"),
                        |level| level.words.clone(),
                    );
                    let ratio = group.effect.value().map(|found| Ratio {
                        p_value: rounded(found.adjusted_p_value),
                        ..of(&found.hazard_ratio)
                    });
                    (words, ratio)
                })
                .collect(),
        })
        .collect()
}

fn words(text: &Text) -> Meaning {
    Meaning::new(text.nl.clone(), text.en.clone())
}

fn ratio(found: &Shown<HazardRatio>) -> Option<Ratio> {
    found.value().map(of)
}

fn of(found: &HazardRatio) -> Ratio {
    Ratio {
        ratio: rounded(found.hazard_ratio),
        lower: rounded(found.lower),
        upper: rounded(found.upper),
        p_value: rounded(found.p_value),
    }
}
