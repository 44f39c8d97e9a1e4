//! The disk under an embedded database.
//!
//! After a write or sync that failed, nobody knows what the disk holds of it, and a later sync may succeed all the same.
//! So the first fault ends all writing: only a start, which reads the file again, may go on.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    disk,
    problem::{Problem, Result},
};

/// What is known of the disk. A database server looks after its own.
pub(super) struct Disk {
    folder: Option<PathBuf>,
    failed: AtomicBool,
}

impl Disk {
    /// The disk of a database file.
    pub(super) fn of(file: Option<&Path>) -> Self {
        let folder = file.map(|file| match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        });
        Self {
            folder,
            failed: AtomicBool::new(false),
        }
    }

    /// Refuses once the disk has reported a fault.
    pub(super) fn usable(&self) -> Result<()> {
        if self.failed.load(Ordering::Acquire) {
            return Err(Problem::storage_failed());
        }
        Ok(())
    }

    /// Refuses when there is no room.
    pub(super) fn demand_room(&self) -> Result<()> {
        self.folder.as_deref().map_or(Ok(()), disk::demand_room)
    }

    /// Looks at the outcome of a write. What fails for lack of room is no fault of the disk.
    pub(super) fn judge<T>(&self, outcome: Result<T>) -> Result<T> {
        outcome.map_err(|problem| {
            if problem.code() != "storage-failed" {
                return problem;
            }
            if self.demand_room().is_err() {
                return Problem::storage_full().caused_by(problem);
            }
            tracing::error!(
                "the disk of the database reported a fault; nothing is written until the next start"
            );
            self.failed.store(true, Ordering::Release);
            problem
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fault_of_the_disk_ends_all_writing_and_other_refusals_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::of(Some(&folder.path().join("a.sqlite")));
        disk.judge::<()>(Err(Problem::not_found())).unwrap_err();
        disk.usable().unwrap();
        disk.demand_room().unwrap();
        disk.judge::<()>(Err(Problem::storage_failed()))
            .unwrap_err();
        assert_eq!(disk.usable().unwrap_err().code(), "storage-failed");
    }
}
