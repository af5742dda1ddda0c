//! The layout of every page.

use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};

use crate::http::reply::text;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1c1b22; --quiet: #6b6877; --paper: #fff; --ground: #f4f3f8; --line: #dfdce8; --accent: #5b4ae0; --danger: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceaf4; --quiet: #a19dae; --paper: #211f29; --ground: #16151b; --line: #38353f; --accent: #9d90ff; --danger: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem 1rem; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: 2rem; background: var(--paper); border: 1px solid var(--line); border-radius: 14px; }
main.wide { max-width: 68rem; }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
.quiet { color: var(--quiet); font-size: .9rem; }
code { font-family: ui-monospace, monospace; font-size: .88em; overflow-wrap: anywhere; }
ul.choices { list-style: none; margin: 1.25rem 0; padding: 0; border: 1px solid var(--line); border-radius: 10px; }
ul.choices li { display: flex; gap: 1rem; align-items: center; justify-content: space-between; padding: .75rem 1rem; }
ul.choices li + li { border-top: 1px solid var(--line); }
ul.choices strong { display: block; }
label { display: block; margin: .75rem 0 .25rem; font-size: .9rem; font-weight: 600; }
input, select { width: 100%; padding: .55rem .7rem; border: 1px solid var(--line); border-radius: 8px; background: var(--ground); color: inherit; font: inherit; }
input[type=checkbox] { width: auto; margin-right: .5rem; }
button, .button { display: inline-block; padding: .55rem 1.1rem; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); color: inherit; font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; white-space: nowrap; }
button.primary, .button.primary { border-color: var(--accent); background: var(--accent); color: var(--paper); }
button.danger { border-color: var(--danger); color: var(--danger); }
.row { display: flex; gap: .75rem; margin-top: 1rem; align-items: end; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th { text-align: left; color: var(--quiet); font-weight: 600; }
th, td { padding: .4rem .6rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
nav { margin-bottom: 1.25rem; font-size: .9rem; }
a { color: var(--accent); }
details { margin-top: 1.5rem; }
summary { cursor: pointer; font-weight: 600; }
";

/// A page under construction.
pub(super) struct Page {
    title: String,
    body: String,
    wide: bool,
    refresh: bool,
}

impl Page {
    pub(super) fn new(title: &str) -> Self {
        let title = escape(title);
        Self { body: format!("<h1>{title}</h1>"), title, wide: false, refresh: false }
    }

    /// Widens the page, for tables.
    pub(super) fn wide(self) -> Self {
        Self { wide: true, ..self }
    }

    /// Reloads the page every few seconds.
    pub(super) fn live(self) -> Self {
        Self { refresh: true, ..self }
    }

    /// Adds a paragraph of HTML.
    pub(super) fn paragraph(self, html: &str) -> Self {
        self.raw(&format!("<p>{html}</p>"))
    }

    /// Adds HTML.
    pub(super) fn raw(mut self, html: &str) -> Self {
        self.body.push_str(html);
        self
    }

    pub(super) fn render(self, status: u16) -> Response {
        let refresh = if self.refresh { "<meta http-equiv=\"refresh\" content=\"3\">" } else { "" };
        let class = if self.wide { " class=\"wide\"" } else { "" };
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             {refresh}<title>{}</title><style>{STYLE}</style></head><body><main{class}>{}</main></body></html>",
            self.title, self.body
        );
        let mut response = text(status, "text/html; charset=utf-8", html);
        response.headers_mut().insert(
            HeaderName::from_static("content-security-policy"),
            HeaderValue::from_static("frame-ancestors 'none'"),
        );
        response
    }
}

/// Escapes a string for HTML and attributes.
pub(super) fn escape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\'' => result.push_str("&#39;"),
            other => result.push(other),
        }
    }
    result
}
