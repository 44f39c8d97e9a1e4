//! How much a query may use.

use std::time::Duration;

/// Bounds of one frame. Reaching one ends the query with a [`FrameError`](crate::FrameError) that names it.
#[derive(Clone, Debug)]
pub struct FrameLimits {
    /// Memory of operators, bytes; beyond it sorts, joins and aggregations spill, then the query is refused.
    pub memory_bytes: usize,
    /// Spill space on disk, bytes.
    pub spill_bytes: u64,
    /// Rows of the frame, all reference dates together.
    pub rows: u64,
    /// Length of the SQL text, bytes.
    pub sql_bytes: usize,
    /// Number of reference dates.
    pub reference_dates: usize,
    /// Wall time of the whole frame.
    pub time: Duration,
}

impl Default for FrameLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 1 << 30,
            spill_bytes: 8 << 30,
            rows: 50_000_000,
            sql_bytes: 64 << 10,
            reference_dates: 240,
            time: Duration::from_mins(10),
        }
    }
}
