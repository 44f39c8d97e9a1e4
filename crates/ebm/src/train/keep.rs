//! What bags learned, kept elsewhere, so that learning that was interrupted goes on where it was.
//!
//! A bag needs nothing of other bags, so a finished one is kept whole. Its name holds the digest of all it was learned from: what was kept
//! of other rows or settings is never taken.

use helder_types::Digest;

use super::{
    Frame,
    mains::{self, Bag},
    pairs::{self, LearnedPairs, Pair},
    watch::{Traveller, Watcher},
};
use crate::{EbmError, Settings, bins::Coarse, settings::Stride};

/// Keeps what bags learned while others learn, called from several threads. Kept values tell of rows: they are personal data where rows are.
pub trait Keeper: Sync {
    /// What was kept under a name; `None` to learn it anew.
    fn kept(&self, name: &str) -> Option<Vec<u8>>;
    /// Keeps bytes under a name of up to 200 letters, digits, points and spaces. What is not kept is only learned anew.
    fn keep(&self, name: &str, bytes: Vec<u8>);
}

/// A keeper of one fit.
#[derive(Clone, Copy)]
pub(super) struct Shelf<'a> {
    keeper: &'a dyn Keeper,
    /// What is learned from, and how.
    fit: Digest,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(keeper: &'a dyn Keeper, frame: &Frame, settings: &Settings) -> Self {
        let bits = |values: &[f32]| -> Vec<u8> {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes());
            bytes.collect()
        };
        let columns = frame.bins.iter().map(|column| Digest::of(column));
        let rows = [bits(&frame.outcome), bits(&frame.weights)];
        let rows = rows.iter().map(|rows| Digest::of(rows));
        let parts: Vec<u8> = columns.chain(rows).flat_map(|d| *d.as_bytes()).collect();
        let how = format!(
            "{:?} {:?} {:?} {settings:?}",
            frame.all_bins, frame.is_ordered, frame.directions
        );
        Self {
            keeper,
            fit: Digest::of(&[parts, how.into_bytes()].concat()),
        }
    }

    fn name(&self, what: &str, stride: Stride, bag: usize) -> String {
        format!(
            "{} {what} {} {} {} {} {bag}",
            self.fit.hex(),
            stride.learning_rate,
            stride.max_leaves,
            stride.min_gain,
            stride.smoothing_rounds
        )
    }

    fn kept(&self, name: &str, lengths: &[usize]) -> Option<Parcel> {
        Parcel::read(&self.keeper.kept(name)?, lengths)
    }
}

/// Lists of numbers in a row, and losses.
struct Parcel {
    lists: Vec<Vec<f32>>,
    losses: Vec<f64>,
}

impl Parcel {
    fn written<'a>(lists: impl Iterator<Item = &'a Vec<f32>>, losses: &[f64]) -> Vec<u8> {
        let losses = losses.iter().flat_map(|loss| loss.to_le_bytes());
        let values = lists.flatten().flat_map(|value| value.to_le_bytes());
        values.chain(losses).collect()
    }

    /// `None` when it is not as long as the lists, with at least one loss.
    fn read(bytes: &[u8], lengths: &[usize]) -> Option<Self> {
        let all: usize = lengths.iter().sum();
        let (values, losses) = bytes.split_at_checked(4 * all)?;
        let (losses, rest) = losses.as_chunks::<8>();
        let (values, _) = values.as_chunks::<4>();
        let mut values = values.iter().map(|bytes| f32::from_le_bytes(*bytes));
        let lists = lengths.iter().map(|n| values.by_ref().take(*n).collect());
        let parcel = Self {
            lists: lists.collect(),
            losses: losses
                .iter()
                .map(|loss| f64::from_le_bytes(*loss))
                .collect(),
        };
        (rest.is_empty() && !parcel.losses.is_empty()).then_some(parcel)
    }
}

/// [`mains::boost`], or what was kept of it.
///
/// # Errors
/// When the watcher wants it to end.
pub(super) fn curves(
    frame: &Frame,
    settings: &Settings,
    stride: Stride,
    number: usize,
    watch: &Watcher<'_>,
) -> Result<Bag, EbmError> {
    let Some(shelf) = &watch.shelf else {
        return mains::boost(frame, settings, stride, number, watch);
    };
    let name = shelf.name("curves", stride, number);
    let drawn = mains::drawn(frame, settings, number);
    let lengths = frame.all_bins.iter().copied();
    let lengths: Vec<usize> = lengths.chain([drawn.rows[1].len()]).collect();
    if let Some(mut found) = shelf.kept(&name, &lengths) {
        watch.kept(
            Traveller::new(frame, settings, stride, number),
            &found.losses,
        )?;
        let apart = found.lists.pop().unwrap_or_default();
        return Ok(Bag {
            rows: drawn.rows,
            apart,
            intercept: drawn.intercept,
            shapes: found.lists,
            pairs: Vec::new(),
            losses: found.losses,
            pair_losses: Vec::new(),
        });
    }
    let bag = mains::boost(frame, settings, stride, number, watch)?;
    let lists = bag.shapes.iter().chain([&bag.apart]);
    shelf
        .keeper
        .keep(&name, Parcel::written(lists, &bag.losses));
    Ok(bag)
}

/// [`pairs::boost`], or what was kept of it.
///
/// * `what` – why pairs are learned: a bag learns those it chose itself, and later those that many chose
///
/// # Errors
/// When the watcher wants it to end.
pub(super) fn tables(
    what: &str,
    frame: &Frame,
    coarse: &[Coarse],
    pairs: &[Pair],
    how: (&Settings, Stride),
    (number, bag): (usize, &Bag),
    watch: &Watcher<'_>,
) -> Result<LearnedPairs, EbmError> {
    let Some(shelf) = &watch.shelf else {
        return pairs::boost(frame, coarse, pairs, how, number, bag, watch);
    };
    let name = shelf.name(what, how.1, number);
    let lengths = pairs.iter().map(|pair| pair.cells);
    let lengths: Vec<usize> = lengths.chain([bag.rows[1].len()]).collect();
    if let Some(mut found) = shelf.kept(&name, &lengths) {
        watch.kept(Traveller::new(frame, how.0, how.1, number), &found.losses)?;
        let said = found.lists.pop().unwrap_or_default();
        return Ok(LearnedPairs {
            tables: found.lists,
            losses: found.losses,
            said,
        });
    }
    let learned = pairs::boost(frame, coarse, pairs, how, number, bag, watch)?;
    let lists = learned.tables.iter().chain([&learned.said]);
    shelf
        .keeper
        .keep(&name, Parcel::written(lists, &learned.losses));
    Ok(learned)
}
