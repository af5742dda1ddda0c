//! The rule that gives the layout its meaning: the inner layers never say `tauri`.

use std::{fs, path::Path};

use crate::process::root;

/// Files and folders of `src` that know nothing of Tauri.
const INNER: &[&str] = &["core", "fapi", "models", "error.rs", "ports.rs", "secret.rs"];

/// Parts of these layers that only name something: query parameters, doc links, and addresses of an app's pages.
const ALLOWED: &[&str] = &[
    "\"tauri\"",
    "_tauri_sdk_version",
    "tauri.conf.json",
    "tauri::State",
    "Tauri",
    "\"tauri://localhost",
    "\"http://tauri.localhost/\"",
];

/// Fails when an inner layer mentions Tauri's crates.
pub(crate) fn check() -> Result<(), String> {
    let mut offences = Vec::new();
    for name in INNER {
        visit(&root().join("src").join(name), &mut offences).map_err(|error| error.to_string())?;
    }
    if offences.is_empty() {
        println!("the inner layers know nothing of Tauri");
        return Ok(());
    }
    Err(format!("these layers must not know Tauri:\n{}", offences.join("\n")))
}

fn visit(path: &Path, offences: &mut Vec<String>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            visit(&entry?.path(), offences)?;
        }
        return Ok(());
    }
    for (number, line) in fs::read_to_string(path)?.lines().enumerate() {
        let rest = ALLOWED.iter().fold(line.to_owned(), |line, allowed| line.replace(allowed, ""));
        if rest.contains("tauri") {
            offences.push(format!("  {}:{}: {}", path.display(), number + 1, line.trim()));
        }
    }
    Ok(())
}
