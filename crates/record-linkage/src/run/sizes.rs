//! How many records a person of a file has at most, read off the sizes of the groups.
//!
//! Where people are there up to six times, many groups are of six records and hardly any of seven; those were made of two people, and hang
//! together less. Where sizes run out slowly nothing tells a large group from two small ones, and none is called too large.

/// A size is the last one when its groups are this many times those of all larger sizes together,
const FALL: usize = 5;
/// and no fewer than those of the size below, divided by this: what was falling already does not end there.
const SLOPE: usize = 3;
/// A group holds together where its two weakest parts belong together with this many bits on average.
const SURE: f64 = 4.0;

/// A group: its records, and the mean weight between the two parts of it that belong together least.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) records: usize,
    pub(super) weakest: f64,
}

/// The most records that a person of the file has, at least 2, where its groups of two records and more and the number of its records
/// `alone` tell.
pub(super) fn largest_person(groups: &[Size], alone: usize) -> Option<usize> {
    let most = groups.iter().map(|group| group.records).max()?;
    let mut counts = vec![0; most + 1];
    counts[1] = alone;
    for group in groups {
        counts[group.records] += 1;
    }
    let mut larger = groups.len();
    let last = (2..=most).find(|size| {
        let n = counts[*size];
        larger -= n;
        n >= FALL * (larger + 1) && SLOPE * n >= counts[size - 1]
    })?;
    // True groups of more records would hold together as the others do.
    let beyond = sure_share(groups, |size| size > last);
    let within = sure_share(groups, |size| size <= last && 2 * size >= last);
    (2.0 * beyond < within).then_some(last)
}

/// Share of the groups of these sizes that hold together; 0 where there are none.
fn sure_share(groups: &[Size], of: impl Fn(usize) -> bool) -> f64 {
    let (mut n, mut sure) = (0_u32, 0_u32);
    for group in groups.iter().filter(|group| of(group.records)) {
        n += 1;
        sure += u32::from(group.weakest >= SURE);
    }
    f64::from(sure) / f64::from(n.max(1))
}

/// Mean weight between the two parts of a group of `n` records that were joined last when always those parts become one that belong together
/// most; `weights` are those of all pairs, row by row.
pub(super) fn weakest_join(weights: &[f64], n: usize) -> f64 {
    // Sums between parts, each called by its first record.
    let mut sums = weights.to_vec();
    let mut parts: Vec<(usize, f64)> = (0..n).map(|record| (record, 1.0)).collect();
    let mut last = f64::INFINITY;
    while parts.len() > 1 {
        let mut best = (f64::NEG_INFINITY, 0, 1);
        for (y, (b, n_b)) in parts.iter().enumerate() {
            for (x, (a, n_a)) in parts[..y].iter().enumerate() {
                let mean = sums[a * n + b] / (n_a * n_b);
                if mean > best.0 {
                    best = (mean, x, y);
                }
            }
        }
        let (mean, x, y) = best;
        last = mean;
        let (gone, n_gone) = parts.remove(y);
        let (kept, n_kept) = parts[x];
        parts[x].1 = n_kept + n_gone;
        for (other, _) in &parts {
            sums[kept * n + other] += sums[gone * n + other];
            sums[other * n + kept] = sums[kept * n + other];
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::{Size, largest_person, weakest_join};

    /// The largest person of a file with so many records alone, groups of two and so on, the ones of more than `sure` records weak.
    fn of(counts: &[usize], sure: usize) -> Option<usize> {
        let groups = counts.iter().zip(1..).skip(1);
        let groups = groups.flat_map(|(n, records)| {
            let weakest = if records > sure { 1.0 } else { 9.0 };
            std::iter::repeat_n(Size { records, weakest }, *n)
        });
        largest_person(
            &groups.collect::<Vec<_>>(),
            counts.first().copied().unwrap_or(0),
        )
    }

    #[test]
    fn sizes_that_stop_at_once_tell_the_largest_person() {
        assert_eq!(of(&[900, 900, 900, 3, 1], 3), Some(3));
        assert_eq!(of(&[9000, 4000, 50], 2), Some(2));
        assert_eq!(of(&[90, 90, 90, 90], 4), Some(4));
    }

    #[test]
    fn larger_groups_that_hold_together_as_others_do_are_people() {
        assert_eq!(of(&[9000, 4000, 50], 3), None);
    }

    #[test]
    fn sizes_that_run_out_slowly_or_are_few_tell_nothing() {
        assert_eq!(of(&[9000, 900, 90, 9, 1], 3), None);
        let slowly = [100, 300, 400, 350, 250, 150, 80, 40, 20, 8, 3, 1];
        assert_eq!(of(&slowly, 9), None);
        assert_eq!(of(&[3, 4], 2), None);
        assert_eq!(of(&[50], 1), None);
        assert_eq!(of(&[], 1), None);
    }

    #[test]
    fn two_people_in_one_group_are_its_weakest_join() {
        // Records 0, 1 and 2, 3 are of a person each; 6 bits within, 1 to 4 between.
        let weights = [
            [0.0, 6.0, 1.0, 2.0],
            [6.0, 0.0, 4.0, 1.0],
            [1.0, 4.0, 0.0, 6.0],
            [2.0, 1.0, 6.0, 0.0],
        ];
        assert!((weakest_join(&weights.concat(), 4) - 2.0).abs() < 1e-12);
        assert!((weakest_join(&[0.0, 3.0, 3.0, 0.0], 2) - 3.0).abs() < 1e-12);
    }
}
