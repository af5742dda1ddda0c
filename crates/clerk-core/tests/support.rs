//! A browser that stops at redirects, and the links of pages back to the app.

use std::time::Duration;

use url::Url;

/// Returns a browser that does not follow redirects.
pub(crate) fn browser() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

/// Finds the link back to the app in a page.
pub(crate) fn link_back(html: &str) -> Url {
    let link =
        html.split("href=\"my-app").nth(1).expect("the page has a link back to the app").split('"').next().unwrap();
    Url::parse(&format!("my-app{}", link.replace("&amp;", "&"))).unwrap()
}
