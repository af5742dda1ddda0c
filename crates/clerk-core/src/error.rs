//! The error type of this crate, and its serialized form for the webview.
//!
//! Errors have a stable *code*, which is never renamed or reused; messages may change. `docs/errors.md` explains every
//! [`ErrorCode`]. Codes inside [`Error::Api`] are Clerk's own and are passed on unchanged.

use serde::Serialize;

pub use crate::models::ApiErrorItem;
use crate::models::Reverification;

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error of this crate, grouped by what a caller can do about it.
///
/// No message, `Debug` output or source of an error contains a token, a password, or the query or body of a request.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// FAPI responded with a status of 400 or above. Match on the codes in [`ApiError::errors`].
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Any other error; match on the code.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

/// An error response of FAPI.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// At least one error, the most important one first.
    pub errors: Vec<ApiErrorItem>,
    /// The trace id for Clerk's support.
    pub clerk_trace_id: Option<String>,
    /// Seconds to wait before a retry (status 429 or 503).
    pub retry_after: Option<u64>,
    /// The errors as FAPI sent them.
    pub(crate) raw: RawErrors,
}

/// FAPI's list of errors, for Clerk's own packages. Its details may be personal, so it is not printed.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct RawErrors(pub(crate) std::sync::Arc<serde_json::Value>);

impl std::fmt::Debug for RawErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[…]")
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Clerk's errors have a message, but what is in front of FAPI may imitate them.
        let texts = self
            .errors
            .first()
            .into_iter()
            .flat_map(|first| [first.long_message.as_deref().unwrap_or_default(), &first.message, &first.code]);
        match texts.into_iter().find(|text| !text.is_empty()) {
            Some(text) => f.write_str(text),
            None => write!(f, "Clerk responded with status {}", self.status),
        }
    }
}

impl std::error::Error for ApiError {}

/// An error that does not come from FAPI.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuntimeError {
    /// The stable code.
    pub code: ErrorCode,
    /// What went wrong and what to do, for developers.
    pub message: String,
    /// Seconds to wait before a retry, if something in front of FAPI asked for it.
    pub retry_after: Option<u64>,
}

impl std::fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (code: {})", self.message, self.code.as_str())
    }
}

impl std::error::Error for RuntimeError {}

macro_rules! codes {
    ($( $(#[$meta:meta])* $variant:ident = $text:literal ),* $(,)?) => {
        /// The codes of this crate's own errors.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode { $( $(#[$meta])* $variant, )* }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$( Self::$variant, )*];

            /// The code as a string, the same in Rust and in the webview.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )* }
            }
        }
    };
}

codes! {
    /// No publishable key is configured.
    PublishableKeyMissing = "publishable_key_missing",
    /// The publishable key is not valid.
    PublishableKeyInvalid = "publishable_key_invalid",
    /// Two different publishable keys are configured.
    PublishableKeyConflict = "publishable_key_conflict",
    /// The publishable key and the responding FAPI belong to different instances.
    InstanceMismatch = "instance_mismatch",
    /// `proxyUrl` is not an absolute http(s) URL.
    ProxyUrlInvalid = "proxy_url_invalid",
    /// `domain` is not a host name.
    DomainInvalid = "domain_invalid",
    /// The callback URL is missing or not valid.
    RedirectUrlInvalid = "redirect_url_invalid",
    /// An option of `load` is not valid.
    OptionInvalid = "option_invalid",
    /// `load` has not succeeded yet.
    NotLoaded = "not_loaded",
    /// The user is signed out, or the requested session is not signed in.
    NoActiveSession = "no_active_session",
    /// FAPI sent no usable response.
    NetworkError = "network_error",
    /// FAPI did not respond to several attempts: this device is offline.
    Offline = "clerk_offline",
    /// The response of FAPI can't be decoded.
    DecodeError = "decode_error",
    /// The OS keyring is not available.
    StorageUnavailable = "storage_unavailable",
    /// There is no keyring, so secrets are kept until the user logs out of the computer. A notice only.
    StorageUntilLogOut = "storage_until_log_out",
    /// The stores could not keep that the user signed out. A notice only.
    SignOutNotStored = "sign_out_not_stored",
    /// The content of the OS keyring can't be decoded.
    StorageCorrupt = "storage_corrupt",
    /// The system browser could not be opened.
    BrowserUnavailable = "browser_unavailable",
    /// Nothing can listen at the callback URL on this computer, e.g. because another program does.
    CallbackPortUnavailable = "callback_port_unavailable",
    /// Neither Clerk nor the app names the page, or its URL is not https, so it is not opened in the system browser.
    UrlNotAllowed = "url_not_allowed",
    /// A window opened another page in the system browser less than a second ago.
    OpenExternalRateLimited = "open_external_rate_limited",
    /// A window may not make this request to FAPI.
    RequestNotAllowed = "request_not_allowed",
    /// The app's configuration does not allow requests to this URL with a session token.
    FetchNotAllowed = "fetch_not_allowed",
    /// The app's backend redirected to where the session token is not sent.
    FetchRedirectRefused = "fetch_redirect_refused",
    /// A window has too many open responses of the app's backend.
    FetchLimitReached = "fetch_limit_reached",
    /// The response of the app's backend is not open in this window, e.g. because it was cancelled.
    FetchCancelled = "fetch_cancelled",
    /// FAPI returned no page to open for this strategy.
    OauthVerificationUrlMissing = "oauth_transport_missing_verification_url",
    /// The user denied access at the provider.
    OauthAccessDenied = "oauth_access_denied",
    /// The provider or FAPI reported a failure.
    OauthCallbackFailed = "oauth_callback_failed",
    /// The app cancelled the pending browser flow.
    OauthFlowCancelled = "oauth_flow_cancelled",
    /// A newer browser flow superseded this one.
    OauthFlowSuperseded = "oauth_flow_superseded",
    /// The user did not return from the browser before the timeout.
    OauthFlowTimedOut = "oauth_flow_timed_out",
    /// The e-mail link has expired.
    EmailLinkExpired = "email_link_expired",
    /// The e-mail link was opened on another device, which the instance does not allow.
    EmailLinkClientMismatch = "email_link_client_mismatch",
    /// The e-mail link could not be verified.
    EmailLinkFailed = "email_link_failed",
    /// The hosted sign-in returned with an invalid link.
    HostedAuthFailed = "hosted_auth_failed",
    /// No wallet is available for this strategy.
    Web3WalletUnavailable = "web3_wallet_unavailable",
    /// The user rejected the request in the wallet.
    Web3SignatureRejected = "web3_signature_request_rejected",
    /// The wallet failed.
    Web3SignatureFailed = "web3_signature_generation_failed",
    /// The app did not confirm the address of the wallet.
    Web3WalletNotConfirmed = "web3_wallet_not_confirmed",
    /// Somebody else used the page that asks the wallet.
    WalletBridgeMisused = "wallet_bridge_misused",
    /// `web3_solana_signature` requires the name of the wallet.
    Web3SolanaWalletNameRequired = "web3_solana_wallet_name_required",
    /// The app has no passkeys of the operating system, or the system has none.
    PasskeyNotSupported = "passkey_not_supported",
    /// The domain of the passkey is not one that the system accepts for this app.
    PasskeyInvalidRpId = "passkey_invalid_rpID_or_domain",
    /// The user closed the dialog that asked for a passkey.
    PasskeyRetrievalCancelled = "passkey_retrieval_cancelled",
    /// No passkey was returned.
    PasskeyRetrievalFailed = "passkey_retrieval_failed",
    /// The user did not respond to the dialog, or another flow took its place.
    PasskeyOperationAborted = "passkey_operation_aborted",
    /// The user closed the dialog that offered to create a passkey.
    PasskeyRegistrationCancelled = "passkey_registration_cancelled",
    /// No passkey was created.
    PasskeyRegistrationFailed = "passkey_registration_failed",
    /// FAPI sent no options for the passkey.
    MissingPublicKeyOptions = "missing_public_key_options",
    /// A command of the app requires that the app, and not a window, names the instance.
    InstanceNotConfigured = "instance_not_configured",
    /// A command of the app requires a signed-in user.
    NotSignedIn = "not_signed_in",
    /// A command of the app requires a role, permission, feature, plan or verification that the user does not have.
    NotAuthorized = "not_authorized",
    /// After the callback, the sign-in or sign-up is in a state that can't be continued.
    RedirectCallbackIncomplete = "redirect_callback_incomplete",
    /// The user did not verify again.
    ReverificationCancelled = "reverification_cancelled",
}

impl ErrorCode {
    /// Creates an error with this code.
    #[must_use]
    pub fn error(self, message: impl Into<String>) -> Error {
        Error::Runtime(RuntimeError { code: self, message: message.into(), retry_after: None })
    }
}

impl Error {
    /// Returns the stable code: one of [`ErrorCode`], or `api_response_error` for an error response of FAPI.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Api(_) => "api_response_error",
            Self::Runtime(error) => error.code.as_str(),
        }
    }

    /// Whether the error has this code.
    #[must_use]
    pub fn is(&self, code: ErrorCode) -> bool {
        matches!(self, Self::Runtime(error) if error.code == code)
    }

    /// Whether it is an error response of FAPI with this code, e.g. `form_password_incorrect`.
    #[must_use]
    pub fn has_api_code(&self, code: &str) -> bool {
        matches!(self, Self::Api(error) if error.errors.iter().any(|item| item.code == code))
    }

    /// Returns which verification FAPI requires before it accepts the request (`session_reverification_required`);
    /// `None` for any other error. [`Clerk::with_reverification`](crate::Clerk::with_reverification) has the user
    /// verified, and repeats the call.
    #[must_use]
    pub fn reverification(&self) -> Option<Reverification> {
        let Self::Api(error) = self else { return None };
        let refusal = error.errors.iter().find(|item| item.code == "session_reverification_required")?;
        Some(Reverification::required(refusal.meta.get("reverification").unwrap_or(&serde_json::Value::Null)))
    }

    /// Whether a retry of the same request may succeed: no usable response arrived, or FAPI is overloaded or down.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.status() {
            Some(status) => status == 429 || status >= 500,
            None => self.is(ErrorCode::NetworkError) || self.is(ErrorCode::DecodeError),
        }
    }

    /// A string in the `meta` of FAPI's errors, e.g. `sessionId`.
    pub(crate) fn api_meta(&self, key: &str) -> Option<&str> {
        let Self::Api(error) = self else { return None };
        error.errors.iter().find_map(|item| item.meta.get(key)?.as_str())
    }

    /// Whether FAPI does not accept the client token, or the session. Two of its codes with the same status say neither.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        self.status() == Some(401)
            && !self.has_api_code("requires_captcha")
            && !self.has_api_code("dev_browser_unauthenticated")
    }

    /// Whether FAPI says that the session is no longer signed in.
    pub(crate) fn is_signed_out(&self) -> bool {
        match self.status() {
            Some(401 | 422) => true,
            Some(403) => self.has_api_code("user_banned") || self.has_api_code("user_deactivated"),
            _ => false,
        }
    }

    /// Returns how many seconds FAPI asked to wait before a retry.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Api(error) => error.retry_after,
            Self::Runtime(error) => error.retry_after,
        }
    }

    /// Returns the same error with another time to wait.
    pub(crate) fn with_retry_after(mut self, seconds: Option<u64>) -> Self {
        match &mut self {
            Self::Api(error) => error.retry_after = seconds,
            Self::Runtime(error) => error.retry_after = seconds,
        }
        self
    }

    /// Returns the HTTP status of an error response of FAPI.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api(error) => Some(error.status),
            Self::Runtime(_) => None,
        }
    }
}

/// Where the codes of this crate are explained.
const DOCS_URL: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/errors.md");

/// An [`Error`] serialized for the webview.
///
/// The guest library converts it to `ClerkAPIResponseError` or `ClerkRuntimeError`.
#[derive(Debug, Clone, PartialEq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErrorPayload {
    /// `api`, `runtime`, or `email_link`, which uses the documented codes of `EmailLinkError`.
    pub kind: &'static str,
    /// See [`Error::code`].
    pub code: String,
    /// What went wrong, for developers.
    pub message: String,
    /// What went wrong, for users.
    pub long_message: Option<String>,
    /// A page with more information.
    pub docs_url: Option<String>,
    /// The HTTP status, for kind `api`.
    pub status: Option<u16>,
    /// FAPI's errors, for kind `api`.
    pub errors: Vec<ApiErrorItem>,
    /// The trace id for Clerk's support.
    pub clerk_trace_id: Option<String>,
    /// Seconds to wait before a retry.
    #[specta(type = Option<u32>)]
    pub retry_after: Option<u64>,
}

impl From<&Error> for ErrorPayload {
    fn from(error: &Error) -> Self {
        let payload = Self {
            kind: "runtime",
            code: error.code().to_owned(),
            message: error.to_string(),
            long_message: None,
            docs_url: Some(DOCS_URL.to_owned()),
            status: None,
            errors: Vec::new(),
            clerk_trace_id: None,
            retry_after: error.retry_after(),
        };
        match error {
            Error::Runtime(runtime) => {
                let payload = Self { message: runtime.message.clone(), ..payload };
                match runtime.code.as_str().strip_prefix("email_link_") {
                    Some(code) => Self { kind: "email_link", code: code.to_owned(), ..payload },
                    None => payload,
                }
            }
            Error::Api(api) => Self {
                kind: "api",
                docs_url: None,
                long_message: api.errors.first().and_then(|first| first.long_message.clone()),
                status: Some(api.status),
                errors: api.errors.clone(),
                clerk_trace_id: api.clerk_trace_id.clone(),
                ..payload
            },
        }
    }
}

impl From<Error> for ErrorPayload {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fapi::wire::Wire;
    use serde_json::json;

    #[test]
    fn api_error_is_never_displayed_as_an_empty_text() {
        for (item, expected) in [
            (json!({ "code": "c", "message": "m", "long_message": "l" }), "l"),
            (json!({ "code": "c", "message": "m", "long_message": "" }), "m"),
            (json!({ "code": "c", "message": "m" }), "m"),
            (json!({ "code": "c" }), "c"),
            (json!({}), "Clerk responded with status 422"),
        ] {
            let errors = vec![ApiErrorItem::read(&item).unwrap()];
            let error =
                ApiError { status: 422, errors, clerk_trace_id: None, retry_after: None, raw: RawErrors::default() };
            assert_eq!(error.to_string(), expected, "{item}");
        }
    }

    #[test]
    fn reverification_is_what_fapi_requires() {
        let refusal = |item: serde_json::Value| {
            let errors = [json!({ "code": "another" }), item];
            Error::Api(ApiError {
                status: 403,
                errors: errors.iter().filter_map(ApiErrorItem::read).collect(),
                clerk_trace_id: None,
                retry_after: None,
                raw: RawErrors::default(),
            })
        };
        let code = "session_reverification_required";
        let config = json!({ "level": "multi_factor", "after_minutes": 5 });
        for (meta, expected) in [
            (json!({}), Some(("second_factor", Some(10)))),
            (json!({ "reverification": "lax" }), Some(("second_factor", Some(1440)))),
            (json!({ "reverification": config }), Some(("multi_factor", Some(5)))),
        ] {
            let required = refusal(json!({ "code": code, "meta": meta })).reverification();
            let required = required.as_ref().map(|required| (required.level(), required.after_minutes()));
            assert_eq!(required, expected, "{meta}");
        }
        assert_eq!(refusal(json!({ "code": "resource_forbidden" })).reverification(), None);
        assert_eq!(ErrorCode::NetworkError.error("x").reverification(), None);
    }

    #[test]
    fn error_codes_are_unique() {
        let mut texts: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), ErrorCode::ALL.len());
    }

    #[test]
    fn error_payload_uses_documented_email_link_codes() {
        for (code, expected) in [
            (ErrorCode::EmailLinkExpired, ("email_link", "expired")),
            (ErrorCode::EmailLinkClientMismatch, ("email_link", "client_mismatch")),
            (ErrorCode::EmailLinkFailed, ("email_link", "failed")),
            (ErrorCode::NotLoaded, ("runtime", "not_loaded")),
        ] {
            let payload = ErrorPayload::from(code.error("x"));
            assert_eq!((payload.kind, payload.code.as_str()), expected);
            assert!(payload.docs_url.is_some_and(|url| url.ends_with("/docs/errors.md")));
        }
    }

    #[test]
    fn error_payload_contains_every_api_error() {
        let items = [json!({ "code": "a", "message": "A" }), json!({ "code": "b", "long_message": "Bee" })];
        let error = Error::Api(ApiError {
            status: 422,
            errors: items.iter().filter_map(ApiErrorItem::read).collect(),
            clerk_trace_id: Some("t".into()),
            retry_after: None,
            raw: RawErrors::default(),
        });
        let payload = serde_json::to_value(ErrorPayload::from(&error)).unwrap();
        assert_eq!((&payload["code"], &payload["status"]), (&json!("api_response_error"), &json!(422)));
        assert_eq!((&payload["errors"][1]["longMessage"], &payload["clerkTraceId"]), (&json!("Bee"), &json!("t")));
    }
}
