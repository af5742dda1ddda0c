use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How recent a verification must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Reverification {
    /// `strict_mfa`, `strict`, `moderate` or `lax`.
    Preset(String),
    /// A custom level.
    #[serde(rename_all = "camelCase")]
    Config {
        /// `first_factor`, `second_factor` or `multi_factor`.
        level: String,
        /// The maximum age in minutes; must be greater than 0.
        after_minutes: i32,
    },
}

impl Reverification {
    /// Reads the hint with which a backend refuses a request until the user is verified again, as Clerk's backend SDKs
    /// send it: `{ "clerk_error": { "type": "forbidden", "reason": "reverification-error", "metadata": {
    /// "reverification": … } } }`, usually with status 403. Returns `None` for any other JSON.
    #[must_use]
    pub fn from_hint(body: &Value) -> Option<Self> {
        let hint = &body["clerk_error"];
        let is_hint = hint["type"] == "forbidden" && hint["reason"] == "reverification-error";
        is_hint.then(|| Self::required(&hint["metadata"]["reverification"]))
    }

    /// Returns the level to pass to [`Sessions::start_verification`](crate::Sessions::start_verification):
    /// `first_factor`, `second_factor` or `multi_factor`, or another one that Clerk adds later.
    #[must_use]
    pub fn level(&self) -> &str {
        match self {
            Self::Config { level, .. } => level,
            // As for Clerk's components, if it is unknown.
            Self::Preset(_) => self.limit().map_or("second_factor", |(level, _)| level),
        }
    }

    /// Returns the maximum age in minutes; `None` for a preset that is unknown to this version, and for a number that
    /// is not valid.
    #[must_use]
    pub fn after_minutes(&self) -> Option<i32> {
        self.limit().map(|(_, minutes)| minutes)
    }

    /// Returns the level and the maximum age in minutes, if they are known and valid.
    pub(crate) fn limit(&self) -> Option<(&str, i32)> {
        match self {
            Self::Preset(name) => match name.as_str() {
                "strict_mfa" => Some(("multi_factor", 10)),
                "strict" => Some(("second_factor", 10)),
                "moderate" => Some(("second_factor", 60)),
                "lax" => Some(("second_factor", 24 * 60)),
                _ => None,
            },
            Self::Config { level, after_minutes } => (*after_minutes > 0).then_some((level.as_str(), *after_minutes)),
        }
    }

    /// Reads what a refusal requires. One that says nothing requires what FAPI itself requires for its sensitive
    /// requests.
    pub(crate) fn required(json: &Value) -> Self {
        Self::read(json).unwrap_or_else(|| Self::Preset("strict".to_owned()))
    }

    fn read(json: &Value) -> Option<Self> {
        if let Some(preset) = json.as_str() {
            return Some(Self::Preset(preset.to_owned()));
        }
        let minutes = json.get("afterMinutes").or_else(|| json.get("after_minutes"))?.as_i64()?;
        let after_minutes = i32::try_from(minutes).ok()?;
        let level = json["level"].as_str()?.to_owned();
        Some(Self::Config { level, after_minutes }).filter(|one| one.limit().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn from_hint_reads_what_backends_send() {
        let hint = |metadata: Value| json!({ "clerk_error": { "type": "forbidden", "reason": "reverification-error", "metadata": metadata } });
        for (metadata, level, minutes) in [
            (json!({ "reverification": "strict_mfa" }), "multi_factor", Some(10)),
            (json!({ "reverification": "lax" }), "second_factor", Some(1440)),
            (json!({ "reverification": { "level": "first_factor", "afterMinutes": 5 } }), "first_factor", Some(5)),
            (json!({ "reverification": { "level": "third_factor", "after_minutes": 5 } }), "third_factor", Some(5)),
            (json!({ "reverification": "new" }), "second_factor", None),
            // Nothing that can be read.
            (json!({}), "second_factor", Some(10)),
            (Value::Null, "second_factor", Some(10)),
            (json!({ "reverification": { "level": "first_factor", "afterMinutes": 0 } }), "second_factor", Some(10)),
            (json!({ "reverification": { "afterMinutes": 1e300 } }), "second_factor", Some(10)),
        ] {
            let read = Reverification::from_hint(&hint(metadata.clone())).unwrap();
            assert_eq!((read.level(), read.after_minutes()), (level, minutes), "{metadata}");
        }
        for other in [
            json!({ "clerk_error": { "type": "forbidden", "reason": "another" } }),
            json!({ "clerk_error": { "type": "unauthorized", "reason": "reverification-error" } }),
            json!({ "clerk_error": "reverification-error" }),
            json!([]),
            Value::Null,
        ] {
            assert_eq!(Reverification::from_hint(&other), None, "{other}");
        }
    }
}
