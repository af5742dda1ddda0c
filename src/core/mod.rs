//! What the product is about: auth state and flows. Knows FAPI and ports, and nothing of windows.

mod authorization;
mod cache;
mod callback;
mod clerk;
mod flows;
mod listeners;
mod navigation;
mod options;
mod ordering;
mod organization;
mod params;
mod properties;
mod session;
mod session_token;
mod sign_in;
mod sign_up;
mod state;
mod urls;

pub use authorization::{CheckAuthorizationParams, Reverification};
pub use callback::CallbackUrl;
pub use clerk::{Clerk, ClerkSetup, Notice, SdkMetadata, SelectInitialSession};
pub(crate) use clerk::{DEFAULT_OAUTH_TIMEOUT, default_app_url};
pub(crate) use flows::round_trip::random_text;
pub use flows::{
    deep_link::LinkOutcome,
    email_link::{EmailLinkOutcome, EmailLinkVerificationParams},
    hosted_auth::HostedAuthMode,
    load::LoadOptions,
    oauth::{AuthenticateWithRedirectParams, RedirectOutcome, RedirectResource},
    redirect_callback::RedirectCallbackParams,
    set_active::SetActiveParams,
    sign_out::SignOutOptions,
    web3::AuthenticateWithWeb3Params,
};
pub use listeners::ListenerHandle;
pub use options::{ClerkOptions, RedirectOrigin, Telemetry};
pub use organization::{CreateOrganizationParams, JoinWaitlistParams};
pub use params::Change;
pub use session_token::GetTokenParams;
pub use sign_in::{AttemptFactorParams, PrepareFactorParams, ResetPasswordParams, SignInCreateParams};
pub use sign_up::{AttemptVerificationParams, PrepareVerificationParams, SignUpParams};
pub use state::{ActiveSession, Snapshot, Status};
pub use urls::RedirectOptions;
