//! A local Clerk: the Frontend API (FAPI) on loopback, with no account and no network.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use clerk_emulator::{Config, Emulator, NewUser};
//!
//! let emulator = Emulator::start(Config::default()).await?;
//! emulator.add_user(NewUser::with_password("ada+clerk_test@example.com", "correct-horse-battery"));
//! println!("CLERK_PUBLISHABLE_KEY={}", emulator.publishable_key());
//! println!("CLERK_PROXY_URL={}", emulator.base_url());
//! # Ok(())
//! # }
//! ```
//!
//! It serves native clients like FAPI: rotating client tokens in `Authorization`, session tokens that verify against
//! the served JWKS, codes in an inbox, and a page that acts as the OAuth provider.
//!
//! The rules (`ops`, `state`) know nothing of HTTP; `http` decodes requests and `json` serializes resources. The crate
//! shares no code with the plugin, so that both can't share a mistake.

#![recursion_limit = "256"] // for `json!` with many keys

mod authenticator;
mod clock;
mod config;
mod control;
mod environment;
mod error;
mod faults;
mod handle;
mod http;
mod ids;
mod images;
mod json;
mod log;
mod merge;
mod ops;
mod pages;
mod shared;
mod state;
mod tokens;
mod version;

pub use authenticator::Authenticator;
pub use config::{
    Actions, ApiKeys, AttackProtection, Billing, Config, ConfigError, EnterpriseConnection, EnterpriseSso, Identifiers,
    Identity, JwtTemplate, Lifetimes, Lockout, Mfa, NativeApi, NewDomain, NewEmail, NewMember, NewOrganization,
    NewPhone, NewUser, OAuthApplication, Organizations, Passkeys, PasswordRules, Passwords, Payer, Plan, Presence,
    Profile, Restrictions, Role, Sessions, SignUpSettings, SocialProvider, VerificationSettings, presets::PRESETS,
};
pub use faults::{Action, Fault};
pub use handle::Emulator;
pub use log::Entry;
pub use state::{Channel, Decision, Message};
pub use version::API_VERSION;
