//! Classifies navigation targets: pages of the app, other sites, other protocols.
//!
//! `guest-js/navigation.ts` does the same; both are tested against `tests/vectors/navigation.json`.

use url::Url;

use crate::navigation::urls::{path_of, same_origin};

/// Schemes that run a program, read the disk, or belong to the webview. They are refused even if the app allows them, as are all
/// that begin with `ms-`, which belong to Windows.
const FORBIDDEN: [&str; 29] = [
    "about",
    "asset",
    "blob",
    "chrome",
    "data",
    "devtools",
    "edge",
    "file",
    "filesystem",
    "ftp",
    "hcp",
    "help",
    "intent",
    "ipc",
    "jar",
    "javascript",
    "mhtml",
    "microsoft-edge",
    "mk",
    "res",
    "resource",
    "search",
    "search-ms",
    "shell",
    "smb",
    "ssh",
    "telnet",
    "vbscript",
    "view-source",
];

/// Whether URLs of this scheme may be navigated to, if the app allows it.
pub(crate) fn is_harmless_scheme(scheme: &str) -> bool {
    !FORBIDDEN.contains(&scheme) && !scheme.starts_with("ms-")
}

/// Returns the scheme of an entry in `allowedRedirectProtocols`, which may end in a colon.
pub(crate) fn scheme_of(protocol: &str) -> String {
    protocol.trim_end_matches(':').to_ascii_lowercase()
}

/// The target of a navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// A page of the app: path, query and fragment.
    Path(String),
    /// A site to open in the system browser.
    External(Url),
    /// A URL with a protocol that the app allows.
    Custom(Url),
    /// The URL is not valid, or its protocol is not allowed.
    Refused,
}

/// Resolves `to`, which may be relative to `page`, a page of the app. `None` if it is empty.
pub(crate) fn destination(to: &str, page: &Url, allowed_protocols: &[String]) -> Option<Destination> {
    if to.is_empty() {
        return None;
    }
    let Some(target) = parse(to, page) else { return Some(Destination::Refused) };
    if same_origin(&target, page) {
        return Some(Destination::Path(path_of(&target)));
    }
    if matches!(target.scheme(), "http" | "https") {
        return Some(Destination::External(target));
    }
    let is_listed = |protocol: &String| scheme_of(protocol) == target.scheme();
    let allowed = allowed_protocols.iter().any(is_listed) && is_harmless_scheme(target.scheme());
    Some(if allowed { Destination::Custom(target) } else { Destination::Refused })
}

fn parse(to: &str, page: &Url) -> Option<Url> {
    // URL parsers disagree on leading backslashes and surplus slashes for schemes other than http, so these are
    // removed.
    let text: String = to.chars().filter(|character| !matches!(character, '\t' | '\n' | '\r')).collect();
    let text = text.trim_start_matches(|character: char| character <= ' ');
    let rest = text.trim_start_matches(['/', '\\']);
    let slashes = match text.len() - rest.len() {
        0 => "",
        1 => "/",
        _ => "//",
    };
    page.join(&format!("{slashes}{rest}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn destination_agrees_with_the_vectors() {
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../../../../tests/vectors/navigation.json")).unwrap();
        assert!(vectors.len() > 40);
        for vector in &vectors {
            let page: Url = vector["page"].as_str().unwrap().parse().unwrap();
            let protocols: Vec<String> = serde_json::from_value(vector["allowedProtocols"].clone()).unwrap();
            let result = match destination(vector["to"].as_str().unwrap(), &page, &protocols) {
                None => Value::Null,
                Some(Destination::Path(path)) => json!({ "path": path }),
                Some(Destination::External(url)) => json!({ "external": url }),
                Some(Destination::Custom(url)) => json!({ "custom": url }),
                Some(Destination::Refused) => json!("refused"),
            };
            assert_eq!(result, vector["result"], "{vector}");
        }
    }
}
