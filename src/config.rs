//! `plugins.clerk` in `tauri.conf.json`, and how settings from code override it.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    callback::CallbackTransport,
    core::{ClerkOptions, InstanceOptions},
    timeouts::{self, Timeouts},
};

/// Name of the plugin, as used for its section in `tauri.conf.json`, its permissions and its commands.
pub(crate) const PLUGIN_NAME: &str = "clerk";

/// The section `plugins.clerk` of `tauri.conf.json`. All keys are optional. An unknown key is an error when the app starts,
/// so that a typo does not go unnoticed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
#[non_exhaustive]
pub struct Config {
    /// Publishable key, from the API keys page of Clerk's dashboard.
    pub publishable_key: Option<String>,
    /// Absolute http(s) URL of a proxy in front of FAPI.
    pub proxy_url: Option<String>,
    /// Domain of a production instance. Default: the one in the key.
    pub domain: Option<String>,
    /// Callback URL of browser flows. Default: `<scheme>://callback`, with the first scheme of
    /// `plugins.deep-link.desktop.schemes`, or [`DEFAULT_LOOPBACK_URL`](crate::DEFAULT_LOOPBACK_URL).
    pub redirect_url: Option<String>,
    /// How browser flows return to the app.
    pub transport: Option<CallbackTransport>,
    /// URLs of the app's own backends, e.g. `https://api.example.com/v1/`. Requests of `fetch` with the session token may go there and
    /// to what is below them.
    pub backends: Option<Vec<String>>,
    /// `browserTimeout`, `requestTimeout` and `storageTimeout`, in milliseconds.
    pub timeouts: Timeouts,
    /// Clerk's options, under their documented names: `signInUrl`, `afterSignOutUrl`, ….
    pub options: ClerkOptions,
}

const OWN_KEYS: [&str; 6] = ["publishableKey", "proxyUrl", "domain", "redirectUrl", "backends", "transport"];

impl TryFrom<Map<String, Value>> for Config {
    type Error = String;

    fn try_from(mut section: Map<String, Value>) -> Result<Self, String> {
        let known =
            |key: &str| OWN_KEYS.contains(&key) || timeouts::KEYS.contains(&key) || ClerkOptions::KEYS.contains(&key);
        if let Some(unknown) = section.keys().find(|key| !known(key)) {
            let keys = OWN_KEYS
                .iter()
                .chain(&timeouts::KEYS)
                .chain(ClerkOptions::KEYS)
                .copied()
                .collect::<Vec<_>>()
                .join(", ");
            return Err(format!(
                "plugins.clerk in tauri.conf.json has an unknown key: {unknown}; valid keys are {keys}"
            ));
        }
        let mut string = |key: &str| match section.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(value)) => Ok(Some(value)),
            Some(_) => Err(format!("plugins.clerk.{key} in tauri.conf.json must be a string")),
        };
        let [publishable_key, proxy_url, domain, redirect_url] =
            [string(OWN_KEYS[0])?, string(OWN_KEYS[1])?, string(OWN_KEYS[2])?, string(OWN_KEYS[3])?];
        let backends = match section.remove(OWN_KEYS[4]) {
            None => None,
            Some(value) => serde_json::from_value(value)
                .map_err(|_| "plugins.clerk.backends in tauri.conf.json must be a list of URLs".to_owned())?,
        };
        let transport = match section.remove(OWN_KEYS[5]) {
            None => None,
            Some(value) => serde_json::from_value(value).map_err(|_| {
                "plugins.clerk.transport in tauri.conf.json must be \"auto\", \"deep-link\" or \"loopback\"".to_owned()
            })?,
        };
        let timeouts = Timeouts::take(&mut section)?;
        let options = serde_json::from_value(Value::Object(section))
            .map_err(|error| format!("plugins.clerk in tauri.conf.json is invalid: {error}"))?;
        Ok(Self { publishable_key, proxy_url, domain, redirect_url, transport, backends, timeouts, options })
    }
}

impl Config {
    /// Returns this configuration with the values of `over` in place of its own.
    #[must_use]
    pub fn overridden_by(self, over: Self) -> Self {
        Self {
            publishable_key: over.publishable_key.or(self.publishable_key),
            proxy_url: over.proxy_url.or(self.proxy_url),
            domain: over.domain.or(self.domain),
            redirect_url: over.redirect_url.or(self.redirect_url),
            transport: over.transport.or(self.transport),
            backends: over.backends.or(self.backends),
            timeouts: self.timeouts.overridden_by(over.timeouts),
            options: self.options.overridden_by(over.options),
        }
    }

    pub(crate) fn instance(&self) -> InstanceOptions {
        InstanceOptions {
            publishable_key: self.publishable_key.clone(),
            proxy_url: self.proxy_url.clone(),
            domain: self.domain.clone(),
        }
    }
}

/// Returns the schemes of `plugins.deep-link.desktop` in `tauri.conf.json`, which is one protocol or a list of them, in lower case,
/// which they have in every link.
pub(crate) fn deep_link_schemes(deep_link: Option<&Value>) -> Vec<String> {
    let desktop = deep_link.map(|config| &config["desktop"]);
    let protocols = match desktop {
        Some(Value::Array(protocols)) => protocols.iter().collect(),
        Some(protocol) => vec![protocol],
        None => Vec::new(),
    };
    let schemes = protocols.into_iter().filter_map(|protocol| protocol["schemes"].as_array()).flatten();
    schemes.filter_map(|scheme| scheme.as_str().map(str::to_ascii_lowercase)).collect()
}

/// Returns the section `plugins.deep-link` with its schemes in lower case: tauri-plugin-deep-link compares them with those of links as
/// they are written.
pub(crate) fn with_lower_case_schemes(mut deep_link: Value) -> Value {
    let protocols = match deep_link.get_mut("desktop") {
        Some(Value::Array(protocols)) => protocols.iter_mut().collect(),
        Some(protocol) => vec![protocol],
        None => Vec::new(),
    };
    let schemes = protocols.into_iter().filter_map(|protocol| protocol.get_mut("schemes")?.as_array_mut()).flatten();
    for scheme in schemes {
        if let Value::String(scheme) = scheme {
            scheme.make_ascii_lowercase();
        }
    }
    deep_link
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn config_rejects_unknown_key_and_names_valid_keys() {
        let error = serde_json::from_value::<Config>(json!({ "publishableKy": "x" })).unwrap_err().to_string();
        assert!(error.contains("publishableKy") && error.contains("publishableKey"), "{error}");
        for bad in [json!({ "publishableKey": 7 }), json!({ "polling": "yes" })] {
            assert!(serde_json::from_value::<Config>(bad).is_err());
        }
    }

    #[test]
    fn overridden_by_prefers_values_from_code() {
        let file: Config =
            serde_json::from_value(json!({ "publishableKey": "file", "proxyUrl": "file", "signInUrl": "/in" }))
                .unwrap();
        assert_eq!(file.options.sign_in_url.as_deref(), Some("/in"));
        let code = Config { publishable_key: Some("code".into()), ..Config::default() };
        let merged = file.overridden_by(code);
        assert_eq!((merged.publishable_key.as_deref(), merged.proxy_url.as_deref()), (Some("code"), Some("file")));
    }

    #[test]
    fn backends_are_a_list_and_that_of_the_code_comes_first() {
        let read = |json: Value| serde_json::from_value::<Config>(json!({ "backends": json }));
        let file = read(json!(["https://api.example.com/v1/"])).unwrap();
        assert_eq!(file.backends.as_deref(), Some(&["https://api.example.com/v1/".to_owned()][..]));
        let code = Config { backends: Some(Vec::new()), ..Config::default() };
        assert_eq!(file.clone().overridden_by(code).backends, Some(Vec::new()));
        assert_eq!(file.clone().overridden_by(Config::default()), file);
        for bad in [json!("https://api.example.com/v1/"), json!([7]), json!({})] {
            assert!(read(bad).unwrap_err().to_string().contains("backends"));
        }
        assert_eq!(read(Value::Null).unwrap().backends, None);
    }

    #[test]
    fn deep_link_schemes_are_read_in_lower_case() {
        let one = json!({ "desktop": { "schemes": ["my-app", "other"] } });
        let list = json!({ "desktop": [{ "schemes": ["my-app"] }, { "schemes": ["other"] }] });
        for deep_link in [&one, &list] {
            assert_eq!(deep_link_schemes(Some(deep_link)), ["my-app", "other"]);
        }
        let written = json!({ "desktop": { "schemes": ["MyApp"] } });
        assert_eq!(deep_link_schemes(Some(&written)), ["myapp"]);
        let upper = with_lower_case_schemes(json!({ "desktop": [{ "schemes": ["MyApp", 7] }], "mobile": ["Kept"] }));
        assert_eq!(upper, json!({ "desktop": [{ "schemes": ["myapp", 7] }], "mobile": ["Kept"] }));
        for other in [Value::Null, json!({}), json!({ "desktop": 7 }), json!({ "desktop": { "schemes": 7 } })] {
            assert_eq!(with_lower_case_schemes(other.clone()), other);
        }
        for missing in [None, Some(&json!({})), Some(&json!({ "desktop": 7 }))] {
            assert!(deep_link_schemes(missing).is_empty());
        }
    }

    #[test]
    fn transport_is_one_of_three_and_that_of_the_code_comes_first() {
        let read = |json: Value| serde_json::from_value::<Config>(json!({ "transport": json }));
        for (text, transport) in [
            ("auto", CallbackTransport::Auto),
            ("deep-link", CallbackTransport::DeepLink),
            ("loopback", CallbackTransport::Loopback),
        ] {
            assert_eq!(read(json!(text)).unwrap().transport, Some(transport));
        }
        for bad in [json!("pigeon"), json!(7), json!("")] {
            assert!(read(bad).unwrap_err().to_string().contains("transport"));
        }
        let code = Config { transport: Some(CallbackTransport::DeepLink), ..Config::default() };
        let file = read(json!("loopback")).unwrap();
        assert_eq!(file.clone().overridden_by(code).transport, Some(CallbackTransport::DeepLink));
        assert_eq!(file.clone().overridden_by(Config::default()), file);
    }
}
