//! The one list of commands and events. The invoke handler, the mounted events and the TypeScript bindings all come
//! from it, so that they can't drift apart.

use tauri::Runtime;
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands, collect_events};

use crate::{
    commands,
    desktop::events::{NoticeGiven, RedirectFinished, StateChanged},
};

/// Name of the plugin: of its section in `tauri.conf.json`, its permissions and its commands.
pub(crate) const PLUGIN_NAME: &str = "clerk";

/// Commands and events, with their types.
#[must_use]
pub(crate) fn builder<R: Runtime>() -> Builder<R> {
    Builder::new()
        .plugin_name(PLUGIN_NAME)
        .commands(collect_commands![
            commands::clerk::load,
            commands::clerk::snapshot,
            commands::clerk::notices,
            commands::clerk::set_active,
            commands::clerk::sign_out,
            commands::clerk::handle_redirect_callback,
            commands::clerk::authenticate_with_redirect,
            commands::clerk::cancel_authentication,
            commands::clerk::take_redirect_outcome,
            commands::clerk::open_external,
            commands::clerk::choose_initial_session,
            commands::clerk::touch,
            commands::clerk::handle_unauthenticated,
            commands::clerk::handle_email_link_verification,
            commands::clerk::start_hosted_auth,
            commands::clerk::authenticate_with_web3,
            commands::clerk::join_waitlist,
            commands::clerk::create_organization,
            commands::clerk::get_organization,
            commands::session::get_token,
            commands::sign_in::create_sign_in,
            commands::sign_in::prepare_sign_in_first_factor,
            commands::sign_in::attempt_sign_in_first_factor,
            commands::sign_in::prepare_sign_in_second_factor,
            commands::sign_in::attempt_sign_in_second_factor,
            commands::sign_in::reset_sign_in_password,
            commands::sign_in::reload_sign_in,
            commands::sign_in::sign_in_with_email_link,
            commands::sign_up::create_sign_up,
            commands::sign_up::update_sign_up,
            commands::sign_up::prepare_sign_up_verification,
            commands::sign_up::attempt_sign_up_verification,
            commands::sign_up::reload_sign_up,
            commands::sign_up::sign_up_with_email_link,
        ])
        .events(collect_events![StateChanged, RedirectFinished, NoticeGiven])
        .error_handling(ErrorHandlingMode::Throw)
        .disable_serde_phases()
        .dangerously_cast_bigints_to_number()
}

/// Writes the TypeScript bindings to `path`. For the maintainers of the guest library.
///
/// # Errors
/// When a type can't be expressed in TypeScript or the file can't be written.
#[doc(hidden)]
pub fn export_bindings<R: Runtime>(path: impl AsRef<std::path::Path>) -> Result<(), Box<dyn std::error::Error>> {
    let header = "// Generated from Rust by `cargo xtask bindings`. Do not edit.\n/* eslint-disable */";
    builder::<R>().export(specta_typescript::Typescript::default().header(header), path.as_ref())?;
    Ok(())
}
