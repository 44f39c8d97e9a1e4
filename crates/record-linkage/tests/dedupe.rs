//! People who are more than once in one file: pairs and groups.

mod support;

use std::{collections::HashSet, sync::LazyLock};

use helder_record_linkage::{Bound, Column, Deduplicated, Table, dedupe, run::within, waterfall};
use support::{Labelled, febrl_spec, febrl4};

/// FEBRL4's two files as one, in this order of rows.
#[expect(clippy::unwrap_used, reason = "a test")]
fn one_file(order: impl Iterator<Item = usize> + Clone) -> Labelled {
    let (a, b) = febrl4();
    let n = a.table.n_rows();
    let mut table = Table::new(order.clone().count());
    for name in a.table.names() {
        let of = |row: usize| {
            let (side, row) = if row < n { (&a, row) } else { (&b, row - n) };
            let column = side.table.column(name).unwrap();
            column.text(column.codes()[row])
        };
        let column = Column::from_texts(order.clone().map(of));
        table.insert(name, column).unwrap();
    }
    let truth = order.map(|row| {
        if row < n {
            a.truth[row]
        } else {
            b.truth[row - n]
        }
    });
    Labelled {
        truth: truth.collect(),
        table,
    }
}

#[expect(clippy::unwrap_used, reason = "a test")]
fn deduplicated(file: &Labelled, threads: usize) -> Deduplicated {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| dedupe(&febrl_spec(), &file.table, &()).unwrap())
}

static FORWARD: LazyLock<(Labelled, Deduplicated)> = LazyLock::new(|| {
    let file = one_file(0..10_000);
    let found = deduplicated(&file, 4);
    (file, found)
});

#[test]
fn each_person_of_a_file_becomes_one_group() {
    let (file, found) = &*FORWARD;
    let groups = &found.clusters.cluster_of;
    let (mut right, mut all) = (0, 0);
    for (row, group) in groups.iter().enumerate() {
        // A group is called by its first row.
        assert!(*group as usize <= row && groups[*group as usize] == *group);
        if *group as usize != row {
            all += 1;
            right += u32::from(file.truth[*group as usize] == file.truth[row]);
        }
    }
    assert!(
        all >= 4_980 && right >= 4_980 && all - right <= 20,
        "{right} of {all}"
    );
    assert_eq!(
        found.clusters.n_clusters,
        groups.iter().collect::<HashSet<_>>().len()
    );
    assert!(found.clusters.n_components <= found.clusters.n_clusters);
    assert!(found.run.links.iter().all(|link| link.left < link.right));
}

#[test]
fn threads_change_no_bit_and_the_order_of_rows_hardly_a_link() {
    let (file, four) = &*FORWARD;
    let one = deduplicated(file, 1);
    assert_eq!(one.run.links, four.run.links);
    assert_eq!(one.clusters, four.clusters);
    let n = file.truth.len() as u32;
    let backward = deduplicated(&one_file((0..10_000).rev()), 4);
    let pairs: HashSet<_> = four
        .run
        .links
        .iter()
        .map(|link| (link.left, link.right))
        .collect();
    let turned: HashSet<_> = backward
        .run
        .links
        .iter()
        .map(|link| (n - 1 - link.right, n - 1 - link.left))
        .collect();
    // u is measured on random rows, so a pair at the threshold may fall on its other side.
    let differing = pairs.symmetric_difference(&turned).count();
    assert!(
        differing * 1000 <= pairs.len() * 2,
        "{differing} of {}",
        pairs.len()
    );
}

/// Two thousand people of FEBRL4, the first file's record of each twice.
fn three_times() -> (Labelled, Deduplicated) {
    let (a, b) = febrl4();
    let known: HashSet<_> = a.truth[..2_000].iter().copied().collect();
    let n = a.table.n_rows();
    let seconds = (0..b.truth.len()).filter(|row| known.contains(&b.truth[*row]));
    let order: Vec<usize> = (0..2_000)
        .chain(0..2_000)
        .chain(seconds.map(|row| n + row))
        .collect();
    let file = one_file(order.into_iter());
    let found = deduplicated(&file, 4);
    (file, found)
}

#[test]
fn the_bars_of_a_pair_within_a_group_sum_to_its_weight_to_the_last_bit() {
    let (file, found) = three_times();
    let spec = within(&febrl_spec());
    let bound = Bound::within(&spec, &file.table);
    let model = found.run.model.as_ref().unwrap();
    let group = &found.clusters.cluster_of;
    let scored = found.run.scored.iter();
    let within_groups: Vec<_> = scored
        .filter(|pair| group[pair.left as usize] == group[pair.right as usize])
        .collect();
    assert!(within_groups.len() > 5_000, "{}", within_groups.len());
    for pair in within_groups {
        let rows = (pair.left as usize, pair.right as usize);
        let shown = waterfall(&spec, &bound, model, rows, pair.rival_bar);
        assert_eq!(shown.match_weight.to_bits(), pair.match_weight.to_bits());
    }
}

#[test]
fn what_is_said_of_pairs_within_one_file_is_as_true_as_it_says() {
    let (file, found) = three_times();
    let links = &found.run.links;
    let is_true = |left: u32, right: u32| file.truth[left as usize] == file.truth[right as usize];
    let right = links.iter().filter(|link| is_true(link.left, link.right));
    let share = right.count() as f64 / links.len() as f64;
    let said: f64 = links.iter().map(|link| link.match_probability).sum();
    let said = said / links.len() as f64;
    assert!((share - said).abs() < 0.01, "{share} true, {said} said");
}
