//! Refusals, in the form of FAPI's errors.

use serde_json::{Map, Value, json};

/// Why a request is refused: an HTTP status and Clerk's code. Unless noted otherwise, a refused request changes
/// nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    message: String,
    long_message: String,
    meta: Map<String, Value>,
    /// Further errors of the same response.
    also: Vec<Refusal>,
    /// Whether a wrong secret is the reason, which counts towards the lockout.
    pub(crate) wrong_secret: bool,
    /// Seconds to wait before a retry.
    pub(crate) retry_after: Option<i64>,
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
            also: Vec::new(),
            wrong_secret: false,
            retry_after: None,
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

    /// Marks the refusal as caused by a wrong secret.
    pub(crate) fn of_wrong_secret(self) -> Self {
        Self { wrong_secret: true, ..self }
    }

    /// Creates a refusal that asks the client to wait.
    pub(crate) fn wait(code: &str, seconds: i64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(429, code) }
    }

    /// Combines refusals into one response; `Ok` if there are none.
    pub(crate) fn together(refusals: Vec<Self>) -> Result<()> {
        let mut refusals = refusals.into_iter();
        match refusals.next() {
            None => Ok(()),
            Some(first) => Err(Self { also: refusals.collect(), ..first }),
        }
    }

    /// Returns every error of the response.
    pub(crate) fn all_to_json(&self) -> Value {
        std::iter::once(self).chain(&self.also).map(Self::to_json).collect()
    }

    /// Returns the refusal as one error object.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message, "long_message": self.long_message });
        if !self.meta.is_empty() {
            error["meta"] = Value::Object(self.meta.clone());
        }
        error
    }
}

/// Returns the short and the long message for a code.
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
        "form_param_duplicate" => ("given twice", "A parameter is given more than once."),
        "form_param_max_length_exceeded" => ("too long", "The value is too long."),
        "form_param_exceeds_allowed_size" => ("too large", "The value is too large."),
        "form_username_invalid_length" => ("invalid length", "The username is too short or too long."),
        "form_username_invalid_character" => {
            ("invalid character", "A username has letters, digits, underscores and dashes only.")
        }
        "form_username_needs_non_number_char" => ("digits only", "A username needs a character that is no digit."),
        "form_password_or_identifier_incorrect" => ("wrong credentials", "The password or the identifier is wrong."),
        "form_password_length_too_long" => ("too long", "The password has too many characters."),
        "form_password_size_in_bytes_exceeded" => ("too long", "The password has more than 72 bytes."),
        "form_password_no_uppercase" => ("no upper-case letter", "The password needs an upper-case letter."),
        "form_password_no_lowercase" => ("no lower-case letter", "The password needs a lower-case letter."),
        "form_password_no_number" => ("no digit", "The password needs a digit."),
        "form_password_no_special_char" => ("no special character", "The password needs a special character."),
        "form_password_matches_identifier" => ("same as identifier", "The password must differ from your identifiers."),
        "form_new_password_matches_current" => ("same password", "The new password must differ from the present one."),
        "form_password_compromised" => {
            ("may be compromised", "Continue with another method; you will be asked for a new password.")
        }
        "form_incorrect_signature" => ("wrong signature", "The signature does not fit the wallet and the message."),
        "form_verification_needed" => ("not verified", "This has to be verified first."),
        "form_conditional_param_missing" => ("missing", "Another parameter needs this one beside it."),
        "verification_expired" => ("expired", "It is too late for this one; ask for a new one."),
        "verification_failed" => ("too many failures", "Too many failed attempts; try again or use another method."),
        "verification_missing" => ("not prepared", "Prepare the verification before attempting it."),
        "verification_strategy_invalid" => ("wrong strategy", "The verification was prepared with another strategy."),
        "verification_already_verified" => ("already verified", "This has been verified already."),
        "verification_not_sent" => ("not sent", "Ask for a code or a link first."),
        "verification_code_too_many_requests" => {
            ("too many requests", "Wait a little before you ask for another code.")
        }
        "verification_link_token_stale" => ("stale link", "A newer link was sent; use that one."),
        "verification_link_token_invalid" => ("invalid link", "This link is not one of ours."),
        "session_reverification_required" => ("reverification needed", "Confirm that it is you before doing this."),
        "session_reverification_missing" => ("not started", "Start the reverification first."),
        "invalid_action_for_session_reverification" => ("wrong state", "This can't be done in the present state."),
        "internal_clerk_error" => ("internal error", "The emulator failed; its log says more."),
        "too_many_requests" => ("too many requests", "Wait a little and try again."),
        "emulator_not_implemented" => ("not implemented", "The emulator does not play this operation."),
        "missing_organization_permission" => {
            ("permission missing", "Your role in the organization does not allow this.")
        }
        "not_a_member_in_organization" => ("not a member", "You are not a member of this organization."),
        "organization_not_enabled_in_instance" => ("organizations off", "This instance has no organizations."),
        "organization_minimum_permissions_needed" => {
            ("last admin", "An organization needs a member with all permissions.")
        }
        "organization_membership_quota_exceeded" => ("organization full", "The organization can't have more members."),
        "already_a_member_in_organization" => ("already a member", "This person is a member already."),
        "organization_invitation_not_unique" => ("already invited", "This address has a pending invitation."),
        "waitlist_not_accepting_entries" => ("no waitlist", "This instance has no waitlist."),
        "ticket_invalid_code" => ("invalid ticket", "This ticket is not valid."),
        "ticket_expired_code" => ("expired ticket", "This ticket is too old."),
        "pkce_verification_failed" => ("verifier wrong", "The code verifier does not fit the challenge."),
        "billing_not_enabled" => ("billing off", "Billing is not enabled for this instance."),
        "no_second_factors" => ("no second factor", "This account has no second factor."),
        "last_required_identification_deletion_failed" | "identification_deletion_failed" => {
            ("last identifier", "The last identifier of this kind can't be removed.")
        }
        "oauth_account_already_connected" => ("already connected", "An account of this provider is connected already."),
        "request_body_too_large" | "image_too_large" => ("too large", "The body is too large."),
        "dev_browser_unauthenticated" => ("browser unknown", "This development browser is not known."),
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
