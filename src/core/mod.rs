//! What the product is about: auth state and flows. Knows FAPI and ports, and nothing of windows.

mod callback;
mod clerk;
mod flows;
mod ordering;
mod params;
mod session;
mod session_token;
mod sign_in;
mod sign_up;
mod state;
mod urls;

pub use callback::CallbackUrl;
pub(crate) use clerk::DEFAULT_OAUTH_TIMEOUT;
pub use clerk::{Clerk, ClerkSetup, RedirectOptions, SdkMetadata};
pub use flows::{
    deep_link::LinkOutcome,
    load::LoadOptions,
    oauth::{AuthenticateWithRedirectParams, RedirectOutcome, RedirectResource},
    redirect_callback::RedirectCallbackParams,
    set_active::SetActiveParams,
    sign_out::SignOutOptions,
};
pub use params::Change;
pub use session_token::GetTokenParams;
pub use sign_in::{AttemptFactorParams, PrepareFactorParams, ResetPasswordParams, SignInCreateParams};
pub use sign_up::{AttemptVerificationParams, PrepareVerificationParams, SignUpParams};
pub use state::{ActiveSession, Snapshot, Status};
