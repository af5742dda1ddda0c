//! The e-mail addresses, phone numbers and wallets of a user.

use serde_json::json;

use super::route::{Call, NOTHING, Route, RouteResponse, deleted, route};
use crate::{
    error::Result,
    json as resources,
    state::{Identification, Kind, World},
};

const PREPARE_EMAIL: &[&str] = &["strategy", "redirect_url", "action_complete_redirect_url"];
const PREPARE_PHONE: &[&str] = &["strategy", "proof_token", "channel"];
const PREPARE_WALLET: &[&str] = &["strategy", "redirect_url"];
const CODE: &[&str] = &["code"];
/// clerk-js also sends the strategy.
const ATTEMPT_WALLET: &[&str] = &["signature", "strategy"];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/v1/me/email_addresses", "getEmailAddresses", NOTHING, |world, call| list(world, call, Kind::Email)),
    route("POST", "/v1/me/email_addresses", "createEmailAddresses", &["email_address"], |world, call| {
        add(world, call, Kind::Email)
    }),
    route("GET", "/v1/me/email_addresses/{}", "getEmailAddress", NOTHING, |world, call| read(world, call, Kind::Email)),
    route("DELETE", "/v1/me/email_addresses/{}", "DeleteEmailAddress", NOTHING, |world, call| {
        delete(world, call, Kind::Email)
    }),
    route(
        "POST",
        "/v1/me/email_addresses/{}/prepare_verification",
        "sendVerificationEmail",
        PREPARE_EMAIL,
        |world, call| prepare(world, call, Kind::Email),
    ),
    route("POST", "/v1/me/email_addresses/{}/attempt_verification", "verifyEmailAddress", CODE, |world, call| {
        attempt(world, call, Kind::Email)
    }),
    route("GET", "/v1/me/phone_numbers", "getPhoneNumbers", NOTHING, |world, call| list(world, call, Kind::Phone)),
    route(
        "POST",
        "/v1/me/phone_numbers",
        "postPhoneNumbers",
        &["phone_number", "reserved_for_second_factor"],
        |world, call| add(world, call, Kind::Phone),
    ),
    route("GET", "/v1/me/phone_numbers/{}", "ReadPhoneNumber", NOTHING, |world, call| read(world, call, Kind::Phone)),
    route(
        "PATCH",
        "/v1/me/phone_numbers/{}",
        "UpdatePhoneNumber",
        &["reserved_for_second_factor", "default_second_factor"],
        |world, call| {
            let (phone, codes) = world.update_phone(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
            let mut json = resources::identification(world, &phone);
            json["backup_codes"] = json!(codes);
            Ok(RouteResponse::Resource(json))
        },
    ),
    route("DELETE", "/v1/me/phone_numbers/{}", "DeletePhoneNumber", NOTHING, |world, call| {
        delete(world, call, Kind::Phone)
    }),
    route(
        "POST",
        "/v1/me/phone_numbers/{}/prepare_verification",
        "sendVerificationSMS",
        PREPARE_PHONE,
        |world, call| prepare(world, call, Kind::Phone),
    ),
    route("POST", "/v1/me/phone_numbers/{}/attempt_verification", "verifyPhoneNumber", CODE, |world, call| {
        attempt(world, call, Kind::Phone)
    }),
    route("GET", "/v1/me/web3_wallets", "getWeb3Wallets", NOTHING, |world, call| list(world, call, Kind::Wallet)),
    route("POST", "/v1/me/web3_wallets", "postWeb3Wallets", &["web3_wallet"], |world, call| {
        add(world, call, Kind::Wallet)
    }),
    route("GET", "/v1/me/web3_wallets/{}", "readWeb3Wallet", NOTHING, |world, call| read(world, call, Kind::Wallet)),
    route("DELETE", "/v1/me/web3_wallets/{}", "deleteWeb3Wallet", NOTHING, |world, call| {
        delete(world, call, Kind::Wallet)
    }),
    route(
        "POST",
        "/v1/me/web3_wallets/{}/prepare_verification",
        "prepareWeb3WalletVerification",
        PREPARE_WALLET,
        |world, call| prepare(world, call, Kind::Wallet),
    ),
    route(
        "POST",
        "/v1/me/web3_wallets/{}/attempt_verification",
        "attemptWeb3WalletVerification",
        ATTEMPT_WALLET,
        |world, call| attempt(world, call, Kind::Wallet),
    ),
];

fn list(world: &mut World, call: &mut Call<'_>, kind: Kind) -> Result<RouteResponse> {
    let (_, user) = world.current(&mut call.caller)?;
    Ok(RouteResponse::Bare(user.of_kind(kind).map(|one| resources::identification(world, one)).collect()))
}

fn resource(world: &World, one: &Identification) -> Result<RouteResponse> {
    Ok(RouteResponse::Resource(resources::identification(world, one)))
}

fn add(world: &mut World, call: &mut Call<'_>, kind: Kind) -> Result<RouteResponse> {
    let one = world.add_identification(&mut call.caller, kind, &call.incoming.form)?;
    resource(world, &one)
}

fn read(world: &mut World, call: &mut Call<'_>, kind: Kind) -> Result<RouteResponse> {
    let (_, one) = world.my_identification(&mut call.caller, kind, &call.arguments[0])?;
    resource(world, &one)
}

fn prepare(world: &mut World, call: &mut Call<'_>, kind: Kind) -> Result<RouteResponse> {
    let one = world.prepare_identification(&mut call.caller, kind, &call.arguments[0], &call.incoming.form)?;
    resource(world, &one)
}

fn attempt(world: &mut World, call: &mut Call<'_>, kind: Kind) -> Result<RouteResponse> {
    let one = world.attempt_identification(&mut call.caller, kind, &call.arguments[0], &call.incoming.form)?;
    resource(world, &one)
}

fn delete(world: &mut World, call: &mut Call<'_>, kind: Kind) -> Result<RouteResponse> {
    let id = world.delete_identification(&mut call.caller, kind, &call.arguments[0])?;
    deleted(kind.as_str(), &id)
}
