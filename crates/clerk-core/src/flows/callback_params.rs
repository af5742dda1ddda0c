//! The parameters of the callback of a browser flow.

use serde::{Deserialize, Serialize};

use crate::{
    flows::attempt::AttemptKind,
    navigation::urls::{RedirectOptions, Urls, non_empty},
    options::ClerkOptions,
    resources::params::params,
    secret::Wipe,
};

/// The operation that a callback continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[specta(type = String)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Continuation {
    /// The transfer from a sign-in to a sign-up.
    TransferToSignUp,
    /// A value unknown to this version.
    #[serde(untagged)]
    Unknown(String),
}

/// It is no secret.
impl Wipe for Continuation {
    fn wipe(&mut self) {}
}

params! {
    /// The pages and options for the callback of a browser flow. Every URL may be relative to the app.
    ///
    /// Source: `HandleOAuthCallbackParams` of Clerk's documentation.
    pub struct RedirectCallbackParams {
        required {}
        optional {
            /// The sign-in page.
            sign_in_url: String,
            /// The sign-up page.
            sign_up_url: String,
            /// The page for the first factor.
            first_factor_url: String,
            /// The page for the second factor.
            second_factor_url: String,
            /// The page for a new password.
            reset_password_url: String,
            /// The page for missing fields of a sign-up.
            continue_sign_up_url: String,
            /// The page for the code sent to the e-mail address.
            verify_email_address_url: String,
            /// The page for the code sent to the phone number.
            verify_phone_number_url: String,
            /// The page for the anti-fraud check of a sign-in.
            sign_in_protect_check_url: String,
            /// The page for the anti-fraud check of a sign-up.
            sign_up_protect_check_url: String,
            /// Where to navigate after every sign-in.
            sign_in_force_redirect_url: String,
            /// Where to navigate after a sign-in without another redirect URL.
            sign_in_fallback_redirect_url: String,
            /// Where to navigate after every sign-up.
            sign_up_force_redirect_url: String,
            /// Where to navigate after a sign-up without another redirect URL.
            sign_up_fallback_redirect_url: String,
            /// Whether a sign-in without an existing account becomes a sign-up. Default: `true`.
            transferable: bool,
            /// Metadata for the sign-up.
            unsafe_metadata: serde_json::Value,
            /// The attempt to reload first.
            reload_resource: AttemptKind,
            /// The operation to continue after an anti-fraud check interrupted it.
            continuation: Continuation,
            /// The URL of the calling page, against which relative URLs are resolved. Default: the app's start page.
            location: String,
        }
    }
}

impl RedirectCallbackParams {
    /// Returns the redirect URLs of these parameters.
    pub(crate) fn redirects(&self) -> RedirectOptions {
        RedirectOptions {
            sign_in_force_redirect_url: self.sign_in_force_redirect_url.clone(),
            sign_in_fallback_redirect_url: self.sign_in_fallback_redirect_url.clone(),
            sign_up_force_redirect_url: self.sign_up_force_redirect_url.clone(),
            sign_up_fallback_redirect_url: self.sign_up_fallback_redirect_url.clone(),
            ..RedirectOptions::default()
        }
    }

    /// Adds the redirect URLs of a window's own options, so that they also apply if the flow ends after a restart, in
    /// another window.
    pub(crate) fn with_redirects_of(mut self, options: Option<&ClerkOptions>) -> Self {
        let Some(options) = options else { return self };
        for (own, option) in [
            (&mut self.sign_in_force_redirect_url, &options.sign_in_force_redirect_url),
            (&mut self.sign_in_fallback_redirect_url, &options.sign_in_fallback_redirect_url),
            (&mut self.sign_up_force_redirect_url, &options.sign_up_force_redirect_url),
            (&mut self.sign_up_fallback_redirect_url, &options.sign_up_fallback_redirect_url),
        ] {
            if non_empty(own).is_none() {
                own.clone_from(option);
            }
        }
        self
    }

    /// Returns these parameters without the pages that the app does not allow, and without the page of the caller if it is not
    /// one of the app. `app` has the app's address; see [`Urls::allowed_redirect`].
    pub(crate) fn allowed_by(mut self, app: &Urls<'_>) -> Self {
        for page in [
            &mut self.sign_in_url,
            &mut self.sign_up_url,
            &mut self.first_factor_url,
            &mut self.second_factor_url,
            &mut self.reset_password_url,
            &mut self.continue_sign_up_url,
            &mut self.verify_email_address_url,
            &mut self.verify_phone_number_url,
            &mut self.sign_in_protect_check_url,
            &mut self.sign_up_protect_check_url,
            &mut self.sign_in_force_redirect_url,
            &mut self.sign_in_fallback_redirect_url,
            &mut self.sign_up_force_redirect_url,
            &mut self.sign_up_fallback_redirect_url,
            &mut self.location,
        ] {
            if non_empty(page).is_some_and(|url| app.allowed_redirect(url).is_none()) {
                *page = None;
            }
        }
        self
    }

    /// Returns the callback parameters of a flow that begins at a page with these options.
    pub(crate) fn after_page(options: &RedirectOptions) -> Self {
        let fallback = |own: &Option<String>| non_empty(&options.redirect_url).or(non_empty(own)).map(str::to_owned);
        Self {
            sign_in_force_redirect_url: options.sign_in_force_redirect_url.clone(),
            sign_in_fallback_redirect_url: fallback(&options.sign_in_fallback_redirect_url),
            sign_up_force_redirect_url: options.sign_up_force_redirect_url.clone(),
            sign_up_fallback_redirect_url: fallback(&options.sign_up_fallback_redirect_url),
            ..Self::default()
        }
    }
}
