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
    route("GET", "/v1/me/oauth/consent/{}", "getOAuthConsent", ANYTHING, not_found),
    route("POST", "/v1/me/oauth/consent/{}", "submitOAuthConsent", ANYTHING, not_found),
    route("GET", "/v1/me/biometric_credentials", "listBiometricCredentials", ANYTHING, feature_off),
    route("POST", "/v1/me/biometric_credentials/prepare", "prepareBiometricCredential", ANYTHING, feature_off),
    route("POST", "/v1/me/biometric_credentials/attempt", "attemptBiometricCredential", ANYTHING, feature_off),
    route("DELETE", "/v1/me/biometric_credentials/{}", "revokeBiometricCredential", ANYTHING, feature_off),
    route("POST", "/v1/me/oauth/device/lookup", "lookupDeviceVerification", ANYTHING, feature_off),
    route("POST", "/v1/me/oauth/device", "submitDeviceVerification", ANYTHING, feature_off),
    route("GET", "/api_keys", "getApiKeys", ANYTHING, api_keys_off),
    route("POST", "/api_keys", "createApiKey", ANYTHING, api_keys_off),
    route("PATCH", "/api_keys/{}", "updateApiKey", ANYTHING, api_keys_off),
    route("POST", "/api_keys/{}/revoke", "revokeApiKey", ANYTHING, api_keys_off),
    route("GET", "/v1/billing/plans", "GetBillingPlanList", ANYTHING, billing_off),
    route("GET", "/v1/billing/plans/{}", "GetBillingPlan", ANYTHING, billing_off),
    route("GET", "/v1/me/billing/subscription", "GetUserMainBillingSubscription", ANYTHING, billing_off),
    route("GET", "/v1/me/billing/subscription_items", "GetUserBillingSubscriptionItems", ANYTHING, billing_off),
    route("DELETE", "/v1/me/billing/subscription_items/{}", "DeleteUserBillingSubscriptionItem", ANYTHING, billing_off),
    route("GET", "/v1/me/billing/payment_methods", "GetUserPaymentMethods", ANYTHING, billing_off),
    route("POST", "/v1/me/billing/payment_methods", "CreateUserPaymentMethod", ANYTHING, billing_off),
    route("POST", "/v1/me/billing/payment_methods/initialize", "InitializeUserPaymentMethod", ANYTHING, billing_off),
    route("DELETE", "/v1/me/billing/payment_methods/{}", "DeleteUserPaymentMethod", ANYTHING, billing_off),
    route("POST", "/v1/me/billing/checkouts", "CreateUserBillingCheckout", ANYTHING, billing_off),
    route("GET", "/v1/me/billing/checkouts/{}", "GetUserBillingCheckout", ANYTHING, billing_off),
    route("PATCH", "/v1/me/billing/checkouts/{}", "UpdateUserBillingCheckout", ANYTHING, billing_off),
    route("PATCH", "/v1/me/billing/checkouts/{}/confirm", "ConfirmUserBillingCheckout", ANYTHING, billing_off),
    route("GET", "/v1/me/billing/payment_attempts", "GetUserPaymentAttempts", ANYTHING, billing_off),
    route("GET", "/v1/me/billing/payment_attempts/{}", "GetUserPaymentAttempt", ANYTHING, billing_off),
    route("PUT", "/v1/me/billing/payers/default_payment_method", "SetUserDefaultPaymentMethod", ANYTHING, billing_off),
    route("GET", "/v1/me/billing/statements", "GetUserStatements", ANYTHING, billing_off),
    route("GET", "/v1/me/billing/statements/{}", "GetUserStatement", ANYTHING, billing_off),
    route("POST", "/v1/organizations/{}/billing/checkouts", "CreateOrganizationBillingCheckout", ANYTHING, billing_off),
    route("GET", "/v1/organizations/{}/billing/checkouts/{}", "GetOrganizationBillingCheckout", ANYTHING, billing_off),
    route(
        "PATCH",
        "/v1/organizations/{}/billing/checkouts/{}",
        "UpdateOrganizationBillingCheckout",
        ANYTHING,
        billing_off,
    ),
    route(
        "PATCH",
        "/v1/organizations/{}/billing/checkouts/{}/confirm",
        "ConfirmOrganizationBillingCheckout",
        ANYTHING,
        billing_off,
    ),
    route(
        "GET",
        "/v1/organizations/{}/billing/payment_methods",
        "GetOrganizationPaymentMethods",
        ANYTHING,
        billing_off,
    ),
    route(
        "POST",
        "/v1/organizations/{}/billing/payment_methods",
        "CreateOrganizationPaymentMethod",
        ANYTHING,
        billing_off,
    ),
    route(
        "POST",
        "/v1/organizations/{}/billing/payment_methods/initialize",
        "InitializeOrganizationPaymentMethod",
        ANYTHING,
        billing_off,
    ),
    route(
        "DELETE",
        "/v1/organizations/{}/billing/payment_methods/{}",
        "DeleteOrganizationPaymentMethod",
        ANYTHING,
        billing_off,
    ),
    route("GET", "/v1/organizations/{}/billing/statements", "GetOrganizationStatements", ANYTHING, billing_off),
    route("GET", "/v1/organizations/{}/billing/statements/{}", "GetOrganizationStatement", ANYTHING, billing_off),
    route(
        "PUT",
        "/v1/organizations/{}/billing/payers/default_payment_method",
        "SetOrganizationDefaultPaymentMethod",
        ANYTHING,
        billing_off,
    ),
    route(
        "GET",
        "/v1/organizations/{}/billing/subscription",
        "GetOrganizationBillingSubscription",
        ANYTHING,
        billing_off,
    ),
    route(
        "GET",
        "/v1/organizations/{}/billing/subscription_items",
        "GetOrganizationBillingSubscriptionItems",
        ANYTHING,
        billing_off,
    ),
    route(
        "DELETE",
        "/v1/organizations/{}/billing/subscription_items/{}",
        "DeleteOrganizationBillingSubscriptionItem",
        ANYTHING,
        billing_off,
    ),
];

fn sso_off(_: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    off(403, "self_serve_sso_disabled")
}

fn billing_off(_: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    off(403, "billing_not_enabled")
}

fn api_keys_off(_: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    off(422, "api_keys_not_enabled")
}

fn identity_provider(_: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    let error = json!({ "error": "invalid_client", "error_description": "The emulator is no identity provider." });
    Ok(RouteResponse::Browser(reply::json(401, &error)))
}
