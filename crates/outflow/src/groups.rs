//! Groups of clients that resemble each other, if there are any; and how long each stays.

use helder_model::Meaning;
use helder_segmentation::{
    Mixed, PrototypesOptions, adjusted_rand_index, k_prototypes, mixed_evidence,
};
use helder_survival::{LogRankWeight, log_rank};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::{
    compare::LevelStay, error::OutflowError, prepare::Prepared, small::rounded, stay, traits::Trait,
};

/// Level at which groups are worth talking of.
const LEVEL: f64 = 0.05;
/// Resamples that tell how stable groups are.
const RESAMPLES: usize = 8;
/// Resamples that tell of each group how well it is found again.
const RESAMPLES_PER_GROUP: usize = 20;
/// Searches of a single start that are compared with each other.
const SINGLE_STARTS: usize = 4;
/// Figures on a card at most.
const MOST_FIGURES: usize = 5;

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientGroups {
    /// Chance of groups that stand out so much in clients without groups, with the same values and about the same correlations; absent
    /// where there are too few clients or characteristics to look.
    pub p_value: Option<f64>,
    /// The groups; absent when the clients are better seen as one group.
    pub found: Option<FoundGroups>,
}

/// Groups with their cards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundGroups {
    /// One card per group that is large enough, the largest first.
    pub cards: Vec<GroupCard>,
    /// Groups too small to be told of.
    pub withheld: u32,
    /// Agreement between two searches from different starts: adjusted Rand index, 1 is the same, 0 is chance.
    pub starts_agree: f64,
    /// The least agreement of two searches that each start once only; absent in reports of before this was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_starts_agree_least: Option<f64>,
    /// Mean agreement with the groups found in samples of the clients, drawn with repetition.
    pub samples_agree: f64,
    /// Chance of so large a difference in length of stay, if groups did not differ. Nothing of the stay took part in making them.
    pub stay_p_value: Option<f64>,
}

/// What sets a group apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupCard {
    /// Share of all clients, in `[0, 1]`.
    pub share: f64,
    /// Mean overlap (Jaccard, in `[0, 1]`) with the group most like it in samples of the clients, drawn with repetition; absent in reports
    /// of before this was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found_again: Option<f64>,
    /// What differs most from all clients, the largest difference first.
    pub figures: Vec<GroupFigure>,
    /// How long its clients stay.
    pub stay: LevelStay,
}

/// One figure beside that of all clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupFigure {
    /// Column of the characteristic.
    pub column: String,
    /// What it means.
    pub words: Meaning,
    /// The level whose share it is; absent for the mean of a number.
    pub level: Option<Meaning>,
    /// In the group: a mean, or a share in `[0, 1]`.
    pub group: f64,
    /// Among all.
    pub all: f64,
    /// The difference, in standard deviations of all.
    pub difference: f64,
}

/// Looks for groups in the characteristics that are not soft.
///
/// # Errors
/// Those of the search, for data that were checked: none.
pub(crate) fn groups(prepared: &Prepared<'_>) -> Result<ClientGroups, OutflowError> {
    let none = |p_value| ClientGroups {
        p_value,
        found: None,
    };
    let traits: Vec<&Trait> = prepared.traits.iter().filter(|one| !one.is_soft).collect();
    let Some(data) = mixed(&traits)? else {
        return Ok(none(None));
    };
    let most = (prepared.spec.most_groups as usize).min(data.rows() / prepared.smallest() / 2);
    let ks: Vec<usize> = (2..=most).collect();
    let seed = u64::from(prepared.spec.seed);
    if ks.is_empty() {
        return Ok(none(None));
    }
    let evidence = mixed_evidence(&data, &ks, seed)?;
    if evidence.p_value > LEVEL {
        return Ok(none(Some(rounded(evidence.p_value))));
    }
    let found = cut(prepared, &traits, &data, evidence.stands_out_at)?;
    Ok(ClientGroups {
        p_value: Some(rounded(evidence.p_value)),
        found: Some(found),
    })
}

/// The characteristics as rows; `None` when fewer than two vary.
fn mixed(traits: &[&Trait]) -> Result<Option<Mixed>, OutflowError> {
    let (mut numbers, mut categories) = (Vec::new(), Vec::new());
    for one in traits {
        match &one.numbers {
            Some(values) if varies(values) => {
                numbers.push(values.iter().map(|v| v.unwrap_or(f64::NAN)).collect());
            }
            None if one.levels.len() > 1 => categories.push(codes(one)),
            _ => {}
        }
    }
    if numbers.len() + categories.len() < 2 {
        return Ok(None);
    }
    Ok(Some(Mixed::new(&numbers, &categories)?))
}

fn varies(values: &[Option<f64>]) -> bool {
    let mut known = values.iter().flatten();
    let first = known.next();
    known.any(|value| first.is_some_and(|first| (value - first).abs() > 0.0))
}

/// Level per row; the few unknown ones without a level of their own take the most frequent.
fn codes(one: &Trait) -> Vec<usize> {
    one.level
        .iter()
        .map(|level| level.unwrap_or(one.reference))
        .collect()
}

fn cut(
    prepared: &Prepared<'_>,
    traits: &[&Trait],
    data: &Mixed,
    k: usize,
) -> Result<FoundGroups, OutflowError> {
    let seed = u64::from(prepared.spec.seed);
    let options = |seed: u64, starts: usize| PrototypesOptions {
        k,
        starts,
        swaps: 8,
        seed,
        ..PrototypesOptions::default()
    };
    let best = k_prototypes(data, &options(seed, 6))?;
    let other = k_prototypes(data, &options(seed ^ 0x5eed_0001, 6))?;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x7e5a);
    let mut agreement = 0.0;
    for n in 0..RESAMPLES {
        let drawn: Vec<usize> = (0..data.rows())
            .map(|_| random.gen_range(0..data.rows()))
            .collect();
        let settings = PrototypesOptions {
            swaps: 0,
            ..options(seed.wrapping_add(n as u64), 2)
        };
        let again = k_prototypes(&data.take(&drawn), &settings)?;
        let labels: Vec<usize> = again
            .assign(data)
            .into_iter()
            .map(|(group, _)| group)
            .collect();
        agreement += adjusted_rand_index(&best.labels, &labels);
    }
    let stability = best.stability(data, &options(seed, 6), RESAMPLES_PER_GROUP, SINGLE_STARTS)?;
    let mut places = vec![Vec::new(); k];
    for (i, &group) in best.labels.iter().enumerate() {
        places[group].push(i);
    }
    let (large, found_again): (Vec<Vec<usize>>, Vec<f64>) = places
        .into_iter()
        .zip(stability.jaccard)
        .filter(|(own, _)| own.len() >= prepared.smallest())
        .unzip();
    let label: Vec<u32> = best.labels.iter().map(|group| *group as u32).collect();
    let test = log_rank(&prepared.spells.any(), &label, None, LogRankWeight::LogRank).ok();
    let stays = stay::stays(prepared, &large);
    let cards = large.iter().zip(stays).zip(found_again).enumerate().map(
        |(n, ((own, stay), found_again))| GroupCard {
            found_again: Some(rounded(found_again)),
            share: rounded(own.len() as f64 / data.rows() as f64),
            figures: figures(prepared, traits, own),
            stay: LevelStay {
                words: Meaning::new(format!("groep {}", n + 1), format!("group {}", n + 1)),
                is_missing: false,
                stay,
                causes: stay::causes_of(prepared, own),
                average_difference: None,
            },
        },
    );
    let cards: Vec<GroupCard> = cards.collect();
    Ok(FoundGroups {
        withheld: (k - cards.len()) as u32,
        cards,
        starts_agree: rounded(adjusted_rand_index(&best.labels, &other.labels)),
        single_starts_agree_least: Some(rounded(stability.between_starts_least)),
        samples_agree: rounded(agreement / RESAMPLES as f64),
        stay_p_value: test
            .map(|test| rounded(test.p_value))
            .filter(|p| p.is_finite()),
    })
}

/// What differs most: per characteristic one figure.
fn figures(prepared: &Prepared<'_>, traits: &[&Trait], own: &[usize]) -> Vec<GroupFigure> {
    let smallest = prepared.smallest();
    let of = |one: &&Trait| match &one.numbers {
        Some(numbers) => of_number(one, numbers, own, smallest),
        None => of_levels(one, own, smallest),
    };
    let mut figures: Vec<GroupFigure> = traits.iter().filter_map(of).collect();
    figures.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
    figures.truncate(MOST_FIGURES);
    figures
}

fn of_number(
    one: &Trait,
    numbers: &[Option<f64>],
    own: &[usize],
    smallest: usize,
) -> Option<GroupFigure> {
    let all: Vec<f64> = numbers.iter().flatten().copied().collect();
    let group: Vec<f64> = own.iter().filter_map(|&i| numbers[i]).collect();
    if group.len() < smallest {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let centre = mean(&all);
    let spread = (all.iter().map(|x| (x - centre).powi(2)).sum::<f64>() / all.len() as f64).sqrt();
    Some(GroupFigure {
        column: one.column.clone(),
        words: one.words.clone(),
        level: None,
        group: rounded(mean(&group)),
        all: rounded(centre),
        difference: rounded((mean(&group) - centre) / spread),
    })
}

/// The level whose share differs most, among those of which enough have it and enough do not.
fn of_levels(one: &Trait, own: &[usize], smallest: usize) -> Option<GroupFigure> {
    let n = one.level.len() as f64;
    let figure = |level: usize| {
        let count = own.iter().filter(|&&i| one.level[i] == Some(level)).count();
        let rest = own.len() - count;
        if (1..smallest).contains(&count) || (1..smallest).contains(&rest) {
            return None;
        }
        let all = one.levels[level].n as f64 / n;
        let group = count as f64 / own.len() as f64;
        let spread = (all * (1.0 - all)).sqrt();
        (spread > 0.0).then(|| GroupFigure {
            column: one.column.clone(),
            words: one.words.clone(),
            level: Some(one.levels[level].words.clone()),
            group: rounded(group),
            all: rounded(all),
            difference: rounded((group - all) / spread),
        })
    };
    let figures = (0..one.levels.len()).filter_map(figure);
    figures.reduce(|best, other| {
        if other.difference.abs() > best.difference.abs() {
            other
        } else {
            best
        }
    })
}
