//! At the linkage unit: two encodings in, pairs of row tokens out. Knows no key.

mod candidates;
mod model;

use helder_record_linkage::{
    assign::{Components, Edge, choose, compete},
    em::Convergence,
    probability,
    spec::Assignment,
};
use rayon::prelude::*;
use serde::{Serialize, Serializer};

use crate::{
    compare::compare,
    file::{Encoding, Header},
    rules::Rule,
};
use candidates::{Found, find};
use model::train;

/// Choices of a linkage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkOptions {
    /// How many partners a record may have.
    pub assignment: Assignment,
    /// Least probability of a link, in (0, 1).
    pub threshold: f64,
    /// A tag that joins more pairs than this is not followed, and counted.
    pub most_pairs_per_tag: u64,
    /// Bytes of memory of both encodings and of everything the linkage adds; `None` is no limit.
    pub memory_bytes: Option<u64>,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            assignment: Assignment::OneToOne,
            threshold: 0.5,
            most_pairs_per_tag: 2_500,
            memory_bytes: None,
        }
    }
}

/// Why two encodings cannot be linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Made for different projects.
    #[error("the encodings were made for different projects")]
    Projects,
    /// Made with different keys.
    #[error(
        "the encodings were made with different keys; both organisations need the same key file"
    )]
    Keys,
    /// One uses the BSN and the other does not, or the tags differ otherwise.
    #[error("the encodings were made with different options; choose the same ones on both sides")]
    Options,
    /// A file holds a row token of the other: one file was given twice, or copied in part.
    #[error("both encodings hold the same row tokens: is one file given twice?")]
    SameFile,
    /// The threshold is no probability.
    #[error("the threshold is not between 0 and 1")]
    Threshold,
    /// It would need more memory than it may use.
    #[error("linking needs {needed} bytes of memory and may use {allowed}")]
    Memory {
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        allowed: u64,
    },
}

/// Two records of one person, by the tokens each organisation gave them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TokenLink {
    /// Row token of the left encoding; written as 16 hexadecimal digits.
    #[serde(serialize_with = "hexadecimal")]
    pub left: u64,
    /// Row token of the right encoding; written as 16 hexadecimal digits.
    #[serde(serialize_with = "hexadecimal")]
    pub right: u64,
    /// Probability that they are one person.
    pub probability: f64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn hexadecimal<S: Serializer>(token: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{token:016x}"))
}

/// What a linkage gives back. Of records without a partner it holds nothing but their number.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkResult {
    /// The links, sorted by left and right token.
    pub links: Vec<TokenLink>,
    /// Records on the left.
    pub n_left: usize,
    /// Records on the right.
    pub n_right: usize,
    /// Pairs compared.
    pub pairs: usize,
    /// Pairs per rule, before a pair of several rules is counted once.
    pub pairs_per_rule: Vec<(Rule, u64)>,
    /// Pairs not followed because too many records shared a tag.
    pub skipped_pairs: u64,
    /// Expected number of true pairs among the compared.
    pub expected_matches: f64,
    /// Sum of the probabilities of the links: expected number of right ones.
    pub expected_right: f64,
    /// How learning ended.
    pub convergence: Convergence,
}

/// Links two encodings. The result is the same for any number of threads and any order of the rows.
///
/// # Errors
/// When the two cannot be compared, or that would need more memory than allowed: told before a pair is made.
pub fn link(
    left: &Encoding,
    right: &Encoding,
    options: LinkOptions,
) -> Result<LinkResult, LinkError> {
    check(left, right, options)?;
    let Found {
        pairs,
        per_rule,
        skipped_pairs,
    } = find(left, right, options)?;
    let patterns: Vec<u64> = pairs
        .par_iter()
        .map(|pair| {
            compare(
                &left.cells(pair.left as usize, usize::from(pair.left_slot)),
                &right.cells(pair.right as usize, usize::from(pair.right_slot)),
            )
        })
        .collect();
    let chance = left.header().chance.plus(&right.header().chance);
    let (mut model, convergence) = train(&pairs, &patterns, &chance, &left.header().slots);
    let all_pairs = left.n_rows() as f64 * right.n_rows() as f64;
    let mut expected = left.n_rows().min(right.n_rows()) as f64;
    let mut duplicates = match options.assignment {
        Assignment::OneToOne => [0.0, 0.0],
        Assignment::OneLeftPerRight => [0.05, 0.0],
        Assignment::All => [1.0, 1.0],
    };
    let mut edges: Vec<Edge> = pairs
        .iter()
        .map(|pair| Edge {
            left: pair.left,
            right: pair.right,
            weight: 0.0,
        })
        .collect();
    let places = edges.iter().map(|edge| (edge.left, edge.right));
    let mut components = Components::new(places, left.n_rows(), right.n_rows());
    let mut weights = Vec::new();
    for _ in 0..25 {
        model.set_prior(expected, all_pairs);
        for ((edge, pair), pattern) in edges.iter_mut().zip(&pairs).zip(&patterns) {
            edge.weight = model.weight(*pattern, pair.by_bsn);
        }
        let found = compete(&edges, duplicates, &mut components);
        let bars = edges.iter().zip(&found.rival_bars);
        weights = bars.map(|(edge, bar)| edge.weight + bar).collect();
        if options.assignment == Assignment::OneLeftPerRight {
            duplicates[0] = found.duplicate_share;
        }
        let before = expected;
        expected = found.expected_matches.max(1.0);
        if (expected - before).abs() <= 1e-4 * before {
            break;
        }
    }
    let mut links: Vec<TokenLink> = choose(&edges, &weights, options.assignment, options.threshold)
        .into_iter()
        .map(|place| place as usize)
        .map(|place| TokenLink {
            left: left.token(edges[place].left as usize),
            right: right.token(edges[place].right as usize),
            probability: probability(weights[place]),
        })
        .collect();
    links.sort_by_key(|link| (link.left, link.right));
    Ok(LinkResult {
        expected_right: links.iter().map(|link| link.probability).sum(),
        links,
        n_left: left.n_rows(),
        n_right: right.n_rows(),
        pairs: pairs.len(),
        pairs_per_rule: per_rule,
        skipped_pairs,
        expected_matches: expected,
        convergence,
    })
}

/// Whether two encodings can be linked, as far as their headers tell.
///
/// # Errors
/// When they were made for other projects, with other keys or options.
pub fn fit(left: &Header, right: &Header) -> Result<(), LinkError> {
    if left.project != right.project {
        return Err(LinkError::Projects);
    }
    if left.key_check != right.key_check {
        return Err(LinkError::Keys);
    }
    if left.slots != right.slots {
        return Err(LinkError::Options);
    }
    Ok(())
}

fn check(left: &Encoding, right: &Encoding, options: LinkOptions) -> Result<(), LinkError> {
    fit(left.header(), right.header())?;
    if !(options.threshold > 0.0 && options.threshold < 1.0) {
        return Err(LinkError::Threshold);
    }
    let mut tokens: Vec<u64> = (0..left.n_rows()).map(|row| left.token(row)).collect();
    tokens.sort_unstable();
    if (0..right.n_rows()).any(|row| tokens.binary_search(&right.token(row)).is_ok()) {
        return Err(LinkError::SameFile);
    }
    Ok(())
}
