//! Clerk's documented options. They come from the configuration, from [`Clerk::load`](crate::Clerk::load) and from
//! windows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error::{ErrorCode, Result},
    pattern::{Expression, LONGEST_PATTERN},
};

/// The most entries of a list.
const LONGEST_LIST: usize = 100;

/// The most characters of all regular expressions of a list.
const LONGEST_EXPRESSIONS: usize = 4_000;

/// An allowed origin for redirects.
///
/// Source: `ClerkOptions.allowedRedirectOrigins`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(untagged)]
#[non_exhaustive]
pub enum RedirectOrigin {
    /// An origin in which `*` matches any string, e.g. `https://*.example.com`.
    Pattern(String),
    /// A JavaScript regular expression, which is searched for in the origin in linear time. So it has no references to groups,
    /// no look-behind, and look-ahead only behind `^` and a fixed number of characters: `^https://(?!evil)`.
    Regex {
        /// The source of the expression.
        regex: String,
        /// The flags of the expression, e.g. `i`.
        #[serde(default)]
        flags: String,
    },
}

/// The SDK that the app uses; see `Clerk.sdkMetadata`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SdkMetadata {
    /// The name of the package.
    pub name: String,
    /// The version of the package.
    pub version: String,
    /// The build of the app: `development` or `production`.
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

/// Telemetry settings. This SDK never sends telemetry; the option exists for code that reads it.
///
/// Source: `ClerkOptions.telemetry`, `Clerk.telemetry`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub struct Telemetry {
    /// Whether telemetry is disabled.
    pub disabled: bool,
    /// Whether events are logged instead of sent.
    pub debug: bool,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { disabled: true, debug: false }
    }
}

macro_rules! options {
    ($( $(#[$meta:meta])* $name:ident : $type:ty = $key:literal ),* $(,)?) => {
        /// Clerk's options. All are optional, and every URL may be relative to the app.
        ///
        /// Source: `ClerkOptions` of Clerk's documentation. `routerPush`, `routerReplace` and `selectInitialSession`
        /// are functions, so they stay in the webview; for Rust see [`ClerkSetup`](crate::ClerkSetup).
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, specta::Type)]
        #[serde(rename_all = "camelCase", default)]
        pub struct ClerkOptions {
            $( $(#[$meta])* #[serde(skip_serializing_if = "Option::is_none")] #[specta(optional)] pub $name: Option<$type>, )*
        }

        impl ClerkOptions {
            /// The names of all options, as in configuration files and webviews.
            pub const KEYS: &[&str] = &[$( $key ),*];

            /// Returns these options, overridden by those set in `over`.
            #[must_use]
            pub fn overridden_by(self, over: Self) -> Self {
                Self { $( $name: over.$name.or(self.$name), )* }
            }
        }
    };
}

options! {
    /// The appearance of the prebuilt components; stored for them.
    appearance: Value = "appearance",
    /// The strings of the prebuilt components; stored for them.
    localization: Value = "localization",
    /// Whether to read the client from FAPI every five minutes. Default: `true`.
    polling: bool = "polling",
    /// Stored for the prebuilt components; a desktop app never uses Clerk's cookies.
    standard_browser: bool = "standardBrowser",
    /// The support address that the prebuilt components show.
    support_email: String = "supportEmail",
    /// Whether the session is touched when a window gets the focus. Default: `true`.
    touch_session: bool = "touchSession",
    /// The app's own sign-in page. Default: Clerk's hosted pages in the system browser.
    sign_in_url: String = "signInUrl",
    /// The app's own sign-up page.
    sign_up_url: String = "signUpUrl",
    /// Where to navigate after every sign-in.
    sign_in_force_redirect_url: String = "signInForceRedirectUrl",
    /// Where to navigate after every sign-up.
    sign_up_force_redirect_url: String = "signUpForceRedirectUrl",
    /// Where to navigate after a sign-in without another redirect URL.
    sign_in_fallback_redirect_url: String = "signInFallbackRedirectUrl",
    /// Where to navigate after a sign-up without another redirect URL.
    sign_up_fallback_redirect_url: String = "signUpFallbackRedirectUrl",
    /// Where to navigate after a sign-out. Default: `/`.
    after_sign_out_url: String = "afterSignOutUrl",
    /// Where to navigate after signing out of one of several sessions.
    after_multi_session_single_sign_out_url: String = "afterMultiSessionSingleSignOutUrl",
    /// The waitlist page.
    waitlist_url: String = "waitlistUrl",
    /// Where to navigate after a new subscription.
    new_subscription_redirect_url: String = "newSubscriptionRedirectUrl",
    /// The pages for the tasks of a pending session, by task key.
    task_urls: BTreeMap<String, String> = "taskUrls",
    /// Allowed origins for redirects. If missing or empty: the app's own origin, those of the instance's domain, and
    /// FAPI's on development instances.
    allowed_redirect_origins: Vec<RedirectOrigin> = "allowedRedirectOrigins",
    /// The app's own deep-link schemes that may be navigated to, besides http and https, e.g. `my-app:`.
    allowed_redirect_protocols: Vec<String> = "allowedRedirectProtocols",
    /// Whether the app is a satellite of another domain.
    is_satellite: bool = "isSatellite",
    /// Telemetry settings; this SDK never sends telemetry.
    telemetry: Telemetry = "telemetry",
    /// The SDK that the app uses.
    sdk_metadata: SdkMetadata = "sdkMetadata",
}

impl ClerkOptions {
    /// Returns these options of a window, restricted by the app's options: a window's own value applies to that window,
    /// except for the lists of allowed redirects, where the app's value takes precedence.
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

    /// Checks the values. An invalid expression would otherwise silently allow nothing.
    ///
    /// # Errors
    /// `option_invalid`.
    pub fn check(&self) -> Result<()> {
        let invalid = |why: String| Err(ErrorCode::OptionInvalid.error(why));
        let lengths = [
            ("allowedRedirectOrigins", self.allowed_redirect_origins.as_ref().map(Vec::len)),
            ("allowedRedirectProtocols", self.allowed_redirect_protocols.as_ref().map(Vec::len)),
            ("taskUrls", self.task_urls.as_ref().map(BTreeMap::len)),
        ];
        if let Some((name, _)) = lengths.iter().find(|(_, length)| length.is_some_and(|length| length > LONGEST_LIST)) {
            return invalid(format!("{name} has more than {LONGEST_LIST} entries"));
        }
        // Compiling an expression takes longer the longer it is, and each check of a redirect compiles all of them.
        let expressions = self.allowed_redirect_origins.iter().flatten().map(|origin| match origin {
            RedirectOrigin::Regex { regex, .. } => regex.len(),
            RedirectOrigin::Pattern(_) => 0,
        });
        if expressions.sum::<usize>() > LONGEST_EXPRESSIONS {
            return invalid(format!(
                "allowedRedirectOrigins contains regular expressions of more than {LONGEST_EXPRESSIONS} characters in total"
            ));
        }
        for origin in self.allowed_redirect_origins.iter().flatten() {
            match origin {
                RedirectOrigin::Pattern(pattern) if pattern.len() > LONGEST_PATTERN => {
                    return invalid(format!(
                        "allowedRedirectOrigins contains a pattern of more than {LONGEST_PATTERN} characters"
                    ));
                }
                RedirectOrigin::Pattern(_) => {}
                RedirectOrigin::Regex { regex, flags } => {
                    if let Err(why) = Expression::new(regex, flags) {
                        return invalid(format!(
                            "allowedRedirectOrigins contains a regular expression that can't be used: {why}"
                        ));
                    }
                }
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
    fn overridden_by_merges_field_by_field() {
        let read = |json: Value| serde_json::from_value::<ClerkOptions>(json).unwrap();
        let merged =
            read(json!({ "signInUrl": "/a", "polling": false })).overridden_by(read(json!({ "signInUrl": "/b" })));
        assert_eq!(merged, read(json!({ "signInUrl": "/b", "polling": false })));
    }

    #[test]
    fn clerk_options_use_the_documented_names() {
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

    #[test]
    fn check_limits_the_regular_expressions_of_a_list() {
        let check = |length: usize, count: usize| {
            let regex = RedirectOrigin::Regex { regex: "a".repeat(length), flags: String::new() };
            ClerkOptions { allowed_redirect_origins: Some(vec![regex; count]), ..ClerkOptions::default() }.check()
        };
        assert!(check(1_000, 4).is_ok() && check(40, 100).is_ok());
        for (length, count) in [(1_000, 5), (41, 100)] {
            assert_eq!(check(length, count).unwrap_err().code(), "option_invalid");
        }
    }
}
