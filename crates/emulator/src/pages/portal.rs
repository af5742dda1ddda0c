//! A stand-in for the Account Portal: pages that sign a person in with the rules of FAPI, in process.

use axum::{
    http::{HeaderValue, header},
    response::Response,
};

use super::{Page, error, escape, way_back};
use crate::{
    error::{Refusal, Result},
    handle::Shared,
    http::{Incoming, redirect},
    ops::{
        client::{Caller, NewToken},
        params::Params,
    },
    state::{Client, Kind, SignInStatus, User, Verification, VerificationStatus, World},
    tokens,
};

/// The cookie that holds the portal's own client token.
const COOKIE: &str = "__emulator_portal";

/// Moves parameters that clerk-js puts into the fragment to where a server can read them.
const FRAGMENT_SCRIPT: &str = "<script>if (location.hash.startsWith('#/?')) { const query = new URLSearchParams(location.search); new URLSearchParams(location.hash.slice(3)).forEach((value, key) => query.set(key, value)); location.replace(location.pathname + '?' + query); }</script>";

/// What a page is about.
struct Visit<'a> {
    incoming: &'a Incoming,
    caller: Caller,
    /// The hosted sign-in that this visit belongs to.
    hosted: Option<String>,
}

impl Visit<'_> {
    fn form(&self) -> &Params {
        &self.incoming.form
    }

    /// The page with its query.
    fn here(&self, path: &str) -> String {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.incoming.query.iter()).finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

pub(crate) fn serve(shared: &Shared, incoming: &Incoming) -> Response {
    let mut world = shared.world();
    let mut visit = Visit { incoming, caller: Caller::default(), hosted: None };
    identify(&world, &mut visit);
    let path = incoming.path.trim_start_matches("/portal/");
    let segments: Vec<&str> = path.split('/').collect();
    let posted = incoming.method == "POST";
    let result = match segments.as_slice() {
        ["sign-in" | "sso-callback" | "verify"] => sign_in(&mut world, &mut visit, posted),
        ["sign-up"] => sign_up(&mut world, &mut visit, posted),
        ["hosted", id] => {
            visit.hosted = Some((*id).to_owned());
            hosted(&mut world, &mut visit, posted)
        }
        ["sign-in", "choose"] => choose(&mut world, &mut visit),
        ["user"] => user(&mut world, &mut visit, posted),
        ["organization"] => organization(&mut world, &mut visit, posted),
        ["create-organization"] => create_organization(&mut world, &mut visit, posted),
        ["waitlist"] => waitlist(&mut world, &visit, posted),
        ["default-redirect"] => Ok(Page::new("You are signed in")
            .paragraph("You can close this window and go back to the app.")
            .raw("<p><a href=\"/portal/user\">Your account</a></p>")
            .render(200)),
        ["unauthorized-sign-in"] => Ok(Page::new("Not for you")
            .paragraph("This sign-in was not started by you. Nothing was changed.")
            .render(200)),
        _ => Ok(Page::new("Not found").paragraph("There is no such page here.").render(404)),
    };
    let mut response = result.unwrap_or_else(|refusal| error(&world, &refusal));
    keep(&visit.caller, &mut response);
    response
}

/// Who looks at the page: a development browser that a link names, or the portal's own client.
fn identify(world: &World, visit: &mut Visit<'_>) {
    visit.caller.user_agent = visit.incoming.header("user-agent").map(str::to_owned);
    if let Some(browser) = visit.incoming.query.given("__clerk_db_jwt")
        && let Some(known) = world.dev_browsers.get(browser)
    {
        visit.caller.dev_browser = Some(browser.to_owned());
        visit.caller.client_id.clone_from(&known.client_id);
        return;
    }
    if let Some(token) = visit.incoming.cookie(COOKIE)
        && let Ok(tokens::Presented::Client { id, .. }) = tokens::read_client_token(token)
        && world.clients.contains_key(&id)
    {
        visit.caller.client_id = Some(id);
    }
}

/// Lets the browser keep the portal's client.
fn keep(caller: &Caller, response: &mut Response) {
    let cookie = match &caller.new_token {
        Some(NewToken::Set(token)) => format!("{COOKIE}={token}; Path=/portal; HttpOnly; SameSite=Lax"),
        Some(NewToken::Clear) => format!("{COOKIE}=; Path=/portal; HttpOnly; Max-Age=0"),
        None => return,
    };
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn current(world: &mut World, visit: &mut Visit<'_>) -> Option<User> {
    world.current(&mut visit.caller).ok().map(|(_, user)| user)
}

fn field(name: &str, label: &str, kind: &str, value: &str) -> String {
    format!(
        "<label for=\"{name}\">{label}</label><input id=\"{name}\" name=\"{name}\" type=\"{kind}\" value=\"{}\" data-testid=\"{name}\">",
        escape(value)
    )
}

fn submit(action: &str, label: &str) -> String {
    format!(
        "<div class=\"row\"><button class=\"primary\" name=\"action\" value=\"{action}\" id=\"{action}\" data-testid=\"{action}\">{label}</button></div>"
    )
}

fn complaint(refusal: Option<&Refusal>) -> String {
    let Some(refusal) = refusal else { return String::new() };
    let json = refusal.to_json();
    format!(
        "<p role=\"alert\" data-testid=\"error\">{} <code>{}</code></p>",
        escape(json["long_message"].as_str().unwrap_or_default()),
        escape(&refusal.code)
    )
}

/// Goes where the person came from, or home.
fn finish(world: &mut World, visit: &mut Visit<'_>, client: &Client) -> Result<Response> {
    let session = client.last_active_session_id.as_ref().and_then(|id| client.active_session(id));
    let user_id = session.map(|session| session.user_id.clone()).ok_or_else(|| Refusal::new(401, "signed_out"))?;
    if let Some(hosted) = &visit.hosted {
        let target = world.finish_hosted(hosted, &user_id)?;
        // The browser stays signed out: its client was for this page only.
        world.clients.remove(&client.id);
        visit.caller.new_token = Some(NewToken::Clear);
        return Ok(way_back(world, &target));
    }
    let wanted = ["redirect_url", "sign_in_force_redirect_url", "sign_in_fallback_redirect_url", "after_sign_in_url"];
    let wanted = wanted.into_iter().find_map(|name| visit.incoming.query.given(name));
    match wanted.and_then(|url| world.allowed_redirect(url, "redirect_url").ok()) {
        Some(url) => match url::Url::parse(&url) {
            Ok(url) => Ok(way_back(world, &url)),
            Err(_) => Ok(redirect("/portal/default-redirect")),
        },
        None => Ok(redirect("/portal/default-redirect")),
    }
}

/// One step of a sign-in that a form asks for.
fn sign_in_step(world: &mut World, visit: &mut Visit<'_>) -> Result<Option<String>> {
    let form = visit.form().clone();
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let running =
        visit.caller.client_id.as_ref().and_then(|id| world.clients.get(id)).and_then(|one| one.sign_in.clone());
    match (form.get("action"), running) {
        (Some("start"), _) => {
            let mut pairs = vec![("identifier".to_owned(), text("identifier"))];
            if form.given("password").is_some() {
                pairs.push(("strategy".to_owned(), "password".to_owned()));
                pairs.push(("password".to_owned(), text("password")));
            } else {
                pairs.push(("strategy".to_owned(), "email_code".to_owned()));
            }
            world.create_sign_in(&mut visit.caller, &Params::from_pairs(pairs))?;
        }
        (Some("oauth"), _) => {
            let here = format!("{}{}", world.base_url, visit.here(&visit.incoming.path));
            let pairs = vec![("strategy".to_owned(), text("strategy")), ("redirect_url".to_owned(), here)];
            let attempt = world.create_sign_in(&mut visit.caller, &Params::from_pairs(pairs))?;
            return Ok(attempt.first_factor.and_then(|one| one.redirect_url));
        }
        (Some("code"), Some(attempt)) if attempt.status == SignInStatus::NeedsFirstFactor => {
            let strategy = attempt.first_factor.as_ref().map_or("email_code", |one| one.strategy.as_str()).to_owned();
            world.attempt_first_factor(&mut visit.caller, &attempt.id, &strategy, &form)?;
        }
        (Some("code"), Some(attempt)) => {
            world.attempt_second_factor(&mut visit.caller, &attempt.id, &form)?;
        }
        (Some("again"), _) => {
            world.create_sign_in(&mut visit.caller, &Params::default())?;
        }
        _ => return Err(Refusal::new(400, "client_state_invalid")),
    }
    Ok(None)
}

fn sign_in(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
    let refusal = match posted.then(|| sign_in_step(world, visit)) {
        Some(Ok(Some(elsewhere))) => return Ok(redirect(&elsewhere)),
        Some(Err(refusal)) => Some(refusal),
        Some(Ok(None)) | None => None,
    };
    let client = visit.caller.client_id.as_ref().and_then(|id| world.clients.get(id)).cloned();
    if let Some(client) = client.as_ref().filter(|client| client.any_active_session().is_some()) {
        return finish(world, visit, &client.clone());
    }
    let attempt = client.and_then(|client| client.sign_in);
    let transferable = attempt.as_ref().and_then(|one| one.first_factor.as_ref());
    if transferable.is_some_and(|one| one.status == VerificationStatus::Transferable) {
        let transfer = Params::from_pairs(vec![("transfer".to_owned(), "true".to_owned())]);
        world.create_sign_up(&mut visit.caller, &transfer)?;
        return sign_up(world, visit, false);
    }
    let page = Page::new("Sign in")
        .raw(FRAGMENT_SCRIPT)
        .paragraph(&format!("to continue to <strong>{}</strong>", escape(&world.config.application_name)))
        .raw(&complaint(refusal.as_ref()));
    let page = match attempt {
        Some(attempt) if attempt.status == SignInStatus::NeedsSecondFactor => {
            page.raw(&second_factor_form(world, &attempt))
        }
        Some(attempt) if attempt.first_factor.as_ref().is_some_and(waits_for_code) => page.raw(&code_form("Code")),
        _ => page.raw(&start_form(visit)).raw(&providers(world)).raw(&format!(
            "<p class=\"quiet\">New here? <a href=\"{}\" data-testid=\"to-sign-up\">Create an account</a></p>",
            escape(&visit.here(&sibling(visit, "sign-up")))
        )),
    };
    Ok(page.raw(&cancel(visit)).render(200))
}

/// The other page of the same flow.
fn sibling(visit: &Visit<'_>, page: &str) -> String {
    match &visit.hosted {
        Some(id) => format!("/portal/hosted/{id}"),
        None => format!("/portal/{page}"),
    }
}

fn cancel(visit: &Visit<'_>) -> String {
    match &visit.hosted {
        Some(_) => "<form method=\"post\"><div class=\"row\"><button class=\"danger\" name=\"action\" value=\"cancel\" id=\"cancel\" data-testid=\"cancel\">Cancel</button></div></form>".to_owned(),
        None => String::new(),
    }
}

fn waits_for_code(verification: &Verification) -> bool {
    verification.code.is_some() && verification.status == VerificationStatus::Unverified
}

fn start_form(visit: &Visit<'_>) -> String {
    let typed = visit.form().get("identifier").or(visit.incoming.query.get("email_address")).unwrap_or_default();
    format!(
        "<form method=\"post\">{}{}<p class=\"quiet\">Leave the password empty to get a code.</p>{}</form>",
        field("identifier", "E-mail address, phone number or username", "text", typed),
        field("password", "Password", "password", ""),
        submit("start", "Continue")
    )
}

fn code_form(label: &str) -> String {
    format!(
        "<form method=\"post\">{}{}</form><form method=\"post\"><button name=\"action\" value=\"again\" id=\"again\">Start again</button></form><p class=\"quiet\">The code is in the <a href=\"/__emulator/inbox\" target=\"_blank\">inbox</a>.</p>",
        field("code", label, "text", ""),
        submit("code", "Continue")
    )
}

fn second_factor_form(world: &World, attempt: &crate::state::SignIn) -> String {
    let options: String = world
        .second_factors(attempt)
        .unwrap_or_default()
        .iter()
        .filter_map(|factor| {
            factor["strategy"].as_str().map(|strategy| format!("<option>{}</option>", escape(strategy)))
        })
        .collect();
    format!(
        "<form method=\"post\"><label for=\"strategy\">Second factor</label><select id=\"strategy\" name=\"strategy\">{options}</select>{}{}</form>",
        field("code", "Code", "text", ""),
        submit("code", "Continue")
    )
}

fn providers(world: &World) -> String {
    let buttons: String = world
        .config
        .social
        .iter()
        .filter(|provider| provider.authenticatable)
        .map(|provider| {
            format!(
                "<form method=\"post\"><input type=\"hidden\" name=\"strategy\" value=\"{0}\"><div class=\"row\"><button name=\"action\" value=\"oauth\" id=\"{0}\" data-testid=\"{0}\">Continue with {1}</button></div></form>",
                escape(&provider.strategy),
                escape(&provider.name)
            )
        })
        .collect();
    if buttons.is_empty() { buttons } else { format!("<h2>Or</h2>{buttons}") }
}

/// Fields of a sign-up that the form may send.
const SIGN_UP_FIELDS: &[&str] =
    &["email_address", "phone_number", "username", "password", "first_name", "last_name", "legal_accepted"];

fn sign_up_step(world: &mut World, visit: &mut Visit<'_>) -> Result<()> {
    let form = visit.form().clone();
    let given = SIGN_UP_FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), form.given(name)?.to_owned())));
    let given = Params::from_pairs(given.collect());
    let running =
        visit.caller.client_id.as_ref().and_then(|id| world.clients.get(id)).and_then(|one| one.sign_up.clone());
    let attempt = match (form.get("action"), running) {
        (Some("register"), Some(attempt)) => world.update_sign_up(&mut visit.caller, &attempt.id, &given)?,
        (Some("register"), None) => world.create_sign_up(&mut visit.caller, &given)?,
        (Some("code"), Some(attempt)) => {
            let open = [Kind::Email, Kind::Phone]
                .into_iter()
                .find(|kind| attempt.verification(*kind).is_some_and(waits_for_code));
            let strategy = if open == Some(Kind::Phone) { "phone_code" } else { "email_code" };
            let pairs = vec![
                ("strategy".to_owned(), strategy.to_owned()),
                ("code".to_owned(), form.get("code").unwrap_or_default().to_owned()),
            ];
            world.attempt_verification(&mut visit.caller, &attempt.id, &Params::from_pairs(pairs))?
        }
        _ => return Err(Refusal::new(400, "client_state_invalid")),
    };
    let next = world.unverified_fields(&attempt).first().copied();
    let strategy = match next {
        Some("email_address") => "email_code",
        Some("phone_number") => "phone_code",
        _ => return Ok(()),
    };
    let waits =
        [Kind::Email, Kind::Phone].into_iter().any(|kind| attempt.verification(kind).is_some_and(waits_for_code));
    if !attempt.complete && !waits {
        let pairs = vec![("strategy".to_owned(), strategy.to_owned())];
        world.prepare_verification(&mut visit.caller, &attempt.id, &Params::from_pairs(pairs))?;
    }
    Ok(())
}

fn sign_up(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
    let refusal = posted.then(|| sign_up_step(world, visit)).and_then(Result::err);
    let client = visit.caller.client_id.as_ref().and_then(|id| world.clients.get(id)).cloned();
    if let Some(client) = client.as_ref().filter(|client| client.any_active_session().is_some()) {
        return finish(world, visit, &client.clone());
    }
    let attempt = client.and_then(|client| client.sign_up);
    let waits = attempt.as_ref().is_some_and(|attempt| {
        [Kind::Email, Kind::Phone].into_iter().any(|kind| attempt.verification(kind).is_some_and(waits_for_code))
    });
    let fields: Vec<String> = match &attempt {
        Some(attempt) if !attempt.identifiers.is_empty() || attempt.identity.is_some() => world.missing_fields(attempt),
        _ => {
            let optional = world.optional_fields().into_iter().filter(|name| SIGN_UP_FIELDS.contains(&name.as_str()));
            world.required_fields().into_iter().chain(optional).collect()
        }
    };
    let page = Page::new("Create an account")
        .raw(FRAGMENT_SCRIPT)
        .paragraph(&format!("to continue to <strong>{}</strong>", escape(&world.config.application_name)))
        .raw(&complaint(refusal.as_ref()));
    let page = if waits { page.raw(&code_form("Code")) } else { page.raw(&register_form(visit, &fields)) };
    Ok(page.raw(&cancel(visit)).render(200))
}

fn register_form(visit: &Visit<'_>, fields: &[String]) -> String {
    let inputs: String = fields
        .iter()
        .map(|name| {
            let typed = visit.form().get(name).or(visit.incoming.query.get(name)).unwrap_or_default();
            match name.as_str() {
                "legal_accepted" => "<label for=\"legal_accepted\"><input id=\"legal_accepted\" name=\"legal_accepted\" type=\"checkbox\" value=\"true\">I accept the terms</label>".to_owned(),
                "password" => field(name, "Password", "password", ""),
                name => field(name, &label(name), "text", typed),
            }
        })
        .collect();
    format!("<form method=\"post\">{inputs}{}</form>", submit("register", "Continue"))
}

/// `email_address` as a label: `E-mail address`.
fn label(name: &str) -> String {
    let text = name.replace('_', " ").replace("email", "e-mail");
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn hosted(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
    let id = visit.hosted.clone().unwrap_or_default();
    let wants_sign_up = world.open_hosted(&id)?.sign_up;
    if posted && visit.form().get("action") == Some("cancel") {
        let target = world.cancel_hosted(&id)?;
        return Ok(way_back(world, &target));
    }
    if wants_sign_up { sign_up(world, visit, posted) } else { sign_in(world, visit, posted) }
}

fn choose(world: &mut World, visit: &mut Visit<'_>) -> Result<Response> {
    let client = world.client_of(&mut visit.caller)?;
    let rows: String = client
        .sessions
        .iter()
        .filter_map(|session| world.users.get(&session.user_id))
        .map(|user| format!("<li><span><strong>{}</strong></span></li>", escape(&user.display_name())))
        .collect();
    Ok(Page::new("Choose an account").raw(&format!("<ul class=\"choices\">{rows}</ul>")).render(200))
}

fn to_sign_in(visit: &Visit<'_>) -> Response {
    redirect(&visit.here("/portal/sign-in"))
}

fn user(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
    if posted && visit.form().get("action") == Some("sign-out") {
        world.remove_sessions(&mut visit.caller)?;
    }
    let Some(mut me) = current(world, visit) else { return Ok(to_sign_in(visit)) };
    let mut refusal = None;
    if posted && visit.form().get("action") == Some("save") {
        let form = visit.form().clone();
        let names =
            ["first_name", "last_name"].map(|name| (name.to_owned(), form.get(name).unwrap_or_default().to_owned()));
        match world.update_me(&mut visit.caller, &Params::from_pairs(names.to_vec())) {
            Ok(changed) => me = changed,
            Err(error) => refusal = Some(error),
        }
    }
    let addresses: String =
        me.of_kind(Kind::Email).map(|one| format!("<li><span>{}</span></li>", escape(&one.value))).collect();
    Ok(Page::new("Your account")
        .raw(&complaint(refusal.as_ref()))
        .raw(&format!(
            "<form method=\"post\">{}{}{}</form>",
            field("first_name", "First name", "text", me.first_name.as_deref().unwrap_or_default()),
            field("last_name", "Last name", "text", me.last_name.as_deref().unwrap_or_default()),
            submit("save", "Save")
        ))
        .raw(&format!("<h2>E-mail addresses</h2><ul class=\"choices\">{addresses}</ul>"))
        .raw(&format!("<form method=\"post\">{}</form>", submit("sign-out", "Sign out")))
        .render(200))
}

fn organization(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
    let Some(me) = current(world, visit) else { return Ok(to_sign_in(visit)) };
    let chosen = visit.incoming.query.given("id").map(str::to_owned);
    let all: Vec<(String, String)> =
        world.memberships_of(&me.id).into_iter().map(|(one, _)| (one.id.clone(), one.name.clone())).collect();
    let Some(id) = chosen.or_else(|| all.first().map(|(id, _)| id.clone())) else {
        return Ok(redirect("/portal/create-organization"));
    };
    let mut refusal = None;
    if posted {
        let form = visit.form().clone();
        let pairs = |names: &[&str]| {
            Params::from_pairs(
                names.iter().filter_map(|name| Some(((*name).to_owned(), form.get(name)?.to_owned()))).collect(),
            )
        };
        let result = match form.get("action") {
            Some("rename") => world.update_organization(&mut visit.caller, &id, &pairs(&["name"])).map(|_| ()),
            Some("invite") => {
                world.create_invitations(&mut visit.caller, &id, &pairs(&["email_address", "role"])).map(|_| ())
            }
            Some("leave") => world.leave_organization(&mut visit.caller, &id).map(|_| ()),
            _ => Err(Refusal::new(400, "malformed_request_parameters")),
        };
        refusal = result.err();
    }
    let (_, _, one) = match world.organization_for(&mut visit.caller, &id, None) {
        Ok(found) => found,
        Err(_) => return Ok(redirect("/portal/create-organization")),
    };
    let members: String = one
        .members
        .iter()
        .filter_map(|member| Some((world.users.get(&member.user_id)?, &member.role)))
        .map(|(user, role)| {
            format!("<li><span>{}</span><code>{}</code></li>", escape(&user.display_name()), escape(role))
        })
        .collect();
    Ok(Page::new(&one.name)
        .raw(&complaint(refusal.as_ref()))
        .raw(&format!(
            "<form method=\"post\">{}{}</form>",
            field("name", "Name", "text", &one.name),
            submit("rename", "Rename")
        ))
        .raw(&format!("<h2>Members</h2><ul class=\"choices\">{members}</ul>"))
        .raw(&format!(
            "<form method=\"post\"><input type=\"hidden\" name=\"role\" value=\"org:member\">{}{}</form>",
            field("email_address", "Invite by e-mail", "email", ""),
            submit("invite", "Invite")
        ))
        .raw(&format!("<form method=\"post\">{}</form>", submit("leave", "Leave")))
        .render(200))
}

fn create_organization(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
    if current(world, visit).is_none() {
        return Ok(to_sign_in(visit));
    }
    let mut refusal = None;
    if posted {
        let name = vec![("name".to_owned(), visit.form().get("name").unwrap_or_default().to_owned())];
        match world.create_organization(&mut visit.caller, &Params::from_pairs(name)) {
            Ok(one) => return Ok(redirect(&format!("/portal/organization?id={}", one.id))),
            Err(error) => refusal = Some(error),
        }
    }
    Ok(Page::new("Create an organization")
        .raw(&complaint(refusal.as_ref()))
        .raw(&format!(
            "<form method=\"post\">{}{}</form>",
            field("name", "Name", "text", ""),
            submit("create", "Create")
        ))
        .render(200))
}

fn waitlist(world: &mut World, visit: &Visit<'_>, posted: bool) -> Result<Response> {
    let page = Page::new("Join the waitlist");
    if posted {
        return Ok(match world.join_waitlist(visit.form()) {
            Ok(_) => page.paragraph("Thank you. You will get a message when there is room for you.").render(200),
            Err(refusal) => page.raw(&complaint(Some(&refusal))).render(refusal.status),
        });
    }
    let form = format!(
        "<form method=\"post\">{}{}</form>",
        field("email_address", "E-mail address", "email", ""),
        submit("join", "Join")
    );
    Ok(page.raw(&form).render(200))
}
