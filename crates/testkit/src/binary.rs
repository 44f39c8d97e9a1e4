//! Where the `helder` binary is.

use std::path::PathBuf;

use crate::{Result, TestkitError};

/// Folder with the programs of a former version, that `HELDER_TEST_FORMER` names: with it, separate processes start as that
/// version, on tables as it made them, until they are rolled.
pub(crate) fn former() -> Option<PathBuf> {
    std::env::var_os("HELDER_TEST_FORMER").map(PathBuf::from)
}

/// The binary under test: `HELDER_BIN`, or `helder` beside the folder of the running test program.
///
/// # Errors
/// [`TestkitError::NoBinary`] with the place that was tried.
pub fn helder() -> Result<PathBuf> {
    let path = match std::env::var_os("HELDER_BIN") {
        Some(named) => PathBuf::from(named),
        // A test program runs from `target/<profile>/deps/`.
        None => std::env::current_exe()?
            .ancestors()
            .nth(2)
            .map(|folder| folder.join("helder"))
            .unwrap_or_default(),
    };
    if path.is_file() {
        Ok(path)
    } else {
        Err(TestkitError::NoBinary(path))
    }
}
