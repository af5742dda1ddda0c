//! Request parameters and their validation.

use crate::error::{Refusal, Result};

/// The parameters of a request, in order; a key may occur more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Parses a form body or a query string.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Creates parameters.
    pub(crate) fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// Returns the value of `name`, which may be empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the value of `name` if it is not empty.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Returns the required value of `name`.
    pub(crate) fn required(&self, name: &str) -> Result<&str> {
        match self.get(name) {
            None => Err(Refusal::new(422, "form_param_missing").param(name)),
            Some("") => Err(Refusal::new(422, "form_param_nil").param(name)),
            Some(value) => Ok(value),
        }
    }

    /// Returns every value of `name`. Lists are repeated keys; some clients append brackets.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key.trim_end_matches("[]") == name).map(|(_, value)| value.as_str())
    }

    /// Returns the value of `name` as a boolean.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>> {
        match self.get(name) {
            None | Some("") => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => Err(Refusal::new(422, "form_param_type_invalid").param(name)),
        }
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// Whether there are no relevant parameters.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|(key, _)| matches!(key.as_str(), "_method" | "locale" | "timezone") || is_protect(key))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// Whether a parameter belongs to fraud protection, which the emulator ignores.
pub(crate) fn is_protect(key: &str) -> bool {
    key.starts_with("__clerk_protect_")
}
