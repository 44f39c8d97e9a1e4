//! Rules in their order: the first that holds answers.

mod condition;
mod learn;

use serde::{Deserialize, Serialize};

use crate::{
    Counted, Flag, Flagged, TreeError, Value,
    settings::common,
    tree::{Input, check},
};

/// Settings of a rule list. The defaults serve tables of municipal size.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSettings {
    /// Most rules before the last one, which holds for everybody left. 1–20.
    pub max_rules: usize,
    /// Most conditions of a rule, 1 or 2. One reads better, and was as accurate on all but one of the reference tasks: what an earlier
    /// rule took away is a condition of every later one.
    pub max_conditions: usize,
    /// Least rows of a rule, both of the rows that choose rules and of those that estimate. At least 1.
    pub min_rule_rows: usize,
    /// Whether each rule has at most the probability of the one before it.
    pub is_falling: bool,
    /// Share of the rows that choose no rule and only estimate, as of a tree. From 0 to 0.8.
    pub honest_share: f64,
    /// Parts of the rows, each left out once, that say how many rules there are. 2–20.
    pub folds: usize,
    /// Of the interval. Above 0 and below 1.
    pub confidence: f64,
    /// Where draws start.
    pub seed: u64,
}

impl Default for RuleSettings {
    fn default() -> Self {
        Self {
            max_rules: 8,
            max_conditions: 1,
            min_rule_rows: 10,
            is_falling: true,
            honest_share: 0.3,
            folds: 10,
            confidence: 0.95,
            seed: 42,
        }
    }
}

impl RuleSettings {
    fn check(&self) -> Result<(), TreeError> {
        let fault = |setting, demand| Err(TreeError::Setting { setting, demand });
        if !(1..=20).contains(&self.max_rules) {
            return fault("max_rules", "1 to 20");
        }
        if !(1..=2).contains(&self.max_conditions) {
            return fault("max_conditions", "1 or 2");
        }
        if !(2..=20).contains(&self.folds) {
            return fault("folds", "2 to 20");
        }
        common(self.min_rule_rows, self.honest_share, self.confidence)
    }
}

/// A list of rules: if, else if, else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleList {
    /// What it was learned from, in that order.
    pub inputs: Vec<Input>,
    /// The first that holds answers.
    pub rules: Vec<Rule>,
    /// All rows that estimate, before the first rule.
    pub everybody: Counted,
    /// Share of events among all rows, above 0 and below 1.
    pub base_share: f64,
    /// Rules given up because their estimates did not fall.
    pub dropped: usize,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// Rows for which it is the first that holds.
    pub here: Counted,
    /// Rows for which neither it nor one before it holds.
    pub left: Counted,
}

/// Something that a value does or does not. A missing value fulfils `Missing` only, a level that is rare or new fulfils none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The number is at most this.
    AtMost {
        /// Place of its input.
        input: usize,
        /// The largest.
        cut: f64,
    },
    /// The number is more than this.
    Above {
        /// Place of its input.
        input: usize,
        /// What it exceeds.
        cut: f64,
    },
    /// The level is one of these.
    OneOf {
        /// Place of its input.
        input: usize,
        /// The levels.
        levels: Vec<String>,
    },
    /// There is no value.
    Missing {
        /// Place of its input.
        input: usize,
    },
}

impl Condition {
    /// Place of its input.
    pub const fn input(&self) -> usize {
        match self {
            Self::AtMost { input, .. }
            | Self::Above { input, .. }
            | Self::OneOf { input, .. }
            | Self::Missing { input } => *input,
        }
    }

    /// Whether a value fulfils it.
    pub fn holds(&self, value: Value<'_>) -> bool {
        match (self, value) {
            (Self::AtMost { cut, .. }, Value::Number(number)) => number <= *cut,
            (Self::Above { cut, .. }, Value::Number(number)) => number > *cut,
            (Self::OneOf { levels, .. }, Value::Level(level)) => {
                levels.iter().any(|one| one == level)
            }
            (Self::Missing { .. }, Value::Missing) => true,
            (Self::Missing { .. }, Value::Number(number)) => number.is_nan(),
            _ => false,
        }
    }
}

/// What a list says of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Place of the rule that holds; `None` when none does.
    pub rule: Option<usize>,
    /// Log odds of everybody.
    pub base_score: f64,
    /// `base_score` plus the contributions, in their order.
    pub score: f64,
    /// What each rule that was asked added to the log odds, whether it held or not.
    pub contributions: Vec<f64>,
    /// Values that were asked for and were special.
    pub flagged: Vec<Flagged>,
}

impl RuleList {
    /// Rows left where no rule holds.
    pub fn otherwise(&self) -> &Counted {
        self.rules.last().map_or(&self.everybody, |rule| &rule.left)
    }

    /// What the list says of a person.
    ///
    /// # Errors
    /// For another number of values than inputs, or a value of the other kind.
    pub fn answer(&self, values: &[Value<'_>]) -> Result<Answer, TreeError> {
        check(&self.inputs, values)?;
        let base_score = self.everybody.score();
        let mut answer = Answer {
            rule: None,
            base_score,
            score: base_score,
            contributions: Vec::new(),
            flagged: Vec::new(),
        };
        let mut before = &self.everybody;
        for (place, rule) in self.rules.iter().enumerate() {
            for condition in &rule.conditions {
                let input = condition.input();
                let flag = self.inputs[input].flag(values[input]);
                let flagged = flag.map(|flag| Flagged { input, flag });
                answer
                    .flagged
                    .extend(flagged.filter(|new| !answer.flagged.contains(new)));
            }
            let mut conditions = rule.conditions.iter();
            let holds = conditions.all(|condition| condition.holds(values[condition.input()]));
            let after = if holds { &rule.here } else { &rule.left };
            let contribution = after.score() - before.score();
            answer.contributions.push(contribution);
            answer.score += contribution;
            if holds {
                answer.rule = Some(place);
                break;
            }
            before = after;
        }
        Ok(answer)
    }
}

impl Input {
    fn flag(&self, value: Value<'_>) -> Option<Flag> {
        match value {
            Value::Missing => Some(Flag::Missing),
            Value::Number(number) => number.is_nan().then_some(Flag::Missing),
            Value::Level(level) => {
                let is_known = self.levels.iter().flatten().any(|known| known == level);
                (!is_known).then_some(Flag::Unknown)
            }
        }
    }
}
