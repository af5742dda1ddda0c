//! Misbehaviour on request.

use serde::{Deserialize, Serialize};

/// What a matching request gets in place of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// This status and body; nothing is changed on the server.
    Respond {
        /// HTTP status.
        status: u16,
        /// `Content-Type`.
        content_type: String,
        /// Body.
        body: String,
    },
    /// The request is carried out, but its answer is lost: the connection ends without one.
    LoseAnswer,
    /// The answer waits until `Emulator::release` is called, so that answers can arrive out of order.
    Hold,
    /// The request waits this long before it is carried out.
    Latency {
        /// Milliseconds of real time.
        ms: u64,
    },
    /// 429, with `Retry-After`.
    RateLimit {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// The connection is closed in good order without an answer, and nothing is carried out.
    Disconnect,
    /// The connection is reset (TCP RST), and nothing is carried out.
    Reset,
    /// The request is carried out; its answer ends after this many bytes.
    Truncate {
        /// Bytes that arrive.
        bytes: usize,
    },
    /// JSON that breaks off, with status 200.
    Malformed,
    /// A page of HTML with status 200, as from a captive portal.
    Html,
    /// The request is carried out twice; the second answer arrives.
    Duplicate,
    /// The request is carried out, but its answer shows the client as it was before: [`Fault::back`] revisions ago.
    StaleClient,
}

impl Action {
    /// Its name in the control API and in the log.
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

/// Which requests misbehave, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// Method as FAPI sees it; `None` for every one.
    #[serde(default)]
    pub method: Option<String>,
    /// Path without query, e.g. `/v1/client`; each `*` stands for anything.
    pub path: String,
    /// How many requests it concerns; `None` for all of them.
    #[serde(default)]
    pub times: Option<u32>,
    /// For [`Action::StaleClient`]: how many revisions of the client ago; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<usize>,
    /// How many requests it has met so far.
    #[serde(default)]
    pub hits: u64,
    /// What happens to them.
    #[serde(flatten)]
    pub action: Action,
}

impl Fault {
    /// A fault for every request to `path`.
    pub fn new(path: impl Into<String>, action: Action) -> Self {
        Self { method: None, path: path.into(), times: None, back: None, hits: 0, action }
    }

    /// For requests of this method only.
    #[must_use]
    pub fn method(self, method: impl Into<String>) -> Self {
        Self { method: Some(method.into()), ..self }
    }

    /// For this number of requests only.
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

/// Whether a path fits a pattern in which each `*` stands for anything.
fn glob(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((head, tail)) => path.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(place, _)| place).chain([rest.len()]).any(|place| glob(tail, &rest[place..]))
        }),
    }
}

/// The faults that are in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for a request, if there is one. It counts as used.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Fault> {
        let fault = self.0.iter_mut().find(|fault| fault.matches(method, path))?;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        fault.hits += 1;
        Some(fault.clone())
    }

    /// Forgets the oldest of those that are used up; the newest stay for their counts.
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
    fn a_fault_concerns_what_it_names_and_is_used_up() {
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
    fn a_star_stands_for_anything() {
        assert!(glob("/v1/client/sessions/*/tokens", "/v1/client/sessions/sess_1/tokens"));
        assert!(glob("*", "/v1/client") && glob("/v1/client*", "/v1/client"));
        assert!(!glob("/v1/client/*/touch", "/v1/client/x/tokens") && !glob("/v1/client", "/v1/client/x"));
    }
}
