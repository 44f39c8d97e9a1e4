//! Folders that a job has for as long as it runs. What a killed process leaves of them goes at the next start.
//!
//! Beside each folder lies a file that its process holds locked. The system lets go of the lock when the process ends, however it
//! ends; so a folder whose file can be locked belongs to nobody, and one that cannot is in use, by whatever process on this machine.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use uuid::Uuid;

/// What all names of ours begin with.
const OURS: &str = "helder-";
/// What the name of the locked file ends with.
const LOCK: &str = ".lock";

/// A folder of one job, which nobody else may read. It goes when dropped.
#[derive(Debug)]
pub struct JobFolder {
    path: PathBuf,
    lock: PathBuf,
    _held: File,
}

impl JobFolder {
    /// Makes a folder in `scratch`.
    ///
    /// * `what` – for whoever looks into `scratch`: lower-case letters
    ///
    /// # Errors
    /// When it cannot be made or locked.
    pub fn new(scratch: &Path, what: &str) -> io::Result<Self> {
        loop {
            let path = scratch.join(format!("{OURS}{what}-{}", Uuid::new_v4().simple()));
            let lock = path.with_added_extension(&LOCK[1..]);
            let held = File::create_new(&lock)?;
            held.lock()?;
            // A sweep may have seen the file before it was locked, and removed it.
            if !is_there(&held, &lock)? {
                continue;
            }
            let folder = Self {
                path,
                lock,
                _held: held,
            };
            fs::DirBuilder::new().mode(0o700).create(&folder.path)?;
            return Ok(folder);
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for JobFolder {
    fn drop(&mut self) {
        // What cannot be removed now goes at the next start.
        let gone = remove(&self.path).and_then(|()| fs::remove_file(&self.lock));
        if let Err(error) = gone {
            tracing::warn!(%error, "a temporary folder stays behind");
        }
    }
}

fn is_there(held: &File, lock: &Path) -> io::Result<bool> {
    match fs::metadata(lock) {
        Ok(found) => Ok(found.ino() == held.metadata()?.ino()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes the folders in `scratch` that nobody has any more; gives how many.
pub fn sweep(scratch: &Path) -> usize {
    let Ok(entries) = fs::read_dir(scratch) else {
        return 0;
    };
    let locks = entries.flatten().map(|entry| entry.path());
    locks
        .filter(|lock| sweep_one(lock).unwrap_or(false))
        .count()
}

/// Whether `lock` was of a folder that nobody had any more, which is gone now.
fn sweep_one(lock: &Path) -> io::Result<bool> {
    let Some(path) = folder_of(lock) else {
        return Ok(false);
    };
    let held = File::options().write(true).open(lock)?;
    match held.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    if !is_there(&held, lock)? {
        return Ok(false);
    }
    let was_there = path.exists();
    remove(&path)?;
    fs::remove_file(lock)?;
    Ok(was_there)
}

/// The folder beside a file that is named as we name them.
fn folder_of(lock: &Path) -> Option<PathBuf> {
    let name = lock.file_name()?.to_str()?;
    let name = name.strip_suffix(LOCK)?;
    let (_, id) = name.strip_prefix(OURS)?.rsplit_once('-')?;
    Uuid::try_parse(id).ok()?;
    Some(lock.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_lives_as_long_as_its_job_and_no_sweep_takes_it_or_anybody_elses() {
        let scratch = tempfile::tempdir().unwrap();
        for other in ["helder-frame", "somebody.lock", "helder-x-1.lock"] {
            fs::write(scratch.path().join(other), "").unwrap();
        }
        let folder = JobFolder::new(scratch.path(), "frame").unwrap();
        fs::write(folder.path().join("half"), "half").unwrap();
        assert_eq!(fs::metadata(folder.path()).unwrap().mode() & 0o777, 0o700);
        assert_eq!(sweep(scratch.path()), 0);
        assert!(folder.path().join("half").exists());
        drop(folder);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 3);
        assert_eq!(sweep(scratch.path()), 0);
    }

    #[test]
    fn what_a_process_left_goes_also_when_only_half_of_it_is_there() {
        let scratch = tempfile::tempdir().unwrap();
        let left = |id: u128, folder: bool| {
            let name = format!("helder-frame-{}", Uuid::from_u128(id).simple());
            fs::write(scratch.path().join(format!("{name}.lock")), "").unwrap();
            if folder {
                fs::create_dir_all(scratch.path().join(name).join("spill")).unwrap();
            }
        };
        left(1, true);
        left(2, false);
        assert_eq!(sweep(scratch.path()), 1);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}
