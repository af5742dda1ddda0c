//! Sign people in to Tauri desktop apps with [Clerk](https://clerk.com).
//!
//! ```no_run
//! # fn context() -> tauri::Context { unimplemented!() }
//! tauri::Builder::default()
//!     .plugin(clerk::init())
//!     .run(context())
//!     .expect("the app failed to start");
//! ```
//!
//! The rest is configuration: the publishable key in `plugins.clerk` of `tauri.conf.json`, the app's URL scheme in
//! `plugins.deep-link`, and `clerk:default` in a capability. The README has the five-minute version.
//!
//! Rust owns everything that matters: the client token, every call to Clerk's Frontend API (FAPI), the state, token
//! refresh, deep links. Webviews get typed commands and events; the npm package `tauri-plugin-clerk-api` wraps them in
//! the `Clerk` class that Clerk's own SDKs have. Rust code uses the [`Clerk`] handle:
//!
//! ```no_run
//! use clerk::{Clerk, ClerkExt};
//!
//! #[tauri::command]
//! async fn greeting(clerk: tauri::State<'_, Clerk>) -> Result<String, String> {
//!     match clerk.user() {
//!         Some(user) => Ok(format!("Hello, {}", user.full_name().unwrap_or_default())),
//!         None => Err("not signed in".to_owned()),
//!     }
//! }
//!
//! fn later(app: &tauri::AppHandle) {
//!     let signed_in = app.clerk().is_signed_in();
//!     # let _ = signed_in;
//! }
//! ```
//!
//! # Security
//!
//! The client token never leaves Rust; it is stored in the keyring of the operating system. A window may get session
//! tokens, which live for a minute, if its capability has `clerk:session-token`.

#[cfg(feature = "bindings")]
mod bindings;
mod builder;
mod callback;
mod commands;
mod config;
mod desktop;
mod ext;
mod guard;
mod loopback;
mod plugin;
#[cfg(test)]
mod redaction;
mod setup;
pub mod storage;
mod timeouts;
mod wallet_bridge;

use tauri::Runtime;

#[cfg(feature = "bindings")]
#[doc(hidden)]
pub use bindings::export::export_bindings;
pub use builder::Builder;
pub use callback::{CallbackTransport, DEFAULT_LOOPBACK_URL};
/// The core of the plugin, which does not depend on Tauri: auth state and flows.
pub use clerk_core as core;
pub use clerk_core::{
    API_VERSION, Clerk, Error, ErrorCode, HttpTransport, InstanceOptions, InstanceType, PublishableKey, Result,
    Snapshot, Status, error, models, ports, secret,
};
pub use config::Config;
pub use ext::ClerkExt;
pub use guard::{Authorized, Requirement, SignedIn};
pub use plugin::ClerkPlugin;
pub use timeouts::Timeouts;

/// Version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Creates the plugin with the configuration in `tauri.conf.json`.
#[must_use]
pub fn init<R: Runtime>() -> ClerkPlugin<R> {
    Builder::new().build()
}
