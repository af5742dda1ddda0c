//! Who calls a command.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use specta::{Types, datatype::DataType, function::FunctionArg};
use tauri::{
    Manager, Runtime,
    ipc::{CommandArg, CommandItem, InvokeError},
};

use crate::{
    core::{Clerk, ClerkOptions, LoadOptions, Snapshot},
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

/// The window that calls `load`.
pub(crate) struct CallerWindow {
    clerk: Clerk,
    label: String,
    options: WindowOptions,
}

impl CallerWindow {
    /// Loads Clerk with the options of the window, which hold for its calls from now on. When loading is refused, the window
    /// keeps the options that it had.
    pub(crate) async fn load(self, mut options: LoadOptions) -> Result<Arc<Snapshot>> {
        let own = std::mem::take(&mut options.options);
        own.check()?;
        // Before the first response: the window may read the restored state while FAPI is still asked.
        let before = self.options.replace(&self.label, Some(own.clone()));
        if let Err(error) = self.clerk.load(options).await {
            self.options.replace(&self.label, before);
            return Err(error);
        }
        Ok(self.clerk.with_options(own).snapshot_with_ages())
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
        Ok(Self { clerk, label: webview.label().to_owned(), options })
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
