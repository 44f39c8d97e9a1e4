//! What must not change a result: the side a file is on, the order of its rows, the order of rules, the number of threads; and what a run
//! must not use more of than it may.

mod support;

use std::{collections::BTreeMap, process::Command};

use helder_record_linkage::{
    Column, Limits, LinkageSpec, RunError, RunResult, Table, run,
    run::{Part, ScoredPair, WeighedPair, weigh_part},
    run_within,
};
use support::{febrl_spec, febrl4};

/// Every n-th row, so that a run is short.
#[expect(clippy::unwrap_used, reason = "a test")]
fn thinned(table: &Table, step: usize, turned: bool) -> Table {
    let mut rows: Vec<usize> = (0..table.n_rows()).step_by(step).collect();
    if turned {
        rows.reverse();
        let third = rows.len() / 3;
        rows.rotate_left(third);
    }
    let mut out = Table::new(rows.len());
    for name in table.names().collect::<Vec<_>>() {
        let column = table.column(name).unwrap();
        let texts = rows.iter().map(|row| column.text(column.codes()[*row]));
        out.insert(name, Column::from_texts(texts)).unwrap();
    }
    out
}

fn spec() -> LinkageSpec {
    let mut spec = febrl_spec();
    spec.random_pairs = 100_000;
    spec
}

fn tables() -> (Table, Table) {
    let (left, right) = febrl4();
    (
        thinned(&left.table, 2, false),
        thinned(&right.table, 2, false),
    )
}

fn weights(found: &RunResult) -> BTreeMap<(u32, u32), u64> {
    let weight = |pair: &ScoredPair| {
        (
            (pair.left, pair.right),
            (pair.match_weight - pair.rival_bar).to_bits(),
        )
    };
    found.scored.iter().map(weight).collect()
}

#[test]
fn the_order_of_rules_changes_no_weight() {
    let (left, right) = tables();
    let mut given = spec();
    given.pairs_per_record = 0.0;
    given.training_rules = given.blocking_rules.clone();
    let mut turned = given.clone();
    turned.blocking_rules.reverse();
    let (a, b) = (
        run(&given, &left, &right, &()).unwrap(),
        run(&turned, &left, &right, &()).unwrap(),
    );
    assert!(a.links.len() > 500);
    assert_eq!(a.links, b.links);
    assert_eq!(weights(&a), weights(&b));
}

/// Pairs of one model, with rows called by their place in the file as it was.
#[expect(clippy::unwrap_used, reason = "a test")]
fn weighed(
    left: &Table,
    right: &Table,
    model: &helder_record_linkage::TrainedModel,
) -> Vec<WeighedPair> {
    let all = Part { number: 0, of: 1 };
    let mut spec = spec();
    spec.pairs_per_record = 0.0;
    weigh_part(&spec, (left, right), model, all, Limits::default(), &()).unwrap()
}

#[test]
fn neither_sides_nor_the_order_of_rows_change_a_weight() {
    let (left, right) = tables();
    let model = run(&spec(), &left, &right, &()).unwrap().model.unwrap();
    let bits = |pair: &WeighedPair| (pair.left, pair.right, pair.match_weight.to_bits());
    let mut given: Vec<_> = weighed(&left, &right, &model).iter().map(bits).collect();
    let mut exchanged: Vec<_> = weighed(&right, &left, &model)
        .iter()
        .map(|pair| (pair.right, pair.left, pair.match_weight.to_bits()))
        .collect();
    exchanged.sort_unstable();
    given.sort_unstable();
    assert!(given.len() > 1_000);
    assert_eq!(given, exchanged);

    let n = left.n_rows() as u32;
    let shift = n / 3;
    let before = |row: u32| n - 1 - (row + shift) % n;
    let mut turned: Vec<_> = weighed(&thinned(&left, 1, true), &thinned(&right, 1, true), &model)
        .iter()
        .map(|pair| {
            (
                before(pair.left),
                before(pair.right),
                pair.match_weight.to_bits(),
            )
        })
        .collect();
    turned.sort_unstable();
    assert_eq!(given, turned);
}

const PART: &str = "HELDER_TEST_PART";

fn bytes(pairs: &[WeighedPair]) -> Vec<u8> {
    let of_pair = |pair: &WeighedPair| {
        let mut out = Vec::from(pair.left.to_be_bytes());
        out.extend(pair.right.to_be_bytes());
        out.extend(pair.match_weight.to_bits().to_be_bytes());
        out
    };
    pairs.iter().flat_map(of_pair).collect()
}

/// Starts itself three times; each process weighs the blocks that are its own.
#[test]
fn several_processes_find_the_same_bytes_as_one() {
    let (left, right) = tables();
    let model = run(&spec(), &left, &right, &()).unwrap().model.unwrap();
    let find = |part| {
        weigh_part(
            &spec(),
            (&left, &right),
            &model,
            part,
            Limits::default(),
            &(),
        )
        .unwrap()
    };
    if let Some(part) = std::env::var_os(PART) {
        let part = part.into_string().unwrap();
        let (number, path) = part.split_once(' ').unwrap();
        let found = find(Part {
            number: number.parse().unwrap(),
            of: 3,
        });
        std::fs::write(path, bytes(&found)).unwrap();
        return;
    }
    let folder = std::env::temp_dir().join(format!("helder-parts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let paths: Vec<_> = (0..3).map(|part| folder.join(format!("{part}"))).collect();
    let started: Vec<_> = paths
        .iter()
        .enumerate()
        .map(|(part, path)| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "several_processes_find_the_same_bytes_as_one"])
                .env(PART, format!("{part} {}", path.display()))
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut process in started {
        assert!(process.wait().unwrap().success());
    }
    let mut found: Vec<Vec<u8>> = Vec::new();
    for path in &paths {
        let part = std::fs::read(path).unwrap();
        assert!(part.len() >= 16, "a part without a pair proves nothing");
        found.extend(part.chunks(16).map(Vec::from));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    // Big-endian row numbers sort as rows do.
    found.sort_unstable();
    assert_eq!(found.concat(), bytes(&find(Part { number: 0, of: 1 })));
}

#[test]
fn a_run_refuses_with_the_number_it_needs() {
    let (left, right) = tables();
    let with = |limits| run_within(&spec(), &left, &right, limits, &());
    let tight = Limits {
        memory_bytes: Some(100_000),
        pairs: None,
    };
    let Err(RunError::Memory {
        needed,
        allowed: 100_000,
        ..
    }) = with(tight)
    else {
        panic!("a hundred kilobytes are not enough")
    };
    assert!(needed > 100_000);
    let few = Limits {
        memory_bytes: None,
        pairs: Some(1_000),
    };
    let Err(RunError::Pairs { needed, .. }) = with(few) else {
        panic!("the rules reach more than a thousand pairs")
    };
    let enough = Limits {
        memory_bytes: Some(4 << 30),
        pairs: Some(needed),
    };
    let (found, free) = (
        with(enough).unwrap(),
        run(&spec(), &left, &right, &()).unwrap(),
    );
    assert_eq!(found.links, free.links);
    let one_less = Limits {
        pairs: Some(needed - 1),
        ..enough
    };
    assert_eq!(
        with(one_less).unwrap_err(),
        RunError::Pairs {
            needed,
            allowed: needed - 1
        }
    );
}
