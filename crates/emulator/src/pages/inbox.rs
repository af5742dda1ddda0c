//! The inbox: every message that was sent.

use axum::response::Response;

use super::html::{Page, escape};
use crate::state::{Message, World};

pub(super) fn page(world: &World) -> Response {
    let mut rows = String::new();
    for message in world.messages.iter().rev() {
        rows.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td><a href=\"/__emulator/inbox/{}\">{}</a></td><td class=\"quiet\">{}</td></tr>",
            escape(&message.to),
            content(message),
            escape(&message.id),
            escape(&message.subject),
            message.kind,
        ));
    }
    let table = if rows.is_empty() {
        "<p class=\"quiet\">Nothing was sent yet.</p>".to_owned()
    } else {
        format!(
            "<table><thead><tr><th>To</th><th>Code or link</th><th>Subject</th><th>Kind</th></tr></thead><tbody>{rows}</tbody></table>"
        )
    };
    Page::new("Inbox").wide().live().raw("<nav><a href=\"/__emulator/\">Dashboard</a></nav>").raw(&table).render(200)
}

/// Returns the code or link of a message.
fn content(message: &Message) -> String {
    match (&message.code, &message.link) {
        (Some(code), _) => format!("<strong><code data-testid=\"code\">{}</code></strong>", escape(code)),
        (None, Some(link)) => format!("<a href=\"{}\" data-testid=\"link\">Open</a>", escape(link)),
        (None, None) => String::new(),
    }
}

/// Shows one message.
pub(super) fn message(world: &World, id: &str) -> Response {
    let Some(message) = world.messages.iter().find(|message| message.id == id) else {
        return Page::new("Not found").paragraph("There is no such message.").render(404);
    };
    Page::new(&message.subject)
        .raw("<nav><a href=\"/__emulator/inbox\">Inbox</a></nav>")
        .paragraph(&format!("To {}", escape(&message.to)))
        .raw(&format!("<p>{}</p>", content(message)))
        .render(200)
}
