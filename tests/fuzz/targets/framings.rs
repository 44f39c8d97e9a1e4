//! The rest of a request and what follows it: nothing of a body becomes a request.
#![no_main]

use std::{
    collections::VecDeque,
    sync::{LazyLock, Mutex},
};

use helder_fuzz::{
    door::{Door, PATH, Seen, good_token},
    reader,
};
use libfuzzer_sys::fuzz_target;

/// Inputs whose requests may still be under way: a client that goes away does not take its request back.
const LATE: usize = 64;

struct State {
    door: Door,
    asked: u64,
    certain: VecDeque<Vec<Seen>>,
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
    assert!(good.count() <= certain.len(), "more answers than requests");
    let faults = said.windows(10).filter(|it| it.starts_with(b"HTTP/1.1 5"));
    assert_eq!(faults.count(), 0, "a fault of ours");
    state.certain.push_back(certain);
    if state.certain.len() > LATE {
        state.certain.pop_front();
    }
    for one in state.door.seen() {
        let known = state.certain.iter().any(|it| it.contains(&one));
        assert!(known, "another reading: {one:?}");
    }
});
