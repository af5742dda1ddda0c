//! JWTs: session tokens, tokens from templates, client tokens, tokens of links, and their key set.

use std::sync::LazyLock;

use base64::Engine;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    config::JwtTemplate,
    error::{Refusal, Result},
    images::user_image,
    state::{Kind, Session, User, World},
};

/// The built-in key pair. It is public, which is acceptable on loopback only.
const SIGNING_KEY: &[u8] = include_bytes!("../keys/signing.pem");
/// ID of the instance and of its key.
pub(crate) const INSTANCE_ID: &str = "ins_emulator00000000000000000001";
/// Claims that applications can't set.
const RESERVED: &[&str] =
    &["iss", "sub", "sid", "v", "iat", "nbf", "exp", "jti", "azp", "fva", "sts", "o", "fea", "pla", "act"];

/// Returns the publishable key: `pk_test_` and the base64 of the host and a dollar sign.
pub(crate) fn publishable_key(base_url: &str) -> String {
    let host = base_url.trim_start_matches("http://");
    format!("pk_test_{}", base64::engine::general_purpose::STANDARD_NO_PAD.encode(format!("{host}$")))
}

struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    jwk: Value,
}

static KEYS: LazyLock<Option<Keys>> = LazyLock::new(|| {
    let encoding = EncodingKey::from_rsa_pem(SIGNING_KEY).ok()?;
    let jwk = Jwk::from_encoding_key(&encoding, Algorithm::RS256).ok()?;
    let decoding = DecodingKey::from_jwk(&jwk).ok()?;
    let mut jwk = serde_json::to_value(&jwk).ok()?;
    jwk["kid"] = json!(INSTANCE_ID);
    jwk["use"] = json!("sig");
    jwk["alg"] = json!("RS256");
    Some(Keys { encoding, decoding, jwk })
});

fn broken() -> Refusal {
    Refusal::new(500, "internal_clerk_error")
}

fn keys() -> Result<&'static Keys> {
    KEYS.as_ref().ok_or_else(broken)
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ClientClaims {
    id: String,
    rotating_token: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct LinkClaims {
    kind: String,
    id: String,
    iat: i64,
}

/// The content of a presented client token.
pub(crate) enum PresentedToken {
    /// A client, and the rotating part of its token.
    Client { id: String, rotating_token: String },
    /// Not a token of this instance.
    Invalid,
}

/// Creates the token of a client.
pub(crate) fn client_token(id: &str, rotating_token: &str) -> Result<String> {
    let claims = ClientClaims { id: id.to_owned(), rotating_token: rotating_token.to_owned() };
    sign(header(), &claims)
}

/// Reads a client token.
pub(crate) fn read_client_token(token: &str) -> Result<PresentedToken> {
    Ok(match read::<ClientClaims>(token)? {
        Some(claims) => PresentedToken::Client { id: claims.id, rotating_token: claims.rotating_token },
        None => PresentedToken::Invalid,
    })
}

/// The claims of a session token that identify a session.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SessionClaims {
    pub(crate) sub: String,
    pub(crate) sid: String,
    pub(crate) exp: i64,
}

/// Reads a session token of any age.
pub(crate) fn read_session_token(token: &str) -> Result<Option<SessionClaims>> {
    read(token)
}

/// Creates the token of a link or ticket.
pub(crate) fn link_token(world: &World, id: &str) -> Result<String> {
    sign(header(), &LinkClaims { kind: "link".to_owned(), id: id.to_owned(), iat: world.clock.now_s() })
}

/// Returns the ID in the token of a link or ticket.
pub(crate) fn read_link_token(token: &str) -> Result<String> {
    let claims = read::<LinkClaims>(token)?.ok_or_else(|| Refusal::new(400, "verification_link_token_invalid"))?;
    Ok(claims.id)
}

fn read<T>(token: &str) -> Result<Option<T>>
where
    T: serde::de::DeserializeOwned + Clone,
{
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    Ok(jsonwebtoken::decode::<T>(token, &keys()?.decoding, &validation).ok().map(|data| data.claims))
}

fn header() -> Header {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(INSTANCE_ID.to_owned());
    header
}

fn sign(header: Header, claims: &impl Serialize) -> Result<String> {
    jsonwebtoken::encode(&header, claims, &keys()?.encoding).map_err(|_| broken())
}

/// Creates a session token (version 2) for a session and one of the user's organizations.
pub(crate) fn session_token(
    world: &mut World,
    session: &Session,
    user: &User,
    organization: Option<&str>,
    azp: Option<&str>,
) -> Result<String> {
    let now = world.clock.now_s();
    let status = if world.tasks(session).is_empty() { "active" } else { "pending" };
    let jti = world.ids.hex(20);
    let mut claims = json!({
        "iss": world.base_url,
        "sub": user.id,
        "sid": session.id,
        "v": 2,
        "iat": now,
        "nbf": now - 10,
        "exp": now + world.config.lifetimes.session_token_s,
        "jti": jti,
        "fva": world.factor_ages(session),
        "sts": status,
    });
    if let Some(azp) = azp {
        claims["azp"] = json!(azp);
    }
    if let Some(actor) = &session.actor {
        claims["act"] = actor.clone();
    }
    if let Some((o, features)) = organization.and_then(|id| organization_claims(world, user, id)) {
        claims["o"] = o;
        if !features.is_empty() {
            claims["fea"] = json!(features);
        }
    }
    let custom = world.config.session_claims.clone();
    for (key, value) in custom.iter().filter(|(key, _)| !RESERVED.contains(&key.as_str())) {
        claims[key] = filled(world, session, user, value);
    }
    let mut header = header();
    header.extras.insert("oiat", now);
    header.extras.insert("cat", "cl_B7d4PD111AAA");
    sign(header, &claims)
}

/// Returns the `o` claim, and the features that its bitmaps refer to.
fn organization_claims(world: &World, user: &User, id: &str) -> Option<(Value, String)> {
    let organization = world.organizations.get(id)?;
    let member = organization.member(&user.id)?;
    let mut claim = json!({
        "id": organization.id, "slg": organization.slug, "rol": member.role.trim_start_matches("org:"),
    });
    let held = world.permissions_of(&member.role);
    let all = world.config.organizations.roles.iter().flat_map(|role| role.permissions.iter());
    let mut features: Vec<String> = all.filter_map(|one| custom_permission(one)).map(|(feature, _)| feature).collect();
    features.sort();
    features.dedup();
    let mut actions: Vec<String> = Vec::new();
    let mut bitmaps = Vec::new();
    for feature in &features {
        let mut bits = 0_u64;
        for (_, action) in held.iter().filter_map(|one| custom_permission(one)).filter(|(one, _)| one == feature) {
            let place = actions.iter().position(|one| *one == action).unwrap_or_else(|| {
                actions.push(action);
                actions.len() - 1
            });
            bits |= 1 << place;
        }
        bitmaps.push(bits.to_string());
    }
    if !actions.is_empty() {
        claim["per"] = json!(actions.join(","));
        claim["fpm"] = json!(bitmaps.join(","));
    }
    let features: Vec<String> = features.iter().map(|feature| format!("o:{feature}")).collect();
    Some((claim, features.join(",")))
}

/// Returns feature and action of a custom permission, `org:<feature>:<action>`.
fn custom_permission(permission: &str) -> Option<(String, String)> {
    let (feature, action) = permission.strip_prefix("org:")?.split_once(':')?;
    (!feature.starts_with("sys_")).then(|| (feature.to_owned(), action.to_owned()))
}

/// Creates a token from a template, with standard and custom claims.
pub(crate) fn template_token(
    world: &mut World,
    session: &Session,
    user: &User,
    template: &JwtTemplate,
) -> Result<String> {
    let now = world.clock.now_s();
    let mut claims = Map::new();
    for (key, value) in &template.claims {
        claims.insert(key.clone(), filled(world, session, user, value));
    }
    let standard = json!({
        "iss": world.base_url, "sub": user.id, "iat": now, "nbf": now - 5, "exp": now + template.lifetime_s,
        "jti": world.ids.hex(20),
    });
    claims.extend(standard.as_object().cloned().unwrap_or_default());
    sign(header(), &claims)
}

/// Replaces the shortcodes in a claim.
fn filled(world: &World, session: &Session, user: &User, value: &Value) -> Value {
    match value {
        Value::String(text) => filled_text(world, session, user, text),
        Value::Array(items) => items.iter().map(|item| filled(world, session, user, item)).collect(),
        Value::Object(object) => {
            let entries = object.iter().map(|(key, value)| (key.clone(), filled(world, session, user, value)));
            Value::Object(entries.collect())
        }
        other => other.clone(),
    }
}

fn filled_text(world: &World, session: &Session, user: &User, text: &str) -> Value {
    // A value that consists of one shortcode keeps its type.
    if let Some(code) = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"))
        && !code.contains("{{")
    {
        return shortcode(world, session, user, code);
    }
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((code, tail)) = after.split_once("}}") else { break };
        result.push_str(before);
        match shortcode(world, session, user, code) {
            Value::String(text) => result.push_str(&text),
            other => result.push_str(&other.to_string()),
        }
        rest = tail;
    }
    result.push_str(rest);
    Value::String(result)
}

/// Returns the first alternative of a shortcode that has a value.
fn shortcode(world: &World, session: &Session, user: &User, code: &str) -> Value {
    let alternatives = code.split("||").map(str::trim);
    let values = alternatives.map(|one| match one.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(literal) => json!(literal),
        None => lookup(world, session, user, one),
    });
    values.into_iter().find(|value| !value.is_null()).unwrap_or(Value::Null)
}

fn lookup(world: &World, session: &Session, user: &User, path: &str) -> Value {
    if let Some(path) = path.strip_prefix("user.") {
        let full_name = Some(user.full_name()).filter(|name| !name.is_empty());
        return match path {
            "id" => json!(user.id),
            "first_name" => json!(user.first_name),
            "last_name" => json!(user.last_name),
            "full_name" => json!(full_name),
            "username" => json!(user.username),
            "primary_email_address" => json!(user.primary_address()),
            "primary_phone_number" => json!(user.primary_value(Kind::Phone)),
            "image_url" => json!(user_image(world, user)),
            "two_factor_enabled" => json!(user.has_second_factor()),
            "created_at" => json!(user.created_at),
            "updated_at" => json!(user.updated_at),
            path => metadata(path, &user.public_metadata, &user.unsafe_metadata),
        };
    }
    if let Some(path) = path.strip_prefix("org.") {
        let organization = session.organization_id.as_ref().and_then(|id| world.organizations.get(id));
        let Some(organization) = organization else { return Value::Null };
        return match path {
            "id" => json!(organization.id),
            "name" => json!(organization.name),
            "slug" => json!(organization.slug),
            "role" => json!(organization.member(&user.id).map(|member| &member.role)),
            path => metadata(path, &organization.public_metadata, &Map::new()),
        };
    }
    match path {
        "session.actor" => session.actor.clone().unwrap_or_default(),
        _ => Value::Null,
    }
}

fn metadata(path: &str, public: &Map<String, Value>, unsafe_: &Map<String, Value>) -> Value {
    let mut keys = path.split('.');
    let root = match keys.next() {
        Some("public_metadata") => public,
        Some("unsafe_metadata") => unsafe_,
        _ => return Value::Null,
    };
    let mut value = Value::Object(root.clone());
    for key in keys {
        value = value.get(key).cloned().unwrap_or_default();
    }
    value
}

/// Returns the key set that verifies session tokens.
pub(crate) fn jwks() -> Result<Value> {
    Ok(json!({ "keys": [keys()?.jwk] }))
}
