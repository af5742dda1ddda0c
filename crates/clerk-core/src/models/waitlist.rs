use crate::{fapi::wire::resource, models::UnixMillis};

resource! {
    /// An entry on the waitlist.
    ///
    /// Source: `Waitlist` of Clerk's documentation.
    pub struct Waitlist {
        /// Identifier.
        pub id: String,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}
