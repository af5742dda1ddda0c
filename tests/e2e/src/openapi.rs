//! Compares responses with the published description of FAPI. The description is not part of this project: it is read from
//! a folder beside it if that exists.

use std::{collections::HashMap, path::Path};

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::{Map, Value, json};

use crate::Result;

/// The path of the description, relative to the root of the project.
const FILE: &str = "../shared/reference/fapi-openapi-2026-05-12.yml";

/// Keys of responses that are missing in the description. `docs/emulator.md` explains each.
const UNDESCRIBED: &[(&str, &[&str])] = &[
    ("auth_config", &["session_minter", "preferred_channels"]),
    ("phone_number_attribute", &["channels"]),
    ("second_factor", &["enabled"]),
    ("sign_up", &["allowlist_only", "mfa"]),
    ("social", &["oauth_vercel"]),
    ("organization_settings", &["force_organization_selection", "organization_creation_defaults"]),
    ("protect_config", &["id", "object", "tokens_invalid_before"]),
    ("waitlist_entry", &["created_at", "updated_at"]),
];

/// The description.
#[derive(Debug)]
pub struct Description {
    document: Value,
    /// The schema of each operation's response, by name and status.
    schemas: HashMap<(String, String), Value>,
}

impl Description {
    /// Reads the description. Returns `None`, with a message, if it does not exist.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn read() -> Result<Option<Self>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
        let Ok(text) = std::fs::read_to_string(root.join(FILE)) else {
            #[allow(clippy::print_stdout, reason = "a test says what it leaves out")]
            {
                println!("skipped: the published description is not at {FILE}");
            }
            return Ok(None);
        };
        let mut document: Value = serde_yaml_ng::from_str(&text)?;
        to_json_schema(&mut document);
        let mut schemas = HashMap::new();
        for (_, path) in document["paths"].as_object().into_iter().flatten() {
            for (_, operation) in path.as_object().into_iter().flatten() {
                let Some(name) = operation["operationId"].as_str() else { continue };
                for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                    let response = resolved(&document, response);
                    if let Some(schema) = response.pointer("/content/application~1json/schema") {
                        schemas.insert((name.to_owned(), status.clone()), schema.clone());
                    }
                }
            }
        }
        Ok(Some(Self { document, schemas }))
    }

    /// Returns method, path and name of every operation.
    pub fn operations(&self) -> impl Iterator<Item = (String, &str, &str)> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            let operations = item.as_object().into_iter().flatten();
            operations.filter_map(move |(method, operation)| {
                Some((method.to_uppercase(), path.as_str(), operation["operationId"].as_str()?))
            })
        })
    }

    /// Returns the mismatches of the responses of one operation and status.
    ///
    /// # Errors
    /// If the description is invalid.
    pub fn complaints<'a>(
        &self,
        operation: &str,
        status: u16,
        answers: impl IntoIterator<Item = &'a Value>,
    ) -> Result<Vec<String>> {
        let Some(schema) = self.schemas.get(&(operation.to_owned(), status.to_string())) else {
            return Ok(vec!["the description has no such answer".to_owned()]);
        };
        let whole = json!({ "components": self.document["components"], "allOf": [schema] });
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft7);
        let validator = options.build(&whole).map_err(|error| format!("{operation} {status}: {error}"))?;
        let mut complaints = Vec::new();
        for answer in answers {
            let mut answer = answer.clone();
            leave_out_undescribed(&mut answer);
            fill_in_strategies(&mut answer);
            for error in validator.iter_errors(&answer) {
                explain(&error, &mut complaints);
            }
        }
        complaints.sort();
        complaints.dedup();
        Ok(complaints)
    }
}

/// Returns the causes of a mismatch: for alternatives, those of the best match.
fn explain(error: &ValidationError<'_>, complaints: &mut Vec<String>) {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = &error.kind else {
        complaints.push(format!("{error} at {}", error.instance_path));
        return;
    };
    for error in context.iter().min_by_key(|errors| errors.len()).into_iter().flatten() {
        explain(error, complaints);
    }
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|target| document.pointer(target.trim_start_matches('#')));
    target.unwrap_or(value)
}

/// Replaces `nullable` of OpenAPI 3.0 by the type `null` of JSON Schema.
fn to_json_schema(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(to_json_schema),
        Value::Object(object) => {
            object.values_mut().for_each(to_json_schema);
            if object.shift_remove("nullable") == Some(Value::Bool(true)) {
                let schema = Value::Object(std::mem::take(object));
                *object = Map::from_iter([("anyOf".to_owned(), json!([schema, { "type": "null" }]))]);
            }
        }
        _ => {}
    }
}

/// Gives a sign-up's field that is yet to be prepared the strategy that the description requires. `docs/emulator.md` explains why
/// it has none.
fn fill_in_strategies(answer: &mut Value) {
    for pointer in ["/response/verifications", "/response/sign_up/verifications", "/client/sign_up/verifications"] {
        let Some(Value::Object(fields)) = answer.pointer_mut(pointer) else { continue };
        for field in fields.values_mut() {
            if field["next_action"] == "needs_prepare" && field["strategy"].is_null() {
                field["strategy"] = field["supported_strategies"][0].clone();
            }
        }
    }
}

/// Removes the keys of [`UNDESCRIBED`].
fn leave_out_undescribed(answer: &mut Value) {
    let places = [
        ("auth_config", "/auth_config"),
        ("phone_number_attribute", "/user_settings/attributes/phone_number"),
        ("second_factor", "/user_settings/sign_in/second_factor"),
        ("sign_up", "/user_settings/sign_up"),
        ("social", "/user_settings/social"),
        ("organization_settings", "/organization_settings"),
        ("protect_config", "/protect_config"),
        ("waitlist_entry", ""),
    ];
    for (name, pointer) in places {
        if name == "waitlist_entry" && answer["object"] != name {
            continue;
        }
        let Some(Value::Object(object)) = answer.pointer_mut(pointer) else { continue };
        // Custom providers have names of the instance.
        object.retain(|key, _| name != "social" || !key.starts_with("oauth_custom_"));
        for key in UNDESCRIBED.iter().filter(|(one, _)| *one == name).flat_map(|(_, keys)| keys.iter()) {
            object.shift_remove(*key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_report_an_invalid_response() -> Result<()> {
        let Some(description) = Description::read()? else { return Ok(()) };
        let good = json!({ "response": null, "client": null });
        assert_eq!(description.complaints("getClient", 200, [&good])?, Vec::<String>::new());
        let bad = json!({ "response": { "object": "client", "id": 7 }, "client": null });
        assert!(!description.complaints("getClient", 200, [&bad])?.is_empty());
        Ok(())
    }
}
