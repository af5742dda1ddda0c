//! The domains of an organization.

use super::route::{ANYTHING, Call, NOTHING, Route, RouteResponse, deleted, not_played, paged, route};
use crate::{
    error::{Refusal, Result},
    json as resources,
    state::{Domain, Organization, World},
};

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/v1/organizations/{}/domains", "ListOrganizationDomains", NOTHING, all_domains),
    route(
        "POST",
        "/v1/organizations/{}/domains",
        "CreateOrganizationDomain",
        &["name", "enrollment_mode"],
        |world, call| {
            let made = world.create_domain(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
            domain(world, made)
        },
    ),
    route("POST", "/v1/organizations/{}/domains/bulk", "createOrganizationDomainsBulk", ANYTHING, not_played),
    route(
        "POST",
        "/v1/organizations/{}/domains/prepare_ownership_verification/bulk",
        "prepareOrganizationDomainsOwnershipVerification",
        ANYTHING,
        not_played,
    ),
    route(
        "POST",
        "/v1/organizations/{}/domains/attempt_ownership_verification/bulk",
        "attemptOrganizationDomainsOwnershipVerification",
        ANYTHING,
        not_played,
    ),
    route("GET", "/v1/organizations/{}/domains/{}", "GetOrganizationDomain", NOTHING, one_domain),
    route("DELETE", "/v1/organizations/{}/domains/{}", "deleteOrganizationDomain", NOTHING, |world, call| {
        let id = world.delete_domain(&mut call.caller, &call.arguments[0], &call.arguments[1])?;
        deleted("organization_domain", &id)
    }),
    route(
        "POST",
        "/v1/organizations/{}/domains/{}/update_enrollment_mode",
        "UpdateOrganizationDomainEnrollmentMode",
        &["enrollment_mode", "delete_pending"],
        |world, call| {
            let changed = world.update_enrollment_mode(
                &mut call.caller,
                &call.arguments[0],
                &call.arguments[1],
                &call.incoming.form,
            )?;
            domain(world, changed)
        },
    ),
    route(
        "POST",
        "/v1/organizations/{}/domains/{}/prepare_affiliation_verification",
        "prepareOrganizationDomainVerification",
        &["affiliation_email_address"],
        |world, call| {
            let changed = world.prepare_affiliation(
                &mut call.caller,
                &call.arguments[0],
                &call.arguments[1],
                &call.incoming.form,
            )?;
            domain(world, changed)
        },
    ),
    route(
        "POST",
        "/v1/organizations/{}/domains/{}/attempt_affiliation_verification",
        "attemptOrganizationDomainVerification",
        &["code"],
        |world, call| {
            let changed = world.attempt_affiliation(
                &mut call.caller,
                &call.arguments[0],
                &call.arguments[1],
                &call.incoming.form,
            )?;
            domain(world, changed)
        },
    ),
    route(
        "POST",
        "/v1/organizations/{}/domains/{}/prepare_ownership_verification",
        "prepareOrganizationDomainOwnershipVerification",
        ANYTHING,
        not_played,
    ),
    route(
        "POST",
        "/v1/organizations/{}/domains/{}/attempt_ownership_verification",
        "attemptOrganizationDomainOwnershipVerification",
        ANYTHING,
        not_played,
    ),
];

fn domain(world: &World, (of, one): (Organization, Domain)) -> Result<RouteResponse> {
    Ok(RouteResponse::Resource(resources::domain(world, &of, &one)))
}

fn one_domain(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    let (_, of) = world.domains_of(&mut call.caller, &call.arguments[0], false)?;
    let one = of.domains.iter().find(|one| one.id == call.arguments[1]).cloned();
    domain(world, (of, one.ok_or_else(|| Refusal::new(404, "resource_not_found"))?))
}

fn all_domains(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    let (_, of) = world.domains_of(&mut call.caller, &call.arguments[0], false)?;
    let mode = call.query().given("enrollment_mode");
    let verified = call.query().flag("verified")?;
    let fits = |one: &&Domain| {
        mode.is_none_or(|mode| one.enrollment_mode == mode) && verified.is_none_or(|wanted| one.is_verified() == wanted)
    };
    let all = of.domains.iter().filter(fits).map(|one| resources::domain(world, &of, one)).collect();
    paged(call, all, true)
}
