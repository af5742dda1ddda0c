//! Sign-in with a crypto wallet, which signs a message from Clerk.

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    flows::{
        attempt::AttemptResource,
        callback_params::RedirectCallbackParams,
        next_step::{Destinations, after_signature},
        outcome::RedirectOutcome,
        pending::{RECORD_LIFETIME, Signal, Signals},
        round_trip::ended_early,
    },
    models::{SignIn, SignUp},
    outside,
    ports::{BoxFuture, WalletConnection, WalletError},
    resources::{
        params::params,
        sign_in::{AttemptFactorParams, PrepareFactorParams, SignInCreateParams},
        sign_up::{AttemptVerificationParams, PrepareVerificationParams, SignUpParams},
    },
};

/// Declares parameters with the optional fields of every method that signs in with a wallet.
macro_rules! wallet_params {
    ($(#[$meta:meta])* pub struct $name:ident { required $required:tt }) => {
        params! {
            $(#[$meta])*
            pub struct $name {
                required $required
                optional {
                    /// Where to navigate after the sign-in or sign-up.
                    redirect_url: String,
                    /// The page for missing fields of a sign-up.
                    sign_up_continue_url: String,
                    /// The page for the second factor.
                    second_factor_url: String,
                    /// The page for the anti-fraud check of a sign-in.
                    protect_check_url: String,
                    /// The page for the anti-fraud check of a sign-up.
                    sign_up_protect_check_url: String,
                    /// Metadata of a sign-up.
                    unsafe_metadata: serde_json::Value,
                    /// Whether the user accepted the terms, for a sign-up.
                    legal_accepted: bool,
                    /// The name of the wallet; required for Solana.
                    wallet_name: String,
                    /// The URL of the calling page, against which relative URLs are resolved.
                    location: String,
                }
            }
        }
    };
}

wallet_params! {
    /// Parameters of [`Clerk::authenticate_with_web3`]. Every URL may be relative to the app.
    ///
    /// Source: `AuthenticateWithWeb3Params` of Clerk's documentation.
    pub struct AuthenticateWithWeb3Params {
        required {
            /// The strategy, e.g. `web3_metamask_signature`.
            strategy: String,
        }
    }
}

wallet_params! {
    /// Parameters of [`Clerk::authenticate_with_metamask`] and the methods for other wallets. Every URL may be relative
    /// to the app.
    ///
    /// Source: `AuthenticateWithMetamaskParams` of Clerk's documentation.
    pub struct AuthenticateWithWalletParams {
        required {}
    }
}

impl AuthenticateWithWalletParams {
    fn with_strategy(self, strategy: &str) -> AuthenticateWithWeb3Params {
        AuthenticateWithWeb3Params {
            strategy: strategy.to_owned(),
            redirect_url: self.redirect_url,
            sign_up_continue_url: self.sign_up_continue_url,
            second_factor_url: self.second_factor_url,
            protect_check_url: self.protect_check_url,
            sign_up_protect_check_url: self.sign_up_protect_check_url,
            unsafe_metadata: self.unsafe_metadata,
            legal_accepted: self.legal_accepted,
            wallet_name: self.wallet_name,
            location: self.location,
            extra: self.extra,
        }
    }
}

params! {
    /// Parameters of [`Clerk::sign_up_with_web3`].
    ///
    /// Source: `SignUp.authenticateWithWeb3()` of Clerk's documentation.
    pub struct SignUpWithWeb3Params {
        required {
            /// The strategy, e.g. `web3_metamask_signature`.
            strategy: String,
        }
        optional {
            /// The name of the wallet; required for Solana.
            wallet_name: String,
            /// Metadata of the sign-up.
            unsafe_metadata: serde_json::Value,
            /// Whether the user accepted the terms.
            legal_accepted: bool,
        }
    }
}

impl Clerk {
    /// Signs in with a wallet, or signs up if the wallet has no account yet.
    ///
    /// # Errors
    /// - `web3_wallet_unavailable`: the wallet is not available.
    /// - `web3_signature_request_rejected`: the user rejected the request in the wallet.
    /// - `web3_signature_generation_failed`: the wallet failed, or did not respond in time.
    /// - `web3_solana_wallet_name_required`: `web3_solana_signature` without `wallet_name`.
    /// - `oauth_flow_superseded`, `oauth_flow_cancelled`: the flow ended before the wallet responded.
    /// - `not_loaded`, `network_error`, or `api_response_error`.
    ///
    /// # Source
    /// `Clerk.authenticateWithWeb3()`; FAPI "Web3".
    pub async fn authenticate_with_web3(&self, params: AuthenticateWithWeb3Params) -> Result<RedirectOutcome> {
        let signed = self
            .with_wallet(&params.strategy, params.wallet_name.as_deref(), async |mut wallet| {
                match self.sign_in_with_wallet(&params.strategy, &mut wallet).await {
                    Ok(sign_in) => Ok(AttemptResource::SignIn(Box::new(sign_in))),
                    Err(error) if error.has_api_code("form_identifier_not_found") => {
                        let sign_up = self.sign_up_with_wallet(params.sign_up(), &mut wallet).await?;
                        Ok(AttemptResource::SignUp(Box::new(sign_up)))
                    }
                    Err(error) => Err(error),
                }
            })
            .await?;
        let callback = self.allowed_callback(params.callback());
        let (snapshot, here) = (self.snapshot(), self.page(params.location.as_deref()));
        let to = Destinations { params: &callback, urls: self.urls(&snapshot, &here) };
        self.carry_out(after_signature(&signed, &to), &to).await
    }

    /// Signs in with a wallet. A complete sign-in has a `created_session_id`; pass it to [`set_active`](Self::set_active).
    ///
    /// # Errors
    /// As [`authenticate_with_web3`](Self::authenticate_with_web3); an unknown wallet is `form_identifier_not_found`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sign_ins`, `…/prepare_first_factor` and `…/attempt_first_factor`; `SignIn.authenticateWithWeb3()`.
    pub async fn sign_in_with_web3(&self, strategy: &str, wallet_name: Option<&str>) -> Result<SignIn> {
        self.with_wallet(strategy, wallet_name, async |mut wallet| {
            self.sign_in_with_wallet(strategy, &mut wallet).await
        })
        .await
    }

    /// Signs up with a wallet. A complete sign-up has a `created_session_id`; pass it to [`set_active`](Self::set_active).
    ///
    /// # Errors
    /// As [`authenticate_with_web3`](Self::authenticate_with_web3); a known wallet is `form_identifier_exists`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sign_ups`, `…/prepare_verification` and `…/attempt_verification`;
    /// `SignUp.authenticateWithWeb3()`.
    pub async fn sign_up_with_web3(&self, params: SignUpWithWeb3Params) -> Result<SignUp> {
        let (strategy, wallet_name) = (params.strategy.clone(), params.wallet_name.clone());
        self.with_wallet(&strategy, wallet_name.as_deref(), async |mut wallet| {
            self.sign_up_with_wallet(params, &mut wallet).await
        })
        .await
    }

    /// Connects the wallet of a strategy and uses it. A newer flow supersedes this one.
    async fn with_wallet<T>(
        &self,
        strategy: &str,
        wallet_name: Option<&str>,
        use_wallet: impl AsyncFnOnce(ConnectedWallet<'_>) -> Result<T>,
    ) -> Result<T> {
        self.loaded().await?;
        let provider = strategy.trim_start_matches("web3_").trim_end_matches("_signature");
        if provider == "solana" && wallet_name.is_none_or(str::is_empty) {
            return Err(ErrorCode::Web3SolanaWalletNameRequired
                .error("web3_solana_signature requires walletName, the name of the Solana wallet"));
        }
        let wallet = self.0.setup.wallet.clone().ok_or_else(|| unavailable("this app has no wallet; configure one"))?;
        let (flow, mut signal) = self.0.flows.begin();
        let result = async {
            let mut connection = unless_ended(&mut signal, || wallet.connect(provider, wallet_name)).await?;
            Box::pin(use_wallet(ConnectedWallet { connection: connection.as_mut(), signal })).await
        }
        .await;
        self.end_flow(flow, &result).await;
        result
    }

    /// Signs in with MetaMask; see [`authenticate_with_web3`](Self::authenticate_with_web3).
    ///
    /// # Errors
    /// As [`authenticate_with_web3`](Self::authenticate_with_web3).
    pub async fn authenticate_with_metamask(&self, params: AuthenticateWithWalletParams) -> Result<RedirectOutcome> {
        self.authenticate_with_web3(params.with_strategy("web3_metamask_signature")).await
    }

    /// Signs in with Coinbase Wallet; see [`authenticate_with_web3`](Self::authenticate_with_web3).
    ///
    /// # Errors
    /// As [`authenticate_with_web3`](Self::authenticate_with_web3).
    pub async fn authenticate_with_coinbase_wallet(
        &self,
        params: AuthenticateWithWalletParams,
    ) -> Result<RedirectOutcome> {
        self.authenticate_with_web3(params.with_strategy("web3_coinbase_wallet_signature")).await
    }

    /// Signs in with OKX Wallet; see [`authenticate_with_web3`](Self::authenticate_with_web3).
    ///
    /// # Errors
    /// As [`authenticate_with_web3`](Self::authenticate_with_web3).
    pub async fn authenticate_with_okx_wallet(&self, params: AuthenticateWithWalletParams) -> Result<RedirectOutcome> {
        self.authenticate_with_web3(params.with_strategy("web3_okx_wallet_signature")).await
    }

    /// Signs in with Base; see [`authenticate_with_web3`](Self::authenticate_with_web3).
    ///
    /// # Errors
    /// As [`authenticate_with_web3`](Self::authenticate_with_web3).
    pub async fn authenticate_with_base(&self, params: AuthenticateWithWalletParams) -> Result<RedirectOutcome> {
        self.authenticate_with_web3(params.with_strategy("web3_base_signature")).await
    }

    /// Signs in with the Solana wallet `wallet_name`; see [`authenticate_with_web3`](Self::authenticate_with_web3).
    ///
    /// # Errors
    /// As [`authenticate_with_web3`](Self::authenticate_with_web3).
    pub async fn authenticate_with_solana(&self, params: AuthenticateWithWalletParams) -> Result<RedirectOutcome> {
        self.authenticate_with_web3(params.with_strategy("web3_solana_signature")).await
    }

    async fn sign_in_with_wallet(&self, strategy: &str, wallet: &mut ConnectedWallet<'_>) -> Result<SignIn> {
        let identifier = Some(wallet.connection.address().to_owned());
        let sign_in = self.create_sign_in(SignInCreateParams { identifier, ..Default::default() }).await?;
        let factors = sign_in.supported_first_factors.iter().flatten();
        let factor = factors.clone().find(|factor| factor.strategy == strategy).cloned();
        let factor = factor.ok_or_else(|| {
            unavailable("this instance does not offer the strategy for this address; enable it in Clerk's dashboard")
        })?;
        let prepare =
            PrepareFactorParams { web3_wallet_id: factor.web3_wallet_id, ..PrepareFactorParams::new(strategy) };
        let prepared = self.prepare_sign_in_first_factor(&sign_in.id, prepare).await?;
        let message = prepared.first_factor_verification.and_then(|verification| verification.message);
        let signature = sign(strategy, message, wallet).await?;
        let attempt = AttemptFactorParams { signature: Some(signature), ..AttemptFactorParams::new(strategy) };
        self.attempt_sign_in_first_factor(&sign_in.id, attempt).await
    }

    async fn sign_up_with_wallet(
        &self,
        params: SignUpWithWeb3Params,
        wallet: &mut ConnectedWallet<'_>,
    ) -> Result<SignUp> {
        let sign_up = self
            .create_sign_up(SignUpParams {
                web3_wallet: Some(wallet.connection.address().to_owned()),
                unsafe_metadata: params.unsafe_metadata,
                legal_accepted: params.legal_accepted,
                extra: params.extra,
                ..Default::default()
            })
            .await?;
        let strategy = params.strategy.as_str();
        let prepare = PrepareVerificationParams::new(strategy);
        let prepared = self.prepare_sign_up_verification(&sign_up.id, prepare).await?;
        let message = prepared.verifications.web3_wallet.and_then(|verification| verification.message);
        let signature = Some(sign(strategy, message, wallet).await?);
        let attempt = AttemptVerificationParams { signature, ..AttemptVerificationParams::new(strategy) };
        self.attempt_sign_up_verification(&sign_up.id, attempt).await
    }
}

impl AuthenticateWithWeb3Params {
    /// Returns the parameters of the sign-up of an unknown wallet.
    fn sign_up(&self) -> SignUpWithWeb3Params {
        SignUpWithWeb3Params {
            unsafe_metadata: self.unsafe_metadata.clone(),
            legal_accepted: self.legal_accepted,
            ..SignUpWithWeb3Params::new(self.strategy.as_str())
        }
    }

    /// Returns the callback parameters of these parameters.
    fn callback(&self) -> RedirectCallbackParams {
        RedirectCallbackParams {
            sign_in_force_redirect_url: self.redirect_url.clone(),
            continue_sign_up_url: self.sign_up_continue_url.clone(),
            second_factor_url: self.second_factor_url.clone(),
            sign_in_protect_check_url: self.protect_check_url.clone(),
            sign_up_protect_check_url: self.sign_up_protect_check_url.clone(),
            location: self.location.clone(),
            ..RedirectCallbackParams::default()
        }
    }
}

/// A connected wallet, and the signal that may end the wait for it.
struct ConnectedWallet<'a> {
    connection: &'a mut dyn WalletConnection,
    signal: Signals,
}

/// Waits for the wallet unless the flow is cancelled or superseded, for ten minutes at most. Only waits for the user are
/// interrupted: requests to FAPI are always completed.
async fn unless_ended<'a, T>(
    signal: &mut Signals,
    call: impl FnOnce() -> BoxFuture<'a, std::result::Result<T, WalletError>>,
) -> Result<T> {
    let reply = tokio::time::timeout(RECORD_LIFETIME, outside::wait("the wallet", call));
    let failed = |why: &str| WalletError::Failed(why.to_owned());
    tokio::select! {
        reply = reply => {
            let reply = reply.map_err(|_| failed("it did not respond in time"));
            reply.and_then(|reply| reply.unwrap_or_else(|| Err(failed("it panicked")))).map_err(wallet_error)
        }
        ended = signal => Err(ended_early(&ended.unwrap_or(Signal::Superseded))),
    }
}

/// Requests a signature of Clerk's message. Coinbase Wallet sometimes rejects the first request for no reason, so it is
/// retried once.
async fn sign(strategy: &str, message: Option<String>, wallet: &mut ConnectedWallet<'_>) -> Result<String> {
    let message = message.ok_or_else(|| {
        ErrorCode::Web3SignatureFailed.error("Clerk sent no message to sign; enable the strategy in Clerk's dashboard")
    })?;
    match unless_ended(&mut wallet.signal, || wallet.connection.sign(&message)).await {
        Err(error) if strategy == "web3_coinbase_wallet_signature" && error.is(ErrorCode::Web3SignatureRejected) => {
            unless_ended(&mut wallet.signal, || wallet.connection.sign(&message)).await
        }
        signed => signed,
    }
}

fn unavailable(why: &str) -> Error {
    ErrorCode::Web3WalletUnavailable.error(why)
}

fn wallet_error(error: WalletError) -> Error {
    match error {
        WalletError::Rejected => ErrorCode::Web3SignatureRejected.error("the user rejected the request in the wallet"),
        WalletError::Unavailable(why) => unavailable(&why),
        WalletError::Failed(why) => ErrorCode::Web3SignatureFailed.error(format!("the wallet failed: {why}")),
        error @ WalletError::BrowserUnavailable(_) => ErrorCode::BrowserUnavailable.error(error.to_string()),
        error @ WalletError::NotConfirmed => ErrorCode::Web3WalletNotConfirmed.error(error.to_string()),
        error @ WalletError::Misused(_) => ErrorCode::WalletBridgeMisused.error(error.to_string()),
    }
}
