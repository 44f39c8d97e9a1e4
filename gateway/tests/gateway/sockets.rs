//! The system's own view of the sockets of this process.

use std::{fs, net::SocketAddr, time::Duration};

/// State of a socket in `/proc/net/tcp`.
const ESTABLISHED: &str = "01";
const CLOSE_WAIT: &str = "08";

/// Sockets on `address` whose other end is `peer`, or anybody, and whose state is one of these.
fn count(address: SocketAddr, peer: Option<u16>, states: &[&str]) -> usize {
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let port = |cell: &str| u16::from_str_radix(cell.split(':').nth(1).unwrap(), 16).unwrap();
    let of_ours = |line: &&str| {
        let cells: Vec<_> = line.split_whitespace().collect();
        port(cells[1]) == address.port()
            && peer.is_none_or(|peer| port(cells[2]) == peer)
            && states.contains(&cells[3])
    };
    table.lines().skip(1).filter(of_ours).count()
}

/// Whether the side of `address` still has the connection with `peer`.
pub(crate) fn is_open(address: SocketAddr, peer: SocketAddr) -> bool {
    count(address, Some(peer.port()), &[ESTABLISHED, CLOSE_WAIT]) > 0
}

/// Connections that `address` has not closed although their clients have.
pub(crate) fn left_over(address: SocketAddr) -> usize {
    count(address, None, &[CLOSE_WAIT])
}

/// Waits until `is_so`, at most `limit`; gives whether it came true.
pub(crate) async fn eventually(limit: Duration, is_so: impl Fn() -> bool) -> bool {
    let end = std::time::Instant::now() + limit;
    while !is_so() {
        if std::time::Instant::now() > end {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    true
}
