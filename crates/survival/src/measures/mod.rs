//! How well predicted times and chances fit what came.

mod concordance;
mod weighted;

pub(crate) use concordance::concordance_within;
pub use concordance::{Concordance, concordance};
pub use weighted::{
    Censoring, DynamicAuc, brier_score, dynamic_auc, integrated_brier_score, uno_concordance,
};
