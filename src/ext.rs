//! Access to Clerk from Tauri's handles.

use tauri::{Manager, Runtime};

use crate::Clerk;

/// Gives Rust code the [`Clerk`] handle.
pub trait ClerkExt<R: Runtime> {
    /// Returns the app's [`Clerk`] handle.
    ///
    /// # Panics
    /// If the plugin is not registered, which is a bug in the app.
    fn clerk(&self) -> &Clerk;
}

impl<R: Runtime, T: Manager<R>> ClerkExt<R> for T {
    fn clerk(&self) -> &Clerk {
        self.state::<Clerk>().inner()
    }
}
