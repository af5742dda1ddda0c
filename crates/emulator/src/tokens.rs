//! The two JWTs: session tokens and client tokens, and the key set that verifies them.

use std::sync::LazyLock;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    error::{Refusal, Result},
    state::{Session, User, World},
};

/// The built-in key pair. It is public: everybody has it. That is fine on loopback and nowhere else.
const SIGNING_KEY: &[u8] = include_bytes!("../keys/signing.pem");
/// Id of the instance, and of its key.
const INSTANCE_ID: &str = "ins_emulator00000000000000000001";

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

fn keys() -> Result<&'static Keys> {
    KEYS.as_ref().ok_or_else(|| Refusal::new(500, "internal_clerk_error"))
}

#[derive(Debug, Serialize, Deserialize)]
struct ClientClaims {
    id: String,
    rotating_token: String,
}

/// What a presented client token says.
pub(crate) enum Presented {
    /// The id of a client.
    Client(String),
    /// It is no token of this instance.
    Garbage,
}

/// The client token for a client.
pub(crate) fn client_token(id: &str, rotating_token: &str) -> Result<String> {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(INSTANCE_ID.to_owned());
    let claims = ClientClaims { id: id.to_owned(), rotating_token: rotating_token.to_owned() };
    jsonwebtoken::encode(&header, &claims, &keys()?.encoding).map_err(|_| Refusal::new(500, "internal_clerk_error"))
}

/// Reads a client token.
pub(crate) fn read_client_token(token: &str) -> Result<Presented> {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    Ok(match jsonwebtoken::decode::<ClientClaims>(token, &keys()?.decoding, &validation) {
        Ok(data) => Presented::Client(data.claims.id),
        Err(_) => Presented::Garbage,
    })
}

/// The session token of version 2 for a session and one of the user's organizations.
pub(crate) fn session_token(
    world: &mut World,
    session: &Session,
    user: &User,
    organization: Option<&str>,
) -> Result<String> {
    let now = world.clock.now_s();
    let membership =
        user.memberships.iter().find(|membership| Some(membership.organization_id.as_str()) == organization);
    let mut claims = json!({
        "iss": world.base_url,
        "sub": user.id,
        "sid": session.id,
        "v": 2,
        "iat": now,
        "nbf": now - 10,
        "exp": now + world.config.session_token_s,
        "jti": world.ids.nonce(),
        "fva": [(world.now_ms() - session.created_at) / 60_000, -1],
        "sts": "active",
    });
    if let Some(membership) = membership {
        claims["o"] = json!({ "id": membership.organization_id, "slg": membership.organization_slug, "rol": "admin" });
    }
    sign(&claims, now)
}

fn sign(claims: &Value, issued_at: i64) -> Result<String> {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(INSTANCE_ID.to_owned());
    header.extras.insert("oiat", issued_at);
    jsonwebtoken::encode(&header, claims, &keys()?.encoding).map_err(|_| Refusal::new(500, "internal_clerk_error"))
}

/// The key set that verifies session tokens.
pub(crate) fn jwks() -> Result<Value> {
    Ok(json!({ "keys": [keys()?.jwk] }))
}
