//! Makes the permissions of the plugin out of the table of commands.

use std::{collections::BTreeMap, error::Error, fmt::Write, fs, path::Path};

#[path = "src/commands/table.rs"]
#[macro_use]
mod table;
#[path = "src/commands/areas.rs"]
mod areas;

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
    (
        "switch-session",
        "Choose the active session and organization, read the sessions of this device again, sign out, and have Clerk forget this \
         device.",
    ),
    (
        "organizations",
        "Create organizations, read those that the user belongs to, leave them, and accept invitations and suggestions.",
    ),
    (
        "account",
        "Read and change the signed-in user: names, picture, e-mail addresses, phone numbers, wallets, connected accounts.",
    ),
    (
        "security",
        "Change how the user signs in: password, authenticator app, backup codes, passkeys, other devices; authorize other apps; \
         verify the user again.",
    ),
    (
        "manage-organizations",
        "Change and delete organizations: settings, members, invitations, domains, enterprise connections.",
    ),
    ("billing", "Read and change plans, subscriptions and payment methods."),
    ("delete-account", "Delete the user's account."),
    (
        "clerk-js",
        "Run Clerk's own packages, which read the client as Clerk sends it. What they may do is in the other sets, e.g. \
         `clerk:sign-in` and `clerk:account`.",
    ),
    (
        "verification-pages",
        "Open pages in the system browser that Clerk named for a verification, wait for the user to return, and cancel.",
    ),
    (
        "open-external",
        "Open pages that Clerk or the app's configuration names in the system browser. Others need \
         `clerk:allow-open-external` with a scope.",
    ),
    (
        "fetch",
        "Send requests to the app's own backend as the signed-in user, without getting the session token, which Rust adds. The \
         app's configuration names the backends.",
    ),
    ("session-token", "Get session tokens: short-lived JWTs that prove to the app's backend who is signed in."),
];

/// What Clerk's prebuilt components need.
const COMPONENTS: &[&str] = &[
    "read-state",
    "sign-in",
    "sign-up",
    "switch-session",
    "session-token",
    "open-external",
    "clerk-js",
    "verification-pages",
    "account",
    "security",
    "organizations",
    "manage-organizations",
    "billing",
    "delete-account",
];

/// What [`COMPONENTS`] includes.
const COMPONENTS_DESCRIPTION: &str = "Use Clerk's prebuilt components and React hooks. Includes session tokens, and everything that \
    the user can do in Clerk's components: sign in and out, change and delete the account, manage organizations and billing.";

/// The entries in the scopes of `allow-open-external` and `allow-frontend-api`, for the editors of capabilities.
/// `src/commands/opener.rs` and `src/commands/frontend_api.rs` read them.
const SCOPE_SCHEMA: &str = r#"{
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "ClerkScopeEntry",
    "description": "What a window may open or request.",
    "anyOf": [
        {
            "description": "Pages that a window may open in the system browser.",
            "type": "object",
            "required": ["url"],
            "additionalProperties": false,
            "properties": {
                "url": { "description": "A URL pattern, e.g. https://docs.example.com/*", "type": "string" }
            }
        },
        {
            "description": "Requests to Clerk's Frontend API that a window may make.",
            "type": "object",
            "required": ["method", "path"],
            "additionalProperties": false,
            "properties": {
                "method": { "description": "A method, or * for any", "type": "string" },
                "path": {
                    "description": "A path without the version, e.g. /me/email_addresses/**; * is one segment, ** any at the end",
                    "type": "string"
                }
            }
        }
    ]
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
    println!("cargo:rerun-if-changed=src/commands/areas.rs");
    write_sets()?;
    write_areas()?;
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
    for (area, _) in areas::AREAS {
        members.entry(*area).or_default().push(format!("frontend-api-{area}"));
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
    let components: Vec<String> = COMPONENTS.iter().map(|set| format!("    {set:?},\n")).collect();
    write!(
        text,
        "\n[[set]]\nidentifier = \"components\"\ndescription = {COMPONENTS_DESCRIPTION:?}\npermissions = [\n{}]\n",
        components.concat()
    )?;
    write_if_changed("permissions/sets.toml", &text)
}

/// Writes `permissions/frontend-api.toml`, when it changed: the operations of each area.
fn write_areas() -> Result<(), Box<dyn Error>> {
    let mut text = String::from(
        "# Made by build.rs from src/commands/areas.rs. Do not edit.\n\"$schema\" = \"schemas/schema.json\"\n",
    );
    for (area, operations) in areas::AREAS {
        let description = format!("The requests to Clerk's Frontend API that belong to the set {area}.");
        write!(
            text,
            "\n[[permission]]\nidentifier = \"frontend-api-{area}\"\ndescription = {description:?}\n\
             commands.allow = [\"frontend_api\"]\n"
        )?;
        for (method, path) in *operations {
            write!(text, "\n[[permission.scope.allow]]\nmethod = {method:?}\npath = {path:?}\n")?;
        }
    }
    write_if_changed("permissions/frontend-api.toml", &text)
}

fn write_if_changed(path: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let path = Path::new(path);
    if fs::read_to_string(path).is_ok_and(|present| present == *text) {
        return Ok(());
    }
    Ok(fs::write(path, text)?)
}
