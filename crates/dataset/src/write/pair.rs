//! Both parts of a version side by side. What they have in common is encoded and compressed once.

use std::{
    collections::HashMap,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use arrow::{array::ArrayRef, datatypes::Schema};
use bytes::Bytes;
use parquet::{
    column::page_store::{InMemoryPageStore, PageKey, PageStore, PageStoreArgs, PageStoreFactory},
    errors::{ParquetError, Result as ParquetResult},
};

use super::{FEW_VALUES, PartWriter, part::Encoded};
use crate::error::{DatasetError, Result};

/// Writes the analysis part and, when there is one, the identity part of the same rows.
pub(super) struct PairWriter<W: Write + Send> {
    analysis: PartWriter<W>,
    identity: Option<PartWriter<W>>,
    /// Position in the analysis part and name of the columns in both.
    common: Vec<(usize, String)>,
    pages: KeptPages,
}

impl<W: Write + Send> PairWriter<W> {
    pub(super) fn new(analysis: (W, &Schema), identity: Option<(W, &Schema)>) -> Result<Self> {
        let mut common = Vec::new();
        if let Some((_, other)) = &identity {
            for (at, field) in analysis.1.fields().iter().enumerate() {
                // A dictionary stands in front of its chunk but is encoded last; such columns are small anyway.
                if other.fields().iter().any(|same| same == field)
                    && !field.metadata().contains_key(FEW_VALUES)
                {
                    common.push((at, field.name().clone()));
                }
            }
        }
        let names: Vec<String> = common.iter().map(|(_, name)| name.clone()).collect();
        let pages = KeptPages {
            names: names.clone(),
            pages: Arc::default(),
        };
        let identity = identity
            .map(|(sink, schema)| PartWriter::with(sink, schema, names, None))
            .transpose()?;
        Ok(Self {
            analysis: PartWriter::with(
                analysis.0,
                analysis.1,
                Vec::new(),
                Some(Arc::new(pages.clone())),
            )?,
            identity,
            common,
            pages,
        })
    }

    pub(super) fn write(&mut self, analysis: &[ArrayRef], identity: &[ArrayRef]) -> Result<()> {
        self.analysis.append(analysis)?;
        let mut full = self.analysis.is_full();
        if let Some(part) = &mut self.identity {
            part.append(identity)?;
            full |= part.is_full();
        }
        if full { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> Result<()> {
        let closed = self.analysis.end_group(&[])?;
        if closed.is_empty() {
            return Ok(());
        }
        let encoded = self.common.iter().map(|(at, name)| {
            let close = closed.get(*at).cloned();
            Ok(Encoded {
                name: name.clone(),
                bytes: self.pages.take(name),
                close: close.ok_or(DatasetError::Invariant("every column is closed"))?,
            })
        });
        let encoded = encoded.collect::<Result<Vec<_>>>()?;
        if let Some(part) = &mut self.identity {
            part.end_group(&encoded)?;
        }
        Ok(())
    }

    /// Ends both files; gives the sinks and the number of rows.
    pub(super) fn finish(mut self) -> Result<(W, Option<W>, u64)> {
        self.end_group()?;
        let (analysis, rows) = self.analysis.finish()?;
        let identity = match self.identity.map(PartWriter::finish).transpose()? {
            Some((_, other)) if other != rows => {
                return Err(DatasetError::Invariant(
                    "both parts must have the same rows",
                ));
            }
            identity => identity.map(|(sink, _)| sink),
        };
        Ok((analysis, identity, rows))
    }
}

/// Keeps the pages of some columns when they have been written, for the other part.
#[derive(Clone, Debug)]
struct KeptPages {
    names: Vec<String>,
    pages: Arc<Mutex<HashMap<String, Vec<u8>>>>,
}

impl KeptPages {
    fn take(&self, name: &str) -> Bytes {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.remove(name).unwrap_or_default().into()
    }
}

impl PageStoreFactory for KeptPages {
    fn create(&self, column: &PageStoreArgs<'_>) -> ParquetResult<Box<dyn PageStore>> {
        let name = column.column_descriptor().name();
        if !self.names.iter().any(|kept| kept == name) {
            return Ok(Box::new(InMemoryPageStore::default()));
        }
        Ok(Box::new(KeepingStore {
            store: InMemoryPageStore::default(),
            name: name.to_owned(),
            kept: Arc::clone(&self.pages),
        }))
    }
}

/// Pages of one column chunk, which are copied in the order in which they are written.
struct KeepingStore {
    store: InMemoryPageStore,
    name: String,
    kept: Arc<Mutex<HashMap<String, Vec<u8>>>>,
}

impl PageStore for KeepingStore {
    fn put(&mut self, value: Bytes) -> ParquetResult<PageKey> {
        self.store.put(value)
    }

    fn take(&mut self, key: PageKey) -> ParquetResult<Bytes> {
        let page = self.store.take(key)?;
        let mut kept = self
            .kept
            .lock()
            .map_err(|_| ParquetError::General("a writer of pages has failed".into()))?;
        match kept.get_mut(&self.name) {
            Some(pages) => pages.extend_from_slice(&page),
            None => {
                kept.insert(self.name.clone(), page.to_vec());
            }
        }
        Ok(page)
    }

    fn memory_size(&self) -> usize {
        self.store.memory_size()
    }
}
