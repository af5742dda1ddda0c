//! The table of operations: every operation of the published description, and a few that clients call in addition.

mod accounts;
mod api_keys;
mod billing;
mod client;
mod credentials;
mod domains;
mod identifications;
mod instance;
mod links;
mod me;
mod oauth_consent;
mod organization;
mod route;
mod session;
mod sign_in;
mod sign_up;
mod switched_off;

use crate::error::{Refusal, Result};
use route::{ANYTHING, NOTHING, Route};

pub(crate) use route::{Call, RouteResponse};

/// The operations by group; the first matching path wins.
const GROUPS: &[&[Route]] = &[
    instance::ROUTES,
    links::ROUTES,
    client::ROUTES,
    sign_in::ROUTES,
    sign_up::ROUTES,
    session::ROUTES,
    me::ROUTES,
    identifications::ROUTES,
    credentials::ROUTES,
    accounts::ROUTES,
    organization::ROUTES,
    domains::ROUTES,
    billing::ROUTES,
    api_keys::ROUTES,
    oauth_consent::ROUTES,
    switched_off::ROUTES,
];

fn routes() -> impl Iterator<Item = &'static Route> {
    GROUPS.iter().copied().flatten()
}

/// Returns the operation for a method and path, with the arguments of its path.
pub(crate) fn find(method: &str, path: &str) -> Result<(&'static Route, Vec<String>)> {
    let mut known = false;
    for route in routes() {
        if let Some(arguments) = arguments(route.path, path) {
            if route.method == method {
                return Ok((route, arguments));
            }
            known = true;
        }
    }
    Err(if known { Refusal::new(405, "method_not_allowed") } else { Refusal::new(404, "resource_not_found") })
}

fn arguments(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    let mut arguments = Vec::new();
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return Some(arguments),
            (Some("{}"), Some(argument)) if !argument.is_empty() => arguments.push(argument.to_owned()),
            (Some(expected), Some(part)) if expected == part => {}
            _ => return None,
        }
    }
}

/// Returns method, path with `{}` and name of every operation.
pub(crate) fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    routes().map(|route| (route.method, route.path, route.operation))
}

/// Returns the form fields that an operation accepts; empty for a disabled operation.
pub(crate) fn fields(operation: &str) -> &'static [&'static str] {
    let route = routes().find(|route| route.operation == operation);
    route.map_or(NOTHING, |route| if route.fields == ANYTHING { NOTHING } else { route.fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn find_returns_operation_and_arguments() {
        let found = |method: &str, path: &str| match find(method, path) {
            Ok((route, arguments)) => (route.operation.to_owned(), arguments),
            Err(refusal) => (refusal.code, Vec::new()),
        };
        assert_eq!(found("GET", "/v1/me/sessions/active").0, "getSessions");
        assert_eq!(
            found("POST", "/v1/me/sessions/sess_1/revoke"),
            ("revokeSession".to_owned(), vec!["sess_1".to_owned()])
        );
        assert_eq!(found("POST", "/v1/organizations/o/invitations/bulk").0, "bulkCreateOrganizationInvitations");
        assert_eq!(found("PUT", "/v1/me").0, "method_not_allowed");
        assert_eq!(found("GET", "/v1/nothing").0, "resource_not_found");
    }

    #[test]
    fn operations_are_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for (method, path, operation) in operations() {
            assert!(seen.insert((method, path)), "{method} {path}");
            assert!(seen.insert(("", operation)), "{operation}");
        }
    }
}
