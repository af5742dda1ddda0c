//! Authorization checks of the signed-in user: Clerk's `checkAuthorization`, evaluated on this device.
//!
//! `guest-js/resources/authorization.ts` does the same; both are tested against `tests/vectors/authorization.json`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{clerk::Clerk, jwt::payload, models::Reverification, state::snapshot::Snapshot, time::Moment};

/// An authorization check. All conditions must hold; without any condition the check fails.
///
/// Source: `CheckAuthorizationParams` of Clerk's documentation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub struct CheckAuthorizationParams {
    /// A role in the active organization, e.g. `org:admin`.
    #[specta(optional)]
    pub role: Option<String>,
    /// A permission in the active organization, e.g. `org:invoices:create`.
    #[specta(optional)]
    pub permission: Option<String>,
    /// A feature of the organization (`org:…`), of the user (`user:…`), or of either.
    #[specta(optional)]
    pub feature: Option<String>,
    /// A plan, scoped like `feature`.
    #[specta(optional)]
    pub plan: Option<String>,
    /// How recent the user's verification must be.
    #[specta(optional)]
    pub reverification: Option<Reverification>,
}

impl Clerk {
    /// Whether the signed-in user has a role, permission, feature, plan, or recent verification. A pending session has
    /// none. Use it to decide what an app shows; a backend must check for itself.
    ///
    /// Nothing outlives its time, with or without a network: a session is over at its end, a verification ages, and an
    /// expired session token grants no feature and no plan. While FAPI can be reached, a token with features or plans is
    /// refreshed before it expires.
    ///
    /// # Source
    /// `Session.checkAuthorization()`, `has()`.
    #[must_use]
    pub fn check_authorization(&self, params: &CheckAuthorizationParams) -> bool {
        self.check_authorization_in(&self.snapshot(), params)
    }

    /// As [`check_authorization`](Self::check_authorization), for the user of a state that [`snapshot`](Self::snapshot) returned, so
    /// that the answer is not about another user who became active since.
    #[must_use]
    pub fn check_authorization_in(&self, snapshot: &Snapshot, params: &CheckAuthorizationParams) -> bool {
        snapshot.is_signed_in() && check(snapshot, params, self.now())
    }
}

pub(super) fn check(snapshot: &Snapshot, params: &CheckAuthorizationParams, now: Moment) -> bool {
    let Some(session) = snapshot.session().filter(|session| session.user.is_some()) else { return false };
    let membership = session.active_membership();
    let token = snapshot.session_token(&session.id).filter(|token| token.remaining_ms(now) > 0);
    let claims = token.and_then(|token| payload(token.token.expose())).unwrap_or_default();
    let age = snapshot.verification_age(session, now);
    let conditions = [
        params.role.as_deref().map(|role| membership.is_some_and(|one| normalised(&one.role) == normalised(role))),
        params.permission.as_deref().map(|wanted| {
            membership.is_some_and(|one| one.permissions.iter().any(|has| normalised(has) == normalised(wanted)))
        }),
        params.feature.as_deref().map(|feature| grants(&claims["fea"], feature)),
        params.plan.as_deref().map(|plan| grants(&claims["pla"], plan)),
        params.reverification.as_ref().map(|wanted| is_fresh(age.as_deref(), wanted)),
    ];
    let mut conditions = conditions.into_iter().flatten().peekable();
    conditions.peek().is_some() && conditions.all(|holds| holds)
}

/// Returns a role or permission with exactly one `org:` in front.
fn normalised(key: &str) -> String {
    format!("org:{}", key.trim_start_matches("org:"))
}

/// Whether a claim such as `o:reports,u:basic,ou:export` contains a feature or plan.
fn grants(claim: &Value, wanted: &str) -> bool {
    let (scopes, id): (&[char], &str) = match wanted.split_once(':') {
        None => (&['o', 'u'], wanted),
        Some(("o" | "org" | "organization", id)) => (&['o'], id),
        Some(("u" | "user", id)) => (&['u'], id),
        Some(_) => return false,
    };
    let claim = claim.as_str().unwrap_or_default();
    claim
        .split(',')
        .filter_map(|element| element.trim().split_once(':'))
        .any(|(scope, has)| has == id && matches!(scope, "o" | "u" | "ou" | "uo") && scope.contains(scopes))
}

/// Whether the factors were verified recently enough. `age` contains minutes for the first and the second factor, -1
/// for one that is not set up.
fn is_fresh(age: Option<&[i64]>, wanted: &Reverification) -> bool {
    let Some((level, minutes)) = wanted.limit() else { return false };
    let Some(&[first, second]) = age else { return false };
    if first < -1 || second < -1 || (first == -1 && second == -1) {
        return false;
    }
    let fresh = |age: i64| age != -1 && age < i64::from(minutes);
    match (level, first == -1, second == -1) {
        ("first_factor" | "multi_factor", true, _) => false,
        ("first_factor", ..) | ("second_factor" | "multi_factor", _, true) => fresh(first),
        ("second_factor", ..) => fresh(second),
        ("multi_factor", ..) => fresh(first) && fresh(second),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        options::{ClerkOptions, SdkMetadata},
        state::transition::Transition,
    };
    use base64::Engine;
    use serde_json::json;

    fn signed_in(age: &Value, claims: &Value) -> Snapshot {
        let part = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims.to_string());
        let client = json!({ "sessions": [{
            "id": "sess_1", "status": "active", "last_active_organization_id": "org_1", "factor_verification_age": age,
            "last_active_token": { "jwt": format!("e30.{part}.x") },
            "user": { "id": "user_1", "organization_memberships": [
                { "role": "org:admin", "permissions": ["org:invoices:create"], "organization": { "id": "org_1" } },
                { "role": "org:member", "permissions": ["org:other"], "organization": { "id": "org_2" } },
            ] },
        }] });
        Snapshot::initial(SdkMetadata::default(), ClerkOptions::default()).after(Transition::client(&client))
    }

    /// `tests/vectors/authorization.json` has a check and its result in each line. TypeScript is tested against it too.
    #[test]
    fn check_authorization_agrees_with_the_vectors() {
        let claims = json!({ "iat": 0, "exp": 60, "fea": "o:reports,u:notes,ou:export,broken", "pla": "u:pro,o:team" });
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../../../../tests/vectors/authorization.json")).unwrap();
        assert!(vectors.len() > 40);
        for vector in vectors {
            let snapshot = signed_in(&vector["factorVerificationAge"], &claims);
            let params = serde_json::from_value(vector["params"].clone()).unwrap();
            assert_eq!(check(&snapshot, &params, snapshot.at), vector["expected"] == true, "{vector}");
        }
    }
}
