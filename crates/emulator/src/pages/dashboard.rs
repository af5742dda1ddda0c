//! The dashboard: how to connect, users, organizations, sessions and requests.

use axum::response::Response;

use super::html::{Page, escape};
use crate::{state::World, tokens::publishable_key};

/// Maximum number of requests shown.
const REQUESTS: usize = 40;

pub(super) fn page(world: &World) -> Response {
    Page::new("Clerk emulator")
        .wide()
        .live()
        .raw("<nav><a href=\"/__emulator/inbox\">Inbox</a> · <a href=\"/portal/sign-in\">Account Portal</a></nav>")
        .raw(&format!(
            "<table><tbody><tr><th>CLERK_PUBLISHABLE_KEY</th><td><code>{}</code></td></tr><tr><th>CLERK_PROXY_URL</th><td><code>{}</code></td></tr></tbody></table>",
            publishable_key(&world.base_url),
            escape(&world.base_url)
        ))
        .raw(&users(world))
        .raw(&organizations(world))
        .raw(&sessions(world))
        .raw(&requests(world))
        .render(200)
}

fn table(title: &str, head: &[&str], rows: &str) -> String {
    if rows.is_empty() {
        return format!("<h2>{title}</h2><p class=\"quiet\">None yet.</p>");
    }
    let head: String = head.iter().map(|cell| format!("<th>{cell}</th>")).collect();
    format!("<h2>{title}</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
}

fn users(world: &World) -> String {
    let rows: String = world
        .users
        .values()
        .map(|user| {
            let accounts: Vec<_> =
                user.external_accounts.iter().map(|account| account.identity.strategy.as_str()).collect();
            format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                escape(&user.full_name()),
                escape(user.primary_address().unwrap_or_default()),
                escape(&accounts.join(", ")),
                escape(&user.id)
            )
        })
        .collect();
    table("Users", &["Name", "E-mail address", "Connected", "Id"], &rows)
}

fn organizations(world: &World) -> String {
    let rows: String = world
        .organizations
        .values()
        .map(|one| {
            format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                escape(&one.name),
                escape(&one.slug),
                one.members.len(),
                escape(&one.id)
            )
        })
        .collect();
    table("Organizations", &["Name", "Slug", "Members", "Id"], &rows)
}

fn sessions(world: &World) -> String {
    let rows: String = world
        .clients
        .values()
        .flat_map(|client| client.sessions.iter())
        .map(|session| {
            let user = world.users.get(&session.user_id).map(|user| user.full_name()).unwrap_or_default();
            format!(
                "<tr><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                escape(&user),
                world.session_status(session),
                escape(&session.id)
            )
        })
        .collect();
    table("Sessions", &["User", "Status", "Id"], &rows)
}

fn requests(world: &World) -> String {
    let rows: String = world
        .log
        .entries()
        .rev()
        .take(REQUESTS)
        .map(|entry| {
            format!(
                "<tr><td>{}</td><td>{}</td><td><code>{}</code></td><td>{} {}</td></tr>",
                entry.seq,
                escape(&entry.method),
                escape(&entry.path),
                entry.status,
                escape(entry.error_code.as_deref().unwrap_or_default())
            )
        })
        .collect();
    table("Requests", &["#", "Method", "Path", "Status"], &rows)
}
