//! The pages that end a flow: back to the app, a link that was opened, an error.

use axum::response::Response;
use url::Url;

use super::html::{Page, escape};
use crate::{error::Refusal, http::reply::redirect, ops::redirects::is_prohibited, state::World};

/// Redirects to the app. For a custom scheme a page is shown in between, because some browsers refuse a bare redirect.
pub(crate) fn return_to_app(world: &World, target: &Url) -> Response {
    // Checked at the start of the flow as well; no page may link to such a URL.
    if is_prohibited(target) {
        return error(world, &Refusal::new(422, "prohibited_redirect_url"));
    }
    if matches!(target.scheme(), "http" | "https") {
        return redirect(target.as_str());
    }
    let link = escape(target.as_str());
    let page = Page::new("Back to the app")
        .paragraph(&format!("You can go back to {} now, and close this tab.", escape(&world.config.application_name)))
        .raw(&format!(
            "<p><a class=\"button primary\" id=\"open-app\" data-testid=\"open-app\" href=\"{link}\">Open the app</a></p>\
             <script>location.href = document.getElementById('open-app').href;</script>"
        ));
    page.render(200)
}

/// Shows the result of a link without a redirect URL.
pub(crate) fn link_opened(world: &World, status: &str, code: Option<&str>) -> Response {
    let (title, words) = match status {
        "verified" => ("Verified", "You can go back to the app now, and close this tab."),
        "expired" => ("This link is too old", "Ask for a new one in the app."),
        "client_mismatch" => ("Open this link where you asked for it", "It is for the device on which you began."),
        "transferable" => ("Verified", "Go on in the app to create your account."),
        _ => ("This link can't be used", "Ask for a new one in the app."),
    };
    let code =
        code.map(|code| format!(" · <code data-testid=\"error-code\">{}</code>", escape(code))).unwrap_or_default();
    Page::new(title)
        .paragraph(words)
        .raw(&format!("<p class=\"quiet\">{}{code}</p>", escape(&world.config.application_name)))
        .render(if status == "failed" { 400 } else { 200 })
}

/// Shows an error.
pub(crate) fn error(world: &World, refusal: &Refusal) -> Response {
    let error = refusal.to_json();
    let why = error["long_message"].as_str().unwrap_or_default();
    Page::new("That did not work")
        .paragraph(&escape(why))
        .raw(&format!(
            "<p class=\"quiet\">{} · <code data-testid=\"error-code\">{}</code></p>",
            escape(&world.config.application_name),
            escape(&refusal.code)
        ))
        .render(refusal.status)
}
