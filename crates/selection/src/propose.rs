//! The simplest of those that cannot be told from the best.

use serde::{Deserialize, Serialize};

use crate::{
    Compared, Estimate, Role,
    compare::{best, losses},
};

/// What is proposed; a person decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// Place of the contender; absent when no candidate is better than the base rate.
    pub contender: Option<usize>,
    /// Why, the most telling first.
    pub reasons: Vec<Reason>,
}

/// One reason.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// What it says.
    pub code: ReasonCode,
    /// The contender it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub than: Option<usize>,
    /// Log loss of the proposed one (without a proposal: of the best) less that of the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Estimate>,
}

/// What a reason says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonCode {
    /// No candidate has a lower log loss.
    LowestLoss,
    /// The best is better by less than one standard error, and there is more to read in it.
    SimplestWithinOneStandardError,
    /// Nothing could be learned with any candidate.
    NothingLearned,
    /// Better than giving everybody the same probability.
    BetterThanBaseRate,
    /// Not better than giving everybody the same probability: there is no proposal.
    NotBetterThanBaseRate,
    /// Better than the simple rule.
    BetterThanRule,
    /// The simple rule is as good, or cannot be told from it: ask whether a model is needed.
    RuleAsGood,
    /// The black box is not better: nothing is given up for being readable.
    CeilingNotBetter,
    /// The black box is better by this much: what being readable costs here.
    CeilingBetter,
}

/// Proposes the candidate with the least to read among those whose log loss lies at most one corrected standard error of the
/// difference above the best.
///
/// # Source
/// The rule of one standard error: Breiman, Friedman, Olshen & Stone, Classification and Regression Trees, 1984, §3.4.3; here on
/// paired differences, as folds differ more than algorithms do.
pub fn propose(lines: &[Compared], ratio: f64) -> Proposal {
    let Some(best) = best(lines) else {
        return Proposal {
            contender: None,
            reasons: vec![Reason {
                code: ReasonCode::NothingLearned,
                than: None,
                difference: None,
            }],
        };
    };
    let is_near = |line: &Compared| {
        let behind = line.behind.filter(|_| line.role == Role::Candidate);
        behind.is_some_and(|behind| behind.mean <= behind.standard_error)
    };
    let simplicity = |place: usize| {
        let loss = lines[place]
            .log_loss
            .map_or(f64::INFINITY, |loss| loss.mean);
        // Without anything to read it is the hardest to read.
        let reading = lines[place].reading;
        (reading.is_none(), reading, loss)
    };
    let near = (0..lines.len()).filter(|place| *place == best || is_near(&lines[*place]));
    let chosen = near.min_by(|a, b| {
        let ((x, y, loss), (u, v, other)) = (simplicity(*a), simplicity(*b));
        (x, y).cmp(&(u, v)).then(loss.total_cmp(&other))
    });
    let chosen = chosen.unwrap_or(best);
    let against = |other: usize| {
        let pairs = losses(&lines[chosen]).zip(losses(&lines[other]));
        let differences: Vec<f64> = pairs.map(|(own, other)| own - other).collect();
        Estimate::corrected(&differences, ratio)
    };
    let reason = |code, than: usize| Reason {
        code,
        than: Some(than),
        difference: against(than),
    };
    let mut reasons = vec![if chosen == best {
        Reason {
            code: ReasonCode::LowestLoss,
            than: None,
            difference: None,
        }
    } else {
        reason(ReasonCode::SimplestWithinOneStandardError, best)
    }];
    let mut is_useful = true;
    for (place, line) in lines.iter().enumerate() {
        let Some(difference) = against(place).filter(|_| !line.folds.is_empty()) else {
            continue;
        };
        let is_better = difference.mean < 0.0;
        match line.role {
            Role::Candidate => {}
            Role::BaseRate if is_better => {
                reasons.push(reason(ReasonCode::BetterThanBaseRate, place));
            }
            Role::BaseRate => {
                is_useful = false;
                reasons.insert(0, reason(ReasonCode::NotBetterThanBaseRate, place));
            }
            Role::SimpleRule if is_better && difference.mean < -difference.standard_error => {
                reasons.push(reason(ReasonCode::BetterThanRule, place));
            }
            Role::SimpleRule => reasons.push(reason(ReasonCode::RuleAsGood, place)),
            Role::Ceiling if difference.mean > difference.standard_error => {
                reasons.push(reason(ReasonCode::CeilingBetter, place));
            }
            Role::Ceiling => reasons.push(reason(ReasonCode::CeilingNotBetter, place)),
        }
    }
    Proposal {
        contender: is_useful.then_some(chosen),
        reasons,
    }
}
