//! API keys.

use serde_json::{Value, json};

use crate::state::ApiKey;

/// Returns an API key, without its secret.
pub(crate) fn api_key(key: &ApiKey, now: i64) -> Value {
    json!({
        "object": "api_key", "id": key.id, "type": "api_key", "subject": key.subject, "name": key.name,
        "description": key.description, "claims": null, "scopes": [], "revoked": key.revoked,
        "revocation_reason": key.revocation_reason, "expired": key.has_expired(now), "expiration": key.expire_at,
        "created_by": key.created_by, "last_used_at": null, "created_at": key.created_at, "updated_at": key.updated_at,
    })
}
