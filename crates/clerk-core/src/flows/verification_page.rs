//! Opening a page that FAPI named for a verification, for Clerk's own components: the provider's page of a sign-in or sign-up, or
//! of an external account that the user connects.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::{
    clerk::Clerk,
    error::{ErrorCode, Result},
    exchange::requests::get_client,
    flows::{
        attempt::AttemptResource,
        callback_params::RedirectCallbackParams,
        deep_link::Verdict,
        frontend_api::REDEEMED_NONCE,
        named_pages::{ACCOUNT_LISTS, Subject, pages_in},
        outcome::RedirectOutcome,
        pending::{PendingFlow, Returned},
    },
    secret::RotatingTokenNonce,
};

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
    /// `redirect_url_invalid`, `callback_port_unavailable`, `browser_unavailable`, `not_loaded`.
    pub async fn open_and_wait(&self, url: &str) -> Result<OpenAndWaitOutcome> {
        let snapshot = self.loaded().await?;
        let callback = self.0.setup.callback.clone()?;
        let not_named = || {
            ErrorCode::UrlNotAllowed
                .error("Clerk named no such page for a verification on this device; start the sign-in again")
        };
        let page = Url::parse(url).map_err(|_| not_named())?;
        let in_client = snapshot.client_tree().map(|client| pages_in(client.expose())).unwrap_or_default();
        self.0.flows.note_pages(in_client);
        let subject = self.0.flows.subject_of_page(&page).ok_or_else(not_named)?;
        let returned = match self.open_page_of(subject, &page).await? {
            Returned::Attempt(attempt) => Some(Arc::new(attempt)),
            Returned::Account | Returned::Session(_) => None,
        };
        let mut link = callback.as_str().to_owned();
        link.push_str("?rotating_token_nonce=");
        link.push_str(REDEEMED_NONCE);
        Ok(OpenAndWaitOutcome { callback_url: link, returned })
    }

    /// Opens the page of a provider that verifies an account of the user, and waits until it is verified or refused.
    pub(crate) async fn verify_account(&self, account: &str, page: &Url) -> Result<()> {
        self.open_page_of(Subject::Account(account.to_owned()), page).await.map(drop)
    }

    async fn open_page_of(&self, subject: Subject, page: &Url) -> Result<Returned> {
        let started_at_ms = self.0.setup.clock.now_ms();
        let (flow, signal) = self.0.flows.begin();
        let pending = match subject {
            Subject::Attempt(attempt) => {
                let params = RedirectCallbackParams::default().with_redirects_of(self.own_options());
                let params = Box::new(self.of_app().allowed_callback(params));
                PendingFlow::Component { attempt, callback: params }
            }
            Subject::Account(account) => PendingFlow::Account { account },
        };
        let record = self.record(flow, started_at_ms, pending);
        let result = Box::pin(self.round_trip(flow, signal, record, page, self.0.setup.browser_timeout)).await;
        self.end_flow(flow, &result).await;
        result
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
    pub(super) async fn judge_account(&self, account: &str, nonce: Option<&RotatingTokenNonce>) -> Verdict {
        let new_token = match self.read_for_link(get_client().nonce(nonce)).await {
            Ok((_, new_token)) => new_token,
            Err(error) => {
                tracing::debug!(code = error.code(), "the client of a callback link could not be read");
                return Verdict::Unproved("the client could not be read");
            }
        };
        // FAPI accepts a nonce by a new client token.
        if nonce.is_some() && new_token {
            return Verdict::Proved(Ok(Returned::Account));
        }
        let snapshot = self.snapshot();
        let client = snapshot.client_tree().unwrap_or_default();
        match verification_of(client.expose(), account) {
            Some(verification) if is_over(verification) => Verdict::Proved(Ok(Returned::Account)),
            Some(_) => Verdict::Unproved("its account is not verified yet"),
            None => Verdict::Unproved("no user has such an account"),
        }
    }
}

/// Returns the verification of an account of one of the client's users.
fn verification_of<'a>(client: &'a Value, account: &str) -> Option<&'a Value> {
    let users = client["sessions"].as_array().into_iter().flatten().map(|session| &session["user"]);
    let mut accounts = users.flat_map(|user| ACCOUNT_LISTS.iter().filter_map(|list| user[*list].as_array()).flatten());
    accounts.find(|one| one["id"] == account).map(|one| &one["verification"])
}

/// Whether a verification succeeded or failed.
fn is_over(verification: &Value) -> bool {
    !verification["error"].is_null() || !matches!(verification["status"].as_str(), None | Some("unverified"))
}
