//! Something that begins during a spell: a spell counts as exposed from then on, and not before.
//!
//! Who is called exposed from the beginning because it happens later cannot have ended before it happened. That time without risk
//! makes any provision look harmful or helpful by itself (immortal time: Suissa 2008, doi 10.1093/aje/kwm324).

use crate::{Spells, SurvivalError, spells::same_length};

/// Spells cut where their exposure begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposed {
    /// The parts, those of one spell after each other in order of time.
    pub spells: Spells,
    /// Per part, the place of its spell.
    pub origin: Vec<usize>,
    /// Per part, whether it lies after the beginning of the exposure.
    pub exposed: Vec<bool>,
}

/// Cuts each spell at `begins` (on the clock of the spells; `None` for never). A beginning at or after the end of a spell does not count,
/// one at or before its entry exposes the whole spell.
///
/// # Errors
/// Beginnings of another length; beginnings that are no finite number.
pub fn expose(spells: &Spells, begins: &[Option<f64>]) -> Result<Exposed, SurvivalError> {
    same_length("beginnings of exposure", spells.len(), begins.len())?;
    if begins.iter().flatten().any(|begins| !begins.is_finite()) {
        return Err(SurvivalError::NotFinite(vec![
            "beginning of exposure".to_owned(),
        ]));
    }
    let mut parts = Parts::default();
    for (i, begins) in begins.iter().enumerate() {
        let (entry, end) = (spells.entry.as_ref().map(|entry| entry[i]), spells.time[i]);
        let first = entry.unwrap_or(f64::NEG_INFINITY);
        match *begins {
            Some(begins) if begins > first && begins > 0.0 && begins < end => {
                parts.add(i, first, begins, 0, false);
                parts.add(i, begins, end, spells.cause[i], true);
            }
            Some(begins) if begins <= first.max(0.0) => {
                parts.add(i, first, end, spells.cause[i], true);
            }
            _ => parts.add(i, first, end, spells.cause[i], false),
        }
    }
    let weight = spells
        .weight
        .as_ref()
        .map(|weight| parts.origin.iter().map(|&i| weight[i]).collect());
    Ok(Exposed {
        spells: Spells {
            time: parts.end,
            cause: parts.cause,
            entry: Some(parts.start),
            weight,
        },
        origin: parts.origin,
        exposed: parts.exposed,
    })
}

#[derive(Default)]
struct Parts {
    origin: Vec<usize>,
    start: Vec<f64>,
    end: Vec<f64>,
    cause: Vec<u32>,
    exposed: Vec<bool>,
}

impl Parts {
    fn add(&mut self, origin: usize, start: f64, end: f64, cause: u32, exposed: bool) {
        self.origin.push(origin);
        self.start.push(start);
        self.end.push(end);
        self.cause.push(cause);
        self.exposed.push(exposed);
    }
}
