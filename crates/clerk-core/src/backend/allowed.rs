//! Where session tokens may be sent.

use std::sync::Arc;

use url::{Origin, Url};

use crate::{
    error::{Error, ErrorCode, Result},
    fapi::is_loopback,
    ports::BackendTransport,
};

/// The most URLs that an app can configure.
const MOST_URLS: usize = 100;

/// How often a path is decoded in search of separators that a server could see in it.
const MOST_DECODINGS: usize = 3;

/// The app's own backends, for [`Clerk::fetch`](crate::Clerk::fetch). Default: none, so that every request is refused.
#[derive(Clone, Default)]
pub struct Backends {
    allowed: Vec<Prefix>,
    /// Exists if anything is allowed.
    transport: Option<Arc<dyn BackendTransport>>,
}

impl std::fmt::Debug for Backends {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.allowed).finish()
    }
}

/// An origin, and the beginning of the paths that are allowed there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Prefix {
    origin: Origin,
    /// The segments of the path. Empty for the whole origin.
    segments: Vec<String>,
}

impl Backends {
    /// Allows requests to `urls` and to everything below them, e.g. `https://api.example.com/v1/`. A path is compared by segment:
    /// `/v1` does not include `/v1evil`. `transport` sends the requests.
    ///
    /// # Errors
    /// `option_invalid` if a URL is not an absolute https URL (http for this computer) of a plain path, or if there are more
    /// than 100.
    pub fn new<T: AsRef<str>>(urls: impl IntoIterator<Item = T>, transport: Arc<dyn BackendTransport>) -> Result<Self> {
        let allowed = urls.into_iter().map(|url| Prefix::read(url.as_ref())).collect::<Result<Vec<_>>>()?;
        if allowed.len() > MOST_URLS {
            return Err(ErrorCode::OptionInvalid.error(format!("backends has more than {MOST_URLS} entries")));
        }
        Ok(Self { allowed, transport: Some(transport) })
    }

    /// Reads the URL of a request. Returns it without its fragment, and the transport that may send it.
    ///
    /// # Errors
    /// `fetch_not_allowed`.
    pub(crate) fn admit(&self, text: &str) -> Result<(Url, &dyn BackendTransport)> {
        let url = Url::parse(text).map_err(|_| {
            ErrorCode::FetchNotAllowed.error("the URL of the request is not valid: it must be absolute, e.g. https://…")
        })?;
        self.admit_url(url)
    }

    pub(crate) fn admit_url(&self, mut url: Url) -> Result<(Url, &dyn BackendTransport)> {
        check_form(&url).map_err(|why| ErrorCode::FetchNotAllowed.error(format!("the URL of the request {why}")))?;
        let is_allowed = self.allowed.iter().any(|prefix| prefix.contains(&url));
        let transport = self.transport.as_deref().filter(|_| is_allowed).ok_or_else(|| not_configured(&url))?;
        url.set_fragment(None);
        Ok((url, transport))
    }
}

fn not_configured(url: &Url) -> Error {
    // The path could contain something private.
    let origin = url.origin().ascii_serialization();
    ErrorCode::FetchNotAllowed.error(format!(
        "the app's configuration does not allow this path at {origin}: add the URL of the backend to plugins.clerk.backends in \
         tauri.conf.json, or to clerk::Builder::backends, e.g. \"{origin}/v1/\""
    ))
}

/// Checks what every URL with a session token must be like, and returns what is wrong.
fn check_form(url: &Url) -> Result<(), &'static str> {
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(url) => {}
        _ => return Err("must use https, because the session token is sent there; http is for this computer only"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password");
    }
    Ok(())
}

impl Prefix {
    fn read(text: &str) -> Result<Self> {
        let invalid = |why: &str| {
            ErrorCode::OptionInvalid.error(format!("the entry {text:?} of backends is not valid: it {why}"))
        };
        let url =
            Url::parse(text).map_err(|_| invalid("is not an absolute URL; use e.g. https://api.example.com/v1/"))?;
        check_form(&url).map_err(invalid)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("must not have a query or fragment"));
        }
        // The parser repairs much, and what is allowed should be what is written.
        let is_plain = |text: &str| !text.chars().any(|one| "%\\*;".contains(one) || one.is_control() || one == ' ');
        let mut segments: Vec<String> = path_segments(&url).map(str::to_owned).collect();
        segments.pop_if(|last| last.is_empty());
        let dotted = text.split('/').any(|segment| matches!(segment, "." | ".."));
        if !is_plain(text) || dotted || segments.iter().any(String::is_empty) {
            return Err(invalid("must be a plain URL without patterns, escapes, dots or empty segments in its path"));
        }
        Ok(Self { origin: url.origin(), segments })
    }

    fn contains(&self, url: &Url) -> bool {
        if self.origin != url.origin() {
            return false;
        }
        if self.segments.is_empty() {
            return true;
        }
        let mut segments = path_segments(url);
        self.segments.iter().all(|own| segments.next() == Some(own.as_str())) && path_segments(url).all(stays_inside)
    }
}

fn path_segments(url: &Url) -> impl Iterator<Item = &str> {
    url.path_segments().into_iter().flatten()
}

/// Whether no server reads a segment as several, or as one that leads upwards. The parser has resolved `..` and `%2e%2e` already;
/// what remains is what servers and proxies decode, some of them more than once, and what they cut off.
fn stays_inside(segment: &str) -> bool {
    let mut text = segment.as_bytes().to_vec();
    for _ in 0..=MOST_DECODINGS {
        let name = text.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let is_dots = matches!(name, b"." | b"..");
        if is_dots || text.iter().any(|byte| matches!(byte, b'/' | b'\\') || byte.is_ascii_control()) {
            return false;
        }
        let decoded = percent_decoded(&text);
        if decoded == text {
            return true;
        }
        text = decoded;
    }
    false
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        let digits = (digit(tail.first()), digit(tail.get(1)));
        if let (b'%', (Some(high), Some(low))) = (byte, digits) {
            decoded.extend(u8::try_from(high * 16 + low));
            rest = &tail[2..];
        } else {
            decoded.push(*byte);
            rest = tail;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{BackendRequest, BackendResponse, BoxFuture, TransportError};

    struct Unused;

    impl BackendTransport for Unused {
        fn send(&self, _: BackendRequest) -> BoxFuture<'_, Result<BackendResponse, TransportError>> {
            unreachable!("nothing is sent")
        }
    }

    fn backends(urls: &[&str]) -> Result<Backends> {
        Backends::new(urls, Arc::new(Unused))
    }

    #[test]
    fn backends_admit_what_is_below_a_configured_url() {
        let backends =
            backends(&["https://api.example.com/v1/", "https://files.example.com", "http://127.0.0.1:8080/a/b"])
                .unwrap();
        for (url, expected) in [
            ("https://api.example.com/v1", "https://api.example.com/v1"),
            ("https://api.example.com/v1/", "https://api.example.com/v1/"),
            (
                "https://api.example.com/v1/notes?q=a%2Fb&r=../..#top",
                "https://api.example.com/v1/notes?q=a%2Fb&r=../..",
            ),
            ("HTTPS://API.example.com:443/v1/x", "https://api.example.com/v1/x"),
            ("https://api.example.com\\v1\\x", "https://api.example.com/v1/x"),
            ("https://api.example.com/v1/./x/../y", "https://api.example.com/v1/y"),
            (
                "https://api.example.com/v1/a%20b/%C3%A9/100%25/a;b=1/..x/x..",
                "https://api.example.com/v1/a%20b/%C3%A9/100%25/a;b=1/..x/x..",
            ),
            ("https://files.example.com/a%2Fb", "https://files.example.com/a%2Fb"),
            ("http://127.0.0.1:8080/a/b/c", "http://127.0.0.1:8080/a/b/c"),
        ] {
            assert_eq!(backends.admit(url).map(|(url, _)| url.to_string()).unwrap(), expected, "{url}");
        }
    }

    #[test]
    fn backends_refuse_everything_else() {
        let backends = backends(&["https://api.example.com/v1/", "http://localhost:8080/a"]).unwrap();
        for url in [
            "",
            "/v1/notes",
            "api.example.com/v1",
            "https://api.example.com",
            "https://api.example.com/",
            "https://api.example.com/v2/",
            "https://api.example.com/v1evil",
            "https://api.example.com/V1/",
            "https://api.example.com/%76%31/x",
            "https://api.example.com//v1/x",
            "http://api.example.com/v1/",
            "wss://api.example.com/v1/",
            "https://api.example.com:8443/v1/",
            "https://api.example.com./v1/",
            "https://api.example.com.evil.example/v1/",
            "https://evil.example/v1/?https://api.example.com/v1/",
            "https://evil.example#@api.example.com/v1/",
            "https://evil.example\\@api.example.com/v1/",
            "https://api.example.com@evil.example/v1/",
            "https://user@api.example.com/v1/",
            "https://:password@api.example.com/v1/",
            "https://api.example.com/v1/../admin",
            "https://api.example.com/v1/%2e%2E/admin",
            "https://api.example.com/v1/.%2e/admin",
            "https://api.example.com/v1/..\\admin",
            "https://api.example.com/v1/..%2fadmin",
            "https://api.example.com/v1/x%2F..%2F..%2Fadmin",
            "https://api.example.com/v1/..%5Cadmin",
            "https://api.example.com/v1/%252e%252e/admin",
            "https://api.example.com/v1/%25252e%25252e/admin",
            "https://api.example.com/v1/%252e%252e%252fadmin",
            "https://api.example.com/v1/%25%32%65%25%32%65/admin",
            "https://api.example.com/v1/..;/admin",
            "https://api.example.com/v1/..;x=1/admin",
            "https://api.example.com/v1/..%3B/admin",
            "https://api.example.com/v1/..%20/admin",
            "https://api.example.com/v1/%20..%09/admin",
            "https://api.example.com/v1/..%00/admin",
            "https://api.example.com/v1/x%0d%0aHost:evil.example",
            "http://localhost:8081/a",
            "http://127.0.0.1:8080/a",
            "http://localhost.evil.example:8080/a",
            "file:///v1/",
            "data:text/plain,x",
        ] {
            let error = backends.admit(url).map(|_| ()).unwrap_err();
            assert_eq!(error.code(), "fetch_not_allowed", "{url}");
        }
        let error = Backends::default().admit("https://api.example.com/v1/?q=private").map(|_| ()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("plugins.clerk.backends") && text.contains("https://api.example.com"), "{text}");
        assert!(!text.contains("private"), "{text}");
    }

    #[test]
    fn backends_new_refuses_urls_that_are_not_plain() {
        for url in [
            "",
            "api.example.com",
            "/v1/",
            "http://api.example.com/",
            "ftp://api.example.com/",
            "https://user@api.example.com/",
            "https://*.example.com/",
            "https://api.example.com/*",
            "https://api.example.com/v1?x=1",
            "https://api.example.com/v1#x",
            "https://api.example.com/v1/../v2",
            "https://api.example.com/./v1",
            "https://api.example.com//v1",
            "https://api.example.com/v1//x",
            "https://api.example.com/v1//",
            "https://api.example.com/%76%31/",
            "https://api.example.com\\v1",
            " https://api.example.com/",
        ] {
            assert_eq!(backends(&[url]).unwrap_err().code(), "option_invalid", "{url}");
        }
        let many: Vec<String> = (0..=MOST_URLS).map(|number| format!("https://api.example.com/{number}")).collect();
        assert!(Backends::new(&many[1..], Arc::new(Unused)).is_ok());
        assert_eq!(Backends::new(&many, Arc::new(Unused)).unwrap_err().code(), "option_invalid");
    }
}
