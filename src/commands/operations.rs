//! The operations of FAPI that a window may request: the scope of `frontend_api`.

use std::sync::Arc;

use serde::Deserialize;
use tauri::{Runtime, Webview, webview::ResolvedScope};

#[cfg(test)]
use super::areas::AREAS;
use crate::config::PLUGIN_NAME;

/// An entry in the scope of `frontend_api`: operations that it allows or denies; see `areas.rs`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Entry")]
pub(super) struct Operations {
    /// `None` stands for any method.
    method: Option<String>,
    segments: Vec<Segment>,
    /// Whether further segments may follow.
    is_open: bool,
}

/// A segment of the path of [`Operations`].
#[derive(Debug)]
enum Segment {
    Any,
    Is(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    method: String,
    path: String,
}

/// Refuses entries that match nothing, or something else than they seem to: such an entry would deny nothing.
impl TryFrom<Entry> for Operations {
    type Error = String;

    fn try_from(Entry { method, path }: Entry) -> Result<Self, String> {
        let method = match method.as_str() {
            "*" => None,
            "GET" | "POST" | "PATCH" | "PUT" | "DELETE" => Some(method),
            _ => return Err(format!("the method {method:?} must be GET, POST, PATCH, PUT, DELETE or *")),
        };
        let invalid = |why: &str| format!("the path {path:?} {why}; write e.g. /me/email_addresses/**");
        let rest = path.strip_prefix('/').ok_or_else(|| invalid("must begin with a slash"))?;
        let mut parts: Vec<&str> = rest.split('/').collect();
        let is_open = parts.pop_if(|last| *last == "**").is_some();
        if matches!(parts.first(), Some(&("v1" | "v2"))) {
            return Err(invalid("must not contain the version"));
        }
        let segment = |part: &str| match part {
            "*" => Ok(Segment::Any),
            "**" => Err(invalid("may contain ** at its end only")),
            "" => Err(invalid("has an empty segment, or a slash at its end")),
            "." | ".." => Err(invalid("must not contain dots as segments")),
            part if part.chars().any(|one| "*?#%\\".contains(one) || one.is_whitespace() || one.is_control()) => Err(
                invalid("contains a segment with other characters than those of a path; * stands for a whole segment"),
            ),
            part => Ok(Segment::Is(part.to_owned())),
        };
        let segments = parts.into_iter().map(segment).collect::<Result<_, _>>()?;
        Ok(Self { method, segments, is_open })
    }
}

impl Operations {
    fn contain(&self, method: &str, segments: &[String]) -> bool {
        let matches = |(pattern, segment): (&Segment, &String)| match pattern {
            Segment::Any => true,
            Segment::Is(name) => name == segment,
        };
        let has_length =
            segments.len() == self.segments.len() || (self.is_open && segments.len() > self.segments.len());
        self.method.as_ref().is_none_or(|own| own == method)
            && has_length
            && self.segments.iter().zip(segments).all(matches)
    }
}

/// The operations of FAPI that the capabilities of a window allow.
pub(super) struct AllowedOperations(Option<ResolvedScope<Operations>>);

impl AllowedOperations {
    /// Reads the scope of `frontend_api`.
    ///
    /// # Errors
    /// If an entry is not valid: it could be one that denies something.
    pub(super) fn of<R: Runtime>(webview: &Webview<R>) -> Result<Self, tauri::Error> {
        webview.resolve_command_scope(PLUGIN_NAME, "frontend_api").map(Self)
    }

    pub(super) fn contain(&self, method: &str, segments: &[String]) -> bool {
        let Some(scope) = self.0.as_ref().map(ResolvedScope::command_scope) else { return false };
        let any = |entries: &[Arc<Operations>]| entries.iter().any(|entry| entry.contain(method, segments));
        any(scope.allows()) && !any(scope.denies())
    }

    /// The same for a path that needs no decoding.
    pub(super) fn contain_path(&self, method: &str, path: &str) -> bool {
        let segments: Vec<String> = path.trim_start_matches('/').split('/').map(str::to_owned).collect();
        self.contain(method, &segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operations(method: &str, path: &str) -> Result<Operations, String> {
        Entry { method: method.to_owned(), path: path.to_owned() }.try_into()
    }

    #[test]
    fn operations_refuse_entries_that_do_not_match_what_they_say() {
        for (method, path) in [
            ("delete", "/me"),
            ("HEAD", "/me"),
            ("", "/me"),
            ("**", "/me"),
            ("*", "me"),
            ("*", ""),
            ("*", "/"),
            ("*", "/me/"),
            ("*", "/me//totp"),
            ("*", "//me"),
            ("*", "/me/**/logo"),
            ("*", "/**/**"),
            ("*", "/me/*s"),
            ("*", "/me/***"),
            ("*", "/me/../client"),
            ("*", "/./me"),
            ("*", "/v1/me"),
            ("*", "/me?rotating_token_nonce=1"),
            ("*", "/me%2Ftotp"),
            ("*", "/me\\totp"),
            ("*", "/me "),
            ("*", "https://clerk.example.com/me"),
        ] {
            assert!(operations(method, path).is_err(), "{method} {path}");
        }
    }

    #[test]
    fn operations_contain_what_matches_by_segment() {
        for (pattern, path, expected) in [
            ("/me", "/me", true),
            ("/me", "/me/totp", false),
            ("/me/totp/**", "/me/totp", true),
            ("/me/totp/**", "/me/totp/attempt_verification", true),
            ("/me/totp/**", "/me/totpx", false),
            ("/organizations/*", "/organizations/org_1", true),
            ("/organizations/*", "/organizations", false),
            ("/organizations/*", "/organizations/org_1/logo", false),
            ("/organizations/*/logo", "/organizations/org_1/logo", true),
            ("/organizations/*/logo", "/organizations/org_1/domains", false),
            ("/**", "/anything/at/all", true),
            ("/*/**", "/me", true),
        ] {
            let operations = operations("GET", pattern).unwrap();
            let segments: Vec<String> = path[1..].split('/').map(str::to_owned).collect();
            assert_eq!(operations.contain("GET", &segments), expected, "{pattern} {path}");
            assert!(!operations.contain("DELETE", &segments), "{pattern} {path}");
        }
    }

    #[test]
    fn areas_include_what_their_sets_say_and_no_more() {
        let sets = |method: &str, path: &str| -> Vec<&str> {
            let segments: Vec<String> = path[1..].split('/').map(str::to_owned).collect();
            let contains = |(of, pattern): &(&str, &str)| operations(of, pattern).unwrap().contain(method, &segments);
            AREAS.iter().filter(|(_, rows)| rows.iter().any(contains)).map(|(set, _)| *set).collect()
        };
        for (method, path, expected) in [
            ("POST", "/client/sign_ins", &["sign-in"] as &[&str]),
            ("POST", "/client/sign_ins/sia_1/attempt_first_factor", &["sign-in"]),
            ("PATCH", "/client/sign_ups/sua_1", &["sign-up"]),
            ("POST", "/client/sessions/sess_1/touch", &["switch-session"]),
            ("POST", "/client/sessions/sess_1/verify", &["security"]),
            ("POST", "/client/sessions/sess_1/tokens", &[]),
            ("DELETE", "/me", &["delete-account"]),
            ("PATCH", "/me", &["account"]),
            ("POST", "/me/change_password", &["security"]),
            ("DELETE", "/organizations/org_1", &["manage-organizations"]),
            ("POST", "/organizations/org_1/invitations/bulk", &["manage-organizations"]),
            ("GET", "/organizations/org_1/billing/subscription", &["billing"]),
            ("DELETE", "/me/organization_memberships/org_1", &["organizations"]),
            ("POST", "/client/hosted_auth", &[]),
            ("POST", "/dev_browser", &[]),
        ] {
            assert_eq!(sets(method, path), expected, "{method} {path}");
        }
    }
}
