//! Writes the TypeScript bindings, for the maintainers of the guest library.

use std::{collections::BTreeSet, error::Error, fs, path::Path};

use tauri::Runtime;

use super::builder;
use crate::commands;

/// Writes the TypeScript bindings into `folder`: `bindings.ts`, and `on-demand-commands.ts` with the commands that no page
/// needs at once. For the maintainers of the guest library.
///
/// # Errors
/// If a type can't be expressed in TypeScript or a file can't be written.
#[doc(hidden)]
pub fn export_bindings<R: Runtime>(folder: impl AsRef<Path>) -> Result<(), Box<dyn Error>> {
    let folder = folder.as_ref();
    let path = folder.join("bindings.ts");
    builder::<R>().export(specta_typescript::Typescript::default(), &path)?;
    let Files { bindings, on_demand } = split(&fs::read_to_string(&path)?)
        .ok_or("tauri-specta wrote the commands or the events in an unexpected format")?;
    fs::write(path, bindings)?;
    fs::write(folder.join("on-demand-commands.ts"), on_demand)?;
    Ok(())
}

/// Commands that the guest library calls in code that is imported on first use, besides those of resources.
const ON_DEMAND: &[&str] = &[
    "handle_unauthenticated",
    "authenticate_with_redirect",
    "handle_redirect_callback",
    "handle_email_link_verification",
    "start_hosted_auth",
    "authenticate_with_web3",
    "open_external",
    "reset_sign_in_password",
    "reload_sign_in",
    "submit_sign_in_protect_check",
    "sign_in_with_web3",
    "sign_in_with_passkey",
    "attempt_sign_in_with_passkey",
    "reload_sign_up",
    "submit_sign_up_protect_check",
    "sign_up_with_web3",
    "clerk_js_state",
    "frontend_api",
    "open_and_wait",
    "join_waitlist",
];

const HEADER: &str = "// Generated from Rust by `cargo xtask bindings`. Do not edit.";

struct Files {
    bindings: String,
    on_demand: String,
}

/// Rewrites what tauri-specta generates, so that a bundler can drop what an app does not use: the object of commands becomes one
/// exported function per command, which calls the guest library's `invoke`, and the object of events becomes their names.
fn split(text: &str) -> Option<Files> {
    let (_, text) = text.split_once("import { invoke as __TAURI_INVOKE } from \"@tauri-apps/api/core\";\n")?;
    let (_, text) = text.split_once("/** Commands */\nexport const commands = {\n")?;
    let (commands, text) = text.split_once("\n};\n")?;
    let (_, text) = text.split_once("/** Events */\nexport const events = {\n")?;
    let (events, text) = text.split_once("\n};\n")?;
    let (types, _) = text.split_once("/* Tauri Specta runtime */")?;

    let (mut functions, mut on_demand) = (String::new(), String::new());
    for line in commands.lines() {
        let (name, call) = line.trim().trim_end_matches(',').split_once(": ")?;
        let (before, command) = call.split_once("(\"plugin:clerk|")?;
        let mut call = format!("{}(\"{command}", before.replacen("__TAURI_INVOKE<", "invoke<", 1));
        let command = command.split_once('"')?.0;
        let functions = match commands::set_of_resource(command) {
            Some(set) => {
                let args = if call.ends_with("\")") { ", undefined" } else { "" };
                call = format!("{}{args}, \"clerk:{set}\")", call.strip_suffix(')')?);
                &mut on_demand
            }
            None if ON_DEMAND.contains(&command) => &mut on_demand,
            None => &mut functions,
        };
        functions.push_str(&format!("export const {name} = {call};\n"));
    }
    let mut names = String::new();
    for line in events.lines() {
        let (name, event) = line.trim().trim_end_matches(',').split_once(": makeEvent<")?;
        let event = event.split_once('"')?.1.trim_end_matches([')', '"']);
        names.push_str(&format!("  {name}: \"{event}\",\n"));
    }
    let import = "import { invoke } from \"./invoke\";\n";
    let bindings = format!(
        "{HEADER}\n/* eslint-disable */\n\n{import}\n/* Commands */\n{functions}\n/** The names of the events. */\nexport const events = {{\n{names}}} as \
         const;\n{types}"
    );
    let types = used_types(&on_demand, types);
    let on_demand = format!("{HEADER}\n\nimport type {{\n{types}}} from \"./bindings\";\n{import}\n{on_demand}");
    Some(Files { bindings: format!("{}\n", bindings.trim_end()), on_demand })
}

/// Returns the names of the types that functions use, as lines of an import.
fn used_types(functions: &str, types: &str) -> String {
    let words: BTreeSet<&str> = functions.split(|character: char| !character.is_ascii_alphanumeric()).collect();
    let declared = types.lines().filter_map(|line| line.strip_prefix("export type "));
    let names = declared.filter_map(|line| line.split([' ', '<', '=']).next());
    let used: BTreeSet<&str> = names.filter(|name| words.contains(name)).collect();
    used.into_iter().map(|name| format!("  {name},\n")).collect()
}
