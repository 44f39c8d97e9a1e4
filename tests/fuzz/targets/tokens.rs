//! Tokens: changed, cut, and made of any bytes by any hand.
#![no_main]

use std::sync::{LazyLock, Mutex};

use helder_fuzz::door::{Door, Hand, claims_are_good, good_token, token_of};
use libfuzzer_sys::fuzz_target;

static DOOR: LazyLock<Mutex<Door>> = LazyLock::new(|| Mutex::new(Door::start()));
const HEAD: &[u8] = br#"{"typ":"JWT","alg":"EdDSA","kid":"ed"}"#;

/// What is asked, and whether it may be let in.
fn asked(input: &[u8]) -> Option<(Vec<u8>, bool)> {
    let (kind, rest) = input.split_first()?;
    Some(match kind % 6 {
        // Any letters.
        0 => (rest.to_vec(), rest == good_token().as_bytes()),
        // A good one, changed at places.
        1 => {
            let mut token = good_token().as_bytes().to_vec();
            for change in rest.chunks_exact(4) {
                let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % token.len();
                match change[2] % 4 {
                    0 => token[at] = change[3],
                    1 => token.insert(at, change[3]),
                    2 if token.len() > 1 => drop(token.remove(at)),
                    _ => token.truncate(at.max(1)),
                }
            }
            let same = token == good_token().as_bytes();
            (token, same)
        }
        // Claims of any bytes, well signed.
        2 => (
            token_of(HEAD, rest, Hand::Trusted).into_bytes(),
            claims_are_good(rest),
        ),
        // A head of any bytes above good claims, signed by whom we trust.
        3 => {
            let claims = good_claims();
            let may = serde_json::from_slice::<serde_json::Value>(rest)
                .is_ok_and(|head| head["alg"] == "EdDSA" && head.get("crit").is_none());
            (token_of(rest, &claims, Hand::Trusted).into_bytes(), may)
        }
        // Both of any bytes, signed by others.
        kind => {
            let (cut, rest) = rest.split_first()?;
            let (head, claims) = rest.split_at(usize::from(*cut).min(rest.len()));
            let head = if head.is_empty() { HEAD } else { head };
            let hands = [Hand::Stranger, Hand::PublicKey, Hand::Nobody];
            let hand = hands[usize::from(kind ^ cut) % 3];
            (token_of(head, claims, hand).into_bytes(), false)
        }
    })
}

fn good_claims() -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let claims = good_token().split('.').nth(1).unwrap();
    URL_SAFE_NO_PAD.decode(claims).unwrap()
}

fuzz_target!(|input: &[u8]| {
    let Some((token, may)) = asked(input) else {
        return;
    };
    // What cannot stand in a header is the business of `framings`.
    if token.is_empty() || !token.iter().all(u8::is_ascii_graphic) {
        return;
    }
    let mut door = DOOR.lock().unwrap();
    let status = door.status_of(&token);
    let seen = door.seen();
    assert!(matches!(status, 200 | 401 | 403 | 431), "{status}");
    assert!(status != 200 || may, "let in");
    assert_eq!(seen.len(), usize::from(status == 200), "{status}");
});
