//! J1–J4: ten thousand drawn changes of a good token, of which none opens the door.

use helder_types::Role;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    framings::Draw,
    issuer::{claims, signed},
    world::{World, read_reply},
};

const PATH: &str = "/ingest/v1/datasets";
/// What a changed character becomes: what tokens are made of, and what they are not.
const LETTERS: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_..==+/~%{}\"',:;!";

fn letter(draw: &mut Draw) -> u8 {
    LETTERS[draw.below(LETTERS.len())]
}

/// A change of `token`; `other` is a good one, too.
fn changed(draw: &mut Draw, token: &str, other: &str) -> String {
    let mut bytes = token.as_bytes().to_vec();
    for _ in 0..=draw.below(3) {
        let (at, to) = (draw.below(bytes.len()), draw.below(bytes.len()));
        match draw.below(8) {
            0..=2 => bytes[at] = letter(draw),
            3 => bytes.insert(at, letter(draw)),
            4 if bytes.len() > 1 => drop(bytes.remove(at)),
            5 => bytes.swap(at, to),
            6 => bytes.truncate(at.max(1)),
            // A part of one and the rest of the other.
            _ => {
                let (mine, theirs): (Vec<_>, Vec<_>) = (
                    String::from_utf8_lossy(&bytes)
                        .split('.')
                        .map(str::to_owned)
                        .collect(),
                    other.split('.').map(str::to_owned).collect(),
                );
                let part = draw.below(3);
                let joined = mine.iter().enumerate().map(|(place, it)| {
                    let theirs = theirs.get(place).filter(|_| place == part);
                    theirs.unwrap_or(it).clone()
                });
                bytes = joined.collect::<Vec<_>>().join(".").into_bytes();
                if bytes.is_empty() {
                    bytes.push(b'.');
                }
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// `HELDER_TEST_TOKENS` draws more, `HELDER_TEST_SEED` others.
#[actix_web::test]
async fn j1_j4_ten_thousand_changed_tokens_open_nothing() {
    let set = |name: &str, default| {
        std::env::var(name).map_or(default, |value| value.parse::<u64>().unwrap())
    };
    let (seed, count) = (
        set("HELDER_TEST_SEED", 1),
        set("HELDER_TEST_TOKENS", 10_000),
    );
    let world = World::with(|config| {
        (config.requests_per_second, config.burst) = (u32::MAX, u32::MAX);
    });
    let good = [
        signed(&claims(Role::DataSteward, "GM0772")),
        signed(&claims(Role::ModelOwner, "GM0001")),
    ];
    let lines = (0..8).map(|line| {
        let (world, good) = (&world, &good);
        async move {
            let mut draw = Draw(seed.wrapping_mul(1_000) + line);
            let mut socket = TcpStream::connect(world.address).await.unwrap();
            let (mut refused, mut asked) = (0, 0);
            while asked < count.div_ceil(8) {
                let token = changed(&mut draw, &good[0], &good[1]);
                if good.contains(&token) {
                    continue;
                }
                asked += 1;
                let request = format!(
                    "GET {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
                );
                socket.write_all(request.as_bytes()).await.unwrap();
                let reply = read_reply(&mut socket).await;
                assert_eq!(reply.status, 401, "seed {seed}: {token}");
                refused += 1;
            }
            refused
        }
    });
    let refused: u64 = futures_util::future::join_all(lines).await.iter().sum();
    println!("seed {seed}: {refused} changed tokens refused");
    assert!(refused >= count);
    assert_eq!(world.stub.hits(), 0);
    assert_eq!(world.get_with(PATH, &good[0]).await.status, 200);
}
