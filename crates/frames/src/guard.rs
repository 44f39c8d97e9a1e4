//! Keeps every join stoppable.
//!
//! The engine hands control back only between the batches that its leaves read. A join can make billions of rows out of
//! one such batch, and then neither a time limit nor a cancellation is looked at. So every join here yields by its own
//! output, and a join that compares every row with every row is refused unless one side is small.

use std::sync::Arc;

use datafusion::{
    common::{
        config::ConfigOptions,
        stats::Precision,
        tree_node::{Transformed, TreeNode},
    },
    error::{DataFusionError, Result},
    physical_optimizer::PhysicalOptimizerRule,
    physical_plan::{
        ExecutionPlan,
        coop::CooperativeExec,
        joins::{
            CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PiecewiseMergeJoinExec,
            SortMergeJoinExec,
        },
        statistics::{StatisticsArgs, StatisticsContext},
    },
};

/// Rows up to which one side of a join without keys may be known to have.
const SMALL_SIDE: usize = 1_000;

/// Marks the refusal among the engine's errors.
pub(crate) const WITHOUT_KEYS: &str = "helder: join without keys";

/// The rule that wraps joins.
#[derive(Debug)]
pub(crate) struct StoppableJoins;

impl PhysicalOptimizerRule for StoppableJoins {
    fn name(&self) -> &'static str {
        "stoppable_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let statistics = StatisticsContext::new();
        plan.transform_up(|node| {
            let every_with_every = node.is::<NestedLoopJoinExec>()
                || node.is::<CrossJoinExec>()
                || node.is::<PiecewiseMergeJoinExec>();
            if every_with_every {
                let small = node
                    .children()
                    .into_iter()
                    .any(|side| is_small(&statistics, side));
                if !small {
                    return Err(DataFusionError::Plan(WITHOUT_KEYS.to_owned()));
                }
            }
            if every_with_every || node.is::<HashJoinExec>() || node.is::<SortMergeJoinExec>() {
                // The statistics cache is keyed by node; the wrapped tree is a new one.
                statistics.reset_cache();
                return Ok(Transformed::yes(Arc::new(CooperativeExec::new(node))));
            }
            Ok(Transformed::no(node))
        })
        .map(|transformed| transformed.data)
    }
}

fn is_small(statistics: &StatisticsContext, side: &Arc<dyn ExecutionPlan>) -> bool {
    statistics
        .compute(side.as_ref(), &StatisticsArgs::new())
        .is_ok_and(|side| matches!(side.num_rows, Precision::Exact(rows) if rows <= SMALL_SIDE))
}
