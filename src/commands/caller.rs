//! Who calls a command.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use serde::{Serialize, Serializer};
use serde_json::Value;
use specta::{Types, datatype::DataType, function::FunctionArg};
use tauri::{
    Manager, Runtime, Webview,
    ipc::{CommandArg, CommandItem, InvokeError},
};

use super::requests::Requests;
use crate::{
    config::PLUGIN_NAME,
    core::{Clerk, ClerkOptions, LoadOptions, RedirectOutcome, Snapshot},
    error::{ErrorCode, ErrorPayload, Result},
};

/// The options that each window gave to `load`, by the label of the window. They hold for the calls of that window and for no
/// other; see [`Clerk::with_options`].
#[derive(Debug, Clone, Default)]
pub(crate) struct WindowOptions(Arc<Mutex<HashMap<String, ClerkOptions>>>);

impl WindowOptions {
    fn all(&self) -> MutexGuard<'_, HashMap<String, ClerkOptions>> {
        // Every critical section is a plain assignment, so the map is valid also after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, label: &str) -> Option<ClerkOptions> {
        self.all().get(label).cloned()
    }

    /// Sets the options of a window, and returns the former ones.
    fn replace(&self, label: &str, options: Option<ClerkOptions>) -> Option<ClerkOptions> {
        match options {
            Some(options) => self.all().insert(label.to_owned(), options),
            None => self.all().remove(label),
        }
    }

    /// Forgets a window that was closed.
    pub(crate) fn remove(&self, label: &str) {
        self.replace(label, None);
    }
}

/// The [`Clerk`] of a command, with the options of the window that calls.
pub(crate) struct Caller(Clerk);

impl Deref for Caller {
    type Target = Clerk;

    fn deref(&self) -> &Clerk {
        &self.0
    }
}

/// The window that calls.
pub(crate) struct CallerWindow {
    clerk: Clerk,
    label: String,
    options: WindowOptions,
    requests: Requests,
    may_sign_in: bool,
}

/// The state as a window gets it.
///
/// Without a permission to sign in or up, it has no addresses of providers' pages: whoever knows such an address can sign in
/// there with their own account.
#[derive(Debug, Clone, specta::Type)]
#[specta(transparent)]
pub(crate) struct WindowSnapshot {
    snapshot: Arc<Snapshot>,
    #[specta(skip)]
    may_sign_in: bool,
}

impl Serialize for WindowSnapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.may_sign_in {
            return self.snapshot.serialize(serializer);
        }
        let mut json = serde_json::to_value(&self.snapshot).map_err(serde::ser::Error::custom)?;
        hide_verification_pages(&mut json);
        json.serialize(serializer)
    }
}

/// Wherever they are: sign-ins, sign-ups and external accounts have them. JSON from FAPI has a limited depth.
fn hide_verification_pages(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "externalVerificationRedirectUrl" {
                    *value = Value::Null;
                } else {
                    hide_verification_pages(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_verification_pages),
        _ => {}
    }
}

/// Whether the app's capabilities let a window sign in or up.
fn may_sign_in<R: Runtime>(webview: &Webview<R>) -> bool {
    ["authenticate_with_redirect", "create_sign_in", "create_sign_up"]
        .iter()
        .any(|command| matches!(webview.resolve_command_scope::<Value>(PLUGIN_NAME, command), Ok(Some(_))))
}

impl CallerWindow {
    /// Loads Clerk with the options of the window, which hold for its calls from now on. When loading is refused, the window
    /// keeps the options that it had.
    pub(crate) async fn load(self, mut options: LoadOptions) -> Result<WindowSnapshot> {
        let own = std::mem::take(&mut options.options);
        own.check()?;
        // Before the first response: the window may read the restored state while FAPI is still asked.
        let before = self.options.replace(&self.label, Some(own.clone()));
        let window = self.clerk.with_options(own);
        if let Err(error) = window.load(options).await {
            self.options.replace(&self.label, before);
            return Err(error);
        }
        Ok(self.snapshot())
    }

    /// Returns the state for this window.
    pub(crate) fn snapshot(&self) -> WindowSnapshot {
        let clerk = match self.options.get(&self.label) {
            Some(options) => self.clerk.with_options(options),
            None => self.clerk.clone(),
        };
        WindowSnapshot { snapshot: clerk.snapshot_with_ages(), may_sign_in: self.may_sign_in }
    }

    /// Takes the outcome of a flow that nobody waited for: an earlier page of this window began it, or an earlier run of the
    /// app.
    pub(crate) fn take_redirect_outcome(&self) -> Option<RedirectOutcome> {
        let of_window = self.requests.take_outcome(&self.label, Instant::now());
        of_window.or_else(|| self.clerk.take_redirect_outcome())
    }
}

fn clerk<R: Runtime>(command: &CommandItem<'_, R>) -> Result<Clerk, InvokeError> {
    let clerk = command.message.webview_ref().try_state::<Clerk>();
    clerk.map(|clerk| clerk.inner().clone()).ok_or_else(|| {
        InvokeError::from(ErrorPayload::from(
            ErrorCode::NotLoaded.error("the plugin is not registered: add clerk::init() to the app"),
        ))
    })
}

impl<'de, R: Runtime> CommandArg<'de, R> for Caller {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let clerk = clerk(&command)?;
        let webview = command.message.webview_ref();
        let options = webview.try_state::<WindowOptions>().and_then(|options| options.get(webview.label()));
        Ok(Self(match options {
            Some(options) => clerk.with_options(options),
            None => clerk,
        }))
    }
}

impl<'de, R: Runtime> CommandArg<'de, R> for CallerWindow {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let clerk = clerk(&command)?;
        let webview = command.message.webview_ref();
        let options = webview.try_state::<WindowOptions>().map(|all| all.inner().clone()).unwrap_or_default();
        let requests = webview.try_state::<Requests>().map(|requests| requests.inner().clone()).unwrap_or_default();
        let may_sign_in = may_sign_in(webview);
        Ok(Self { clerk, label: webview.label().to_owned(), options, requests, may_sign_in })
    }
}

/// Not part of what the webview sends.
impl FunctionArg for Caller {
    fn to_datatype(_: &mut Types) -> Option<DataType> {
        None
    }
}

/// Not part of what the webview sends.
impl FunctionArg for CallerWindow {
    fn to_datatype(_: &mut Types) -> Option<DataType> {
        None
    }
}
