//! Parts of the portal's pages: fields, buttons and short forms.

use super::visit::Visit;
use crate::{error::Refusal, ops::params::Params, pages::html::escape};

/// Moves parameters that clerk-js puts into the fragment to the query, where the server can read them.
pub(super) const FRAGMENT_SCRIPT: &str = "<script>if (location.hash.startsWith('#/?')) { pub(super) const query = new URLSearchParams(location.search); new URLSearchParams(location.hash.slice(3)).forEach((value, key) => query.set(key, value)); location.replace(location.pathname + '?' + query); }</script>";

/// Creates the parameters of an operation.
pub(super) fn params(pairs: &[(&str, &str)]) -> Params {
    Params::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

pub(super) fn field(name: &str, label: &str, kind: &str, value: &str) -> String {
    format!(
        "<label for=\"{name}\">{label}</label><input id=\"{name}\" name=\"{name}\" type=\"{kind}\" value=\"{}\" data-testid=\"{name}\">",
        escape(value)
    )
}

pub(super) fn submit(action: &str, label: &str) -> String {
    format!(
        "<div class=\"row\"><button class=\"primary\" name=\"action\" value=\"{action}\" id=\"{action}\" data-testid=\"{action}\">{label}</button></div>"
    )
}

pub(super) fn complaint(refusal: Option<&Refusal>) -> String {
    let Some(refusal) = refusal else { return String::new() };
    let json = refusal.to_json();
    format!(
        "<p role=\"alert\" data-testid=\"error\">{} <code>{}</code></p>",
        escape(json["long_message"].as_str().unwrap_or_default()),
        escape(&refusal.code)
    )
}

pub(super) fn cancel(visit: &Visit<'_>) -> String {
    match &visit.hosted {
        Some(_) => "<form method=\"post\"><div class=\"row\"><button class=\"danger\" name=\"action\" value=\"cancel\" id=\"cancel\" data-testid=\"cancel\">Cancel</button></div></form>".to_owned(),
        None => String::new(),
    }
}

pub(super) fn code_form(label: &str) -> String {
    format!(
        "<form method=\"post\">{}{}</form><form method=\"post\"><button name=\"action\" value=\"again\" id=\"again\">Start again</button></form><p class=\"quiet\">The code is in the <a href=\"/__emulator/inbox\" target=\"_blank\">inbox</a>.</p>",
        field("code", label, "text", ""),
        submit("code", "Continue")
    )
}

/// Returns a button for the ticket in the query.
pub(super) fn ticket_form(visit: &Visit<'_>) -> String {
    match visit.incoming.query.given("__clerk_ticket") {
        Some(_) => format!("<form method=\"post\">{}</form>", submit("ticket", "Accept the invitation")),
        None => String::new(),
    }
}
