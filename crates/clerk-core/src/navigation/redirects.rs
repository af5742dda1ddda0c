//! Where pages are, and going there.

use url::Url;

use crate::{
    clerk::Clerk,
    error::{ErrorCode, Result},
    events::Event,
    fapi::InstanceType,
    flows::{attempt::AttemptKind, callback_params::RedirectCallbackParams, outcome::RedirectOutcome},
    navigation::{
        destination::{Destination, destination},
        urls::{RedirectOptions, Urls},
    },
    state::snapshot::Snapshot,
};

impl Clerk {
    /// The page that relative URLs are read against: the one that asks, or the app's start page.
    pub(crate) fn page(&self, location: Option<&str>) -> Url {
        location.and_then(|location| Url::parse(location).ok()).unwrap_or_else(|| self.0.setup.app_url.clone())
    }

    pub(crate) fn urls<'a>(&self, snapshot: &'a Snapshot, here: &'a Url) -> Urls<'a> {
        Urls {
            here,
            options: &snapshot.options,
            display: snapshot.environment.as_deref().map(|environment| &environment.display_config),
            instance_type: snapshot.instance_type.unwrap_or(InstanceType::Production),
            frontend_api: snapshot.frontend_api.as_deref().unwrap_or_default(),
            loaded: snapshot.is_loaded(),
        }
    }

    fn build(&self, build: impl FnOnce(&Urls<'_>) -> String) -> String {
        build(&self.urls(&self.snapshot(), &self.0.setup.app_url))
    }

    /// Where the sign-in is, with what it has to know of where to go afterwards in its fragment. Empty before
    /// [`load`](Self::load).
    ///
    /// # Source
    /// `Clerk.buildSignInUrl()`.
    #[must_use]
    pub fn build_sign_in_url(&self, options: &RedirectOptions) -> String {
        self.build(|urls| urls.sign_in(options))
    }

    /// Where the sign-up is; see [`build_sign_in_url`](Self::build_sign_in_url).
    ///
    /// # Source
    /// `Clerk.buildSignUpUrl()`.
    #[must_use]
    pub fn build_sign_up_url(&self, options: &RedirectOptions) -> String {
        self.build(|urls| urls.sign_up(options))
    }

    /// Where the user's profile is: a page of the Account Portal, unless Clerk's dashboard names another one.
    ///
    /// # Source
    /// `Clerk.buildUserProfileUrl()`.
    #[must_use]
    pub fn build_user_profile_url(&self) -> String {
        self.build(|urls| urls.user_profile())
    }

    /// Where the organization's profile is.
    ///
    /// # Source
    /// `Clerk.buildOrganizationProfileUrl()`.
    #[must_use]
    pub fn build_organization_profile_url(&self) -> String {
        self.build(|urls| urls.organization_profile())
    }

    /// Where an organization is created.
    ///
    /// # Source
    /// `Clerk.buildCreateOrganizationUrl()`.
    #[must_use]
    pub fn build_create_organization_url(&self) -> String {
        self.build(|urls| urls.create_organization())
    }

    /// The application's home page, as Clerk's dashboard names it.
    ///
    /// # Source
    /// `Clerk.buildHomeUrl()`.
    #[must_use]
    pub fn build_home_url(&self) -> String {
        self.build(|urls| urls.home())
    }

    /// `to` as it may be gone to: on development instances an absolute URL, on production instances as it is. There is
    /// no development browser on a desktop, so no token is added.
    ///
    /// # Source
    /// `Clerk.buildUrlWithAuth()`.
    #[must_use]
    pub fn build_url_with_auth(&self, to: &str) -> String {
        self.build(|urls| urls.with_auth(to))
    }

    /// Where to go after a sign-in. `search` are parameters of an address, e.g. `redirect_url`.
    ///
    /// # Source
    /// `Clerk.buildAfterSignInUrl()`.
    #[must_use]
    pub fn build_after_sign_in_url(&self, search: &[(String, String)]) -> String {
        self.build(|urls| urls.after_sign_in(search))
    }

    /// Where to go after a sign-up; see [`build_after_sign_in_url`](Self::build_after_sign_in_url).
    ///
    /// # Source
    /// `Clerk.buildAfterSignUpUrl()`.
    #[must_use]
    pub fn build_after_sign_up_url(&self, search: &[(String, String)]) -> String {
        self.build(|urls| urls.after_sign_up(search))
    }

    /// Where to go after a sign-out; `/` by default.
    ///
    /// # Source
    /// `Clerk.buildAfterSignOutUrl()`.
    #[must_use]
    pub fn build_after_sign_out_url(&self) -> String {
        self.build(|urls| urls.after_sign_out())
    }

    /// Where to go after a new subscription: as after a sign-in, unless the option of this name says otherwise.
    ///
    /// # Source
    /// `Clerk.buildNewSubscriptionRedirectUrl()`.
    #[must_use]
    pub fn build_new_subscription_redirect_url(&self) -> String {
        self.build(|urls| urls.new_subscription_redirect())
    }

    /// Where to go after signing out of one of several sessions.
    ///
    /// # Source
    /// `Clerk.buildAfterMultiSessionSingleSignOutUrl()`.
    #[must_use]
    pub fn build_after_multi_session_single_sign_out_url(&self) -> String {
        self.build(|urls| urls.after_multi_session_single_sign_out())
    }

    /// Where the waitlist is. `initial_values` fill its form, e.g. `emailAddress`.
    ///
    /// # Source
    /// `Clerk.buildWaitlistUrl()`.
    #[must_use]
    pub fn build_waitlist_url(&self, initial_values: &[(String, String)]) -> String {
        self.build(|urls| urls.waitlist(initial_values))
    }

    /// Where the active session's next task is done; empty without one.
    ///
    /// # Source
    /// `Clerk.buildTasksUrl()`.
    #[must_use]
    pub fn build_tasks_url(&self, options: &RedirectOptions) -> String {
        let snapshot = self.snapshot();
        let task = snapshot.session().and_then(|session| session.current_task());
        self.urls(&snapshot, &self.0.setup.app_url).task(task, options)
    }

    /// Goes to a URL: pages of the app in one of its windows, other sites in the system browser. Nothing happens for an
    /// empty URL. An address whose protocol is not allowed is replaced by `/`, which is logged.
    ///
    /// With no window open the page waits for the next one that loads Clerk.
    ///
    /// # Errors
    /// `browser_unavailable`.
    ///
    /// # Source
    /// `Clerk.navigate()`.
    pub fn navigate(&self, to: &str) -> Result<()> {
        let snapshot = self.snapshot();
        let page = &self.0.setup.app_url;
        let allowed = snapshot.options.allowed_redirect_protocols.as_deref().unwrap_or_default();
        let to = match destination(to, page, allowed) {
            None => return Ok(()),
            Some(Destination::External(url)) => return self.open_external(url.as_str()),
            Some(Destination::Path(path)) => path,
            Some(Destination::Custom(url)) => url.into(),
            Some(Destination::Refused) => {
                tracing::warn!(
                    code = "protocol_not_allowed",
                    "a navigation was replaced by the app's start page, because its URL is not valid or its protocol is \
                     not in allowedRedirectProtocols"
                );
                "/".to_owned()
            }
        };
        self.hand_to_window(RedirectOutcome::navigate(to));
        Ok(())
    }

    /// Keeps an outcome for the window that takes it first.
    pub(crate) fn hand_to_window(&self, outcome: RedirectOutcome) {
        self.0.flows.keep_outcome(outcome);
        self.0.setup.events.emit(Event::RedirectFinished);
    }

    /// Goes to the app's sign-in. Without one (`sign_in_url`) Clerk's hosted sign-in opens in the system browser, and
    /// this returns when the user has come back signed in.
    ///
    /// # Errors
    /// Those of [`navigate`](Self::navigate) and of [`start_hosted_auth`](Self::start_hosted_auth).
    ///
    /// # Source
    /// `Clerk.redirectToSignIn()`.
    pub async fn redirect_to_sign_in(&self, options: &RedirectOptions) -> Result<()> {
        self.loaded_snapshot()?;
        if self.urls(&self.snapshot(), &self.0.setup.app_url).has_own_sign_in() {
            return self.navigate(&self.build_sign_in_url(options));
        }
        self.hosted(AttemptKind::SignIn, options).await
    }

    /// Goes to the app's sign-up, or to Clerk's hosted one; see [`redirect_to_sign_in`](Self::redirect_to_sign_in).
    ///
    /// # Errors
    /// As [`redirect_to_sign_in`](Self::redirect_to_sign_in).
    ///
    /// # Source
    /// `Clerk.redirectToSignUp()`.
    pub async fn redirect_to_sign_up(&self, options: &RedirectOptions) -> Result<()> {
        self.loaded_snapshot()?;
        if self.urls(&self.snapshot(), &self.0.setup.app_url).has_own_sign_up() {
            return self.navigate(&self.build_sign_up_url(options));
        }
        self.hosted(AttemptKind::SignUp, options).await
    }

    async fn hosted(&self, mode: AttemptKind, options: &RedirectOptions) -> Result<()> {
        let outcome = self.start_hosted_auth_with(mode, RedirectCallbackParams::after_page(options)).await?;
        self.navigate(outcome.navigate_to.as_deref().unwrap_or_default())
    }

    /// Goes to the user's profile.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToUserProfile()`.
    pub fn redirect_to_user_profile(&self) -> Result<()> {
        self.navigate(&self.build_user_profile_url())
    }

    /// Goes to the organization's profile.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToOrganizationProfile()`.
    pub fn redirect_to_organization_profile(&self) -> Result<()> {
        self.navigate(&self.build_organization_profile_url())
    }

    /// Goes to where an organization is created.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToCreateOrganization()`.
    pub fn redirect_to_create_organization(&self) -> Result<()> {
        self.navigate(&self.build_create_organization_url())
    }

    /// Goes to where a sign-in leads.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToAfterSignIn()`.
    pub fn redirect_to_after_sign_in(&self) -> Result<()> {
        self.navigate(&self.build_after_sign_in_url(&[]))
    }

    /// Goes to where a sign-up leads.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToAfterSignUp()`.
    pub fn redirect_to_after_sign_up(&self) -> Result<()> {
        self.navigate(&self.build_after_sign_up_url(&[]))
    }

    /// Goes to where a sign-out leads.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToAfterSignOut()`.
    pub fn redirect_to_after_sign_out(&self) -> Result<()> {
        self.navigate(&self.build_after_sign_out_url())
    }

    /// Goes to the waitlist.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToWaitlist()`.
    pub fn redirect_to_waitlist(&self) -> Result<()> {
        self.navigate(&self.build_waitlist_url(&[]))
    }

    /// Goes to where the active session's next task is done; nowhere without one.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToTasks()`.
    pub fn redirect_to_tasks(&self, options: &RedirectOptions) -> Result<()> {
        self.navigate(&self.build_tasks_url(options))
    }

    /// Goes to a URL that [`build_url_with_auth`](Self::build_url_with_auth) makes.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectWithAuth()`.
    pub fn redirect_with_auth(&self, to: &str) -> Result<()> {
        self.navigate(&self.build_url_with_auth(to))
    }

    /// Opens a page in the system browser.
    ///
    /// # Errors
    /// `url_not_allowed` when it is not http or https, `browser_unavailable` when no browser could be started.
    pub fn open_external(&self, url: &str) -> Result<()> {
        let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(|| {
            ErrorCode::UrlNotAllowed.error("only absolute http and https URLs are opened in the system browser")
        })?;
        self.0.setup.browser.open(&url).map_err(|why| {
            ErrorCode::BrowserUnavailable.error(format!("the system browser could not be opened: {why}"))
        })
    }
}
