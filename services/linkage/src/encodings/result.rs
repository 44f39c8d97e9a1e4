//! What each side gets: its own rows, with a code that both have for the same pair and a probability.

use std::io::Write as _;

use helder_platform::{
    objects::Objects,
    problem::{Problem, Result},
};
use helder_pprl::{LinkResult, TokenLink};
use helder_types::{Digest, OrganisationId};

/// The linked rows of one side.
pub(super) struct Own {
    pub(super) object: Digest,
    pub(super) n_links: u64,
    pub(super) expected_right: f64,
}

/// Writes the rows of one side, sorted by its own token; `token` picks it.
///
/// # Errors
/// 503 when the object store is away.
pub(super) fn write(
    objects: &Objects,
    organisation: &OrganisationId,
    found: &LinkResult,
    token: impl Fn(&TokenLink) -> u64,
) -> Result<Own> {
    let mut lines: Vec<(u64, &TokenLink)> =
        found.links.iter().map(|link| (token(link), link)).collect();
    lines.sort_by_key(|(token, link)| (*token, link.left, link.right));
    let mut out = objects.writer(organisation)?;
    let mut put = |line: String| out.write_all(line.as_bytes()).map_err(Problem::internal);
    put("token,pair,probability\r\n".to_owned())?;
    for (token, link) in lines {
        put(format!(
            "{token:016x},{},{:.6}\r\n",
            pair(link),
            link.probability
        ))?;
    }
    Ok(Own {
        object: out.finish()?.0,
        n_links: found.links.len() as u64,
        expected_right: found.expected_right,
    })
}

/// A code of the pair that tells neither side the other's token: those are random and of 64 bits, so the digest of both cannot be undone.
fn pair(link: &TokenLink) -> String {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&link.left.to_le_bytes());
    bytes[8..].copy_from_slice(&link.right.to_le_bytes());
    let digest = Digest::of(&bytes).to_string();
    digest
        .trim_start_matches("sha256:")
        .chars()
        .take(32)
        .collect()
}
