//! What an attacker learns who has the encodings, knows how they are made and knows the population, but not the key.
//!
//! Each attack first runs on encodings without hardening, where it must work, and then on what `encode` writes, where it must not.
//! `cargo test -p helder-pprl --test attacks -- --nocapture` prints the shares.

mod reference;
mod support;

use std::collections::{BTreeMap, HashMap, HashSet};

use helder_pprl::{
    ProjectKey,
    clk::{Filter, FilterMaker},
    compare::compare,
    layout::CELL_BYTES,
};
use support::{Made, Person, Random, key, made, population, rewritten, table};

const PEOPLE: usize = 6_000;

/// Values by how often they occur, most frequent first.
fn by_frequency<T: Clone + Ord>(values: impl IntoIterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_insert(0) += 1;
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sorted
}

/// Guesses that the n-th most frequent code is the n-th most frequent value; share of records for which that is right.
fn aligned<C: Clone + Ord + std::hash::Hash>(codes: &[C], truth: &[&str], known: &[&str]) -> f64 {
    let guess: HashMap<C, &str> = by_frequency(codes.iter().cloned())
        .into_iter()
        .zip(by_frequency(known.iter().copied()))
        .map(|((code, _), (value, _))| (code, value))
        .collect();
    let right = codes
        .iter()
        .zip(truth)
        .filter(|(code, truth)| guess.get(code) == Some(truth));
    right.count() as f64 / codes.len() as f64
}

fn ordered_filters(key: &ProjectKey, people: &[Person]) -> Vec<[u64; 16]> {
    let maker = FilterMaker::new(key, 30);
    let whole = |p: &Person| maker.filter([("whole", p.surname.as_str())]).0;
    people.iter().map(whole).collect()
}

fn filters(people: &[Person]) -> Vec<Filter> {
    let maker = FilterMaker::new(&key("classical", 3), 10);
    people
        .iter()
        .map(|person| maker.filter([("surname", person.surname.to_lowercase().as_str())]))
        .collect()
}

fn surnames(people: &[Person]) -> Vec<&str> {
    people.iter().map(|p| p.surname.as_str()).collect()
}

#[test]
fn frequency_alignment_finds_names_in_plain_filters_and_none_in_encodings() {
    let people = population(PEOPLE, 1);
    // The attacker knows another sample of the same country.
    let known = population(PEOPLE * 4, 2);
    let plain: Vec<[u64; 16]> = filters(&people).iter().map(|filter| filter.0).collect();
    let found = aligned(&plain, &surnames(&people), &surnames(&known));

    let made = made(&key("attacked", 4), 1, &table(&people));
    let ordered: Vec<Person> = made.row.iter().map(|row| people[*row].clone()).collect();
    let n_slots = made.encoding.header().slots.len();
    // Every pair of bytes of every slot, and the tags themselves: the attacker takes the best.
    let mut best = 0.0_f64;
    for slot in 0..n_slots {
        for place in (0..CELL_BYTES).step_by(2) {
            let codes: Vec<[u8; 2]> = (0..PEOPLE)
                .map(|row| {
                    let cells = made.encoding.cells(row, slot);
                    [cells[place], cells[place + 1]]
                })
                .collect();
            best = best.max(aligned(&codes, &surnames(&ordered), &surnames(&known)));
        }
        let tags: Vec<u64> = (0..PEOPLE)
            .map(|row| made.encoding.tag(row, slot))
            .collect();
        let of_tags = aligned(&tags, &surnames(&ordered), &surnames(&known));
        best = best.max(of_tags);
    }
    // The same number of views of pure noise: what luck gives.
    let mut random = Random(6);
    let luck = (0..n_slots * 44)
        .map(|_| {
            let codes: Vec<u64> = (0..PEOPLE).map(|_| random.next() & 0xffff).collect();
            aligned(&codes, &surnames(&ordered), &surnames(&known))
        })
        .fold(0.0, f64::max);
    println!(
        "frequency alignment, best of {} views: plain filters {found:.4}, encodings {best:.4}, pure noise {luck:.4}",
        n_slots * 45
    );
    assert!(found > 0.2, "{found}");
    assert!(best < luck + 0.003 && best < 0.01, "{best} {luck}");
}

#[test]
fn frequency_of_tags_does_not_tell_whose_they_are() {
    // The strongest view: the attacker knows these very people and computes the combination behind each tag in clear text.
    let people = population(PEOPLE, 1);
    let made = made(&key("attacked", 4), 1, &table(&people));
    let combinations: Vec<String> = made
        .row
        .iter()
        .map(|row| {
            let mut pair = [people[*row].given.as_str(), people[*row].surname.as_str()];
            pair.sort_unstable();
            pair.join(" ")
        })
        .collect();
    let combinations: Vec<&str> = combinations.iter().map(String::as_str).collect();
    let slots = &made.encoding.header().slots;
    let mut best = 0.0_f64;
    for slot in 0..slots.len() {
        let tags: Vec<u64> = (0..PEOPLE)
            .map(|row| made.encoding.tag(row, slot))
            .collect();
        best = best.max(aligned(&tags, &combinations, &combinations));
        let most = by_frequency(tags).first().map_or(0, |(_, n)| *n);
        assert!(most <= 10, "a tag of {most} records");
    }
    // Fixed keyed hashes of the names alone, the usual blocking key, for comparison.
    let secret = key("classical", 3);
    let hashes: Vec<[u64; 16]> = ordered_filters(&secret, &people);
    let plain = aligned(&hashes, &surnames(&people), &surnames(&people));
    println!(
        "frequency of tags, these very people known: keyed hash of the surname {plain:.4}, tags {best:.4}"
    );
    assert!(plain > 0.2, "{plain}");
    assert!(best < 0.005, "{best}");
}

/// Pattern mining with anchors: the most frequent filters are taken for the most frequent names; the bits those have in common per bigram
/// are learned; then every name of the dictionary is tried on every filter.
fn mined(filters: &[Vec<bool>], truth: &[&str], known: &[&str]) -> f64 {
    const ANCHORS: usize = 25;
    let grams = |name: &str| -> Vec<[u8; 2]> {
        let padded: Vec<u8> = [b" ", name.to_lowercase().as_bytes(), b" "].concat();
        padded.windows(2).map(|pair| [pair[0], pair[1]]).collect()
    };
    let known = by_frequency(known.iter().copied());
    let mut learned: HashMap<[u8; 2], Vec<bool>> = HashMap::new();
    for ((filter, _), (name, _)) in by_frequency(filters.iter().cloned())
        .into_iter()
        .zip(&known)
        .take(ANCHORS)
    {
        for gram in grams(name) {
            learned
                .entry(gram)
                .and_modify(|bits| {
                    bits.iter_mut()
                        .zip(&filter)
                        .for_each(|(bit, other)| *bit &= other);
                })
                .or_insert_with(|| filter.clone());
        }
    }
    // Bits that a name must have, and how many of its bigrams are known.
    let dictionary: Vec<(&str, usize, Vec<usize>)> = known
        .iter()
        .filter_map(|(name, _)| {
            let bits: Vec<&Vec<bool>> = grams(name)
                .iter()
                .filter_map(|gram| learned.get(gram))
                .collect();
            let wanted: HashSet<usize> = bits
                .iter()
                .flat_map(|bits| {
                    bits.iter()
                        .enumerate()
                        .filter(|(_, set)| **set)
                        .map(|(i, _)| i)
                })
                .collect();
            (bits.len() == grams(name).len() && !wanted.is_empty())
                .then(|| (*name, bits.len(), wanted.into_iter().collect()))
        })
        .collect();
    let mut right = 0;
    let mut memory: HashMap<&Vec<bool>, Option<&str>> = HashMap::new();
    for (filter, truth) in filters.iter().zip(truth) {
        let guess = *memory.entry(filter).or_insert_with(|| {
            let n_set = filter.iter().filter(|set| **set).count();
            dictionary
                .iter()
                .map(|(name, _, wanted)| {
                    let common = wanted.iter().filter(|bit| filter[**bit]).count();
                    (2.0 * common as f64 / (wanted.len() + n_set) as f64, *name)
                })
                .filter(|(dice, _)| *dice > 0.7)
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .map(|(_, name)| name)
        });
        right += usize::from(guess == Some(*truth));
    }
    right as f64 / filters.len() as f64
}

#[test]
fn pattern_mining_reads_plain_filters_and_nothing_in_encodings() {
    let people = population(PEOPLE, 1);
    let known = population(PEOPLE * 4, 2);
    let plain: Vec<Vec<bool>> = filters(&people)
        .iter()
        .map(|filter| (0..1024).map(|place| filter.has(place)).collect())
        .collect();
    let found = mined(&plain, &surnames(&people), &surnames(&known));
    let made = made(&key("attacked", 4), 1, &table(&people));
    let ordered: Vec<Person> = made.row.iter().map(|row| people[*row].clone()).collect();
    let mut best = 0.0_f64;
    for slot in 0..made.encoding.header().slots.len() {
        // The filter of the surname, as it lies in the file.
        let bits: Vec<Vec<bool>> = (0..PEOPLE)
            .map(|row| {
                let cells = made.encoding.cells(row, slot);
                (0..64)
                    .map(|i| cells[72 + i / 8] >> (i % 8) & 1 == 1)
                    .collect()
            })
            .collect();
        best = best.max(mined(&bits, &surnames(&ordered), &surnames(&known)));
        let set: usize = bits.iter().flatten().filter(|bit| **bit).count();
        let share = set as f64 / (64 * PEOPLE) as f64;
        assert!(
            (share - 0.5).abs() < 0.01,
            "slot {slot}: bits are set in {share}"
        );
    }
    println!("pattern mining: plain filters {found:.4}, encodings {best:.4}");
    assert!(found > 0.10, "{found}");
    assert!(best < 0.005, "{best}");
}

/// A node's neighbours: kind of the common tag, levels of agreement, place of the other.
type Graph = Vec<Vec<(u64, usize)>>;

fn graph_of(made: &Made) -> Graph {
    let encoding = &made.encoding;
    let slots = &encoding.header().slots;
    let mut with_tag: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
    for row in 0..encoding.n_rows() {
        for slot in 0..slots.len() {
            with_tag
                .entry(encoding.tag(row, slot))
                .or_default()
                .push((row, slot));
        }
    }
    let mut graph = vec![Vec::new(); encoding.n_rows()];
    for rows in with_tag.values() {
        for (a, slot_a) in rows {
            for (b, slot_b) in rows.iter().filter(|(b, _)| b != a) {
                let levels = compare(&encoding.cells(*a, *slot_a), &encoding.cells(*b, *slot_b));
                // Coarse enough that a fingerprint equal by accident does not hide a node.
                let rule = slots[*slot_a].rule as u64;
                graph[*a].push((rule << 32 | levels & 0x000f_0ff0, *b));
            }
        }
    }
    graph
}

/// Weisfeiler–Lehman: colours of nodes after some rounds, equal for nodes that look the same from there.
fn colours(graph: &Graph, rounds: usize) -> Vec<u64> {
    let mix = |a: u64, b: u64| (a ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let mut colours = vec![1_u64; graph.len()];
    for _ in 0..rounds {
        colours = graph
            .iter()
            .map(|edges| {
                let mut seen: Vec<u64> = edges
                    .iter()
                    .map(|(label, other)| mix(*label, colours[*other]))
                    .collect();
                seen.sort_unstable();
                seen.into_iter().fold(7, mix)
            })
            .collect();
    }
    colours
}

/// The graph of plain filters, one per field: records are neighbours when they have a filter in common.
fn graph_of_filters(key: &ProjectKey, people: &[Person]) -> Graph {
    let maker = FilterMaker::new(key, 10);
    let mut with_filter: HashMap<(u64, Filter), Vec<usize>> = HashMap::new();
    for (row, person) in people.iter().enumerate() {
        let fields = [
            &person.given,
            &person.surname,
            &person.date,
            &person.postcode,
        ];
        for (kind, text) in (0..).zip(fields) {
            let filter = maker.filter([("field", text.as_str())]);
            with_filter.entry((kind, filter)).or_default().push(row);
        }
    }
    let mut graph = vec![Vec::new(); people.len()];
    for ((kind, _), rows) in &with_filter {
        for a in rows {
            graph[*a].extend(rows.iter().filter(|b| *b != a).map(|b| (*kind, *b)));
        }
    }
    graph
}

fn matched(encoded: &Made, own: &Made, same: impl Fn(usize, usize) -> bool) -> (f64, f64) {
    let same = |a: usize, b: usize| same(encoded.row[a], own.row[b]);
    matched_graphs(&graph_of(encoded), &graph_of(own), same)
}

/// Nodes whose colour is unique on both sides are taken for the same person. Share of the encoded records that are so recognised, and
/// share of those guesses that are right.
fn matched_graphs(graph: &Graph, other: &Graph, same: impl Fn(usize, usize) -> bool) -> (f64, f64) {
    let mut best = (0.0, 0.0);
    for rounds in 1..=3 {
        let unique = |colours: &[u64]| -> HashMap<u64, Option<usize>> {
            let mut seen = HashMap::new();
            for (node, colour) in colours.iter().enumerate() {
                seen.entry(*colour)
                    .and_modify(|found| *found = None)
                    .or_insert(Some(node));
            }
            seen
        };
        let (left, right) = (
            unique(&colours(graph, rounds)),
            unique(&colours(other, rounds)),
        );
        let guesses: Vec<(usize, usize)> = left
            .iter()
            .filter_map(|(colour, node)| Some(((*node)?, (*right.get(colour)?)?)))
            .collect();
        let right = guesses.iter().filter(|(a, b)| same(*a, *b)).count() as f64;
        let share = right / graph.len() as f64;
        if share >= best.0 {
            best = (share, right / guesses.len().max(1) as f64);
        }
    }
    best
}

#[test]
fn graph_matching_recognises_few_even_with_all_the_people_known() {
    let people = population(PEOPLE, 1);
    let attacked = made(&key("attacked", 4), 1, &table(&people));
    // The attacker encodes what he knows with a key of his own: the graph does not depend on the key.
    let own = key("own", 5);
    let (plain, _) = matched_graphs(
        &graph_of_filters(&key("classical", 3), &people),
        &graph_of_filters(&own, &people),
        |a, b| a == b,
    );
    println!("graph matching, all records known exactly: {plain:.4} recognised in plain filters");
    assert!(plain > 0.9, "{plain}");
    let (share, right) = matched(&attacked, &made(&own, 2, &table(&people)), |a, b| a == b);
    println!(
        "graph matching, all records known exactly: {share:.4} recognised ({right:.2} of the guesses right)"
    );
    let other = rewritten(&people, 9);
    let (real, right_real) = matched(&attacked, &made(&own, 2, &table(&other)), |a, b| a == b);
    println!(
        "graph matching, another register of the same people: {real:.4} recognised ({right_real:.2} right)"
    );
    let half = &people[..PEOPLE / 2];
    let (part, right_part) = matched(&attacked, &made(&own, 2, &table(half)), |a, b| a == b);
    println!(
        "graph matching, half of the people known: {part:.4} recognised ({right_part:.2} right)"
    );
    assert!(
        share < 0.15 && real < 0.08 && part < 0.03,
        "{share} {real} {part}"
    );
}

#[test]
fn graph_matching_on_reference_data() {
    let Some([left, right]) = reference::dutch("nl100k_hoog") else {
        return;
    };
    let attacked = made(&key("attacked", 4), 1, &left.table);
    let own = key("own", 5);
    let (share, right_share) = matched(&attacked, &made(&own, 2, &left.table), |a, b| a == b);
    println!(
        "nl100k_hoog: graph matching, the very file known: {share:.4} recognised ({right_share:.2} of the guesses right)"
    );
    let other = made(&own, 2, &right.table);
    let (share, right_share) = matched(&attacked, &other, |a, b| left.truth[a] == right.truth[b]);
    println!(
        "nl100k_hoog: graph matching, the other register known: {share:.4} recognised ({right_share:.2} right)"
    );
    assert!(share < 0.01, "{share}");
}

/// Tags of a dictionary of people under a key, and how many of the attacked tags they hit.
fn hits(attacked: &HashSet<u64>, key: &ProjectKey, people: &[Person]) -> usize {
    let tried = made(key, 9, &table(people));
    let n_slots = tried.encoding.header().slots.len();
    (0..tried.encoding.n_rows())
        .filter(|row| (0..n_slots).any(|slot| attacked.contains(&tried.encoding.tag(*row, slot))))
        .count()
}

#[test]
fn a_dictionary_without_the_key_hits_nothing() {
    let people = &population(PEOPLE, 1)[..500];
    let attacked = made(&key("attacked", 4), 1, &table(people));
    let n_slots = attacked.encoding.header().slots.len();
    let tags: HashSet<u64> = (0..people.len())
        .flat_map(|row| (0..n_slots).map(move |slot| (row, slot)))
        .map(|(row, slot)| attacked.encoding.tag(row, slot))
        .collect();
    // With the key every record is found: that is why it must never reach the linkage unit.
    assert_eq!(hits(&tags, &key("attacked", 4), people), people.len());
    let found: usize = (100..140)
        .map(|guess| hits(&tags, &key("attacked", guess), people))
        .sum();
    // The same secret used in another project is another key.
    let elsewhere = key("attacked", 4)
        .to_text()
        .replace("project attacked", "project elsewhere");
    let elsewhere = ProjectKey::from_text(&elsewhere).unwrap();
    println!(
        "dictionary: with the key {}, with 40 other keys {found}",
        people.len()
    );
    assert_eq!(found, 0);
    assert_eq!(hits(&tags, &elsewhere, people), 0);
}
