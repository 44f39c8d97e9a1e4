//! Why there is no export.

/// What stands in the way.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Groups have no score that is added up.
    #[error("a model of the kind `{0}` has no score to write down")]
    NoScore(&'static str),
    /// Its answers are questions one after the other, not a sum of parts; such models have forms of their own.
    #[error("a model of the kind `{0}` is no sum of parts")]
    NoSum(&'static str),
    /// An input counts as a smooth curve, which is no line and no table.
    #[error("the input `{0}` counts as a curve, which this form does not write")]
    Curved(String),
    /// More parts than databases and spreadsheets take.
    #[error("the model has {found} parts where this form takes at most {most}")]
    TooManyParts {
        /// Inputs and pairs of the model.
        found: usize,
        /// Most of this form.
        most: usize,
    },
    /// Coherent models do not come here.
    #[error("the model does not hold together: {0}")]
    Incoherent(String),
    /// The workbook could not be written.
    #[error("the workbook could not be written")]
    Workbook(#[from] zip::result::ZipError),
    /// The workbook could not be written.
    #[error("the workbook could not be written")]
    Written(#[from] std::io::Error),
    /// The table could not be written.
    #[error("the table could not be written")]
    Table(#[from] csv::Error),
}
