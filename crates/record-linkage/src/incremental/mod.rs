//! Linking a new version of a source without linking everything again.
//!
//! A [`Frozen`] model holds all that a weight depends on besides the two records: the trained model, the rules, and how common values were
//! among the records it was learned on. With it, the links of two sources follow from their records alone, so [`State::update`] finds,
//! bit for bit, what [`State::from_scratch`] finds on the new versions, and does only this again:
//!
//! - deterministic links (two passes over the pseudonyms);
//! - pairs with a record that is new, changed, or free again after a deterministic link; pairs in a block that was skipped and no longer
//!   is; pairs that were kept and whose last common block is skipped now;
//! - competition and choice in every connected component of candidate pairs in which a pair came, went or changed;
//! - within one file, groups in every connected component of links in which a link came, went or changed. What groups say of their pairs
//!   is worked out from the groups each time a state is asked for its [`State::result`].
//!
//! Decisions of people overrule the links of a state as they do those of a run ([`State::update_labelled`]); the model stays what it is. Pairs
//! of a record about which something else is decided than before are weighed, chosen and grouped again.
//!
//! Records are ordered by their keys, so the order of a file has no say.

mod blocks;
mod decided;
pub mod entities;
mod file;
pub mod partition;
mod result;
mod settle;
mod source;
mod update;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    blocking::{RuleCount, complete},
    bound::Bound,
    cluster::Clusters,
    comparison::Side,
    model::TrainedModel,
    population::Population,
    run::{Label, Limits, Link, MORE_PAIRS, Observer, RunError, ScoredPair},
    spec::{Assignment, LinkageSpec},
    table::{RowCountMismatch, Table},
};
pub(crate) use decided::Decided;
pub use file::FileError;
pub use source::{Source, SourceError};

/// A model with everything that a weight depends on, so that it means the same on every version of the sources.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// With the rules that were in use, and without further ones.
    pub(crate) spec: LinkageSpec,
    pub(crate) model: TrainedModel,
    pub(crate) populations: [Arc<Population>; 2],
    pub(crate) within: bool,
    /// Share of further partners per left record.
    pub(crate) duplicate_share: f64,
}

impl Frozen {
    /// Freezes the model of a run over these two tables.
    ///
    /// # Errors
    /// [`RowCountMismatch`] never for tables that were built column by column.
    pub fn new(
        spec: &LinkageSpec,
        model: &TrainedModel,
        duplicate_share: f64,
        left: &Table,
        right: &Table,
    ) -> Result<Self, RowCountMismatch> {
        let bound = Bound::new(spec, left, right);
        Self::of(spec.clone(), model, duplicate_share, (left, right), &bound)
    }

    /// Freezes the model of a run within one table.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn within(
        spec: &LinkageSpec,
        model: &TrainedModel,
        table: &Table,
    ) -> Result<Self, RowCountMismatch> {
        let spec = LinkageSpec {
            assignment: Assignment::All,
            pairs_per_record: spec.pairs_per_record * MORE_PAIRS,
            ..spec.clone()
        };
        let bound = Bound::within(&spec, table);
        Self::of(spec, model, 1.0, (table, table), &bound)
    }

    fn of(
        mut spec: LinkageSpec,
        model: &TrainedModel,
        duplicate_share: f64,
        (left, right): (&Table, &Table),
        bound: &Bound,
    ) -> Result<Self, RowCountMismatch> {
        spec.blocking_rules = complete::rules(bound, &spec);
        spec.pairs_per_record = 0.0;
        bound.note_other_names(&mut spec);
        let populations = [
            Arc::new(Population::of(&spec, left, Side::Left)?),
            Arc::new(Population::of(&spec, right, Side::Right)?),
        ];
        Ok(Self {
            spec,
            model: model.clone(),
            populations,
            within: bound.is_within(),
            duplicate_share,
        })
    }

    /// What is linked on, with all rules in use.
    pub const fn spec(&self) -> &LinkageSpec {
        &self.spec
    }

    /// The model.
    pub const fn model(&self) -> &TrainedModel {
        &self.model
    }

    /// Whether both sides are one file.
    pub const fn is_within(&self) -> bool {
        self.within
    }

    /// Shares of further partners that the competition allows, left and right.
    fn duplicates(&self) -> [f64; 2] {
        match self.spec.assignment {
            Assignment::OneToOne if self.model.calibration.is_none() => [0.0, 0.0],
            Assignment::OneToOne | Assignment::OneLeftPerRight => [self.duplicate_share, 0.0],
            Assignment::All => [1.0, 1.0],
        }
    }
}

/// What an update looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// Records with a new key.
    pub added: u64,
    /// Records that say something else under a known key.
    pub changed: u64,
    /// Records that are gone.
    pub removed: u64,
    /// Pairs weighed; a pair that several rules reach counts several times.
    pub weighed: u64,
    /// Candidate pairs near the threshold, with rivals.
    pub pairs: u64,
    /// Of these, pairs in a component of competition that was settled again.
    pub settled_again: u64,
}

/// Two sources, or one, linked with a frozen model. Rows are places in the order of the keys.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) frozen: Arc<Frozen>,
    pub(crate) left: Source,
    pub(crate) right: Source,
    /// Pairs that came near, sorted.
    pub(crate) pairs: Vec<ScoredPair>,
    /// Links, sorted.
    pub(crate) links: Vec<Link>,
    /// Groups, within one file.
    pub(crate) clusters: Clusters,
    /// What each rule reaches.
    pub(crate) rules: Vec<RuleCount>,
    /// What people decided about its records.
    pub(crate) decided: Decided,
}

impl State {
    /// Links two sources from scratch. Within one file `right` is not read.
    ///
    /// # Errors
    /// As [`State::update`].
    pub fn from_scratch(
        frozen: Arc<Frozen>,
        left: Source,
        right: Source,
        limits: Limits,
        observer: &dyn Observer,
    ) -> Result<Self, RunError> {
        Ok(Self::empty(frozen).update(left, right, limits, observer)?.0)
    }

    /// A state of no records, from which an update is from scratch.
    pub fn empty(frozen: Arc<Frozen>) -> Self {
        Self {
            frozen,
            left: Source::default(),
            right: Source::default(),
            pairs: Vec::new(),
            links: Vec::new(),
            clusters: Clusters::default(),
            rules: Vec::new(),
            decided: Decided::default(),
        }
    }

    /// What people decided about its records, in the order of rows.
    pub fn labels(&self) -> impl Iterator<Item = Label> + '_ {
        self.decided.labels()
    }

    /// The model.
    pub fn frozen(&self) -> &Frozen {
        &self.frozen
    }

    /// The left source.
    pub const fn left(&self) -> &Source {
        &self.left
    }

    /// The right source; within one file the same as the left.
    pub fn right(&self) -> &Source {
        if self.frozen.within {
            &self.left
        } else {
            &self.right
        }
    }

    /// Links, sorted by left and right row.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Pairs that came near, sorted by left and right row.
    pub fn scored(&self) -> &[ScoredPair] {
        &self.pairs
    }

    /// Groups; empty unless within one file.
    pub const fn clusters(&self) -> &Clusters {
        &self.clusters
    }

    /// What each blocking rule reaches.
    pub fn rules(&self) -> &[RuleCount] {
        &self.rules
    }
}
