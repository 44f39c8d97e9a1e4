//! From a table to an encoding, at home.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

use helder_record_linkage::Table;
use rayon::prelude::*;

use crate::{
    cells::Cells,
    chance::chance,
    columns::{ColumnFault, Columns},
    file::{FORMAT, Header, Piece, WriteError, Writer},
    key::ProjectKey,
    layout::{SLOT_BYTES, TOKEN_BYTES},
    prf::{BATCH, Prf, join, low},
    record::{Keys, read},
    rules::{Slot, slots},
    words::Words,
};

/// Records per task; the file is digested in the same pieces.
pub(crate) const CHUNK_ROWS: usize = 2_048;

/// Choices of an encoding. Both sides should make the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// A tag that more records of the file share than this is replaced by padding: a value that frequent could be recognised.
    pub most_per_tag: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { most_per_tag: 10 }
    }
}

/// Why nothing was encoded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The columns are wrong; all faults at once.
    #[error("the columns cannot be encoded: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Columns(Vec<ColumnFault>),
    /// There are no records.
    #[error("the file holds no records")]
    Empty,
    /// Fewer than two records per tag would leave nothing.
    #[error("at least 2 records must be allowed per tag")]
    Options,
    /// The encoding could not be written.
    #[error("the encoding could not be written")]
    Write(#[from] WriteError),
}

/// What was encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Row token of every record, in the order of the table. Stays at home: it is the only way back from a link to a record.
    pub tokens: Vec<u64>,
    /// Tags left out because too many records shared them.
    pub frequent_tags: u64,
    /// Bytes written.
    pub size_bytes: u64,
}

/// Encodes every row of `table` and writes the file to `out`.
///
/// `nonce` is fresh randomness, never used before with this key; it decides the order of the rows, their tokens and the padding.
///
/// # Errors
/// When the columns do not fit the table, the table is empty, or `out` fails.
pub fn encode(
    key: &ProjectKey,
    nonce: [u8; 16],
    columns: &Columns,
    options: Options,
    table: &Table,
    out: &mut dyn std::io::Write,
) -> Result<Encoded, EncodeError> {
    let faults = columns.faults(table);
    if !faults.is_empty() {
        return Err(EncodeError::Columns(faults));
    }
    if table.n_rows() == 0 {
        return Err(EncodeError::Empty);
    }
    if options.most_per_tag < 2 {
        return Err(EncodeError::Options);
    }
    let prf = Prf::new(key, nonce);
    let words = Words::read(&prf, columns, table);
    let slots = slots(columns.bsn.is_some());
    let (tokens, order) = row_tokens(&prf, table.n_rows());
    let mut tags = all_tags(&prf, &words, &slots, table.n_rows());
    let frequent_tags = drop_frequent(&mut tags, &slots, options.most_per_tag);
    let header = Header {
        format: FORMAT.to_owned(),
        project: key.project().to_owned(),
        key_check: hex(&key.check_value()),
        n_rows: table.n_rows() as u64,
        slots: slots.clone(),
        most_per_tag: options.most_per_tag,
        chance: chance(&prf, &words, table.n_rows()),
    };
    let mut writer = Writer::start(out, &header)?;
    write_rows(&mut writer, &order, |piece, rows| {
        encode_rows(&prf, &words, rows, &tags, slots.len(), &mut piece.rows);
        piece.digest = blake3::hash(&piece.rows);
    })?;
    Ok(Encoded {
        tokens,
        frequent_tags,
        size_bytes: writer.finish()?,
    })
}

/// Makes the rows batch by batch and writes each while the next is made; the file is never in memory as a whole.
fn write_rows(
    writer: &mut Writer<'_>,
    order: &[(u64, u32)],
    make: impl Fn(&mut Piece, &[(u64, u32)]) + Sync,
) -> Result<(), WriteError> {
    let fill = |pieces: &mut Vec<Piece>, rows: &[(u64, u32)]| {
        pieces.resize_with(rows.len().div_ceil(CHUNK_ROWS), Piece::default);
        pieces
            .par_iter_mut()
            .zip(rows.par_chunks(CHUNK_ROWS))
            .for_each(|(piece, rows)| make(piece, rows));
    };
    let (mut ready, mut next) = (Vec::new(), Vec::new());
    for rows in order.chunks(CHUNK_ROWS * 16) {
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| fill(&mut next, rows));
            ready.iter().try_for_each(|piece| writer.piece(piece))
        })?;
        std::mem::swap(&mut ready, &mut next);
    }
    ready.iter().try_for_each(|piece| writer.piece(piece))
}

/// Distinct random numbers, one per row, and the rows in their order: that of the table (by name, by date of entry) would say something.
fn row_tokens(prf: &Prf, n_rows: usize) -> (Vec<u64>, Vec<(u64, u32)>) {
    let mut tokens: Vec<u64> = (0..n_rows as u64)
        .into_par_iter()
        .map(|row| prf.random(row, u32::MAX))
        .collect();
    let mut attempt = 0;
    loop {
        let mut order: Vec<(u64, u32)> = tokens.iter().copied().zip(0..).collect();
        order.par_sort_unstable();
        // Two equal ones among a million happen once in forty million files; the later row then takes another.
        let again: Vec<u32> = order
            .windows(2)
            .filter(|pair| pair[0].0 == pair[1].0)
            .map(|pair| pair[1].1)
            .collect();
        if again.is_empty() {
            return (tokens, order);
        }
        attempt += 1;
        for row in again {
            tokens[row as usize] = prf.random(u64::from(row), u32::MAX - 16 - attempt);
        }
    }
}

/// Tags of all rows in the order of the table, slot by slot; 0 where a value is missing.
fn all_tags(prf: &Prf, words: &Words<'_>, slots: &[Slot], n_rows: usize) -> Vec<u64> {
    let mut tags = vec![0; n_rows * slots.len()];
    tags.par_chunks_mut(slots.len() * CHUNK_ROWS)
        .enumerate()
        .for_each(|(chunk, tags)| {
            let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
            // Some rows at once: the cipher is fastest on whole batches.
            let rows = chunk * CHUNK_ROWS..;
            for (tags, row) in tags
                .chunks_mut(slots.len() * BATCH)
                .zip(rows.step_by(BATCH))
            {
                firsts.clear();
                seconds.clear();
                for (tags, row) in tags.chunks_mut(slots.len()).zip(row..) {
                    let keys = Keys::read(words, words.row(row));
                    for (tag, slot) in tags.iter_mut().zip(slots) {
                        let found = slot.words(&keys);
                        *tag = u64::from(found.is_some());
                        let [a, b, c] = found.unwrap_or_default();
                        firsts.push(join(a, b));
                        seconds.push(join(c, u64::from(slot.rule.number())));
                    }
                }
                prf.tags(&mut firsts, &seconds);
                for (tag, block) in tags.iter_mut().zip(&firsts) {
                    if *tag != 0 {
                        *tag = low(block).max(1);
                    }
                }
            }
        });
    tags
}

/// Tags are random numbers already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, tag: u64) {
        self.0 = tag;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Takes away tags that too many records share; returns how many were.
fn drop_frequent(tags: &mut [u64], slots: &[Slot], most: u32) -> u64 {
    let n_slots = slots.len();
    let firsts: Vec<usize> = (0..n_slots)
        .filter(|i| slots[..*i].iter().all(|slot| slot.rule != slots[*i].rule))
        .collect();
    let frequent: HashSet<u64, BuildHasherDefault<AsItIs>> = firsts
        .into_par_iter()
        .flat_map_iter(|first| {
            let rule = slots[first].rule;
            let places: Vec<usize> = (first..n_slots)
                .filter(|i| slots[*i].rule == rule)
                .collect();
            let mut all: Vec<u64> = tags
                .chunks_exact(n_slots)
                .flat_map(|row| places.iter().map(|place| row[*place]))
                .filter(|tag| *tag != 0)
                .collect();
            all.sort_unstable();
            let most = rule.most_per_tag(most) as usize;
            let frequent = all.chunk_by(|a, b| a == b).filter(|same| same.len() > most);
            frequent.map(|same| same[0]).collect::<Vec<_>>()
        })
        .collect();
    if frequent.is_empty() {
        return 0;
    }
    tags.par_iter_mut()
        .map(|tag| {
            let hit = frequent.contains(tag);
            if hit {
                *tag = 0;
            }
            u64::from(hit)
        })
        .sum()
}

/// Rows of the file; `tags` are those of the whole table.
fn encode_rows(
    prf: &Prf,
    words: &Words<'_>,
    rows: &[(u64, u32)],
    tags: &[u64],
    n_slots: usize,
    out: &mut Vec<u8>,
) {
    let width = TOKEN_BYTES + n_slots * SLOT_BYTES;
    out.resize(rows.len() * width, 0);
    let (mut cells, mut work) = (Cells::default(), Vec::new());
    // Read in the order of the table, written in that of the tokens: memory is kinder to neighbours.
    let mut by_row: Vec<(u32, usize)> = rows
        .iter()
        .zip(0..)
        .map(|((_, row), i)| (*row, i))
        .collect();
    by_row.sort_unstable();
    let (mut codes, mut own) = (Vec::new(), Vec::new());
    for batch in by_row.chunks(BATCH) {
        // Fetched together, so that the waits for memory fall together too; one by one they were a third of the work.
        codes.clear();
        codes.extend(batch.iter().map(|(row, _)| *words.row(*row as usize)));
        own.clear();
        for (row, _) in batch {
            let start = *row as usize * n_slots;
            own.extend_from_slice(&tags[start..start + n_slots]);
        }
        words.touch(&codes);
        let read_rows = batch.iter().zip(&codes).zip(own.chunks_exact(n_slots));
        for (((row, i), codes), tags) in read_rows {
            let (place, slots) = out[i * width..(i + 1) * width].split_at_mut(TOKEN_BYTES);
            place.copy_from_slice(&rows[*i].0.to_le_bytes());
            prf.padding(u64::from(*row), 0, &mut work, slots);
            read(&mut cells, words, codes);
            cells.fill(prf, tags, slots);
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
