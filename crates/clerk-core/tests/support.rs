//! A browser that stops at redirects, and the links of pages back to the app.

use std::time::Duration;

use clerk_testkit::app::{ADA, PASSWORD};
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

/// Signs Ada in on a hosted page. Returns the link back to the app.
pub(crate) async fn sign_in_on(page: &str) -> Url {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("action", "start"), ("identifier", ADA), ("password", PASSWORD)])
        .finish();
    let request = browser().post(page).header("content-type", "application/x-www-form-urlencoded").body(form);
    link_back(&request.send().await.unwrap().text().await.unwrap())
}

/// Approves a native link on its page. Returns the link back to the app.
pub(crate) async fn approve(link: &str) -> Url {
    link_back(&browser().post(link).send().await.unwrap().text().await.unwrap())
}
