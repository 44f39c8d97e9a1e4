//! What the targets share: a gateway before a service that remembers what it saw.

#[path = "../../../gateway/tests/gateway/issuer.rs"]
#[expect(dead_code, reason = "the tests of the gateway use more of it")]
mod issuer;
#[path = "../../../gateway/tests/gateway/stub.rs"]
#[expect(dead_code, reason = "the tests of the gateway use more of it")]
mod stub;

pub mod door;
pub mod reader;
