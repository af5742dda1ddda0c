//! The sign-in page.

use axum::response::Response;

use super::{
    finish::finish,
    forms::{FRAGMENT_SCRIPT, cancel, code_form, complaint, field, params, submit, ticket_form},
    sign_up::sign_up,
    visit::Visit,
};
use crate::{
    error::{Refusal, Result},
    http::reply::redirect,
    ops::{client::Caller, params::Params, sign_in_factors::offers},
    pages::html::{Page, escape},
    state::{SignIn, SignInStatus, VerificationStatus, World},
};

pub(super) fn sign_in(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
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
        world.create_sign_up(&mut visit.caller, &params(&[("transfer", "true")]))?;
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

/// Carries out the action of a submitted form. Returns the provider's page if the browser must be redirected.
fn sign_in_step(world: &mut World, visit: &mut Visit<'_>) -> Result<Option<String>> {
    let form = visit.form().clone();
    let text = |name: &str| form.get(name).unwrap_or_default();
    let running =
        visit.caller.client_id.as_ref().and_then(|id| world.clients.get(id)).and_then(|one| one.sign_in.clone());
    let caller = &mut visit.caller;
    match (form.get("action"), running) {
        (Some("start"), _) => start(world, caller, &form)?,
        (Some("use"), Some(attempt)) => return use_factor(world, visit, &attempt, text("strategy")),
        (Some("password"), Some(attempt)) => {
            world.attempt_first_factor(caller, &attempt.id, "password", &form)?;
        }
        (Some("new-password"), Some(attempt)) => {
            world.reset_password(caller, &attempt.id, &params(&[("password", text("password"))]))?;
        }
        (Some("ticket"), _) => {
            let ticket = visit.incoming.query.get("__clerk_ticket").unwrap_or_default();
            world.create_sign_in(caller, &params(&[("strategy", "ticket"), ("ticket", ticket)]))?;
        }
        // Only reloads: a link may have been opened, or a hosted sign-in waits for the click.
        (Some("continue"), _) => {}
        (Some("oauth"), _) => return use_provider(world, visit, text("strategy")),
        (Some("code"), Some(attempt)) if attempt.status == SignInStatus::NeedsFirstFactor => {
            let strategy = attempt.first_factor.as_ref().map_or("email_code", |one| one.strategy.as_str());
            world.attempt_first_factor(caller, &attempt.id, strategy, &form)?;
        }
        (Some("code"), Some(attempt)) => {
            world.attempt_second_factor(caller, &attempt.id, &form)?;
        }
        (Some("again"), _) => {
            world.create_sign_in(caller, &Params::default())?;
        }
        _ => return Err(Refusal::new(400, "client_state_invalid")),
    }
    Ok(None)
}

/// Creates a sign-in. Without a password a code is sent, if possible.
fn start(world: &mut World, caller: &mut Caller, form: &Params) -> Result<()> {
    let mut pairs = vec![("identifier", form.get("identifier").unwrap_or_default())];
    if let Some(password) = form.given("password") {
        pairs.extend([("strategy", "password"), ("password", password)]);
    }
    let attempt = world.create_sign_in(caller, &params(&pairs))?;
    let factors = world.first_factors(&attempt).unwrap_or_default();
    let code = ["email_code", "phone_code"].into_iter().find(|code| offers(&factors, code));
    if let Some(code) = code.filter(|_| attempt.status == SignInStatus::NeedsFirstFactor) {
        world.prepare_first_factor(caller, &attempt.id, code, &Params::default())?;
    }
    Ok(())
}

/// Prepares the chosen factor.
fn use_factor(world: &mut World, visit: &mut Visit<'_>, attempt: &SignIn, strategy: &str) -> Result<Option<String>> {
    if attempt.status != SignInStatus::NeedsFirstFactor {
        world.prepare_second_factor(&mut visit.caller, &attempt.id, &params(&[("strategy", strategy)]))?;
        return Ok(None);
    }
    let redirect_url = match strategy {
        "email_link" => format!("{}/portal/verify", world.base_url),
        _ => format!("{}{}", world.base_url, visit.here(&visit.incoming.path)),
    };
    let params = params(&[("strategy", strategy), ("redirect_url", &redirect_url)]);
    let prepared = world.prepare_first_factor(&mut visit.caller, &attempt.id, strategy, &params)?;
    Ok(prepared.first_factor.and_then(|one| one.redirect_url))
}

/// Creates a sign-in with a provider.
fn use_provider(world: &mut World, visit: &mut Visit<'_>, strategy: &str) -> Result<Option<String>> {
    let here = format!("{}{}", world.base_url, visit.here(&visit.incoming.path));
    let params = params(&[("strategy", strategy), ("redirect_url", &here)]);
    let attempt = world.create_sign_in(&mut visit.caller, &params)?;
    Ok(attempt.first_factor.and_then(|one| one.redirect_url))
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

/// Returns the forms of a first factor: the code that was sent, the password, and other strategies.
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
        // Passkeys and wallets need more than a form.
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

/// Returns a button that chooses a factor.
fn use_form(strategy: &str) -> String {
    let strategy = escape(strategy);
    format!(
        "<form method=\"post\"><input type=\"hidden\" name=\"strategy\" value=\"{strategy}\"><div class=\"row\"><button name=\"action\" value=\"use\" id=\"use-{strategy}\" data-testid=\"use-{strategy}\">Use {strategy}</button></div></form>"
    )
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
