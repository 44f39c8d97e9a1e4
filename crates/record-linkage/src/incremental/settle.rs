//! Competition, choice and grouping, only where something changed.

use crate::{
    assign::{Components, Edge, choose, compete},
    bound::Bound,
    cluster::{Clusters, clusters},
    incremental::Frozen,
    run::{Link, ScoredPair, Step},
    score::probability,
};

/// Rows that hang together.
pub(super) struct Together(Vec<u32>);

impl Together {
    pub(super) fn new(n: usize) -> Self {
        Self((0..n as u32).collect())
    }

    pub(super) fn root(&mut self, mut node: u32) -> u32 {
        while self.0[node as usize] != node {
            self.0[node as usize] = self.0[self.0[node as usize] as usize];
            node = self.0[node as usize];
        }
        node
    }

    pub(super) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// Pairs before rivals are weighed, sorted, with the bar they had when it may still hold.
pub(super) struct Weighed {
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) weight: f64,
    /// Of a pair that was there before.
    pub(super) former_bar: Option<f64>,
}

/// What the competition gave.
pub(super) struct Settled {
    pub(super) pairs: Vec<ScoredPair>,
    /// Probabilistic links, sorted.
    pub(super) links: Vec<Link>,
    /// Pairs whose competition was held again.
    pub(super) again: u64,
}

/// Lets the pairs compete and chooses among them. In a component without a touched row everything stays: `former` are the links of before.
pub(super) fn settle(
    frozen: &Frozen,
    weighed: &[Weighed],
    [touched_left, touched_right]: [&[bool]; 2],
    former: &[Link],
) -> Settled {
    let n_left = touched_left.len();
    // Within one file the two sides are the same rows.
    let offset = if frozen.within { 0 } else { n_left as u32 };
    let n = n_left
        + if frozen.within {
            0
        } else {
            touched_right.len()
        };
    let mut together = Together::new(n);
    for pair in weighed {
        together.join(pair.left, offset + pair.right);
    }
    let mut again = vec![false; n];
    let rows = touched_left.iter().copied().enumerate();
    let others = touched_right.iter().copied().enumerate();
    let others = others.map(|(row, touched)| (row + offset as usize, touched));
    for (row, _) in rows.chain(others).filter(|(_, touched)| *touched) {
        again[together.root(row as u32) as usize] = true;
    }
    for pair in weighed.iter().filter(|pair| pair.former_bar.is_none()) {
        again[together.root(pair.left) as usize] = true;
    }
    let places: Vec<usize> = (0..weighed.len())
        .filter(|i| again[together.root(weighed[*i].left) as usize])
        .collect();
    let edges: Vec<Edge> = places
        .iter()
        .map(|i| Edge {
            left: weighed[*i].left,
            right: weighed[*i].right,
            weight: weighed[*i].weight,
        })
        .collect();
    let ends = edges.iter().map(|edge| (edge.left, edge.right));
    let mut components = Components::new(ends, n_left, touched_right.len());
    let bars = compete(&edges, frozen.duplicates(), &mut components).rival_bars;
    let mut pairs: Vec<ScoredPair> = weighed
        .iter()
        .map(|pair| {
            let bar = pair.former_bar.unwrap_or(0.0);
            ScoredPair {
                left: pair.left,
                right: pair.right,
                rival_bar: bar,
                match_weight: pair.weight + bar,
            }
        })
        .collect();
    for (place, bar) in places.iter().zip(bars) {
        let weight = weighed[*place].weight;
        let bar = frozen.model.rival_bar(weight, bar);
        pairs[*place].rival_bar = bar;
        pairs[*place].match_weight = weight + bar;
    }
    let finals: Vec<f64> = places.iter().map(|i| pairs[*i].match_weight).collect();
    let chosen = choose(
        &edges,
        &finals,
        frozen.spec.assignment,
        frozen.spec.threshold,
    );
    let chosen = chosen.into_iter().map(|i| {
        let weight = finals[i as usize];
        Link {
            left: edges[i as usize].left,
            right: edges[i as usize].right,
            match_weight: weight,
            match_probability: probability(weight),
            step: Step::Probabilistic,
        }
    });
    let mut links: Vec<Link> = former
        .iter()
        .filter(|link| !again[together.root(link.left) as usize])
        .copied()
        .collect();
    links.extend(chosen);
    links.sort_by_key(|link| (link.left, link.right));
    Settled {
        pairs,
        links,
        again: places.len() as u64,
    }
}

/// Groups the rows of one file again where links came, went or changed. `former` are the groups and links of before, by the rows of now:
/// groups of rows that are gone or changed are left out, and so are links of such rows. Rows of a pair in `apart` end in different groups.
pub(super) fn group(
    frozen: &Frozen,
    bound: &Bound,
    (links, apart): (&[Link], &[(u32, u32)]),
    (former, former_links): (&Clusters, &[Link]),
    touched: &[bool],
) -> Clusters {
    let n = touched.len();
    let mut together = Together::new(n);
    for link in links {
        together.join(link.left, link.right);
    }
    let mut again = vec![false; n];
    for (row, _) in touched.iter().enumerate().filter(|(_, t)| **t) {
        again[together.root(row as u32) as usize] = true;
    }
    // What is in one list of links and not in the other.
    let key = |link: &Link| (link.left, link.right, link.match_weight.to_bits());
    let (mut old, mut new) = (former_links.iter().peekable(), links.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => key(a).cmp(&key(b)),
        };
        let one = if order.is_le() { old.next() } else { None };
        let other = if order.is_ge() { new.next() } else { None };
        if let (Some(link), None) | (None, Some(link)) = (one, other) {
            for row in [link.left, link.right] {
                again[together.root(row) as usize] = true;
            }
        }
    }
    let mut is_again = |row: u32| again[together.root(row) as usize];
    let changed: Vec<Link> = links
        .iter()
        .filter(|link| is_again(link.left))
        .copied()
        .collect();
    let found = clusters(bound, &frozen.model, &changed, apart);
    let cluster_of: Vec<u32> = (0..n as u32)
        .map(|row| {
            let stays = former.cluster_of.get(row as usize).copied();
            stays
                .filter(|group| *group != u32::MAX && !is_again(row))
                .unwrap_or(found.cluster_of[row as usize])
        })
        .collect();
    let mut conflicts = found.conflicts;
    let stay = former.conflicts.iter();
    conflicts.extend(stay.filter(|conflict| !is_again(conflict.left)));
    conflicts.sort_by(|a, b| {
        let order = b.match_weight.total_cmp(&a.match_weight);
        order.then((a.left, a.right).cmp(&(b.left, b.right)))
    });
    let is_first = |(row, group): (usize, &u32)| row == *group as usize;
    Clusters {
        n_clusters: cluster_of
            .iter()
            .enumerate()
            .filter(|g| is_first(*g))
            .count(),
        n_components: (0..n as u32)
            .filter(|row| together.root(*row) == *row)
            .count(),
        cluster_of,
        conflicts,
    }
}
