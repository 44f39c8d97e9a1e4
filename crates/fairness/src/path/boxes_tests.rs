//! Parts of a score on boxes, beside what they are by definition.

use super::{BoxedScore, CausalGraph, boxed_parts, path_reports};

const ROWS: usize = 12;

/// Values of three inputs, of which none follows from another.
fn value(row: usize, input: usize) -> usize {
    [row * 5 % 4, row * 7 % 3, (row * row + 1) % 5][input]
}

/// Names, and one way from `s` to each by its own route: `a` may not, `b` may, `c` not at all.
fn graph() -> (CausalGraph, Vec<String>) {
    let edge = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let edges = [edge("s", "a"), edge("s", "b"), edge("z", "c")];
    let graph = CausalGraph::new(&edges, &["b".to_owned()]).unwrap();
    (graph, ["a", "b", "c"].map(str::to_owned).to_vec())
}

/// A score, and what is asked for it: input, least and most value.
type Boxes<'a> = (f64, &'a [(usize, usize, usize)]);

fn boxed(boxes: &[Boxes<'_>]) -> BoxedScore {
    let mut score = BoxedScore::default();
    for (value_of_box, asked) in boxes {
        let places = asked.iter().map(|(input, least, most)| {
            let holds = (0..ROWS).map(|row| (*least..=*most).contains(&value(row, *input)));
            score.asked.push((*input, holds.collect()));
            score.asked.len() - 1
        });
        let places = places.collect();
        score.boxes.push((*value_of_box, places));
    }
    score
}

/// a first, then b or c.
fn tree() -> Vec<Boxes<'static>> {
    vec![
        (1.5, &[(0, 0, 1), (1, 0, 0)]),
        (-0.5, &[(0, 0, 1), (1, 1, 2), (2, 0, 2)]),
        (0.25, &[(0, 0, 1), (1, 1, 2), (2, 3, 4)]),
        (2.0, &[(0, 2, 3), (2, 0, 0)]),
        (-1.0, &[(0, 2, 3), (2, 1, 4)]),
    ]
}

fn score_at(values: [usize; 3]) -> f64 {
    let tree = tree();
    let mut found = tree.iter().filter(|(_, asked)| {
        asked
            .iter()
            .all(|(input, least, most)| (*least..=*most).contains(&values[*input]))
    });
    found.next().unwrap().0
}

/// The expectation by going through all combinations of rows.
fn by_definition(row: usize, is_known: [bool; 3]) -> f64 {
    let mut sum = 0.0;
    for i in 0..ROWS {
        for j in 0..ROWS {
            for k in 0..ROWS {
                let drawn = [i, j, k];
                let of =
                    |input: usize| value(if is_known[input] { row } else { drawn[input] }, input);
                sum += score_at([of(0), of(1), of(2)]);
            }
        }
    }
    sum / (ROWS * ROWS * ROWS) as f64
}

#[test]
fn parts_are_what_they_are_by_definition_and_add_up_to_the_score() {
    let (graph, names) = graph();
    let parts = boxed_parts(&graph, "s", &names, &boxed(&tree()));
    let named: Vec<String> = parts.iter().map(|(inputs, _)| inputs.join("|")).collect();
    // c is reached by no way, so what it says with b goes with b, and what all say with a goes with a.
    assert_eq!(named, ["a", "b", "c", "b|c", "a|b|c"]);
    let nobody = by_definition(0, [false; 3]);
    for row in 0..ROWS {
        let of = |a: bool, b: bool, c: bool| by_definition(row, [a, b, c]);
        let alone = [
            of(true, false, false),
            of(false, true, false),
            of(false, false, true),
        ];
        for (part, expected) in parts.iter().zip(alone) {
            assert!((part.1[row] - (expected - nobody)).abs() < 1e-12);
        }
        let with_b = of(false, true, true) - alone[1] - alone[2] + nobody;
        assert!((parts[3].1[row] - with_b).abs() < 1e-12);
        let sum: f64 = parts.iter().map(|(_, values)| values[row]).sum();
        let score = score_at([0, 1, 2].map(|input| value(row, input)));
        assert!((sum - (score - nobody)).abs() < 1e-12);
    }
}

#[test]
fn the_order_of_questions_does_not_matter() {
    let (graph, names) = graph();
    // Who has much of both: asked for a first, or for b first.
    let a_first = boxed(&[
        (0.0, &[(0, 0, 1)]),
        (0.0, &[(0, 2, 3), (1, 0, 0)]),
        (1.0, &[(0, 2, 3), (1, 1, 2)]),
    ]);
    let b_first = boxed(&[
        (0.0, &[(1, 0, 0)]),
        (0.0, &[(1, 1, 2), (0, 0, 1)]),
        (1.0, &[(1, 1, 2), (0, 2, 3)]),
    ]);
    let one = boxed_parts(&graph, "s", &names, &a_first);
    let other = boxed_parts(&graph, "s", &names, &b_first);
    assert_eq!(one.len(), 4);
    for ((name, values), (same, others)) in one.iter().zip(&other) {
        assert_eq!(name, same);
        assert!(
            values
                .iter()
                .zip(others)
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
    }
}

#[test]
fn what_is_a_sum_says_nothing_together() {
    let (graph, names) = graph();
    let sum = boxed(&[
        (0.0, &[(0, 0, 1), (1, 0, 0)]),
        (1.0, &[(0, 2, 3), (1, 0, 0)]),
        (0.3, &[(0, 0, 1), (1, 1, 2)]),
        (1.3, &[(0, 2, 3), (1, 1, 2)]),
    ]);
    let parts = boxed_parts(&graph, "s", &names, &sum);
    let together = parts.iter().filter(|(inputs, _)| inputs.len() > 1);
    assert!(
        together
            .flat_map(|(_, values)| values)
            .all(|value| value.abs() < 1e-12)
    );
    // A tree that asks nothing has no parts that differ.
    let nothing = boxed_parts(&graph, "s", &names, &BoxedScore::default());
    assert!(nothing.iter().all(|(_, values)| values.is_empty()));
    let groups: Vec<String> = (0..ROWS).map(|row| (row % 2).to_string()).collect();
    let reports = path_reports(&graph, "s", &groups, &parts, 2);
    let report = &reports[0];
    let of_parts: f64 = report.parts.iter().map(|part| part.difference).sum();
    assert!((report.difference - of_parts).abs() < 1e-12);
}
