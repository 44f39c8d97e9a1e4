//! Keys go to a folder of their own. It is a mirror, not a history: what was destroyed is destroyed there too, the next
//! time, so that no older backup brings it back.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use helder_platform::keyring::copy_shelf;

use super::{Places, private_folder};

/// Copies master keys, signing keys and wrapped keys to `folder`.
pub(super) async fn save(places: &Places, folder: &Path) -> Result<usize> {
    let folder = private_folder(folder)?;
    let mut kept = 0;
    for key in &places.keys {
        // A program that never started has no key yet.
        if let Ok(text) = fs::read(key) {
            let name = key.file_name().context("a key has no name")?;
            write(&folder.join(name), &text)?;
            kept += 1;
        }
    }
    if kept == 0 {
        bail!("no file with keys was found; keep those of the environment yourself");
    }
    let shelf = format!("file:{}", folder.join("shelf").display());
    Ok(kept + copy_shelf(&places.shelf, &shelf, &places.bucket).await?)
}

/// Puts keys where the settings want them. A key that is there stays.
pub(super) async fn put_back(places: &Places, folder: &Path) -> Result<usize> {
    let mut kept = 0;
    for key in &places.keys {
        let name = key.file_name().context("a key has no name")?;
        let Ok(text) = fs::read(folder.join(name)) else {
            continue;
        };
        match fs::read(key) {
            Ok(there) if there != text => {
                bail!("{} is there already and is another key", key.display());
            }
            Ok(_) => {}
            Err(_) => {
                private_folder(key.parent().unwrap_or(Path::new(".")))?;
                write(key, &text)?;
            }
        }
        kept += 1;
    }
    if kept == 0 {
        bail!("{} holds no keys of this platform", folder.display());
    }
    let shelf = format!("file:{}", folder.join("shelf").display());
    Ok(kept + copy_shelf(&shelf, &places.shelf, &places.bucket).await?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}
