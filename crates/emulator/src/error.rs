//! Refusals, as FAPI words them.

use serde_json::{Map, Value, json};

/// Why a request is refused: an HTTP status and Clerk's code. A refusal changes nothing unless its place says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    message: String,
    long_message: String,
    meta: Map<String, Value>,
}

pub(crate) type Result<T> = std::result::Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(status: u16, code: &str) -> Self {
        let (message, long_message) = texts(code);
        Self {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            long_message: long_message.to_owned(),
            meta: Map::new(),
        }
    }

    /// Names the parameter that is at fault.
    pub(crate) fn param(self, name: &str) -> Self {
        let long_message = match self.code.as_str() {
            "form_param_missing" => format!("`{name}` must be given."),
            "form_param_nil" => format!("`{name}` must not be empty."),
            "form_param_unknown" => format!("`{name}` is not accepted here."),
            "form_param_format_invalid" => format!("`{name}` does not have a valid form."),
            _ => self.long_message.clone(),
        };
        Self { long_message, ..self }.meta("param_name", json!(name))
    }

    pub(crate) fn meta(mut self, key: &str, value: Value) -> Self {
        self.meta.insert(key.to_owned(), value);
        self
    }

    /// The refusal as one error object.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message, "long_message": self.long_message });
        if !self.meta.is_empty() {
            error["meta"] = Value::Object(self.meta.clone());
        }
        error
    }
}

/// The short and the long text for a code.
fn texts(code: &str) -> (&'static str, &'static str) {
    match code {
        "form_identifier_not_found" => ("Unknown account", "Couldn't find your account."),
        "form_identifier_exists" => ("already in use", "That identifier is in use. Please choose another."),
        "form_password_incorrect" => ("wrong password", "Password is incorrect. Try again, or use another method."),
        "form_password_length_too_short" => ("too short", "The password needs more characters."),
        "form_password_pwned" => ("found in a breach", "This password is known from a data breach; choose another."),
        "form_code_incorrect" => ("is incorrect", "Incorrect code"),
        "form_param_missing" => ("missing", "A parameter must be given."),
        "form_param_nil" => ("empty", "A parameter must not be empty."),
        "form_param_unknown" => ("unknown", "A parameter is not accepted here."),
        "form_param_format_invalid" => ("invalid", "A parameter does not have a valid form."),
        "form_param_value_invalid" => ("invalid", "The value is not one of those that are accepted."),
        "form_conditional_param_missing" => ("missing", "Another parameter needs this one beside it."),
        "verification_expired" => ("expired", "It is too late for this one; ask for a new one."),
        "verification_failed" => ("too many failures", "Too many failed attempts; try again or use another method."),
        "verification_missing" => ("not prepared", "Prepare the verification before attempting it."),
        "verification_strategy_invalid" => ("wrong strategy", "The verification was prepared with another strategy."),
        "verification_already_verified" => ("already verified", "This has been verified already."),
        "session_exists" | "identifier_already_signed_in" => ("already signed in", "You are already signed in."),
        "account_transfer_invalid" => ("nothing to transfer", "There is no account waiting for a transfer."),
        "resource_missmatch" => ("Redirect url mismatch", "The redirect URL is not on this instance's allowlist."),
        "invalid_redirect_url" => ("invalid URL", "The redirect URL must be absolute."),
        "prohibited_redirect_url" => ("prohibited URL", "The scheme of the redirect URL is not allowed."),
        "native_api_disabled" => ("Native API disabled", "Enable the Native API for this instance in the Dashboard."),
        "origin_authorization_headers_conflict" => {
            ("headers conflict", "`Origin` and `Authorization` must not be sent together.")
        }
        "request_header_missing" => {
            ("header missing", "A native request needs an `Authorization` header, which may be empty.")
        }
        "signed_out" => ("signed out", "You are signed out."),
        "authentication_invalid" => ("invalid authentication", "There is no usable session."),
        "user_locked" => ("account locked", "The account is locked; try again later, or contact support."),
        "user_banned" => ("account banned", "The account is banned."),
        "not_allowed_access" => ("access not allowed", "Access is not allowed for this identifier."),
        "sign_up_mode_restricted" => ("sign-ups restricted", "Sign-ups are not open."),
        "sign_up_restricted_waitlist" => ("sign-ups restricted", "Sign-ups are not open; join the waitlist."),
        "oauth_access_denied" => ("access denied", "You did not grant access to your account."),
        "oauth_provider_not_enabled" => ("provider not enabled", "This provider is not enabled for this instance."),
        "oauth_callback_invalid" => {
            ("callback invalid", "This sign-in is unknown, used or too old; start again in the app.")
        }
        "external_account_not_found" => ("not found", "There is no account for this identity yet."),
        "external_account_exists" => ("exists", "There is an account for this identity already."),
        "client_state_invalid" => ("wrong state", "This can't be done in the present state."),
        "strategy_for_user_invalid" => ("wrong strategy", "This account does not use that strategy."),
        "no_password_set" => ("no password", "This account has no password."),
        "resource_not_found" => ("not found", "Nothing was found for this id or path."),
        "organization_not_found_or_unauthorized" => ("not found", "You are not a member of this organization."),
        "resource_forbidden" => ("not allowed", "You may not use this."),
        "invalid_action_for_session" => ("wrong state", "The session is not signed in."),
        "unsupported_content_type" => ("content type", "A form body is expected."),
        "malformed_request_parameters" => ("malformed", "The request can't be read."),
        "method_not_allowed" => ("method", "This method is not known here."),
        "legal_not_accepted" => ("legal consent needed", "The terms have to be accepted to go on."),
        _ => ("refused", "The request was refused."),
    }
}
