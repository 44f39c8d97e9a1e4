//! Learning that was interrupted goes on from the bags that had finished, to the same last bit.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use helder_ebm::{Ebm, EbmError, Fitted, Keeper, Progress, Settings};

use crate::made::{Made, made};

#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

impl Keeper for Memory {
    fn kept(&self, name: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn keep(&self, name: &str, bytes: Vec<u8>) {
        assert!(name.len() <= 200, "{name}");
        self.0.lock().unwrap().insert(name.to_owned(), bytes);
    }
}

impl Memory {
    fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }
}

/// Fits until so many rounds were told; what came out, and the bags that were learned and taken.
fn fit(
    data: &Made,
    settings: &Settings,
    memory: Option<&Memory>,
    rounds: usize,
) -> (Result<Fitted, EbmError>, usize, usize) {
    let [told, begun, taken] = [0, 0, 0].map(AtomicUsize::new);
    let goes_on = |news: Progress| {
        if news.is_kept {
            taken.fetch_add(1, Relaxed);
            return true;
        }
        if news.round == 0 {
            begun.fetch_add(1, Relaxed);
        }
        told.fetch_add(1, Relaxed) < rounds
    };
    let keeper = memory.map(|memory| memory as &dyn Keeper);
    let fitted = Ebm::fit_kept(
        &data.columns,
        &data.outcome,
        None,
        settings,
        (&goes_on, keeper),
    );
    (fitted, begun.into_inner(), taken.into_inner())
}

fn text(fitted: &Fitted) -> String {
    serde_json::to_string(&(&fitted.model, &fitted.report)).unwrap()
}

#[test]
fn what_was_finished_is_taken_and_the_model_is_the_same_to_the_last_bit() {
    let data = made(2_000, 5, 0.7);
    let settings = Settings {
        bags: Some(8),
        ..Settings::default()
    };
    let (whole, all, none) = fit(&data, &settings, None, usize::MAX);
    let whole = whole.unwrap();
    assert!(none == 0 && !whole.model.pairs.is_empty());
    let memory = Memory::default();
    let mut kept = 0;
    // Interrupted again and again: in curves, in what bags choose of pairs, in the pairs that many chose.
    let mut tries = 0;
    let resumed = loop {
        let (fitted, begun, taken) = fit(&data, &settings, Some(&memory), 150 * (tries + 1));
        assert!(taken >= kept, "{taken} of {kept} were taken");
        kept = memory.names().len();
        tries += 1;
        match fitted {
            Err(EbmError::Cancelled) => assert!(tries < 1_000),
            fitted => {
                assert!(begun < all, "{begun} of {all} bags were learned anew");
                break fitted.unwrap();
            }
        }
    };
    assert!(tries >= 3, "{tries}");
    assert!(text(&resumed) == text(&whole));
    for what in ["curves", "trial", "pairs"] {
        let is_one = |name: &String| name.contains(&format!(" {what} "));
        assert!(memory.names().iter().any(is_one), "{what}");
    }
    // Once all is kept, nothing is learned.
    let (again, begun, taken) = fit(&data, &settings, Some(&memory), 0);
    assert_eq!((begun, taken), (0, all));
    assert!(text(&again.unwrap()) == text(&whole));
}

#[test]
fn what_was_kept_of_another_fit_or_is_spoilt_is_not_taken() {
    let data = made(800, 5, 0.7);
    let settings = Settings {
        bags: Some(3),
        ..Settings::default()
    };
    let memory = Memory::default();
    let whole = fit(&data, &settings, Some(&memory), usize::MAX).0.unwrap();
    let other = Settings {
        seed: 43,
        ..settings.clone()
    };
    assert_eq!(fit(&data, &other, Some(&memory), usize::MAX).2, 0);
    assert_eq!(
        fit(&made(800, 6, 0.7), &settings, Some(&memory), usize::MAX).2,
        0
    );
    for bytes in memory.0.lock().unwrap().values_mut() {
        bytes.pop();
    }
    let (learned, _, taken) = fit(&data, &settings, Some(&memory), usize::MAX);
    assert_eq!(taken, 0);
    assert!(text(&learned.unwrap()) == text(&whole));
}
