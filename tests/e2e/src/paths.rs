//! Folders of the workspace.

use std::path::{Path, PathBuf};

use crate::Result;

/// Returns the root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."))
}

/// Returns the path of the picture with this name, in the folder that `CLERK_E2E_PICTURES` names or in `target/pictures`. Creates
/// the folder.
pub(crate) fn picture(name: &str) -> Result<PathBuf> {
    let folder = std::env::var_os("CLERK_E2E_PICTURES").map_or_else(|| root().join("target/pictures"), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(format!("{name}.png")))
}
