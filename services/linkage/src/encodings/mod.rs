//! Linking with another organisation on encodings: both offer one, only then they are linked, and each gets its own rows back.
//!
//! `docs/adr/0028-encodings-between-two-organisations.md` says who may learn what.

pub(crate) mod handlers;
pub(crate) mod job;
mod receive;
mod result;
pub(crate) mod sweep;
pub(crate) mod table;
mod wire;

use helder_platform::store::{Command, Guard, Work};

/// Looks whether the other organisation has offered an encoding to this one.
pub(crate) const EXCHANGE: Work = Work::named("exchange");

/// What that may see: offers that wait, nothing else.
pub(crate) const GUARD: Guard = Guard::across_where(
    "encodings",
    EXCHANGE,
    Command::Select,
    "state = 'offered'",
    "",
);

/// Finds offers whose term is over.
const OFFER_TERM: Work = Work::named("offer-term");

/// What that may see: whose offers wait.
pub(crate) const TERM_GUARD: Guard = Guard::across_where(
    "encodings",
    OFFER_TERM,
    Command::Select,
    "state = 'offered'",
    "",
);
