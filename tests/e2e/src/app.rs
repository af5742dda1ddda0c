//! The example apps.

use std::path::PathBuf;

use crate::paths::root;

/// An example app. Its program and its URL scheme have the same name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum App {
    /// `examples/desktop`: the class `Clerk`, without a framework.
    #[default]
    Desktop,
    /// `examples/react`: Clerk's React components.
    React,
}

impl App {
    /// Returns the URL scheme.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::Desktop => "clerk-desktop-example",
            Self::React => "clerk-react-example",
        }
    }

    /// Returns the callback URL.
    #[must_use]
    pub const fn callback(self) -> &'static str {
        match self {
            Self::Desktop => "clerk-desktop-example://callback",
            Self::React => "clerk-react-example://callback",
        }
    }

    /// Returns the name on the bus that the first process takes.
    pub(crate) const fn bus_name(self) -> &'static str {
        match self {
            Self::Desktop => "com.example.clerk-desktop.clerk.SingleInstance",
            Self::React => "com.example.clerk-react.clerk.SingleInstance",
        }
    }

    /// Returns the program, which `cargo build` makes.
    pub(crate) fn program(self) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        target.join("debug").join(self.scheme())
    }
}
