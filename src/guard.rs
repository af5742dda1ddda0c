//! Arguments that restrict an app's own commands to authorized users.

use std::{marker::PhantomData, ops::Deref, sync::Arc};

use tauri::{
    Manager, Runtime,
    ipc::{CommandArg, CommandItem, InvokeError},
};

use crate::{
    core::{CheckAuthorizationParams, Clerk, Snapshot},
    error::{ErrorCode, ErrorPayload},
    models::{Session, User},
};

/// The signed-in user, as an argument of a Tauri command. The command is rejected with `not_signed_in` if no user is signed
/// in, or if the session has pending tasks. It is rejected with `instance_not_configured` unless the app itself names the
/// instance, see [`Clerk::is_instance_configured`]: a key that a window passes to `load` could belong to anybody.
///
/// ```
/// #[tauri::command]
/// fn greeting(user: clerk::SignedIn) -> String {
///     format!("Hello, {}", user.full_name().unwrap_or_default())
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SignedIn {
    /// The user.
    pub user: Arc<User>,
    /// The session.
    pub session: Session,
}

impl Deref for SignedIn {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

/// What an [`Authorized`] command requires of the user.
///
/// ```
/// use clerk::{Authorized, Requirement, core::CheckAuthorizationParams};
///
/// struct Admin;
///
/// impl Requirement for Admin {
///     fn params() -> CheckAuthorizationParams {
///         CheckAuthorizationParams { role: Some("org:admin".into()), ..Default::default() }
///     }
/// }
///
/// #[tauri::command]
/// fn close_the_books(admin: Authorized<Admin>) -> String {
///     format!("closed by {}", admin.id)
/// }
/// ```
pub trait Requirement: 'static {
    /// Returns the requirements, all of which must hold; see [`Clerk::check_authorization`].
    fn params() -> CheckAuthorizationParams;
}

/// The signed-in user, who meets a [`Requirement`], as an argument of a Tauri command. The command is rejected with
/// `not_signed_in` or `instance_not_configured`, as with [`SignedIn`], or with `not_authorized` when a role, permission,
/// feature, plan or fresh verification is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Authorized<T> {
    signed_in: SignedIn,
    requirement: PhantomData<fn() -> T>,
}

impl<T> Authorized<T> {
    /// Returns the user and the session.
    #[must_use]
    pub fn into_inner(self) -> SignedIn {
        self.signed_in
    }
}

impl<T> Deref for Authorized<T> {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.signed_in
    }
}

fn rejected(code: ErrorCode, command: &str, why: &str) -> InvokeError {
    InvokeError::from(ErrorPayload::from(code.error(format!("the command {command} {why}"))))
}

/// Returns the user, and the state that they are from.
fn require_signed_in<R: Runtime>(
    command: &CommandItem<'_, R>,
) -> Result<(Clerk, Arc<Snapshot>, SignedIn), InvokeError> {
    let clerk = command.message.webview_ref().try_state::<Clerk>();
    let clerk = clerk.ok_or_else(|| {
        rejected(ErrorCode::NotLoaded, command.name, "requires the Clerk plugin: add clerk::init() to the app")
    })?;
    let clerk = clerk.inner().clone();
    if !clerk.is_instance_configured() {
        return Err(rejected(
            ErrorCode::InstanceNotConfigured,
            command.name,
            "requires that the app names the instance, because a window could name one of its own: set \
             plugins.clerk.publishableKey in tauri.conf.json, or clerk::Builder::publishable_key",
        ));
    }
    let snapshot = clerk.snapshot();
    let aged = clerk.with_ages(snapshot.clone());
    let session = aged.session().filter(|_| aged.is_signed_in()).cloned();
    let user = session.as_ref().and_then(|session| session.user.clone());
    let (Some(session), Some(user)) = (session, user) else {
        return Err(rejected(ErrorCode::NotSignedIn, command.name, "requires a signed-in user: sign in first"));
    };
    Ok((clerk, snapshot, SignedIn { user, session }))
}

impl<'de, R: Runtime> CommandArg<'de, R> for SignedIn {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        require_signed_in(&command).map(|(_, _, signed_in)| signed_in)
    }
}

impl<'de, T: Requirement, R: Runtime> CommandArg<'de, R> for Authorized<T> {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let (clerk, snapshot, signed_in) = require_signed_in(&command)?;
        // Another user may have become active meanwhile.
        if clerk.check_authorization_in(&snapshot, &T::params()) {
            Ok(Self { signed_in, requirement: PhantomData })
        } else {
            Err(rejected(
                ErrorCode::NotAuthorized,
                command.name,
                "requires a role, permission, feature, plan or fresh verification that the user does not have",
            ))
        }
    }
}

/// Not an argument that the webview sends.
#[cfg(feature = "specta")]
impl specta::function::FunctionArg for SignedIn {
    fn to_datatype(_: &mut specta::Types) -> Option<specta::datatype::DataType> {
        None
    }
}

/// Not an argument that the webview sends.
#[cfg(feature = "specta")]
impl<T> specta::function::FunctionArg for Authorized<T> {
    fn to_datatype(_: &mut specta::Types) -> Option<specta::datatype::DataType> {
        None
    }
}
