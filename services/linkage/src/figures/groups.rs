//! People who are linked worse than others: movers, married women, default birth dates, names spelled foreign.

use helder_record_linkage::{
    Bound, LinkageSpec, RunResult,
    groups::{Group, RowGroups},
};

use super::{SMALLEST, Sides, labels::Judged, share};
use crate::wire::{ByGroup, GroupFigures, Share};

/// Figures of every group of which there is somebody; everybody first.
pub(super) fn of(
    found: &RunResult,
    spec: &LinkageSpec,
    sides: Sides<'_>,
    judged: Option<(&Judged, &Bound)>,
) -> Vec<ByGroup> {
    let rows = [
        RowGroups::read(spec, &sides.left.table, true),
        RowGroups::read(spec, &sides.right.table, false),
    ];
    let mut linked = [
        vec![false; sides.left.rows.len()],
        vec![false; sides.right.rows.len()],
    ];
    for link in &found.links {
        linked[0][link.left as usize] = true;
        linked[1][link.right as usize] = true;
        if sides.is_within {
            linked[0][link.right as usize] = true;
            linked[1][link.left as usize] = true;
        }
    }
    let of_side = |side: usize, group: Group| -> Option<Share> {
        // Nobody's record alone shows that they moved.
        let places = (0..linked[side].len())
            .filter(|row| group != Group::Movers && rows[side].contains(*row, group));
        let (mut total, mut with_link) = (0, 0);
        for row in places {
            total += 1;
            with_link += u64::from(linked[side][row]);
        }
        share(with_link, total)
    };
    let labelled = judged.map(|(judged, bound)| by_group(found, judged, bound));
    let groups = Group::ALL.into_iter().enumerate();
    groups
        .filter_map(|(place, group)| {
            let foretold = found
                .quality
                .groups
                .iter()
                .find(|known| known.group == group);
            let counts = labelled.as_ref().map(|all| all[place]);
            let figures = GroupFigures {
                is_hidden: false,
                left_linked: of_side(0, group),
                right_linked: of_side(1, group).filter(|_| !sides.is_within),
                links: foretold.map(|known| known.links),
                expected_precision: foretold
                    .filter(|known| known.links > 0)
                    .map(|known| known.precision),
                expected_recall: foretold.map(|known| known.recall),
                precision: counts.and_then(|counts| share(counts.right, counts.judged)),
                recall: counts.and_then(|counts| share(counts.found, counts.pairs)),
            };
            let is_there = figures.left_linked.is_some()
                || figures.right_linked.is_some()
                || foretold.is_some();
            is_there.then(|| ByGroup {
                group,
                figures: hide_small(figures),
            })
        })
        .collect()
}

/// Hides the figures of a group in which some count is small. The groups overlap, so nothing follows from the others.
fn hide_small(figures: GroupFigures) -> GroupFigures {
    let totals = [
        figures.left_linked,
        figures.right_linked,
        figures.precision,
        figures.recall,
    ];
    let counts = totals
        .iter()
        .flatten()
        .map(|share| share.total)
        .chain(figures.links);
    if counts.into_iter().any(|n| n > 0 && (n as usize) < SMALLEST) {
        return GroupFigures {
            is_hidden: true,
            ..GroupFigures::default()
        };
    }
    figures
}

/// What labels count.
#[derive(Clone, Copy, Default)]
struct Counts {
    judged: u64,
    right: u64,
    pairs: u64,
    found: u64,
}

fn by_group(found: &RunResult, judged: &Judged, bound: &Bound) -> [Counts; Group::ALL.len()] {
    let mut counts = [Counts::default(); Group::ALL.len()];
    let mut add = |left: u32, right: u32, add: &dyn Fn(&mut Counts)| {
        for group in bound.groups_of(left as usize, right as usize) {
            if let Some(place) = Group::ALL.iter().position(|known| *known == group) {
                add(&mut counts[place]);
            }
        }
    };
    for (link, said) in found.links.iter().zip(&judged.links) {
        if let Some(said) = said {
            add(link.left, link.right, &|counts| {
                counts.judged += 1;
                counts.right += u64::from(*said);
            });
        }
    }
    for (left, right, linked) in &judged.pairs {
        add(*left, *right, &|counts| {
            counts.pairs += 1;
            counts.found += u64::from(*linked);
        });
    }
    counts
}
