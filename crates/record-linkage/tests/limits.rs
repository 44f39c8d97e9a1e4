//! What a run may use holds with decisions of people too, and within one table.

mod support;

use helder_record_linkage::{
    Label, RunResult,
    run::{Limits, RunError, dedupe_labelled},
    run_labelled,
};
use support::{febrl_spec, febrl4};

/// Raises the limit to what each refusal says is needed, until it runs; how often it was refused.
fn until_it_runs(run: impl Fn(Limits) -> Result<RunResult, RunError>) -> (RunResult, usize) {
    let (mut allowed, mut refusals) = (1 << 20, 0);
    loop {
        let limits = Limits {
            memory_bytes: Some(allowed),
            pairs: None,
        };
        match run(limits) {
            Ok(found) => return (found, refusals),
            Err(refused) => {
                let needed = match refused {
                    RunError::Memory { needed, .. } => needed,
                    _ => 0,
                };
                assert!(needed > allowed, "{refused}");
                (allowed, refusals) = (needed, refusals + 1);
            }
        }
    }
}

#[test]
fn decisions_and_one_table_need_no_more_than_is_allowed() {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let label = Label {
        left: 0,
        right: 0,
        is_match: false,
    };
    let labelled = |limits| run_labelled(&spec, &left.table, &right.table, (&[label], limits), &());
    let (found, refusals) = until_it_runs(labelled);
    assert!(refusals >= 1);
    assert_eq!(
        found.links,
        labelled(Limits::default()).unwrap().links,
        "a limit changes nothing of what is found"
    );
    let within =
        |limits| dedupe_labelled(&spec, &left.table, (&[], limits), &()).map(|found| found.run);
    let (found, refusals) = until_it_runs(within);
    assert!(refusals >= 1);
    assert_eq!(found.links, within(Limits::default()).unwrap().links);
}
