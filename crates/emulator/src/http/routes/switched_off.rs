//! Disabled features: their operations respond with the error of an instance without the feature.

use serde_json::json;

use super::route::{ANYTHING, Call, Route, RouteResponse, feature_off, not_found, off, route};
use crate::{
    error::Result,
    http::reply::{self},
    state::World,
};

pub(super) const ROUTES: &[Route] = &[
    route(
        "GET",
        "/v1/organizations/{}/enterprise_connections",
        "listOrganizationEnterpriseConnections",
        ANYTHING,
        sso_off,
    ),
    route(
        "POST",
        "/v1/organizations/{}/enterprise_connections",
        "createOrganizationEnterpriseConnection",
        ANYTHING,
        sso_off,
    ),
    route(
        "PATCH",
        "/v1/organizations/{}/enterprise_connections/{}",
        "updateOrganizationEnterpriseConnection",
        ANYTHING,
        sso_off,
    ),
    route(
        "DELETE",
        "/v1/organizations/{}/enterprise_connections/{}",
        "deleteOrganizationEnterpriseConnection",
        ANYTHING,
        sso_off,
    ),
    route(
        "GET",
        "/v1/organizations/{}/enterprise_connections/{}/test_runs",
        "listOrganizationEnterpriseConnectionTestRuns",
        ANYTHING,
        sso_off,
    ),
    route(
        "POST",
        "/v1/organizations/{}/enterprise_connections/{}/test_runs",
        "createOrganizationEnterpriseConnectionTestRun",
        ANYTHING,
        sso_off,
    ),
    route("GET", "/v1/organizations/{}/enterprise_connections/{}/directory", "getDirectorySync", ANYTHING, sso_off),
    route("POST", "/v1/organizations/{}/enterprise_connections/{}/directory", "createDirectorySync", ANYTHING, sso_off),
    route(
        "PATCH",
        "/v1/organizations/{}/enterprise_connections/{}/directory",
        "updateDirectorySync",
        ANYTHING,
        sso_off,
    ),
    route(
        "DELETE",
        "/v1/organizations/{}/enterprise_connections/{}/directory",
        "deleteDirectorySync",
        ANYTHING,
        sso_off,
    ),
    route(
        "POST",
        "/v1/organizations/{}/enterprise_connections/{}/directory/rotate_api_key",
        "rotateDirectorySyncToken",
        ANYTHING,
        sso_off,
    ),
    route(
        "POST",
        "/v1/organizations/{}/enterprise_connections/{}/directory/credentials",
        "setDirectorySyncCredentials",
        ANYTHING,
        sso_off,
    ),
    route(
        "POST",
        "/v1/organizations/{}/enterprise_connections/{}/directory/sync",
        "startDirectorySync",
        ANYTHING,
        sso_off,
    ),
    route(
        "GET",
        "/v1/organizations/{}/enterprise_connections/{}/directory/sync_status",
        "getDirectorySyncStatus",
        ANYTHING,
        sso_off,
    ),
    route(
        "GET",
        "/v1/organizations/{}/enterprise_connections/{}/directory/groups",
        "listDirectorySyncGroups",
        ANYTHING,
        sso_off,
    ),
    route(
        "GET",
        "/v1/organizations/{}/enterprise_connections/{}/directory/group_role_mappings",
        "listDirectorySyncGroupRoleMappings",
        ANYTHING,
        sso_off,
    ),
    route(
        "PUT",
        "/v1/organizations/{}/enterprise_connections/{}/directory/group_role_mappings",
        "replaceDirectorySyncGroupRoleMappings",
        ANYTHING,
        sso_off,
    ),
    route(
        "GET",
        "/v1/organizations/{}/enterprise_connections/{}/directory/users",
        "listDirectorySyncUsers",
        ANYTHING,
        sso_off,
    ),
    route("GET", "/v1/organizations/{}/sso_bypass_allowlist_users", "listSsoBypassAllowlistUsers", ANYTHING, sso_off),
    route("POST", "/v1/organizations/{}/sso_bypass_allowlist_users", "addSsoBypassAllowlistUser", ANYTHING, sso_off),
    route(
        "POST",
        "/v1/organizations/{}/sso_bypass_allowlist_users/bulk",
        "addSsoBypassAllowlistUsers",
        ANYTHING,
        sso_off,
    ),
    route(
        "DELETE",
        "/v1/organizations/{}/sso_bypass_allowlist_users/{}",
        "removeSsoBypassAllowlistUser",
        ANYTHING,
        sso_off,
    ),
    route("GET", "/v1/me/enterprise_connections", "getMeEnterpriseConnections", ANYTHING, sso_off),
    route("POST", "/v1/me/enterprise_connections", "createMeEnterpriseConnection", ANYTHING, sso_off),
    route("PATCH", "/v1/me/enterprise_connections/{}", "updateMeEnterpriseConnection", ANYTHING, sso_off),
    route("DELETE", "/v1/me/enterprise_connections/{}", "deleteMeEnterpriseConnection", ANYTHING, sso_off),
    route("GET", "/v1/me/enterprise_connections/{}/test_runs", "listMeEnterpriseConnectionTestRuns", ANYTHING, sso_off),
    route(
        "POST",
        "/v1/me/enterprise_connections/{}/test_runs",
        "createMeEnterpriseConnectionTestRun",
        ANYTHING,
        sso_off,
    ),
    route("GET", "/v1/enterprise_connections/{}/init_test_run", "initEnterpriseConnectionTestRun", ANYTHING, not_found),
    route(
        "GET",
        "/v1/enterprise_connections/{}/test_runs/{}",
        "getEnterpriseConnectionTestRunResult",
        ANYTHING,
        not_found,
    ),
    route("POST", "/v1/saml/acs/{}", "acs", ANYTHING, |_, _| off(404, "saml_connection_active_not_found")),
    route("GET", "/v1/saml/metadata/{}", "samlMetadata", ANYTHING, |_, _| off(404, "saml_connection_active_not_found")),
    route("GET", "/oauth/authorize", "requestOAuthAuthorize", ANYTHING, identity_provider),
    route("POST", "/oauth/authorize", "requestOAuthAuthorizePOST", ANYTHING, identity_provider),
    route("POST", "/oauth/register", "registerOAuthClient", ANYTHING, |_, _| {
        off(422, "dynamic_client_registration_disabled")
    }),
    route("POST", "/oauth/token", "getOAuthToken", ANYTHING, identity_provider),
    route("GET", "/oauth/userinfo", "getOAuthUserInfo", ANYTHING, identity_provider),
    route("POST", "/oauth/userinfo", "getOAuthUserInfoPOST", ANYTHING, identity_provider),
    route("POST", "/oauth/token_info", "getOAuthTokenInfo", ANYTHING, identity_provider),
    route("POST", "/oauth/token/revoke", "revokeOAuthToken", ANYTHING, identity_provider),
    route("GET", "/v1/me/biometric_credentials", "listBiometricCredentials", ANYTHING, feature_off),
    route("POST", "/v1/me/biometric_credentials/prepare", "prepareBiometricCredential", ANYTHING, feature_off),
    route("POST", "/v1/me/biometric_credentials/attempt", "attemptBiometricCredential", ANYTHING, feature_off),
    route("DELETE", "/v1/me/biometric_credentials/{}", "revokeBiometricCredential", ANYTHING, feature_off),
    route("POST", "/v1/me/oauth/device/lookup", "lookupDeviceVerification", ANYTHING, feature_off),
    route("POST", "/v1/me/oauth/device", "submitDeviceVerification", ANYTHING, feature_off),
];

fn sso_off(_: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    off(403, "self_serve_sso_disabled")
}

fn identity_provider(_: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    let error = json!({ "error": "invalid_client", "error_description": "The emulator is no identity provider." });
    Ok(RouteResponse::Browser(reply::json(401, &error)))
}
