//! How the user returns from the system browser: the choice of the callback URL.

use serde::Deserialize;

use crate::{
    core::{CallbackUrl, random_text},
    desktop::names,
    error::ErrorCode,
    loopback::callback::free_port,
};

/// How the user returns to the app from the system browser.
///
/// In `tauri.conf.json`, `plugins.clerk.transport` is `auto`, `deep-link` or `loopback`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CallbackTransport {
    /// By a deep link where one can work: the app has a scheme, and on macOS it runs in a bundle, which `tauri dev` does not make.
    /// Elsewhere on loopback. A `redirect_url` on this computer also selects loopback.
    #[default]
    Auto,
    /// By a link with the app's own scheme, e.g. `my-app://callback`, which the operating system passes to the app.
    DeepLink,
    /// By a request to this computer, e.g. `http://127.0.0.1:45789/callback`, at which the app listens while a flow is in the browser
    /// (RFC 8252, section 7.3).
    Loopback,
}

/// The callback URL of [`CallbackTransport::Loopback`], unless `redirect_url` is set. The port is that of Clerk's Electron SDK.
pub const DEFAULT_LOOPBACK_URL: &str = "http://127.0.0.1:45789/callback";

/// What an app configures about its callback URL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallbackConfig<'a> {
    pub(crate) transport: CallbackTransport,
    pub(crate) redirect_url: Option<&'a str>,
    /// The app's deep-link schemes.
    pub(crate) schemes: &'a [String],
    /// Whether the system can pass links to this process.
    pub(crate) deep_links_work: bool,
}

impl CallbackConfig<'_> {
    /// Returns the callback URL, or the error of every flow if the app has no deep-link scheme.
    ///
    /// # Errors
    /// Says which setting is wrong: with it, no flow would ever come back.
    pub(crate) fn url(self) -> Result<crate::Result<CallbackUrl>, String> {
        let is_http = |url: &&str| url.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("http:"));
        let is_loopback = self.redirect_url.as_ref().is_some_and(is_http);
        if let Some(url) = self.redirect_url {
            // Also checked where another URL takes its place.
            let checked = if is_loopback { CallbackUrl::parse_loopback(url) } else { CallbackUrl::parse(url) };
            checked.map_err(|error| invalid(&error.to_string())).and_then(|url| refuse_reserved(&url))?;
        }
        match (self.transport, self.redirect_url) {
            (CallbackTransport::DeepLink, Some(_)) if is_loopback => Err(invalid(
                "with the transport deep-link, it must have the app's own scheme, such as my-app://callback",
            )),
            (CallbackTransport::Loopback, Some(_)) if !is_loopback => Err(invalid(&format!(
                "with the transport loopback, it must be a URL on this computer, such as {DEFAULT_LOOPBACK_URL}"
            ))),
            (_, Some(url)) if is_loopback => loopback(url),
            (CallbackTransport::Loopback, _) => loopback(DEFAULT_LOOPBACK_URL),
            (CallbackTransport::Auto, url) if !self.deep_links_work || (url.is_none() && self.schemes.is_empty()) => {
                loopback(DEFAULT_LOOPBACK_URL)
            }
            (_, Some(url)) => Ok(CallbackUrl::parse(url)),
            (_, None) => Ok(match self.schemes.first() {
                Some(scheme) => CallbackUrl::for_scheme(scheme),
                None => Err(ErrorCode::RedirectUrlInvalid.error(
                    "the app has no deep-link scheme: add plugins.deep-link.desktop.schemes to tauri.conf.json",
                )),
            }),
        }
    }
}

fn invalid(why: &str) -> String {
    format!("redirectUrl in plugins.clerk of tauri.conf.json, or redirect_url of clerk::Builder, is invalid: {why}")
}

fn refuse_reserved(url: &CallbackUrl) -> Result<(), String> {
    match url.as_url().scheme() {
        // The system may open https in the app.
        "http" | "https" => Ok(()),
        scheme if names::is_reserved(scheme) => Err(invalid(&format!("{scheme} belongs to browsers or to the system"))),
        _ => Ok(()),
    }
}

/// Returns a callback URL on this computer. Port 0 stands for a free port, and adds a part to the path that nobody can guess.
fn loopback(url: &str) -> Result<crate::Result<CallbackUrl>, String> {
    let url = CallbackUrl::parse_loopback(url).map_err(|error| invalid(&error.to_string()))?;
    if url.as_url().port() != Some(0) {
        return Ok(Ok(url));
    }
    let port = free_port().map_err(|error| format!("no port on 127.0.0.1 is free: {error}"))?;
    let path = url.as_url().path().trim_end_matches('/');
    Ok(CallbackUrl::parse_loopback(&format!("http://127.0.0.1:{port}{path}/{}", random_text(16))))
}

/// Whether the system can pass links to this process. On macOS, it knows the schemes of bundles only.
pub(crate) fn deep_links_work() -> bool {
    !cfg!(target_os = "macos") || std::env::current_exe().is_ok_and(|program| is_in_bundle(&program.to_string_lossy()))
}

fn is_in_bundle(program: &str) -> bool {
    program.contains(".app/Contents/MacOS/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: CallbackConfig<'_> =
        CallbackConfig { transport: CallbackTransport::Auto, redirect_url: None, schemes: &[], deep_links_work: true };

    fn url_of(config: CallbackConfig<'_>) -> String {
        config.url().unwrap().unwrap().as_str().to_owned()
    }

    #[test]
    fn url_is_a_deep_link_where_one_can_work() {
        let schemes = ["my-app".to_owned(), "other".to_owned()];
        let app = CallbackConfig { schemes: &schemes, ..APP };
        assert_eq!(url_of(app), "my-app://callback");
        assert_eq!(url_of(CallbackConfig { deep_links_work: false, ..app }), DEFAULT_LOOPBACK_URL);
        assert_eq!(url_of(APP), DEFAULT_LOOPBACK_URL);
        let configured = CallbackConfig { redirect_url: Some("other://signed-in/back"), ..APP };
        assert_eq!(url_of(configured), "other://signed-in/back");
        assert_eq!(url_of(CallbackConfig { deep_links_work: false, ..configured }), DEFAULT_LOOPBACK_URL);
        let on_loopback = CallbackConfig { redirect_url: Some("http://127.0.0.1:4000/back"), ..app };
        assert_eq!(url_of(on_loopback), "http://127.0.0.1:4000/back");
    }

    #[test]
    fn url_follows_the_transport() {
        let schemes = ["my-app".to_owned()];
        let app = CallbackConfig { schemes: &schemes, ..APP };
        let deep_link = CallbackConfig { transport: CallbackTransport::DeepLink, deep_links_work: false, ..app };
        assert_eq!(url_of(deep_link), "my-app://callback");
        let without_scheme = CallbackConfig { schemes: &[], ..deep_link };
        assert_eq!(without_scheme.url().unwrap().unwrap_err().code(), "redirect_url_invalid");
        let loopback = CallbackConfig { transport: CallbackTransport::Loopback, ..app };
        assert_eq!(url_of(loopback), DEFAULT_LOOPBACK_URL);
        for (config, url) in [(deep_link, DEFAULT_LOOPBACK_URL), (loopback, "my-app://callback")] {
            let refused = CallbackConfig { redirect_url: Some(url), ..config }.url().unwrap_err();
            assert!(refused.contains("redirectUrl") && refused.contains("transport"), "{refused}");
        }
    }

    #[test]
    fn url_on_port_0_has_a_free_port_and_a_part_that_nobody_can_guess() {
        let app = CallbackConfig { redirect_url: Some("http://127.0.0.1:0/callback/"), ..APP };
        let urls = [app, app].map(|app| app.url().unwrap().unwrap());
        for url in &urls {
            assert_ne!(url.as_url().port(), Some(0));
            let part = url.as_url().path().strip_prefix("/callback/").unwrap();
            assert!(part.len() >= 20 && !part.contains('/'), "{part}");
        }
        assert_ne!(urls[0].as_url().path(), urls[1].as_url().path());
    }

    #[test]
    fn url_refuses_what_never_comes_back() {
        let check = |url: &str| CallbackConfig { redirect_url: Some(url), ..APP }.url();
        for good in ["my-app://callback", "MyApp://signed-in/back", "https://example.com/callback"] {
            assert!(check(good).unwrap().is_ok(), "{good}");
        }
        for bad in [
            "",
            "callback",
            "my-app:callback",
            "my-app://callback?x=1",
            "http://localhost/",
            "http://localhost:45789/callback",
            "HTTP://example.com:45789/callback",
            "http://127.0.0.1/callback",
            "mailto://callback",
            "ws://callback",
            "IPC://callback",
            "chrome-extension://callback",
            " asset://callback",
            "ma\nilto://callback",
        ] {
            let refused = check(bad).unwrap_err();
            assert!(refused.contains("redirectUrl in plugins.clerk"), "{refused}");
        }
    }

    #[test]
    fn is_in_bundle_is_true_for_programs_of_a_bundle() {
        assert!(is_in_bundle("/Applications/My App.app/Contents/MacOS/my-app"));
        for other in ["/home/ada/my-app/target/debug/my-app", "/Applications/my.app", "/opt/app/Contents/MacOS/app"] {
            assert!(!is_in_bundle(other), "{other}");
        }
    }
}
