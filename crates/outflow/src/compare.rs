//! Do clients with different characteristics leave equally fast, and by the same causes?

use helder_model::Meaning;
use helder_survival::{LogRankWeight, gray_test, log_rank};
use serde::{Deserialize, Serialize};

use crate::{
    prepare::Prepared,
    small::{holm, rounded},
    stay::{self, Limits, Stay},
    traits::Trait,
};

/// One characteristic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The column.
    pub column: String,
    /// What it means.
    pub words: Meaning,
    /// Filled badly or by judgement.
    pub soft: bool,
    /// Its levels.
    pub levels: Vec<LevelStay>,
    /// The level whose average the others' are compared with; absent where no two may be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Meaning>,
    /// Log-rank test among the known levels; absent where there is nothing to compare.
    pub test: Option<Test>,
    /// Per cause, in the order of the causes.
    pub causes: Vec<CauseTest>,
}

/// One level of a characteristic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LevelStay {
    /// Its name.
    pub words: Meaning,
    /// Spells without a value.
    pub is_missing: bool,
    /// How long they last.
    #[serde(flatten)]
    pub stay: Stay,
    /// Per cause, the chance to have ended so within each horizon.
    pub causes: Vec<Vec<Option<Limits>>>,
    /// How many more average months within the last horizon than the level that others are compared with, with limits; absent for that
    /// level and where either average may not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_difference: Option<Limits>,
}

/// A test of no difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Test {
    /// The statistic.
    pub chi_squared: f64,
    /// Its degrees of freedom.
    pub degrees_of_freedom: u32,
    /// Probability of a statistic at least as large when there is no difference.
    pub p_value: f64,
    /// The same, knowing how many such questions were asked (Holm).
    pub p_value_adjusted: f64,
}

/// A test of one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CauseTest {
    /// The cause.
    pub words: Meaning,
    /// How it was tested.
    pub method: CauseMethod,
    /// The result; absent where there is nothing to compare.
    pub test: Option<Test>,
}

/// How causes are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CauseMethod {
    /// Gray's test: the share that ends by the cause.
    Gray,
    /// Log-rank with other causes as loss from sight: the pace of the cause. For spells that came into sight late, for which Gray's
    /// test is not defined.
    CauseSpecificLogRank,
}

/// Compares the levels of every characteristic.
pub(crate) fn comparisons(prepared: &Prepared<'_>) -> Vec<Comparison> {
    let mut found: Vec<Comparison> = prepared
        .traits
        .iter()
        .map(|one| comparison(prepared, one))
        .collect();
    adjust(
        found
            .iter_mut()
            .filter_map(|one| one.test.as_mut())
            .collect(),
    );
    let causes = found.iter_mut().flat_map(|one| &mut one.causes);
    adjust(causes.filter_map(|cause| cause.test.as_mut()).collect());
    found
}

fn comparison(prepared: &Prepared<'_>, one: &Trait) -> Comparison {
    let places = one.places();
    let stays = stay::stays(prepared, &places);
    let differences = stay::differences(prepared, &places, one.reference);
    let reference = differences
        .iter()
        .any(Option::is_some)
        .then(|| one.levels[one.reference].words.clone());
    let levels = one.levels.iter().zip(stays).zip(differences).zip(&places);
    let levels = levels.map(|(((level, stay), difference), places)| LevelStay {
        words: level.words.clone(),
        is_missing: level.is_missing,
        stay,
        causes: stay::causes_of(prepared, places),
        average_difference: difference,
    });
    let (known, label) = one.known();
    let differ = label.windows(2).any(|pair| pair[0] != pair[1]);
    let spells = differ.then(|| prepared.spells.at(&known));
    let test = spells.as_ref().and_then(|spells| {
        let found = log_rank(&spells.any(), &label, None, LogRankWeight::LogRank).ok()?;
        result(found.chi_squared, found.degrees_of_freedom, found.p_value)
    });
    let method = if prepared.is_delayed {
        CauseMethod::CauseSpecificLogRank
    } else {
        CauseMethod::Gray
    };
    let causes = prepared
        .causes
        .iter()
        .enumerate()
        .map(|(n, cause)| CauseTest {
            words: cause.words.clone(),
            method,
            test: spells.as_ref().and_then(|spells| {
                let number = n as u32 + 1;
                let found = match method {
                    CauseMethod::Gray => gray_test(spells, &label, number, 0.0)
                        .map(|found| (found.chi_squared, found.degrees_of_freedom, found.p_value)),
                    CauseMethod::CauseSpecificLogRank => {
                        log_rank(&spells.only(number), &label, None, LogRankWeight::LogRank).map(
                            |found| (found.chi_squared, found.degrees_of_freedom, found.p_value),
                        )
                    }
                };
                let (chi_squared, degrees, p_value) = found.ok()?;
                result(chi_squared, degrees, p_value)
            }),
        });
    Comparison {
        column: one.column.clone(),
        words: one.words.clone(),
        soft: one.is_soft,
        levels: levels.collect(),
        reference,
        test,
        causes: causes.collect(),
    }
}

fn result(chi_squared: f64, degrees_of_freedom: usize, p_value: f64) -> Option<Test> {
    p_value.is_finite().then(|| Test {
        chi_squared: rounded(chi_squared),
        degrees_of_freedom: degrees_of_freedom as u32,
        p_value,
        p_value_adjusted: 1.0,
    })
}

/// Tells each test how many there are; only then digits are dropped.
fn adjust(tests: Vec<&mut Test>) {
    let p_values: Vec<f64> = tests.iter().map(|test| test.p_value).collect();
    for (test, adjusted) in tests.into_iter().zip(holm(&p_values)) {
        test.p_value = rounded(test.p_value);
        test.p_value_adjusted = rounded(adjusted);
    }
}
