//! Numbers about a process: how many, how long, how full. Collected when somebody asks, counted at next to no cost.
//!
//! What is counted per request is a sharded atomic in memory that was made before: no lock, no allocation. Everything else
//! (queues, caches, ages) is looked up when the numbers are collected. They leave by OTLP, and as text on the internal address.
//! No number carries a value about a person or an organisation.

mod counter;
mod histogram;
mod http;
pub mod otlp;
mod text;

use std::sync::{Arc, Mutex, PoisonError, Weak};

pub use counter::{Counter, Looked};
pub use histogram::{BOUNDS_S, Histogram, Snapshot};
pub use http::HttpRoutes;
pub use text::{MEDIA_TYPE, text};

/// Names and values that tell one series of a family from another.
pub type Labels = Vec<(&'static str, String)>;

/// All series of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Name in the words of the semantic conventions where there is one, else `helder.…`.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Unit after UCUM: `s`, `By`, `1`, `{job}`.
    pub unit: &'static str,
    /// Its series.
    pub points: Points,
}

/// Series of one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Points {
    /// Goes up only, since the process started.
    Counter(Vec<(Labels, u64)>),
    /// As it is now.
    Gauge(Vec<(Labels, f64)>),
    /// How values are spread, since the process started.
    Histogram(Vec<(Labels, Snapshot)>),
}

/// Knows some numbers. Asked from a thread that may block.
pub trait Source: Send + Sync {
    /// The numbers as they are.
    fn collect(&self) -> Vec<Family>;
}

/// Asked until the process has ended, so that its last numbers are whole.
static LASTING: Mutex<Vec<Arc<dyn Source>>> = Mutex::new(Vec::new());
static SOURCES: Mutex<Vec<Weak<dyn Source>>> = Mutex::new(Vec::new());

/// Has a source asked for as long as somebody holds it.
pub fn register(source: Arc<impl Source + 'static>) {
    let source: Arc<dyn Source> = source;
    let mut sources = SOURCES.lock().unwrap_or_else(PoisonError::into_inner);
    sources.retain(|known| known.strong_count() > 0);
    sources.push(Arc::downgrade(&source));
}

/// Has a source asked until the process ends. For counters, which keep nothing open.
pub fn register_for_good(source: Arc<impl Source + 'static>) {
    let mut lasting = LASTING.lock().unwrap_or_else(PoisonError::into_inner);
    lasting.push(source);
}

/// All numbers of this process, families of one name together, in the order of their names.
pub fn collect() -> Vec<Family> {
    let mut sources = LASTING
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let known = SOURCES.lock().unwrap_or_else(PoisonError::into_inner);
    sources.extend(known.iter().filter_map(Weak::upgrade));
    drop(known);
    let mut all: Vec<Family> = Vec::new();
    let own = crate::telemetry::dropped();
    for family in sources
        .iter()
        .flat_map(|source| source.collect())
        .chain([own])
    {
        match all.iter_mut().find(|known| known.name == family.name) {
            Some(known) => known.join(family.points),
            None => all.push(family),
        }
    }
    all.sort_by_key(|family| family.name);
    all
}

impl Family {
    fn join(&mut self, more: Points) {
        match (&mut self.points, more) {
            (Points::Counter(all), Points::Counter(more)) => all.extend(more),
            (Points::Gauge(all), Points::Gauge(more)) => all.extend(more),
            (Points::Histogram(all), Points::Histogram(more)) => all.extend(more),
            // One name has one kind; what says otherwise is left out.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Twice;

    impl Source for Twice {
        fn collect(&self) -> Vec<Family> {
            let family = |value| Family {
                name: "helder.test.twice",
                help: "For a test.",
                unit: "1",
                points: Points::Gauge(vec![(Vec::new(), value)]),
            };
            vec![family(1.0), family(2.0)]
        }
    }

    #[test]
    fn a_source_is_asked_while_somebody_holds_it() {
        let source = Arc::new(Twice);
        register(Arc::clone(&source));
        let find = || {
            collect()
                .into_iter()
                .find(|it| it.name == "helder.test.twice")
        };
        let expected = Points::Gauge(vec![(Vec::new(), 1.0), (Vec::new(), 2.0)]);
        assert_eq!(find().map(|it| it.points), Some(expected));
        drop(source);
        assert_eq!(find(), None);
    }
}
