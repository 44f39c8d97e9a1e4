//! How many true pairs can be missed at most: records without a partner are the room there is for them.

use super::{Quality, StepCount};
use crate::{groups::Group, spec::Assignment};

/// Bounds the true pairs that no rule reached by the records that could be in them.
///
/// They are estimated from how many pairs hang on one rule and how many on two, as if rules found pairs independently of each other. For
/// people whose address differs they do not: rules on the address reach none of them, so nearly all hang on one rule, and the estimate says
/// that most are missed. But where the assignment allows a record one partner, a missed pair needs a record that has none, or one that has
/// the wrong one; and no group misses more than everybody does.
pub(crate) fn within_room(quality: &mut Quality, steps: &[StepCount], assignment: Assignment) {
    let Some(last) = steps.last() else { return };
    let free = match assignment {
        Assignment::OneToOne => last.left_unlinked.min(last.right_unlinked),
        Assignment::OneLeftPerRight => last.right_unlinked,
        Assignment::All => return,
    };
    let everybody = quality.groups.iter().find(|all| all.group == Group::All);
    let wrong = everybody.map_or(0.0, |all| all.links as f64 * (1.0 - all.precision));
    let before = quality.unreached_pairs;
    quality.unreached_pairs = before.min(free as f64 + wrong);
    let less = before - quality.unreached_pairs;
    for at in quality.thresholds.iter_mut().filter(|at| at.recall > 0.0) {
        let found = at.precision * at.links as f64;
        at.recall = found / (found / at.recall - less).max(found);
    }
    for group in &mut quality.groups {
        let unreached = group.unreached_pairs.min(quality.unreached_pairs);
        let found = group.recall * group.expected_pairs;
        group.expected_pairs -= group.unreached_pairs - unreached;
        group.unreached_pairs = unreached;
        group.recall = found / group.expected_pairs.max(1e-9);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{AtThreshold, GroupQuality, Step},
        *,
    };

    fn group(group: Group, links: u64, expected_pairs: f64, unreached_pairs: f64) -> GroupQuality {
        let found = 0.99 * links as f64;
        GroupQuality {
            group,
            links,
            expected_pairs,
            unreached_pairs,
            precision: 0.99,
            recall: found / expected_pairs,
        }
    }

    /// A thousand links, of which ten are wrong, and 300 pairs said to be out of reach: 1,500 among movers alone.
    fn quality() -> Quality {
        Quality {
            thresholds: vec![AtThreshold {
                threshold: 0.5,
                links: 1000,
                precision: 0.99,
                recall: 990.0 / 1300.0,
            }],
            groups: vec![
                group(Group::All, 1000, 1300.0, 300.0),
                group(Group::Movers, 200, 1700.0, 1500.0),
                group(Group::ForeignSpelledNames, 100, 102.0, 2.0),
            ],
            unreached_pairs: 300.0,
            ..Quality::default()
        }
    }

    fn bounded(assignment: Assignment, left_unlinked: u64, right_unlinked: u64) -> Quality {
        let step = StepCount {
            step: Step::Probabilistic,
            on: String::new(),
            pairs: 0,
            links: 1000,
            left_unlinked,
            right_unlinked,
        };
        let mut quality = quality();
        within_room(&mut quality, &[step], assignment);
        quality
    }

    #[test]
    fn no_more_is_missed_than_there_are_records_to_miss() {
        let found = bounded(Assignment::OneLeftPerRight, 5_000, 20);
        // Twenty records without a partner and ten with a wrong one.
        assert!((found.unreached_pairs - 30.0).abs() < 1e-9);
        let recall: Vec<f64> = found.groups.iter().map(|group| group.recall).collect();
        let wanted = [990.0 / 1030.0, 198.0 / 230.0, 99.0 / 102.0];
        for (recall, wanted) in recall.iter().zip(wanted) {
            assert!((recall - wanted).abs() < 1e-9, "{recall} {wanted}");
        }
        assert!((found.thresholds[0].recall - 990.0 / 1030.0).abs() < 1e-9);
        // The side with fewer records decides where both may have one partner only.
        let either = bounded(Assignment::OneToOne, 20, 5_000);
        assert_eq!(either, found);
    }

    #[test]
    fn with_room_enough_only_groups_are_bounded_by_everybody() {
        let found = bounded(Assignment::OneToOne, 5_000, 5_000);
        assert_eq!(found.thresholds, quality().thresholds);
        assert_eq!(found.groups[0], quality().groups[0]);
        assert!((found.groups[1].unreached_pairs - 300.0).abs() < 1e-9);
        assert_eq!(bounded(Assignment::All, 0, 0), quality());
    }
}
