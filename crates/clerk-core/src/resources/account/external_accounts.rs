//! Accounts at providers that the user connects.

use url::Url;

use super::handle::Account;
use crate::{
    error::{Error, ErrorCode, Result},
    fapi::request::{Method, Request, path},
    models::{DeletedObject, ExternalAccount, Verification, VerificationStatus},
    resources::params::params,
};

params! {
    /// Parameters of [`Account::connect_external_account`].
    ///
    /// Source: FAPI `postExternalAccounts`; `CreateExternalAccountParams` of Clerk's documentation.
    pub struct ConnectExternalAccountParams {
        constructed_by {
            /// Creates parameters for a provider, e.g. `oauth_google`.
            with_strategy(strategy: String),
            /// Creates parameters for an enterprise connection.
            with_enterprise_connection(enterprise_connection_id: String),
        }
        required {}
        optional {
            /// The provider, e.g. `oauth_google`. Not needed with `enterprise_connection_id`.
            strategy: String,
            /// The enterprise connection.
            enterprise_connection_id: String,
            /// Further scopes to ask the provider for.
            additional_scope: Vec<String>,
            /// OpenID Connect `prompt`.
            oidc_prompt: String,
            /// OpenID Connect `login_hint`.
            oidc_login_hint: String,
        }
    }
}

params! {
    /// Parameters of [`Account::reauthorize_external_account`].
    pub struct ReauthorizeExternalAccountParams {
        required {}
        optional {
            /// Further scopes to ask the provider for.
            additional_scope: Vec<String>,
            /// OpenID Connect `prompt`.
            oidc_prompt: String,
            /// OpenID Connect `login_hint`.
            oidc_login_hint: String,
        }
    }
}

impl Account {
    /// Connects an account at a provider: opens the provider's page in the system browser, and waits for the link that leads back.
    /// A newer flow supersedes this one.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); `oauth_access_denied`, `oauth_callback_failed`, `oauth_flow_cancelled`,
    /// `oauth_flow_superseded`, `oauth_flow_timed_out`, `oauth_transport_missing_verification_url`, `redirect_url_invalid`,
    /// `browser_unavailable`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/external_accounts`; `User.createExternalAccount()`.
    pub async fn connect_external_account(&self, params: ConnectExternalAccountParams) -> Result<ExternalAccount> {
        let request = Request::new(Method::Post, "/me/external_accounts").params(params)?;
        self.authorize(request).await
    }

    /// Renews the connection to an account at a provider, e.g. with further scopes, in the system browser.
    ///
    /// # Errors
    /// As [`connect_external_account`](Self::connect_external_account).
    ///
    /// # Source
    /// FAPI `PATCH /v1/me/external_accounts/{id}/reauthorize`; `ExternalAccount.reauthorize()`.
    pub async fn reauthorize_external_account(
        &self,
        id: &str,
        params: ReauthorizeExternalAccountParams,
    ) -> Result<ExternalAccount> {
        let request = Request::new(Method::Patch, path(&["me", "external_accounts", id, "reauthorize"]));
        self.authorize(request.params(params)?).await
    }

    /// Removes the connection to an account at a provider.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `DELETE /v1/me/external_accounts/{id}`; `ExternalAccount.destroy()`.
    pub async fn delete_external_account(&self, id: &str) -> Result<DeletedObject> {
        self.send(Request::new(Method::Delete, path(&["me", "external_accounts", id]))).await
    }

    /// Removes the connection to an enterprise account.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `DELETE /v1/me/enterprise_accounts/{id}`; `EnterpriseAccount.destroy()`.
    pub async fn delete_enterprise_account(&self, id: &str) -> Result<DeletedObject> {
        self.send(Request::new(Method::Delete, path(&["me", "enterprise_accounts", id]))).await
    }

    /// Sends a request that returns an account to be verified, and verifies it in the system browser.
    async fn authorize(&self, request: Request) -> Result<ExternalAccount> {
        let callback = self.0.0.setup.callback.clone()?.as_str().to_owned();
        let account: ExternalAccount = self.send(request.field("redirect_url", callback)).await?;
        let page = account.verification.as_ref().and_then(|one| one.external_verification_redirect_url.as_deref());
        let page = page.and_then(|page| Url::parse(page).ok()).ok_or_else(|| {
            ErrorCode::OauthVerificationUrlMissing
                .error("Clerk returned no page to open for this strategy; enable it in Clerk's dashboard")
        })?;
        self.0.verify_account(&account.id, &page).await?;
        let user = self.reload().await?;
        let account =
            user.external_accounts.into_iter().find(|one| one.id == account.id).ok_or_else(|| refused(None))?;
        match &account.verification {
            Some(verification) if !verification.is(&VerificationStatus::Verified) => Err(refused(Some(verification))),
            _ => Ok(account),
        }
    }
}

/// Says why an account is not connected.
fn refused(verification: Option<&Verification>) -> Error {
    match verification.and_then(Verification::error_code) {
        Some("oauth_access_denied") => {
            ErrorCode::OauthAccessDenied.error("the user denied access at the provider; try again")
        }
        _ => ErrorCode::OauthCallbackFailed.error("the account could not be connected; try again"),
    }
}
