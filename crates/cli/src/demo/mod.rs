//! `helder demo`: the main job on a fresh dummy municipality.

use anyhow::{Result, bail};

use crate::{arguments::DemoArguments, screen::Screen, session::Access};

/// Does the main job.
///
/// # Errors
/// At the first step that fails.
pub(crate) fn demo(_access: &Access, _wanted: &DemoArguments, _screen: Screen) -> Result<()> {
    bail!("not yet")
}
