//! Account pages: profile, sessions, organizations, waitlist.

use axum::response::Response;

use super::{
    forms::{complaint, field, params, submit},
    visit::{Visit, current, to_sign_in},
};
use crate::{
    error::{Refusal, Result},
    http::reply::redirect,
    pages::html::{Page, escape},
    state::{Kind, World},
};

pub(super) fn choose(world: &mut World, visit: &mut Visit<'_>) -> Result<Response> {
    let client = world.client_of(&mut visit.caller)?;
    let rows: String = client
        .sessions
        .iter()
        .filter_map(|session| world.users.get(&session.user_id))
        .map(|user| format!("<li><span><strong>{}</strong></span></li>", escape(&user.display_name())))
        .collect();
    Ok(Page::new("Choose an account").raw(&format!("<ul class=\"choices\">{rows}</ul>")).render(200))
}

pub(super) fn user(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
    if posted && visit.form().get("action") == Some("sign-out") {
        world.remove_sessions(&mut visit.caller)?;
    }
    let Some(mut me) = current(world, visit) else { return Ok(to_sign_in(visit)) };
    let mut refusal = None;
    if posted && visit.form().get("action") == Some("save") {
        let form = visit.form().clone();
        let names = ["first_name", "last_name"].map(|name| (name, form.get(name).unwrap_or_default()));
        match world.update_me(&mut visit.caller, &params(&names)) {
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

pub(super) fn organization(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
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
            let given: Vec<_> = names.iter().filter_map(|name| Some((*name, form.get(name)?))).collect();
            params(&given)
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
    let Ok((_, _, one)) = world.organization_for(&mut visit.caller, &id, None) else {
        return Ok(redirect("/portal/create-organization"));
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

pub(super) fn create_organization(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
    if current(world, visit).is_none() {
        return Ok(to_sign_in(visit));
    }
    let mut refusal = None;
    if posted {
        let name = visit.incoming.form.get("name").unwrap_or_default();
        match world.create_organization(&mut visit.caller, &params(&[("name", name)])) {
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

pub(super) fn waitlist(world: &mut World, visit: &Visit<'_>, posted: bool) -> Result<Response> {
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
