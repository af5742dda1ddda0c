//! Arguments of an app's own commands that let in only who may.

use std::{marker::PhantomData, ops::Deref};

use specta::{Types, datatype::DataType, function::FunctionArg};
use tauri::{
    Manager, Runtime,
    ipc::{CommandArg, CommandItem, InvokeError},
};

use crate::{
    core::{CheckAuthorizationParams, Clerk},
    error::{ErrorCode, ErrorPayload},
    models::{Session, User},
};

/// The signed-in user, as an argument of a Tauri command. The command is refused with `not_signed_in` when nobody is
/// signed in, or when the session has tasks left to do.
///
/// ```
/// #[tauri::command]
/// fn greeting(who: clerk::SignedIn) -> String {
///     format!("Hello, {}", who.full_name().unwrap_or_default())
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SignedIn {
    /// The user.
    pub user: User,
    /// The session.
    pub session: Session,
}

impl Deref for SignedIn {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

/// What an [`Authorized`] command asks of the user.
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
    /// Everything in here has to hold, by the rules of [`Clerk::check_authorization`].
    fn params() -> CheckAuthorizationParams;
}

/// The signed-in user, who fulfils a [`Requirement`], as an argument of a Tauri command. The command is refused with
/// `not_signed_in`, or with `not_authorized` when a role, permission, feature, plan or fresh verification is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Authorized<T> {
    who: SignedIn,
    requirement: PhantomData<fn() -> T>,
}

impl<T> Authorized<T> {
    /// The user and the session.
    #[must_use]
    pub fn into_inner(self) -> SignedIn {
        self.who
    }
}

impl<T> Deref for Authorized<T> {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.who
    }
}

fn refused(code: ErrorCode, command: &str, why: &str) -> InvokeError {
    InvokeError::from(ErrorPayload::from(code.error(format!("the command {command} {why}"))))
}

fn signed_in<R: Runtime>(command: &CommandItem<'_, R>) -> Result<(Clerk, SignedIn), InvokeError> {
    let clerk = command.message.webview_ref().try_state::<Clerk>();
    let clerk = clerk.ok_or_else(|| {
        refused(ErrorCode::NotLoaded, command.name, "needs the plugin: register clerk::init() with the app")
    })?;
    let clerk = clerk.inner().clone();
    let snapshot = clerk.snapshot();
    let session = snapshot.session().filter(|_| snapshot.is_signed_in()).cloned();
    let user = session.as_ref().and_then(|session| session.user.clone());
    let (Some(session), Some(user)) = (session, user) else {
        return Err(refused(ErrorCode::NotSignedIn, command.name, "is for people who are signed in"));
    };
    Ok((clerk, SignedIn { user, session }))
}

impl<'de, R: Runtime> CommandArg<'de, R> for SignedIn {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        signed_in(&command).map(|(_, who)| who)
    }
}

impl<'de, T: Requirement, R: Runtime> CommandArg<'de, R> for Authorized<T> {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let (clerk, who) = signed_in(&command)?;
        if clerk.check_authorization(&T::params()) {
            Ok(Self { who, requirement: PhantomData })
        } else {
            Err(refused(
                ErrorCode::NotAuthorized,
                command.name,
                "needs a role, permission, feature, plan or fresh verification that the user lacks",
            ))
        }
    }
}

/// Not part of what the webview sends.
impl FunctionArg for SignedIn {
    fn to_datatype(_: &mut Types) -> Option<DataType> {
        None
    }
}

/// Not part of what the webview sends.
impl<T> FunctionArg for Authorized<T> {
    fn to_datatype(_: &mut Types) -> Option<DataType> {
        None
    }
}
