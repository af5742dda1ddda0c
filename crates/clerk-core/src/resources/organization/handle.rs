//! The handle of the organizations.

use crate::{
    clerk::Clerk,
    error::Result,
    fapi::{
        request::{Method, Request, path},
        wire::Wire,
    },
    models::OrganizationId,
};

/// The organizations of the signed-in user; see [`Clerk::organizations`].
#[derive(Clone)]
pub struct Organizations(Clerk);

impl std::fmt::Debug for Organizations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Organizations").finish()
    }
}

impl Clerk {
    /// Returns the organizations of the signed-in user, to change them and their members.
    ///
    /// # Errors
    /// Each method returns `not_loaded` before the first load, `no_active_session` if no user is signed in, `network_error`, or
    /// `api_response_error`, e.g. with `missing_organization_permission` if the user's role does not include it,
    /// `not_a_member_in_organization` or `resource_not_found`.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(clerk: &clerk_core::Clerk) -> clerk_core::Result<()> {
    /// let Some(organization) = clerk.organization() else { return Ok(()) };
    /// let page = clerk.organizations().members(&organization.id, Default::default()).await?;
    /// println!("{} members", page.total_count);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn organizations(&self) -> Organizations {
        Organizations(self.clone())
    }
}

/// Returns a request for something of an organization.
pub(super) fn of(method: Method, id: &OrganizationId, rest: &[&str]) -> Request {
    Request::new(method, path(&[&["organizations", id.as_str()], rest].concat()))
}

impl Organizations {
    /// Sends a request on behalf of the active session.
    pub(super) async fn send<T: Wire>(&self, request: Request) -> Result<T> {
        self.0.call_for_user(request).await
    }
}
