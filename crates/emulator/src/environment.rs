//! The environment: what `GET /v1/environment` answers. It is always derived from the configuration.

use serde_json::{Value, json};

use crate::{config::Config, state::World};

/// Every provider is listed; those that are not configured are switched off.
const KNOWN_PROVIDERS: &[(&str, &str)] = &[
    ("apple", "Apple"),
    ("discord", "Discord"),
    ("facebook", "Facebook"),
    ("github", "GitHub"),
    ("gitlab", "GitLab"),
    ("google", "Google"),
    ("linkedin_oidc", "LinkedIn"),
    ("microsoft", "Microsoft"),
    ("notion", "Notion"),
    ("slack", "Slack"),
    ("x", "X / Twitter"),
];

/// The environment of the instance.
pub(crate) fn environment(world: &World) -> Value {
    let config = &world.config;
    let mut environment = json!({
        "auth_config": auth_config(config),
        "display_config": display_config(config, &world.base_url),
        "user_settings": user_settings(config),
        "organization_settings": {
            "enabled": true, "max_allowed_memberships": 5, "creator_role": "org:admin", "force_organization_selection": false,
            "actions": { "admin_delete": true }, "slug": { "disabled": false },
            "domains": { "enabled": false, "enrollment_modes": [], "default_role": "org:member" },
            "organization_creation_defaults": { "enabled": false },
        },
        "fraud_settings": { "object": "fraud_settings", "native": { "device_attestation_mode": "disabled" } },
        "commerce_settings": { "billing": {
            "stripe_publishable_key": null, "free_trial_requires_payment_method": true,
            "user": { "enabled": false, "has_paid_plans": false },
            "organization": { "enabled": false, "has_paid_plans": false },
        } },
        "api_keys_settings": { "enabled": false, "user_api_keys_enabled": false, "orgs_api_keys_enabled": false },
        "protect_config": { "object": "protect_config", "id": "protect_config_emulator", "loaders": [], "tokens_invalid_before": null },
        "client_debug_mode": false,
        "partitioned_cookies": false,
        "maintenance_mode": false,
    });
    if let Some(patch) = &config.environment_patch {
        merge(&mut environment, patch);
    }
    environment
}

/// Applies a JSON merge patch (RFC 7396).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        match (value, target.as_object_mut()) {
            (Value::Null, Some(target)) => {
                target.remove(key);
            }
            (value, Some(target)) => merge(target.entry(key.clone()).or_insert(Value::Null), value),
            (_, None) => {}
        }
    }
}

fn auth_config(config: &Config) -> Value {
    let social: Vec<_> = config.social.iter().map(|provider| provider.strategy.clone()).collect();
    let mut first_factors = vec!["email_code".to_owned()];
    if config.password {
        first_factors.extend(["password".to_owned(), "reset_password_email_code".to_owned()]);
    }
    first_factors.extend(social.clone());
    let identifiers: Vec<_> = std::iter::once("email_address".to_owned()).chain(social).collect();
    json!({
        "object": "auth_config", "id": "aac_emulator",
        "first_name": "on", "last_name": "on", "email_address": "required", "phone_number": "off", "username": "off",
        "password": if config.password { "required" } else { "off" },
        "identification_requirements": [identifiers, []], "identification_strategies": identifiers,
        "first_factors": first_factors, "second_factors": [], "email_address_verification_strategies": ["email_code"],
        "single_session_mode": !config.multi_session, "enhanced_email_deliverability": false,
        "test_mode": config.test_mode, "cookieless_dev": true, "url_based_session_syncing": true, "claimed_at": null,
        "reverification": false, "session_minter": false, "preferred_channels": {},
        "native_settings": {
            "object": "native_settings", "api_enabled": config.native_api, "trusted_device_sign_in_enabled": false,
            "trusted_device_enrollment_prompt_after_sign_in_enabled": false,
            "trusted_device_enrollment_prompt_after_sign_up_enabled": false,
        },
    })
}

fn display_config(config: &Config, base_url: &str) -> Value {
    let page = |name: &str| format!("{base_url}/portal/{name}");
    json!({
        "object": "display_config", "id": "display_config_emulator", "instance_environment_type": "development",
        "application_name": config.application_name,
        "theme": {
            "general": {
                "color": "#5b4ae0", "background_color": "#ffffff", "font_family": "sans-serif", "font_color": "#1c1b22",
                "label_font_weight": "600", "padding": "1em", "border_radius": "0.5em", "box_shadow": "none",
            },
            "buttons": { "font_color": "#ffffff", "font_family": "sans-serif", "font_weight": "600" },
            "accounts": { "background_color": "#ffffff" },
        },
        "preferred_sign_in_strategy": if config.password { "password" } else { "otp" },
        "logo_image_url": "", "favicon_image_url": "", "logo_url": null, "favicon_url": null, "logo_image": null, "favicon_image": null,
        "home_url": page("default-redirect"), "sign_in_url": page("sign-in"), "sign_up_url": page("sign-up"),
        "user_profile_url": page("user"), "waitlist_url": page("waitlist"), "oauth_consent_url": page("oauth-consent"),
        "after_sign_in_url": page("default-redirect"), "after_sign_up_url": page("default-redirect"),
        "after_sign_out_one_url": page("sign-in/choose"), "after_sign_out_all_url": page("sign-in"),
        "after_switch_session_url": page("default-redirect"), "after_join_waitlist_url": page("default-redirect"),
        "organization_profile_url": page("organization"), "create_organization_url": page("create-organization"),
        "after_leave_organization_url": page("default-redirect"), "after_create_organization_url": page("default-redirect"),
        "logo_link_url": page("default-redirect"), "support_email": null, "branded": true,
        "experimental_force_oauth_first": false, "clerk_js_version": "6", "show_devmode_warning": false,
        "google_one_tap_client_id": null, "help_url": null, "privacy_policy_url": null, "terms_url": null,
        "captcha_public_key": null, "captcha_widget_type": null, "captcha_public_key_invisible": null,
        "captcha_provider": null, "captcha_oauth_bypass": [], "captcha_heartbeat": false,
    })
}

fn attribute(enabled: bool, required: bool, first_factors: &[&str]) -> Value {
    let identifies = !first_factors.is_empty();
    json!({
        "enabled": enabled, "required": required, "used_for_first_factor": identifies, "first_factors": first_factors,
        "used_for_second_factor": false, "second_factors": [], "verifications": first_factors,
        "verify_at_sign_up": identifies, "immutable": false,
    })
}

fn user_settings(config: &Config) -> Value {
    let switched_on = |enabled: bool| json!({ "enabled": enabled });
    json!({
        "attributes": {
            "email_address": attribute(true, true, &["email_code"]),
            "phone_number": attribute(false, false, &[]),
            "username": attribute(false, false, &[]),
            "web3_wallet": attribute(false, false, &[]),
            "first_name": attribute(true, false, &[]),
            "last_name": attribute(true, false, &[]),
            "password": attribute(config.password, config.password, &[]),
            "authenticator_app": attribute(false, false, &[]),
            "backup_code": attribute(false, false, &[]),
            "passkey": attribute(false, false, &[]),
            "ticket": attribute(false, false, &[]),
        },
        "social": social(config),
        "saml": { "enabled": false },
        "enterprise_sso": { "enabled": false, "self_serve_sso": false },
        "sign_in": { "second_factor": { "required": false, "enabled": false } },
        "sign_up": {
            "captcha_enabled": false, "captcha_widget_type": "smart", "custom_action_required": false, "progressive": true,
            "mode": config.sign_up_mode, "legal_consent_enabled": false, "allowlist_only": false, "mfa": { "required": false },
        },
        "restrictions": {
            "allowlist": switched_on(false), "blocklist": switched_on(false),
            "allowlist_blocklist_disabled_on_sign_in": switched_on(false), "block_email_subaddresses": switched_on(false),
            "block_disposable_email_domains": switched_on(false),
        },
        "password_settings": {
            "disable_hibp": true, "enforce_hibp_on_sign_in": false, "disable_password_reverification": false,
            "min_length": config.password_min_length, "max_length": 72, "require_special_char": false,
            "require_numbers": false, "require_uppercase": false, "require_lowercase": false, "show_zxcvbn": false,
            "min_zxcvbn_strength": 0, "allowed_special_characters": "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~",
        },
        "username_settings": {
            "min_length": 4, "max_length": 64, "allow_extended_special_characters": false, "allow_numeric_usernames": false,
        },
        "actions": { "delete_self": true, "create_organization": true, "create_organizations_limit": null },
        "attack_protection": {
            "user_lockout": { "enabled": false, "max_attempts": 10, "duration_in_minutes": 60 },
            "pii": { "enabled": true }, "email_link": { "require_same_client": false },
            "enumeration_protection": { "enabled": false },
        },
        "passkey_settings": { "allow_autofill": false, "show_sign_in_button": false, "satisfies_second_factor": false },
    })
}

fn social(config: &Config) -> Value {
    let entry = |strategy: &str, name: &str, enabled: bool| {
        json!({
            "enabled": enabled, "required": false, "authenticatable": enabled, "block_email_subaddresses": false,
            "strategy": strategy, "not_selectable": false, "deprecated": false, "name": name, "logo_url": null,
        })
    };
    let mut social = serde_json::Map::new();
    for (key, name) in KNOWN_PROVIDERS {
        let strategy = format!("oauth_{key}");
        social.insert(strategy.clone(), entry(&strategy, name, false));
    }
    for provider in &config.social {
        social.insert(provider.strategy.clone(), entry(&provider.strategy, &provider.name, true));
    }
    Value::Object(social)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_adds_replaces_and_removes() {
        let mut target = json!({ "a": { "b": 1, "c": 2 }, "d": 3 });
        merge(&mut target, &json!({ "a": { "b": null, "x": [1] }, "d": { "e": 4 } }));
        assert_eq!(target, json!({ "a": { "c": 2, "x": [1] }, "d": { "e": 4 } }));
    }
}
