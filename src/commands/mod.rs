//! What a webview may call. Each command hands over to [`Clerk`](crate::Clerk); none decides anything.

#[cfg(test)]
mod areas;
mod caller;
mod frontend_api;
mod opener;
mod operations;
mod request;
mod requests;
#[macro_use]
mod table;

use tauri_specta::{Commands, collect_commands};
use url::Url;

pub(crate) use caller::WindowOptions;
use caller::{Caller, CallerWindow, WindowSnapshot};
use frontend_api::ClerkJs;
pub(crate) use opener::OpenedPages;
use opener::PageOpener;
use request::Request;
pub(crate) use requests::Requests;

use crate::{
    core::{
        AttemptFactorParams, AttemptKind, AttemptVerificationParams, AuthenticateWithRedirectParams,
        AuthenticateWithWeb3Params, ClerkJsState, CreateOrganizationParams, EmailLinkOutcome,
        EmailLinkVerificationParams, FrontendApiRequest, FrontendApiResponse, GetTokenParams, JoinWaitlistParams,
        LoadOptions, Notice, OpenAndWaitOutcome, PrepareFactorParams, PrepareVerificationParams,
        RedirectCallbackParams, RedirectOutcome, ResetPasswordParams, SessionEnded, SetActiveOutcome, SetActiveParams,
        SignInCreateParams, SignOutOptions, SignOutOutcome, SignUpParams,
    },
    error::{ErrorCode, ErrorPayload, Result},
    models::{Organization, OrganizationId, SessionId, SignIn, SignInId, SignUp, SignUpId, Waitlist},
    secret::RotatingTokenNonce,
};

macro_rules! define {
    ($(
        [$( $set:literal ),+] fn $name:ident ( $( $parameter:ident : $type:ty ),* $(,)? ) -> $result:ty { $body:expr }
    )*) => {
        $(
            #[tauri::command]
            #[specta::specta]
            pub(crate) async fn $name(request: Request, $( $parameter: $type ),* ) -> Result<$result, ErrorPayload> {
                // What contains session tokens is not kept.
                let keep = ![$( $set ),+].iter().any(|set| matches!(*set, "session-token" | "clerk-js"));
                let run = async move {
                    let result: Result<$result> = $body;
                    result
                };
                request.once(keep, run).await
            }
        )*

        /// Every command, for the invoke handler and the bindings.
        pub(crate) fn commands<R: tauri::Runtime>() -> Commands<R> {
            collect_commands![$( $name ),*]
        }
    };
}

command_table!(define);

/// The address of the page that an e-mail link led to.
fn page_url(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|_| {
        ErrorCode::EmailLinkFailed.error("the address of the page is not a valid URL; pass window.location.href")
    })
}
