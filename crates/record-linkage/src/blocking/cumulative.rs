//! How many pairs each rule adds to those of the rules before it.

use rayon::prelude::*;

use super::Candidates;
use crate::{
    comparison::mix,
    run::{Cancelled, Observer},
};

/// Pairs that each rule reaches and no earlier one does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cumulative {
    /// In the order of the rules.
    pub new_pairs: Vec<u64>,
    /// One of so many left rows was looked at, picked by a hash of its place; with 1 the counts are exact.
    pub one_in: u64,
}

impl Candidates<'_> {
    /// Counts what each rule adds, no pair twice; compares nothing. Above `most_pairs` pairs the counts are estimated from a part of the
    /// left rows. The same on any number of threads.
    ///
    /// # Errors
    /// [`Cancelled`] when the observer says so.
    pub fn cumulative(
        &mut self,
        most_pairs: u64,
        observer: &dyn Observer,
    ) -> Result<Cumulative, Cancelled> {
        const SALT: u64 = 0x0c0_117;
        let mut all = 0;
        for place in 0..self.rules.len() {
            observer.checkpoint()?;
            self.join(place);
            all += self.rules[place].count.pairs;
        }
        let one_in = all.div_ceil(most_pairs.max(1)).max(1);
        let mut new_pairs = Vec::with_capacity(self.rules.len());
        for place in 0..self.rules.len() {
            let joined = self.join(place);
            let these = &*self;
            let counted = joined
                .tasks()
                .into_par_iter()
                .map(|task| {
                    observer.checkpoint()?;
                    let mut n = 0;
                    for (key, left, rights) in joined.rows_of(&task) {
                        if mix(SALT, u64::from(left)).is_multiple_of(one_in) {
                            n += rights
                                .iter()
                                .filter(|right| {
                                    these.belongs(place, key, left as usize, **right as usize)
                                })
                                .count() as u64;
                        }
                    }
                    Ok(n)
                })
                .try_reduce(|| 0, |a, b| Ok(a + b))?;
            new_pairs.push(counted * one_in);
        }
        Ok(Cumulative { new_pairs, one_in })
    }
}
