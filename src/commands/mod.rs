//! What a webview may call. Each command hands over to [`Clerk`](crate::Clerk); none decides anything.

#[cfg(test)]
mod areas;
mod argument;
mod caller;
mod dispatch;
mod fetch;
mod finished;
mod follower;
mod frontend_api;
mod opener;
mod operations;
mod patch;
mod request;
mod requests;
#[macro_use]
mod table;
mod updates;
mod window_state;

use serde_json::{Map, Value};
use tauri::ipc::InvokeError;
use url::Url;

use argument::Argument;
pub(crate) use caller::WindowOptions;
use caller::{Caller, CallerWindow};
use dispatch::{Call, Handler, Response, key};
pub(crate) use fetch::Fetches;
use fetch::{Chunk, FetchHead, FetchingWindow, WindowFetch};
use finished::Returned;
use frontend_api::ClerkJs;
pub(crate) use opener::OpenedPages;
use opener::PageOpener;
use request::Request;
pub(crate) use requests::Requests;
pub(crate) use window_state::WindowStates;
use window_state::{WindowSnapshot, WindowState};

use crate::{
    core::{
        AttemptFactorParams, AttemptKind, AttemptVerificationParams, AuthenticateWithRedirectParams,
        AuthenticateWithWeb3Params, ClerkJsState, ConnectExternalAccountParams, CreateOrganizationParams,
        DomainListParams, EmailLinkOutcome, EmailLinkVerificationParams, FrontendApiFile, FrontendApiRequest,
        FrontendApiResponse, GetTokenParams, IdentificationVerificationParams, InviteMemberParams, JoinWaitlistParams,
        LinkOutcome, LoadOptions, MemberListParams, Notice, NumberedAuthEvent, OpenAndWaitOutcome, PageParams,
        PhoneNumberParams, Picture, PrepareFactorParams, PrepareVerificationParams, ReauthorizeExternalAccountParams,
        RedirectCallbackParams, RedirectOutcome, RemovePasswordParams, ResetPasswordParams,
        SessionVerifyAttemptFirstFactorParams, SessionVerifyAttemptSecondFactorParams,
        SessionVerifyPrepareFirstFactorParams, SessionVerifyPrepareSecondFactorParams, SetActiveOutcome,
        SetActiveParams, SignInCreateParams, SignOutOptions, SignOutOutcome, SignUpParams, SignUpWithWeb3Params,
        StatusListParams, UpdateEnrollmentModeParams, UpdateOrganizationParams, UpdatePasswordParams, UpdateUserParams,
    },
    error::{ErrorCode, Result},
    models::{
        BackupCodes, DeletedObject, EmailAddress, ExternalAccount, Image, Organization, OrganizationDomain,
        OrganizationId, OrganizationInvitation, OrganizationMembership, OrganizationMembershipRequest,
        OrganizationSuggestion, Page, Passkey, PhoneNumber, Role, Session, SessionId, SessionVerification,
        SessionWithActivities, SignIn, SignInId, SignUp, SignUpId, Totp, User, UserId, UserOrganizationInvitation,
        Waitlist, Web3Wallet,
    },
    secret::RotatingTokenNonce,
};

macro_rules! define {
    ($(
        [$( $set:literal ),+] fn $name:ident ( $( $parameter:ident : $type:ty ),* $(,)? ) -> $result:ty { $body:expr }
    )*) => {
        $(
            fn $name<R: tauri::Runtime>(call: &Call<'_, R>) -> Result<Response, InvokeError> {
                // What contains session tokens, the secrets of second factors or the whole state is not kept, nor are the bodies of
                // responses.
                let keep = ![$( $set ),+].iter().any(|set| matches!(*set, "session-token" | "clerk-js" | "fetch"))
                    && !matches!(stringify!($name), "create_totp" | "verify_totp" | "create_backup_codes" | "snapshot");
                let request: Request = call.argument("request")?;
                $( let $parameter = <$type as Argument>::of(call.argument::<<$type as Argument>::Received>(key!($parameter))?); )*
                Ok(request.returning::<$result>().once(keep, Box::pin(async move {
                    let result: Result<$result> = $body;
                    result?.finished()
                })))
            }
        )*

        /// Each command, and the sets that it is in.
        #[cfg(feature = "bindings")]
        const SETS: &[(&str, &[&str])] = &[$( (stringify!($name), &[$( $set ),+]) ),*];

        /// Returns the command with a name.
        fn handler<R: tauri::Runtime>(name: &str) -> Option<(&'static str, Handler<R>)> {
            match name {
                $( stringify!($name) => Some((stringify!($name), $name::<R>)), )*
                _ => None,
            }
        }

        /// The types of every command, for the bindings.
        #[cfg(feature = "bindings")]
        pub(crate) mod signatures {
            use tauri_specta::{Commands, collect_commands};

            use super::*;
            use crate::error::ErrorPayload;

            $(
                #[tauri::command]
                #[specta::specta]
                #[allow(unused_variables, clippy::unused_async, reason = "only the types count")]
                async fn $name($( $parameter: <$type as Argument>::Received ),* ) -> Result<$result, ErrorPayload> {
                    Err(ErrorCode::OptionInvalid.error("this is only a signature").into())
                }
            )*

            pub(crate) fn commands<R: tauri::Runtime>() -> Commands<R> {
                collect_commands![$( $name ),*]
            }
        }
    };
}

command_table!(define);

/// Runs the command that a webview has sent. Returns whether it exists.
pub(crate) fn invoke<R: tauri::Runtime>(invoke: tauri::ipc::Invoke<R>) -> bool {
    dispatch::invoke(invoke, handler)
}

/// The sets of the commands that are methods of resources, or serve one. Signing in does not need them.
#[cfg(feature = "bindings")]
const RESOURCES: &[&str] = &["account", "security", "organizations", "manage-organizations", "delete-account", "fetch"];

/// The commands of other sets that are methods of resources.
#[cfg(feature = "bindings")]
const OF_SESSIONS: &[&str] = &["reload_session", "touch_session", "end_session", "remove_session", "destroy_client"];

/// Returns the set of a command that is a method of a resource, of which the guest library loads the code when it is called.
#[cfg(feature = "bindings")]
pub(crate) fn set_of_resource(command: &str) -> Option<&'static str> {
    let (_, sets) = SETS.iter().find(|(name, _)| *name == command)?;
    sets.first().copied().filter(|set| RESOURCES.contains(set) || OF_SESSIONS.contains(&command))
}

/// A link that the user pasted.
fn callback_link(text: &str) -> Result<Url> {
    let invalid = || ErrorCode::OptionInvalid.error("the text is not a link; copy the whole address from the browser");
    Url::parse(text.trim()).map_err(|_| invalid())
}

/// The address of the page that an e-mail link led to.
fn page_url(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|_| {
        ErrorCode::EmailLinkFailed.error("the address of the page is not a valid URL; pass window.location.href")
    })
}
