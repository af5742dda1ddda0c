//! The pages that may be opened in the system browser.

use url::Url;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    fapi::is_loopback,
    models::DisplayConfig,
    navigation::urls::{non_empty, origin},
    options::ClerkOptions,
    outside,
    state::snapshot::Snapshot,
};

impl Clerk {
    /// Opens a page in the system browser: any https page; http is for this computer only.
    ///
    /// This method is for Rust code, which knows where the URL comes from. What comes from a webview or a link is checked by
    /// [`external_page`](Self::external_page) first.
    ///
    /// # Errors
    /// `url_not_allowed` if the URL is not https (or http on this computer) or contains a user name, `browser_unavailable` if
    /// no browser could be started.
    pub fn open_external(&self, url: &str) -> Result<()> {
        self.open_web_page(&web_page(url)?)
    }

    /// As [`open_external`](Self::open_external), for the pages of flows.
    pub(crate) fn open_page(&self, url: &Url) -> Result<()> {
        self.open_external(url.as_str())
    }

    /// Checks that Clerk or the app names the page: Clerk's own site, its Frontend API and Account Portal, the pages of the instance's
    /// settings, the origins in the app's `allowedRedirectOrigins`, and the pages in the app's other options. The options of
    /// a window don't count. `also_allowed` may allow others.
    ///
    /// # Errors
    /// `url_not_allowed`.
    pub fn external_page(&self, url: &str, also_allowed: impl FnOnce(&Url) -> bool) -> Result<Url> {
        let page = web_page(url)?;
        if self.names(&page) || also_allowed(&page) {
            return Ok(page);
        }
        Err(ErrorCode::UrlNotAllowed.error(format!(
            "neither Clerk nor the app names the origin {}, so it is not opened in the system browser. To allow it for redirects, \
             add it to allowedRedirectOrigins in tauri.conf.json; to let a window open it, add the permission \
             clerk:allow-open-external with a scope to the window's capability, e.g. {{ \"identifier\": \
             \"clerk:allow-open-external\", \"allow\": [{{ \"url\": \"{}/*\" }}] }}",
            origin(&page),
            origin(&page),
        )))
    }

    /// Opens a page that Clerk or the app names.
    pub(crate) fn open_named_page(&self, url: &Url) -> Result<()> {
        self.open_web_page(&self.external_page(url.as_str(), |_| false)?)
    }

    fn open_web_page(&self, page: &Url) -> Result<()> {
        let opened = outside::call("the browser", || self.0.setup.browser.open(page));
        opened.unwrap_or_else(|| Err("it panicked".to_owned())).map_err(|why| {
            ErrorCode::BrowserUnavailable.error(format!("the system browser could not be opened: {why}"))
        })
    }

    fn names(&self, page: &Url) -> bool {
        // The app's state, because a window's options are its own.
        let snapshot = self.0.store.snapshot();
        let wanted = origin(page);
        let is_fapi = self.0.connection.fapi().is_some_and(|fapi| origin(&fapi.instance().url("")) == wanted);
        let display = snapshot.environment.as_deref().map(|environment| &environment.display_config);
        is_fapi
            || is_clerks_own(page)
            || portal_origins(&snapshot).contains(&wanted)
            || option_pages(&snapshot.options).any(|url| is_at(url, &wanted))
            || display.is_some_and(|display| {
                instance_pages(display).any(|url| is_at(url, &wanted))
                    || legal_documents(display).any(|url| is_document(url, page))
            })
            || self.urls(&snapshot, &self.0.setup.app_url).is_listed_origin(&wanted)
    }
}

/// Whether a page is on Clerk's own site, which its components link to.
fn is_clerks_own(page: &Url) -> bool {
    let host = page.host_str().unwrap_or_default();
    page.scheme() == "https" && page.port().is_none() && (host == "clerk.com" || host.ends_with(".clerk.com"))
}

/// Parses the URL of a page that a browser may open.
fn web_page(url: &str) -> Result<Url> {
    let refused = |why: &str| -> Error {
        ErrorCode::UrlNotAllowed.error(format!("the URL {why}, so it is not opened in the system browser"))
    };
    let page = Url::parse(url).map_err(|_| refused("is not absolute or not valid"))?;
    match page.scheme() {
        "https" => {}
        "http" if is_loopback(&page) => {}
        "http" => return Err(refused("uses http, which is allowed for this computer only")),
        _ => return Err(refused("is not https")),
    }
    if !page.username().is_empty() || page.password().is_some() {
        return Err(refused("contains a user name or password"));
    }
    Ok(page)
}

/// Whether the absolute URL `url` has this origin.
fn is_at(url: &str, wanted: &str) -> bool {
    Url::parse(url).is_ok_and(|url| origin(&url) == wanted)
}

/// Whether `page` is this document. They are often on a site for documents of anybody, so the origin is not enough.
fn is_document(url: &str, page: &Url) -> bool {
    let without_fragment = |mut url: Url| {
        url.set_fragment(None);
        url
    };
    Url::parse(url).is_ok_and(|url| without_fragment(url) == without_fragment(page.clone()))
}

/// Returns the origins of the Account Portal, which the instance's settings name only while its pages are in use.
fn portal_origins(snapshot: &Snapshot) -> Vec<String> {
    let Some(host) = snapshot.frontend_api.as_deref() else { return Vec::new() };
    let development = host.strip_suffix(".clerk.accounts.dev").map(|name| format!("https://{name}.accounts.dev"));
    let production = host.strip_prefix("clerk.").map(|domain| format!("https://accounts.{domain}"));
    [development, production].into_iter().flatten().collect()
}

/// Returns the pages of the instance's settings.
fn instance_pages(display: &DisplayConfig) -> impl Iterator<Item = &str> {
    [
        &display.home_url,
        &display.sign_in_url,
        &display.sign_up_url,
        &display.user_profile_url,
        &display.waitlist_url,
        &display.after_sign_in_url,
        &display.after_sign_up_url,
        &display.after_sign_out_one_url,
        &display.after_sign_out_all_url,
        &display.organization_profile_url,
        &display.create_organization_url,
        &display.after_leave_organization_url,
        &display.after_create_organization_url,
    ]
    .into_iter()
    .map(String::as_str)
}

fn legal_documents(display: &DisplayConfig) -> impl Iterator<Item = &str> {
    [&display.terms_url, &display.privacy_policy_url].into_iter().filter_map(non_empty)
}

/// Returns the pages that the app's options name.
fn option_pages(options: &ClerkOptions) -> impl Iterator<Item = &str> {
    let pages = [
        &options.sign_in_url,
        &options.sign_up_url,
        &options.sign_in_force_redirect_url,
        &options.sign_up_force_redirect_url,
        &options.sign_in_fallback_redirect_url,
        &options.sign_up_fallback_redirect_url,
        &options.after_sign_out_url,
        &options.after_multi_session_single_sign_out_url,
        &options.waitlist_url,
        &options.new_subscription_redirect_url,
    ];
    let tasks = options.task_urls.iter().flat_map(|pages| pages.values()).map(String::as_str);
    pages.into_iter().filter_map(non_empty).chain(tasks)
}
