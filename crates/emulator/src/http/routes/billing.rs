//! Billing: plans, and the subscriptions of those who pay nothing. Nothing can be bought.

use serde_json::Value;

use super::route::{ANYTHING, Call, NOTHING, Route, RouteResponse, not_played, off, page, paged, route};
use crate::{
    config::Payer,
    error::{Refusal, Result},
    json::{self as resources, Subscriber},
    state::World,
};

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/v1/billing/plans", "GetBillingPlanList", NOTHING, plans),
    route("GET", "/v1/billing/plans/{}", "GetBillingPlan", NOTHING, |world, call| {
        require_billing(world)?;
        let found = world.config.billing.plans.iter().find(|plan| {
            let name = &call.arguments[0];
            world.config.billing.is_for(plan.payer) && (plan.slug == *name || resources::plan_id(plan) == *name)
        });
        let plan = found.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        Ok(RouteResponse::Bare(resources::plan(&world.config, plan)))
    }),
    route("GET", "/v1/me/billing/subscription", "GetUserMainBillingSubscription", NOTHING, |world, call| {
        let user = user(world, call)?;
        Ok(RouteResponse::Resource(resources::subscription(&world.config, &user)))
    }),
    route("GET", "/v1/me/billing/subscription_items", "GetUserBillingSubscriptionItems", NOTHING, |world, call| {
        let user = user(world, call)?;
        paged(call, resources::subscription_items(&world.config, &user), true)
    }),
    route("DELETE", "/v1/me/billing/subscription_items/{}", "DeleteUserBillingSubscriptionItem", ANYTHING, buy),
    route("GET", "/v1/me/billing/payment_methods", "GetUserPaymentMethods", NOTHING, none_of_user),
    route("POST", "/v1/me/billing/payment_methods", "CreateUserPaymentMethod", ANYTHING, buy),
    route("POST", "/v1/me/billing/payment_methods/initialize", "InitializeUserPaymentMethod", ANYTHING, buy),
    route("DELETE", "/v1/me/billing/payment_methods/{}", "DeleteUserPaymentMethod", ANYTHING, buy),
    route("POST", "/v1/me/billing/checkouts", "CreateUserBillingCheckout", ANYTHING, buy),
    route("GET", "/v1/me/billing/checkouts/{}", "GetUserBillingCheckout", NOTHING, unknown),
    route("PATCH", "/v1/me/billing/checkouts/{}", "UpdateUserBillingCheckout", ANYTHING, buy),
    route("PATCH", "/v1/me/billing/checkouts/{}/confirm", "ConfirmUserBillingCheckout", ANYTHING, buy),
    route("GET", "/v1/me/billing/payment_attempts", "GetUserPaymentAttempts", NOTHING, none_of_user),
    route("GET", "/v1/me/billing/payment_attempts/{}", "GetUserPaymentAttempt", NOTHING, unknown),
    route("PUT", "/v1/me/billing/payers/default_payment_method", "SetUserDefaultPaymentMethod", ANYTHING, buy),
    route("GET", "/v1/me/billing/statements", "GetUserStatements", NOTHING, none_of_user),
    route("GET", "/v1/me/billing/statements/{}", "GetUserStatement", NOTHING, unknown),
    route("POST", "/v1/organizations/{}/billing/checkouts", "CreateOrganizationBillingCheckout", ANYTHING, buy),
    route("GET", "/v1/organizations/{}/billing/checkouts/{}", "GetOrganizationBillingCheckout", NOTHING, unknown),
    route("PATCH", "/v1/organizations/{}/billing/checkouts/{}", "UpdateOrganizationBillingCheckout", ANYTHING, buy),
    route(
        "PATCH",
        "/v1/organizations/{}/billing/checkouts/{}/confirm",
        "ConfirmOrganizationBillingCheckout",
        ANYTHING,
        buy,
    ),
    route(
        "GET",
        "/v1/organizations/{}/billing/payment_methods",
        "GetOrganizationPaymentMethods",
        NOTHING,
        none_of_organization,
    ),
    route("POST", "/v1/organizations/{}/billing/payment_methods", "CreateOrganizationPaymentMethod", ANYTHING, buy),
    route(
        "POST",
        "/v1/organizations/{}/billing/payment_methods/initialize",
        "InitializeOrganizationPaymentMethod",
        ANYTHING,
        buy,
    ),
    route(
        "DELETE",
        "/v1/organizations/{}/billing/payment_methods/{}",
        "DeleteOrganizationPaymentMethod",
        ANYTHING,
        buy,
    ),
    route("GET", "/v1/organizations/{}/billing/statements", "GetOrganizationStatements", NOTHING, none_of_organization),
    route("GET", "/v1/organizations/{}/billing/statements/{}", "GetOrganizationStatement", NOTHING, unknown),
    route(
        "PUT",
        "/v1/organizations/{}/billing/payers/default_payment_method",
        "SetOrganizationDefaultPaymentMethod",
        ANYTHING,
        buy,
    ),
    route(
        "GET",
        "/v1/organizations/{}/billing/subscription",
        "GetOrganizationBillingSubscription",
        NOTHING,
        |world, call| {
            let organization = organization(world, call)?;
            Ok(RouteResponse::Resource(resources::subscription(&world.config, &organization)))
        },
    ),
    route(
        "GET",
        "/v1/organizations/{}/billing/subscription_items",
        "GetOrganizationBillingSubscriptionItems",
        NOTHING,
        |world, call| {
            let organization = organization(world, call)?;
            paged(call, resources::subscription_items(&world.config, &organization), true)
        },
    ),
    route(
        "DELETE",
        "/v1/organizations/{}/billing/subscription_items/{}",
        "DeleteOrganizationBillingSubscriptionItem",
        ANYTHING,
        buy,
    ),
];

fn billing_off() -> Refusal {
    Refusal::new(403, "billing_not_enabled")
}

fn require_billing(world: &World) -> Result<()> {
    if world.config.billing.is_on() { Ok(()) } else { Err(billing_off()) }
}

fn require_billing_for(world: &World, payer: Payer) -> Result<()> {
    if world.config.billing.is_for(payer) { Ok(()) } else { Err(billing_off()) }
}

/// `GET /v1/billing/plans`, also for those who are signed out.
fn plans(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    require_billing(world)?;
    let payer = match call.query().given("payer_type") {
        None => None,
        Some("user") => Some(Payer::User),
        Some("org") => Some(Payer::Organization),
        Some(_) => return Err(Refusal::new(422, "form_param_value_invalid").param("payer_type")),
    };
    let config = &world.config;
    let plans = config.billing.plans.iter().filter(|plan| config.billing.is_for(plan.payer));
    let plans = plans.filter(|plan| payer.is_none_or(|payer| plan.payer == payer));
    let all: Vec<Value> = plans.map(|plan| resources::plan(config, plan)).collect();
    Ok(RouteResponse::Bare(page(call, &all)?))
}

/// Returns the current user as a subscriber.
fn user(world: &mut World, call: &mut Call<'_>) -> Result<Subscriber> {
    require_billing_for(world, Payer::User)?;
    let (_, user) = world.current(&mut call.caller)?;
    Ok(Subscriber { payer: Payer::User, id: user.id, created_at: user.created_at })
}

/// Returns the organization of the path, whose billing the user may see, as a subscriber.
fn organization(world: &mut World, call: &mut Call<'_>) -> Result<Subscriber> {
    require_billing_for(world, Payer::Organization)?;
    let (_, _, one) = world.organization_for(&mut call.caller, &call.arguments[0], Some("org:sys_billing:read"))?;
    Ok(Subscriber { payer: Payer::Organization, id: one.id, created_at: one.created_at })
}

/// Returns an empty list: there are no payments.
fn none_of_user(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    user(world, call)?;
    paged(call, Vec::new(), true)
}

fn none_of_organization(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    organization(world, call)?;
    paged(call, Vec::new(), true)
}

fn unknown(world: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    require_billing(world)?;
    off(404, "resource_not_found")
}

fn buy(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    require_billing(world)?;
    not_played(world, call)
}
