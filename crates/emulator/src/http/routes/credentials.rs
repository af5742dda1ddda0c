//! Authenticator apps, backup codes, passkeys and trusted devices of a user.

use serde_json::{Value, json};

use super::route::{ANYTHING, NOTHING, Route, RouteResponse, deleted, feature_off, route};
use crate::{json as resources, state::Totp};

const ATTEMPT_PASSKEY: &[&str] = &["strategy", "public_key_credential"];

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/v1/me/totp", "postTOTP", NOTHING, |world, call| {
        let (totp, uri) = world.create_totp(&mut call.caller)?;
        Ok(RouteResponse::Resource(totp_json(&totp, Some(&uri), None)))
    }),
    route("POST", "/v1/me/totp/attempt_verification", "verifyTOTP", &["code"], |world, call| {
        let (totp, codes) = world.verify_totp(&mut call.caller, &call.incoming.form)?;
        Ok(RouteResponse::Resource(totp_json(&totp, None, codes)))
    }),
    route("DELETE", "/v1/me/totp", "deleteTOTP", NOTHING, |world, call| {
        let id = world.delete_totp(&mut call.caller)?;
        deleted("totp", &id)
    }),
    route("POST", "/v1/me/backup_codes", "createBackupCodes", NOTHING, |world, call| {
        let codes = world.create_backup_codes(&mut call.caller)?;
        let (id, now) = (world.ids.id("backup_code"), world.now_ms());
        Ok(RouteResponse::Resource(
            json!({ "object": "backup_code", "id": id, "codes": codes, "created_at": now, "updated_at": now }),
        ))
    }),
    route("POST", "/v1/me/passkeys", "postPasskey", NOTHING, |world, call| {
        let key = world.create_passkey(&mut call.caller)?;
        Ok(RouteResponse::Resource(resources::passkey(world, &key)))
    }),
    route("GET", "/v1/me/passkeys/{}", "readPasskey", NOTHING, |world, call| {
        let key = world.rename_passkey(&mut call.caller, &call.arguments[0], None)?;
        Ok(RouteResponse::Resource(resources::passkey(world, &key)))
    }),
    route("PATCH", "/v1/me/passkeys/{}", "patchPasskey", &["name"], |world, call| {
        let key = world.rename_passkey(&mut call.caller, &call.arguments[0], call.incoming.form.given("name"))?;
        Ok(RouteResponse::Resource(resources::passkey(world, &key)))
    }),
    route("DELETE", "/v1/me/passkeys/{}", "deletePasskey", NOTHING, |world, call| {
        let id = world.delete_passkey(&mut call.caller, &call.arguments[0])?;
        deleted("passkey", &id)
    }),
    route(
        "POST",
        "/v1/me/passkeys/{}/attempt_verification",
        "attemptPasskeyVerification",
        ATTEMPT_PASSKEY,
        |world, call| {
            let key = world.register_passkey(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
            Ok(RouteResponse::Resource(resources::passkey(world, &key)))
        },
    ),
    route("GET", "/v1/me/trusted_devices", "listTrustedDevices", NOTHING, |world, call| {
        world.current(&mut call.caller)?;
        Ok(RouteResponse::Resource(json!([])))
    }),
    route("POST", "/v1/me/trusted_devices/prepare", "prepareTrustedDevice", ANYTHING, feature_off),
    route("POST", "/v1/me/trusted_devices/attempt", "attemptTrustedDevice", ANYTHING, feature_off),
    route("DELETE", "/v1/me/trusted_devices/{}", "revokeTrustedDevice", ANYTHING, feature_off),
];

fn totp_json(totp: &Totp, uri: Option<&str>, codes: Option<Vec<String>>) -> Value {
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
