//! The rest of a request and what follows it: nothing of a body becomes a request.
#![no_main]

use std::{
    collections::VecDeque,
    sync::{LazyLock, Mutex},
};

use helder_fuzz::{
    door::{Door, PATH, good_token},
    reader::{self, Reading},
};
use libfuzzer_sys::fuzz_target;

/// Inputs whose requests may still be under way: a client that goes away does not take its request back.
const LATE: usize = 64;

struct State {
    door: Door,
    asked: u64,
    certain: VecDeque<Reading>,
}

static STATE: LazyLock<Mutex<State>> = LazyLock::new(|| {
    Mutex::new(State {
        door: Door::start(),
        asked: 0,
        certain: VecDeque::new(),
    })
});

fuzz_target!(|input: &[u8]| {
    let mut state = STATE.lock().unwrap();
    state.asked += 1;
    // Its number tells the first request from those of other inputs.
    let head = format!(
        "POST {PATH}?n={} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
        state.asked,
        good_token()
    );
    let bytes = [head.as_bytes(), input].concat();
    let said = state.door.send(&bytes);
    let certain = reader::requests(&bytes);
    let good = said
        .windows(13)
        .filter(|it| it == b"HTTP/1.1 200 " || it == b"HTTP/1.0 200 ");
    let most = certain.whole.len() + usize::from(certain.begun.is_some());
    assert!(good.count() <= most, "more answers than requests");
    let faults = said.windows(10).filter(|it| it.starts_with(b"HTTP/1.1 5"));
    assert_eq!(faults.count(), 0, "a fault of ours");
    state.certain.push_back(certain);
    if state.certain.len() > LATE {
        state.certain.pop_front();
    }
    for one in state.door.seen() {
        let is_begun = |it: &Reading| {
            let head = (&one.0, &one.1);
            it.begun
                .as_ref()
                .is_some_and(|(method, target)| head == (method, target))
        };
        let known = state
            .certain
            .iter()
            .any(|it| it.whole.contains(&one) || is_begun(it));
        assert!(known, "another reading: {one:?}");
    }
});
