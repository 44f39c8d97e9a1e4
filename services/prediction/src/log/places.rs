//! Where the records of a person stand: entries of 24 bytes, 8 of the pseudonym and 16 of the segment's key.
//!
//! They are taken from the lines of the segments once these are joined, on the writer's thread. Eight bytes of a pseudonym are enough
//! to find a segment; which of its records are the person's is looked up there.

use std::collections::BTreeMap;

use super::segment::Segment;

/// Bytes of a pseudonym in an entry.
const KEY: usize = 8;

/// A person's key, then a segment's.
pub(super) type Entry = [u8; 24];
/// The start of a pseudonym.
pub(super) type Key = [u8; KEY];

/// The entries of a commit in order, per organisation, with the key of its first segment.
pub(super) fn of(segments: &[Segment]) -> BTreeMap<&str, (&str, Vec<Entry>)> {
    let mut places: BTreeMap<&str, (&str, Vec<Entry>)> = BTreeMap::new();
    for segment in segments {
        let (_, entries) = places
            .entry(&segment.organisation)
            .or_insert((&segment.id, Vec::new()));
        entries.extend(in_lines(&segment.id, &segment.lines));
    }
    places.retain(|_, (_, entries)| !entries.is_empty());
    for (_, entries) in places.values_mut() {
        entries.sort_unstable();
        // A person that stands in a segment twice is found there once.
        entries.dedup();
    }
    places
}

/// The entries of one segment's lines.
pub(super) fn in_lines<'a>(id: &str, lines: &'a str) -> impl Iterator<Item = Entry> + use<'a> {
    let segment = u128::from_str_radix(id, 16).unwrap_or_default();
    lines.lines().filter_map(move |line| {
        let mut entry = [0; 24];
        entry[..KEY].copy_from_slice(&subject(line)?);
        entry[KEY..].copy_from_slice(&segment.to_be_bytes());
        Some(entry)
    })
}

/// The person of a line: the last but one of its values, 32 hex digits, or none.
fn subject(line: &str) -> Option<Key> {
    let line = line.strip_suffix("\"]")?.as_bytes();
    let kind = line.iter().rposition(|byte| *byte == b'"')?;
    let digits = line.get(kind.checked_sub(35)?..kind)?;
    let (quote, digits) = digits.split_first()?;
    if *quote != b'"' || !digits.ends_with(b"\",") {
        return None;
    }
    let mut key = [0; KEY];
    for (byte, pair) in key.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(key)
}

const fn digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// The keys of the segments in which `key` stands, in entries that are in order.
pub(super) fn segments_of<'a>(
    entries: &'a [u8],
    key: &'a Key,
) -> impl Iterator<Item = String> + use<'a> {
    let entries = entries.as_chunks::<24>().0;
    let first = entries.partition_point(|entry| entry[..KEY] < key[..]);
    entries[first..]
        .iter()
        .take_while(move |entry| entry[..KEY] == key[..])
        .map(segment)
}

/// The key of the segment of an entry.
pub(super) fn segment(entry: &Entry) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&entry[KEY..]);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// The person of an entry.
pub(super) fn key(entry: &Entry) -> Key {
    let mut key = [0; KEY];
    key.copy_from_slice(&entry[..KEY]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_person_of_a_line_is_read_from_its_end_and_nobody_from_others() {
        let id = "019a0000000000000000000000000001";
        let lines = "[\"4bf92f3577b34da6a3ce929d0e0e4736\",\"00f067aa0ba902b7\",null,1,2,\"ffeeddccbbaa99887766554433221100\",\"BSN\"]\n\
                     [\"4bf92f3577b34da6a3ce929d0e0e4736\",\"00f067aa0ba902b7\",\"00f067aa0ba902b7\",1,2,null,null]\n\
                     [\"4bf92f3577b34da6a3ce929d0e0e4736\",\"00f067aa0ba902b8\",null,1,2,\"00000000000000017766554433221100\",\"pseudonym\"]\n";
        let found: Vec<_> = in_lines(id, lines).collect();
        let keys: Vec<_> = found.iter().map(key).collect();
        assert_eq!(
            keys,
            [
                [0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88],
                [0, 0, 0, 0, 0, 0, 0, 1]
            ]
        );
        assert!(found.iter().all(|entry| segment(entry) == id));
        for strange in ["", "]", "\"]", "[]", "[\"x\",\"y\"]", "[1,\"x\",\"BSN\"]"] {
            assert_eq!(subject(strange), None, "{strange}");
        }
    }

    #[test]
    fn a_person_is_found_in_every_segment_and_nobody_else_is() {
        let mut entries: Vec<Entry> = (0..1_000_u128)
            .flat_map(|person| (0..3_u128).map(move |n| (person, n * 7 + person % 5)))
            .map(|(person, segment)| {
                let mut entry = [0; 24];
                entry[..8].copy_from_slice(&(person as u64 * 2).to_be_bytes());
                entry[8..].copy_from_slice(&segment.to_be_bytes());
                entry
            })
            .collect();
        entries.sort_unstable();
        let bytes = entries.as_flattened();
        let key = |person: u64| person.to_be_bytes();
        assert_eq!(segments_of(bytes, &key(2 * 999)).count(), 3);
        assert_eq!(segments_of(bytes, &key(0)).count(), 3);
        assert_eq!(segments_of(bytes, &key(5)).count(), 0);
        assert_eq!(segments_of(&[], &key(0)).count(), 0);
    }
}
