use crate::{
    fapi::wire::{open_enum, resource},
    models::{Session, SignInFactor, Verification},
};

open_enum! {
    /// The next requirement of a reverification.
    pub enum SessionVerificationStatus {
        /// A first factor.
        NeedsFirstFactor = "needs_first_factor",
        /// A second factor.
        NeedsSecondFactor = "needs_second_factor",
        /// Nothing: the user is verified.
        Complete = "complete",
    }
}

resource! {
    /// A reverification in progress: the user of a session proves again who they are.
    ///
    /// Source: FAPI `SessionReverification`; `SessionVerification` of Clerk's documentation.
    pub struct SessionVerification {
        /// Identifier, if FAPI sends one.
        pub id: Option<String>,
        /// The next requirement.
        pub status: SessionVerificationStatus,
        /// `first_factor`, `second_factor` or `multi_factor`.
        pub level: String,
        /// The session, without its user.
        pub session: Session,
        /// The available first factors.
        pub supported_first_factors: Option<Vec<SignInFactor>>,
        /// The available second factors.
        pub supported_second_factors: Option<Vec<SignInFactor>>,
        /// State of the first factor.
        pub first_factor_verification: Option<Verification>,
        /// State of the second factor.
        pub second_factor_verification: Option<Verification>,
    }
}

impl SessionVerification {
    /// Whether the reverification has this status.
    #[must_use]
    pub fn is(&self, status: &SessionVerificationStatus) -> bool {
        self.status == *status
    }
}
