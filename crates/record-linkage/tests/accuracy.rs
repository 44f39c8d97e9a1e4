//! Right and wrong links on data with known truth, with the suggested spec.

mod support;

use helder_record_linkage::{LinkageSpec, run, spec::Assignment};
use support::{
    Labelled, Score, dutch_spec, febrl_spec, febrl4, pairs, read_csv, read_parquet, reference_data,
    score,
};

#[expect(clippy::unwrap_used, reason = "a test")]
fn measured(name: &str, left: &Labelled, right: &Labelled, spec: &LinkageSpec) -> Score {
    let result = run(spec, &left.table, &right.table, &()).unwrap();
    let found = score(left, right, pairs(&result.links));
    println!("{name}: {found:?}");
    found
}

#[test]
fn febrl4_without_social_security_number_is_linked_one_to_one() {
    let (left, right) = febrl4();
    let found = measured("febrl4", &left, &right, &febrl_spec());
    assert!(
        found.precision >= 0.999 && found.recall >= 0.999,
        "{found:?}"
    );
}

#[test]
fn dutch_records_without_bsn_are_linked_better_than_by_the_reference_tool() {
    let Some(folder) = reference_data().map(|folder| folder.join("linkage")) else {
        return;
    };
    let mut spec = dutch_spec();
    spec.assignment = Assignment::OneLeftPerRight;
    let read = |name: &str| read_csv(&folder.join("nl10k").join(name), "person_id", &[]);
    let found = measured("nl10k", &read("a.csv"), &read("b.csv"), &spec);
    assert!(found.f1 >= 0.9965, "{found:?}");
    let read = |name: &str| read_parquet(&folder.join("nl100k_hoog").join(name), "person_id", &[]);
    let found = measured("nl100k_hoog", &read("a.parquet"), &read("b.parquet"), &spec);
    assert!(found.f1 >= 0.992, "{found:?}");
}
