//! The properties of the documented `Clerk` class. Each reads the current [`Snapshot`].
//!
//! To read several properties consistently, take one [`Clerk::snapshot`].

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
    /// Returns this device's client; `None` until it is loaded.
    ///
    /// # Source
    /// `Clerk.client`.
    #[must_use]
    pub fn client(&self) -> Option<Arc<Client>> {
        self.snapshot().client.clone()
    }

    /// Returns the active session; see [`Snapshot::session`]. [`Snapshot::active_session`] tells whether `None` means
    /// signed out or not known yet.
    ///
    /// # Source
    /// `Clerk.session`.
    #[must_use]
    pub fn session(&self) -> Option<Session> {
        let snapshot = self.snapshot();
        let session = snapshot.session()?;
        let factor_verification_age = snapshot.verification_age(session, self.now());
        Some(Session { factor_verification_age, ..session.clone() })
    }

    /// Returns the signed-in user; see [`Snapshot::user`]. It is shared, so this costs the same for every user.
    ///
    /// # Source
    /// `Clerk.user`.
    #[must_use]
    pub fn user(&self) -> Option<Arc<User>> {
        self.snapshot().session()?.user.clone()
    }

    /// Returns the active organization; see [`Snapshot::organization`].
    ///
    /// # Source
    /// `Clerk.organization`.
    #[must_use]
    pub fn organization(&self) -> Option<Organization> {
        self.snapshot().organization().cloned()
    }

    /// Whether a user is signed in without pending tasks.
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

    /// Returns the loading status.
    ///
    /// # Source
    /// `Clerk.status`.
    #[must_use]
    pub fn status(&self) -> Status {
        self.snapshot().status
    }

    /// Returns the publishable key in use; `None` before the first load.
    ///
    /// # Source
    /// `Clerk.publishableKey`.
    #[must_use]
    pub fn publishable_key(&self) -> Option<String> {
        self.snapshot().publishable_key.clone()
    }

    /// Returns the type of the instance, according to the key; `None` before the first load.
    ///
    /// # Source
    /// `Clerk.instanceType`.
    #[must_use]
    pub fn instance_type(&self) -> Option<InstanceType> {
        self.snapshot().instance_type
    }

    /// Returns the domain in use, with `clerk.` in front on production instances; empty if none is configured.
    ///
    /// # Source
    /// `Clerk.domain`.
    #[must_use]
    pub fn domain(&self) -> String {
        self.snapshot().domain.clone()
    }

    /// Returns the proxy in use; empty if none is configured.
    ///
    /// # Source
    /// `Clerk.proxyUrl`.
    #[must_use]
    pub fn proxy_url(&self) -> String {
        self.snapshot().proxy_url.clone()
    }

    /// Whether the app is a satellite of another domain, according to the option `isSatellite`.
    ///
    /// # Source
    /// `Clerk.isSatellite`.
    #[must_use]
    pub fn is_satellite(&self) -> bool {
        self.snapshot().options.is_satellite.unwrap_or(false)
    }

    /// Returns the SDK that the app uses.
    ///
    /// # Source
    /// `Clerk.sdkMetadata`.
    #[must_use]
    pub fn sdk_metadata(&self) -> SdkMetadata {
        self.snapshot().sdk_metadata.clone()
    }

    /// Returns the option `telemetry`; `None` until Clerk is loaded. This SDK never sends telemetry.
    ///
    /// # Source
    /// `Clerk.telemetry`.
    #[must_use]
    pub fn telemetry(&self) -> Option<Telemetry> {
        let snapshot: &Snapshot = &self.snapshot();
        snapshot.is_loaded().then(|| snapshot.options.telemetry.unwrap_or_default())
    }

    /// Returns the version of this crate.
    ///
    /// # Source
    /// `Clerk.version`.
    #[must_use]
    pub fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}
