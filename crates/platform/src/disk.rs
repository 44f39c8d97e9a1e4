//! Room on disks.

use std::{io, path::Path};

use crate::problem::{Problem, Result};

/// Less than this is a full disk: a database and its log need some to keep even a small change.
pub const LEAST_ROOM: u64 = 1 << 20;

/// Room on the file system of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that this process may still use.
    pub available_bytes: u64,
    /// Size of the file system, bytes.
    pub total_bytes: u64,
}

/// The room where `path` is; it must exist.
///
/// # Errors
/// When the path cannot be looked at.
pub fn room(path: &Path) -> io::Result<Room> {
    let seen = rustix::fs::statvfs(path)?;
    Ok(Room {
        available_bytes: seen.f_bavail.saturating_mul(seen.f_frsize),
        total_bytes: seen.f_blocks.saturating_mul(seen.f_frsize),
    })
}

/// Refuses when the disk of `path` is full.
///
/// # Errors
/// 503 `storage-full` with less than [`LEAST_ROOM`]; 503 when the path cannot be looked at.
pub fn demand_room(path: &Path) -> Result<()> {
    match room(path) {
        Ok(room) if room.available_bytes >= LEAST_ROOM => Ok(()),
        Ok(_) => Err(Problem::storage_full()),
        Err(error) => Err(Problem::unavailable("the disk cannot be used now", 5).caused_by(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_there_has_room_and_one_that_is_not_is_a_refusal() {
        let folder = tempfile::tempdir().unwrap();
        let found = room(folder.path()).unwrap();
        assert!(found.available_bytes <= found.total_bytes && found.total_bytes > 0);
        demand_room(folder.path()).unwrap();
        let refused = demand_room(&folder.path().join("gone")).unwrap_err();
        assert_eq!(refused.status(), 503);
    }
}
