//! Domains of organizations, and enrollment by domain.

use crate::{
    error::{Refusal, Result},
    ops::{client::Caller, params::Params, verification::Outgoing},
    state::{Channel, Domain, Kind, Organization, RequestStatus, Suggestion, Unverifiable, User, Verification, World},
};

/// Maximum number of domains per organization.
const QUOTA: usize = 10;
const READ: &str = "org:sys_domains:read";
const MANAGE: &str = "org:sys_domains:manage";

impl World {
    pub(crate) fn domains_of(&mut self, caller: &mut Caller, id: &str, write: bool) -> Result<(User, Organization)> {
        let (_, user, organization) = self.organization_for(caller, id, Some(if write { MANAGE } else { READ }))?;
        if !self.config.organizations.domains {
            return Err(Refusal::new(403, "organization_domains_not_enabled"));
        }
        Ok((user, organization))
    }

    /// `POST …/domains`.
    pub(crate) fn create_domain(
        &mut self,
        caller: &mut Caller,
        id: &str,
        params: &Params,
    ) -> Result<(Organization, Domain)> {
        let (user, mut organization) = self.domains_of(caller, id, true)?;
        let name = params.required("name")?.trim().to_lowercase();
        let refuse = |code: &str| Err(Refusal::new(422, code).param("name"));
        if !is_domain(&name) {
            return refuse("form_param_format_invalid");
        }
        match Domain::unverifiable(&name) {
            Some(Unverifiable::Common) => return refuse("organization_domain_common"),
            Some(Unverifiable::Disposable) => return refuse("organization_domain_blocked"),
            None => {}
        }
        let owner = self.organizations.values().find(|one| one.domains.iter().any(|domain| domain.name == name));
        match owner {
            Some(owner) if owner.id == organization.id => {
                return refuse("organization_domain_already_exists_same_organization");
            }
            Some(_) => return refuse("organization_domain_already_exists"),
            None => {}
        }
        if organization.domains.len() >= QUOTA {
            return Err(Refusal::new(403, "organization_domain_quota_exceeded"));
        }
        let enrollment_mode = match params.given("enrollment_mode") {
            Some(mode) => self.known_mode(mode)?,
            None => "manual_invitation".to_owned(),
        };
        // A verified address at the domain already proves the affiliation.
        let proven = user.of_kind(Kind::Email).any(|one| one.is_verified() && at_domain(&one.value, &name));
        let affiliation = proven.then(|| Verification::verified("email_code"));
        let domain = Domain::new(self.ids.id("orgdmn"), name, enrollment_mode, affiliation, self.now_ms());
        organization.domains.push(domain.clone());
        let organization = self.save_organization(organization);
        self.enroll_users(&organization.id, &domain.id);
        Ok((self.organizations.get(&organization.id).cloned().unwrap_or(organization), domain))
    }

    fn known_mode(&self, mode: &str) -> Result<String> {
        let known = ["manual_invitation", "automatic_invitation", "automatic_suggestion"];
        if !known.contains(&mode) {
            return Err(Refusal::new(422, "form_param_value_invalid").param("enrollment_mode"));
        }
        if !self.config.organizations.enrollment_modes.iter().any(|one| one == mode) {
            return Err(Refusal::new(403, "organization_domain_enrollment_mode_not_enabled"));
        }
        Ok(mode.to_owned())
    }

    /// Changes one domain.
    fn change_domain(
        &mut self,
        caller: &mut Caller,
        id: &str,
        domain_id: &str,
        change: impl FnOnce(&mut Self, &mut Domain) -> Result<()>,
    ) -> Result<(Organization, Domain)> {
        let (_, mut organization) = self.domains_of(caller, id, true)?;
        let place = organization.domains.iter().position(|one| one.id == domain_id);
        let place = place.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        let mut domain = organization.domains[place].clone();
        let result = change(self, &mut domain);
        domain.updated_at = self.now_ms();
        organization.domains[place] = domain.clone();
        self.save_organization(organization);
        result?;
        self.enroll_users(id, domain_id);
        let organization =
            self.organizations.get(id).cloned().ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        Ok((organization, domain))
    }

    /// `POST …/update_enrollment_mode`.
    pub(crate) fn update_enrollment_mode(
        &mut self,
        caller: &mut Caller,
        id: &str,
        domain_id: &str,
        params: &Params,
    ) -> Result<(Organization, Domain)> {
        let mode = self.known_mode(params.required("enrollment_mode")?)?;
        if params.is_true("delete_pending") {
            let (_, mut organization) = self.domains_of(caller, id, true)?;
            let now = self.now_ms();
            for invitation in &mut organization.invitations {
                let of_domain = invitation.domain_id.as_deref() == Some(domain_id);
                if of_domain && invitation.status_at(now) == RequestStatus::Pending {
                    invitation.status = RequestStatus::Revoked;
                }
            }
            organization.suggestions.retain(|one| one.domain_id != domain_id || one.status != RequestStatus::Pending);
            self.save_organization(organization);
        }
        self.change_domain(caller, id, domain_id, |_, domain| {
            domain.enrollment_mode = mode;
            Ok(())
        })
    }

    /// `POST …/prepare_affiliation_verification`: sends a code to an address at the domain.
    pub(crate) fn prepare_affiliation(
        &mut self,
        caller: &mut Caller,
        id: &str,
        domain_id: &str,
        params: &Params,
    ) -> Result<(Organization, Domain)> {
        let address = params.required("affiliation_email_address")?.trim().to_lowercase();
        self.change_domain(caller, id, domain_id, |world, domain| {
            if !at_domain(&address, &domain.name) {
                let refusal = Refusal::new(422, "organization_domain_mismatch");
                return Err(refusal.param("affiliation_email_address"));
            }
            domain.affiliation = Some(world.send_code(&Outgoing {
                strategy: "email_code",
                kind: "domain_code",
                to: &address,
                channel: Channel::Email,
                attempt: &domain.id,
                previous: domain.affiliation.as_ref(),
            })?);
            domain.affiliation_email = Some(address);
            Ok(())
        })
    }

    /// `POST …/attempt_affiliation_verification`.
    pub(crate) fn attempt_affiliation(
        &mut self,
        caller: &mut Caller,
        id: &str,
        domain_id: &str,
        params: &Params,
    ) -> Result<(Organization, Domain)> {
        let (now, max) = (self.now_ms(), self.config.verification.max_attempts);
        self.change_domain(caller, id, domain_id, |_, domain| {
            let missing = || Refusal::new(400, "verification_not_sent");
            domain.affiliation.as_mut().ok_or_else(missing)?.attempt("email_code", params, now, max)?;
            domain.verified_at = Some(now);
            Ok(())
        })
    }

    /// `DELETE …/domains/{id}`.
    pub(crate) fn delete_domain(&mut self, caller: &mut Caller, id: &str, domain_id: &str) -> Result<String> {
        let (_, mut organization) = self.domains_of(caller, id, true)?;
        let place = organization.domains.iter().position(|one| one.id == domain_id);
        let place = place.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        organization.domains.remove(place);
        organization.suggestions.retain(|one| one.domain_id != domain_id);
        self.save_organization(organization);
        Ok(domain_id.to_owned())
    }

    fn enroll_users(&mut self, organization_id: &str, domain_id: &str) {
        let domain = self
            .organizations
            .get(organization_id)
            .and_then(|one| one.domains.iter().find(|domain| domain.id == domain_id));
        let Some(domain) = domain.filter(|domain| domain.enrollment_mode != "manual_invitation") else { return };
        let name = domain.name.clone();
        let there: Vec<String> = self
            .users
            .values()
            .filter(|user| user.of_kind(Kind::Email).any(|one| one.is_verified() && at_domain(&one.value, &name)))
            .map(|user| user.id.clone())
            .collect();
        for user_id in there {
            self.enroll_by_domain(&user_id);
        }
    }

    /// Invites a user to organizations by the domains of the user's addresses, or suggests them.
    pub(crate) fn enroll_by_domain(&mut self, user_id: &str) {
        let Some(user) = self.users.get(user_id).cloned() else { return };
        let organizations: Vec<Organization> = self
            .organizations
            .values()
            .filter(|one| !one.domains.is_empty() && one.member(user_id).is_none())
            .cloned()
            .collect();
        for organization in organizations {
            for domain in organization.domains.iter().filter(|domain| domain.is_verified()) {
                let here =
                    |one: &&crate::state::Identification| one.is_verified() && at_domain(&one.value, &domain.name);
                let Some(address) = user.of_kind(Kind::Email).find(here) else { continue };
                match domain.enrollment_mode.as_str() {
                    "automatic_invitation" => self.invite_by_domain(&organization, domain, &address.value),
                    "automatic_suggestion" => self.suggest_by_domain(&organization, domain, user_id),
                    _ => {}
                }
            }
        }
    }

    fn invite_by_domain(&mut self, organization: &Organization, domain: &Domain, address: &str) {
        let address = address.to_lowercase();
        if organization.invitations.iter().any(|one| one.email_address == address) {
            return;
        }
        let made = self.invite_to(&organization.id, &address, "org:member", Some(domain.id.clone()), None);
        if let Err(refusal) = made {
            tracing::warn!(code = refusal.code, "an automatic invitation failed");
        }
    }

    fn suggest_by_domain(&mut self, organization: &Organization, domain: &Domain, user_id: &str) {
        if organization.suggestions.iter().any(|one| one.user_id == user_id) {
            return;
        }
        let now = self.now_ms();
        let suggestion = Suggestion {
            id: self.ids.id("orgsug"),
            user_id: user_id.to_owned(),
            domain_id: domain.id.clone(),
            status: RequestStatus::Pending,
            created_at: now,
            updated_at: now,
        };
        if let Some(organization) = self.organizations.get_mut(&organization.id) {
            organization.suggestions.push(suggestion);
        }
    }
}

fn is_domain(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let good = |label: &&str| !label.is_empty() && label.chars().all(|one| one.is_ascii_alphanumeric() || one == '-');
    labels.len() > 1 && labels.iter().all(good)
}

fn at_domain(address: &str, domain: &str) -> bool {
    address.rsplit_once('@').is_some_and(|(_, end)| end.eq_ignore_ascii_case(domain))
}
