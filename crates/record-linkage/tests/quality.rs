//! What the model says about its own links, beside the truth.

mod support;

use helder_record_linkage::{Bound, groups::Group, run};
use support::{febrl_spec, febrl4, pairs, score};

#[test]
fn precision_and_recall_are_foretold_without_labels() {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let result = run(&spec, &left.table, &right.table, &()).unwrap();
    let found = score(&left, &right, pairs(&result.links));
    let quality = &result.quality;
    let foretold = quality
        .thresholds
        .iter()
        .find(|at| (at.threshold - spec.threshold).abs() < 1e-9)
        .unwrap();
    assert_eq!(foretold.links, result.links.len() as u64);
    assert!((foretold.precision - found.precision).abs() < 0.01);
    assert!((foretold.recall - found.recall).abs() < 0.01);
    for pair in quality.thresholds.windows(2) {
        assert!(pair[0].precision <= pair[1].precision && pair[0].recall >= pair[1].recall);
    }
}

#[test]
fn links_are_counted_by_group_as_their_records_say() {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let result = run(&spec, &left.table, &right.table, &()).unwrap();
    let bound = Bound::new(&spec, &left.table, &right.table);
    for counted in &result.quality.groups {
        let links = pairs(&result.links)
            .filter(|(l, r)| {
                bound
                    .groups_of(*l as usize, *r as usize)
                    .contains(&counted.group)
            })
            .count();
        assert_eq!(counted.links, links as u64, "{:?}", counted.group);
        assert!(counted.recall <= 1.0 && counted.expected_pairs > 0.0);
    }
    let groups: Vec<Group> = result.quality.groups.iter().map(|g| g.group).collect();
    assert_eq!(groups[0], Group::All);
    assert!(groups.contains(&Group::Movers) && !groups.contains(&Group::MarriedWomen));
}
