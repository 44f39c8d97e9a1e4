//! What the rows that chose no split say of each node.

use helder_evaluation::Proportion;

use crate::{
    Direction, Settings, TreeError,
    best::First,
    clusters::{Clusters, count, probability},
    coded::{Coded, Meaning, coded},
    grow::{Ground, Grown},
    prune,
    tree::{Counted, Input, Node, Split, Test, Tree},
};

impl Tree {
    /// Learns a tree.
    ///
    /// Half of the rows (`honest_share`) choose nothing and only estimate, so the leaf a person falls in was not picked because its own
    /// rows happened to differ: the exact interval of a leaf holds the probability there at least as often as it says. Where the
    /// estimates do not go the asked way (`monotone`), the split that breaks it becomes a leaf.
    ///
    /// # Errors
    /// [`TreeError`] for columns, outcomes or settings that nothing can be learned from, and `NothingFound` where no split is better than
    /// none: a tree of one leaf would answer the same for everybody.
    ///
    /// # Source
    /// Breiman, Friedman, Olshen and Stone, *Classification and Regression Trees* (1984); honesty: Athey and Imbens, PNAS 113(27), 2016,
    /// doi:10.1073/pnas.1510489113. Greedy splits were checked against scikit-learn 1.9.1.
    pub fn fit(
        columns: &[crate::Column],
        outcome: &[bool],
        settings: &Settings,
    ) -> Result<Self, TreeError> {
        Self::learn(columns, outcome, Clusters::NONE, settings)
    }

    /// Learns a tree from rows of which several belong together: to one person, to one household.
    ///
    /// A cluster stands on one side of the honest split and in one part of the cross-validation, so that nobody who estimates is known
    /// to the splits by his own rows or his partner's. `min_leaf_rows` holds for the clusters of a leaf that estimate, and of a level
    /// that is told apart. Intervals reckon with rows that are alike.
    ///
    /// * `clusters` – per row the number of its cluster
    ///
    /// # Errors
    /// As of [`Tree::fit`], and [`TreeError`] where there is not one cluster per row or where there are too few clusters.
    ///
    /// # Source
    /// Korn and Graubard, Survey Methodology 24(2), 1998, for the intervals: [`helder_evaluation::ClusteredShare::korn_graubard`].
    pub fn fit_clustered(
        columns: &[crate::Column],
        outcome: &[bool],
        clusters: &[u32],
        settings: &Settings,
    ) -> Result<Self, TreeError> {
        let clusters = Clusters::new(clusters, outcome.len())?;
        Self::learn(columns, outcome, clusters, settings)
    }

    fn learn(
        columns: &[crate::Column],
        outcome: &[bool],
        clusters: Clusters<'_>,
        settings: &Settings,
    ) -> Result<Self, TreeError> {
        settings.check()?;
        let min_rows = settings.min_leaf_rows;
        let coded = coded(columns, outcome, clusters, min_rows, &settings.monotone)?;
        let halves = clusters.halves(outcome.len(), settings.honest_share, settings.seed);
        enough(clusters, &halves, min_rows, settings.honest_share)?;
        let (rows, kept) = halves;
        let ground = Ground {
            columns: &coded,
            outcome,
            clusters,
            max_depth: settings.max_depth,
            min_rows: settings.min_leaf_rows,
            measure: settings.measure,
        };
        let grown = ground.grow(rows.clone(), kept.clone());
        let price = prune::price(&ground, &grown, &rows, &kept, settings);
        let prices = prune::prices(&grown, settings.measure);
        let counting = if kept.is_empty() { &rows } else { &kept };
        let mut here: Vec<Vec<u32>> = vec![Vec::new(); grown.len()];
        for row in counting {
            here[prune::leaf(&ground, &grown, &prices, price, *row)].push(*row);
        }
        let mut is_leaf: Vec<bool> = grown
            .iter()
            .zip(&prices)
            .map(|(node, at)| node.split.is_none() || *at <= price)
            .collect();
        for place in (0..grown.len()).rev() {
            if let Some((_, below)) = grown[place].split.as_ref().filter(|_| !is_leaf[place]) {
                here[place] = below.iter().flat_map(|side| here[*side].clone()).collect();
            }
        }
        let base = share_of(outcome);
        let counts: Vec<Proportion> = here.iter().map(|rows| count(rows, outcome)).collect();
        let merged = keep_direction(&ground, &grown, &mut is_leaf, &counts, base);
        if is_leaf[0] {
            return Err(TreeError::NothingFound);
        }
        let confidence = (!kept.is_empty()).then_some(settings.confidence);
        let mut tree = Self {
            inputs: coded.iter().map(input).collect(),
            nodes: Vec::new(),
            base_share: base,
            merged,
        };
        let says = |place: usize| clusters.counted(&here[place], outcome, base, confidence);
        tree.nodes = numbered(&coded, &grown, &is_leaf, settings.round_cuts, &says);
        Ok(tree)
    }
}

/// Share of events, above 0 and below 1.
pub(crate) fn share_of(outcome: &[bool]) -> f64 {
    outcome.iter().filter(|event| **event).count() as f64 / outcome.len() as f64
}

/// Whether there are rows for one split, and of those that estimate clusters.
pub(crate) fn enough(
    clusters: Clusters<'_>,
    (rows, kept): &(Vec<u32>, Vec<u32>),
    min_rows: usize,
    honest_share: f64,
) -> Result<(), TreeError> {
    let full = 2 * min_rows;
    let (found, n_kept) = (rows.len() + kept.len(), kept.len());
    let part = |share: f64| {
        if share > 0.0 {
            full as f64 / share
        } else {
            0.0
        }
    };
    let estimating = clusters.one_each(kept).len();
    let is_asked = honest_share > 0.0;
    if is_asked && clusters.are_given() && estimating < full {
        let found = estimating + clusters.one_each(rows).len();
        return Err(TreeError::TooFewClusters {
            found,
            needed: (part(honest_share).ceil() as usize).max(found + 1),
        });
    }
    if rows.len() < full || (is_asked && n_kept < full) {
        let needed = part(honest_share).max(part(1.0 - honest_share)).ceil() as usize;
        return Err(TreeError::TooFewRows {
            found,
            needed: needed.max(found + 1),
        });
    }
    Ok(())
}

pub(crate) fn input(column: &Coded) -> Input {
    Input {
        name: column.name.clone(),
        levels: match &column.meaning {
            Meaning::Numbers(_) => None,
            Meaning::Levels { common, all } => Some(
                common
                    .iter()
                    .map(|level| all[*level as usize].clone())
                    .collect(),
            ),
        },
    }
}

/// Drops splits until estimates go the asked way; tells how many.
///
/// Where the highest leaf of the side that must be lower stands above the lowest of the other, what is right above one of the two goes, with
/// fewer rows first, and the split itself only when both its sides are leaves: two rare leaves do not cost the question that tells most.
/// That looks at the estimates, but hardly at what the leaf then says: the sum over two sides tells next to nothing of their difference.
fn keep_direction(
    ground: &Ground<'_>,
    grown: &[Grown],
    is_leaf: &mut [bool],
    counts: &[Proportion],
    base: f64,
) -> usize {
    let mut above = vec![0; grown.len()];
    for (place, node) in grown.iter().enumerate() {
        for below in node.split.iter().flat_map(|(_, below)| below) {
            above[*below] = place;
        }
    }
    let says = |place: &usize| probability(counts[*place], base);
    let mut merged = 0;
    // Nodes below stand behind: what they ask goes the asked way already, and still does when leaves among them are joined.
    for place in (0..grown.len()).rev() {
        let Some((parting, [first, second])) = &grown[place].split else {
            continue;
        };
        let [lower, upper] = match ground.columns[parting.column].direction {
            None => continue,
            Some(Direction::Rising) => [*first, *second],
            Some(Direction::Falling) => [*second, *first],
        };
        while !is_leaf[place] {
            let highest = leaves(grown, is_leaf, lower);
            let highest = highest
                .into_iter()
                .max_by(|a, b| says(a).total_cmp(&says(b)));
            let lowest = leaves(grown, is_leaf, upper);
            let lowest = lowest
                .into_iter()
                .min_by(|a, b| says(a).total_cmp(&says(b)));
            let (Some(highest), Some(lowest)) = (highest, lowest) else {
                break;
            };
            if says(&highest) <= says(&lowest) {
                break;
            }
            let inner = [(highest, lower), (lowest, upper)].into_iter();
            let inner = inner.filter(|(leaf, side)| leaf != side);
            let dropped = inner
                .map(|(leaf, _)| above[leaf])
                .min_by_key(|split| counts[*split].total);
            is_leaf[dropped.unwrap_or(place)] = true;
            merged += 1;
        }
    }
    merged
}

/// The leaves below a node; itself where it is one.
fn leaves(grown: &[Grown], is_leaf: &[bool], place: usize) -> Vec<usize> {
    let mut found = Vec::new();
    let mut open = vec![place];
    while let Some(place) = open.pop() {
        match grown[place].split.as_ref().filter(|_| !is_leaf[place]) {
            Some((_, below)) => open.extend(below),
            None => found.push(place),
        }
    }
    found
}

/// The nodes that are left, first sides first.
fn numbered(
    coded: &[Coded],
    grown: &[Grown],
    is_leaf: &[bool],
    round_cuts: bool,
    says: &dyn Fn(usize) -> Counted,
) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    // Place among the grown, and of the node whose second side this is.
    let mut waiting: Vec<(usize, Option<usize>)> = vec![(0, None)];
    while let Some((place, above)) = waiting.pop() {
        let at = nodes.len();
        if let Some(split) = above.and_then(|above| nodes[above].split.as_mut()) {
            split.second = at;
        }
        let split = grown[place].split.as_ref().filter(|_| !is_leaf[place]);
        if let Some((_, [first, second])) = split {
            waiting.push((*second, Some(at)));
            waiting.push((*first, None));
        }
        let split = split.map(|(parting, _)| {
            let column = &coded[parting.column];
            Split {
                input: parting.column,
                test: test(column, &parting.first, round_cuts),
                is_missing_first: parting.is_missing_first,
                are_others_first: parting.are_others_first,
                first: at + 1,
                second: at + 1,
            }
        });
        nodes.push(Node {
            counted: says(place),
            split,
        });
    }
    nodes
}

fn test(column: &Coded, first: &First, round_cuts: bool) -> Test {
    match (first, &column.meaning) {
        (First::UpTo(last, next), _) => Test::AtMost(column.between(*last, *next, round_cuts)),
        (First::These(codes), Meaning::Levels { common, all }) => {
            let named = codes.iter().filter_map(|code| common.get(*code as usize));
            Test::OneOf(named.map(|level| all[*level as usize].clone()).collect())
        }
        (First::Known | First::These(_), _) => Test::Known,
    }
}
