//! The operations of FAPI that each permission set includes, for `frontend_api`. `build.rs`, which includes this file, makes the
//! scopes of the permissions `frontend-api-<set>` of it.
//!
//! A row has the method and the path. `*` stands for any method, or for one segment of a path; `**` at the end for any further
//! ones, or none.

/// The permission set, and its operations.
pub(crate) const AREAS: &[(&str, &[(&str, &str)])] = &[
    ("clerk-js", &[("GET", "/environment"), ("GET", "/client"), ("GET", "/client/sessions/*")]),
    ("sign-in", &[("*", "/client/sign_ins/**")]),
    ("sign-up", &[("*", "/client/sign_ups/**"), ("POST", "/waitlist")]),
    (
        "switch-session",
        &[
            ("POST", "/client/sessions/*/touch"),
            ("POST", "/client/sessions/*/remove"),
            ("POST", "/client/sessions/*/end"),
            ("DELETE", "/client/sessions"),
            ("DELETE", "/client"),
        ],
    ),
    (
        "account",
        &[
            ("GET", "/me"),
            ("PATCH", "/me"),
            ("PATCH", "/me/metadata"),
            ("*", "/me/profile_image"),
            ("*", "/me/email_addresses/**"),
            ("*", "/me/phone_numbers/**"),
            ("*", "/me/web3_wallets/**"),
            ("*", "/me/external_accounts/**"),
            ("*", "/me/enterprise_accounts/**"),
            ("GET", "/me/enterprise_connections/**"),
        ],
    ),
    (
        "security",
        &[
            ("POST", "/me/change_password"),
            ("POST", "/me/remove_password"),
            ("*", "/me/totp/**"),
            ("*", "/me/backup_codes"),
            ("*", "/me/passkeys/**"),
            ("*", "/me/biometric_credentials/**"),
            ("*", "/me/trusted_devices/**"),
            ("GET", "/me/sessions/**"),
            ("POST", "/me/sessions/*/revoke"),
            ("*", "/client/sessions/*/verify/**"),
            ("*", "/me/oauth/**"),
        ],
    ),
    (
        "organizations",
        &[
            ("POST", "/organizations"),
            ("GET", "/organizations/*"),
            ("GET", "/me/organization_creation_defaults"),
            ("GET", "/me/organization_memberships"),
            ("DELETE", "/me/organization_memberships/*"),
            ("*", "/me/organization_invitations/**"),
            ("*", "/me/organization_suggestions/**"),
        ],
    ),
    (
        "manage-organizations",
        &[
            ("PATCH", "/organizations/*"),
            ("DELETE", "/organizations/*"),
            ("*", "/organizations/*/logo"),
            ("GET", "/organizations/*/roles"),
            ("GET", "/organizations/*/permissions"),
            ("*", "/organizations/*/memberships/**"),
            ("*", "/organizations/*/invitations/**"),
            ("*", "/organizations/*/membership_requests/**"),
            ("*", "/organizations/*/domains/**"),
            ("*", "/organizations/*/enterprise_connections/**"),
            ("*", "/organizations/*/sso_bypass_allowlist_users/**"),
            ("*", "/me/enterprise_connections/**"),
        ],
    ),
    (
        "billing",
        &[
            ("*", "/billing/**"),
            ("*", "/me/billing/**"),
            ("*", "/organizations/*/billing/**"),
            ("*", "/me/commerce/**"),
        ],
    ),
    ("delete-account", &[("DELETE", "/me")]),
];
