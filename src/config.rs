//! `plugins.clerk` of `tauri.conf.json`, and how it merges with what the app says in code.

use serde::Deserialize;

use crate::{
    core::{CallbackUrl, RedirectOptions},
    error::{ErrorCode, Result},
    fapi::InstanceOptions,
};

/// The section `plugins.clerk` of `tauri.conf.json`. Everything is optional; a key that is not listed here stops the
/// app at its start, so that a typo is not taken for a default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// Publishable key, from the API keys page of Clerk's dashboard.
    pub publishable_key: Option<String>,
    /// Absolute http(s) URL of a proxy in front of FAPI.
    pub proxy_url: Option<String>,
    /// Domain of a production instance, when it is not the one of the key.
    pub domain: Option<String>,
    /// Where browser flows come back to; `<scheme>://callback` by default, with the first scheme of
    /// `plugins.deep-link.desktop.schemes`.
    pub redirect_url: Option<String>,
    /// Where the app's own sign-in is.
    pub sign_in_url: Option<String>,
    /// Where the app's own sign-up is.
    pub sign_up_url: Option<String>,
    /// Where to go after every sign-in.
    pub sign_in_force_redirect_url: Option<String>,
    /// Where to go after every sign-up.
    pub sign_up_force_redirect_url: Option<String>,
    /// Where to go after a sign-in when nothing else says so.
    pub sign_in_fallback_redirect_url: Option<String>,
    /// Where to go after a sign-up when nothing else says so.
    pub sign_up_fallback_redirect_url: Option<String>,
}

impl Config {
    /// This configuration with the values that `over` gives in place of its own.
    #[must_use]
    pub fn overridden_by(self, over: Self) -> Self {
        Self {
            publishable_key: over.publishable_key.or(self.publishable_key),
            proxy_url: over.proxy_url.or(self.proxy_url),
            domain: over.domain.or(self.domain),
            redirect_url: over.redirect_url.or(self.redirect_url),
            sign_in_url: over.sign_in_url.or(self.sign_in_url),
            sign_up_url: over.sign_up_url.or(self.sign_up_url),
            sign_in_force_redirect_url: over.sign_in_force_redirect_url.or(self.sign_in_force_redirect_url),
            sign_up_force_redirect_url: over.sign_up_force_redirect_url.or(self.sign_up_force_redirect_url),
            sign_in_fallback_redirect_url: over.sign_in_fallback_redirect_url.or(self.sign_in_fallback_redirect_url),
            sign_up_fallback_redirect_url: over.sign_up_fallback_redirect_url.or(self.sign_up_fallback_redirect_url),
        }
    }

    pub(crate) fn instance(&self) -> InstanceOptions {
        InstanceOptions {
            publishable_key: self.publishable_key.clone(),
            proxy_url: self.proxy_url.clone(),
            domain: self.domain.clone(),
        }
    }

    pub(crate) fn redirects(&self) -> RedirectOptions {
        RedirectOptions {
            sign_in_url: self.sign_in_url.clone(),
            sign_up_url: self.sign_up_url.clone(),
            sign_in_force_redirect_url: self.sign_in_force_redirect_url.clone(),
            sign_up_force_redirect_url: self.sign_up_force_redirect_url.clone(),
            sign_in_fallback_redirect_url: self.sign_in_fallback_redirect_url.clone(),
            sign_up_fallback_redirect_url: self.sign_up_fallback_redirect_url.clone(),
        }
    }

    /// The callback URL: `redirect_url`, or the one for the app's first deep-link scheme.
    pub(crate) fn callback(&self, schemes: &[String]) -> Result<CallbackUrl> {
        match (&self.redirect_url, schemes.first()) {
            (Some(url), _) => CallbackUrl::parse(url),
            (None, Some(scheme)) => CallbackUrl::for_scheme(scheme),
            (None, None) => Err(ErrorCode::RedirectUrlInvalid
                .error("the app has no deep-link scheme: add plugins.deep-link.desktop.schemes to tauri.conf.json")),
        }
    }
}

/// The schemes of `plugins.deep-link.desktop` in `tauri.conf.json`: one protocol or a list of them.
pub(crate) fn deep_link_schemes(deep_link: Option<&serde_json::Value>) -> Vec<String> {
    let desktop = deep_link.map(|config| &config["desktop"]);
    let protocols = match desktop {
        Some(serde_json::Value::Array(protocols)) => protocols.iter().collect(),
        Some(protocol) => vec![protocol],
        None => Vec::new(),
    };
    let schemes = protocols.into_iter().filter_map(|protocol| protocol["schemes"].as_array()).flatten();
    schemes.filter_map(|scheme| scheme.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_typo_is_an_error_that_names_the_valid_keys() {
        let error = serde_json::from_value::<Config>(json!({ "publishableKy": "x" })).unwrap_err().to_string();
        assert!(error.contains("publishableKy") && error.contains("publishableKey"), "{error}");
    }

    #[test]
    fn code_wins_over_the_file() {
        let file: Config = serde_json::from_value(json!({ "publishableKey": "file", "proxyUrl": "file" })).unwrap();
        let code = Config { publishable_key: Some("code".into()), ..Config::default() };
        let merged = file.overridden_by(code);
        assert_eq!((merged.publishable_key.as_deref(), merged.proxy_url.as_deref()), (Some("code"), Some("file")));
    }

    #[test]
    fn the_callback_comes_from_the_scheme_unless_it_is_given() {
        let one = json!({ "desktop": { "schemes": ["my-app", "other"] } });
        let list = json!({ "desktop": [{ "schemes": ["my-app"] }, { "schemes": ["other"] }] });
        for deep_link in [&one, &list] {
            let schemes = deep_link_schemes(Some(deep_link));
            assert_eq!(schemes, ["my-app", "other"]);
            assert_eq!(Config::default().callback(&schemes).unwrap().as_str(), "my-app://callback");
        }
        let given = Config { redirect_url: Some("other://signed-in/back".into()), ..Config::default() };
        assert_eq!(given.callback(&[]).unwrap().as_str(), "other://signed-in/back");
        for nothing in [None, Some(&json!({})), Some(&json!({ "desktop": 7 }))] {
            assert_eq!(
                Config::default().callback(&deep_link_schemes(nothing)).unwrap_err().code(),
                "redirect_url_invalid"
            );
        }
    }
}
