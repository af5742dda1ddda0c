//! A response of the app's own backend.

use std::time::Duration;

use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    error::{Error, ErrorCode, Result},
    outside,
    ports::BackendBody,
};

/// The longest body that [`FetchResponse::bytes`] collects, in bytes.
const MAX_COLLECTED: usize = 64 * 1024 * 1024;

/// A response of the app's own backend. Its body arrives as it is read; dropping the response ends the request.
pub struct FetchResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) url: Url,
    pub(crate) is_redirected: bool,
    /// `None` once it has ended.
    pub(crate) body: Option<BackendBody>,
    pub(crate) idle_timeout: Duration,
}

/// Prints only the status: the rest is the app's.
impl std::fmt::Debug for FetchResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FetchResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

impl FetchResponse {
    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is between 200 and 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the URL that responded, after redirects.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether a redirect was followed.
    #[must_use]
    pub fn is_redirected(&self) -> bool {
        self.is_redirected
    }

    /// Returns the names, in lower case, and values of the headers, without cookies, credentials and the headers of the
    /// connection. A name may occur more than once.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Returns the first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether there may be more of the body.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// Waits for the next part of the body, which is not empty, or returns `None` at its end. It may be cancelled: nothing is
    /// lost then.
    ///
    /// # Errors
    /// `network_error` if the connection is lost, or nothing arrives within the
    /// [idle timeout](crate::FetchRequest::idle_timeout). The body has ended then.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        while let Some(body) = &mut self.body {
            let next = outside::wait("the body of a response", || Box::pin(body.next()));
            let reason = match tokio::time::timeout(self.idle_timeout, next).await {
                Ok(Some(Some(Ok(chunk)))) if chunk.is_empty() => continue,
                Ok(Some(Some(Ok(chunk)))) => return Ok(Some(chunk)),
                Ok(Some(None)) => {
                    self.body = None;
                    return Ok(None);
                }
                Ok(Some(Some(Err(error)))) => error.reason,
                Ok(None) => "the transport panicked".to_owned(),
                Err(_) => "nothing arrived in time".to_owned(),
            };
            self.body = None;
            return Err(failed(&self.url, &reason));
        }
        Ok(None)
    }

    /// Reads the rest of the body, up to 64 MB. Use [`chunk`](Self::chunk) for more.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk); `decode_error` if the body is longer.
    pub async fn bytes(mut self) -> Result<Vec<u8>> {
        let mut collected = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if collected.len() + chunk.len() > MAX_COLLECTED {
                return Err(ErrorCode::DecodeError.error("the response is larger than 64 MB; read it with chunk()"));
            }
            collected.extend(chunk);
        }
        Ok(collected)
    }

    /// Reads the rest of the body as UTF-8. What is not valid is replaced.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes).
    pub async fn text(self) -> Result<String> {
        let bytes = self.bytes().await?;
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Reads the rest of the body as JSON.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes); `decode_error` if it is not the JSON of a `T`.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T> {
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            // The text of the error may quote the response.
            let (name, line, column) = (std::any::type_name::<T>(), error.line(), error.column());
            ErrorCode::DecodeError.error(format!(
                "the response of the backend is not the JSON of a {name}; see line {line}, column {column} of it"
            ))
        })
    }
}

/// The error for a backend that can't be reached, or stopped responding.
pub(super) fn failed(url: &Url, reason: &str) -> Error {
    let origin = url.origin().ascii_serialization();
    ErrorCode::NetworkError.error(format!("the backend at {origin} can't be reached: {reason}"))
}
