//! The options of Clerk's documentation, from the configuration, from [`Clerk::load`](crate::Clerk::load) and from
//! windows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{ErrorCode, Result};

/// An origin that redirects may lead to.
///
/// Source: `ClerkOptions.allowedRedirectOrigins`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(untagged)]
#[non_exhaustive]
pub enum RedirectOrigin {
    /// An origin, in which `*` stands for any text, e.g. `https://*.example.com`.
    Pattern(String),
    /// A regular expression, as JavaScript has them; it is searched for in the origin.
    Regex {
        /// Its source.
        regex: String,
        /// Its flags, e.g. `i`.
        #[serde(default)]
        flags: String,
    },
}

/// The SDK that the app uses, as `Clerk.sdkMetadata` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SdkMetadata {
    /// Name of the package.
    pub name: String,
    /// Version of the package.
    pub version: String,
    /// `development` or `production`: how the app was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[specta(optional)]
    pub environment: Option<String>,
}

/// The package that apps install.
pub(crate) const SDK_NAME: &str = "tauri-plugin-clerk";

impl Default for SdkMetadata {
    fn default() -> Self {
        Self {
            name: SDK_NAME.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            environment: Some(if cfg!(debug_assertions) { "development" } else { "production" }.to_owned()),
        }
    }
}

/// What is collected on the use of Clerk. This SDK never sends anything; the option is kept for those who read it.
///
/// Source: `ClerkOptions.telemetry`, `Clerk.telemetry`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub struct Telemetry {
    /// Whether nothing is collected.
    pub disabled: bool,
    /// Whether events are logged and not sent.
    pub debug: bool,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { disabled: true, debug: false }
    }
}

macro_rules! options {
    ($( $(#[$meta:meta])* $name:ident : $type:ty = $key:literal ),* $(,)?) => {
        /// The options of Clerk. All are optional; every URL may be relative to the app.
        ///
        /// Source: `ClerkOptions` of Clerk's documentation. `routerPush`, `routerReplace` and `selectInitialSession` are
        /// functions, which a webview keeps for itself; in Rust see [`ClerkSetup`](crate::ClerkSetup).
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, specta::Type)]
        #[serde(rename_all = "camelCase", default)]
        pub struct ClerkOptions {
            $( $(#[$meta])* #[serde(skip_serializing_if = "Option::is_none")] #[specta(optional)] pub $name: Option<$type>, )*
        }

        impl ClerkOptions {
            /// The names of all options, as configuration files and webviews write them.
            pub const KEYS: &[&str] = &[$( $key ),*];

            /// These options with those of `over` in place of their own.
            #[must_use]
            pub fn overridden_by(self, over: Self) -> Self {
                Self { $( $name: over.$name.or(self.$name), )* }
            }
        }
    };
}

options! {
    /// The look of the prebuilt components; kept for them.
    appearance: Value = "appearance",
    /// The texts of the prebuilt components; kept for them.
    localization: Value = "localization",
    /// Whether to ask FAPI every five minutes what has changed; it does unless this says otherwise.
    polling: bool = "polling",
    /// Kept for the prebuilt components; a desktop app never uses Clerk's cookies.
    standard_browser: bool = "standardBrowser",
    /// Address for support, which the prebuilt components show.
    support_email: String = "supportEmail",
    /// Whether the session is touched when a window gets the focus; it is unless this says otherwise.
    touch_session: bool = "touchSession",
    /// Where the app's own sign-in is. Without it, signing in means Clerk's hosted pages in the system browser.
    sign_in_url: String = "signInUrl",
    /// Where the app's own sign-up is.
    sign_up_url: String = "signUpUrl",
    /// Where to go after every sign-in.
    sign_in_force_redirect_url: String = "signInForceRedirectUrl",
    /// Where to go after every sign-up.
    sign_up_force_redirect_url: String = "signUpForceRedirectUrl",
    /// Where to go after a sign-in when nothing else says so.
    sign_in_fallback_redirect_url: String = "signInFallbackRedirectUrl",
    /// Where to go after a sign-up when nothing else says so.
    sign_up_fallback_redirect_url: String = "signUpFallbackRedirectUrl",
    /// Where to go after a sign-out; `/` by default.
    after_sign_out_url: String = "afterSignOutUrl",
    /// Where to go after signing out of one of several sessions.
    after_multi_session_single_sign_out_url: String = "afterMultiSessionSingleSignOutUrl",
    /// Where the waitlist is.
    waitlist_url: String = "waitlistUrl",
    /// Where to go after a new subscription.
    new_subscription_redirect_url: String = "newSubscriptionRedirectUrl",
    /// Where the tasks of a pending session are done, by their key.
    task_urls: BTreeMap<String, String> = "taskUrls",
    /// Origins that redirects may lead to. When absent or empty: the app's own, those of the instance's domain, and on
    /// development instances FAPI's.
    allowed_redirect_origins: Vec<RedirectOrigin> = "allowedRedirectOrigins",
    /// Protocols beside http, https and the app's own that may be navigated to, e.g. `my-app:`.
    allowed_redirect_protocols: Vec<String> = "allowedRedirectProtocols",
    /// Whether the app is a satellite of another domain.
    is_satellite: bool = "isSatellite",
    /// What is collected; never sent by this SDK.
    telemetry: Telemetry = "telemetry",
    /// The SDK that the app uses.
    sdk_metadata: SdkMetadata = "sdkMetadata",
}

impl ClerkOptions {
    /// These options of a window, as far as the app's options leave room for them: a window's own value holds for the window,
    /// except for the lists of allowed redirects, where the app's value wins.
    #[must_use]
    pub fn within(&self, app: &Self) -> Self {
        let mut merged = app.clone().overridden_by(self.clone());
        if app.allowed_redirect_origins.is_some() {
            merged.allowed_redirect_origins.clone_from(&app.allowed_redirect_origins);
        }
        if app.allowed_redirect_protocols.is_some() {
            merged.allowed_redirect_protocols.clone_from(&app.allowed_redirect_protocols);
        }
        merged
    }

    /// Checks the values: an unreadable expression would silently allow nothing.
    ///
    /// # Errors
    /// `option_invalid`.
    pub fn check(&self) -> Result<()> {
        for origin in self.allowed_redirect_origins.iter().flatten() {
            let RedirectOrigin::Regex { regex, flags } = origin else { continue };
            let unusable = |why: String| {
                Err(ErrorCode::OptionInvalid
                    .error(format!("allowedRedirectOrigins has an expression that can't be read: {why}")))
            };
            // Those that change what an expression means; `g` and `y` change how it is searched with.
            if let Some(flag) = flags.chars().find(|flag| !"imsuv".contains(*flag)) {
                return unusable(format!("there is no flag {flag:?} for it"));
            }
            if let Err(error) = regress::Regex::with_flags(regex, flags.as_str()) {
                return unusable(error.to_string());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn later_options_win_field_by_field() {
        let read = |json: Value| serde_json::from_value::<ClerkOptions>(json).unwrap();
        let merged =
            read(json!({ "signInUrl": "/a", "polling": false })).overridden_by(read(json!({ "signInUrl": "/b" })));
        assert_eq!(merged, read(json!({ "signInUrl": "/b", "polling": false })));
    }

    #[test]
    fn every_option_is_read_by_its_documented_name() {
        let origins = json!(["https://*.example.com", { "regex": "^https://x" }]);
        for key in ClerkOptions::KEYS {
            let value = match *key {
                "appearance" | "localization" | "taskUrls" => json!({}),
                "polling" | "standardBrowser" | "touchSession" | "isSatellite" => json!(true),
                "allowedRedirectOrigins" => origins.clone(),
                "allowedRedirectProtocols" => json!(["my-app:"]),
                "telemetry" => json!({ "disabled": true }),
                "sdkMetadata" => json!({ "name": "a", "version": "1" }),
                _ => json!("/x"),
            };
            let options: ClerkOptions = serde_json::from_value(json!({ *key: value })).unwrap();
            assert!(serde_json::to_value(&options).unwrap().get(key).is_some(), "{key}");
        }
    }
}
