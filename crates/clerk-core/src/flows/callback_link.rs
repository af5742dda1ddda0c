//! What a callback link claims. Any program can send one, so nothing in it is believed until FAPI confirms it.

use url::{Url, form_urlencoded};

use crate::{
    flows::{attempt::Attempt, pending::PendingFlow},
    models::SessionId,
    secret::{RotatingTokenNonce, Secret},
};

/// The longest query of a link; genuine ones are a few hundred bytes long.
const MAX_QUERY: usize = 8 * 1024;

/// The parameters that callback links have.
const NAMES: [&str; 8] = [
    "rotating_token_nonce",
    "state",
    "created_session_id",
    "flow_id",
    "approval_token",
    "__clerk_status",
    "__clerk_error_code",
    "__clerk_created_session",
];

/// A link to the app's callback URL.
#[derive(Debug)]
pub(crate) struct CallbackLink {
    pairs: Vec<(String, Secret<String>)>,
}

/// What a link claims about a flow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The attempt is no longer open.
    Attempt,
    /// The same, and this nonce proves it.
    Nonce(RotatingTokenNonce),
    /// This token approves the attempt of an e-mail link.
    Approval(Secret<String>),
    /// The hosted page created a session.
    Hosted { nonce: RotatingTokenNonce, session: SessionId },
    /// The link has the state of the hosted flow, but not what the flow needs.
    Incomplete,
}

impl Claim {
    /// Returns the nonce of a link from a provider.
    pub(crate) fn nonce(&self) -> Option<&RotatingTokenNonce> {
        if let Self::Nonce(nonce) = self { Some(nonce) } else { None }
    }
}

/// Returns the first value of a query parameter, unless it is empty.
pub(crate) fn parameter(link: &Url, name: &str) -> Option<String> {
    let mut values = link.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    values.next().filter(|value| !value.is_empty())
}

impl CallbackLink {
    /// Reads a link. Returns `None` if it is far longer than any genuine one.
    pub(crate) fn read(link: &Url) -> Option<Self> {
        if link.query().is_some_and(|query| query.len() > MAX_QUERY) {
            return None;
        }
        Some(Self::of_query(link.query().unwrap_or_default()))
    }

    fn of_query(query: &str) -> Self {
        let known = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| NAMES.contains(&key.as_ref()));
        Self { pairs: known.map(|(key, value)| (key.into_owned(), Secret::new(value.into_owned()))).collect() }
    }

    fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }

    /// Returns the value of a parameter that occurs once. FAPI's values are visible ASCII.
    fn once(&self, name: &str) -> Option<&str> {
        let mut values = self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.expose().as_str());
        let value = values.next().filter(|_| values.next().is_none())?;
        let plausible = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        plausible.then_some(value)
    }

    /// Whether the link says that the flow failed.
    pub(crate) fn says_failed(&self) -> bool {
        self.once("__clerk_status") == Some("failed")
    }

    /// Equal for links that claim the same.
    pub(crate) fn key(&self) -> Secret<String> {
        // A text that grows would leave copies of its beginning in memory. An encoded byte takes three.
        let length = self.pairs.iter().map(|(name, value)| name.len() + 3 * value.expose().len() + 2).sum();
        let mut key = form_urlencoded::Serializer::new(String::with_capacity(length));
        key.extend_pairs(self.pairs.iter().map(|(name, value)| (name, value.expose())));
        Secret::new(key.finish())
    }

    /// Returns the link with this key.
    pub(crate) fn of_key(key: &Secret<String>) -> Self {
        Self::of_query(key.expose())
    }

    /// Whether the link has what the genuine link of a flow has, as far as that can be told without FAPI.
    pub(crate) fn names(&self, flow: &PendingFlow) -> bool {
        match self.claim(flow) {
            Ok(Claim::Nonce(_) | Claim::Approval(_) | Claim::Hosted { .. }) => true,
            Ok(Claim::Attempt | Claim::Incomplete) | Err(_) => false,
        }
    }

    /// Returns what the link claims about a flow, or why it can't belong to it.
    pub(crate) fn claim(&self, flow: &PendingFlow) -> Result<Claim, &'static str> {
        match flow {
            PendingFlow::Redirect { .. } | PendingFlow::Component { .. } | PendingFlow::Account { .. } => {
                self.claim_of_redirect()
            }
            PendingFlow::EmailLink { attempt, .. } => self.claim_of_email_link(attempt),
            PendingFlow::HostedAuth { state, .. } => self.claim_of_hosted_auth(state.expose()),
        }
    }

    fn claim_of_redirect(&self) -> Result<Claim, &'static str> {
        if self.has("flow_id") || self.has("state") {
            return Err("it belongs to a flow of another kind");
        }
        match (self.has("rotating_token_nonce"), self.once("rotating_token_nonce")) {
            // A transfer has no nonce.
            (false, _) => Ok(Claim::Attempt),
            (true, Some(nonce)) => Ok(Claim::Nonce(RotatingTokenNonce::new(nonce))),
            (true, None) => Err("its nonce is not valid"),
        }
    }

    fn claim_of_email_link(&self, attempt: &Attempt) -> Result<Claim, &'static str> {
        if self.has("rotating_token_nonce") {
            return Err("it belongs to a flow of another kind");
        }
        match (self.has("flow_id"), self.once("flow_id"), self.once("approval_token")) {
            (true, Some(flow_id), Some(approval)) if flow_id == attempt.id() => {
                Ok(Claim::Approval(Secret::new(approval.to_owned())))
            }
            (true, ..) => Err("it belongs to another e-mail link"),
            // A link for browsers names no flow.
            (false, ..) if self.once("__clerk_status").is_some() => Ok(Claim::Attempt),
            (false, ..) => Err("it names no flow"),
        }
    }

    fn claim_of_hosted_auth(&self, state: &str) -> Result<Claim, &'static str> {
        if self.once("state") != Some(state) {
            return Err("it belongs to another flow");
        }
        let [nonce, session] = ["rotating_token_nonce", "created_session_id"];
        match (self.once(nonce), self.once(session)) {
            (Some(nonce), Some(session)) => {
                Ok(Claim::Hosted { nonce: RotatingTokenNonce::new(nonce), session: session.into() })
            }
            (value, other) if (self.has(nonce) && value.is_none()) || (self.has(session) && other.is_none()) => {
                Err("its parameters are not valid")
            }
            _ => Ok(Claim::Incomplete),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::{attempt::AttemptKind, callback_params::RedirectCallbackParams};

    fn link(query: &str) -> CallbackLink {
        CallbackLink::read(&Url::parse(&format!("my-app://callback?{query}")).unwrap()).unwrap()
    }

    fn nonce(text: &str) -> RotatingTokenNonce {
        RotatingTokenNonce::new(text)
    }

    #[test]
    fn claim_of_a_redirect_is_its_nonce_or_the_attempt() {
        let flow = PendingFlow::Redirect {
            attempt: Attempt::SignIn("sia_1".into()),
            callback: Box::new(RedirectCallbackParams::default()),
        };
        for (query, expected) in [
            ("", Ok(Claim::Attempt)),
            ("x=1", Ok(Claim::Attempt)),
            ("__clerk_status=failed", Ok(Claim::Attempt)),
            ("rotating_token_nonce=n", Ok(Claim::Nonce(nonce("n")))),
            ("rotating_token_nonce=n&rotating_token_nonce=n", Err("its nonce is not valid")),
            ("rotating_token_nonce=", Err("its nonce is not valid")),
            ("rotating_token_nonce=%ff%fe", Err("its nonce is not valid")),
            ("rotating_token_nonce=a%20b", Err("its nonce is not valid")),
            ("flow_id=sia_1&approval_token=a", Err("it belongs to a flow of another kind")),
            ("state=s&rotating_token_nonce=n", Err("it belongs to a flow of another kind")),
        ] {
            assert!(link(query).claim(&flow) == expected, "{query}");
        }
    }

    #[test]
    fn claim_of_an_email_link_names_the_flow() {
        let flow =
            PendingFlow::EmailLink { attempt: Attempt::SignIn("sia_1".into()), code_verifier: Secret::default() };
        for (query, expected) in [
            ("flow_id=sia_1&approval_token=a", Ok(Claim::Approval(Secret::new("a".to_owned())))),
            ("__clerk_status=verified&__clerk_created_session=sess_1", Ok(Claim::Attempt)),
            ("flow_id=sia_2&approval_token=a", Err("it belongs to another e-mail link")),
            ("flow_id=sia_1", Err("it belongs to another e-mail link")),
            ("flow_id=sia_1&flow_id=sia_1&approval_token=a", Err("it belongs to another e-mail link")),
            ("flow_id=sia_1&approval_token=a&approval_token=b", Err("it belongs to another e-mail link")),
            ("", Err("it names no flow")),
            ("hello", Err("it names no flow")),
            ("rotating_token_nonce=n", Err("it belongs to a flow of another kind")),
        ] {
            assert!(link(query).claim(&flow) == expected, "{query}");
        }
    }

    #[test]
    fn claim_of_hosted_auth_has_the_state() {
        let flow = PendingFlow::HostedAuth {
            state: Secret::new("s".to_owned()),
            code_verifier: Secret::default(),
            mode: AttemptKind::SignIn,
            callback: Box::new(RedirectCallbackParams::default()),
        };
        let hosted = Claim::Hosted { nonce: nonce("n"), session: "sess_1".into() };
        for (query, expected) in [
            ("state=s&rotating_token_nonce=n&created_session_id=sess_1", Ok(hosted)),
            ("state=s&rotating_token_nonce=n", Ok(Claim::Incomplete)),
            ("state=s&created_session_id=sess_1", Ok(Claim::Incomplete)),
            ("state=x&rotating_token_nonce=n&created_session_id=sess_1", Err("it belongs to another flow")),
            ("state=s&state=s&rotating_token_nonce=n&created_session_id=sess_1", Err("it belongs to another flow")),
            (
                "state=s&rotating_token_nonce=n&rotating_token_nonce=m&created_session_id=sess_1",
                Err("its parameters are not valid"),
            ),
            ("state=s&rotating_token_nonce=n&rotating_token_nonce=m", Err("its parameters are not valid")),
            ("rotating_token_nonce=n", Err("it belongs to another flow")),
        ] {
            assert!(link(query).claim(&flow) == expected, "{query}");
        }
    }

    #[test]
    fn read_refuses_links_that_are_too_long() {
        let long = format!("my-app://callback?rotating_token_nonce={}", "n".repeat(MAX_QUERY));
        assert!(CallbackLink::read(&Url::parse(&long).unwrap()).is_none());
    }
}
