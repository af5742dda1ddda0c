//! The request log, for people and for tests.

use std::collections::VecDeque;

use serde::Serialize;

/// Maximum number of logged requests.
const CAPACITY: usize = 5_000;

/// Parameters whose values are masked.
const MASKED: &[&str] = &[
    "password",
    "new_password",
    "current_password",
    "code",
    "token",
    "ticket",
    "signature",
    "rotating_token_nonce",
    "code_verifier",
    "approval_token",
    "public_key_credential",
    "__clerk_db_jwt",
];

/// One request to FAPI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// Number, from 1.
    pub seq: u64,
    /// Time of the request, in milliseconds since the Unix epoch.
    pub at: i64,
    /// Method as FAPI sees it.
    pub method: String,
    /// Path.
    pub path: String,
    /// Name of the operation in the published description; `None` for an unknown path.
    pub operation: Option<&'static str>,
    /// Query; secrets are masked.
    pub query: Vec<(String, String)>,
    /// Form fields; secrets are masked.
    pub form: Vec<(String, String)>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// Whether `Origin` was sent.
    pub has_origin: bool,
    /// Whether the request came from a native client.
    pub native: bool,
    /// ID of the client in the presented token.
    pub client: Option<String>,
    /// Whether the response carries a client token.
    pub rotated: bool,
    /// HTTP status of the response.
    pub status: u16,
    /// Code of the first error of the response.
    pub error_code: Option<String>,
    /// The fault that affected the request, e.g. `reset`. Without a response the status is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
    /// The response, while `Emulator::record_answers` is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<serde_json::Value>,
}

/// The newest requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    last: u64,
    entries: VecDeque<Entry>,
}

impl Log {
    /// Logs a request and returns its number.
    pub(crate) fn add(&mut self, mut entry: Entry) -> u64 {
        self.last += 1;
        entry.seq = self.last;
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.last
    }

    /// Adds the response to a logged request.
    pub(crate) fn record_response(&mut self, seq: u64, response: serde_json::Value) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.seq == seq) {
            entry.answer = Some(response);
        }
    }

    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

/// Truncates a long string.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 1_000;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Masks secret parameters and truncates long ones.
pub(crate) fn masked<'a>(params: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    params
        .map(|(key, value)| (shortened(key), if MASKED.contains(&key) { "•••".to_owned() } else { shortened(value) }))
        .collect()
}
