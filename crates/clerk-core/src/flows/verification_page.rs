//! Pages that FAPI named for a verification, for Clerk's own components: the provider's page of a sign-in or sign-up, or of an
//! external account that the user connects.

use std::{collections::VecDeque, sync::Arc};

use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::{
    clerk::Clerk,
    error::{ErrorCode, Result},
    fapi::request::{Method, Request},
    flows::{
        attempt::{Attempt, AttemptResource},
        callback_params::RedirectCallbackParams,
        deep_link::Verdict,
        frontend_api::REDEEMED_NONCE,
        outcome::RedirectOutcome,
        pending::{PendingFlow, Returned},
    },
    models::SessionId,
    secret::RotatingTokenNonce,
};

/// The number of pages that are remembered. A user follows the newest.
const MAX_PAGES: usize = 16;

/// What a page verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A sign-in or sign-up.
    Attempt(Attempt),
    /// An account of the user at a provider, by its id.
    Account(String),
}

/// A page, and what it verifies.
pub(crate) type NamedPage = (String, Subject);

/// The pages that FAPI named in responses, the newest last.
#[derive(Debug, Default)]
pub(crate) struct NamedPages(VecDeque<NamedPage>);

impl NamedPages {
    pub(crate) fn add(&mut self, pages: Vec<NamedPage>) {
        for page in pages {
            self.0.retain(|known| known.0 != page.0);
            self.0.push_back(page);
        }
        while self.0.len() > MAX_PAGES {
            self.0.pop_front();
        }
    }

    pub(crate) fn subject(&self, page: &str) -> Option<&Subject> {
        self.0.iter().find(|known| known.0 == page).map(|known| &known.1)
    }
}

/// Finds the pages in JSON from FAPI, which has a limited depth.
pub(crate) fn pages_in(json: &Value) -> Vec<NamedPage> {
    let mut pages = Vec::new();
    collect(json, None, &mut pages);
    pages
}

fn collect(json: &Value, within: Option<&Subject>, pages: &mut Vec<NamedPage>) {
    match json {
        Value::Object(fields) => {
            if let Some(page) = fields.get("external_verification_redirect_url").and_then(Value::as_str)
                && let Some(subject) = within
            {
                pages.push((page.to_owned(), subject.clone()));
            }
            let own = subject_of(json);
            fields.values().for_each(|value| collect(value, own.as_ref().or(within), pages));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, within, pages)),
        _ => {}
    }
}

fn subject_of(json: &Value) -> Option<Subject> {
    let (object, id) = (json["object"].as_str()?, json["id"].as_str()?);
    match object {
        "sign_in_attempt" | "sign_in" => Some(Subject::Attempt(Attempt::SignIn(id.into()))),
        "sign_up_attempt" | "sign_up" => Some(Subject::Attempt(Attempt::SignUp(id.into()))),
        // `external_account`, `enterprise_account`, `saml_account`; older data has e.g. `google_account`.
        object if object.ends_with("_account") => Some(Subject::Account(id.to_owned())),
        _ => None,
    }
}

/// The outcome of [`Clerk::open_and_wait`].
#[derive(Debug, Clone, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OpenAndWaitOutcome {
    /// The callback URL, as Clerk's packages expect it. Its nonce is redeemed already, so a placeholder stands for it.
    pub callback_url: String,
    /// What the flow returned with, for a page that is gone.
    #[serde(skip)]
    #[specta(skip)]
    returned: Option<Arc<AttemptResource>>,
}

impl Clerk {
    /// Opens a page in the system browser that FAPI named for a verification, and waits for the callback link. A newer flow
    /// supersedes this one. The caller continues the sign-in or sign-up, and sees in the attempt whether the provider refused.
    ///
    /// # Errors
    /// `url_not_allowed` if FAPI named no such page, `oauth_flow_superseded`, `oauth_flow_cancelled`, `oauth_flow_timed_out`,
    /// `redirect_url_invalid`, `browser_unavailable`, `not_loaded`.
    pub async fn open_and_wait(&self, url: &str) -> Result<OpenAndWaitOutcome> {
        let snapshot = self.loaded().await?;
        let callback = self.0.setup.callback.clone()?;
        let not_named = || {
            ErrorCode::UrlNotAllowed
                .error("Clerk named no such page for a verification on this device; start the sign-in again")
        };
        let page = Url::parse(url).map_err(|_| not_named())?;
        let in_client = snapshot.raw_client.as_deref().map(|raw| pages_in(raw.expose())).unwrap_or_default();
        self.0.flows.note_pages(in_client);
        let subject = self.0.flows.subject_of_page(url).ok_or_else(not_named)?;
        let started_at_ms = self.0.setup.clock.now_ms();
        let (flow, signal) = self.0.flows.begin();
        let pending = match subject {
            Subject::Attempt(attempt) => {
                let params = RedirectCallbackParams::default().with_redirects_of(self.own_options());
                let params = Box::new(self.of_app().allowed_callback(params));
                PendingFlow::Component { attempt, callback: params }
            }
            Subject::Account(account) => {
                PendingFlow::Account { account, session: snapshot.session().map(|session| session.id.clone()) }
            }
        };
        let record = self.record(flow, started_at_ms, pending);
        let result = Box::pin(self.round_trip(flow, signal, record, &page, self.0.setup.browser_timeout)).await;
        self.end_flow(flow, &result).await;
        let returned = match result? {
            Returned::Attempt(attempt) => Some(Arc::new(attempt)),
            Returned::Account | Returned::Session(_) => None,
        };
        let mut link = callback.as_str().to_owned();
        link.push_str("?rotating_token_nonce=");
        link.push_str(REDEEMED_NONCE);
        Ok(OpenAndWaitOutcome { callback_url: link, returned })
    }

    /// Continues a flow of [`open_and_wait`](Self::open_and_wait) whose page is gone.
    ///
    /// # Errors
    /// As [`handle_redirect_callback`](Self::handle_redirect_callback).
    #[doc(hidden)]
    pub async fn continue_open_and_wait(&self, outcome: &OpenAndWaitOutcome) -> Result<RedirectOutcome> {
        match &outcome.returned {
            Some(attempt) => {
                let params = RedirectCallbackParams::default().with_redirects_of(self.own_options());
                self.route_callback(params, Some(attempt.as_ref().clone())).await
            }
            None => Ok(RedirectOutcome::default()),
        }
    }

    /// Judges a callback link for an account by what FAPI says about it.
    pub(super) async fn judge_account(
        &self,
        account: &str,
        session: Option<SessionId>,
        nonce: Option<&RotatingTokenNonce>,
    ) -> Verdict {
        let request = Request::new(Method::Get, "/me").session(session).nonce(nonce).reload();
        let (user, new_token) = match self.read_for_link(request).await {
            Ok(read) => read,
            Err(error) => {
                tracing::debug!(code = error.code(), "the user of a callback link could not be read");
                return Verdict::Unproved("the user could not be read");
            }
        };
        // FAPI accepts a nonce by a new client token.
        if nonce.is_some() && new_token {
            return Verdict::Proved(Ok(Returned::Account));
        }
        match verification_of(&user, account) {
            Some(verification) if is_over(verification) => Verdict::Proved(Ok(Returned::Account)),
            Some(_) => Verdict::Unproved("its account is not verified yet"),
            None => Verdict::Unproved("the user has no such account"),
        }
    }
}

/// Returns the verification of an account.
fn verification_of<'a>(user: &'a Value, account: &str) -> Option<&'a Value> {
    let lists = ["external_accounts", "enterprise_accounts", "saml_accounts"];
    let mut accounts = lists.iter().filter_map(|list| user[*list].as_array()).flatten();
    accounts.find(|one| one["id"] == account).map(|one| &one["verification"])
}

/// Whether a verification succeeded or failed.
fn is_over(verification: &Value) -> bool {
    !verification["error"].is_null() || !matches!(verification["status"].as_str(), None | Some("unverified"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pages_in_finds_what_each_page_verifies() {
        let page = |url: &str| json!({ "object": "verification_oauth", "external_verification_redirect_url": url });
        let body = json!({
            "response": { "object": "external_account", "id": "eac_1", "verification": page("https://a") },
            "client": {
                "object": "client", "id": "client_1",
                "sign_in": { "object": "sign_in_attempt", "id": "sia_1", "first_factor_verification": page("https://b") },
                "sign_up": { "object": "sign_up_attempt", "id": "sua_1", "verifications": { "external_account": page("https://c") } },
                "sessions": [{ "user": { "enterprise_accounts": [
                    { "object": "enterprise_account", "id": "ent_1", "verification": page("https://d") },
                ] } }],
                "unknown": page("https://e"),
            },
        });
        let mut found = pages_in(&body);
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let account = |id: &str| Subject::Account(id.to_owned());
        assert_eq!(
            found,
            [
                ("https://a".to_owned(), account("eac_1")),
                ("https://b".to_owned(), Subject::Attempt(Attempt::SignIn("sia_1".into()))),
                ("https://c".to_owned(), Subject::Attempt(Attempt::SignUp("sua_1".into()))),
                ("https://d".to_owned(), account("ent_1")),
            ]
        );
    }

    #[test]
    fn named_pages_forget_the_oldest() {
        let mut pages = NamedPages::default();
        for number in 0..20 {
            pages.add(vec![(format!("https://{number}"), Subject::Account(number.to_string()))]);
        }
        assert_eq!(pages.subject("https://3"), None);
        assert_eq!(pages.subject("https://4"), Some(&Subject::Account("4".to_owned())));
        pages.add(vec![("https://4".to_owned(), Subject::Account("new".to_owned()))]);
        assert_eq!(pages.subject("https://4"), Some(&Subject::Account("new".to_owned())));
        assert_eq!(pages.0.len(), MAX_PAGES);
    }
}
