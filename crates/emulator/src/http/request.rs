//! Request decoding.

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, request::Parts},
};
use base64::Engine;

use crate::{
    error::{Refusal, Result},
    ops::params::Params,
};

/// Maximum size of a picture, in bytes.
const MAX_PICTURE: usize = 10 * 1024 * 1024;

/// A decoded request.
pub(crate) struct Incoming {
    /// The effective method: `_method` of the query or form, else the HTTP method.
    pub(crate) method: String,
    /// Path without a trailing slash.
    pub(crate) path: String,
    pub(crate) query: Params,
    pub(crate) form: Params,
    pub(crate) body: Vec<u8>,
    /// The uploaded file.
    pub(crate) file: Option<File>,
    content_type: String,
    headers: HeaderMap,
}

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) content_type: String,
    pub(crate) bytes: Vec<u8>,
}

impl Incoming {
    pub(crate) async fn read(parts: &Parts, body: Bytes) -> Self {
        let query = Params::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let content_type =
            parts.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default().to_lowercase();
        let is_form = content_type.starts_with("application/x-www-form-urlencoded");
        let form = if is_form { Params::parse(&body) } else { Params::default() };
        // Only a POST may override its method: its preflight is still an OPTIONS.
        let meant = query.given("_method").or(form.given("_method")).filter(|_| parts.method == Method::POST);
        let method = meant.unwrap_or(parts.method.as_str()).to_uppercase();
        // With a proxy, clerk-js 6.40 begins the paths that are not behind `/v1` with two slashes.
        let path = parts.uri.path();
        let path = if path.starts_with("//api_keys") { &path[1..] } else { path };
        let original = parts.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            method,
            path: if path == "/" { path } else { path.trim_end_matches('/') }.to_owned(),
            form,
            query,
            file: read_file(original, &body).await,
            body: body.to_vec(),
            content_type,
            headers: parts.headers.clone(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether a header occurs more than once.
    pub(crate) fn repeats(&self, name: &str) -> bool {
        self.headers.get_all(name).iter().count() > 1
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Whether `Host` is local. A remote page could make its host name resolve to loopback (DNS rebinding).
    pub(crate) fn host_is_local(&self) -> bool {
        let host = self.header("host").unwrap_or_default();
        is_local_host(host.rsplit_once(':').map_or(host, |(name, _)| name))
    }

    /// Refuses a body that is not a form.
    pub(crate) fn check_body(&self, takes_file: bool) -> Result<()> {
        let is_form = self.content_type.starts_with("application/x-www-form-urlencoded");
        if self.body.is_empty() || is_form {
            let readable = std::str::from_utf8(&self.body).is_ok_and(|text| !text.contains('\0'));
            return if readable { Ok(()) } else { Err(Refusal::new(400, "malformed_request_parameters")) };
        }
        let is_file = self.content_type.starts_with("multipart/form-data")
            || self.content_type.starts_with("application/octet-stream");
        if takes_file && is_file { Ok(()) } else { Err(Refusal::new(415, "unsupported_content_type")) }
    }

    /// Returns the uploaded picture.
    ///
    /// Refusals: `form_param_missing`, `image_too_large`, `request_body_invalid`.
    pub(crate) fn picture(&self) -> Result<File> {
        let missing = || Refusal::new(400, "form_param_missing").param("file");
        let file = self.file.clone().filter(|file| !file.bytes.is_empty()).ok_or_else(missing)?;
        if file.bytes.len() > MAX_PICTURE {
            return Err(Refusal::new(413, "image_too_large"));
        }
        let known: [(&str, &[u8]); 4] = [
            ("image/png", b"\x89PNG"),
            ("image/jpeg", b"\xff\xd8\xff"),
            ("image/gif", b"GIF8"),
            ("image/webp", b"RIFF"),
        ];
        let kind = known.into_iter().find(|(_, magic)| file.bytes.starts_with(magic));
        let (content_type, _) = kind.ok_or_else(|| Refusal::new(400, "request_body_invalid"))?;
        Ok(File { content_type: content_type.to_owned(), ..file })
    }
}

pub(crate) fn is_local_host(name: &str) -> bool {
    matches!(name, "127.0.0.1" | "localhost" | "[::1]") || name.ends_with(".localhost")
}

/// Whether an origin is local.
pub(crate) fn is_local_origin(origin: &str) -> bool {
    if matches!(origin, "null" | "tauri://localhost") {
        return true;
    }
    let parsed = url::Url::parse(origin).ok();
    parsed.and_then(|url| url.host_str().map(is_local_host)).unwrap_or(false)
}

/// Reads the part `file` of a multipart body, or a base64 body.
async fn read_file(content_type: &str, body: &Bytes) -> Option<File> {
    if content_type.to_lowercase().starts_with("application/octet-stream") {
        let text: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(&text).unwrap_or_else(|_| body.to_vec());
        return Some(File { content_type: content_type.to_owned(), bytes });
    }
    let boundary = multer::parse_boundary(content_type).ok()?;
    let stream = futures_util::stream::once(std::future::ready(Ok::<_, std::io::Error>(body.clone())));
    let mut parts = multer::Multipart::new(stream, boundary);
    while let Ok(Some(part)) = parts.next_field().await {
        if part.name() == Some("file") {
            let content_type = part.content_type().map(ToString::to_string).unwrap_or_default();
            return part.bytes().await.ok().map(|bytes| File { content_type, bytes: bytes.to_vec() });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_local_origin_accepts_loopback_and_tauri() {
        for origin in ["http://localhost:5173", "http://127.0.0.1:1", "tauri://localhost", "http://tauri.localhost"] {
            assert!(is_local_origin(origin), "{origin}");
        }
        for origin in ["https://example.com", "http://localhost.example.com", "nonsense"] {
            assert!(!is_local_origin(origin), "{origin}");
        }
    }
}
