//! Two organisations seldom run one build: what an encoding holds may not change unseen.

mod support;

use support::{key, made, population, rewritten, table};

/// Digest of the encoding of these people under this key and nonce. When it changes, encodings of the release before no longer link with
/// those of this one: give the file another first line and `FORMAT` another name.
const DIGEST: &str = "979ee40020bc57f9f574d4c25294f67fe3a96faf24ea9c973551bbca5d25aca2";

#[test]
fn an_encoding_is_the_same_to_the_byte_as_that_of_the_former_release() {
    let people = rewritten(&population(2_500, 1), 2);
    let made = made(&key("stable", 3), 1, &table(&people));
    assert_eq!(blake3::hash(&made.bytes).to_string(), DIGEST);
}
