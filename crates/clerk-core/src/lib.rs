//! The core of [Clerk](https://clerk.com) for desktop apps: auth state and flows, without a user interface.
//!
//! Apps use it through the Tauri plugin `tauri-plugin-clerk`, which supplies the [`ports`] (keyring, browser, windows)
//! and re-exports everything here. The crate does not depend on Tauri, so it can be tested without a webview.
//!
//! ```
//! use std::sync::Arc;
//!
//! use clerk_core::{
//!     Clerk, ClerkSetup, HttpTransport, LoadOptions,
//!     ports::{Browser, Event, EventSink, SystemClock},
//!     storage::MemoryStore,
//! };
//!
//! struct NoBrowser;
//!
//! impl Browser for NoBrowser {
//!     fn open(&self, _: &url::Url) -> Result<(), String> {
//!         Err("this program has no browser".to_owned())
//!     }
//! }
//!
//! struct NoEvents;
//!
//! impl EventSink for NoEvents {
//!     fn emit(&self, _: Event) {}
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut setup = ClerkSetup::new(
//!     Arc::new(HttpTransport::new()),
//!     Arc::new(MemoryStore::default()),
//!     Arc::new(NoBrowser),
//!     Arc::new(SystemClock),
//!     Arc::new(NoEvents),
//! );
//! setup.instance.publishable_key = Some("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k".to_owned());
//! let clerk = Clerk::new(setup);
//! clerk.load(LoadOptions::default()).await?;
//! # Ok(())
//! # }
//! ```

mod backend;
mod case;
mod clerk;
pub mod error;
mod events;
mod exchange;
mod fapi;
mod flows;
#[cfg(test)]
mod fuzz;
mod jwt;
pub mod models;
mod navigation;
mod options;
mod outside;
mod pattern;
pub mod ports;
mod random;
#[cfg(test)]
mod redaction;
mod resources;
pub mod secret;
mod setup;
mod state;
pub mod storage;
mod store_access;
mod sync;
mod task;
mod time;
mod user_agent;

pub use backend::{
    allowed::Backends,
    http::HttpBackendTransport,
    request::{DEFAULT_IDLE_TIMEOUT, FetchRequest},
    response::FetchResponse,
};
pub use clerk::Clerk;
pub use error::{Error, ErrorCode, Result};
pub use events::{Notice, Status};
pub use exchange::session_token::GetTokenParams;
pub use fapi::{
    API_VERSION, DEFAULT_REQUEST_TIMEOUT, HttpTransport, InstanceOptions, InstanceType, PublishableKey, request::Method,
};
pub use flows::{
    attempt::AttemptKind,
    callback_params::{Continuation, RedirectCallbackParams},
    email_link::{EmailLinkOutcome, EmailLinkVerificationParams},
    frontend_api::{
        ClerkJsState, Disclosure, FrontendApiPart, FrontendApiRequest, FrontendApiResponse, REDEEMED_NONCE,
    },
    frontend_request::FrontendRequest,
    load::LoadOptions,
    named_pages::VisiblePages,
    oauth::AuthenticateWithRedirectParams,
    outcome::{RedirectOutcome, Requirements},
    reverification::RequiresReverification,
    set_active::{SetActiveOutcome, SetActiveParams},
    sign_out::{SignOutOptions, SignOutOutcome},
    verification_page::OpenAndWaitOutcome,
    web3::{AuthenticateWithWalletParams, AuthenticateWithWeb3Params, SignUpWithWeb3Params},
};
pub use models::Reverification;
pub use navigation::{
    callback_url::{CallbackUrl, LinkOutcome},
    urls::RedirectOptions,
};
pub use options::{ClerkOptions, RedirectOrigin, SdkMetadata, Telemetry};
#[doc(hidden)]
pub use random::random_text;
#[doc(hidden)]
pub use resources::params::deserialize_located;
pub use resources::{
    account::{
        Account, ConnectExternalAccountParams, IdentificationVerificationParams, PhoneNumberParams,
        ReauthorizeExternalAccountParams, RemovePasswordParams, UpdatePasswordParams, UpdateUserParams,
    },
    organization::{
        CreateOrganizationParams, DomainListParams, InviteMemberParams, MemberListParams, Organizations,
        UpdateEnrollmentModeParams, UpdateOrganizationParams,
    },
    params::{Change, PageParams, StatusListParams},
    picture::{FrontendApiFile, Picture},
    session::{
        SessionVerifyAttemptFirstFactorParams, SessionVerifyAttemptSecondFactorParams,
        SessionVerifyPrepareFirstFactorParams, SessionVerifyPrepareSecondFactorParams, Sessions,
    },
    sign_in::{AttemptFactorParams, PrepareFactorParams, ResetPasswordParams, SignInCreateParams},
    sign_up::{AttemptVerificationParams, PrepareVerificationParams, SignUpParams},
    waitlist::JoinWaitlistParams,
};
pub use setup::{
    ClerkSetup, DEFAULT_BROWSER_TIMEOUT, DEFAULT_MAX_OFFLINE_AGE, DEFAULT_STORAGE_TIMEOUT, SelectInitialSession,
    default_app_url,
};
pub use state::{
    auth_events::{AuthEvent, NumberedAuthEvent, SignOutReason},
    authorization::CheckAuthorizationParams,
    listeners::ListenerHandle,
    snapshot::{ActiveSession, Entitlements, Snapshot},
};

pub use user_agent::user_agent;

/// Former name of [`AttemptKind`] in OAuth flows.
pub type RedirectResource = AttemptKind;
/// Former name of [`AttemptKind`] in hosted flows.
pub type HostedAuthMode = AttemptKind;
/// The version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
