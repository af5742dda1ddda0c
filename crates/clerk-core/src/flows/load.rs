//! Loading: which instance, who this device is, what the server knows of it.

use std::time::Duration;

use serde::Deserialize;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    events::Status,
    exchange::{
        ordering::Stamp,
        requests::{get_client, get_environment},
    },
    fapi::{
        Instance, InstanceOptions, InstanceType,
        pipeline::{Fapi, Reply},
        wire::Wire,
    },
    models::{Client, Environment},
    navigation::urls::given,
    options::ClerkOptions,
    ports::SecretKey,
    secret::ClientToken,
    state::transition::Transition,
};

/// How long a load may take, with all its tries. A spinner that turns for minutes tells nobody anything.
const LOAD_TIMEOUT: Duration = Duration::from_secs(20);

/// Pauses between the tries after a degraded start: from the first one on they double.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What [`Clerk::load`] may be told. What is not given comes from the configuration.
#[derive(Debug, Clone, Default, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct LoadOptions {
    /// Publishable key. It must not contradict the configured one.
    #[serde(default)]
    #[specta(optional)]
    pub publishable_key: Option<String>,
    /// Absolute http(s) URL of a proxy in front of FAPI.
    #[serde(default)]
    #[specta(optional)]
    pub proxy_url: Option<String>,
    /// Domain of the instance.
    #[serde(default)]
    #[specta(optional)]
    pub domain: Option<String>,
    /// Clerk's options. They win over the configured ones, field by field, also when Clerk was loaded before.
    #[serde(flatten)]
    pub options: ClerkOptions,
}

impl Clerk {
    /// Loads the instance's settings and this device's client. Does nothing when that has been done; calls that overlap
    /// share one load. After an error it can be called again.
    ///
    /// What an earlier run knew is shown at once. When Clerk can't be reached that stays, with the status `degraded`, and
    /// Clerk is asked again until it answers.
    ///
    /// # Errors
    /// `publishable_key_missing`, `publishable_key_invalid`, `publishable_key_conflict`, `instance_mismatch`,
    /// `proxy_url_invalid`, `domain_invalid`, `network_error`, `decode_error`, or `api_response_error`, e.g. with
    /// `native_api_disabled` when the Native API is switched off in Clerk's dashboard.
    ///
    /// # Source
    /// FAPI `GET /v1/environment` and `GET /v1/client`; `Clerk.load()`.
    pub async fn load(&self, options: LoadOptions) -> Result<()> {
        let given = options.options.clone();
        // Who comes later joins what is shown already, also while FAPI is still being asked.
        if self.snapshot().is_loaded() {
            given.check().and_then(|()| self.resolve(&options))?;
            self.take_options(given).await;
            return Ok(());
        }
        let _load = self.0.turns.load().await;
        let instance = match given.check().and_then(|()| self.resolve(&options)) {
            Ok(instance) => instance,
            // A call with bad options does not take the state away from those who loaded before.
            Err(error) if self.snapshot().is_loaded() => return Err(error),
            Err(error) => return self.fail(error).await,
        };
        self.take_options(given).await;
        if self.snapshot().is_loaded() {
            return Ok(());
        }
        self.commit([Transition::Loading(Box::new(instance.clone()))]).await;
        self.begin_as(instance).await;
        let restored = self.restore().await;
        match self.fetch_in_time().await {
            Ok(()) => Ok(()),
            Err(error) if restored && error.is_transient() => {
                tracing::warn!(
                    code = error.code(),
                    "Clerk can't be reached, so what an earlier run knew is shown: {error}"
                );
                self.commit([Transition::Degraded(error)]).await;
                let clerk = self.clone();
                tokio::spawn(async move { clerk.recover().await });
                Ok(())
            }
            Err(error) => self.fail(error).await,
        }
    }

    async fn fetch_in_time(&self) -> Result<()> {
        tokio::time::timeout(LOAD_TIMEOUT, self.fetch()).await.unwrap_or_else(|_| {
            Err(ErrorCode::NetworkError.error("the Frontend API did not answer in time; try again"))
        })
    }

    /// Shows what an earlier run of the app knew, until FAPI says more. A device without a client token is nobody's.
    async fn restore(&self) -> bool {
        if !self.0.connection.has_client_token() {
            return false;
        }
        let Some(kept) = self.read_cache().await else { return false };
        let (Some(environment), Some(client)) = (Environment::read(&kept.environment), Client::read(&kept.client))
        else {
            return false;
        };
        let active = match &self.0.setup.select_initial_session {
            Some(select) => select(&client),
            None => client.default_session().map(|session| session.id.clone()),
        };
        let environment = (Box::new(environment), kept.environment);
        self.commit([Transition::Restored { client: (Box::new(client), kept.client), environment, active }]).await;
        true
    }

    /// Tries again and again, with growing pauses, until FAPI answers what a restored state stands in for.
    async fn recover(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let _load = self.0.turns.load().await;
            if self.snapshot().status != Status::Degraded {
                return;
            }
            match self.fetch_in_time().await {
                Ok(()) => return,
                Err(error) if error.is_transient() => {
                    tracing::debug!(code = error.code(), "Clerk can't be reached yet");
                }
                Err(error) => {
                    // What went wrong is in the state and in the log.
                    let _ = self.fail(error).await;
                    return;
                }
            }
        }
    }

    /// Takes options over from the configuration or a window.
    async fn take_options(&self, given: ClerkOptions) {
        let current = self.snapshot().options.clone();
        let merged = (*current).clone().overridden_by(given);
        if merged != *current {
            self.commit([Transition::Options(Box::new(merged))]).await;
        }
    }

    async fn fail(&self, error: Error) -> Result<()> {
        tracing::error!(code = error.code(), "Clerk could not be loaded: {error}");
        self.commit([Transition::LoadFailed(error.clone())]).await;
        Err(error)
    }

    /// Merges the options with the configuration; the two must not contradict each other.
    fn resolve(&self, options: &LoadOptions) -> Result<Instance> {
        let given = |value: &Option<String>| given(value).filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let configured = &self.0.setup.instance;
        let [key, proxy_url, domain] = [&options.publishable_key, &options.proxy_url, &options.domain].map(given);
        let [own_key, own_proxy_url, own_domain] =
            [&configured.publishable_key, &configured.proxy_url, &configured.domain].map(given);
        // Where the app's configuration names the instance, a window has no say in where its client token is sent.
        let contradicts = |said: &Option<String>, own: &Option<String>| {
            said.as_deref().is_some_and(|said| own.as_deref().map(str::trim) != Some(said.trim()))
        };
        let conflict =
            contradicts(&key, &own_key) || contradicts(&proxy_url, &own_proxy_url) || contradicts(&domain, &own_domain);
        if own_key.is_some() && conflict {
            return Err(ErrorCode::PublishableKeyConflict.error(
                "the webview gives another publishable key, proxyUrl or domain than the app's configuration; give them in one place only",
            ));
        }
        let instance = Instance::resolve(&InstanceOptions {
            publishable_key: key.or(own_key),
            proxy_url: proxy_url.or(own_proxy_url),
            domain: domain.or(own_domain),
        })?;
        match self.0.connection.fapi() {
            Some(fapi) if self.snapshot().is_loaded() && fapi.instance() != &instance => {
                Err(ErrorCode::PublishableKeyConflict.error(
                    "another window has loaded Clerk with another key, proxy or domain; all windows share one instance",
                ))
            }
            _ => Ok(instance),
        }
    }

    /// Becomes the device that an earlier run of the app was to this instance.
    async fn begin_as(&self, instance: Instance) {
        let setup = &self.0.setup;
        let stored = match setup.secrets.read(&SecretKey::ClientToken(instance.secret_name())).await {
            Ok(stored) => stored,
            Err(error) => {
                self.report_store_error(&error);
                None
            }
        };
        self.0.connection.reset_token(stored.map(|secret| ClientToken::new(secret.expose())));
        self.0.connection.set_fapi(Fapi::new(instance, setup.transport.clone(), setup.user_agent.clone()));
    }

    /// Asks FAPI for the environment and the client.
    async fn fetch(&self) -> Result<()> {
        let (environment, client) = (get_environment(), get_client());
        let (environment, client) = tokio::join!(self.send(&environment), self.send(&client));
        // The environment first: who hears of the client may want to know the instance's settings.
        let environment = self.take_environment(environment).await;
        // The client's answer counts whatever became of that one: it may have brought a new token along.
        let client = match client {
            Ok((reply, stamp)) => self.absorb(reply, stamp).await,
            Err(error) => Err(error),
        };
        environment?;
        match client {
            // The token of an earlier run is not taken any more; the answer may have brought another one.
            Err(error) if error.status() == Some(401) => self.read_client_anew().await?,
            client => {
                client?;
            }
        }
        self.commit([Transition::Loaded]).await;
        Ok(())
    }
}

impl Clerk {
    async fn take_environment(&self, answer: Result<(Reply, Stamp)>) -> Result<()> {
        let (reply, stamp) = answer?;
        let raw = self.absorb(reply, stamp).await?;
        let environment = Environment::read(&raw).unwrap_or_default();
        refuse_other_instance(self.instance_type(), &environment)?;
        self.commit([Transition::Environment { typed: Box::new(environment), raw }]).await;
        Ok(())
    }

    /// Reads the client with the token that FAPI gave in place of a refused one, or with none.
    async fn read_client_anew(&self) -> Result<()> {
        match self.exchange(&get_client()).await {
            Err(error) if error.status() == Some(401) => {
                self.0.connection.reset_token(None);
                self.exchange(&get_client()).await.map(|_| ())
            }
            client => client.map(|_| ()),
        }
    }
}

/// A key of a production instance does not go with a development FAPI behind a proxy, and the other way round.
fn refuse_other_instance(key: Option<InstanceType>, environment: &Environment) -> Result<()> {
    let answered = environment.display_config.instance_environment_type.as_str();
    let contradiction = matches!(
        (key, answered),
        (Some(InstanceType::Production), "development") | (Some(InstanceType::Development), "production")
    );
    if contradiction {
        return Err(ErrorCode::InstanceMismatch.error(format!(
            "the publishable key belongs to a {} instance, but the Frontend API at the configured proxy or domain is that of a {answered} instance",
            if key == Some(InstanceType::Production) { "production" } else { "development" }
        )));
    }
    Ok(())
}
