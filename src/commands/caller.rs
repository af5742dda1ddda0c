//! Who calls a command.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
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
#[derive(Debug, Default)]
pub(crate) struct WindowOptions(Mutex<HashMap<String, ClerkOptions>>);

impl WindowOptions {
    fn get(&self, label: &str) -> Option<ClerkOptions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(label).cloned()
    }

    fn set(&self, label: String, options: ClerkOptions) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(label, options);
    }

    /// Forgets a window that was closed.
    pub(crate) fn remove(&self, label: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(label);
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
    remember: Box<dyn FnOnce(String, ClerkOptions) + Send>,
}

impl CallerWindow {
    /// Loads Clerk, and remembers the window's options when that succeeded.
    pub(crate) async fn load(self, mut options: LoadOptions) -> Result<Arc<Snapshot>> {
        let own = std::mem::take(&mut options.options);
        own.check()?;
        self.clerk.load(options).await?;
        (self.remember)(self.label, own.clone());
        Ok(self.clerk.with_options(own).snapshot())
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
        let webview = command.message.webview();
        let label = webview.label().to_owned();
        let remember = Box::new(move |label, options| {
            if let Some(all) = webview.try_state::<WindowOptions>() {
                all.set(label, options);
            }
        });
        Ok(Self { clerk, label, remember })
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
