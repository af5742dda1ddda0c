//! The properties of the documented `Clerk` class: each is one look at the present [`Snapshot`].
//!
//! Who needs several of them that belong together takes one [`Clerk::snapshot`].

use std::sync::Arc;

use crate::{
    clerk::Clerk,
    events::Status,
    fapi::InstanceType,
    models::{Client, Organization, Session, User},
    options::{SdkMetadata, Telemetry},
    state::snapshot::Snapshot,
};

impl Clerk {
    /// This device's client; absent until it was loaded.
    ///
    /// # Source
    /// `Clerk.client`.
    #[must_use]
    pub fn client(&self) -> Option<Arc<Client>> {
        self.snapshot().client.clone()
    }

    /// The active session; see [`Snapshot::session`]. Whether `None` is "nobody" or "not known yet" is in
    /// [`Snapshot::active_session`].
    ///
    /// # Source
    /// `Clerk.session`.
    #[must_use]
    pub fn session(&self) -> Option<Session> {
        self.snapshot().session().cloned()
    }

    /// The signed-in user; see [`Snapshot::user`].
    ///
    /// # Source
    /// `Clerk.user`.
    #[must_use]
    pub fn user(&self) -> Option<User> {
        self.snapshot().user().cloned()
    }

    /// The active organization; see [`Snapshot::organization`].
    ///
    /// # Source
    /// `Clerk.organization`.
    #[must_use]
    pub fn organization(&self) -> Option<Organization> {
        self.snapshot().organization().cloned()
    }

    /// Whether somebody is signed in with nothing left to do.
    ///
    /// # Source
    /// `Clerk.isSignedIn`.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.snapshot().is_signed_in()
    }

    /// Whether Clerk can be used: the status is `ready` or `degraded`.
    ///
    /// # Source
    /// `Clerk.loaded`.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.snapshot().is_loaded()
    }

    /// How far Clerk is.
    ///
    /// # Source
    /// `Clerk.status`.
    #[must_use]
    pub fn status(&self) -> Status {
        self.snapshot().status
    }

    /// The publishable key in use; absent until a load began.
    ///
    /// # Source
    /// `Clerk.publishableKey`.
    #[must_use]
    pub fn publishable_key(&self) -> Option<String> {
        self.snapshot().publishable_key.clone()
    }

    /// Development or production, as the key says; absent until a load began.
    ///
    /// # Source
    /// `Clerk.instanceType`.
    #[must_use]
    pub fn instance_type(&self) -> Option<InstanceType> {
        self.snapshot().instance_type
    }

    /// The domain in use, on production instances with `clerk.` in front; empty when none is configured.
    ///
    /// # Source
    /// `Clerk.domain`.
    #[must_use]
    pub fn domain(&self) -> String {
        self.snapshot().domain.clone()
    }

    /// The proxy in use; empty when none is configured.
    ///
    /// # Source
    /// `Clerk.proxyUrl`.
    #[must_use]
    pub fn proxy_url(&self) -> String {
        self.snapshot().proxy_url.clone()
    }

    /// Whether the app is a satellite of another domain, as the option of this name says.
    ///
    /// # Source
    /// `Clerk.isSatellite`.
    #[must_use]
    pub fn is_satellite(&self) -> bool {
        self.snapshot().options.is_satellite.unwrap_or(false)
    }

    /// The SDK that the app uses.
    ///
    /// # Source
    /// `Clerk.sdkMetadata`.
    #[must_use]
    pub fn sdk_metadata(&self) -> SdkMetadata {
        self.snapshot().sdk_metadata.clone()
    }

    /// The option of this name; absent until Clerk is loaded. Nothing is ever sent, whatever it says.
    ///
    /// # Source
    /// `Clerk.telemetry`.
    #[must_use]
    pub fn telemetry(&self) -> Option<Telemetry> {
        let snapshot: &Snapshot = &self.snapshot();
        snapshot.is_loaded().then(|| snapshot.options.telemetry.unwrap_or_default())
    }

    /// Version of this crate.
    ///
    /// # Source
    /// `Clerk.version`.
    #[must_use]
    pub fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}
