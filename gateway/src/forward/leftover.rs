//! The body of a request that was refused without looking at it.

use std::time::Duration;

use actix_web::{HttpRequest, http::header, web::Payload};
use futures_util::StreamExt as _;

/// Largest body that is read to keep a connection, bytes.
const SMALL: u64 = 64 << 10;
/// How long it may take: it has arrived with its head, or it has not.
const SHORTLY: Duration = Duration::from_millis(100);

/// Reads away what is left of a small body, so that the connection can be used again: while there is more to do than can be done,
/// those who are told to come back should not have to connect anew each time. Of any other body nothing is read, and the
/// connection ends.
pub(crate) async fn read_away(request: &HttpRequest, payload: Option<Payload>) {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
    let (Some(mut payload), Some(1..=SMALL)) = (payload, length) else {
        return;
    };
    // Who asks whether to send it waits for a word, and gets another.
    if headers.contains_key(header::EXPECT) {
        return;
    }
    let all = async { while let Some(Ok(_)) = payload.next().await {} };
    // What has not come by then is not waited for.
    let _ = tokio::time::timeout(SHORTLY, all).await;
}
