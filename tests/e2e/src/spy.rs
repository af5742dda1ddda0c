//! What a page is told by Rust, for tests that search for secrets.

/// A script that records everything that Rust sends to the webview from now on, responses, updates and events, in `window.heard`.
pub const SPY: &str = r"
    window.heard = [];
    const ask = window.fetch;
    window.fetch = async (...call) => {
        const answer = await ask(...call);
        answer.clone().text().then((text) => window.heard.push(text));
        return answer;
    };
    window.addEventListener('tauri-plugin-clerk.update', ({ detail }) => window.heard.push(JSON.stringify(detail)));
    const { invoke, transformCallback } = window.__TAURI_INTERNALS__;
    const events = ['plugin:clerk:state-changed', 'plugin:clerk:notice', 'plugin:clerk:redirect-finished', 'plugin:clerk:auth-event', 'deep-link://new-url'];
    for (const event of events) {
        const handler = transformCallback((message) => window.heard.push(JSON.stringify(message)));
        invoke('plugin:event|listen', { event, target: { kind: 'Any' }, handler });
    }
";

/// Returns the values of the parameter `name` in the links that occur in a text, each once.
#[must_use]
pub fn parameters<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let value = |rest: &'a str| rest.split(|end: char| !(end.is_ascii_alphanumeric() || "-_".contains(end))).next();
    let mut values: Vec<&str> = text.split(&format!("{name}=")).skip(1).filter_map(value).collect();
    values.sort_unstable();
    values.dedup();
    values
}
