//! Master keys: they wrap data keys and do nothing else.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use helder_types::OrganisationId;

use super::{KeyRingError, Secret};
use crate::problem::{Problem, Result};

/// Named master keys, the current one first; older ones still open what they wrapped.
pub struct MasterKeys {
    pub(super) keys: Vec<(String, Secret)>,
}

impl MasterKeys {
    /// Reads `name:<base64>` lines, newest first, as in the environment or a Kubernetes secret.
    ///
    /// # Errors
    /// [`KeyRingError::Master`]; what was given is not in it.
    pub fn from_text(text: &str) -> std::result::Result<Self, KeyRingError> {
        let mut keys: Vec<(String, Secret)> = Vec::new();
        for line in text
            .split(['\n', ','])
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (name, value) = line.split_once(':').ok_or(KeyRingError::Master)?;
            let bytes = STANDARD
                .decode(value.trim())
                .map_err(|_| KeyRingError::Master)?;
            let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyRingError::Master)?;
            // A default or forgotten value is no secret.
            if name.is_empty()
                || bytes.iter().all(|byte| *byte == bytes[0])
                || keys.iter().any(|key| key.0 == name)
            {
                return Err(KeyRingError::Master);
            }
            keys.push((name.to_owned(), Secret(bytes)));
        }
        if keys.is_empty() {
            Err(KeyRingError::Master)
        } else {
            Ok(Self { keys })
        }
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`KeyRingError::File`], [`KeyRingError::Exposed`] when others may read it, [`KeyRingError::Master`].
    pub fn from_file(path: &Path) -> std::result::Result<Self, KeyRingError> {
        let mut file = File::open(path).map_err(KeyRingError::File)?;
        let mode = file
            .metadata()
            .map_err(KeyRingError::File)?
            .permissions()
            .mode();
        if mode & 0o007 != 0 {
            return Err(KeyRingError::Exposed);
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(KeyRingError::File)?;
        Self::from_text(&text)
    }

    /// Reads the file at `path`, or makes it with a fresh key and mode 0600; for the embedded platform.
    ///
    /// # Errors
    /// As [`MasterKeys::from_file`].
    pub fn from_file_or_new(path: &Path) -> std::result::Result<Self, KeyRingError> {
        match Self::from_file(path) {
            Err(KeyRingError::File(error)) if error.kind() == ErrorKind::NotFound => {}
            other => return other,
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(KeyRingError::File)?;
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| KeyRingError::Master)?;
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        match made {
            Ok(mut file) => {
                writeln!(file, "k1:{}", STANDARD.encode(bytes)).map_err(KeyRingError::File)?;
                file.sync_all().map_err(KeyRingError::File)?;
                File::open(folder)
                    .and_then(|folder| folder.sync_all())
                    .map_err(KeyRingError::File)?;
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(KeyRingError::File(error)),
        }
        Self::from_file(path)
    }

    /// `name:<base64 nonce ‖ ciphertext ‖ tag>`.
    pub(super) fn wrap(
        &self,
        key: &Secret,
        organisation: &OrganisationId,
        purpose: &str,
    ) -> Result<Vec<u8>> {
        let (name, master) = self
            .keys
            .first()
            .ok_or_else(|| Problem::internal("no master key"))?;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(Problem::internal)?;
        let mut sealed = key.bytes().to_vec();
        cipher(master)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                label(organisation, purpose),
                &mut sealed,
            )
            .map_err(Problem::internal)?;
        let value = STANDARD.encode([nonce.as_slice(), &sealed].concat());
        Ok(format!("{name}:{value}\n").into_bytes())
    }

    pub(super) fn unwrap(
        &self,
        wrapped: &[u8],
        organisation: &OrganisationId,
        purpose: &str,
    ) -> Result<Secret> {
        let broken =
            || Problem::internal("a wrapped key cannot be opened with the master keys given");
        let text = std::str::from_utf8(wrapped).map_err(|_| broken())?;
        let (name, value) = text.trim_end().split_once(':').ok_or_else(broken)?;
        let (_, master) = self
            .keys
            .iter()
            .find(|key| key.0 == name)
            .ok_or_else(broken)?;
        let mut value = STANDARD.decode(value).map_err(|_| broken())?;
        if value.len() != NONCE_LEN + 32 + AES_256_GCM.tag_len() {
            return Err(broken());
        }
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&value[..NONCE_LEN]);
        let opened = cipher(master)?
            .open_in_place(
                Nonce::assume_unique_for_key(nonce),
                label(organisation, purpose),
                &mut value[NONCE_LEN..],
            )
            .map_err(|_| broken())?;
        let mut key = [0; 32];
        key.copy_from_slice(opened);
        Ok(Secret(key))
    }
}

fn cipher(key: &Secret) -> Result<LessSafeKey> {
    Ok(LessSafeKey::new(
        UnboundKey::new(&AES_256_GCM, key.bytes()).map_err(Problem::internal)?,
    ))
}

/// A wrapped key opens only under the name it was made for.
fn label(organisation: &OrganisationId, purpose: &str) -> Aad<Vec<u8>> {
    Aad::from(format!("helder data key\n{organisation}\n{purpose}").into_bytes())
}
