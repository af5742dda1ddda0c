//! Clerk's own scripts, for pages that load them from the FAPI host as Clerk's SDKs do.

use std::path::{Component, Path};

use axum::response::Response;

use super::reply::{bytes, text};

/// Serves `/npm/@clerk/{package}@{version}/{file}` from `{folder}/{package}/{file}`; the version is ignored.
pub(crate) fn package_file(folder: Option<&Path>, path: &str) -> Response {
    let missing = || text(404, "text/plain", "file not found; is `npm_dir` set?");
    let Some((package, file)) = path.trim_start_matches("/npm/@clerk/").split_once('/') else { return missing() };
    let package = package.split('@').next().unwrap_or_default();
    let relative = Path::new(package).join(file);
    // Stay inside the folder.
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return missing();
    }
    let content = folder.and_then(|folder| std::fs::read(folder.join(relative)).ok());
    match content {
        Some(content) => bytes(200, "text/javascript; charset=utf-8", content),
        None => missing(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_file_stays_inside_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(package_file(Some(folder), "/npm/@clerk/src@6/lib.rs").status(), 200);
        for path in ["/npm/@clerk/src@6/../Cargo.toml", "/npm/@clerk/src@6/nothing.js", "/npm/@clerk/..@6/x", "/npm/x"]
        {
            assert_eq!(package_file(Some(folder), path).status(), 404, "{path}");
        }
        assert_eq!(package_file(None, "/npm/@clerk/src@6/lib.rs").status(), 404);
    }
}
