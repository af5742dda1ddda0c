//! A stand-in for the Account Portal: pages that sign a person in with the rules of FAPI, in process.

use axum::{
    http::{HeaderValue, header},
    response::Response,
};

use super::{
    ending::{error, way_back},
    html::{Page, escape},
};
use crate::{
    error::{Refusal, Result},
    http::{reply::redirect, request::Incoming},
    ops::{
        client::{Caller, NewToken},
        params::Params,
        sign_in_factors::offers,
    },
    shared::Shared,
    state::{Client, Kind, Session, SignIn, SignInStatus, User, Verification, VerificationStatus, World},
    tokens,
};

/// The cookie that holds the portal's own client token. A hosted sign-in has a client of its own in a cookie of its own,
/// so that it neither uses nor leaves a sign-in of the browser.
const COOKIE: &str = "__emulator_portal";
const HOSTED_COOKIE: &str = "__emulator_hosted";

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
    let path = incoming.path.trim_start_matches("/portal/");
    let segments: Vec<&str> = path.split('/').collect();
    let hosted_id = match segments.as_slice() {
        ["hosted", id] => Some((*id).to_owned()),
        _ => None,
    };
    let mut visit = Visit { incoming, caller: Caller::default(), hosted: hosted_id };
    identify(&world, &mut visit);
    let posted = incoming.method == "POST";
    let result = match segments.as_slice() {
        ["sign-in" | "sso-callback" | "verify"] => sign_in(&mut world, &mut visit, posted),
        ["sign-up"] => sign_up(&mut world, &mut visit, posted),
        ["hosted", _] => hosted(&mut world, &mut visit, posted),
        ["sign-in", "choose"] => choose(&mut world, &mut visit),
        ["user"] => user(&mut world, &mut visit, posted),
        ["organization"] => organization(&mut world, &mut visit, posted),
        ["create-organization"] => create_organization(&mut world, &mut visit, posted),
        ["waitlist"] => waitlist(&mut world, &visit, posted),
        [page @ ("terms" | "privacy")] => Ok(legal(&world, page)),
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
    keep(&visit, &mut response);
    response
}

/// Who looks at the page: a development browser that a link names, or the portal's own client.
fn identify(world: &World, visit: &mut Visit<'_>) {
    visit.caller.user_agent = visit.incoming.header("user-agent").map(str::to_owned);
    if visit.hosted.is_none()
        && let Some(browser) = visit.incoming.query.given("__clerk_db_jwt")
        && let Some(known) = world.dev_browsers.get(browser)
    {
        visit.caller.dev_browser = Some(browser.to_owned());
        visit.caller.client_id.clone_from(&known.client_id);
        return;
    }
    let cookie = if visit.hosted.is_some() { HOSTED_COOKIE } else { COOKIE };
    if let Some(token) = visit.incoming.cookie(cookie)
        && let Ok(tokens::Presented::Client { id, .. }) = tokens::read_client_token(token)
        && world.clients.contains_key(&id)
    {
        visit.caller.client_id = Some(id);
    }
}

/// Lets the browser keep the portal's client.
fn keep(visit: &Visit<'_>, response: &mut Response) {
    let (name, path) = match &visit.hosted {
        Some(_) => (HOSTED_COOKIE, visit.incoming.path.as_str()),
        None => (COOKIE, "/portal"),
    };
    let cookie = match &visit.caller.new_token {
        Some(NewToken::Set(token)) => format!("{name}={token}; Path={path}; HttpOnly; SameSite=Lax"),
        Some(NewToken::Clear) => format!("{name}=; Path={path}; HttpOnly; Max-Age=0"),
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
    let session = session.cloned().ok_or_else(|| Refusal::new(401, "signed_out"))?;
    if let Some(hosted) = &visit.hosted {
        // A page that is only looked at, by a preview or after a way through a provider, gives nothing away.
        if visit.incoming.method != "POST" {
            return Ok(hosted_consent(world, &session));
        }
        let strategy = client.last_authentication_strategy.clone().unwrap_or_else(|| "password".to_owned());
        let target = world.finish_hosted(hosted, &session, strategy)?;
        // The browser stays signed out: its client was for this page only.
        world.clients.remove(&client.id);
        world.session_clients.remove(&session.id);
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

/// Asks whether the app gets the session.
fn hosted_consent(world: &World, session: &Session) -> Response {
    let name = world.users.get(&session.user_id).map(User::display_name).unwrap_or_default();
    Page::new("Continue to the app?")
        .paragraph(&format!(
            "You are signed in as <strong>{}</strong>. Continue to <strong>{}</strong>.",
            escape(&name),
            escape(&world.config.application_name)
        ))
        .raw(&format!("<form method=\"post\">{}</form>", submit("continue", "Continue")))
        .render(200)
}

/// The pages that the settings of an instance name beside the terms.
fn legal(world: &World, page: &str) -> Response {
    let title = if page == "terms" { "Terms of service" } else { "Privacy policy" };
    Page::new(title)
        .paragraph(&format!("{} has none: it runs on an emulator.", escape(&world.config.application_name)))
        .render(200)
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
            }
            let attempt = world.create_sign_in(&mut visit.caller, &Params::from_pairs(pairs))?;
            let factors = world.first_factors(&attempt).unwrap_or_default();
            let code = ["email_code", "phone_code"].into_iter().find(|code| offers(&factors, code));
            if let Some(code) = code.filter(|_| attempt.status == SignInStatus::NeedsFirstFactor) {
                world.prepare_first_factor(&mut visit.caller, &attempt.id, code, &Params::default())?;
            }
        }
        (Some("use"), Some(attempt)) if attempt.status == SignInStatus::NeedsFirstFactor => {
            let strategy = text("strategy");
            let back = match strategy.as_str() {
                "email_link" => format!("{}/portal/verify", world.base_url),
                _ => format!("{}{}", world.base_url, visit.here(&visit.incoming.path)),
            };
            let pairs = vec![("strategy".to_owned(), strategy.clone()), ("redirect_url".to_owned(), back)];
            let params = Params::from_pairs(pairs);
            let prepared = world.prepare_first_factor(&mut visit.caller, &attempt.id, &strategy, &params)?;
            return Ok(prepared.first_factor.and_then(|one| one.redirect_url));
        }
        (Some("use"), Some(attempt)) => {
            let params = Params::from_pairs(vec![("strategy".to_owned(), text("strategy"))]);
            world.prepare_second_factor(&mut visit.caller, &attempt.id, &params)?;
        }
        (Some("password"), Some(attempt)) => {
            world.attempt_first_factor(&mut visit.caller, &attempt.id, "password", &form)?;
        }
        (Some("new-password"), Some(attempt)) => {
            let params = Params::from_pairs(vec![("password".to_owned(), text("password"))]);
            world.reset_password(&mut visit.caller, &attempt.id, &params)?;
        }
        (Some("ticket"), _) => {
            let ticket = visit.incoming.query.get("__clerk_ticket").unwrap_or_default().to_owned();
            let pairs = vec![("strategy".to_owned(), "ticket".to_owned()), ("ticket".to_owned(), ticket)];
            world.create_sign_in(&mut visit.caller, &Params::from_pairs(pairs))?;
        }
        // Looks again: whether a link was opened, or for the click that a hosted sign-in waits for.
        (Some("continue"), _) => {}
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
        Some(attempt) if attempt.status == SignInStatus::NeedsClientTrust => {
            page.paragraph("This device is new. Ask for a code to go on.").raw(&second_factor_form(world, &attempt))
        }
        Some(attempt) if attempt.status == SignInStatus::NeedsNewPassword => page.raw(&format!(
            "<form method=\"post\">{}{}</form>",
            field("password", "New password", "password", ""),
            submit("new-password", "Set the password")
        )),
        Some(attempt) if attempt.status == SignInStatus::NeedsFirstFactor => {
            page.raw(&first_factor_forms(world, &attempt))
        }
        _ => page.raw(&ticket_form(visit)).raw(&start_form(visit)).raw(&providers(world)).raw(&format!(
            "<p class=\"quiet\">New here? <a href=\"{}\" data-testid=\"to-sign-up\">Create an account</a></p>",
            escape(&match &visit.hosted {
                Some(_) => format!("{}?mode=sign-up", visit.incoming.path),
                None => visit.here("/portal/sign-up"),
            })
        )),
    };
    Ok(page.raw(&cancel(visit)).render(200))
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

/// What to do for a first factor: the code that was sent, the password, and the other ways.
fn first_factor_forms(world: &World, attempt: &SignIn) -> String {
    let mut html = match attempt.first_factor.as_ref().filter(|one| one.status == VerificationStatus::Unverified) {
        Some(one) if one.code.is_some() => code_form("Code"),
        Some(one) if one.strategy == "email_link" => format!(
            "<p>A link was sent. Open it in the <a href=\"/__emulator/inbox\" target=\"_blank\">inbox</a>.</p><form method=\"post\">{}</form>",
            submit("continue", "I have opened it")
        ),
        _ => "<form method=\"post\"><button name=\"action\" value=\"again\" id=\"again\">Start again</button></form>"
            .to_owned(),
    };
    let mut seen = Vec::new();
    for factor in world.first_factors(attempt).unwrap_or_default() {
        let strategy = factor["strategy"].as_str().unwrap_or_default().to_owned();
        // A passkey or a wallet needs more than a form.
        if seen.contains(&strategy) || strategy == "passkey" || strategy.starts_with("web3_") {
            continue;
        }
        html.push_str(&match strategy.as_str() {
            "password" => format!(
                "<h2>Password</h2><form method=\"post\">{}{}</form>",
                field("password", "Password", "password", ""),
                submit("password", "Continue with the password")
            ),
            strategy => use_form(strategy),
        });
        seen.push(strategy);
    }
    html
}

/// A button that chooses a factor.
fn use_form(strategy: &str) -> String {
    let strategy = escape(strategy);
    format!(
        "<form method=\"post\"><input type=\"hidden\" name=\"strategy\" value=\"{strategy}\"><div class=\"row\"><button name=\"action\" value=\"use\" id=\"use-{strategy}\" data-testid=\"use-{strategy}\">Use {strategy}</button></div></form>"
    )
}

/// A button for the ticket that a link brought.
fn ticket_form(visit: &Visit<'_>) -> String {
    match visit.incoming.query.given("__clerk_ticket") {
        Some(_) => format!("<form method=\"post\">{}</form>", submit("ticket", "Accept the invitation")),
        None => String::new(),
    }
}

fn second_factor_form(world: &World, attempt: &SignIn) -> String {
    let factors = world.second_factors(attempt).unwrap_or_default();
    let sent: String =
        ["phone_code", "email_code"].into_iter().filter(|one| offers(&factors, one)).map(use_form).collect();
    let chosen = attempt.second_factor.as_ref().map(|one| one.strategy.as_str());
    let options: String = factors
        .iter()
        .filter_map(|factor| {
            let selected = |strategy: &str| if chosen == Some(strategy) { " selected" } else { "" };
            factor["strategy"]
                .as_str()
                .map(|strategy| format!("<option{}>{}</option>", selected(strategy), escape(strategy)))
        })
        .collect();
    format!(
        "<form method=\"post\"><label for=\"strategy\">Second factor</label><select id=\"strategy\" name=\"strategy\">{options}</select>{}{}</form>{sent}",
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
        (Some("ticket"), _) => {
            let ticket = visit.incoming.query.get("__clerk_ticket").unwrap_or_default().to_owned();
            let pairs = vec![("strategy".to_owned(), "ticket".to_owned()), ("ticket".to_owned(), ticket)];
            world.create_sign_up(&mut visit.caller, &Params::from_pairs(pairs))?
        }
        (Some("continue"), _) => return Ok(()),
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
    let invited = attempt.as_ref().is_some_and(|attempt| attempt.ticket.is_some());
    let page = if waits { page.raw(&code_form("Code")) } else { page.raw(&register_form(visit, &fields)) };
    let page = if waits || invited { page } else { page.raw(&ticket_form(visit)) };
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
    let wants_sign_up = match visit.incoming.query.given("mode") {
        Some(mode) => mode == "sign-up",
        None => wants_sign_up,
    };
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
