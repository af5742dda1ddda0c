//! How the arguments of commands are read.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::{
    caller::{Caller, CallerWindow},
    fetch::FetchingWindow,
    frontend_api::ClerkJs,
    opener::PageOpener,
};
use crate::core::deserialize_located;

/// An argument of a command, and how Tauri receives it.
pub(crate) trait Argument: Sized {
    /// What Tauri reads.
    type Received;

    /// Returns the argument.
    fn of(received: Self::Received) -> Self;
}

/// A value from the webview. The error for a wrong one names the field, which serde's does not.
pub(crate) struct Located<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_located(deserializer).map(Self)
    }
}

#[cfg(feature = "bindings")]
impl<T: specta::Type> specta::Type for Located<T> {
    fn definition(types: &mut specta::Types) -> specta::datatype::DataType {
        T::definition(types)
    }
}

impl<T: DeserializeOwned> Argument for T {
    type Received = Located<T>;

    fn of(Located(value): Located<T>) -> T {
        value
    }
}

/// Arguments that the plugin makes itself.
macro_rules! own {
    ($($name:ident),*) => {
        $(
            impl Argument for $name {
                type Received = Self;

                fn of(received: Self) -> Self {
                    received
                }
            }
        )*
    };
}

own!(Caller, CallerWindow, ClerkJs, FetchingWindow, PageOpener);
