//! Helpers for pages that lead back to the app.

use url::Url;

/// A browser of the user, which follows no redirect to the app by itself.
pub(crate) fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

/// The link back to the app in a page.
pub(crate) fn link_back(html: &str) -> Url {
    let link = html.split("href=\"my-app").nth(1).expect("a link back to the app").split('"').next().unwrap();
    Url::parse(&format!("my-app{}", link.replace("&amp;", "&"))).unwrap()
}
