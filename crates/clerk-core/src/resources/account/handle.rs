//! The handle of the account.

use crate::{
    clerk::Clerk,
    error::Result,
    fapi::{request::Request, wire::Wire},
};

/// The account of the signed-in user; see [`Clerk::account`].
#[derive(Clone)]
pub struct Account(pub(super) Clerk);

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Account").finish()
    }
}

impl Clerk {
    /// Returns the account of the signed-in user, to change it.
    ///
    /// # Errors
    /// Each method returns `not_loaded` before the first load, `no_active_session` if no user is signed in, `network_error`, or
    /// `api_response_error`, e.g. with `session_reverification_required` if the user must be verified again.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(clerk: &clerk_core::Clerk) -> clerk_core::Result<()> {
    /// use clerk_core::{Change, UpdateUserParams};
    ///
    /// let params = UpdateUserParams { first_name: Change::Set("Ada".to_owned()), ..UpdateUserParams::default() };
    /// let user = clerk.account().update(params).await?;
    /// assert_eq!(user.first_name.as_deref(), Some("Ada"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn account(&self) -> Account {
        Account(self.clone())
    }
}

impl Account {
    /// Sends a request on behalf of the active session.
    pub(super) async fn send<T: Wire>(&self, request: Request) -> Result<T> {
        self.0.call_for_user(request).await
    }
}
