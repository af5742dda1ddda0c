//! What Clerk's own packages call.

use std::sync::Arc;

use serde::Deserialize;
use specta::{Types, datatype::DataType, function::FunctionArg};
use tauri::{
    Runtime, Url,
    ipc::{CommandArg, CommandItem, CommandScope, InvokeError},
    webview::ResolvedScope,
};

#[cfg(test)]
use super::areas::AREAS;
use super::caller::{Caller, may_call, may_sign_in};
use crate::{
    config::PLUGIN_NAME,
    core::{ClerkJsState, Disclosure, FrontendApiRequest, FrontendApiResponse},
    error::{ErrorCode, ErrorPayload, Result},
};

/// An entry in the scope of `frontend_api`: operations that it allows or denies; see `areas.rs`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Operations {
    method: String,
    path: String,
}

impl Operations {
    fn contain(&self, method: &str, segments: &[String]) -> bool {
        let pattern = self.path.strip_prefix('/').unwrap_or(&self.path);
        (self.method == "*" || self.method == method) && matches(pattern.split('/'), segments)
    }
}

/// Whether a pattern matches the segments of a path.
fn matches<'a>(pattern: impl Iterator<Item = &'a str>, segments: &[String]) -> bool {
    let mut segments = segments.iter();
    for part in pattern {
        match (part, segments.next()) {
            ("**", _) => return true,
            ("*", Some(_)) => {}
            (part, Some(segment)) if part == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

/// Whether a scope allows an operation.
fn allows(scope: &CommandScope<Operations>, method: &str, segments: &[String]) -> bool {
    let any = |entries: &[Arc<Operations>]| entries.iter().any(|entry| entry.contain(method, segments));
    any(scope.allows()) && !any(scope.denies())
}

/// A window with Clerk's own packages.
pub(crate) struct ClerkJs {
    clerk: Caller,
    page: Url,
    /// `None` if the window has no permission for `frontend_api`.
    scope: Option<ResolvedScope<Operations>>,
    disclosure: Disclosure,
}

impl ClerkJs {
    pub(crate) fn state(&self) -> ClerkJsState {
        self.clerk.clerk_js_state(self.disclosure)
    }

    pub(crate) async fn send(self, request: FrontendApiRequest) -> Result<FrontendApiResponse> {
        let segments = request.segments()?;
        if !self.scope.as_ref().is_some_and(|scope| allows(scope.command_scope(), &request.method, &segments)) {
            return Err(ErrorCode::RequestNotAllowed.error(format!(
                "the permissions of this window do not include {} {}; add clerk:components to its capability, or the set for this \
                 part of the Frontend API, e.g. clerk:account",
                request.method, request.path
            )));
        }
        self.clerk.frontend_api(request, &self.page, self.disclosure).await
    }
}

impl<'de, R: Runtime> CommandArg<'de, R> for ClerkJs {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let webview = command.message.webview_ref();
        let scope = webview.resolve_command_scope::<Operations>(PLUGIN_NAME, "frontend_api").map_err(|error| {
            let text = format!("the scope of clerk:allow-frontend-api in the window's capability is invalid: {error}");
            InvokeError::from(ErrorPayload::from(ErrorCode::RequestNotAllowed.error(text)))
        })?;
        let signs_in = |kind: &str| {
            let segments = ["client".to_owned(), kind.to_owned()];
            scope.as_ref().is_some_and(|scope| allows(scope.command_scope(), "POST", &segments))
        };
        let disclosure = Disclosure {
            session_tokens: may_call(webview, "get_token"),
            verification_pages: may_sign_in(webview) || signs_in("sign_ins") || signs_in("sign_ups"),
        };
        let page = webview.url().map_err(InvokeError::from_error)?;
        Ok(Self { clerk: Caller::from_command(command)?, page, scope, disclosure })
    }
}

/// Not part of what the webview sends.
impl FunctionArg for ClerkJs {
    fn to_datatype(_: &mut Types) -> Option<DataType> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            let operations = Operations { method: "GET".to_owned(), path: pattern.to_owned() };
            let segments: Vec<String> = path[1..].split('/').map(str::to_owned).collect();
            assert_eq!(operations.contain("GET", &segments), expected, "{pattern} {path}");
            assert!(!operations.contain("DELETE", &segments), "{pattern} {path}");
        }
    }

    #[test]
    fn areas_include_what_their_sets_say_and_no_more() {
        let sets = |method: &str, path: &str| -> Vec<&str> {
            let segments: Vec<String> = path[1..].split('/').map(str::to_owned).collect();
            let contains = |(of, pattern): &(&str, &str)| {
                Operations { method: (*of).to_owned(), path: (*pattern).to_owned() }.contain(method, &segments)
            };
            AREAS.iter().filter(|(_, operations)| operations.iter().any(contains)).map(|(set, _)| *set).collect()
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
