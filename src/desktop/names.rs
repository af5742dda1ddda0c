//! The app's names in the namespaces of the desktop, which allow fewer characters than Tauri does.

use sha2::{Digest, Sha256};

/// Schemes that belong to browsers, webviews or the system. No link with one of them ever reaches an app, or every link would.
const RESERVED_SCHEMES: &[&str] = &[
    "about",
    "asset",
    "blob",
    "chrome",
    "chrome-extension",
    "data",
    "file",
    "filesystem",
    "http",
    "https",
    "ipc",
    "isolation",
    "javascript",
    "mailto",
    "moz-extension",
    "ms-settings",
    "tauri",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// Limit of a scheme. It is part of a registry key and of a MIME type, which have 255 characters.
const MAX_SCHEME: usize = 200;

/// Whether a scheme, in lower case, belongs to browsers, webviews or the system.
pub(crate) fn is_reserved(scheme: &str) -> bool {
    RESERVED_SCHEMES.contains(&scheme)
}

/// Checks the app's schemes, which are in lower case.
///
/// # Errors
/// Names the key of the configuration and what is wrong with its value.
pub(crate) fn check_schemes(schemes: &[String]) -> Result<(), String> {
    for scheme in schemes {
        let starts_well = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
        let allowed = |character: char| character.is_ascii_alphanumeric() || "+-.".contains(character);
        let wrong = if is_reserved(scheme) {
            "which belongs to browsers or to the system; choose one of the app's own, e.g. com.example.my-app"
        } else if !starts_well || !scheme.chars().all(allowed) {
            "which no link can have: a scheme begins with a letter, followed by letters, digits, '+', '-' and '.', e.g. \
             com.example.my-app"
        } else if scheme.len() > MAX_SCHEME {
            "which is too long for the systems' registries"
        } else {
            continue;
        };
        return Err(format!("plugins.deep-link.desktop.schemes in tauri.conf.json contains {scheme:?}, {wrong}"));
    }
    Ok(())
}

/// Limit of the readable part of a name. Names on the bus and names of files have at most 255 bytes, of which the plugins append
/// some.
const MAX_READABLE: usize = 160;

/// Returns a name for the app that is valid as a name on D-Bus and as the name of a launcher entry, and that no app with another
/// identifier gets.
///
/// An identifier such as `com.example.my-app` is kept, followed by `.clerk`. Any other one is made valid, and a hash of the
/// original keeps it apart.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "other systems take identifiers as they are"))]
pub(crate) fn unique_name(identifier: &str) -> String {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    let starts_well = |part: &str| part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let is_valid = |part: &str| starts_well(part) && part.chars().all(allowed);
    if identifier.len() <= MAX_READABLE && identifier.split('.').all(is_valid) {
        return format!("{identifier}.clerk");
    }
    let part = |part: &str| {
        let part: String = part.chars().map(|character| if allowed(character) { character } else { '_' }).collect();
        if starts_well(&part) { part } else { format!("_{part}") }
    };
    let readable = identifier.split('.').map(part).collect::<Vec<_>>().join(".");
    // All characters are ASCII now.
    let readable = readable.get(..MAX_READABLE).unwrap_or(&readable).trim_end_matches('.');
    let hash: String = Sha256::digest(identifier).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{readable}.clerk-{hash}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn unique_name_keeps_valid_identifiers() {
        for identifier in ["com.example.clerk-desktop", "com.Example.My_App2", "one"] {
            assert_eq!(unique_name(identifier), format!("{identifier}.clerk"));
        }
    }

    /// The rules of D-Bus for well-known names, with the suffix of single-instance and the longest one of its feature `semver`.
    fn is_bus_name(name: &str) -> bool {
        let name = format!("{name}.SingleInstance_18446744073709551615.18446744073709551615");
        let part = |part: &str| {
            !part.is_empty()
                && !part.starts_with(|first: char| first.is_ascii_digit())
                && part.chars().all(|character| character.is_ascii_alphanumeric() || "_-".contains(character))
        };
        let (name, version) = name.rsplit_once('.').unwrap();
        name.len() + version.len() < 255 && name.contains('.') && name.split('.').all(part)
    }

    #[test]
    fn unique_name_is_valid_and_different_for_any_identifier() {
        let long = "com.example.".repeat(40);
        let identifiers = [
            "",
            ".",
            "..",
            "9",
            "9.9",
            "com.example.9lives",
            "com.example._9lives",
            "com.example.app",
            "com.example.App",
            "com.example.-app",
            "com.example.app.",
            ".com.example.app",
            "com..example.app",
            "com.example app",
            "com.exämple",
            "com.ex_mple",
            "com.exümple",
            "日本語.アプリ",
            "com/example/../app",
            "com.example\napp",
            "com.example.app.clerk",
            "com.example.app.clerk-0123456789abcdef",
            &"x".repeat(161),
            &"x".repeat(162),
            &"ä".repeat(300),
            &long,
            &format!("{long}x"),
        ];
        let names: BTreeSet<String> = identifiers.iter().map(|identifier| unique_name(identifier)).collect();
        assert_eq!(names.len(), identifiers.len(), "{names:?}");
        for name in names {
            assert!(is_bus_name(&name) && !name.starts_with('-'), "{name}");
        }
    }

    #[test]
    fn check_schemes_accepts_schemes_of_apps() {
        let good = ["my-app", "myapp", "com.example.my-app", "web+notes", "x", "httpx", "http-notes", &"x".repeat(200)];
        assert_eq!(check_schemes(&good.map(str::to_owned)), Ok(()));
        assert_eq!(check_schemes(&[]), Ok(()));
    }

    #[test]
    fn check_schemes_names_the_key_and_the_scheme() {
        let long = "x".repeat(201);
        for scheme in RESERVED_SCHEMES.iter().copied().chain([
            "",
            " ",
            "my app",
            "1app",
            "-app",
            ".app",
            "my_app",
            "größe",
            "my-app:",
            "my-app://",
            "a/b",
            "my\napp",
            &long,
        ]) {
            let refused = check_schemes(&["good".to_owned(), scheme.to_owned()]).unwrap_err();
            assert!(refused.starts_with("plugins.deep-link.desktop.schemes in tauri.conf.json contains"), "{refused}");
            assert!(refused.contains(&format!("{scheme:?}")), "{refused}");
        }
    }
}
