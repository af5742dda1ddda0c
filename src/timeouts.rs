//! The timeouts that an app may set: in milliseconds in `tauri.conf.json`, as a `Duration` in code.

use std::{ops::RangeInclusive, time::Duration};

use serde_json::{Map, Value};

use crate::core::{DEFAULT_BROWSER_TIMEOUT, DEFAULT_REQUEST_TIMEOUT, DEFAULT_STORAGE_TIMEOUT};

/// The keys in `tauri.conf.json`.
pub(crate) const KEYS: [&str; 3] = ["browserTimeout", "requestTimeout", "storageTimeout"];

/// The timeouts that are set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Of flows in the system browser, and of each step of a wallet there: 1 second to 1 hour. Default: 3 minutes.
    pub browser: Option<Duration>,
    /// Of a request to Clerk, from connecting to the last byte of the response: 1 second to 1 minute. Default: 30 seconds.
    pub request: Option<Duration>,
    /// Of a call to the keyring, which the user may have to unlock: 1 second to 5 minutes. Default: 10 seconds.
    pub storage: Option<Duration>,
}

impl Timeouts {
    /// Removes the timeouts from a section of `tauri.conf.json`.
    pub(crate) fn take(section: &mut Map<String, Value>) -> Result<Self, String> {
        let mut milliseconds = |key: &str| match section.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64() {
                Some(milliseconds) => Ok(Some(Duration::from_millis(milliseconds))),
                None => Err(format!(
                    "plugins.clerk.{key} in tauri.conf.json must be a whole number of milliseconds, not {value}"
                )),
            },
        };
        let [browser, request, storage] = KEYS.map(&mut milliseconds);
        let timeouts = Self { browser: browser?, request: request?, storage: storage? };
        timeouts.check()?;
        Ok(timeouts)
    }

    #[must_use]
    pub(crate) fn overridden_by(self, over: Self) -> Self {
        Self {
            browser: over.browser.or(self.browser),
            request: over.request.or(self.request),
            storage: over.storage.or(self.storage),
        }
    }

    /// # Errors
    /// A message that names the timeout and the valid range.
    pub(crate) fn check(self) -> Result<(), String> {
        check("browser", self.browser, 1..=3600)?;
        check("request", self.request, 1..=60)?;
        check("storage", self.storage, 1..=300)
    }

    pub(crate) fn browser(self) -> Duration {
        self.browser.unwrap_or(DEFAULT_BROWSER_TIMEOUT)
    }

    pub(crate) fn request(self) -> Duration {
        self.request.unwrap_or(DEFAULT_REQUEST_TIMEOUT)
    }

    pub(crate) fn storage(self) -> Duration {
        self.storage.unwrap_or(DEFAULT_STORAGE_TIMEOUT)
    }
}

fn check(name: &str, value: Option<Duration>, seconds: RangeInclusive<u64>) -> Result<(), String> {
    let (min, max) = (*seconds.start(), *seconds.end());
    match value {
        Some(value) if value < Duration::from_secs(min) || value > Duration::from_secs(max) => Err(format!(
            "the {name} timeout of Clerk is {value:?}; it must be at least {min} s and at most {max} s ({name}Timeout in \
             tauri.conf.json, in milliseconds, or {name}_timeout of clerk::Builder)"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: &Value) -> Result<Timeouts, String> {
        Timeouts::take(&mut json.as_object().unwrap().clone())
    }

    #[test]
    fn timeouts_are_read_in_milliseconds() {
        let timeouts =
            read(&json!({ "browserTimeout": 60_000, "requestTimeout": 1_500, "storageTimeout": null })).unwrap();
        assert_eq!(timeouts.browser(), Duration::from_secs(60));
        assert_eq!(timeouts.request(), Duration::from_millis(1_500));
        assert_eq!(timeouts.storage(), DEFAULT_STORAGE_TIMEOUT);
        let code = Timeouts { request: Some(Duration::from_secs(5)), ..Timeouts::default() };
        let merged = timeouts.overridden_by(code);
        assert_eq!((merged.browser(), merged.request()), (Duration::from_secs(60), Duration::from_secs(5)));
    }

    #[test]
    fn timeouts_out_of_range_are_refused_by_name() {
        for key in KEYS {
            for value in [json!(0), json!(-1), json!(999), json!(1.5), json!("30s"), json!(true), json!(u64::MAX)] {
                let error = read(&json!({ key: value })).unwrap_err();
                assert!(error.contains(key) && error.contains("millisecond"), "{error}");
            }
        }
        let longest = json!({ "browserTimeout": 3_600_000, "requestTimeout": 60_000, "storageTimeout": 300_000 });
        assert!(read(&longest).is_ok());
        assert!(read(&json!({ "requestTimeout": 60_001 })).is_err());
        assert!(Timeouts { browser: Some(Duration::ZERO), ..Timeouts::default() }.check().is_err());
        assert!(Timeouts { storage: Some(Duration::MAX), ..Timeouts::default() }.check().is_err());
    }
}
