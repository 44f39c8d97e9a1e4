//! How long a client may let us wait for the rest of its request.

use std::time::{Duration, Instant};

use actix_web::web::Payload;
use bytes::Bytes;
use futures_util::StreamExt as _;

use super::BodyError;

/// What even a bad line carries, bytes per second.
const LEAST_BYTES_PER_S: u64 = 4 << 10;

/// Waits for a body that comes at a decent pace. Only the time that the client lets us wait counts, not the time in which a
/// service takes nothing.
pub(super) struct Patience {
    left: Duration,
}

impl Patience {
    /// * `grace` – waits before the pace counts
    pub(super) const fn new(grace: Duration) -> Self {
        Self { left: grace }
    }

    /// The next piece; none at the end.
    pub(super) async fn next(&mut self, payload: &mut Payload) -> Result<Option<Bytes>, BodyError> {
        let started = Instant::now();
        let piece = tokio::time::timeout(self.left, payload.next()).await;
        let piece = match piece {
            Err(_) => return Err(BodyError::TooSlow),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(BodyError::BrokenOff),
            Ok(Some(Ok(piece))) => piece,
        };
        let earned = Duration::from_millis(piece.len() as u64 * 1_000 / LEAST_BYTES_PER_S);
        self.left = (self.left + earned).saturating_sub(started.elapsed());
        Ok(Some(piece))
    }
}
