//! The table of operations: every operation of the published description, and those that clients call beside it.

mod accounts;
mod client;
mod credentials;
mod domains;
mod identifications;
mod instance;
mod links;
mod me;
mod organization;
mod route;
mod session;
mod sign_in;
mod sign_up;
mod switched_off;

use crate::error::{Refusal, Result};
use route::{ANYTHING, NOTHING, Route};

pub(crate) use route::{Answer, Call};

/// The operations by group; of two paths that fit, the first counts.
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
    switched_off::ROUTES,
];

fn routes() -> impl Iterator<Item = &'static Route> {
    GROUPS.iter().copied().flatten()
}

/// The operation of a method and path, and what stands for the `{}` of its path.
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

/// The operations: method, path with `{}`, name.
pub(crate) fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    routes().map(|route| (route.method, route.path, route.operation))
}

/// The form fields that an operation accepts; none for one that is switched off whatever it is sent.
pub(crate) fn fields(operation: &str) -> &'static [&'static str] {
    let route = routes().find(|route| route.operation == operation);
    route.map_or(NOTHING, |route| if route.fields == ANYTHING { NOTHING } else { route.fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
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
    fn no_operation_is_listed_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for (method, path, operation) in operations() {
            assert!(seen.insert((method, path)), "{method} {path}");
            assert!(seen.insert(("", operation)), "{operation}");
        }
    }
}
