//! Opening pages in the system browser for a window.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Deserialize;
use tauri::{
    Manager, Runtime,
    ipc::{CommandArg, CommandItem, CommandScope, InvokeError},
};
use url::Url;
use urlpattern::{UrlPattern, UrlPatternInit, UrlPatternMatchInput, UrlPatternOptions};

use super::caller::Caller;
use crate::error::{ErrorCode, ErrorPayload, Result};

/// The shortest time between two pages that a window opens.
const PAUSE: Duration = Duration::from_secs(1);

/// An entry in the scope of `clerk:allow-open-external`: the pages that it allows or denies, e.g. `https://docs.example.com/*`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "PatternEntry")]
struct Pages(UrlPattern);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PatternEntry {
    url: String,
}

impl TryFrom<PatternEntry> for Pages {
    type Error = urlpattern::Error;

    fn try_from(entry: PatternEntry) -> Result<Self, Self::Error> {
        let mut pattern = UrlPatternInit::parse_constructor_string::<regex::Regex>(&entry.url, None)?;
        // As in the scopes of Tauri's own plugins: an origin stands for all its pages, and a path for any query.
        if pattern.pathname.as_deref().is_none_or(|path| matches!(path, "" | "/")) {
            pattern.pathname = Some("*".to_owned());
        }
        for part in [&mut pattern.search, &mut pattern.hash] {
            part.take_if(|part| part.is_empty());
            part.get_or_insert_with(|| "*".to_owned());
        }
        UrlPattern::parse(pattern, UrlPatternOptions::default()).map(Self)
    }
}

impl Pages {
    /// Whether the pattern matches the page, which is [`normalised`].
    fn contain(&self, page: &Url) -> bool {
        self.0.test(UrlPatternMatchInput::Url(page.clone())).unwrap_or(false)
    }
}

/// Whether the patterns allow a page. The server gets the given spelling, and may take it for another page than the usual one.
fn is_allowed(page: &Url, allowed: &[Arc<Pages>]) -> bool {
    [page, &normalised(page.clone())].iter().all(|spelling| allowed.iter().any(|pages| pages.contain(spelling)))
}

/// Whether the patterns deny a page, in the given or the usual spelling.
fn is_denied(page: &Url, denied: &[Arc<Pages>]) -> bool {
    [page, &normalised(page.clone())].iter().any(|spelling| denied.iter().any(|pages| pages.contain(spelling)))
}

/// Returns the page in the spelling that patterns are written in. Servers take other spellings for the same page, so these must not
/// escape a pattern: a host with a final dot, characters that are encoded without need, encoded or surplus slashes.
fn normalised(mut page: Url) -> Url {
    if let Some(host) =
        page.host_str().filter(|host| host.ends_with('.')).map(|host| host.trim_end_matches('.').to_owned())
    {
        // Fails for no host that was valid with the dot.
        let _ = page.set_host(Some(&host));
    }
    let mut path = String::with_capacity(page.path().len());
    let mut rest = page.path();
    while let Some(character) = rest.chars().next() {
        let plain = decoded(rest).filter(|plain| plain.is_ascii_alphanumeric() || "-._~/\\".contains(*plain));
        rest = &rest[plain.map_or(character.len_utf8(), |_| 3)..];
        let character = if plain == Some('\\') { '/' } else { plain.unwrap_or(character) };
        if !(character == '/' && path.ends_with('/')) {
            path.push(character);
        }
    }
    page.set_path(&path);
    page
}

/// Returns the ASCII character that a percent-encoding at the beginning of the text stands for.
fn decoded(text: &str) -> Option<char> {
    let digits =
        text.strip_prefix('%')?.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok().filter(u8::is_ascii).map(char::from)
}

/// When each window last opened a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenedPages(Arc<Mutex<HashMap<String, Instant>>>);

impl OpenedPages {
    /// Records that a window opens a page. Returns false if it opened another one less than a second ago.
    fn record(&self, label: &str, now: Instant) -> bool {
        // Every critical section leaves the map valid, also after a panic.
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        opened.retain(|_, at| now.saturating_duration_since(*at) < PAUSE);
        let is_first = !opened.contains_key(label);
        if is_first {
            opened.insert(label.to_owned(), now);
        }
        is_first
    }
}

/// Opens pages for the window that calls.
pub(crate) struct PageOpener {
    clerk: Caller,
    label: String,
    scope: CommandScope<Pages>,
    opened: OpenedPages,
}

impl PageOpener {
    /// Opens a page that Clerk, the app or the scope of the window's permission names.
    pub(crate) fn open(self, url: &str) -> Result<()> {
        let page = self.clerk.external_page(url, |page| is_allowed(page, self.scope.allows()))?;
        if is_denied(&page, self.scope.denies()) {
            return Err(ErrorCode::UrlNotAllowed
                .error("the scope of clerk:allow-open-external in the window's capability denies this page"));
        }
        if !self.opened.record(&self.label, Instant::now()) {
            return Err(ErrorCode::OpenExternalRateLimited
                .error("a window may open one page a second in the system browser; try again later"));
        }
        self.clerk.open_external(page.as_str())
    }
}

impl<'de, R: Runtime> CommandArg<'de, R> for PageOpener {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let CommandItem { plugin, name, key, message, acl } = command;
        let scope = CommandScope::from_command(CommandItem { plugin, name, key, message, acl }).map_err(|error| {
            let text =
                format!("the scope of clerk:allow-open-external in the window's capability is invalid: {}", error.0);
            InvokeError::from(ErrorPayload::from(ErrorCode::UrlNotAllowed.error(text)))
        })?;
        let webview = message.webview_ref();
        let opened = webview.try_state::<OpenedPages>().map(|opened| opened.inner().clone()).unwrap_or_default();
        let label = webview.label().to_owned();
        Ok(Self { clerk: Caller::from_command(command)?, label, scope, opened })
    }
}

/// Not part of what the webview sends.
#[cfg(feature = "bindings")]
impl specta::function::FunctionArg for PageOpener {
    fn to_datatype(_: &mut specta::Types) -> Option<specta::datatype::DataType> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_limits_each_window_to_one_page_a_second() {
        let (opened, start) = (OpenedPages::default(), Instant::now());
        let at = |label: &str, milliseconds: u64| opened.record(label, start + Duration::from_millis(milliseconds));
        assert!(at("main", 0) && !at("main", 1) && !at("main", 999));
        assert!(at("other", 999), "each window has its own limit");
        assert!(at("main", 1_000) && !at("main", 1_500), "a refused page doesn't count");
        at("third", 10_000);
        assert_eq!(opened.0.lock().unwrap().len(), 1, "old entries are removed");
    }

    #[test]
    fn pages_follow_the_rules_of_url_patterns() {
        for (pattern, url, expected) in [
            ("https://docs.example.com", "https://docs.example.com/a/b?c#d", true),
            ("https://docs.example.com/", "https://docs.example.com/a", true),
            ("https://docs.example.com/guide/*", "https://docs.example.com/guide/x?y", true),
            ("https://docs.example.com/guide/*", "https://docs.example.com/other", false),
            ("https://*.example.com", "https://a.b.example.com/", true),
            ("https://*.example.com", "https://evil.test/a.example.com", false),
            ("https://*.example.com", "https://evil.test/.example.com/", false),
            ("https://*", "https://anything.test/x", true),
            ("https://*", "http://localhost/", false),
            ("https://docs.example.com", "https://docs.example.com:8443/", false),
            ("http://localhost:*", "http://localhost:1420/x", true),
        ] {
            let pages: Pages = serde_json::from_value(serde_json::json!({ "url": pattern })).unwrap();
            assert_eq!(pages.contain(&url.parse().unwrap()), expected, "{pattern} {url}");
        }
        for entry in [serde_json::json!("https://x"), serde_json::json!({ "url": "https://x", "app": true })] {
            assert!(serde_json::from_value::<Pages>(entry).is_err());
        }
    }

    #[test]
    fn pages_are_allowed_and_denied_in_the_spelling_that_is_opened() {
        let pages = |pattern: &str| {
            let pages: Pages = serde_json::from_value(serde_json::json!({ "url": pattern })).unwrap();
            vec![Arc::new(pages)]
        };
        for (pattern, page, allows, denies) in [
            ("https://docs.example.com/guide/*", "https://docs.example.com/guide/x", true, true),
            // Servers may tell these from the usual spelling.
            ("https://docs.example.com/guide/*", "https://docs.example.com//guide/x", false, true),
            ("https://docs.example.com/guide/*", "https://docs.example.com/%67uide/x", false, true),
            ("https://docs.example.com/guide/*", "https://docs.example.com/a%2F..%2fguide/x", false, true),
            ("https://docs.example.com/guide/*", "https://docs.example.com./guide/x", false, true),
            ("https://docs.example.com/guide/*", "https://docs.example.com/guide%2Fx", false, true),
            ("https://docs.example.com/guide/*", "https://docs.example.com/guide/..%2fprivate", false, true),
            ("https://docs.example.com/guide/*", "https://docs.example.com/guide/a%2Fb", true, true),
            // A pattern may be in another spelling too.
            ("https://docs.example.com//guide/*", "https://docs.example.com//guide/x", false, true),
            ("https://docs.example.com/guide/*", "https://docs.example.com/other", false, false),
        ] {
            let (page, pages) = (page.parse().unwrap(), pages(pattern));
            assert_eq!((is_allowed(&page, &pages), is_denied(&page, &pages)), (allows, denies), "{pattern} {page}");
        }
    }

    #[test]
    fn normalised_pages_have_one_spelling() {
        for (page, expected) in [
            ("https://docs.example.com./private/x", "https://docs.example.com/private/x"),
            ("https://docs.example.com/%70rivate/%78", "https://docs.example.com/private/x"),
            ("https://docs.example.com//private///x", "https://docs.example.com/private/x"),
            ("https://docs.example.com/a/%2e%2E/private/x", "https://docs.example.com/private/x"),
            ("https://docs.example.com/a%2F..%2f%5C%70rivate/x", "https://docs.example.com/private/x"),
            ("https://docs.example.com/100%/%zz/%C3%A4/%", "https://docs.example.com/100%/%zz/%C3%A4/%"),
            ("https://docs.example.com/ä?a=%70#%70", "https://docs.example.com/%C3%A4?a=%70#%70"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            ("http://127.0.0.1./x", "http://127.0.0.1/x"),
        ] {
            assert_eq!(normalised(page.parse().unwrap()).as_str(), expected, "{page}");
        }
    }
}
