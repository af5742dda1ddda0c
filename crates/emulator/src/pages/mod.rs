//! Pages for a person, and for a scripted browser. Server-rendered; no asset comes from elsewhere.

mod dashboard;
mod html;
mod inbox;
mod provider;

use axum::response::Response;
use url::Url;

use crate::{
    error::Refusal,
    http::{redirect, text},
    ops::params::Params,
    state::World,
};
use html::{Page, escape};

/// A page of the emulator's own. `path` is what follows `/__emulator`.
pub(crate) fn serve(world: &mut World, method: &str, path: &str, query: &Params, form: &Params) -> Response {
    match (method, path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", [""]) => dashboard::page(world),
        ("GET", ["inbox"]) => inbox::page(world),
        ("GET", ["img", "avatar"]) => avatar(query.get("t").unwrap_or_default()),
        ("GET", ["oauth", strategy]) => provider::page(world, strategy, query),
        ("POST", ["oauth", strategy]) => provider::decide(world, strategy, query, form),
        _ => Page::new("Not found").paragraph("There is no such page here.").render(404),
    }
}

/// A stand-in for a page of the Account Portal; the portal itself is not emulated yet.
pub(crate) fn portal(path: &str) -> Response {
    let name = path.trim_start_matches("/portal/");
    Page::new("Account Portal")
        .paragraph(&format!(
            "This is where the Account Portal's page “{}” would be. You can go back to the app.",
            escape(name)
        ))
        .render(200)
}

/// Sends the browser back to the app. A page is shown in between when the app has a scheme of its own, because some
/// browsers refuse to follow a bare redirect there.
pub(crate) fn way_back(world: &World, target: &Url) -> Response {
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

/// A page that says what went wrong.
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

/// A round picture with initials; the colour depends on them.
fn avatar(initials: &str) -> Response {
    let initials: String = initials.chars().take(2).collect::<String>().to_uppercase();
    let hue = initials.bytes().fold(200_u32, |hue, byte| (hue * 31 + u32::from(byte)) % 360);
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 96 96\"><rect width=\"96\" height=\"96\" fill=\"hsl({hue} 45% 46%)\"/>\
         <text x=\"48\" y=\"50\" fill=\"#fff\" font-family=\"sans-serif\" font-size=\"38\" text-anchor=\"middle\" dominant-baseline=\"central\">{}</text></svg>",
        escape(&initials)
    );
    text(200, "image/svg+xml", svg)
}
