//! The TypeScript bindings of commands and events.

use tauri::Runtime;
use tauri_specta::{Builder, ErrorHandlingMode, collect_events};

use crate::{
    commands,
    config::PLUGIN_NAME,
    desktop::events::{NoticeGiven, RedirectFinished, SessionEndedHint, StateChanged},
};

/// Collects commands and events, with their types.
#[must_use]
pub(crate) fn builder<R: Runtime>() -> Builder<R> {
    Builder::new()
        .plugin_name(PLUGIN_NAME)
        .commands(commands::commands())
        .events(collect_events![StateChanged, RedirectFinished, SessionEndedHint, NoticeGiven])
        .error_handling(ErrorHandlingMode::Throw)
        .disable_serde_phases()
        .dangerously_cast_bigints_to_number()
}

/// Writes the TypeScript bindings to `path`. For the maintainers of the guest library.
///
/// # Errors
/// If a type can't be expressed in TypeScript or the file can't be written.
#[doc(hidden)]
pub fn export_bindings<R: Runtime>(path: impl AsRef<std::path::Path>) -> Result<(), Box<dyn std::error::Error>> {
    let header = "// Generated from Rust by `cargo xtask bindings`. Do not edit.\n/* eslint-disable */";
    let path = path.as_ref();
    builder::<R>().export(specta_typescript::Typescript::default().header(header), path)?;
    let text = std::fs::read_to_string(path)?;
    std::fs::write(path, as_functions(&text).ok_or("tauri-specta wrote the commands in an unexpected format")?)?;
    Ok(())
}

/// Rewrites the object of commands that tauri-specta generates to one exported function per command, which a bundler can drop
/// if an app does not use it, and which calls the guest library's `invoke`.
fn as_functions(text: &str) -> Option<String> {
    let text = text.replacen(
        "import { invoke as __TAURI_INVOKE } from \"@tauri-apps/api/core\";",
        "import { invoke } from \"./invoke\";",
        1,
    );
    let (before, rest) = text.split_once("/** Commands */\nexport const commands = {\n")?;
    let (commands, after) = rest.split_once("\n};\n")?;
    let mut functions = String::new();
    for line in commands.lines() {
        let (name, call) = line.trim().trim_end_matches(',').split_once(": ")?;
        let call = call.replacen("__TAURI_INVOKE<", "invoke<", 1).replacen("(\"plugin:clerk|", "(\"", 1);
        functions.push_str(&format!("export const {name} = {call};\n"));
    }
    Some(format!("{before}/* Commands */\n{functions}{after}"))
}
