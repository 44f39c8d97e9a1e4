//! Tables as columns of interned text: each distinct value is stored, and later parsed, once.

use std::{collections::BTreeMap, sync::Arc};

use crate::{distinct::Texts, population::Population};

/// A column: one code per row, one text per code. Code 0 is missing.
#[derive(Clone, Debug, Default)]
pub struct Column {
    codes: Vec<u32>,
    values: Texts,
}

impl Column {
    /// Interns texts in row order. Blank text is missing.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut builder = ColumnBuilder::default();
        for text in texts {
            builder.push(text);
        }
        builder.finish()
    }

    /// A column of distinct texts, none blank, and the place of each row's text, from 1; 0 is missing. `None` when they are not that.
    pub(crate) fn from_parts(texts: &[&str], codes: Vec<u32>) -> Option<Self> {
        let mut values = Texts::default();
        for text in texts {
            let (_, new) = values.number(text);
            if !new || text.is_empty() || text.trim() != *text {
                return None;
            }
        }
        values.close();
        let most = texts.len() as u32;
        let known = codes.iter().all(|code| *code <= most);
        known.then_some(Self { codes, values })
    }

    /// Code of each row.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// Text of a code; `None` for 0.
    pub fn text(&self, code: u32) -> Option<&str> {
        self.values.get((code as usize).checked_sub(1)?)
    }

    /// Bytes it takes.
    pub fn bytes(&self) -> u64 {
        (4 * self.codes.capacity() + self.values.bytes()) as u64
    }

    /// Bytes of its distinct texts.
    pub(crate) fn text_bytes(&self) -> u64 {
        self.values.text_bytes() as u64
    }

    /// Number of distinct values.
    pub fn n_distinct(&self) -> usize {
        self.values.len()
    }
}

/// Texts whose values are fetched together.
const AT_ONCE: usize = 64;

/// Fills a [`Column`] while rows stream in.
#[derive(Debug, Default)]
pub struct ColumnBuilder {
    column: Column,
    last: u32,
}

impl From<Column> for ColumnBuilder {
    /// Goes on where a column ended.
    fn from(mut column: Column) -> Self {
        column.values.reopen();
        Self { column, last: 0 }
    }
}

impl ColumnBuilder {
    /// Adds one row.
    pub fn push(&mut self, text: Option<&str>) {
        let code = match text.map(str::trim) {
            None | Some("") => 0,
            // Sorted and grouped files repeat the value of the row before.
            Some(text) if self.column.text(self.last) == Some(text) => self.last,
            Some(text) => self.column.values.number(text).0 as u32 + 1,
        };
        self.last = code;
        self.column.codes.push(code);
    }

    /// Adds many rows: the same as [`Self::push`] for each, and quicker, because values that are far apart in memory are fetched together.
    pub fn extend(&mut self, texts: &[Option<&str>]) {
        for some in texts.chunks(AT_ONCE) {
            std::hint::black_box(self.column.values.touch(some.iter().flatten().copied()));
            for text in some {
                self.push(*text);
            }
        }
    }

    /// The column.
    pub fn finish(mut self) -> Column {
        self.column.values.close();
        self.column.codes.shrink_to_fit();
        self.column
    }
}

/// Columns of equal length.
#[derive(Clone, Debug, Default)]
pub struct Table {
    n_rows: usize,
    columns: BTreeMap<String, Column>,
    /// Says how common values are, in place of the rows.
    population: Option<Arc<Population>>,
}

/// The column has another number of rows than the table.
#[derive(Debug, thiserror::Error)]
#[error("column {column} has {found} rows where the table has {expected}")]
pub struct RowCountMismatch {
    column: String,
    found: usize,
    expected: usize,
}

impl Table {
    /// A table of `n_rows` rows, without columns yet.
    pub fn new(n_rows: usize) -> Self {
        Self {
            n_rows,
            columns: BTreeMap::new(),
            population: None,
        }
    }

    /// Counts how common values are in a population instead of in the rows.
    pub(crate) fn set_population(&mut self, population: Arc<Population>) {
        self.population = Some(population);
    }

    /// The population, if it is not the rows.
    pub(crate) fn population(&self) -> Option<&Population> {
        self.population.as_deref()
    }

    /// Adds or replaces a column.
    ///
    /// # Errors
    /// [`RowCountMismatch`] when the column is longer or shorter than the table.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        column: Column,
    ) -> Result<(), RowCountMismatch> {
        let name = name.into();
        if column.codes.len() != self.n_rows {
            return Err(RowCountMismatch {
                column: name,
                found: column.codes.len(),
                expected: self.n_rows,
            });
        }
        self.columns.insert(name, column);
        Ok(())
    }

    /// Some rows, in this order, as a table of their own. Rows that do not exist are missing throughout.
    #[must_use]
    pub fn pick(&self, rows: &[u32]) -> Self {
        let pick = |column: &Column| {
            let mut picked = ColumnBuilder::default();
            for row in rows {
                let code = column.codes.get(*row as usize).copied().unwrap_or(0);
                picked.push(column.text(code));
            }
            picked.finish()
        };
        let columns = self.columns.iter();
        Self {
            n_rows: rows.len(),
            columns: columns.map(|(name, c)| (name.clone(), pick(c))).collect(),
            population: None,
        }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.get(name)
    }

    /// Forgets the columns for which `keep` does not hold.
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.columns.retain(|name, _| keep(name));
    }

    /// Bytes its columns take.
    pub fn bytes(&self) -> u64 {
        self.columns.values().map(Column::bytes).sum()
    }

    /// Names of the columns, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_a_code_and_blanks_are_missing() {
        let column = Column::from_texts([Some("a"), Some(" "), Some("b"), None, Some("a ")]);
        assert_eq!(column.codes(), [1, 0, 2, 0, 1]);
        let texts: Vec<String> = (0..1000).map(|i| format!("{}", i * i % 77)).collect();
        let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
        let mut many = ColumnBuilder::default();
        many.extend(&texts);
        let (many, one_by_one) = (many.finish(), Column::from_texts(texts));
        assert_eq!(many.codes(), one_by_one.codes());
        assert_eq!(
            (column.text(2), column.text(0), column.n_distinct()),
            (Some("b"), None, 2)
        );
    }

    #[test]
    fn a_column_of_another_length_is_refused() {
        assert!(
            Table::new(2)
                .insert("x", Column::from_texts([Some("a")]))
                .is_err()
        );
    }
}
