use std::collections::BTreeMap;

use crate::{fapi::wire::resource, models::UnixMillis};

resource! {
    /// An anti-fraud check that Clerk Protect requires before an attempt can continue.
    ///
    /// Source: the `ProtectCheckResource` of Clerk's documentation.
    pub struct ProtectCheck {
        /// `pending`.
        pub status: String,
        /// The challenge, for the SDK at `sdk_url`.
        pub token: String,
        /// The SDK that runs the challenge.
        pub sdk_url: String,
        /// When the challenge expires.
        pub expires_at: Option<UnixMillis>,
        /// Hints for the SDK.
        pub ui_hints: Option<BTreeMap<String, String>>,
    }
}
