//! The inbox: every code that was sent.

use axum::response::Response;

use super::{Page, escape};
use crate::state::World;

pub(super) fn page(world: &World) -> Response {
    let mut rows = String::new();
    for message in world.messages.iter().rev() {
        rows.push_str(&format!(
            "<tr><td>{}</td><td><strong><code data-testid=\"code\">{}</code></strong></td><td>{}</td><td class=\"quiet\">{}</td></tr>",
            escape(&message.to),
            escape(message.code.as_deref().unwrap_or_default()),
            escape(&message.subject),
            message.kind,
        ));
    }
    let table = if rows.is_empty() {
        "<p class=\"quiet\">Nothing was sent yet.</p>".to_owned()
    } else {
        format!(
            "<table><thead><tr><th>To</th><th>Code</th><th>Subject</th><th>Kind</th></tr></thead><tbody>{rows}</tbody></table>"
        )
    };
    Page::new("Inbox").wide().live().raw("<nav><a href=\"/__emulator/\">Dashboard</a></nav>").raw(&table).render(200)
}
