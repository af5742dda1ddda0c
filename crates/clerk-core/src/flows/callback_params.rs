//! Where to continue after a browser flow.

use serde::{Deserialize, Serialize};

use crate::{
    flows::attempt::AttemptKind,
    navigation::urls::{RedirectOptions, given},
    options::ClerkOptions,
    resources::params::params,
};

/// What a callback continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[specta(type = String)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Continuation {
    /// The transfer of a sign-in to a sign-up.
    TransferToSignUp,
    /// A value that this version does not know.
    #[serde(untagged)]
    Unknown(String),
}

params! {
    /// Where to go on from the callback of a browser flow; every URL may be relative to the app.
    ///
    /// Source: `HandleOAuthCallbackParams` of Clerk's documentation.
    pub struct RedirectCallbackParams {
        required {}
        optional {
            /// Where the sign-in is.
            sign_in_url: String,
            /// Where the sign-up is.
            sign_up_url: String,
            /// Where the first factor is asked for.
            first_factor_url: String,
            /// Where the second factor is asked for.
            second_factor_url: String,
            /// Where a new password is asked for.
            reset_password_url: String,
            /// Where missing fields of a sign-up are asked for.
            continue_sign_up_url: String,
            /// Where the code for the e-mail address is asked for.
            verify_email_address_url: String,
            /// Where the code for the phone number is asked for.
            verify_phone_number_url: String,
            /// Where an anti-fraud check of a sign-in is made.
            sign_in_protect_check_url: String,
            /// Where an anti-fraud check of a sign-up is made.
            sign_up_protect_check_url: String,
            /// Where to go after every sign-in.
            sign_in_force_redirect_url: String,
            /// Where to go after a sign-in when nothing else says so.
            sign_in_fallback_redirect_url: String,
            /// Where to go after every sign-up.
            sign_up_force_redirect_url: String,
            /// Where to go after a sign-up when nothing else says so.
            sign_up_fallback_redirect_url: String,
            /// Whether a sign-in of somebody unknown becomes a sign-up; it does unless this says otherwise.
            transferable: bool,
            /// Metadata for such a sign-up.
            unsafe_metadata: serde_json::Value,
            /// Reads that attempt again first.
            reload_resource: AttemptKind,
            /// What to continue after an anti-fraud check interrupted it.
            continuation: Continuation,
            /// Address of the page that asks, which relative URLs are read against; the app's start page by default.
            location: String,
        }
    }
}

impl RedirectCallbackParams {
    /// Where they say to go afterwards.
    pub(crate) fn redirects(&self) -> RedirectOptions {
        RedirectOptions {
            sign_in_force_redirect_url: self.sign_in_force_redirect_url.clone(),
            sign_in_fallback_redirect_url: self.sign_in_fallback_redirect_url.clone(),
            sign_up_force_redirect_url: self.sign_up_force_redirect_url.clone(),
            sign_up_fallback_redirect_url: self.sign_up_fallback_redirect_url.clone(),
            ..RedirectOptions::default()
        }
    }

    /// Adds the redirects of a window's own options, so that they also hold when the flow ends after a restart, in another
    /// window.
    pub(crate) fn with_redirects_of(mut self, options: Option<&ClerkOptions>) -> Self {
        let Some(options) = options else { return self };
        for (own, option) in [
            (&mut self.sign_in_force_redirect_url, &options.sign_in_force_redirect_url),
            (&mut self.sign_in_fallback_redirect_url, &options.sign_in_fallback_redirect_url),
            (&mut self.sign_up_force_redirect_url, &options.sign_up_force_redirect_url),
            (&mut self.sign_up_fallback_redirect_url, &options.sign_up_fallback_redirect_url),
        ] {
            if given(own).is_none() {
                own.clone_from(option);
            }
        }
        self
    }

    /// The callback of a flow that begins at a page with these options.
    pub(crate) fn after_page(options: &RedirectOptions) -> Self {
        let fallback = |own: &Option<String>| given(&options.redirect_url).or(given(own)).map(str::to_owned);
        Self {
            sign_in_force_redirect_url: options.sign_in_force_redirect_url.clone(),
            sign_in_fallback_redirect_url: fallback(&options.sign_in_fallback_redirect_url),
            sign_up_force_redirect_url: options.sign_up_force_redirect_url.clone(),
            sign_up_fallback_redirect_url: fallback(&options.sign_up_fallback_redirect_url),
            ..Self::default()
        }
    }
}
