//! Models that promise not to betray any row: learned from noisy answers, and written without anything else that tells of the
//! rows learned from.

mod asked;
mod curves;

use helder_ebm::{
    EbmError,
    private::{Loss, Promise},
};
use helder_model::{Accountant, Mechanism, Model};
use helder_types::Digest;

use super::{
    FrameOrigin, LearnError, ModelParts, Onlooker,
    audit::NotJudged,
    document,
    ebm::{self, BoostingSummary},
    judge::{self, Judged},
    plan::{NewTrainingRun, Privacy},
    split::Rows,
    table::Table,
    training,
};

/// A private model with what may be told of it.
pub(super) struct Learned {
    pub model: Model,
    /// Rows learned from, as an answer with noise tells it.
    rows: u64,
    boosting: Option<BoostingSummary>,
}

/// What one of the algorithms learned.
struct Taught {
    parts: ModelParts,
    rows: f64,
    boosting: Option<BoostingSummary>,
}

/// An origin that tells nothing of the rows. A digest of the frame is a function of every value in it: who guesses all rows but
/// one could check the last. So a random one stands in its place, and no parents; the run itself keeps which frame it was.
///
/// # Errors
/// [`LearnError::Internal`] when there are no random bits.
pub(super) fn sealed(onlooker: &Onlooker<'_>) -> Result<FrameOrigin, LearnError> {
    let mut bytes = Vec::new();
    for _ in 0..4 {
        let bits = (onlooker.chance)().ok_or_else(|| LearnError::internal(EbmError::NoChance))?;
        bytes.extend(bits.to_le_bytes());
    }
    Ok(FrameOrigin {
        provisions: None,
        digest: Digest::of(&bytes),
        parents: Vec::new(),
    })
}

/// Learns from the train rows.
///
/// # Errors
/// [`LearnError::Invalid`] when a number has no range, the rows are too few for the promise (with the ε and the rows it would
/// take), or the data do not fit the algorithm.
pub(super) fn learn(
    table: &Table,
    plan: &NewTrainingRun,
    privacy: &Privacy,
    origin: &FrameOrigin,
    rows: &Rows,
    onlooker: &Onlooker<'_>,
) -> Result<Learned, LearnError> {
    let taught = curves::fit(table, plan, privacy, rows, onlooker)?;
    if privacy.delta >= 1.0 / taught.rows {
        let most = 1.0 / taught.rows;
        let detail = format!(
            "a promise that may fail with this probability lets one row be told in full: below {most:.1e}, one over the number of rows"
        );
        return Err(LearnError::fault("/privacy/delta", "out-of-range", detail));
    }
    let counted = taught.rows.round().max(1.0) as u64;
    let training = training(plan, origin, counted as usize, None);
    let mut model = document(plan, training, taught.parts);
    model.privacy = Some(helder_model::Privacy {
        epsilon: privacy.epsilon,
        delta: privacy.delta,
        mechanism: Mechanism::GaussianSums,
        accountant: Accountant::GaussianDp,
    });
    Ok(Learned {
        model,
        rows: counted,
        boosting: taught.boosting,
    })
}

/// Judges a private model on the rows kept apart. Those are not protected, and every page says so.
///
/// # Errors
/// As [`judge::probabilities`].
pub(super) fn judge(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    learned: &Learned,
) -> Result<Judged, LearnError> {
    let mut judged = judge::probabilities(table, plan, rows, &learned.model)?;
    judged.evaluation.rows.train = learned.rows as usize;
    judged.fairness.rows.train = learned.rows as usize;
    judged.evaluation.boosting.clone_from(&learned.boosting);
    if let Some(sections) = &mut judged.evaluation.sections {
        sections.not_judged.push(NotJudged::new(
            "private",
            "De rijen waarvan het model leerde zijn beschermd. Daarom is er geen leercurve en zijn er geen aantallen van vergelijkbare personen. De \
             cijfers in dit rapport gaan over andere rijen. Die zijn niet beschermd.",
            "The rows the model learned from are protected. So there is no learning curve and there are no counts of similar persons. The \
             figures in this report are about other rows. Those are not protected.",
        ));
    }
    Ok(judged)
}

/// What was wrong, with what would do instead.
fn told(error: EbmError, privacy: &Privacy) -> LearnError {
    match error {
        EbmError::TooFewForPrivacy { found, needed } => LearnError::fault(
            "/privacy/epsilon",
            "too-few-rows",
            too_few(found, needed, privacy),
        ),
        EbmError::Levels { column, limit, .. } => LearnError::fault(
            "/features",
            "too-many-levels",
            format!("`{column}` has more than {limit} levels: group it in the frame's query"),
        ),
        other => ebm::told(other),
    }
}

fn too_few(found: u64, needed: u64, privacy: &Privacy) -> String {
    let promise = Promise {
        epsilon: privacy.epsilon,
        delta: privacy.delta,
    };
    // Noise is in inverse proportion to the loss, and so are the rows it takes.
    let epsilon = Loss::of(promise).ok().and_then(|loss| {
        let enough = Loss(loss.0 * needed as f64 / found.max(1) as f64);
        enough.epsilon(privacy.delta)
    });
    let instead = epsilon.map_or_else(
        || "no epsilon up to 20 would do for these rows".to_owned(),
        |epsilon| {
            let epsilon = (epsilon * 10.0).ceil() / 10.0;
            format!("for these rows epsilon {epsilon} would do")
        },
    );
    format!(
        "about {found} rows are too few for epsilon {}: the model would say more of the noise than of people. It takes about {needed} rows; {instead}; fewer features help too",
        privacy.epsilon
    )
}
