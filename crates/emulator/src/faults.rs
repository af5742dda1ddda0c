//! Fault injection.

use serde::{Deserialize, Serialize};

/// What happens to a matching request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Responds with this status and body; the request is not carried out.
    Respond {
        /// HTTP status.
        status: u16,
        /// `Content-Type`.
        content_type: String,
        /// Body.
        body: String,
    },
    /// Carries the request out but loses the response: the connection ends after its head.
    LoseAnswer,
    /// Holds the response until `Emulator::release` is called, so that responses can arrive out of order.
    Hold,
    /// Waits this long before the request is carried out.
    Latency {
        /// Milliseconds of real time.
        ms: u64,
    },
    /// Responds with 429 and `Retry-After`.
    RateLimit {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// Closes the connection without a response; the request is not carried out.
    Disconnect,
    /// Resets the connection (TCP RST); the request is not carried out.
    Reset,
    /// Carries the request out; the response ends after this many bytes.
    Truncate {
        /// Number of bytes that arrive.
        bytes: usize,
    },
    /// Responds with truncated JSON and status 200.
    Malformed,
    /// Responds with an HTML page and status 200, like a captive portal.
    Html,
    /// Carries the request out twice; the second response arrives.
    Duplicate,
    /// Carries the request out, but the response shows the client as it was [`Fault::back`] revisions ago.
    StaleClient,
}

impl Action {
    /// Returns the name used in the control API and in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Respond { .. } => "respond",
            Self::LoseAnswer => "lose_answer",
            Self::Hold => "hold",
            Self::Latency { .. } => "latency",
            Self::RateLimit { .. } => "rate_limit",
            Self::Disconnect => "disconnect",
            Self::Reset => "reset",
            Self::Truncate { .. } => "truncate",
            Self::Malformed => "malformed",
            Self::Html => "html",
            Self::Duplicate => "duplicate",
            Self::StaleClient => "stale_client",
        }
    }
}

/// Which requests are affected, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// Method as FAPI sees it; `None` for any method.
    #[serde(default)]
    pub method: Option<String>,
    /// Path without query, e.g. `/v1/client`; `*` matches any sequence of characters.
    pub path: String,
    /// Number of requests to affect; `None` for all.
    #[serde(default)]
    pub times: Option<u32>,
    /// For [`Action::StaleClient`]: how many revisions of the client ago; default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<usize>,
    /// Number of requests affected so far.
    #[serde(default)]
    pub hits: u64,
    /// The action.
    #[serde(flatten)]
    pub action: Action,
}

impl Fault {
    /// Creates a fault for every request to `path`.
    pub fn new(path: impl Into<String>, action: Action) -> Self {
        Self { method: None, path: path.into(), times: None, back: None, hits: 0, action }
    }

    /// Limits the fault to requests with this method.
    #[must_use]
    pub fn method(self, method: impl Into<String>) -> Self {
        Self { method: Some(method.into()), ..self }
    }

    /// Limits the fault to this number of requests.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// For [`Action::StaleClient`]: how many revisions of the client ago.
    #[must_use]
    pub fn back(self, revisions: usize) -> Self {
        Self { back: Some(revisions), ..self }
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        glob(&self.path, path) && self.times != Some(0) && self.method.as_deref().is_none_or(|wanted| wanted == method)
    }
}

/// Whether a path matches a pattern in which `*` matches any sequence of characters.
fn glob(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((head, tail)) => path.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(place, _)| place).chain([rest.len()]).any(|place| glob(tail, &rest[place..]))
        }),
    }
}

/// The configured faults.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the fault for a request, if any, and counts the request.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Fault> {
        let fault = self.0.iter_mut().find(|fault| fault.matches(method, path))?;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        fault.hits += 1;
        Some(fault.clone())
    }

    /// Drops the oldest used-up faults; the newest ones stay for their counts.
    pub(crate) fn sweep(&mut self) {
        const KEPT: usize = 100;
        let mut surplus = self.0.iter().filter(|fault| fault.times == Some(0)).count().saturating_sub(KEPT);
        self.0.retain(|fault| {
            let goes = surplus > 0 && fault.times == Some(0);
            surplus -= usize::from(goes);
            !goes
        });
    }

    pub(crate) fn list(&self) -> &[Fault] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_take_matches_and_counts_requests() {
        let mut faults = Faults::default();
        faults.add(Fault::new("/v1/client/*", Action::LoseAnswer).method("POST").times(1));
        let mut take = |method: &str, path: &str| faults.take(method, path).map(|fault| fault.action);
        assert_eq!(take("GET", "/v1/client/sign_ins"), None);
        assert_eq!(take("POST", "/v1/environment"), None);
        assert_eq!(take("POST", "/v1/client/sign_ins"), Some(Action::LoseAnswer));
        assert_eq!(take("POST", "/v1/client/sign_ins"), None);
        assert_eq!(faults.list()[0].hits, 1);
    }

    #[test]
    fn glob_star_matches_any_characters() {
        assert!(glob("/v1/client/sessions/*/tokens", "/v1/client/sessions/sess_1/tokens"));
        assert!(glob("*", "/v1/client") && glob("/v1/client*", "/v1/client"));
        assert!(!glob("/v1/client/*/touch", "/v1/client/x/tokens") && !glob("/v1/client", "/v1/client/x"));
    }
}
