//! Which report to fetch.

/// `helder report`
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum ReportKind {
    /// Quality of a dataset version
    Quality,
    /// A linkage run
    Linkage,
    /// A comparison of algorithms
    Selection,
    /// A report on outflow
    Outflow,
    /// A training run
    Training,
    /// The model card of a model version
    Card,
    /// How good a model version is
    Evaluation,
    /// How fair a model version is
    Fairness,
}
