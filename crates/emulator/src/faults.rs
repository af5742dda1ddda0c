//! Misbehaviour on request.

/// What a matching request gets in place of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The answer waits until `Emulator::release` is called.
    Hold,
}

/// Which requests misbehave, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Method as FAPI sees it; `None` for every one.
    pub method: Option<String>,
    /// Path without query, e.g. `/v1/client`; a trailing `*` stands for anything.
    pub path: String,
    /// How many requests it concerns; `None` for all of them.
    pub times: Option<u32>,
    /// What happens to them.
    pub action: Action,
}

impl Fault {
    /// A fault for every request to `path`.
    pub fn new(path: impl Into<String>, action: Action) -> Self {
        Self { method: None, path: path.into(), times: None, action }
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

    fn matches(&self, method: &str, path: &str) -> bool {
        let path_fits = match self.path.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == self.path,
        };
        path_fits && self.times != Some(0) && self.method.as_deref().is_none_or(|wanted| wanted == method)
    }
}

/// The faults that are in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for a request, if there is one. It counts as used.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Action> {
        let fault = self.0.iter_mut().find(|fault| fault.matches(method, path))?;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        Some(fault.action.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_concerns_what_it_names_and_is_used_up() {
        let mut faults = Faults::default();
        faults.add(Fault::new("/v1/client/*", Action::LoseAnswer).method("POST").times(1));
        assert_eq!(faults.take("GET", "/v1/client/sign_ins"), None);
        assert_eq!(faults.take("POST", "/v1/environment"), None);
        assert_eq!(faults.take("POST", "/v1/client/sign_ins"), Some(Action::LoseAnswer));
        assert_eq!(faults.take("POST", "/v1/client/sign_ins"), None);
    }
}
