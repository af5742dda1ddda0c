//! The table of operations: method, path, name, the form fields that are accepted, and what is done.

use axum::response::Response;
use serde_json::{Value, json};

use super::{
    reply::{self, redirect},
    request::Incoming,
};
use crate::{
    environment,
    error::{Refusal, Result},
    images::user_image,
    json as resources,
    ops::{
        client::Caller,
        links::MagicOutcome,
        params::{Params, is_protect},
        redirects::Opened,
    },
    pages,
    state::{DevBrowser, Kind, Picture, World},
    tokens,
};

/// What an operation answers with.
pub(crate) enum Answer {
    /// The value alone.
    Bare(Value),
    /// `{ "response": …, "client": … }` with the caller's client after the change.
    Resource(Value),
    /// `{ "response": …, "client": null }`.
    WithoutClient(Value),
    /// A page or redirect for a browser.
    Browser(Response),
}

/// A request that was let in.
pub(crate) struct Call<'a> {
    pub(crate) caller: Caller,
    /// What stands for the `{}` of the path.
    pub(crate) arguments: Vec<String>,
    pub(crate) incoming: &'a Incoming,
}

impl Call<'_> {
    fn form(&self) -> &Params {
        &self.incoming.form
    }

    fn query(&self) -> &Params {
        &self.incoming.query
    }

    fn argument(&self, place: usize) -> String {
        self.arguments.get(place).cloned().unwrap_or_default()
    }
}

type Run = fn(&mut World, &mut Call<'_>) -> Result<Answer>;

/// One operation.
pub(crate) struct Route {
    method: &'static str,
    path: &'static str,
    /// Its name in the published description.
    pub(crate) operation: &'static str,
    fields: &'static [&'static str],
    pub(crate) run: Run,
}

/// The operation of a method and path, and what stands for the `{}` of its path.
pub(crate) fn find(method: &str, path: &str) -> Result<(&'static Route, Vec<String>)> {
    let mut known = false;
    for route in ROUTES {
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

/// Fields that may be given more than once.
const LISTS: &[&str] = &["additional_scope", "names", "organization_domain_ids", "domains"];

impl Route {
    /// Refuses what this operation does not know: another kind of body, unknown fields, a field given twice.
    pub(crate) fn check(&self, incoming: &Incoming) -> Result<()> {
        if self.fields == ANYTHING {
            return Ok(());
        }
        incoming.check_body(self.fields == FILE)?;
        let mut seen: Vec<&str> = Vec::new();
        for (key, _) in incoming.form.iter() {
            let key = key.trim_end_matches("[]");
            if key == "_method" || is_protect(key) {
                continue;
            }
            if !self.fields.contains(&key) {
                return Err(Refusal::new(422, "form_param_unknown").param(key));
            }
            let repeatable = LISTS.contains(&key) || self.operation == "bulkCreateOrganizationInvitations";
            if seen.contains(&key) && !repeatable {
                return Err(Refusal::new(422, "form_param_duplicate").param(key));
            }
            seen.push(key);
        }
        Ok(())
    }
}

const NOTHING: &[&str] = &[];
const FILE: &[&str] = &["file"];
/// For operations that are switched off whatever they are sent.
const ANYTHING: &[&str] = &["*"];
/// A sign-up is changed with what it is made with, but for what belongs to its beginning.
const UPDATE_SIGN_UP: &[&str] = &[
    "password",
    "first_name",
    "last_name",
    "username",
    "email_address",
    "phone_number",
    "email_address_or_phone_number",
    "unsafe_metadata",
    "strategy",
    "redirect_url",
    "action_complete_redirect_url",
    "ticket",
    "web3_wallet",
    "token",
    "code",
    "legal_accepted",
    "oidc_login_hint",
    "oidc_prompt",
    "proof_token",
    "enterprise_connection_id",
    "locale",
    "channel",
];
const REDIRECT: &[&str] = &[
    "strategy",
    "redirect_url",
    "action_complete_redirect_url",
    "additional_scope",
    "oidc_prompt",
    "oidc_login_hint",
    "enterprise_connection_id",
    "code",
    "token",
];
const SIGN_IN: &[&str] = &[
    "strategy",
    "identifier",
    "password",
    "ticket",
    "redirect_url",
    "action_complete_redirect_url",
    "transfer",
    "code",
    "token",
    "oidc_login_hint",
    "oidc_prompt",
    "proof_token",
    "trusted_device_id",
    "sign_up_if_missing",
    "enterprise_connection_id",
    "locale",
    "timezone",
    "captcha_token",
    "captcha_widget_type",
    "captcha_error",
    "channel",
];
const SIGN_UP: &[&str] = &[
    "transfer",
    "password",
    "first_name",
    "last_name",
    "username",
    "email_address",
    "phone_number",
    "email_address_or_phone_number",
    "unsafe_metadata",
    "strategy",
    "redirect_url",
    "action_complete_redirect_url",
    "ticket",
    "web3_wallet",
    "token",
    "code",
    "captcha_token",
    "captcha_error",
    "captcha_widget_type",
    "legal_accepted",
    "oidc_login_hint",
    "oidc_prompt",
    "proof_token",
    "enterprise_connection_id",
    "locale",
    "timezone",
    "channel",
];
/// The first step of a sign-in: beside what is published, what clerk-js sends for phones and companies, and the native
/// magic links.
const PREPARE: &[&str] = &[
    "strategy",
    "email_address_id",
    "phone_number_id",
    "web3_wallet_id",
    "passkey_id",
    "trusted_device_id",
    "redirect_url",
    "action_complete_redirect_url",
    "oidc_login_hint",
    "oidc_prompt",
    "proof_token",
    "enterprise_connection_id",
    "channel",
    "default",
    "redirect_uri",
    "code_challenge",
    "code_challenge_method",
];
const PREPARE_SECOND: &[&str] =
    &["strategy", "email_address_id", "phone_number_id", "redirect_url", "proof_token", "channel", "default"];
const PREPARE_SIGN_UP: &[&str] = &[
    "strategy",
    "redirect_url",
    "action_complete_redirect_url",
    "oidc_login_hint",
    "oidc_prompt",
    "proof_token",
    "enterprise_connection_id",
    "channel",
    "redirect_uri",
    "code_challenge",
    "code_challenge_method",
];
const PREPARE_AGAIN: &[&str] = &[
    "strategy",
    "email_address_id",
    "phone_number_id",
    "proof_token",
    "redirect_url",
    "enterprise_connection_id",
    "channel",
    "default",
];
const PREPARE_EMAIL: &[&str] = &["strategy", "redirect_url", "action_complete_redirect_url"];
const PREPARE_PHONE: &[&str] = &["strategy", "proof_token", "channel"];
const PREPARE_WALLET: &[&str] = &["strategy", "redirect_url"];
const ATTEMPT: &[&str] = &[
    "strategy",
    "code",
    "password",
    "signature",
    "token",
    "public_key_credential",
    "trusted_device_id",
    "client_data",
    "algorithm",
    "ticket",
];
const ATTEMPT_SECOND: &[&str] = &["strategy", "code"];
const ATTEMPT_SIGN_UP: &[&str] = &["strategy", "code", "signature", "token"];
const ATTEMPT_AGAIN: &[&str] = &["strategy", "code", "password", "public_key_credential"];
const CODE: &[&str] = &["code"];
/// clerk-js names the strategy beside the signature.
const ATTEMPT_WALLET: &[&str] = &["signature", "strategy"];
const ATTEMPT_PASSKEY: &[&str] = &["strategy", "public_key_credential"];
const REAUTHORIZE: &[&str] =
    &["redirect_url", "action_complete_redirect_url", "additional_scope", "oidc_login_hint", "oidc_prompt"];

const fn route(
    method: &'static str,
    path: &'static str,
    operation: &'static str,
    fields: &'static [&'static str],
    run: Run,
) -> Route {
    Route { method, path, operation, fields, run }
}

fn off(status: u16, code: &str) -> Result<Answer> {
    Err(Refusal::new(status, code))
}

fn billing_off(_: &mut World, _: &mut Call<'_>) -> Result<Answer> {
    off(403, "billing_not_enabled")
}

fn sso_off(_: &mut World, _: &mut Call<'_>) -> Result<Answer> {
    off(403, "self_serve_sso_disabled")
}

fn not_found(_: &mut World, _: &mut Call<'_>) -> Result<Answer> {
    off(404, "resource_not_found")
}

fn feature_off(_: &mut World, _: &mut Call<'_>) -> Result<Answer> {
    off(403, "feature_not_enabled")
}

fn not_played(_: &mut World, _: &mut Call<'_>) -> Result<Answer> {
    off(501, "emulator_not_implemented")
}

fn api_keys_off(_: &mut World, _: &mut Call<'_>) -> Result<Answer> {
    off(422, "api_keys_not_enabled")
}

fn identity_provider(_: &mut World, _: &mut Call<'_>) -> Result<Answer> {
    let error = json!({ "error": "invalid_client", "error_description": "The emulator is no identity provider." });
    Ok(Answer::Browser(reply::json(401, &error)))
}

fn no_satellite(_: &mut World, _: &mut Call<'_>) -> Result<Answer> {
    off(403, "operation_not_allowed_on_satellite_domain")
}

fn sign_in(world: &World, attempt: &crate::state::SignIn) -> Result<Answer> {
    Ok(Answer::Resource(resources::sign_in(world, attempt)))
}

/// An attempt that was completed can't be read any more; only its other operations name the state.
fn gone(refusal: Refusal) -> Refusal {
    if refusal.code == "client_state_invalid" { Refusal::new(404, "resource_not_found") } else { refusal }
}

fn sign_up(world: &World, attempt: &crate::state::SignUp) -> Result<Answer> {
    Ok(Answer::Resource(resources::sign_up(world, attempt)))
}

fn user(world: &World, user: &crate::state::User) -> Result<Answer> {
    Ok(Answer::Resource(resources::user(world, user)))
}

fn deleted(object: &str, id: &str) -> Result<Answer> {
    Ok(Answer::Resource(resources::deleted(object, id)))
}

fn opened(world: &World, opened: Result<Opened>) -> Result<Answer> {
    Ok(Answer::Browser(match opened {
        Ok(Opened::Redirect(target)) => pages::way_back(world, &target),
        Ok(Opened::Page(status, code)) => pages::link_opened(world, &status, code),
        Err(refusal) => pages::error(world, &refusal),
    }))
}

/// Limit and offset of a list, and whether it is asked for in pages.
fn paged(call: &Call<'_>, all: Vec<Value>, always: bool) -> Result<Answer> {
    let number = |name: &str, default: usize, most: usize| match call.query().given(name) {
        None => Ok(default),
        Some(text) => match text.parse::<usize>() {
            Ok(number) if number <= most => Ok(number),
            _ => Err(Refusal::new(422, "form_param_value_invalid").param(name)),
        },
    };
    let (limit, offset) = (number("limit", 10, 500)?, number("offset", 0, usize::MAX)?);
    let in_pages = always || call.query().is_true("paginated");
    Ok(Answer::Resource(if in_pages { resources::page(&all, limit, offset) } else { Value::Array(all) }))
}

/// Whether a resource has one of the statuses that are asked for.
fn has_status(call: &Call<'_>, json: &Value) -> bool {
    let mut wanted = call.query().all("status").peekable();
    wanted.peek().is_none() || wanted.any(|status| json["status"] == status)
}

fn picture(world: &mut World, call: &Call<'_>) -> Result<Picture> {
    let file = call.incoming.picture()?;
    Ok(Picture { id: world.ids.id("img"), content_type: file.content_type, bytes: file.bytes })
}

/// `GET /v1/client`: null for a device that has no client yet, which is given a token for one. With a verifier in its
/// body it redeems a hosted sign-in.
fn read_client(world: &mut World, call: &mut Call<'_>) -> Result<Answer> {
    if call.form().get("code_verifier").is_some() {
        let client = world.redeem_hosted(&mut call.caller, &call.incoming.form)?;
        return Ok(Answer::WithoutClient(resources::client(world, &client)?));
    }
    world.redeem_nonce(&mut call.caller, call.incoming.query.given("rotating_token_nonce"))?;
    let caller = &mut call.caller;
    let known = caller.client_id.clone().filter(|id| world.clients.contains_key(id));
    let Some(id) = known else {
        let wants_token = caller.garbage || world.config.token_on_first_get;
        if caller.native && caller.client_id.is_none() && wants_token {
            world.promise_client(caller)?;
        }
        return Ok(Answer::WithoutClient(Value::Null));
    };
    world.expire_sessions(&id);
    let client = world.clients.get(&id).cloned().ok_or_else(|| Refusal::new(401, "signed_out"))?;
    Ok(Answer::WithoutClient(resources::client(world, &client)?))
}

fn write_client(world: &mut World, call: &mut Call<'_>) -> Result<Answer> {
    let client = world.client_or_new(&mut call.caller)?;
    Ok(Answer::Resource(resources::client(world, &client)?))
}

fn magic_link(world: &mut World, call: &mut Call<'_>) -> Result<Answer> {
    let form = call.incoming.form.clone();
    match world.complete_magic_link(&mut call.caller, &form)? {
        MagicOutcome::Ticket(ticket) => Ok(Answer::Resource(ticket)),
        MagicOutcome::SignUp(attempt) => sign_up(world, &attempt),
    }
}

fn identifications(world: &mut World, call: &mut Call<'_>, kind: Kind) -> Result<Answer> {
    let (_, user) = world.current(&mut call.caller)?;
    Ok(Answer::Bare(user.of_kind(kind).map(|one| resources::identification(world, one)).collect()))
}

fn identification(world: &World, one: &crate::state::Identification) -> Result<Answer> {
    Ok(Answer::Resource(resources::identification(world, one)))
}

/// One operation on an identification of each kind.
fn on_identification(world: &mut World, call: &mut Call<'_>, kind: Kind, step: Step) -> Result<Answer> {
    let (id, form) = (call.argument(0), call.form().clone());
    let caller = &mut call.caller;
    let one = match step {
        Step::Add => world.add_identification(caller, kind, &form)?,
        Step::Read => world.my_identification(caller, kind, &id)?.1,
        Step::Prepare => world.prepare_identification(caller, kind, &id, &form)?,
        Step::Attempt => world.attempt_identification(caller, kind, &id, &form)?,
        Step::Delete => {
            let id = world.delete_identification(caller, kind, &id)?;
            return deleted(kind.as_str(), &id);
        }
    };
    identification(world, &one)
}

#[derive(Clone, Copy)]
enum Step {
    Add,
    Read,
    Prepare,
    Attempt,
    Delete,
}

fn totp_json(totp: &crate::state::Totp, uri: Option<&str>, codes: Option<Vec<String>>) -> Value {
    let mut json = json!({
        "object": "totp", "id": totp.id, "secret": null, "uri": null, "verified": totp.verified, "backup_codes": codes,
        "created_at": totp.created_at, "updated_at": totp.created_at,
    });
    if let Some(uri) = uri {
        json["secret"] = json!(totp.secret);
        json["uri"] = json!(uri);
    }
    json
}

fn session_step(world: &mut World, call: &mut Call<'_>, keep: bool) -> Result<Answer> {
    let session = world.leave_session(&mut call.caller, &call.arguments[0], keep)?;
    Ok(Answer::Resource(resources::session(world, &session)?))
}

fn reverify(world: &World, session: &crate::state::Session) -> Result<Answer> {
    Ok(Answer::Resource(resources::reverification(world, session)))
}

/// `POST /v1/client/sessions/{id}/touch`; the client stays out of the answer when only the focus changed.
fn touch(world: &mut World, call: &mut Call<'_>) -> Result<Answer> {
    let session = world.touch(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
    let json = resources::session(world, &session)?;
    Ok(if call.form().get("intent") == Some("focus") { Answer::WithoutClient(json) } else { Answer::Resource(json) })
}

fn redirect_to(world: &World, call: &Call<'_>) -> Result<Answer> {
    let url = call.query().required("redirect_url")?;
    match world.allowed_redirect(url, "redirect_url") {
        Ok(url) => Ok(Answer::Browser(redirect(&url))),
        Err(_) => off(422, "redirect_url_domain_mismatch"),
    }
}

fn new_dev_browser(world: &mut World, _: &mut Call<'_>) -> Result<Answer> {
    let id = world.ids.id("dvb");
    let browser = DevBrowser { client_id: None, made_at: world.now_ms() };
    world.dev_browsers.insert(id.clone(), browser);
    Ok(Answer::Bare(json!({ "object": "dev_browser", "id": id, "instance_id": tokens::INSTANCE_ID })))
}

fn account_portal(world: &mut World, _: &mut Call<'_>) -> Result<Answer> {
    let home = format!("{}/portal/default-redirect", world.base_url);
    Ok(Answer::Bare(json!({
        "object": "account_portal", "allowed": true, "enabled": true, "internal_linking": true,
        "after_sign_in_url": home, "after_sign_up_url": home, "after_join_waitlist_url": home,
        "after_create_organization_url": home, "after_leave_organization_url": home, "logo_link_url": home,
        "customization": {
            "appearance": null, "background_color_dark": null, "background_color_light": null,
            "primary_color_dark": null, "primary_color_light": null,
        },
    })))
}

fn openid_configuration(world: &mut World, _: &mut Call<'_>) -> Result<Answer> {
    let base = &world.base_url;
    Ok(Answer::Bare(json!({
        "issuer": base, "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "authorization_endpoint": format!("{base}/oauth/authorize"), "token_endpoint": format!("{base}/oauth/token"),
        "userinfo_endpoint": format!("{base}/oauth/userinfo"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
    })))
}

fn members(world: &mut World, call: &mut Call<'_>) -> Result<Answer> {
    let id = call.argument(0);
    let (_, _, one) = world.organization_for(&mut call.caller, &id, Some("org:sys_memberships:read"))?;
    let roles: Vec<&str> = call.query().all("role").collect();
    let query = call.query().given("query").map(str::to_lowercase);
    let matches = |user_id: &str| {
        let Some(query) = &query else { return true };
        world.users.get(user_id).is_some_and(|user| {
            let facts =
                [user.id.clone(), user.identifier(), user.full_name(), user.username.clone().unwrap_or_default()];
            facts.iter().any(|fact| fact.to_lowercase().contains(query))
        })
    };
    let all = one
        .members
        .iter()
        .filter(|member| (roles.is_empty() || roles.contains(&member.role.as_str())) && matches(&member.user_id))
        .map(|member| resources::membership(world, &one, member, true))
        .collect();
    paged(call, all, false)
}

fn invitations(world: &mut World, call: &mut Call<'_>, only_pending: bool) -> Result<Answer> {
    let id = call.argument(0);
    let (_, _, one) = world.organization_for(&mut call.caller, &id, Some("org:sys_memberships:manage"))?;
    let all = one.invitations.iter().map(|invitation| resources::invitation(world, &one, invitation, false));
    let fits = |json: &Value| if only_pending { json["status"] == "pending" } else { has_status(call, json) };
    let all = all.filter(fits).collect();
    paged(call, all, true)
}

fn invite(world: &mut World, call: &mut Call<'_>) -> Result<Answer> {
    let (organization, made) = world.create_invitations(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
    let all: Vec<Value> = made.iter().map(|one| resources::invitation(world, &organization, one, false)).collect();
    let bulk = call.incoming.path.ends_with("/bulk");
    Ok(Answer::Resource(if bulk { Value::Array(all) } else { all.into_iter().next().unwrap_or_default() }))
}

fn decide_request(world: &mut World, call: &mut Call<'_>, accept: bool) -> Result<Answer> {
    let (id, request) = (call.argument(0), call.argument(1));
    let (organization, request) = world.decide_request(&mut call.caller, &id, &request, accept)?;
    Ok(Answer::Resource(resources::request(world, &organization, &request)))
}

fn domain(world: &World, (of, one): (crate::state::Organization, crate::state::Domain)) -> Result<Answer> {
    Ok(Answer::Resource(resources::domain(world, &of, &one)))
}

fn one_domain(world: &mut World, call: &mut Call<'_>) -> Result<Answer> {
    let (_, of) = world.domains_of(&mut call.caller, &call.arguments[0], false)?;
    let one = of.domains.iter().find(|one| one.id == call.arguments[1]).cloned();
    domain(world, (of, one.ok_or_else(|| Refusal::new(404, "resource_not_found"))?))
}

fn all_domains(world: &mut World, call: &mut Call<'_>) -> Result<Answer> {
    let (_, of) = world.domains_of(&mut call.caller, &call.arguments[0], false)?;
    let mode = call.query().given("enrollment_mode");
    let verified = call.query().flag("verified")?;
    let fits = |one: &&crate::state::Domain| {
        mode.is_none_or(|mode| one.enrollment_mode == mode) && verified.is_none_or(|wanted| one.is_verified() == wanted)
    };
    let all = of.domains.iter().filter(fits).map(|one| resources::domain(world, &of, one)).collect();
    paged(call, all, true)
}

/// Every operation of the published description, and those that clients call beside it.
#[rustfmt::skip]
const ROUTES: &[Route] = &[
    // The instance.
    route("GET", "/v1/environment", "getEnvironment", NOTHING, |world, _| Ok(Answer::Bare(environment::environment(world)))),
    route("PATCH", "/v1/environment", "updateEnvironment", NOTHING, |world, _| Ok(Answer::Bare(environment::environment(world)))),
    route("GET", "/v1/health", "getHealth", NOTHING, |_, _| Ok(Answer::Bare(json!({ "status": "healthy" })))),
    route("GET", "/v1/proxy-health", "getProxyHealth", NOTHING, |_, _| Ok(Answer::Bare(json!({ "status": "healthy", "x_forwarded_for": "" })))),
    route("GET", "/v1/account_portal", "getAccountPortal", NOTHING, account_portal),
    route("GET", "/.well-known/jwks.json", "getJWKS", NOTHING, |_, _| Ok(Answer::Bare(tokens::jwks()?))),
    route("GET", "/.well-known/openid-configuration", "getOpenIDConfiguration", NOTHING, openid_configuration),
    route("GET", "/.well-known/oauth-authorization-server", "getOAuth2AuthorizationServerMetadata", NOTHING, openid_configuration),
    route("GET", "/.well-known/apple-app-site-association", "getAppleAppSiteAssociation", NOTHING, |_, _| Ok(Answer::Bare(json!({ "webcredentials": { "apps": [] } })))),
    route("GET", "/.well-known/assetlinks.json", "getAndroidAssetLinks", NOTHING, |_, _| Ok(Answer::Bare(json!([])))),
    route("GET", "/.well-known/webauthn", "getWebAuthnRelatedOrigins", NOTHING, not_found),
    route("POST", "/v1/dev_browser", "createDevBrowser", ANYTHING, new_dev_browser),
    route("GET", "/v1/dev_browser/init", "getDevBrowserInit", NOTHING, new_dev_browser),
    route("POST", "/v1/dev_browser/set_first_party_cookie", "postDevBrowserInitSetCookie", ANYTHING, |_, _| Ok(Answer::Bare(json!({})))),
    route("GET", "/v1/clear-site-data", "clearSiteData", NOTHING, |_, _| Ok(Answer::Bare(Value::Null))),
    route("GET", "/v1/redirect", "redirectToUrl", NOTHING, |world, call| redirect_to(world, call)),
    route("PATCH", "/v1/dev_tools/enable_environment_setting", "enableEnvironmentSetting", ANYTHING, |world, _| {
        world.config.organizations.enabled = true;
        Ok(Answer::Bare(environment::environment(world)))
    }),
    // Links that are opened in a browser.
    route("GET", "/v1/oauth_callback", "getOauthCallback", NOTHING, |world, call| {
        Ok(Answer::Browser(match world.oauth_callback(&call.incoming.query) {
            Ok(back) => pages::way_back(world, &back.target),
            Err(refusal) => pages::error(world, &refusal),
        }))
    }),
    route("POST", "/v1/oauth_callback", "postOauthCallback", ANYTHING, |_, call| {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(call.form().iter()).finish();
        Ok(Answer::Browser(redirect(&format!("/v1/oauth_callback?{query}"))))
    }),
    route("GET", "/v1/verify", "verify", NOTHING, |world, call| {
        let token = call.query().get("token").unwrap_or_default().to_owned();
        let result = world.open_link(&token, call.caller.client_id.as_deref());
        opened(world, result)
    }),
    route("GET", "/v1/tickets/accept", "acceptTicket", NOTHING, |world, call| {
        let ticket = call.query().get("ticket").unwrap_or_default().to_owned();
        let result = world.accept_ticket(&ticket);
        opened(world, result)
    }),
    route("GET", "/v1/agents/tasks", "createAgentTask", NOTHING, not_found),
    // The client.
    route("GET", "/v1/client", "getClient", &["rotating_token_nonce", "code_verifier"], read_client),
    route("PUT", "/v1/client", "putClient", NOTHING, write_client),
    route("POST", "/v1/client", "postClient", NOTHING, write_client),
    route("DELETE", "/v1/client", "deleteClientSessions", NOTHING, |world, call| {
        world.delete_client(&mut call.caller)?;
        Ok(Answer::WithoutClient(Value::Null))
    }),
    route("DELETE", "/v1/client/sessions", "removeClientSessionsAndRetainCookie", NOTHING, |world, call| {
        let client = world.remove_sessions(&mut call.caller)?;
        Ok(Answer::WithoutClient(resources::client(world, &client)?))
    }),
    route("GET", "/v1/client/touch", "touchClient", NOTHING, |world, call| redirect_to(world, call)),
    route("GET", "/v1/client/handshake", "handshakeClient", NOTHING, |world, call| redirect_to(world, call)),
    route("GET", "/v1/client/sync", "syncClient", NOTHING, no_satellite),
    route("GET", "/v1/client/link", "linkClient", NOTHING, no_satellite),
    route("POST", "/v1/client/verify", "verifyClient", ANYTHING, write_client),
    route("POST", "/v1/client/trusted_devices/validate", "validateTrustedDevice", ANYTHING, feature_off),
    route("POST", "/v1/client/hosted_auth", "hostedAuth", &["redirect_url", "code_challenge", "state", "mode"], |world, call| {
        let url = world.begin_hosted_auth(&mut call.caller, &call.incoming.form)?;
        Ok(Answer::Resource(json!({ "object": "hosted_auth", "url": url })))
    }),
    route("POST", "/v1/client/magic_links/complete", "completeMagicLink", &["flow_id", "approval_token", "code_verifier", "attestation"], magic_link),
    // Sign-in.
    route("POST", "/v1/client/sign_ins", "createSignIn", SIGN_IN, |world, call| {
        let attempt = world.create_sign_in(&mut call.caller, &call.incoming.form)?;
        sign_in(world, &attempt)
    }),
    route("GET", "/v1/client/sign_ins/{}", "getSignIn", NOTHING, |world, call| {
        world.redeem_nonce(&mut call.caller, call.incoming.query.given("rotating_token_nonce"))?;
        let (_, attempt) = world.sign_in_of(&mut call.caller, &call.arguments[0]).map_err(gone)?;
        sign_in(world, &attempt)
    }),
    route("POST", "/v1/client/sign_ins/{}/prepare_first_factor", "prepareSignInFactorOne", PREPARE, |world, call| {
        let strategy = call.form().required("strategy")?.to_owned();
        let attempt = world.prepare_first_factor(&mut call.caller, &call.arguments[0], &strategy, &call.incoming.form)?;
        sign_in(world, &attempt)
    }),
    route("POST", "/v1/client/sign_ins/{}/attempt_first_factor", "attemptSignInFactorOne", ATTEMPT, |world, call| {
        let strategy = call.form().required("strategy")?.to_owned();
        let attempt = world.attempt_first_factor(&mut call.caller, &call.arguments[0], &strategy, &call.incoming.form)?;
        sign_in(world, &attempt)
    }),
    route("POST", "/v1/client/sign_ins/{}/prepare_second_factor", "prepareSignInFactorTwo", PREPARE_SECOND, |world, call| {
        let attempt = world.prepare_second_factor(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        sign_in(world, &attempt)
    }),
    route("POST", "/v1/client/sign_ins/{}/attempt_second_factor", "attemptSignInFactorTwo", ATTEMPT_SECOND, |world, call| {
        let attempt = world.attempt_second_factor(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        sign_in(world, &attempt)
    }),
    route("POST", "/v1/client/sign_ins/{}/reset_password", "resetPassword", &["password", "sign_out_of_other_sessions"], |world, call| {
        let attempt = world.reset_password(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        sign_in(world, &attempt)
    }),
    route("PATCH", "/v1/client/sign_ins/{}/protect_check", "protectCheckSignIn", &["proof_token"], not_played),
    // Sign-up.
    route("POST", "/v1/client/sign_ups", "createSignUps", SIGN_UP, |world, call| {
        let attempt = world.create_sign_up(&mut call.caller, &call.incoming.form)?;
        sign_up(world, &attempt)
    }),
    route("GET", "/v1/client/sign_ups/{}", "getSignUps", NOTHING, |world, call| {
        world.redeem_nonce(&mut call.caller, call.incoming.query.given("rotating_token_nonce"))?;
        let (_, attempt) = world.sign_up_of(&mut call.caller, &call.arguments[0]).map_err(gone)?;
        sign_up(world, &attempt)
    }),
    route("PATCH", "/v1/client/sign_ups/{}", "updateSignUps", UPDATE_SIGN_UP, |world, call| {
        let attempt = world.update_sign_up(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        sign_up(world, &attempt)
    }),
    route("POST", "/v1/client/sign_ups/{}/prepare_verification", "prepareSignUpsVerification", PREPARE_SIGN_UP, |world, call| {
        let attempt = world.prepare_verification(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        sign_up(world, &attempt)
    }),
    route("POST", "/v1/client/sign_ups/{}/attempt_verification", "attemptSignUpsVerification", ATTEMPT_SIGN_UP, |world, call| {
        let attempt = world.attempt_verification(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        sign_up(world, &attempt)
    }),
    route("PATCH", "/v1/client/sign_ups/{}/protect_check", "protectCheckSignUp", &["proof_token"], not_played),
    route("GET", "/v1/client/sign_ups/{}/enterprise_connections", "getSignUpEnterpriseConnections", NOTHING, |world, call| {
        let (_, attempt) = world.sign_up_of(&mut call.caller, &call.arguments[0])?;
        let address = attempt.value(Kind::Email).unwrap_or_default().to_owned();
        let connections = world.config.connections_for(&address).map(|one| json!({ "id": one.id, "name": one.name }));
        Ok(Answer::Resource(connections.collect()))
    }),
    // Sessions and tokens.
    route("GET", "/v1/client/sessions/{}", "getSession", NOTHING, |world, call| {
        let (_, session) = world.session_of(&mut call.caller, &call.arguments[0])?;
        Ok(Answer::Resource(resources::session(world, &session)?))
    }),
    route("POST", "/v1/client/sessions/{}/touch", "touchSession", &["active_organization_id", "intent"], touch),
    route("POST", "/v1/client/sessions/{}/end", "endSession", NOTHING, |world, call| session_step(world, call, true)),
    route("POST", "/v1/client/sessions/{}/remove", "removeSession", NOTHING, |world, call| session_step(world, call, false)),
    route("POST", "/v1/client/sessions/{}/tokens", "createSessionToken", &["organization_id", "tab_state", "token", "force_origin"], |world, call| {
        let jwt = world.mint(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        Ok(Answer::Bare(json!({ "object": "token", "jwt": jwt })))
    }),
    route("POST", "/v1/client/sessions/{}/tokens/{}", "createSessionTokenWithTemplate", &["tab_state", "token", "force_origin"], |world, call| {
        let jwt = world.mint_from_template(&mut call.caller, &call.arguments[0], &call.arguments[1])?;
        Ok(Answer::Bare(json!({ "object": "token", "jwt": jwt })))
    }),
    route("POST", "/v1/client/sessions/{}/verify", "startSessionReverification", &["level"], |world, call| {
        let session = world.start_reverification(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        reverify(world, &session)
    }),
    route("POST", "/v1/client/sessions/{}/verify/prepare_first_factor", "prepareSessionReverificationFirstFactor", PREPARE_AGAIN, |world, call| {
        let session = world.prepare_reverification(&mut call.caller, &call.arguments[0], false, &call.incoming.form)?;
        reverify(world, &session)
    }),
    route("POST", "/v1/client/sessions/{}/verify/attempt_first_factor", "attemptSessionReverificationFirstFactor", ATTEMPT_AGAIN, |world, call| {
        let session = world.attempt_reverification(&mut call.caller, &call.arguments[0], false, &call.incoming.form)?;
        reverify(world, &session)
    }),
    route("POST", "/v1/client/sessions/{}/verify/prepare_second_factor", "prepareSessionReverificationSecondFactor", PREPARE_AGAIN, |world, call| {
        let session = world.prepare_reverification(&mut call.caller, &call.arguments[0], true, &call.incoming.form)?;
        reverify(world, &session)
    }),
    route("POST", "/v1/client/sessions/{}/verify/attempt_second_factor", "attemptSessionReverificationSecondFactor", ATTEMPT_SECOND, |world, call| {
        let session = world.attempt_reverification(&mut call.caller, &call.arguments[0], true, &call.incoming.form)?;
        reverify(world, &session)
    }),
    // The user.
    route("GET", "/v1/me", "getUser", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        user(world, &me)
    }),
    route("PATCH", "/v1/me", "patchUser", &["username", "first_name", "last_name", "primary_email_address_id", "primary_phone_number_id", "primary_web3_wallet_id"], |world, call| {
        let me = world.update_me(&mut call.caller, &call.incoming.form)?;
        user(world, &me)
    }),
    route("DELETE", "/v1/me", "deleteUser", NOTHING, |world, call| {
        let id = world.delete_me(&mut call.caller)?;
        deleted("user", &id)
    }),
    route("PATCH", "/v1/me/metadata", "patchUserMetadata", &["unsafe_metadata"], |world, call| {
        let me = world.update_metadata(&mut call.caller, &call.incoming.form)?;
        user(world, &me)
    }),
    route("POST", "/v1/me/tokens", "createServiceToken", &["service"], |world, call| {
        let (session, _) = world.current(&mut call.caller)?;
        let template = format!("integration_{}", call.form().required("service")?);
        let jwt = world.mint_from_template(&mut call.caller, &session.id, &template)?;
        Ok(Answer::Bare(json!({ "object": "token", "jwt": jwt })))
    }),
    route("POST", "/v1/me/profile_image", "updateProfileImage", FILE, |world, call| {
        let picture = picture(world, call)?;
        let id = picture.id.clone();
        let me = world.set_picture(&mut call.caller, Some(picture))?;
        Ok(Answer::Resource(json!({ "object": "image", "id": id, "name": "", "public_url": user_image(world, &me) })))
    }),
    route("DELETE", "/v1/me/profile_image", "deleteProfileImage", NOTHING, |world, call| {
        let me = world.set_picture(&mut call.caller, None)?;
        deleted("image", &me.id)
    }),
    route("POST", "/v1/me/change_password", "changePassword", &["current_password", "new_password", "sign_out_of_other_sessions"], |world, call| {
        let me = world.change_password(&mut call.caller, &call.incoming.form)?;
        user(world, &me)
    }),
    route("POST", "/v1/me/remove_password", "removePassword", &["current_password"], |world, call| {
        let me = world.remove_password(&mut call.caller, &call.incoming.form)?;
        user(world, &me)
    }),
    route("POST", "/v1/me/totp", "postTOTP", NOTHING, |world, call| {
        let (totp, uri) = world.create_totp(&mut call.caller)?;
        Ok(Answer::Resource(totp_json(&totp, Some(&uri), None)))
    }),
    route("POST", "/v1/me/totp/attempt_verification", "verifyTOTP", &["code"], |world, call| {
        let (totp, codes) = world.verify_totp(&mut call.caller, &call.incoming.form)?;
        Ok(Answer::Resource(totp_json(&totp, None, codes)))
    }),
    route("DELETE", "/v1/me/totp", "deleteTOTP", NOTHING, |world, call| {
        let id = world.delete_totp(&mut call.caller)?;
        deleted("totp", &id)
    }),
    route("POST", "/v1/me/backup_codes", "createBackupCodes", NOTHING, |world, call| {
        let codes = world.create_backup_codes(&mut call.caller)?;
        let (id, now) = (world.ids.id("backup_code"), world.now_ms());
        Ok(Answer::Resource(json!({ "object": "backup_code", "id": id, "codes": codes, "created_at": now, "updated_at": now })))
    }),
    route("GET", "/v1/me/email_addresses", "getEmailAddresses", NOTHING, |world, call| identifications(world, call, Kind::Email)),
    route("POST", "/v1/me/email_addresses", "createEmailAddresses", &["email_address"], |world, call| on_identification(world, call, Kind::Email, Step::Add)),
    route("GET", "/v1/me/email_addresses/{}", "getEmailAddress", NOTHING, |world, call| on_identification(world, call, Kind::Email, Step::Read)),
    route("DELETE", "/v1/me/email_addresses/{}", "DeleteEmailAddress", NOTHING, |world, call| on_identification(world, call, Kind::Email, Step::Delete)),
    route("POST", "/v1/me/email_addresses/{}/prepare_verification", "sendVerificationEmail", PREPARE_EMAIL, |world, call| on_identification(world, call, Kind::Email, Step::Prepare)),
    route("POST", "/v1/me/email_addresses/{}/attempt_verification", "verifyEmailAddress", CODE, |world, call| on_identification(world, call, Kind::Email, Step::Attempt)),
    route("GET", "/v1/me/phone_numbers", "getPhoneNumbers", NOTHING, |world, call| identifications(world, call, Kind::Phone)),
    route("POST", "/v1/me/phone_numbers", "postPhoneNumbers", &["phone_number", "reserved_for_second_factor"], |world, call| on_identification(world, call, Kind::Phone, Step::Add)),
    route("GET", "/v1/me/phone_numbers/{}", "ReadPhoneNumber", NOTHING, |world, call| on_identification(world, call, Kind::Phone, Step::Read)),
    route("PATCH", "/v1/me/phone_numbers/{}", "UpdatePhoneNumber", &["reserved_for_second_factor", "default_second_factor"], |world, call| {
        let (phone, codes) = world.update_phone(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        let mut json = resources::identification(world, &phone);
        json["backup_codes"] = json!(codes);
        Ok(Answer::Resource(json))
    }),
    route("DELETE", "/v1/me/phone_numbers/{}", "DeletePhoneNumber", NOTHING, |world, call| on_identification(world, call, Kind::Phone, Step::Delete)),
    route("POST", "/v1/me/phone_numbers/{}/prepare_verification", "sendVerificationSMS", PREPARE_PHONE, |world, call| on_identification(world, call, Kind::Phone, Step::Prepare)),
    route("POST", "/v1/me/phone_numbers/{}/attempt_verification", "verifyPhoneNumber", CODE, |world, call| on_identification(world, call, Kind::Phone, Step::Attempt)),
    route("GET", "/v1/me/web3_wallets", "getWeb3Wallets", NOTHING, |world, call| identifications(world, call, Kind::Wallet)),
    route("POST", "/v1/me/web3_wallets", "postWeb3Wallets", &["web3_wallet"], |world, call| on_identification(world, call, Kind::Wallet, Step::Add)),
    route("GET", "/v1/me/web3_wallets/{}", "readWeb3Wallet", NOTHING, |world, call| on_identification(world, call, Kind::Wallet, Step::Read)),
    route("DELETE", "/v1/me/web3_wallets/{}", "deleteWeb3Wallet", NOTHING, |world, call| on_identification(world, call, Kind::Wallet, Step::Delete)),
    route("POST", "/v1/me/web3_wallets/{}/prepare_verification", "prepareWeb3WalletVerification", PREPARE_WALLET, |world, call| on_identification(world, call, Kind::Wallet, Step::Prepare)),
    route("POST", "/v1/me/web3_wallets/{}/attempt_verification", "attemptWeb3WalletVerification", ATTEMPT_WALLET, |world, call| on_identification(world, call, Kind::Wallet, Step::Attempt)),
    route("POST", "/v1/me/passkeys", "postPasskey", NOTHING, |world, call| {
        let key = world.create_passkey(&mut call.caller)?;
        Ok(Answer::Resource(resources::passkey(world, &key)))
    }),
    route("GET", "/v1/me/passkeys/{}", "readPasskey", NOTHING, |world, call| {
        let key = world.rename_passkey(&mut call.caller, &call.arguments[0], None)?;
        Ok(Answer::Resource(resources::passkey(world, &key)))
    }),
    route("PATCH", "/v1/me/passkeys/{}", "patchPasskey", &["name"], |world, call| {
        let key = world.rename_passkey(&mut call.caller, &call.arguments[0], call.incoming.form.given("name"))?;
        Ok(Answer::Resource(resources::passkey(world, &key)))
    }),
    route("DELETE", "/v1/me/passkeys/{}", "deletePasskey", NOTHING, |world, call| {
        let (_, mut me) = world.current_verified(&mut call.caller)?;
        let before = me.passkeys.len();
        me.passkeys.retain(|key| key.id != call.arguments[0]);
        if me.passkeys.len() == before {
            return off(404, "resource_not_found");
        }
        world.save_user(me);
        deleted("passkey", &call.arguments[0])
    }),
    route("POST", "/v1/me/passkeys/{}/attempt_verification", "attemptPasskeyVerification", ATTEMPT_PASSKEY, |world, call| {
        let key = world.register_passkey(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        Ok(Answer::Resource(resources::passkey(world, &key)))
    }),
    route("GET", "/v1/me/trusted_devices", "listTrustedDevices", NOTHING, |world, call| {
        world.current(&mut call.caller)?;
        Ok(Answer::Resource(json!([])))
    }),
    route("POST", "/v1/me/trusted_devices/prepare", "prepareTrustedDevice", ANYTHING, feature_off),
    route("POST", "/v1/me/trusted_devices/attempt", "attemptTrustedDevice", ANYTHING, feature_off),
    route("DELETE", "/v1/me/trusted_devices/{}", "revokeTrustedDevice", ANYTHING, feature_off),
    route("POST", "/v1/me/external_accounts", "postOAuthAccounts", REDIRECT, |world, call| {
        let account = world.connect_account(&mut call.caller, &call.incoming.form)?;
        Ok(Answer::Resource(resources::external_account(world, &account)))
    }),
    route("PATCH", "/v1/me/external_accounts/{}/reauthorize", "reauthorizeExternalAccount", REAUTHORIZE, |world, call| {
        let account = world.reauthorize_account(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        Ok(Answer::Resource(resources::external_account(world, &account)))
    }),
    route("DELETE", "/v1/me/external_accounts/{}", "deleteExternalAccount", NOTHING, |world, call| {
        let id = world.disconnect_account(&mut call.caller, &call.arguments[0])?;
        deleted("external_account", &id)
    }),
    route("DELETE", "/v1/me/external_accounts/{}/tokens", "revokeExternalAccountTokens", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        user(world, &me)
    }),
    route("DELETE", "/v1/me/enterprise_accounts/{}", "deleteEnterpriseAccount", NOTHING, |world, call| {
        let (_, mut me) = world.current_verified(&mut call.caller)?;
        let before = me.enterprise_accounts.len();
        me.enterprise_accounts.retain(|account| account.id != call.arguments[0]);
        if me.enterprise_accounts.len() == before {
            return off(404, "resource_not_found");
        }
        for one in &mut me.identifications {
            one.linked_to.retain(|(_, linked)| *linked != call.arguments[0]);
        }
        world.save_user(me);
        deleted("enterprise_account", &call.arguments[0])
    }),
    route("GET", "/v1/me/sessions", "getUsersSessions", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        let all = world.sessions_of_user(&me.id);
        Ok(Answer::Bare(all.iter().map(|session| resources::plain_session(world, session)).collect()))
    }),
    route("GET", "/v1/me/sessions/active", "getSessions", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        let all = world.sessions_of_user(&me.id);
        let active = all.iter().filter(|session| session.status == crate::state::SessionStatus::Active);
        Ok(Answer::Bare(active.map(|session| resources::session_with_activity(world, session)).collect()))
    }),
    route("POST", "/v1/me/sessions/{}/revoke", "revokeSession", NOTHING, |world, call| {
        let session = world.revoke_own_session(&mut call.caller, &call.arguments[0])?;
        Ok(Answer::Resource(resources::session_with_activity(world, &session)))
    }),
    route("GET", "/v1/me/organization_memberships", "getOrganizationMemberships", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        let all = world.memberships_of(&me.id);
        let all = all.into_iter().map(|(one, member)| resources::membership(world, one, member, true)).collect();
        paged(call, all, false)
    }),
    route("DELETE", "/v1/me/organization_memberships/{}", "deleteOrganizationMemberships", NOTHING, |world, call| {
        let organization = world.leave_organization(&mut call.caller, &call.arguments[0])?;
        deleted("organization_membership", &organization.id)
    }),
    route("GET", "/v1/me/organization_invitations", "getUsersOrganizationInvitations", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        let all = world.invitations_of(&me).into_iter().map(|(of, one)| resources::invitation(world, of, one, true));
        let all = all.filter(|json| has_status(call, json)).collect();
        paged(call, all, true)
    }),
    route("POST", "/v1/me/organization_invitations/{}/accept", "acceptOrganizationInvitation", NOTHING, |world, call| {
        let (of, one) = world.accept_invitation(&mut call.caller, &call.arguments[0])?;
        Ok(Answer::Resource(resources::invitation(world, &of, &one, true)))
    }),
    route("GET", "/v1/me/organization_suggestions", "getOrganizationSuggestions", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        let all = world.suggestions_of(&me.id).into_iter().map(|(of, one)| resources::suggestion(world, of, one));
        let all = all.filter(|json| has_status(call, json)).collect();
        paged(call, all, true)
    }),
    route("POST", "/v1/me/organization_suggestions/{}/accept", "acceptOrganizationSuggestion", NOTHING, |world, call| {
        let (of, one) = world.accept_suggestion(&mut call.caller, &call.arguments[0])?;
        Ok(Answer::Resource(resources::suggestion(world, &of, &one)))
    }),
    route("GET", "/v1/me/organization_creation_defaults", "getOrganizationCreationDefaults", NOTHING, |world, call| {
        world.current(&mut call.caller)?;
        Ok(Answer::Resource(json!({ "advisory": null, "form": { "name": "", "slug": "", "logo": null, "blur_hash": null } })))
    }),
    // Organizations.
    route("POST", "/v1/organizations", "createOrganization", &["name", "slug"], |world, call| {
        let one = world.create_organization(&mut call.caller, &call.incoming.form)?;
        Ok(Answer::Resource(resources::organization(world, &one)))
    }),
    route("GET", "/v1/organizations/{}", "getOrganization", NOTHING, |world, call| {
        let (_, _, one) = world.organization_for(&mut call.caller, &call.arguments[0], None)?;
        Ok(Answer::Resource(resources::organization(world, &one)))
    }),
    route("PATCH", "/v1/organizations/{}", "updateOrganization", &["name", "slug"], |world, call| {
        let one = world.update_organization(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        Ok(Answer::Resource(resources::organization(world, &one)))
    }),
    route("DELETE", "/v1/organizations/{}", "deleteOrganization", NOTHING, |world, call| {
        let one = world.delete_organization(&mut call.caller, &call.arguments[0])?;
        deleted("organization", &one.id)
    }),
    route("PUT", "/v1/organizations/{}/logo", "updateOrganizationLogo", FILE, |world, call| {
        let picture = picture(world, call)?;
        let one = world.set_logo(&mut call.caller, &call.arguments[0], Some(picture))?;
        Ok(Answer::Resource(resources::organization(world, &one)))
    }),
    route("DELETE", "/v1/organizations/{}/logo", "deleteOrganizationLogo", NOTHING, |world, call| {
        let one = world.set_logo(&mut call.caller, &call.arguments[0], None)?;
        Ok(Answer::Resource(resources::organization(world, &one)))
    }),
    route("GET", "/v1/organizations/{}/roles", "ListOrganizationRoles", NOTHING, |world, call| {
        world.organization_for(&mut call.caller, &call.arguments[0], Some("org:sys_memberships:read"))?;
        let all: Vec<Value> = world.roles().iter().map(|one| resources::role(world, one)).collect();
        let Answer::Resource(mut page) = paged(call, all, true)? else { return off(500, "internal_clerk_error") };
        page["has_role_set_migration"] = json!(false);
        Ok(Answer::Resource(page))
    }),
    route("GET", "/v1/organizations/{}/memberships", "ListOrganizationMemberships", NOTHING, members),
    route("POST", "/v1/organizations/{}/memberships", "CreateOrganizationMembership", &["user_id", "role"], |world, call| {
        let (of, member) = world.create_membership(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        Ok(Answer::Resource(resources::membership(world, &of, &member, true)))
    }),
    route("PATCH", "/v1/organizations/{}/memberships/{}", "UpdateOrganizationMembership", &["role"], |world, call| {
        let (of, member) = world.update_membership(&mut call.caller, &call.arguments[0], &call.arguments[1], &call.incoming.form)?;
        Ok(Answer::Resource(resources::membership(world, &of, &member, true)))
    }),
    route("DELETE", "/v1/organizations/{}/memberships/{}", "removeOrganizationMember", NOTHING, |world, call| {
        let (of, member) = world.remove_membership(&mut call.caller, &call.arguments[0], &call.arguments[1])?;
        Ok(Answer::Resource(resources::membership(world, &of, &member, true)))
    }),
    route("GET", "/v1/organizations/{}/invitations", "getOrganizationInvitations", NOTHING, |world, call| invitations(world, call, false)),
    route("POST", "/v1/organizations/{}/invitations", "createOrganizationInvitations", &["email_address", "role", "notify", "redirect_url"], invite),
    route("POST", "/v1/organizations/{}/invitations/bulk", "bulkCreateOrganizationInvitations", &["email_address", "role", "notify", "redirect_url"], invite),
    route("GET", "/v1/organizations/{}/invitations/pending", "getAllPendingOrganizationInvitations", NOTHING, |world, call| invitations(world, call, true)),
    route("POST", "/v1/organizations/{}/invitations/{}/revoke", "revokePendingOrganizationInvitation", NOTHING, |world, call| {
        let (of, one) = world.revoke_invitation(&mut call.caller, &call.arguments[0], &call.arguments[1])?;
        Ok(Answer::Resource(resources::invitation(world, &of, &one, false)))
    }),
    route("GET", "/v1/organizations/{}/membership_requests", "listOrganizationMembershipRequests", NOTHING, |world, call| {
        let (_, _, one) = world.organization_for(&mut call.caller, &call.arguments[0], Some("org:sys_memberships:manage"))?;
        let all = one.requests.iter().map(|request| resources::request(world, &one, request));
        let all = all.filter(|json| has_status(call, json)).collect();
        paged(call, all, true)
    }),
    route("POST", "/v1/organizations/{}/membership_requests/{}/accept", "acceptOrganizationMembershipRequest", NOTHING, |world, call| decide_request(world, call, true)),
    route("POST", "/v1/organizations/{}/membership_requests/{}/reject", "rejectOrganizationMembershipRequest", NOTHING, |world, call| decide_request(world, call, false)),
    route("GET", "/v1/organizations/{}/domains", "ListOrganizationDomains", NOTHING, all_domains),
    route("POST", "/v1/organizations/{}/domains", "CreateOrganizationDomain", &["name", "enrollment_mode"], |world, call| {
        let made = world.create_domain(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        domain(world, made)
    }),
    route("POST", "/v1/organizations/{}/domains/bulk", "createOrganizationDomainsBulk", ANYTHING, not_played),
    route("POST", "/v1/organizations/{}/domains/prepare_ownership_verification/bulk", "prepareOrganizationDomainsOwnershipVerification", ANYTHING, not_played),
    route("POST", "/v1/organizations/{}/domains/attempt_ownership_verification/bulk", "attemptOrganizationDomainsOwnershipVerification", ANYTHING, not_played),
    route("GET", "/v1/organizations/{}/domains/{}", "GetOrganizationDomain", NOTHING, one_domain),
    route("DELETE", "/v1/organizations/{}/domains/{}", "deleteOrganizationDomain", NOTHING, |world, call| {
        let id = world.delete_domain(&mut call.caller, &call.arguments[0], &call.arguments[1])?;
        deleted("organization_domain", &id)
    }),
    route("POST", "/v1/organizations/{}/domains/{}/update_enrollment_mode", "UpdateOrganizationDomainEnrollmentMode", &["enrollment_mode", "delete_pending"], |world, call| {
        let changed = world.update_enrollment_mode(&mut call.caller, &call.arguments[0], &call.arguments[1], &call.incoming.form)?;
        domain(world, changed)
    }),
    route("POST", "/v1/organizations/{}/domains/{}/prepare_affiliation_verification", "prepareOrganizationDomainVerification", &["affiliation_email_address"], |world, call| {
        let changed = world.prepare_affiliation(&mut call.caller, &call.arguments[0], &call.arguments[1], &call.incoming.form)?;
        domain(world, changed)
    }),
    route("POST", "/v1/organizations/{}/domains/{}/attempt_affiliation_verification", "attemptOrganizationDomainVerification", &["code"], |world, call| {
        let changed = world.attempt_affiliation(&mut call.caller, &call.arguments[0], &call.arguments[1], &call.incoming.form)?;
        domain(world, changed)
    }),
    route("POST", "/v1/organizations/{}/domains/{}/prepare_ownership_verification", "prepareOrganizationDomainOwnershipVerification", ANYTHING, not_played),
    route("POST", "/v1/organizations/{}/domains/{}/attempt_ownership_verification", "attemptOrganizationDomainOwnershipVerification", ANYTHING, not_played),
    route("POST", "/v1/waitlist", "joinWaitlist", &["email_address"], |world, call| {
        let entry = world.join_waitlist(&call.incoming.form)?;
        let mut json = json!({ "object": "waitlist_entry", "id": entry.id });
        if !world.config.strict_schema {
            json["created_at"] = json!(entry.created_at);
            json["updated_at"] = json!(entry.created_at);
        }
        Ok(Answer::Bare(json))
    }),
    // Switched off, as for an instance without the feature.
    route("GET", "/v1/organizations/{}/enterprise_connections", "listOrganizationEnterpriseConnections", ANYTHING, sso_off),
    route("POST", "/v1/organizations/{}/enterprise_connections", "createOrganizationEnterpriseConnection", ANYTHING, sso_off),
    route("PATCH", "/v1/organizations/{}/enterprise_connections/{}", "updateOrganizationEnterpriseConnection", ANYTHING, sso_off),
    route("DELETE", "/v1/organizations/{}/enterprise_connections/{}", "deleteOrganizationEnterpriseConnection", ANYTHING, sso_off),
    route("GET", "/v1/organizations/{}/enterprise_connections/{}/test_runs", "listOrganizationEnterpriseConnectionTestRuns", ANYTHING, sso_off),
    route("POST", "/v1/organizations/{}/enterprise_connections/{}/test_runs", "createOrganizationEnterpriseConnectionTestRun", ANYTHING, sso_off),
    route("GET", "/v1/me/enterprise_connections", "getMeEnterpriseConnections", ANYTHING, sso_off),
    route("POST", "/v1/me/enterprise_connections", "createMeEnterpriseConnection", ANYTHING, sso_off),
    route("PATCH", "/v1/me/enterprise_connections/{}", "updateMeEnterpriseConnection", ANYTHING, sso_off),
    route("DELETE", "/v1/me/enterprise_connections/{}", "deleteMeEnterpriseConnection", ANYTHING, sso_off),
    route("GET", "/v1/me/enterprise_connections/{}/test_runs", "listMeEnterpriseConnectionTestRuns", ANYTHING, sso_off),
    route("POST", "/v1/me/enterprise_connections/{}/test_runs", "createMeEnterpriseConnectionTestRun", ANYTHING, sso_off),
    route("GET", "/v1/enterprise_connections/{}/init_test_run", "initEnterpriseConnectionTestRun", ANYTHING, not_found),
    route("GET", "/v1/enterprise_connections/{}/test_runs/{}", "getEnterpriseConnectionTestRunResult", ANYTHING, not_found),
    route("POST", "/v1/saml/acs/{}", "acs", ANYTHING, |_, _| off(404, "saml_connection_active_not_found")),
    route("GET", "/v1/saml/metadata/{}", "samlMetadata", ANYTHING, |_, _| off(404, "saml_connection_active_not_found")),
    route("GET", "/oauth/authorize", "requestOAuthAuthorize", ANYTHING, identity_provider),
    route("POST", "/oauth/authorize", "requestOAuthAuthorizePOST", ANYTHING, identity_provider),
    route("POST", "/oauth/register", "registerOAuthClient", ANYTHING, |_, _| off(422, "dynamic_client_registration_disabled")),
    route("POST", "/oauth/token", "getOAuthToken", ANYTHING, identity_provider),
    route("GET", "/oauth/userinfo", "getOAuthUserInfo", ANYTHING, identity_provider),
    route("POST", "/oauth/userinfo", "getOAuthUserInfoPOST", ANYTHING, identity_provider),
    route("POST", "/oauth/token_info", "getOAuthTokenInfo", ANYTHING, identity_provider),
    route("POST", "/oauth/token/revoke", "revokeOAuthToken", ANYTHING, identity_provider),
    route("GET", "/v1/me/oauth/consent/{}", "getOAuthConsent", ANYTHING, not_found),
    route("POST", "/v1/me/oauth/consent/{}", "submitOAuthConsent", ANYTHING, not_found),
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
    route("PATCH", "/v1/organizations/{}/billing/checkouts/{}", "UpdateOrganizationBillingCheckout", ANYTHING, billing_off),
    route("PATCH", "/v1/organizations/{}/billing/checkouts/{}/confirm", "ConfirmOrganizationBillingCheckout", ANYTHING, billing_off),
    route("GET", "/v1/organizations/{}/billing/payment_methods", "GetOrganizationPaymentMethods", ANYTHING, billing_off),
    route("POST", "/v1/organizations/{}/billing/payment_methods", "CreateOrganizationPaymentMethod", ANYTHING, billing_off),
    route("POST", "/v1/organizations/{}/billing/payment_methods/initialize", "InitializeOrganizationPaymentMethod", ANYTHING, billing_off),
    route("DELETE", "/v1/organizations/{}/billing/payment_methods/{}", "DeleteOrganizationPaymentMethod", ANYTHING, billing_off),
    route("GET", "/v1/organizations/{}/billing/statements", "GetOrganizationStatements", ANYTHING, billing_off),
    route("GET", "/v1/organizations/{}/billing/statements/{}", "GetOrganizationStatement", ANYTHING, billing_off),
    route("PUT", "/v1/organizations/{}/billing/payers/default_payment_method", "SetOrganizationDefaultPaymentMethod", ANYTHING, billing_off),
    route("GET", "/v1/organizations/{}/billing/subscription", "GetOrganizationBillingSubscription", ANYTHING, billing_off),
    route("GET", "/v1/organizations/{}/billing/subscription_items", "GetOrganizationBillingSubscriptionItems", ANYTHING, billing_off),
    route("DELETE", "/v1/organizations/{}/billing/subscription_items/{}", "DeleteOrganizationBillingSubscriptionItem", ANYTHING, billing_off),
];

/// The operations: method, path with `{}`, name.
pub(crate) fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ROUTES.iter().map(|route| (route.method, route.path, route.operation))
}

/// The form fields that an operation accepts; none for one that is switched off whatever it is sent.
pub(crate) fn fields(operation: &str) -> &'static [&'static str] {
    let route = ROUTES.iter().find(|route| route.operation == operation);
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
