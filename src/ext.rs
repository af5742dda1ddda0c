//! Access to Clerk from Tauri's handles.

use tauri::{Manager, Runtime};

use crate::Clerk;

/// Gives Rust code the [`Clerk`] handle.
pub trait ClerkExt<R: Runtime> {
    /// The handle of the app's Clerk.
    ///
    /// # Panics
    /// When the plugin is not registered; that is a mistake in the app's own code.
    fn clerk(&self) -> &Clerk;
}

impl<R: Runtime, T: Manager<R>> ClerkExt<R> for T {
    fn clerk(&self) -> &Clerk {
        self.state::<Clerk>().inner()
    }
}
