//! The secret of one project, shared by the two organisations and nobody else.

use std::fmt;

/// First line of a key file.
const FIRST_LINE: &str = "helder-pprl-key-1";

/// A key of 256 bits with the name of the project it is for. Prints its project only.
#[derive(Clone, PartialEq, Eq)]
pub struct ProjectKey {
    project: String,
    bytes: [u8; 32],
}

/// Why a key file is refused. Never repeats what the file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a key file.
    #[error("this is no key file: its first line is not {FIRST_LINE}")]
    NotAKey,
    /// The project is missing or has a form that is refused.
    #[error(
        "the project of a key is 3 to 64 lower-case letters, digits and hyphens, starting with a letter"
    )]
    Project,
    /// The key line is wrong.
    #[error("the key is not 64 hexadecimal digits")]
    Digits,
    /// The bytes cannot come from a random source.
    #[error("the key is not random: make one with `helder pprl key`")]
    Weak,
}

impl ProjectKey {
    /// A key from 32 random bytes.
    ///
    /// # Errors
    /// When the project's name has another form, or the bytes are plainly not random (fewer than 8 distinct ones).
    pub fn new(project: &str, bytes: [u8; 32]) -> Result<Self, KeyError> {
        let well_formed = (3..=64).contains(&project.len())
            && project.starts_with(|c: char| c.is_ascii_lowercase())
            && project
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !well_formed {
            return Err(KeyError::Project);
        }
        let mut seen = [false; 256];
        for byte in bytes {
            seen[usize::from(byte)] = true;
        }
        if seen.iter().filter(|seen| **seen).count() < 8 {
            return Err(KeyError::Weak);
        }
        Ok(Self {
            project: project.to_owned(),
            bytes,
        })
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// When the text is not exactly what [`ProjectKey::to_text`] writes.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        if lines.next() != Some(FIRST_LINE) {
            return Err(KeyError::NotAKey);
        }
        let project = lines.next().and_then(|line| line.strip_prefix("project "));
        let digits = lines.next().and_then(|line| line.strip_prefix("key "));
        let digits = digits.filter(|digits| digits.len() == 64 && digits.is_ascii());
        let mut bytes = [0; 32];
        for (byte, pair) in bytes
            .iter_mut()
            .zip(digits.ok_or(KeyError::Digits)?.as_bytes().chunks_exact(2))
        {
            let pair = std::str::from_utf8(pair).map_err(|_| KeyError::Digits)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| KeyError::Digits)?;
        }
        if lines.next().is_some() {
            return Err(KeyError::NotAKey);
        }
        Self::new(project.ok_or(KeyError::Project)?, bytes)
    }

    /// The text of a key file. Whoever reads it can undo every encoding made with it.
    pub fn to_text(&self) -> String {
        use fmt::Write as _;
        let mut text = format!("{FIRST_LINE}\nproject {}\nkey ", self.project);
        for byte in self.bytes {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
        text
    }

    /// The project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// A number by which two files show that one key made them; says nothing else about the key.
    pub fn check_value(&self) -> [u8; 16] {
        let mut out = [0; 16];
        out.copy_from_slice(&self.derive("check value")[..16]);
        out
    }

    /// A key of its own for each use. The project's name goes in, so that one secret in two projects gives unlike encodings.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.bytes);
        hasher.update(b"helder pprl 1\0");
        hasher.update(self.project.as_bytes());
        hasher.update(b"\0");
        hasher.update(purpose.as_bytes());
        *hasher.finalize().as_bytes()
    }
}

impl fmt::Debug for ProjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProjectKey({})", self.project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random() -> [u8; 32] {
        std::array::from_fn(|i| (i * 37 + 11) as u8)
    }

    #[test]
    fn a_key_file_is_read_back_and_its_secret_is_never_printed() {
        let key = ProjectKey::new("armoede-2026", random()).unwrap();
        assert_eq!(ProjectKey::from_text(&key.to_text()).unwrap(), key);
        assert_eq!(format!("{key:?}"), "ProjectKey(armoede-2026)");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let good = ProjectKey::new("armoede", random()).unwrap().to_text();
        for (text, error) in [
            (String::new(), KeyError::NotAKey),
            (good.replace("armoede", "A b"), KeyError::Project),
            (good.replace("key 0b", "key xx"), KeyError::Digits),
            (good.replace("key 0b", "key "), KeyError::Digits),
            (format!("{good}more\n"), KeyError::NotAKey),
        ] {
            assert_eq!(ProjectKey::from_text(&text), Err(error));
        }
        assert_eq!(ProjectKey::new("armoede", [7; 32]), Err(KeyError::Weak));
    }

    #[test]
    fn another_project_gives_another_key() {
        let one = ProjectKey::new("armoede", random()).unwrap();
        let two = ProjectKey::new("schulden", random()).unwrap();
        assert_ne!(one.derive("x"), two.derive("x"));
        assert_ne!(one.check_value(), two.check_value());
    }
}
