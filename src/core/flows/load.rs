//! Loading: which instance, who this device is, what the server knows of it.

use serde::Deserialize;

use crate::{
    core::{Clerk, ClerkOptions, RedirectOrigin, state::Transition},
    error::{ErrorCode, Result},
    fapi::{self, Fapi, Instance, InstanceOptions, InstanceType},
    models::{Environment, wire::Wire},
    ports::SecretKey,
    secret::ClientToken,
};

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
    /// # Errors
    /// `publishable_key_missing`, `publishable_key_invalid`, `publishable_key_conflict`, `instance_mismatch`,
    /// `proxy_url_invalid`, `domain_invalid`, `network_error`, `decode_error`, or `api_response_error`, e.g. with
    /// `native_api_disabled` when the Native API is switched off in Clerk's dashboard.
    ///
    /// # Source
    /// FAPI `GET /v1/environment` and `GET /v1/client`; `Clerk.load()`.
    pub async fn load(&self, options: LoadOptions) -> Result<()> {
        let _load = self.0.loading.lock().await;
        let given = options.options.clone();
        let instance = match check_origins(&given).and_then(|()| self.resolve(options)) {
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
        match self.load_from(instance).await {
            Ok(()) => Ok(()),
            Err(error) => self.fail(error).await,
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

    async fn fail(&self, error: crate::Error) -> Result<()> {
        tracing::error!(code = error.code(), "Clerk could not be loaded: {error}");
        self.commit([Transition::LoadFailed(error.clone())]).await;
        Err(error)
    }

    /// Merges the options with the configuration; the two must not contradict each other.
    fn resolve(&self, options: LoadOptions) -> Result<Instance> {
        let configured = &self.0.setup.instance;
        let given = |value: Option<String>| value.filter(|text| !text.trim().is_empty());
        let key = given(options.publishable_key);
        if let (Some(configured), Some(key)) = (configured.publishable_key.as_deref(), key.as_deref())
            && configured.trim() != key.trim()
        {
            return Err(ErrorCode::PublishableKeyConflict.error(
                "the webview gives another publishable key than the app's configuration; give it in one place only",
            ));
        }
        let instance = Instance::resolve(&InstanceOptions {
            publishable_key: key.or_else(|| configured.publishable_key.clone()),
            proxy_url: given(options.proxy_url).or_else(|| configured.proxy_url.clone()),
            domain: given(options.domain).or_else(|| configured.domain.clone()),
        })?;
        match self.fapi() {
            Some(fapi) if self.snapshot().is_loaded() && fapi.instance() != &instance => {
                Err(ErrorCode::PublishableKeyConflict.error(
                    "another window has loaded Clerk with another key, proxy or domain; all windows share one instance",
                ))
            }
            _ => Ok(instance),
        }
    }

    async fn load_from(&self, instance: Instance) -> Result<()> {
        let setup = &self.0.setup;
        let key = instance.key().clone();
        let stored = match setup.secrets.read(&SecretKey::ClientToken(key.frontend_api().to_owned())).await {
            Ok(stored) => stored,
            Err(error) => {
                self.report_store_error(&error);
                None
            }
        };
        self.restore_token(stored.map(|secret| ClientToken::new(secret.expose())));
        self.set_fapi(Fapi::new(instance, setup.transport.clone(), setup.user_agent.clone()));
        let (get_environment, get_client) = (fapi::environment::get(), fapi::client::get());
        let (environment, client) = tokio::join!(self.exchange(&get_environment), self.exchange(&get_client));
        let environment = Environment::read(&environment?).unwrap_or_default();
        match client {
            // The token of an earlier run is not taken any more; the answer may have brought another one.
            Err(error) if error.status() == Some(401) => self.read_client_anew().await?,
            client => {
                client?;
            }
        }
        refuse_other_instance(key.instance_type(), &environment)?;
        let mut transitions = vec![Transition::Environment(Box::new(environment))];
        if self.snapshot().client.is_none() {
            // FAPI knows no client of this device yet; the first sign-in or sign-up creates it.
            transitions.push(Transition::Client { typed: Box::default(), raw: serde_json::Value::Null });
        }
        transitions.push(Transition::Loaded);
        self.commit(transitions).await;
        Ok(())
    }
}

impl Clerk {
    /// Reads the client with the token that FAPI gave in place of a refused one, or with none.
    async fn read_client_anew(&self) -> Result<()> {
        let get_client = fapi::client::get();
        match self.exchange(&get_client).await {
            Err(error) if error.status() == Some(401) => {
                self.restore_token(None);
                self.exchange(&get_client).await.map(|_| ())
            }
            client => client.map(|_| ()),
        }
    }
}

/// An expression that can't be read would silently allow nothing.
fn check_origins(options: &ClerkOptions) -> Result<()> {
    for origin in options.allowed_redirect_origins.iter().flatten() {
        if let RedirectOrigin::Regex { regex, flags } = origin
            && let Err(error) = regress::Regex::with_flags(regex, flags.as_str())
        {
            return Err(ErrorCode::OptionInvalid
                .error(format!("allowedRedirectOrigins has an expression that can't be read: {error}")));
        }
    }
    Ok(())
}

/// A key of a production instance does not go with a development FAPI behind a proxy, and the other way round.
fn refuse_other_instance(key: InstanceType, environment: &Environment) -> Result<()> {
    let answered = environment.display_config.instance_environment_type.as_str();
    let contradiction = matches!(
        (key, answered),
        (InstanceType::Production, "development") | (InstanceType::Development, "production")
    );
    if contradiction {
        return Err(ErrorCode::InstanceMismatch.error(format!(
            "the publishable key belongs to a {} instance, but the Frontend API at the configured proxy or domain is that of a {answered} instance",
            if key == InstanceType::Production { "production" } else { "development" }
        )));
    }
    Ok(())
}
