//! Building the URLs of pages, and navigating to them.

use url::Url;

use crate::{
    clerk::Clerk,
    error::{ErrorCode, Result},
    events::Event,
    fapi::InstanceType,
    flows::{attempt::AttemptKind, callback_params::RedirectCallbackParams, outcome::RedirectOutcome},
    navigation::{
        destination::{Destination, destination, is_harmless_scheme, scheme_of},
        urls::{RedirectOptions, Urls},
    },
    options::ClerkOptions,
    state::snapshot::Snapshot,
};

impl Clerk {
    /// Returns the page that relative URLs are resolved against: the calling one if it is a page of the app, else the app's
    /// start page. What the caller names must not decide which origin counts as the app's.
    pub(crate) fn page(&self, location: Option<&str>) -> Url {
        let (snapshot, start) = (self.snapshot(), &self.0.setup.app_url);
        let allowed = location.and_then(|location| self.urls(&snapshot, start).allowed_redirect(location));
        allowed.unwrap_or_else(|| start.clone())
    }

    /// Returns the parameters of a callback without the pages that the app does not allow.
    pub(crate) fn allowed_callback(&self, callback: RedirectCallbackParams) -> RedirectCallbackParams {
        callback.allowed_by(&self.urls(&self.snapshot(), &self.0.setup.app_url))
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

    /// Returns the URL of the sign-in page, with its redirect URLs in the fragment. Empty before [`load`](Self::load).
    ///
    /// # Source
    /// `Clerk.buildSignInUrl()`.
    #[must_use]
    pub fn build_sign_in_url(&self, options: &RedirectOptions) -> String {
        self.build(|urls| urls.sign_in(options))
    }

    /// Returns the URL of the sign-up page; see [`build_sign_in_url`](Self::build_sign_in_url).
    ///
    /// # Source
    /// `Clerk.buildSignUpUrl()`.
    #[must_use]
    pub fn build_sign_up_url(&self, options: &RedirectOptions) -> String {
        self.build(|urls| urls.sign_up(options))
    }

    /// Returns the URL of the user profile: a page of the Account Portal, unless Clerk's dashboard names another one.
    ///
    /// # Source
    /// `Clerk.buildUserProfileUrl()`.
    #[must_use]
    pub fn build_user_profile_url(&self) -> String {
        self.build(|urls| urls.user_profile())
    }

    /// Returns the URL of the organization profile.
    ///
    /// # Source
    /// `Clerk.buildOrganizationProfileUrl()`.
    #[must_use]
    pub fn build_organization_profile_url(&self) -> String {
        self.build(|urls| urls.organization_profile())
    }

    /// Returns the URL of the page that creates an organization.
    ///
    /// # Source
    /// `Clerk.buildCreateOrganizationUrl()`.
    #[must_use]
    pub fn build_create_organization_url(&self) -> String {
        self.build(|urls| urls.create_organization())
    }

    /// Returns the application's home page, as set in Clerk's dashboard.
    ///
    /// # Source
    /// `Clerk.buildHomeUrl()`.
    #[must_use]
    pub fn build_home_url(&self) -> String {
        self.build(|urls| urls.home())
    }

    /// Returns `to` in the form to navigate to: an absolute URL on development instances, unchanged on production
    /// instances. A desktop app has no development browser, so no token is added.
    ///
    /// # Source
    /// `Clerk.buildUrlWithAuth()`.
    #[must_use]
    pub fn build_url_with_auth(&self, to: &str) -> String {
        self.build(|urls| urls.with_auth(to))
    }

    /// Returns where to navigate after a sign-in. `search` are query parameters, e.g. `redirect_url`.
    ///
    /// # Source
    /// `Clerk.buildAfterSignInUrl()`.
    #[must_use]
    pub fn build_after_sign_in_url(&self, search: &[(String, String)]) -> String {
        self.build(|urls| urls.after_sign_in(search))
    }

    /// Returns where to navigate after a sign-up; see [`build_after_sign_in_url`](Self::build_after_sign_in_url).
    ///
    /// # Source
    /// `Clerk.buildAfterSignUpUrl()`.
    #[must_use]
    pub fn build_after_sign_up_url(&self, search: &[(String, String)]) -> String {
        self.build(|urls| urls.after_sign_up(search))
    }

    /// Returns where to navigate after a sign-out. Default: `/`.
    ///
    /// # Source
    /// `Clerk.buildAfterSignOutUrl()`.
    #[must_use]
    pub fn build_after_sign_out_url(&self) -> String {
        self.build(|urls| urls.after_sign_out())
    }

    /// Returns where to navigate after a new subscription. Default: the same as after a sign-in.
    ///
    /// # Source
    /// `Clerk.buildNewSubscriptionRedirectUrl()`.
    #[must_use]
    pub fn build_new_subscription_redirect_url(&self) -> String {
        self.build(|urls| urls.new_subscription_redirect())
    }

    /// Returns where to navigate after signing out of one of several sessions.
    ///
    /// # Source
    /// `Clerk.buildAfterMultiSessionSingleSignOutUrl()`.
    #[must_use]
    pub fn build_after_multi_session_single_sign_out_url(&self) -> String {
        self.build(|urls| urls.after_multi_session_single_sign_out())
    }

    /// Returns the URL of the waitlist. `initial_values` prefill its form, e.g. `emailAddress`.
    ///
    /// # Source
    /// `Clerk.buildWaitlistUrl()`.
    #[must_use]
    pub fn build_waitlist_url(&self, initial_values: &[(String, String)]) -> String {
        self.build(|urls| urls.waitlist(initial_values))
    }

    /// Returns the page for the next task of the active session; empty without a task.
    ///
    /// # Source
    /// `Clerk.buildTasksUrl()`.
    #[must_use]
    pub fn build_tasks_url(&self, options: &RedirectOptions) -> String {
        let snapshot = self.snapshot();
        let task = snapshot.session().and_then(|session| session.current_task());
        self.urls(&snapshot, &self.0.setup.app_url).task(task, options)
    }

    /// Navigates to a URL: pages of the app open in one of its windows, other sites in the system browser. An empty URL
    /// does nothing. A URL whose protocol is not allowed is replaced by `/`, which is logged.
    ///
    /// If no window is open, the page is stored for the next window that loads Clerk.
    ///
    /// # Errors
    /// `url_not_allowed` if neither Clerk nor the app names the other site, see [`external_page`](Self::external_page);
    /// `browser_unavailable`. [`open_external`](Self::open_external) opens any site.
    ///
    /// # Source
    /// `Clerk.navigate()`.
    pub fn navigate(&self, to: &str) -> Result<()> {
        let snapshot = self.snapshot();
        let page = &self.0.setup.app_url;
        let listed = snapshot.options.allowed_redirect_protocols.iter().flatten();
        // Options are checked by `load`, which may not have been called yet.
        let allowed: Vec<_> = listed.filter(|protocol| self.is_own_scheme(&scheme_of(protocol))).cloned().collect();
        let to = match destination(to, page, &allowed) {
            None => return Ok(()),
            Some(Destination::External(url)) => return self.open_named_page(&url),
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

    /// Checks that `allowedRedirectProtocols` lists nothing but the app's own schemes: other programs read their URLs as they
    /// like, and what a page is made to navigate to may come from anybody.
    pub(crate) fn check_protocols(&self, options: &ClerkOptions) -> Result<()> {
        let mut schemes = options.allowed_redirect_protocols.iter().flatten().map(|protocol| scheme_of(protocol));
        match schemes.find(|scheme| !matches!(scheme.as_str(), "http" | "https") && !self.is_own_scheme(scheme)) {
            None => Ok(()),
            Some(scheme) => Err(ErrorCode::OptionInvalid.error(format!(
                "allowedRedirectProtocols lists {:?}, which is not one of the app's own deep-link schemes; those are in \
                 plugins.deep-link.desktop.schemes of tauri.conf.json",
                scheme.chars().take(50).collect::<String>(),
            ))),
        }
    }

    fn is_own_scheme(&self, scheme: &str) -> bool {
        let setup = &self.0.setup;
        let is_callback = || setup.callback.as_ref().is_ok_and(|callback| callback.own_scheme() == Some(scheme));
        let is_own = setup.schemes.iter().any(|own| own.eq_ignore_ascii_case(scheme)) || is_callback();
        is_own && is_harmless_scheme(scheme)
    }

    /// Stores an outcome for the first window that takes it.
    pub(crate) fn hand_to_window(&self, outcome: RedirectOutcome) {
        self.0.flows.store_outcome(outcome);
        self.0.setup.events.emit(Event::RedirectFinished);
    }

    /// Navigates to the app's sign-in page. Without one (`sign_in_url`), opens Clerk's hosted sign-in in the system
    /// browser and returns when the user has come back signed in.
    ///
    /// # Errors
    /// Those of [`navigate`](Self::navigate) and of [`start_hosted_auth`](Self::start_hosted_auth).
    ///
    /// # Source
    /// `Clerk.redirectToSignIn()`.
    pub async fn redirect_to_sign_in(&self, options: &RedirectOptions) -> Result<()> {
        self.loaded_snapshot()?;
        if self.urls(&self.snapshot(), &self.0.setup.app_url).own_sign_in().is_some() {
            return self.navigate(&self.build_sign_in_url(options));
        }
        self.hosted(AttemptKind::SignIn, options).await
    }

    /// Navigates to the app's sign-up page, or opens the hosted one; see
    /// [`redirect_to_sign_in`](Self::redirect_to_sign_in).
    ///
    /// # Errors
    /// As [`redirect_to_sign_in`](Self::redirect_to_sign_in).
    ///
    /// # Source
    /// `Clerk.redirectToSignUp()`.
    pub async fn redirect_to_sign_up(&self, options: &RedirectOptions) -> Result<()> {
        self.loaded_snapshot()?;
        if self.urls(&self.snapshot(), &self.0.setup.app_url).own_sign_up().is_some() {
            return self.navigate(&self.build_sign_up_url(options));
        }
        self.hosted(AttemptKind::SignUp, options).await
    }

    async fn hosted(&self, mode: AttemptKind, options: &RedirectOptions) -> Result<()> {
        let outcome = self.start_hosted_auth_with(mode, RedirectCallbackParams::after_page(options)).await?;
        self.navigate(outcome.navigate_to.as_deref().unwrap_or_default())
    }

    /// Navigates to the user profile.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToUserProfile()`.
    pub fn redirect_to_user_profile(&self) -> Result<()> {
        self.navigate(&self.build_user_profile_url())
    }

    /// Navigates to the organization profile.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToOrganizationProfile()`.
    pub fn redirect_to_organization_profile(&self) -> Result<()> {
        self.navigate(&self.build_organization_profile_url())
    }

    /// Navigates to the page that creates an organization.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToCreateOrganization()`.
    pub fn redirect_to_create_organization(&self) -> Result<()> {
        self.navigate(&self.build_create_organization_url())
    }

    /// Navigates to the page for after a sign-in.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToAfterSignIn()`.
    pub fn redirect_to_after_sign_in(&self) -> Result<()> {
        self.navigate(&self.build_after_sign_in_url(&[]))
    }

    /// Navigates to the page for after a sign-up.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToAfterSignUp()`.
    pub fn redirect_to_after_sign_up(&self) -> Result<()> {
        self.navigate(&self.build_after_sign_up_url(&[]))
    }

    /// Navigates to the page for after a sign-out.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToAfterSignOut()`.
    pub fn redirect_to_after_sign_out(&self) -> Result<()> {
        self.navigate(&self.build_after_sign_out_url())
    }

    /// Navigates to the waitlist.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToWaitlist()`.
    pub fn redirect_to_waitlist(&self) -> Result<()> {
        self.navigate(&self.build_waitlist_url(&[]))
    }

    /// Navigates to the page for the next task of the active session. Does nothing without a task.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectToTasks()`.
    pub fn redirect_to_tasks(&self, options: &RedirectOptions) -> Result<()> {
        self.navigate(&self.build_tasks_url(options))
    }

    /// Navigates to the URL that [`build_url_with_auth`](Self::build_url_with_auth) returns.
    ///
    /// # Errors
    /// As [`navigate`](Self::navigate).
    ///
    /// # Source
    /// `Clerk.redirectWithAuth()`.
    pub fn redirect_with_auth(&self, to: &str) -> Result<()> {
        self.navigate(&self.build_url_with_auth(to))
    }
}
