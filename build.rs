//! Makes the permissions of the plugin out of the table of commands.

use std::{collections::BTreeMap, error::Error, fmt::Write, fs, path::Path};

#[path = "src/commands/table.rs"]
#[macro_use]
mod table;

/// The permission sets and what they allow, as capabilities and Tauri's documentation show it.
const SETS: &[(&str, &str)] = &[
    (
        "read-state",
        "Load Clerk and read the auth state: the signed-in user, the sessions, the instance's settings. No tokens.",
    ),
    ("sign-in", "Sign in, by password, code, link, wallet or through the system browser."),
    (
        "sign-up",
        "Sign up, by e-mail address, phone number, password, wallet or through the system browser; join the waitlist.",
    ),
    ("switch-session", "Choose the active session and organization, and sign out."),
    ("organizations", "Create organizations, and read those that the user belongs to."),
    (
        "open-external",
        "Open pages that Clerk or the app's configuration names in the system browser. Others need \
         `clerk:allow-open-external` with a scope.",
    ),
    ("session-token", "Get session tokens: short-lived JWTs that prove to the app's backend who is signed in."),
];

/// The entries in the scope of `allow-open-external`, for the editors of capabilities. `src/commands/opener.rs` reads them.
const SCOPE_SCHEMA: &str = r#"{
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "ClerkScopeEntry",
    "description": "Pages that a window may open in the system browser.",
    "type": "object",
    "required": ["url"],
    "additionalProperties": false,
    "properties": {
        "url": { "description": "A URL pattern, e.g. https://docs.example.com/*", "type": "string" }
    }
}"#;

macro_rules! names {
    ($( [$( $set:literal ),+] fn $name:ident ( $( $parameter:ident : $type:ty ),* $(,)? ) -> $result:ty { $body:expr } )*) => {
        /// Each command, and the sets that it is in.
        const COMMANDS: &[(&str, &[&str])] = &[$( (stringify!($name), &[$( $set ),+]) ),*];
    };
}

command_table!(names);

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=src/commands/table.rs");
    write_sets()?;
    let names: Vec<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
    tauri_plugin::Builder::new(&names)
        .global_scope_schema(serde_json::from_str(SCOPE_SCHEMA)?)
        .global_api_script_path("./api-iife.js")
        .build();
    Ok(())
}

/// Writes `permissions/sets.toml`, when it changed.
fn write_sets() -> Result<(), Box<dyn Error>> {
    let mut members: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, sets) in COMMANDS {
        for set in *sets {
            members.entry(*set).or_default().push(format!("allow-{}", name.replace('_', "-")));
        }
    }
    let mut text = String::from(
        "# Made by build.rs from src/commands/table.rs. Do not edit.\n\"$schema\" = \"schemas/schema.json\"\n",
    );
    for (set, description) in SETS {
        let members = members.remove(set).ok_or_else(|| format!("the permission set {set} has no command"))?;
        write!(text, "\n[[set]]\nidentifier = {set:?}\ndescription = {description:?}\npermissions = [\n")?;
        for member in members {
            writeln!(text, "    {member:?},")?;
        }
        text.push_str("]\n");
    }
    if let Some(unknown) = members.keys().next() {
        return Err(format!(
            "src/commands/table.rs has the permission set {unknown}, which build.rs does not describe"
        )
        .into());
    }
    let path = Path::new("permissions/sets.toml");
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    Ok(fs::write(path, text)?)
}
