//! FAPI's form encoding.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::{
    case::snake_case,
    error::{ErrorCode, Result},
    secret::{FormBody, Secret},
};

/// The fields of a form body, in order.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, Secret<String>)>);

/// Prints only the names of the fields: values may be passwords and codes.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(key, _)| key)).finish()
    }
}

impl Form {
    /// Encodes a struct of parameters. Keys become snake_case, `None` is omitted, lists repeat their key, objects
    /// become JSON strings.
    pub(crate) fn of(params: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_value(params)
            .map(Secret::new)
            .map_err(|error| ErrorCode::DecodeError.error(format!("the parameters can't be encoded: {error}")))?;
        let mut form = Self::default();
        let mut names = BTreeSet::new();
        for (key, value) in json.expose().as_object().into_iter().flatten() {
            let name = snake_case(key);
            // Extra fields go to FAPI as they are, but can't take the place of those that the SDK sets.
            if name.starts_with('_') || name == "rotating_token_nonce" || !names.insert(name.clone()) {
                return Err(ErrorCode::OptionInvalid
                    .error(format!("the parameter {key} is set by the SDK; remove it from the extra parameters")));
            }
            match value {
                Value::Null => {}
                Value::Array(elements) => {
                    for element in elements {
                        form.push(&name, text(element));
                    }
                }
                value => form.push(&name, text(value)),
            }
        }
        Ok(form)
    }

    /// Adds a field.
    pub(crate) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.push(key, value);
        self
    }

    /// Removes a field.
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.0.retain(|(name, _)| name != key);
        self
    }

    pub(crate) fn push(&mut self, key: &str, value: impl Into<String>) {
        self.0.push((key.to_owned(), Secret::new(value.into())));
    }

    /// Returns the encoded body.
    pub(crate) fn encode(&self) -> FormBody {
        // A byte becomes three at most. A text that grows would leave copies of its beginning in memory.
        let longest = self.0.iter().map(|(key, value)| 3 * (key.len() + value.expose().len()) + 2).sum();
        let fields = self.0.iter().map(|(key, value)| (key, value.expose()));
        FormBody::new(
            url::form_urlencoded::Serializer::new(String::with_capacity(longest)).extend_pairs(fields).finish(),
        )
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn form_encodes_values_for_fapi() {
        let form = Form::of(&json!({
            "emailAddressId": "idn_1",
            "password": "a b&c",
            "legalAccepted": true,
            "unsafeMetadata": { "favColor": "red" },
            "additionalScope": ["repo", "gist"],
            "identifier": null,
        }))
        .unwrap()
        .with("organization_id", "");
        assert_eq!(
            form.encode().expose(),
            "email_address_id=idn_1&password=a+b%26c&legal_accepted=true&unsafe_metadata=%7B%22favColor%22%3A%22red%22%7D\
             &additional_scope=repo&additional_scope=gist&organization_id="
        );
    }

    #[test]
    fn form_debug_omits_values() {
        assert_eq!(format!("{:?}", Form::default().with("password", "hunter2")), r#"["password"]"#);
    }

    #[test]
    fn form_rejects_extra_fields_that_the_sdk_sets() {
        for params in [
            json!({ "redirectUrl": "my-app://callback", "redirect_url": "https://evil.example/cb" }),
            json!({ "redirectUrl": null, "redirect_url": "https://evil.example/cb" }),
            json!({ "_method": "DELETE" }),
            json!({ "_is_native": "0" }),
            json!({ "rotatingTokenNonce": "planted" }),
        ] {
            assert_eq!(Form::of(&params).unwrap_err().code(), "option_invalid", "{params}");
        }
    }
}
