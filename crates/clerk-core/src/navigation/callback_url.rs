//! The URL that browser flows return to.

use url::Url;

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
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("must not have a query, a fragment or credentials"));
        }
        if matches!(url.scheme(), "http" | "javascript" | "data" | "file" | "tauri" | "about" | "blob") {
            return Err(invalid("has a scheme that does not open the app"));
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

    pub(crate) fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// Whether it is an http(s) URL, which the system may open in the app or in a browser.
    pub(crate) fn is_web_url(&self) -> bool {
        matches!(self.0.scheme(), "http" | "https")
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
    fn is_web_url_accepts_only_http_schemes() {
        for (url, expected) in [("https://example.com/callback", true), ("http-notes://callback", false)] {
            assert_eq!(CallbackUrl::parse(url).unwrap().is_web_url(), expected);
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
