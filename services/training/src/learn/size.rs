//! A model file has a largest size. What is larger is refused before it is judged, with what would fit.

use helder_model::{Algorithm, Model, ModelError, TermsFit, read::MAX_BYTES};
use serde::Serialize;

use super::LearnError;

/// Of the largest file, what is advised to be filled: terms that are learned anew are not exactly as large.
const ADVISED: f64 = 0.9;
const MIB: f64 = (1_u64 << 20) as f64;

/// The bytes of `model.json`.
///
/// # Errors
/// [`LearnError::Invalid`] when they are more than a file may have, with what to change; [`LearnError::Internal`] when the model does not
/// hold together.
pub(super) fn stored(model: &Model) -> Result<Vec<u8>, LearnError> {
    model.to_json().map_err(|error| told(model, error))
}

fn told(model: &Model, error: ModelError) -> LearnError {
    if error.0.iter().all(|fault| fault.code != "too-large") {
        return LearnError::internal(error);
    }
    let bytes = written(model);
    let too_large = |pointer: &str, instead: &str| {
        let detail = format!(
            "the model file would be {:.1} MiB and at most {:.0} can be kept: {instead}",
            bytes as f64 / MIB,
            MAX_BYTES as f64 / MIB
        );
        LearnError::fault(pointer, "model-too-large", detail)
    };
    match &model.algorithm {
        Algorithm::ExplainableBoosting(fit) => {
            let (curves, pairs) = (fit.curves.len(), fit.pairs.len());
            let most = terms_that_fit(fit, bytes);
            let instead = format!(
                "it has {curves} curves and {pairs} tables of pairs; set hyperparameters/maximumTerms to {most} or fewer, or round numbers and \
                 group categories with many values, so that curves have fewer steps"
            );
            too_large("/hyperparameters/maximumTerms", &instead)
        }
        Algorithm::HazardBoosting(_) => too_large(
            "/hyperparameters/interactions",
            "ask for fewer interactions, quarters instead of months, or fewer causes or features, or round numbers with many values",
        ),
        _ => too_large(
            "/features",
            "learn from fewer features, or group categories with many values",
        ),
    }
}

/// Terms that together stay well within the largest file, in the order in which a smaller model would keep them: curves, and what is left
/// is for the pairs that gain most. At least 1.
///
/// * `bytes` – of the whole file
fn terms_that_fit(fit: &TermsFit, bytes: usize) -> usize {
    let curves = fit.curves.iter().map(written);
    let sizes: Vec<usize> = curves.chain(fit.pairs.iter().map(written)).collect();
    let all: usize = sizes.iter().sum();
    // By themselves terms are indented less than in the file.
    let scale = bytes as f64 / all.max(1) as f64;
    let sums = sizes.iter().scan(0, |sum, size| {
        *sum += size;
        Some(*sum)
    });
    let within = |sum: &usize| *sum as f64 * scale <= ADVISED * MAX_BYTES as f64;
    sums.take_while(within).count().max(1)
}

/// Bytes of a part of the file; none of what cannot be written.
fn written(part: &impl Serialize) -> usize {
    serde_json::to_vec_pretty(part).map_or(0, |bytes| bytes.len())
}
