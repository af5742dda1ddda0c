//! The sign-up page.

use axum::response::Response;

use super::{
    finish::finish,
    forms::{FRAGMENT_SCRIPT, cancel, code_form, complaint, field, params, submit, ticket_form},
    visit::Visit,
};
use crate::{
    error::{Refusal, Result},
    pages::html::{Page, escape},
    state::{Kind, Verification, VerificationStatus, World},
};

/// Fields of the form that are passed on.
const SIGN_UP_FIELDS: &[&str] =
    &["email_address", "phone_number", "username", "password", "first_name", "last_name", "legal_accepted"];

pub(super) fn sign_up(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
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

fn sign_up_step(world: &mut World, visit: &mut Visit<'_>) -> Result<()> {
    let form = visit.form().clone();
    let given: Vec<_> = SIGN_UP_FIELDS.iter().filter_map(|name| Some((*name, form.given(name)?))).collect();
    let given = params(&given);
    let running =
        visit.caller.client_id.as_ref().and_then(|id| world.clients.get(id)).and_then(|one| one.sign_up.clone());
    let attempt = match (form.get("action"), running) {
        (Some("register"), Some(attempt)) => world.update_sign_up(&mut visit.caller, &attempt.id, &given)?,
        (Some("register"), None) => world.create_sign_up(&mut visit.caller, &given)?,
        (Some("ticket"), _) => {
            let ticket = visit.incoming.query.get("__clerk_ticket").unwrap_or_default();
            world.create_sign_up(&mut visit.caller, &params(&[("strategy", "ticket"), ("ticket", ticket)]))?
        }
        (Some("continue"), _) => return Ok(()),
        (Some("code"), Some(attempt)) => {
            let open = [Kind::Email, Kind::Phone]
                .into_iter()
                .find(|kind| attempt.verification(*kind).is_some_and(waits_for_code));
            let strategy = if open == Some(Kind::Phone) { "phone_code" } else { "email_code" };
            let params = params(&[("strategy", strategy), ("code", form.get("code").unwrap_or_default())]);
            world.attempt_verification(&mut visit.caller, &attempt.id, &params)?
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
        world.prepare_verification(&mut visit.caller, &attempt.id, &params(&[("strategy", strategy)]))?;
    }
    Ok(())
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

/// Returns the label of a field: `E-mail address` for `email_address`.
fn label(name: &str) -> String {
    let text = name.replace('_', " ").replace("email", "e-mail");
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn waits_for_code(verification: &Verification) -> bool {
    verification.code.is_some() && verification.status == VerificationStatus::Unverified
}
