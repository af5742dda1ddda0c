//! Loading: resolves the instance, restores this device's identity, and reads the client and environment.

use std::time::Duration;

use serde::Deserialize;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, ErrorPayload, Result},
    events::Status,
    exchange::{
        connection::InFlight,
        contact::Backoff,
        knows_no_client, not_a_resource,
        requests::{get_client, get_environment},
    },
    fapi::{
        Instance, InstanceOptions, InstanceType,
        pipeline::{Fapi, Reply},
        received_client::ReceivedClient,
    },
    flows::pending::PendingRecord,
    models::Environment,
    navigation::urls::non_empty,
    options::ClerkOptions,
    outside,
    ports::StoreError,
    state::{persistence::Opened, sealed::CachedState, transition::Transition},
    task,
};

/// The timeout of a load, including all retries: an endless spinner would not tell the user what is wrong.
const LOAD_TIMEOUT: Duration = Duration::from_secs(20);

/// Parameters of [`Clerk::load`]. Missing values come from the configuration.
#[derive(Debug, Clone, Default, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct LoadOptions {
    /// The publishable key. It must not contradict the configured one.
    #[serde(default)]
    #[specta(optional)]
    pub publishable_key: Option<String>,
    /// The absolute http(s) URL of a proxy in front of FAPI.
    #[serde(default)]
    #[specta(optional)]
    pub proxy_url: Option<String>,
    /// The domain of the instance.
    #[serde(default)]
    #[specta(optional)]
    pub domain: Option<String>,
    /// Clerk's options. They override the configured ones field by field, even if Clerk is already loaded.
    #[serde(flatten, deserialize_with = "crate::resources::params::deserialize_located")]
    #[specta(type = ClerkOptions)]
    pub options: ClerkOptions,
}

impl LoadOptions {
    /// Whether everything comes from the configuration.
    fn is_empty(&self) -> bool {
        let given =
            [&self.publishable_key, &self.proxy_url, &self.domain].into_iter().any(|value| non_blank(value).is_some());
        !given && self.options == ClerkOptions::default()
    }
}

impl Clerk {
    /// Loads the instance's settings and this device's client. Does nothing if Clerk is already loaded; overlapping
    /// calls share one load. It can be called again after an error. Options that are refused change nothing for other callers.
    ///
    /// The state cached by an earlier run is restored at once. If Clerk can't be reached, that state stays, with the
    /// status `degraded`; without one, the status is `error`. Either way, the load is retried in the background until
    /// Clerk responds, and at once after [`resume`](Self::resume) or when a method needs the loaded state.
    ///
    /// # Errors
    /// `publishable_key_missing`, `publishable_key_invalid`, `publishable_key_conflict`, `instance_mismatch`,
    /// `proxy_url_invalid`, `domain_invalid`, `option_invalid`, `network_error`, `decode_error`, or `api_response_error`,
    /// e.g. with `native_api_disabled` if the Native API is switched off in Clerk's dashboard.
    ///
    /// # Source
    /// FAPI `GET /v1/environment` and `GET /v1/client`; `Clerk.load()`.
    pub async fn load(&self, options: LoadOptions) -> Result<()> {
        self.start_upkeep();
        // A later caller reuses the state already shown, even while the first load is still in flight.
        if self.snapshot().is_loaded() {
            let instance = self.check_load(&options)?;
            self.accept_options(options, &instance).await;
            return Ok(());
        }
        // A load that was begun goes on without its caller: others wait for it too.
        let clerk = self.clone();
        outside::to_the_end(async move { clerk.load_in_turn(options).await }).await
    }

    async fn load_in_turn(&self, options: LoadOptions) -> Result<()> {
        let _load = self.0.turns.load().await;
        let instance = match self.check_load(&options) {
            Ok(instance) => instance,
            Err(error) => return self.refuse_load(&options, error).await,
        };
        self.accept_options(options, &instance).await;
        if self.snapshot().is_loaded() {
            return Ok(());
        }
        self.commit([Transition::Loading(Box::new(instance.clone()))]).await;
        let stored = self.restore_identity(instance).await;
        let restored = self.restore(stored).await;
        self.send_revocations();
        match self.fetch_in_time().await {
            Ok(()) => Ok(()),
            Err(error) if restored && error.is_transient() => {
                tracing::warn!(
                    code = error.code(),
                    "Clerk can't be reached, using the state cached by an earlier run: {error}"
                );
                self.commit([Transition::Degraded(error.clone())]).await;
                self.recover_in_background(error);
                Ok(())
            }
            Err(error) => {
                if error.is_transient() {
                    self.recover_in_background(error.clone());
                }
                self.fail(error).await
            }
        }
    }

    async fn fetch_in_time(&self) -> Result<()> {
        let fetched = tokio::time::timeout(LOAD_TIMEOUT, self.read_instance()).await.unwrap_or_else(|_| {
            Err(ErrorCode::NetworkError.error("the Frontend API did not respond before the timeout; try again"))
        });
        self.0.contact.attempted(fetched.as_ref().err());
        fetched
    }

    /// Restores the state stored by an earlier run until FAPI responds. Without a client token the device is signed
    /// out.
    async fn restore(&self, stored: Option<CachedState>) -> bool {
        self.forget_signed_out().await;
        let now_ms = self.0.setup.clock.now_ms();
        let Some(stored) = stored.filter(|_| self.0.connection.has_client_token() && self.0.setup.keep_state) else {
            return false;
        };
        if !stored.is_recent(now_ms, self.0.setup.max_offline_age) {
            tracing::info!("the stored state is too old to be shown");
            return false;
        }
        let stored = stored.without_expired_sessions(now_ms);
        let (Some(environment), Some(mut client)) =
            (stored.environment.read(), ReceivedClient::read(stored.client.expose().text()))
        else {
            return false;
        };
        let snapshot = self.snapshot();
        client.drop_sessions(|session| snapshot.signed_out.contains(session));
        let active = self.0.setup.initial_session(&client.typed);
        let environment = (Box::new(environment), stored.environment);
        let (client, confirmed_at_ms) = (Box::new(client), stored.confirmed_at_ms);
        self.commit([Transition::Restored { client, environment, active, confirmed_at_ms }]).await;
        true
    }

    /// Retries after `error` until FAPI confirms or replaces the restored state, until a first start succeeds, or until the last
    /// handle is dropped.
    fn recover_in_background(&self, mut error: Error) {
        let Some(retrying) = self.0.contact.begin_retrying() else { return };
        let mut background = self.in_background();
        task::spawn(async move {
            let mut backoff = Backoff::default();
            while let Some((clerk, ())) = background.after(retrying.wait(&mut backoff, &error)).await {
                match clerk.retry_load().await {
                    Some(failure) => error = failure,
                    None => return,
                }
            }
        });
    }

    /// Retries the load. Returns the error if it may be retried again.
    async fn retry_load(&self) -> Option<Error> {
        let _load = self.0.turns.load().await;
        let snapshot = self.snapshot();
        // Another load may have succeeded, or may have been refused by FAPI.
        if !matches!(snapshot.status, Status::Degraded | Status::Error) || is_final(snapshot.error.as_ref()) {
            return None;
        }
        match self.fetch_in_time().await {
            Ok(()) => None,
            Err(error) if error.is_transient() => {
                tracing::debug!(code = error.code(), "Clerk still can't be reached");
                Some(error)
            }
            Err(error) => {
                // The error is in the state and in the log.
                let _ = self.fail(error).await;
                None
            }
        }
    }

    /// Checks everything that a load needs before it changes anything.
    fn check_load(&self, options: &LoadOptions) -> Result<Instance> {
        for options in [Some(&self.0.setup.options), Some(&options.options), self.own_options()].into_iter().flatten() {
            options.check()?;
            self.check_protocols(options)?;
        }
        self.resolve(options)
    }

    /// Returns the error to the caller. It is the state of the whole app only if the app's configuration is at fault: what a
    /// caller passes must not affect others.
    async fn refuse_load(&self, options: &LoadOptions, error: Error) -> Result<()> {
        let is_first = self.0.connection.fapi().is_none();
        if is_first
            && options.is_empty()
            && self.own_options().is_none_or(|own| own.check().is_ok() && self.check_protocols(own).is_ok())
        {
            return self.fail(error).await;
        }
        Err(error)
    }

    /// Merges the options of the app's own code into the state, and records who named the instance. The options of a window
    /// are those of its handle, and are not part of the state.
    async fn accept_options(&self, options: LoadOptions, instance: &Instance) {
        if self.own_options().is_none() {
            if non_blank(&options.publishable_key).is_some() {
                self.0.connection.set_instance_of_app(instance.clone());
            }
            self.merge_options(options.options).await;
        }
    }

    /// Whether the app itself names the instance: by `plugins.clerk.publishableKey`, `clerk::Builder::publishable_key`, or a
    /// call of [`load`](Self::load) in Rust. Otherwise a window named it, and with it whose users are signed in.
    #[must_use]
    pub fn is_instance_configured(&self) -> bool {
        non_blank(&self.0.setup.instance.publishable_key).is_some() || self.0.connection.uses_instance_of_app()
    }

    async fn merge_options(&self, overrides: ClerkOptions) {
        let current = self.snapshot().options.clone();
        let merged = (*current).clone().overridden_by(overrides);
        if merged != *current {
            self.commit([Transition::Options(Box::new(merged))]).await;
        }
    }

    async fn fail(&self, error: Error) -> Result<()> {
        tracing::error!(code = error.code(), "Clerk could not be loaded: {error}");
        if error.is_unauthenticated() {
            // FAPI does not know this device any more.
            self.forget_state().await;
        }
        self.commit([Transition::LoadFailed(error.clone())]).await;
        Err(error)
    }

    /// Merges the options with the configuration. The two must not contradict each other.
    fn resolve(&self, options: &LoadOptions) -> Result<Instance> {
        let configured = &self.0.setup.instance;
        let [key, proxy_url, domain] = [&options.publishable_key, &options.proxy_url, &options.domain].map(non_blank);
        let [own_key, own_proxy_url, own_domain] =
            [&configured.publishable_key, &configured.proxy_url, &configured.domain].map(non_blank);
        // If the app's configuration names the instance, a window can't redirect the client token elsewhere.
        let contradicts = |requested: &Option<String>, own: &Option<String>| {
            requested.as_deref().is_some_and(|requested| own.as_deref().map(str::trim) != Some(requested.trim()))
        };
        let conflict =
            contradicts(&key, &own_key) || contradicts(&proxy_url, &own_proxy_url) || contradicts(&domain, &own_domain);
        if own_key.is_some() && conflict {
            return Err(ErrorCode::PublishableKeyConflict.error(
                "the publishable key, proxyUrl or domain of the webview differs from the app's configuration; set them in one place only",
            ));
        }
        let names_instance = key.is_some() || proxy_url.is_some() || domain.is_some();
        // What the app's own code named counts like its configuration, also while that instance can't be reached.
        let instance = match self.own_options().and_then(|_| self.0.connection.instance_of_app()) {
            Some(of_app) if !names_instance => of_app,
            of_app => {
                let requested = Instance::resolve(&InstanceOptions {
                    publishable_key: key.or(own_key),
                    proxy_url: proxy_url.or(own_proxy_url),
                    domain: domain.or(own_domain),
                })?;
                if of_app.is_some_and(|of_app| of_app != requested) {
                    return Err(ErrorCode::PublishableKeyConflict.error(
                        "the publishable key, proxyUrl or domain of the webview differs from what the app passed to load; set them in one place only",
                    ));
                }
                requested
            }
        };
        match self.0.connection.fapi() {
            Some(fapi) if self.snapshot().is_loaded() && fapi.instance() != &instance => {
                Err(ErrorCode::PublishableKeyConflict.error(
                    "Clerk is already loaded with another publishable key, proxyUrl or domain; all windows share one instance",
                ))
            }
            _ => Ok(instance),
        }
    }

    /// Restores the client token of an earlier run for this instance. Returns the state that it stored.
    async fn restore_identity(&self, instance: Instance) -> Option<CachedState> {
        let setup = &self.0.setup;
        if self.0.connection.secret_name().is_some_and(|name| name != instance.secret_name()) {
            // The state of the other instance must not come back, and its client token is sent nowhere else.
            self.renew_key().await;
            self.0.revocations.clear();
        }
        let opened = match self.open_stored(&instance.secret_name()).await {
            Ok(opened) => opened,
            Err(error) => {
                self.report_store_error(&error);
                // "Could not be read" is not "empty": it is not overwritten, and read again later.
                if matches!(error, StoreError::Unavailable(_)) {
                    self.0.connection.set_store_is_unknown(true);
                    self.recover_store();
                }
                Opened::default()
            }
        };
        let record = opened.flow.and_then(|flow| PendingRecord::deserialize(flow.expose()).ok());
        self.0.flows.set_earlier(record.filter(|_| opened.token.is_some()));
        self.0.connection.reset_token(opened.token);
        self.0.connection.set_fapi(Fapi::new(instance, setup.transport.clone(), setup.user_agent.clone()));
        opened.state
    }

    /// Reads the environment and the client from FAPI.
    async fn read_instance(&self) -> Result<()> {
        self.wait_for_revocations().await;
        let (environment, client) = (get_environment(), get_client().changes_client());
        let (environment, client) = tokio::join!(self.send(&environment), self.send(&client));
        // The environment first: listeners of the client may read the instance's settings.
        let environment = self.take_environment(environment).await;
        // Absorb the client's response even if the environment failed: it may contain a new token.
        let client = match client {
            // One response is not enough to sign the user out: the token may be refused or the client be outdated by mistake.
            Ok((reply, _)) if self.is_doubtful(&reply) => Ok(None),
            Ok((reply, stamp)) => self.absorb(reply, stamp).await.map(Some),
            Err(error) => Err(error),
        };
        environment?;
        if client?.is_none() {
            self.reload_client().await?;
        }
        // Nobody is known as long as the response to the nonce of a link is missing.
        let unknown = self.snapshot().client.is_none();
        let nobody = unknown.then(Transition::unknown_client);
        self.commit(nobody.into_iter().chain([Transition::Loaded])).await;
        Ok(())
    }

    /// Whether FAPI should be asked again before what it says is believed: it refuses the token, does not know the client that was
    /// restored, or has an older one.
    fn is_doubtful(&self, reply: &Reply) -> bool {
        if reply.outcome.as_ref().is_err_and(Error::is_unauthenticated) {
            return true;
        }
        let snapshot = self.snapshot();
        let Some(restored) = snapshot.client.as_ref().filter(|_| snapshot.restored) else { return false };
        let incoming = reply.client.as_ref().map(|client| &client.typed);
        knows_no_client(reply)
            || incoming.is_some_and(|incoming| restored.id == incoming.id && incoming.updated_at < restored.updated_at)
    }
}

impl Clerk {
    async fn take_environment(&self, result: Result<(Reply, InFlight)>) -> Result<()> {
        let (reply, stamp) = result?;
        let raw = self.absorb(reply, stamp).await?;
        let environment = raw.read::<Environment>().ok_or_else(not_a_resource)?;
        check_instance_type(self.instance_type(), &environment)?;
        self.commit([Transition::Environment { typed: Box::new(environment), raw }]).await;
        Ok(())
    }

    /// Reads the client again; if FAPI refuses the token again, with the one that it sent in its place, or without a token.
    async fn reload_client(&self) -> Result<()> {
        match self.exchange(&get_client().changes_client()).await {
            // The browser may have got another token for this client, which the app fetches with the nonce.
            Err(error) if error.is_unauthenticated() && self.expects_nonce() => Ok(()),
            Err(error) if error.is_unauthenticated() => {
                let had_token = self.0.connection.has_client_token();
                self.0.connection.reset_token(None);
                self.exchange(&get_client().changes_client()).await?;
                if had_token && !self.0.connection.has_client_token() {
                    self.store_token(None).await;
                }
                Ok(())
            }
            client => client.map(|_| ()),
        }
    }
}

fn non_blank(value: &Option<String>) -> Option<String> {
    non_empty(value).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// Whether a load failed with an answer of FAPI that a retry does not change.
fn is_final(error: Option<&ErrorPayload>) -> bool {
    error.is_some_and(|error| match error.status {
        Some(status) => status != 429 && status < 500,
        None => error.code == ErrorCode::InstanceMismatch.as_str(),
    })
}

/// Rejects a production key with a development FAPI, and vice versa.
fn check_instance_type(key: Option<InstanceType>, environment: &Environment) -> Result<()> {
    let actual = environment.display_config.instance_environment_type.as_str();
    let contradiction = matches!(
        (key, actual),
        (Some(InstanceType::Production), "development") | (Some(InstanceType::Development), "production")
    );
    if contradiction {
        return Err(ErrorCode::InstanceMismatch.error(format!(
            "the publishable key belongs to a {} instance, but the Frontend API at the configured proxy or domain belongs to a {actual} instance; use the key and the API of the same instance",
            if key == Some(InstanceType::Production) { "production" } else { "development" }
        )));
    }
    Ok(())
}
