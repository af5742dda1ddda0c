//! The environment: the response of `GET /v1/environment`, derived from the configuration.

use serde_json::{Map, Value, json};

use crate::{
    config::{Config, Payer, Presence},
    merge::merge,
    state::World,
};

/// The known providers. All are listed in the environment; those that are not configured are disabled.
const KNOWN_PROVIDERS: &[(&str, &str)] = &[
    ("apple", "Apple"),
    ("atlassian", "Atlassian"),
    ("bitbucket", "Bitbucket"),
    ("box", "Box"),
    ("coinbase", "Coinbase"),
    ("discord", "Discord"),
    ("dropbox", "Dropbox"),
    ("enstall", "Enstall"),
    ("facebook", "Facebook"),
    ("github", "GitHub"),
    ("gitlab", "GitLab"),
    ("google", "Google"),
    ("hubspot", "HubSpot"),
    ("huggingface", "Hugging Face"),
    ("instagram", "Instagram"),
    ("line", "LINE"),
    ("linear", "Linear"),
    ("linkedin", "LinkedIn"),
    ("linkedin_oidc", "LinkedIn"),
    ("microsoft", "Microsoft"),
    ("notion", "Notion"),
    ("slack", "Slack"),
    ("spotify", "Spotify"),
    ("tiktok", "TikTok"),
    ("twitch", "Twitch"),
    ("twitter", "Twitter"),
    ("vercel", "Vercel"),
    ("x", "X / Twitter"),
    ("xero", "Xero"),
];

/// Whether Clerk has a provider with this strategy.
pub(crate) fn is_known_provider(strategy: &str) -> bool {
    let key = strategy.trim_start_matches("oauth_");
    KNOWN_PROVIDERS.iter().any(|(known, _)| *known == key)
}

/// Returns the environment of the instance.
pub(crate) fn environment(world: &World) -> Value {
    let config = &world.config;
    let organizations = &config.organizations;
    let mut environment = json!({
        "auth_config": auth_config(config),
        "display_config": display_config(config, &world.base_url),
        "user_settings": user_settings(config, &world.base_url),
        "organization_settings": {
            "enabled": organizations.enabled, "max_allowed_memberships": organizations.max_memberships,
            "creator_role": "org:admin", "force_organization_selection": organizations.force_selection,
            "actions": { "admin_delete": organizations.admin_delete }, "slug": { "disabled": !organizations.slug },
            "domains": {
                "enabled": organizations.domains, "enrollment_modes": organizations.enrollment_modes,
                "default_role": "org:member",
            },
            "organization_creation_defaults": { "enabled": false },
        },
        "fraud_settings": { "object": "fraud_settings", "native": { "device_attestation_mode": "disabled" } },
        "commerce_settings": { "billing": {
            "stripe_publishable_key": null, "free_trial_requires_payment_method": true,
            "user": billing(config, Payer::User), "organization": billing(config, Payer::Organization),
        } },
        "api_keys_settings": {
            "enabled": config.api_keys.is_on(), "user_api_keys_enabled": config.api_keys.users,
            "orgs_api_keys_enabled": config.api_keys.organizations,
        },
        "protect_config": { "object": "protect_config", "id": "protect_config_emulator", "loaders": [], "tokens_invalid_before": null },
        "client_debug_mode": false,
        "partitioned_cookies": false,
        "maintenance_mode": false,
    });
    if config.strict_schema {
        leave_out_undescribed(&mut environment);
    }
    if let Some(patch) = &config.environment_patch {
        merge(&mut environment, patch);
    }
    environment
}

fn billing(config: &Config, payer: Payer) -> Value {
    let has_paid_plans = config.billing.plans_for(payer).any(|plan| plan.monthly > 0);
    json!({ "enabled": config.billing.is_for(payer), "has_paid_plans": has_paid_plans })
}

/// Removes the keys that SDKs read but the published description does not have.
fn leave_out_undescribed(environment: &mut Value) {
    for path in [
        "/auth_config/session_minter",
        "/auth_config/preferred_channels",
        "/user_settings/attributes/phone_number/channels",
        "/user_settings/sign_in/second_factor/enabled",
        "/user_settings/sign_up/allowlist_only",
        "/user_settings/sign_up/mfa",
        "/user_settings/social/oauth_vercel",
        "/organization_settings/force_organization_selection",
        "/organization_settings/organization_creation_defaults",
        "/protect_config/id",
        "/protect_config/object",
        "/protect_config/tokens_invalid_before",
    ] {
        let Some((parent, key)) = path.rsplit_once('/') else { continue };
        if let Some(Value::Object(parent)) = environment.pointer_mut(parent) {
            parent.shift_remove(key);
        }
    }
}

/// Returns the strategies of first factors.
fn first_factors(config: &Config) -> Vec<String> {
    let mut factors = Vec::new();
    if config.identifiers.email.is_on() && config.identifiers.email_first_factor {
        factors.extend(config.identifiers.email_verification.clone());
    }
    if config.identifiers.phone.is_on() {
        factors.push("phone_code".to_owned());
    }
    factors.extend(config.wallet_strategies());
    if config.passkeys.enabled {
        factors.push("passkey".to_owned());
    }
    if config.password.mode.is_on() {
        factors.push("password".to_owned());
        for code in ["email_code", "phone_code"] {
            if factors.iter().any(|factor| factor == code) {
                factors.push(format!("reset_password_{code}"));
            }
        }
    }
    factors.extend(authenticatable(config));
    factors
}

fn authenticatable(config: &Config) -> impl Iterator<Item = String> {
    config.social.iter().filter(|provider| provider.authenticatable).map(|provider| provider.strategy.clone())
}

fn second_factors(config: &Config) -> Vec<&'static str> {
    [
        ("totp", config.mfa.totp),
        ("backup_code", config.mfa.backup_code),
        ("phone_code", config.mfa.phone_code && config.identifiers.phone.is_on()),
        ("email_code", config.mfa.email_code),
    ]
    .into_iter()
    .filter_map(|(name, on)| on.then_some(name))
    .collect()
}

fn auth_config(config: &Config) -> Value {
    let identifiers = &config.identifiers;
    let strength = |presence: Presence| match presence {
        Presence::Off => "off",
        Presence::Optional => "on",
        Presence::Required => "required",
    };
    let named = [
        ("email_address", identifiers.email.is_on()),
        ("phone_number", identifiers.phone.is_on()),
        ("username", identifiers.username.is_on()),
        ("web3_wallet", !identifiers.web3.is_empty()),
    ];
    let identification: Vec<String> = named
        .into_iter()
        .filter(|(_, on)| *on)
        .map(|(name, _)| name.to_owned())
        .chain(authenticatable(config))
        .collect();
    let development = config.environment_type == "development";
    json!({
        "object": "auth_config", "id": "aac_emulator",
        "first_name": strength(config.profile.first_name), "last_name": strength(config.profile.last_name),
        "email_address": strength(identifiers.email), "phone_number": strength(identifiers.phone),
        "username": strength(identifiers.username), "password": strength(config.password.mode),
        "identification_requirements": [identification, []], "identification_strategies": identification,
        "first_factors": first_factors(config), "second_factors": second_factors(config),
        "email_address_verification_strategies": identifiers.email_verification,
        "single_session_mode": !config.is_multi_session(), "enhanced_email_deliverability": false,
        "test_mode": config.test_mode, "cookieless_dev": development, "url_based_session_syncing": development,
        "claimed_at": null, "reverification": config.reverification, "session_minter": false,
        "preferred_channels": {},
        "native_settings": {
            "object": "native_settings", "api_enabled": config.native_api.enabled, "trusted_device_sign_in_enabled": false,
            "trusted_device_enrollment_prompt_after_sign_in_enabled": false,
            "trusted_device_enrollment_prompt_after_sign_up_enabled": false,
        },
    })
}

fn display_config(config: &Config, base_url: &str) -> Value {
    let page = |name: &str| format!("{base_url}/portal/{name}");
    let legal = |name: &str| config.sign_up.legal_consent.then(|| page(name));
    json!({
        "object": "display_config", "id": "display_config_emulator", "instance_environment_type": config.environment_type,
        "application_name": config.application_name,
        "theme": {
            "general": {
                "color": "#5b4ae0", "background_color": "#ffffff", "font_family": "sans-serif", "font_color": "#1c1b22",
                "label_font_weight": "600", "padding": "1em", "border_radius": "0.5em", "box_shadow": "none",
            },
            "buttons": { "font_color": "#ffffff", "font_family": "sans-serif", "font_weight": "600" },
            "accounts": { "background_color": "#ffffff" },
        },
        "preferred_sign_in_strategy": config.preferred_strategy,
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
        "google_one_tap_client_id": null, "help_url": null, "privacy_policy_url": legal("privacy"), "terms_url": legal("terms"),
        "captcha_public_key": null, "captcha_widget_type": null, "captcha_public_key_invisible": null,
        "captcha_provider": null, "captcha_oauth_bypass": [], "captcha_heartbeat": false,
    })
}

/// One entry of `attributes`.
struct Attribute<'a> {
    presence: Presence,
    first_factors: Vec<String>,
    second_factors: &'a [&'a str],
    verifications: Vec<String>,
    identifies: bool,
}

impl Attribute<'_> {
    fn plain(presence: Presence) -> Self {
        Self { presence, first_factors: Vec::new(), second_factors: &[], verifications: Vec::new(), identifies: false }
    }

    fn to_json(&self, name: &str, config: &Config) -> Value {
        let enabled = self.presence.is_on();
        let second: &[&str] = if enabled { self.second_factors } else { &[] };
        json!({
            "enabled": enabled, "required": self.presence == Presence::Required,
            "used_for_first_factor": enabled && self.identifies, "first_factors": self.first_factors,
            "used_for_second_factor": !second.is_empty(), "second_factors": second,
            "verifications": self.verifications,
            "verify_at_sign_up": enabled && self.identifies && !self.verifications.is_empty(),
            "immutable": config.identifiers.immutable.iter().any(|one| one == name),
        })
    }
}

fn attributes(config: &Config) -> Value {
    let identifiers = &config.identifiers;
    let optional = |on: bool| if on { Presence::Optional } else { Presence::Off };
    let one = |name: &str| vec![name.to_owned()];
    let only = |on: bool, list: Vec<String>| if on { list } else { Vec::new() };
    let by_email = identifiers.email_verification.clone();
    let entries: [(&str, Attribute<'_>); 11] = [
        (
            "email_address",
            Attribute {
                presence: identifiers.email,
                first_factors: only(identifiers.email.is_on() && identifiers.email_first_factor, by_email.clone()),
                second_factors: if config.mfa.email_code { &["email_code"] } else { &[] },
                verifications: only(identifiers.email.is_on(), by_email),
                identifies: true,
            },
        ),
        (
            "phone_number",
            Attribute {
                presence: identifiers.phone,
                first_factors: only(identifiers.phone.is_on(), one("phone_code")),
                second_factors: if config.mfa.phone_code { &["phone_code"] } else { &[] },
                verifications: only(identifiers.phone.is_on(), one("phone_code")),
                identifies: true,
            },
        ),
        ("username", Attribute { identifies: true, ..Attribute::plain(identifiers.username) }),
        (
            "web3_wallet",
            Attribute {
                first_factors: config.wallet_strategies(),
                verifications: config.wallet_strategies(),
                identifies: true,
                ..Attribute::plain(optional(!identifiers.web3.is_empty()))
            },
        ),
        ("first_name", Attribute::plain(config.profile.first_name)),
        ("last_name", Attribute::plain(config.profile.last_name)),
        ("password", Attribute::plain(config.password.mode)),
        ("authenticator_app", Attribute { second_factors: &["totp"], ..Attribute::plain(optional(config.mfa.totp)) }),
        (
            "backup_code",
            Attribute { second_factors: &["backup_code"], ..Attribute::plain(optional(config.mfa.backup_code)) },
        ),
        (
            "passkey",
            Attribute {
                first_factors: only(config.passkeys.enabled, one("passkey")),
                verifications: only(config.passkeys.enabled, one("passkey")),
                identifies: true,
                ..Attribute::plain(optional(config.passkeys.enabled))
            },
        ),
        ("ticket", Attribute::plain(Presence::Optional)),
    ];
    let entries = entries.iter().map(|(name, attribute)| ((*name).to_owned(), attribute.to_json(name, config)));
    let mut attributes: Map<String, Value> = entries.collect();
    if let Some(phone) = attributes.get_mut("phone_number") {
        phone["channels"] = json!(identifiers.phone_channels);
    }
    Value::Object(attributes)
}

fn user_settings(config: &Config, base_url: &str) -> Value {
    let switched_on = |enabled: bool| json!({ "enabled": enabled });
    let rules = &config.password.rules;
    let restrictions = &config.restrictions;
    let protection = &config.attack_protection;
    let connections = &config.enterprise_sso.connections;
    json!({
        "attributes": attributes(config),
        "social": social(config, base_url),
        "saml": switched_on(connections.iter().any(|one| one.protocol == "saml")),
        "enterprise_sso": { "enabled": !connections.is_empty(), "self_serve_sso": false },
        "sign_in": { "second_factor": {
            "required": config.mfa.required, "enabled": !second_factors(config).is_empty(),
        } },
        "sign_up": {
            "captcha_enabled": false, "captcha_widget_type": "smart", "custom_action_required": false, "progressive": true,
            "mode": config.sign_up.mode, "legal_consent_enabled": config.sign_up.legal_consent,
            "allowlist_only": config.sign_up.mode == "restricted", "mfa": { "required": config.mfa.required },
        },
        "restrictions": {
            "allowlist": switched_on(!restrictions.allowlist.is_empty()),
            "blocklist": switched_on(!restrictions.blocklist.is_empty()),
            "allowlist_blocklist_disabled_on_sign_in": switched_on(false),
            "block_email_subaddresses": switched_on(restrictions.block_subaddresses),
            "block_disposable_email_domains": switched_on(false),
        },
        "password_settings": {
            "disable_hibp": !config.password.breach_check,
            "enforce_hibp_on_sign_in": config.password.breach_check_on_sign_in,
            "disable_password_reverification": false,
            "min_length": rules.min_length, "max_length": rules.max_length, "require_special_char": rules.special,
            "require_numbers": rules.numbers, "require_uppercase": rules.uppercase, "require_lowercase": rules.lowercase,
            "show_zxcvbn": false, "min_zxcvbn_strength": 0,
            "allowed_special_characters": "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~",
        },
        "username_settings": {
            "min_length": config.identifiers.username_min_length, "max_length": config.identifiers.username_max_length,
            "allow_extended_special_characters": false, "allow_numeric_usernames": false,
        },
        "actions": {
            "delete_self": config.actions.delete_self, "create_organization": config.actions.create_organization,
            "create_organizations_limit": config.actions.organizations_limit,
        },
        "attack_protection": {
            "user_lockout": {
                "enabled": protection.lockout.enabled, "max_attempts": protection.lockout.max_attempts,
                "duration_in_minutes": protection.lockout.minutes,
            },
            "pii": { "enabled": true }, "email_link": { "require_same_client": protection.email_link_same_client },
            "enumeration_protection": { "enabled": protection.enumeration },
        },
        "passkey_settings": {
            "allow_autofill": config.passkeys.autofill, "show_sign_in_button": config.passkeys.button,
            "satisfies_second_factor": false,
        },
    })
}

fn social(config: &Config, base_url: &str) -> Value {
    let mut social = Map::new();
    for (key, name) in KNOWN_PROVIDERS {
        let strategy = format!("oauth_{key}");
        let entry = json!({
            "enabled": false, "required": false, "authenticatable": false, "block_email_subaddresses": false,
            "strategy": strategy, "not_selectable": false, "deprecated": matches!(*key, "linkedin" | "twitter"),
            "name": name, "logo_url": null,
        });
        social.insert(strategy, entry);
    }
    for provider in &config.social {
        let known = KNOWN_PROVIDERS.iter().find(|(key, _)| provider.strategy == format!("oauth_{key}"));
        let name = known.filter(|_| provider.name.is_empty()).map_or(provider.name.as_str(), |(_, name)| name);
        // A path refers to a picture of the emulator.
        let logo = provider.logo_url.as_ref().map(|url| match url.starts_with('/') {
            true => format!("{base_url}{url}"),
            false => url.clone(),
        });
        let entry = json!({
            "enabled": true, "required": provider.required, "authenticatable": provider.authenticatable,
            "block_email_subaddresses": false, "strategy": provider.strategy, "not_selectable": false,
            "deprecated": false, "name": name, "logo_url": logo,
        });
        social.insert(provider.strategy.clone(), entry);
    }
    Value::Object(social)
}
