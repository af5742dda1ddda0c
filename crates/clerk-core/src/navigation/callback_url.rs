//! The URL that browser flows return to, and what becomes of a link to it.

use std::net::Ipv4Addr;

use serde::Serialize;
use url::{Host, Url};

use crate::error::{ErrorCode, Result};

/// The callback URL of the app, e.g. `my-app://callback`.
///
/// A link is the app's callback if scheme, host, port and path match; query and fragment are the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackUrl(Url);

impl CallbackUrl {
    /// Parses a callback URL such as `my-app://callback`.
    ///
    /// # Errors
    /// `redirect_url_invalid` if it is not an absolute URL with a host, contains a query, a fragment or credentials, or
    /// has a scheme that browsers do not pass on to apps.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |why: &str| {
            ErrorCode::RedirectUrlInvalid.error(format!("the redirect URL {why}; use a URL such as my-app://callback"))
        };
        let url = Url::parse(text).map_err(|_| invalid("is not an absolute URL"))?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(invalid("has no host"));
        }
        if has_extras(&url) {
            return Err(invalid("must not have a query, a fragment or credentials"));
        }
        if matches!(url.scheme(), "http" | "javascript" | "data" | "file" | "tauri" | "about" | "blob") {
            return Err(invalid("has a scheme that does not open the app"));
        }
        Ok(Self(url))
    }

    /// Parses a callback URL on this computer, such as `http://127.0.0.1:45789/callback`, which a
    /// [`CallbackListener`](crate::ports::CallbackListener) serves.
    ///
    /// # Errors
    /// `redirect_url_invalid` if it is not an http URL with the host 127.0.0.1, a port and a path, or contains a query, a fragment or
    /// credentials.
    ///
    /// # Source
    /// RFC 8252, section 7.3. Names such as `localhost` may be resolved to another interface (section 8.3).
    pub fn parse_loopback(text: &str) -> Result<Self> {
        let invalid = |why: &str| {
            ErrorCode::RedirectUrlInvalid
                .error(format!("the redirect URL {why}; use a URL such as http://127.0.0.1:45789/callback"))
        };
        let url = Url::parse(text).map_err(|_| invalid("is not an absolute URL"))?;
        if url.scheme() != "http" || url.host() != Some(Host::Ipv4(Ipv4Addr::LOCALHOST)) {
            return Err(invalid("is not an http URL with the host 127.0.0.1"));
        }
        if url.port().is_none() {
            return Err(invalid("has no port"));
        }
        if has_extras(&url) {
            return Err(invalid("must not have a query, a fragment or credentials"));
        }
        if url.path() == "/" {
            return Err(invalid("has no path"));
        }
        Ok(Self(url))
    }

    /// Returns the callback URL for a scheme: `<scheme>://callback`.
    ///
    /// # Errors
    /// `redirect_url_invalid`, as for [`parse`](Self::parse).
    pub fn for_scheme(scheme: &str) -> Result<Self> {
        Self::parse(&format!("{scheme}://callback"))
    }

    /// Returns the URL as it must appear on the instance's allowlist, which is compared exactly.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the URL.
    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// Whether it is a URL on this computer; see [`parse_loopback`](Self::parse_loopback).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Returns the app's own scheme; `None` for http(s).
    pub(crate) fn own_scheme(&self) -> Option<&str> {
        Some(self.0.scheme()).filter(|scheme| !matches!(*scheme, "http" | "https"))
    }

    /// Whether `link` is this callback URL.
    #[must_use]
    pub fn matches(&self, link: &Url) -> bool {
        fn path(url: &Url) -> &str {
            if url.path() == "/" { "" } else { url.path() }
        }
        let host = |url: &Url| url.host_str().unwrap_or_default().to_ascii_lowercase();
        self.0.scheme() == link.scheme()
            && host(&self.0) == host(link)
            && self.0.port() == link.port()
            && path(&self.0) == path(link)
    }
}

/// Whether a URL has a query, a fragment or credentials.
fn has_extras(url: &Url) -> bool {
    url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some()
}

/// The result of handling a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum LinkOutcome {
    /// It is not the app's callback URL; the app may handle it otherwise.
    NotOurs,
    /// It ended the wait of a caller in this process.
    Delivered,
    /// It finished a flow that no caller was waiting for any more, e.g. one of an earlier run of the app.
    Resumed,
    /// It did not prove that it belongs to a flow of this app, so it ended nothing.
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callback_url_matches_scheme_host_port_and_path() {
        let callback = CallbackUrl::parse("my-app://callback").unwrap();
        for (link, expected) in [
            ("my-app://callback", true),
            ("my-app://callback/", true),
            ("my-app://callback?rotating_token_nonce=n#x", true),
            ("MY-APP://CALLBACK?x", true),
            ("my-app://callback/more", false),
            ("my-app://other?x", false),
            ("my-app://callback:1?x", false),
            ("my-app:callback", false),
            ("other://callback", false),
        ] {
            assert_eq!(callback.matches(&Url::parse(link).unwrap()), expected, "{link}");
        }
    }

    #[test]
    fn own_scheme_is_not_one_of_the_web() {
        for (url, expected) in [("https://example.com/callback", None), ("http-notes://callback", Some("http-notes"))] {
            assert_eq!(CallbackUrl::parse(url).unwrap().own_scheme(), expected);
        }
        let loopback = CallbackUrl::parse_loopback("http://127.0.0.1:45789/callback").unwrap();
        assert_eq!((loopback.own_scheme(), loopback.is_loopback()), (None, true));
    }

    #[test]
    fn parse_loopback_accepts_only_paths_on_a_port_of_this_computer() {
        let callback = CallbackUrl::parse_loopback("http://127.0.0.1:45789/callback").unwrap();
        for (link, expected) in [
            ("http://127.0.0.1:45789/callback?rotating_token_nonce=n", true),
            ("http://127.0.0.1:45789/callback/more", false),
            ("http://127.0.0.1:45789/", false),
            ("http://127.0.0.1:45790/callback", false),
            ("http://localhost:45789/callback", false),
            ("https://127.0.0.1:45789/callback", false),
        ] {
            assert_eq!(callback.matches(&Url::parse(link).unwrap()), expected, "{link}");
        }
        for url in [
            "",
            "/callback",
            "https://127.0.0.1:45789/callback",
            "my-app://127.0.0.1:45789/callback",
            "http://localhost:45789/callback",
            "http://127.0.0.2:45789/callback",
            "http://[::1]:45789/callback",
            "http://example.com:45789/callback",
            "http://127.0.0.1.example.com:45789/callback",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:80/callback",
            "http://127.0.0.1:45789",
            "http://127.0.0.1:45789/callback?x=1",
            "http://127.0.0.1:45789/callback#x",
            "http://user@127.0.0.1:45789/callback",
        ] {
            assert_eq!(CallbackUrl::parse_loopback(url).unwrap_err().code(), "redirect_url_invalid", "{url}");
        }
    }

    #[test]
    fn callback_url_parse_rejects_unusable_urls() {
        for url in [
            "",
            "callback",
            "my-app:callback",
            "my-app://",
            "my-app://callback?x=1",
            "my-app://u:p@callback",
            "http://localhost/",
            "javascript://callback",
        ] {
            assert_eq!(CallbackUrl::parse(url).unwrap_err().code(), "redirect_url_invalid", "{url}");
        }
    }
}
