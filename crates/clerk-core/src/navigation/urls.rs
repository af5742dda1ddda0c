//! Builds URLs as Clerk's SDKs do, and decides which redirects are allowed.
//!
//! `guest-js/urls.ts` does the same; both are tested against `tests/vectors/urls.json`.

use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};

use crate::{
    case::snake_case,
    fapi::InstanceType,
    flows::attempt::AttemptKind,
    models::{DisplayConfig, SessionTask},
    options::{ClerkOptions, RedirectOrigin},
    pattern::{Expression, glob},
};

/// Options of [`Clerk::build_sign_in_url`](crate::Clerk::build_sign_in_url) and similar methods.
///
/// Source: `RedirectOptions` of Clerk's documentation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub struct RedirectOptions {
    /// Where to return to. Default: the current page of the app.
    pub redirect_url: Option<String>,
    /// Where to navigate after every sign-in.
    pub sign_in_force_redirect_url: Option<String>,
    /// Where to navigate after a sign-in without another redirect URL.
    pub sign_in_fallback_redirect_url: Option<String>,
    /// Where to navigate after every sign-up.
    pub sign_up_force_redirect_url: Option<String>,
    /// Where to navigate after a sign-up without another redirect URL.
    pub sign_up_fallback_redirect_url: Option<String>,
    /// Initial values of the form, e.g. `emailAddress`.
    pub initial_values: Vec<(String, String)>,
}

/// The input from which URLs are built.
#[derive(Debug, Clone)]
pub(crate) struct Urls<'a> {
    /// The URL of the current page; relative URLs are resolved against it.
    pub(crate) here: &'a Url,
    pub(crate) options: &'a ClerkOptions,
    /// `None` until the environment is loaded.
    pub(crate) display: Option<&'a DisplayConfig>,
    pub(crate) instance_type: InstanceType,
    /// The host of FAPI; empty until it is known.
    pub(crate) frontend_api: &'a str,
    pub(crate) loaded: bool,
}

/// Returns the value unless it is missing or empty.
pub(crate) fn non_empty(url: &Option<String>) -> Option<&str> {
    url.as_deref().filter(|url| !url.is_empty())
}

/// Whether scheme, host and port are equal. Used because `Url::origin` treats the custom schemes of apps as opaque.
pub(crate) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

/// Returns the path, query and fragment. Two leading slashes would be read as another host, so they are collapsed.
pub(crate) fn path_of(url: &Url) -> String {
    let query = url.query().filter(|query| !query.is_empty()).map(|query| format!("?{query}")).unwrap_or_default();
    let fragment = url.fragment().filter(|text| !text.is_empty()).map(|text| format!("#{text}")).unwrap_or_default();
    format!("/{}{query}{fragment}", url.path().trim_start_matches(['/', '\\']))
}

/// Returns the origin as a string, e.g. `https://example.com:8080`.
pub(crate) fn origin(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// Appends `path` to the path inside the fragment of `base` and sets `params` there: `/sign-in` and `factor-one` become
/// `/sign-in#/factor-one`. Accepts relative and absolute URLs.
pub(crate) fn with_hash(base: &str, path: &str, params: &[(String, String)]) -> String {
    let path = path.trim_start_matches('/');
    if path.is_empty() && params.is_empty() {
        return base.to_owned();
    }
    let (base, fragment) = base.split_once('#').unwrap_or((base, ""));
    let (hash_path, hash_query) = fragment.split_once('?').unwrap_or((fragment, ""));
    let mut query: Vec<(String, String)> = form_urlencoded::parse(hash_query.as_bytes()).into_owned().collect();
    for (key, value) in params {
        match query.iter_mut().find(|(known, _)| known == key) {
            Some(known) => value.clone_into(&mut known.1),
            None => query.push((key.clone(), value.clone())),
        }
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let question = if query.is_empty() { "" } else { "?" };
    format!("{base}#{}/{path}{question}{query}", hash_path.trim_end_matches('/'))
}

impl<'a> Urls<'a> {
    /// Parses a URL that may be relative to the page.
    fn absolute(&self, url: &str) -> Option<Url> {
        self.here.join(url).ok()
    }

    /// Parses a URL that may be relative to the app.
    fn on_origin(&self, url: &str) -> Option<Url> {
        Url::parse(url).ok().or_else(|| Url::parse(&format!("{}/", origin(self.here))).ok()?.join(url).ok())
    }

    /// Returns `to` in the form to navigate to: absolute in development, unchanged in production. A desktop app has no
    /// development browser whose token would have to be added.
    pub(crate) fn with_auth(&self, to: &str) -> String {
        match self.instance_type {
            InstanceType::Production => to.to_owned(),
            InstanceType::Development => self.on_origin(to).map_or_else(String::new, String::from),
        }
    }

    fn displayed(&self, url: impl FnOnce(&'a DisplayConfig) -> &'a str) -> String {
        self.display.map(|display| self.with_auth(url(display))).unwrap_or_default()
    }

    pub(crate) fn home(&self) -> String {
        self.displayed(|display| &display.home_url)
    }

    pub(crate) fn user_profile(&self) -> String {
        self.displayed(|display| &display.user_profile_url)
    }

    pub(crate) fn create_organization(&self) -> String {
        self.displayed(|display| &display.create_organization_url)
    }

    pub(crate) fn organization_profile(&self) -> String {
        self.displayed(|display| &display.organization_profile_url)
    }

    /// Whether sign-in and sign-up share one page of the app.
    fn is_combined_flow(&self) -> bool {
        let relative = non_empty(&self.options.sign_in_url).is_some_and(|url| Url::parse(url).is_err());
        relative && non_empty(&self.options.sign_up_url).is_none()
    }

    pub(crate) fn sign_in(&self, redirect: &RedirectOptions) -> String {
        self.authentication(non_empty(&self.options.sign_in_url), |display| &display.sign_in_url, "", redirect)
    }

    pub(crate) fn sign_up(&self, redirect: &RedirectOptions) -> String {
        let combined = self.is_combined_flow();
        let option = if combined { &self.options.sign_in_url } else { &self.options.sign_up_url };
        let path = if combined { "create" } else { "" };
        self.authentication(non_empty(option), |display| &display.sign_up_url, path, redirect)
    }

    fn authentication(
        &self,
        option: Option<&str>,
        displayed: impl FnOnce(&'a DisplayConfig) -> &'a str,
        path: &str,
        redirect: &RedirectOptions,
    ) -> String {
        let (Some(display), true) = (self.display, self.loaded) else { return String::new() };
        let base = option.unwrap_or_else(|| displayed(display));
        let Some(base) = self.absolute(base) else { return String::new() };
        let redirect_url = non_empty(&redirect.redirect_url).unwrap_or(self.here.as_str());
        let mut params: Vec<_> =
            redirect.initial_values.iter().map(|(key, value)| (snake_case(key), value.clone())).collect();
        params.extend(self.redirect_params(redirect, redirect_url));
        self.with_auth(&with_hash(base.as_str(), path, &params))
    }

    /// Returns the redirect URLs that a sign-in page receives as parameters.
    fn redirect_params(&self, redirect: &RedirectOptions, redirect_url: &str) -> Vec<(String, String)> {
        let pick = |prop: &Option<String>, option: &Option<String>| {
            [prop, option].into_iter().filter_map(non_empty).find_map(|url| self.allowed_redirect(url))
        };
        let sign_in_force = pick(&redirect.sign_in_force_redirect_url, &self.options.sign_in_force_redirect_url);
        let sign_up_force = pick(&redirect.sign_up_force_redirect_url, &self.options.sign_up_force_redirect_url);
        let sign_in_fallback =
            pick(&redirect.sign_in_fallback_redirect_url, &self.options.sign_in_fallback_redirect_url)
                .filter(|_| sign_in_force.is_none());
        let sign_up_fallback =
            pick(&redirect.sign_up_fallback_redirect_url, &self.options.sign_up_fallback_redirect_url)
                .filter(|_| sign_up_force.is_none());
        [
            ("sign_in_force_redirect_url", sign_in_force),
            ("sign_in_fallback_redirect_url", sign_in_fallback),
            ("sign_up_force_redirect_url", sign_up_force),
            ("sign_up_fallback_redirect_url", sign_up_fallback),
            ("redirect_url", self.allowed_redirect(redirect_url)),
        ]
        .into_iter()
        .filter_map(|(key, url)| Some((key.to_owned(), url?.into())))
        .collect()
    }

    /// Returns where to navigate after an authentication: the forced URL, else the `redirect_url` of `search`, else the
    /// fallback, else `/`. `search` are query parameters, `redirect` the options of a call.
    pub(crate) fn after(&self, after: AttemptKind, redirect: &RedirectOptions, search: &[(String, String)]) -> String {
        let (force, fallback, names) = match after {
            AttemptKind::SignIn => (
                [&redirect.sign_in_force_redirect_url, &self.options.sign_in_force_redirect_url],
                [&redirect.sign_in_fallback_redirect_url, &self.options.sign_in_fallback_redirect_url],
                ["sign_in_force_redirect_url", "sign_in_fallback_redirect_url"],
            ),
            AttemptKind::SignUp => (
                [&redirect.sign_up_force_redirect_url, &self.options.sign_up_force_redirect_url],
                [&redirect.sign_up_fallback_redirect_url, &self.options.sign_up_fallback_redirect_url],
                ["sign_up_force_redirect_url", "sign_up_fallback_redirect_url"],
            ),
        };
        let [force_name, fallback_name] = names;
        let searched =
            |name: &str| search.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| &**value);
        let candidates = [searched(force_name)]
            .into_iter()
            .chain(force.map(non_empty))
            .chain([searched("redirect_url"), searched(fallback_name)])
            .chain(fallback.map(non_empty));
        candidates.flatten().find_map(|url| self.allowed_redirect(url)).map_or_else(|| "/".to_owned(), String::from)
    }

    pub(crate) fn after_sign_in(&self, search: &[(String, String)]) -> String {
        self.with_auth(&self.after(AttemptKind::SignIn, &RedirectOptions::default(), search))
    }

    pub(crate) fn after_sign_up(&self, search: &[(String, String)]) -> String {
        self.with_auth(&self.after(AttemptKind::SignUp, &RedirectOptions::default(), search))
    }

    pub(crate) fn after_sign_out(&self) -> String {
        non_empty(&self.options.after_sign_out_url).map_or_else(|| "/".to_owned(), |url| self.with_auth(url))
    }

    pub(crate) fn new_subscription_redirect(&self) -> String {
        let own = non_empty(&self.options.new_subscription_redirect_url);
        own.map_or_else(|| self.after_sign_in(&[]), str::to_owned)
    }

    pub(crate) fn after_multi_session_single_sign_out(&self) -> String {
        let Some(display) = self.display else { return String::new() };
        let option = non_empty(&self.options.after_multi_session_single_sign_out_url);
        match (option, non_empty(&self.options.sign_in_url).and_then(|url| self.absolute(url))) {
            (Some(url), _) => self.with_auth(url),
            (None, Some(sign_in)) => self.with_auth(&with_hash(sign_in.as_str(), "choose", &[])),
            (None, None) => self.with_auth(&display.after_sign_out_one_url),
        }
    }

    pub(crate) fn waitlist(&self, initial_values: &[(String, String)]) -> String {
        let Some(display) = self.display else { return String::new() };
        let params: Vec<_> = initial_values.iter().map(|(key, value)| (snake_case(key), value.clone())).collect();
        let base = self.absolute(non_empty(&self.options.waitlist_url).unwrap_or(&display.waitlist_url));
        base.map(|base| with_hash(base.as_str(), "", &params)).unwrap_or_default()
    }

    /// Returns the app's sign-in page.
    pub(crate) fn own_sign_in(&self) -> Option<&str> {
        non_empty(&self.options.sign_in_url)
    }

    /// Returns the app's sign-up page, which may be a step of its sign-in page.
    pub(crate) fn own_sign_up(&self) -> Option<String> {
        if self.is_combined_flow() {
            return self.own_sign_in().map(|page| with_hash(page, "create", &[]));
        }
        non_empty(&self.options.sign_up_url).map(str::to_owned)
    }

    /// Returns the app's own page for a task.
    pub(crate) fn own_task_page(&self, task: &SessionTask) -> Option<&str> {
        self.options.task_urls.as_ref()?.get(&task.key).map(String::as_str).filter(|url| !url.is_empty())
    }

    /// Returns the page for a task: the app's own, or one below `base`, if there is one.
    pub(crate) fn task_on(&self, task: &SessionTask, base: Option<&str>) -> Option<String> {
        let below = || base.map(|base| with_hash(base, &format!("tasks/{}", task.key), &[]));
        self.own_task_page(task).map(str::to_owned).or_else(below)
    }

    /// Returns the page for a task of a pending session; empty without a task.
    pub(crate) fn task(&self, task: Option<&SessionTask>, redirect: &RedirectOptions) -> String {
        let Some(task) = task else { return String::new() };
        match self.own_task_page(task) {
            Some(url) => url.to_owned(),
            None => with_hash(&self.sign_in(redirect), &format!("tasks/{}", task.key), &[]),
        }
    }

    /// Returns the absolute URL if a redirect to it is allowed: to the app itself, or to an allowed origin.
    pub(crate) fn allowed_redirect(&self, url: &str) -> Option<Url> {
        let target = self.on_origin(url)?;
        let dangerous = target.scheme() == "javascript"
            || target.path().starts_with("//")
            || target.path().chars().any(char::is_control);
        if !dangerous && (same_origin(&target, self.here) || self.is_listed_origin(&origin(&target))) {
            return Some(target);
        }
        tracing::warn!(
            code = "redirect_not_allowed",
            "a redirect to {}:// is not allowed and was replaced by the default; see allowedRedirectOrigins",
            target.scheme()
        );
        None
    }

    /// Whether an origin is on the app's list, or on the default list if the app has none.
    pub(crate) fn is_listed_origin(&self, wanted: &str) -> bool {
        match self.options.allowed_redirect_origins.as_deref() {
            Some(list) if !list.is_empty() => list.iter().any(|entry| entry.matches(wanted)),
            _ => {
                // Only a leading label: `my-clerk.example.com` is not a subdomain of `my-example.com`.
                let domain = self.frontend_api.strip_prefix("clerk.").unwrap_or(self.frontend_api);
                let of_domain = !domain.is_empty()
                    && (wanted == format!("https://{domain}") || glob(&format!("https://*.{domain}"), wanted));
                let is_fapi = self.instance_type == InstanceType::Development
                    && wanted == format!("https://{}", self.frontend_api);
                of_domain || is_fapi
            }
        }
    }

    /// Returns a URL as the app's router expects it: pages of the app as paths only.
    pub(crate) fn in_app(&self, to: &str) -> String {
        match self.absolute(to) {
            Some(url) if same_origin(&url, self.here) => path_of(&url),
            _ => to.to_owned(),
        }
    }
}

impl RedirectOrigin {
    fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Pattern(pattern) => glob(pattern.trim_end_matches('/'), origin),
            // Invalid expressions were reported when the options were set.
            Self::Regex { regex, flags } => {
                Expression::new(regex, flags).is_ok_and(|expression| expression.is_match(origin))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn default_origins_are_those_of_the_domain_and_not_of_another_one() {
        let here: Url = "tauri://localhost/".parse().unwrap();
        for (frontend_api, url, expected) in [
            ("clerk.example.com", "https://example.com/x", true),
            ("clerk.example.com", "https://app.example.com/x", true),
            ("my-clerk.example.com", "https://my-example.com/x", false),
            ("my-clerk.example.com", "https://evil.my-example.com/x", false),
        ] {
            let urls = Urls {
                here: &here,
                options: &ClerkOptions::default(),
                display: None,
                instance_type: InstanceType::Production,
                frontend_api,
                loaded: true,
            };
            assert_eq!(urls.allowed_redirect(url).is_some(), expected, "{frontend_api} {url}");
        }
    }

    /// `tests/vectors/urls.json` lists the expected URL for each page, options and call. TypeScript is tested against
    /// it too.
    #[test]
    fn the_vectors() {
        let vectors: Vec<Value> = serde_json::from_str(include_str!("../../../../tests/vectors/urls.json")).unwrap();
        assert!(vectors.len() > 60);
        for vector in &vectors {
            let here: Url = vector["here"].as_str().unwrap().parse().unwrap();
            let options: ClerkOptions = serde_json::from_value(vector["options"].clone()).unwrap();
            let display = display(&vector["display"]);
            let urls = Urls {
                here: &here,
                options: &options,
                display: display.as_ref(),
                instance_type: if vector["production"] == true {
                    InstanceType::Production
                } else {
                    InstanceType::Development
                },
                frontend_api: "clerk.example.test",
                loaded: vector["loaded"] != false,
            };
            assert_eq!(run(&urls, &vector["call"]), vector["result"], "{vector}");
        }
    }

    fn display(json: &Value) -> Option<DisplayConfig> {
        use crate::fapi::wire::Wire;

        DisplayConfig::read(json)
    }

    fn pairs(json: &Value) -> Vec<(String, String)> {
        let object = json.as_object().into_iter().flatten();
        object.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
    }

    fn run(urls: &Urls<'_>, call: &Value) -> Value {
        let argument = &call[1];
        let redirect = || {
            let mut options = argument.as_object().cloned().unwrap_or_default();
            let initial_values = options.remove("initialValues").map(|values| pairs(&values)).unwrap_or_default();
            let options: RedirectOptions = serde_json::from_value(Value::Object(options)).unwrap();
            RedirectOptions { initial_values, ..options }
        };
        let text = argument.as_str().unwrap_or_default();
        json!(match call[0].as_str().unwrap() {
            "buildSignInUrl" => urls.sign_in(&redirect()),
            "buildSignUpUrl" => urls.sign_up(&redirect()),
            "buildUserProfileUrl" => urls.user_profile(),
            "buildOrganizationProfileUrl" => urls.organization_profile(),
            "buildCreateOrganizationUrl" => urls.create_organization(),
            "buildHomeUrl" => urls.home(),
            "buildUrlWithAuth" => urls.with_auth(text),
            "buildAfterSignInUrl" => urls.after_sign_in(&pairs(argument)),
            "buildAfterSignUpUrl" => urls.after_sign_up(&pairs(argument)),
            "buildAfterSignOutUrl" => urls.after_sign_out(),
            "buildNewSubscriptionRedirectUrl" => urls.new_subscription_redirect(),
            "buildAfterMultiSessionSingleSignOutUrl" => urls.after_multi_session_single_sign_out(),
            "buildWaitlistUrl" => urls.waitlist(&pairs(argument)),
            "buildTasksUrl" => {
                let task = SessionTask { key: text.to_owned() };
                urls.task(Some(&task).filter(|task| !task.key.is_empty()), &RedirectOptions::default())
            }
            "isAllowedRedirect" => return json!(urls.allowed_redirect(text).is_some()),
            "withHash" => with_hash(text, call[2].as_str().unwrap(), &pairs(&call[3])),
            other => panic!("unknown call {other}"),
        })
    }

    #[test]
    fn in_app_returns_paths_for_pages_of_the_app() {
        let here: Url = "tauri://localhost/settings".parse().unwrap();
        let urls = Urls {
            here: &here,
            options: &ClerkOptions::default(),
            display: None,
            instance_type: InstanceType::Production,
            frontend_api: "",
            loaded: true,
        };
        for (to, expected) in [
            ("/dashboard?a=1#b", "/dashboard?a=1#b"),
            ("tauri://localhost/x", "/x"),
            ("tauri://localhost", "/"),
            ("https://example.com/x", "https://example.com/x"),
        ] {
            assert_eq!(urls.in_app(to), expected);
        }
    }
}
