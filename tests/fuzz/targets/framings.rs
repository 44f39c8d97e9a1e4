//! The rest of a request and what follows it: nothing of a body becomes a request.
#![no_main]

use std::sync::LazyLock;

use helder_fuzz::{
    door::{Door, PATH, good_token},
    reader,
};
use libfuzzer_sys::fuzz_target;

static DOOR: LazyLock<std::sync::Mutex<Door>> =
    LazyLock::new(|| std::sync::Mutex::new(Door::start()));

fuzz_target!(|input: &[u8]| {
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
        good_token()
    );
    let bytes = [head.as_bytes(), input].concat();
    let door = DOOR.lock().unwrap();
    let said = door.send(&bytes);
    let seen = door.seen();
    let certain = reader::requests(&bytes);
    for (at, one) in seen.iter().enumerate() {
        assert_eq!(certain.get(at), Some(one), "another reading");
    }
    let good = said
        .windows(13)
        .filter(|it| it == b"HTTP/1.1 200 " || it == b"HTTP/1.0 200 ");
    assert_eq!(good.count(), seen.len(), "answers and requests differ");
    let faults = said.windows(10).filter(|it| it.starts_with(b"HTTP/1.1 5"));
    assert_eq!(faults.count(), 0, "a fault of ours");
});
