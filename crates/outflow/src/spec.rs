//! What a report on outflow is asked to do.

use std::collections::BTreeMap;

use helder_model::Meaning;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A report on how long spells last and how they end. One row of the frame is one spell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutflowSpec {
    /// What the report is called.
    pub title: Meaning,
    /// Column with the time from the beginning of the spell until its end or, when it still runs, until it was seen last; at least 0.
    #[schema(min_length = 1, max_length = 100)]
    pub time: String,
    /// What `time`, `entry` and provisions are counted in.
    #[serde(default)]
    pub time_unit: TimeUnit,
    /// Column with the time at which the spell came into sight, when it had begun before: those who left earlier are not in the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub entry: Option<String>,
    /// How a spell ended.
    pub ends: Ends,
    /// Column with a pseudonym of the person: spells of one person are not independent, and stay together when the model is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub person: Option<String>,
    /// What may go together with outflow. Known when the spell begins.
    #[schema(min_items = 1, max_items = 40)]
    pub characteristics: Vec<Characteristic>,
    /// Help that may begin during the spell.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub provisions: Vec<Provision>,
    /// Columns of characteristics by which the effect of a provision may differ.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub effect_by: Vec<String>,
    /// Months within which the chance of outflow is told, rising.
    #[serde(default = "horizons")]
    #[schema(min_items = 1, max_items = 8)]
    pub horizons: Vec<u32>,
    /// Most groups of clients looked for.
    #[serde(default = "six")]
    #[schema(minimum = 2, maximum = 10)]
    pub most_groups: u32,
    /// Nothing is told of fewer spells than this.
    #[serde(default = "ten")]
    #[schema(minimum = 10, maximum = 1_000)]
    pub smallest_cell: u32,
    /// Seed of everything random.
    #[serde(default)]
    pub seed: u32,
}

/// What time is counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum TimeUnit {
    /// Days.
    #[default]
    Days,
    /// Weeks.
    Weeks,
    /// Months.
    Months,
}

impl TimeUnit {
    /// Units in a month; a year has 365.25 days.
    pub const fn per_month(self) -> f64 {
        match self {
            Self::Days => 365.25 / 12.0,
            Self::Weeks => 365.25 / 84.0,
            Self::Months => 1.0,
        }
    }
}

/// How spells end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ends {
    /// Column with the cause of the end: texts or whole numbers.
    #[schema(min_length = 1, max_length = 100)]
    pub cause: String,
    /// Column that tells whether the spell has ended (true or false, 1 or 0). A spell that ended without a cause counts as ended for an
    /// unknown reason. Without this column, a spell without a cause still runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub ended: Option<String>,
    /// Codes of the cause that mean: still running. Not together with `ended`.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub running: Vec<String>,
    /// Codes of the cause that mean: ended, nobody wrote down why.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub unknown: Vec<String>,
    /// The causes. Every code that occurs belongs to one of them, to `running` or to `unknown`.
    #[schema(min_items = 1, max_items = 12)]
    pub causes: Vec<EndCause>,
}

/// One cause of the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndCause {
    /// Its codes in the column.
    #[schema(min_items = 1, max_items = 200)]
    pub codes: Vec<String>,
    /// What sort of end it is.
    pub kind: CauseKind,
    /// Its name, when that of the kind does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Meaning>,
}

/// Sorts of ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CauseKind {
    /// Found work.
    Work,
    /// Began a study.
    Study,
    /// Moved to another municipality.
    Moved,
    /// Reached the age of the state pension.
    Age,
    /// Began to live with a partner.
    Partner,
    /// Anything else.
    Other,
}

impl CauseKind {
    /// Its name.
    pub fn words(self) -> Meaning {
        match self {
            Self::Work => Meaning::new("werk", "work"),
            Self::Study => Meaning::new("opleiding", "study"),
            Self::Moved => Meaning::new("verhuizing", "moved away"),
            Self::Age => Meaning::new("AOW-leeftijd", "pension age"),
            Self::Partner => Meaning::new("partner", "partner"),
            Self::Other => Meaning::new("andere reden", "another reason"),
        }
    }
}

impl EndCause {
    /// Its name.
    pub fn words(&self) -> Meaning {
        self.title.clone().unwrap_or_else(|| self.kind.words())
    }
}

/// What may go together with outflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Characteristic {
    /// The column.
    #[schema(min_length = 1, max_length = 100)]
    pub column: String,
    /// Number or category.
    pub kind: CharacteristicKind,
    /// What it means.
    pub title: Meaning,
    /// Filled badly or by judgement: told apart, and not in the main models.
    #[serde(default)]
    pub soft: bool,
    /// Numbers: where bands begin, rising. Without it, bands with about as many spells each.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub bands: Vec<f64>,
    /// Numbers: the step that a ratio is told for, above 0; 10 for "per ten years".
    #[serde(default = "one")]
    pub per: f64,
    /// Categories: names of codes.
    #[serde(default)]
    pub names: BTreeMap<String, Meaning>,
    /// Categories: the code that others are compared with; the most frequent one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Sorts of characteristics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CharacteristicKind {
    /// A number with an order and distances.
    Number,
    /// Text, true or false, or whole numbers that are codes.
    Category,
}

/// Help that may begin during a spell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provision {
    /// Column with the time of the beginning, on the clock of the spell; missing when it never began.
    #[schema(min_length = 1, max_length = 100)]
    pub column: String,
    /// What it is.
    pub title: Meaning,
    /// The end it is for; work when absent, or the first cause where work is none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<CauseKind>,
    /// The smallest ratio of paces that would matter, above 1 and at most 10: data that would miss it say nothing.
    #[serde(default = "one_and_a_half")]
    pub smallest_ratio: f64,
}

const fn one_and_a_half() -> f64 {
    1.5
}

const fn six() -> u32 {
    6
}

const fn ten() -> u32 {
    10
}

const fn one() -> f64 {
    1.0
}

fn horizons() -> Vec<u32> {
    vec![3, 6, 12, 24]
}
