//! Form parameters, and the complaints about them.

use crate::error::{Refusal, Result};

/// The parameters of a call, in order; a key may repeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a form body or a query string.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Parameters that are made here.
    pub(crate) fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The value of `name`, if it was given; it may be empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of `name`, if it was given and is not empty.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The value of `name`, which has to be given.
    pub(crate) fn required(&self, name: &str) -> Result<&str> {
        match self.get(name) {
            None => Err(Refusal::new(422, "form_param_missing").param(name)),
            Some("") => Err(Refusal::new(422, "form_param_nil").param(name)),
            Some(value) => Ok(value),
        }
    }

    /// Every value of `name`; a list is sent as a repeated key, by some clients with brackets.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key.trim_end_matches("[]") == name).map(|(_, value)| value.as_str())
    }

    /// The value of `name` as a boolean.
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

    /// Whether nothing was given that means anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|(key, _)| matches!(key.as_str(), "_method" | "locale" | "timezone") || is_protect(key))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// Parameters of the fraud protection, which the emulator has no use for.
pub(crate) fn is_protect(key: &str) -> bool {
    key.starts_with("__clerk_protect_")
}
