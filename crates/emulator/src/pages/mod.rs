//! Pages for a person, and for a scripted browser. Server-rendered; no asset comes from elsewhere.

mod dashboard;
mod html;
mod inbox;
pub(crate) mod portal;
mod provider;

use axum::response::Response;
use url::Url;

use crate::{
    error::Refusal,
    http::{bytes, redirect, text},
    ops::{params::Params, round_trip::is_prohibited},
    state::World,
};
use html::{Page, escape};

/// A page of the emulator's own. `path` is what follows `/__emulator`.
pub(crate) fn serve(world: &mut World, method: &str, path: &str, query: &Params, form: &Params) -> Response {
    match (method, path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", [""]) => dashboard::page(world),
        ("GET", ["inbox"]) => inbox::page(world),
        ("GET", ["inbox", id]) => inbox::message(world, id),
        ("GET", ["img", "avatar" | "logo"]) => avatar(query.get("t").unwrap_or_default()),
        ("GET", ["img", "file", id]) => picture(world, id),
        ("GET", ["magic", _]) => magic(world),
        ("POST", ["magic", _]) => match world.approve_magic(query.get("token").unwrap_or_default()) {
            Ok(target) => way_back(world, &target),
            Err(refusal) => error(world, &refusal),
        },
        ("GET", ["oauth", strategy]) => provider::page(world, strategy, query),
        ("POST", ["oauth", strategy]) => provider::decide(world, strategy, query, form),
        _ => Page::new("Not found").paragraph("There is no such page here.").render(404),
    }
}

/// Sends the browser back to the app. A page is shown in between when the app has a scheme of its own, because some
/// browsers refuse to follow a bare redirect there.
pub(crate) fn way_back(world: &World, target: &Url) -> Response {
    // It was checked where the flow began; no page of ours links to such a URL, whoever put it there.
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

/// What a link without a redirect URL shows.
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

/// Asks whether somebody wants to be signed in by the link that they opened.
fn magic(world: &World) -> Response {
    Page::new("Sign in?")
        .paragraph(&format!("Approve to sign in to <strong>{}</strong>.", escape(&world.config.application_name)))
        .raw("<form method=\"post\"><div class=\"row\"><button class=\"primary\" id=\"approve\" data-testid=\"approve\">Approve</button></div></form>")
        .render(200)
}

/// A picture that somebody uploaded.
fn picture(world: &World, id: &str) -> Response {
    let pictures = world.users.values().map(|user| &user.picture);
    let logos = world.organizations.values().map(|one| &one.logo);
    match pictures.chain(logos).flatten().find(|picture| picture.id == id) {
        Some(picture) => bytes(200, &picture.content_type, picture.bytes.clone()),
        None => text(404, "text/plain", "there is no such picture"),
    }
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
