//! Organizations: creating, changing and deleting them; roles and permissions.

use crate::{
    config::Role,
    error::{Refusal, Result},
    ops::{client::Caller, params::Params},
    state::{Member, Organization, Picture, RequestStatus, Session, User, World},
};

/// Permissions of admins.
const ADMIN_PERMISSIONS: &[&str] = &[
    "org:sys_profile:manage",
    "org:sys_profile:delete",
    "org:sys_memberships:read",
    "org:sys_memberships:manage",
    "org:sys_domains:read",
    "org:sys_domains:manage",
    "org:sys_billing:read",
    "org:sys_billing:manage",
    "org:sys_entconns:manage",
];
/// Further permissions of admins if organizations can have API keys.
const API_KEY_PERMISSIONS: &[&str] = &["org:sys_api_keys:read", "org:sys_api_keys:manage"];
/// Permissions of members.
const MEMBER_PERMISSIONS: &[&str] = &["org:sys_memberships:read", "org:sys_billing:read"];
/// Maximum length of a name, in characters.
const MAX_NAME: usize = 256;

/// Derives a slug from a name.
pub(crate) fn slug_of(name: &str) -> String {
    let plain = name.chars().map(|one| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { '-' });
    let plain: String = plain.collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "organization".to_owned() } else { words.join("-") }
}

impl World {
    /// Returns every role of the instance.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let api_keys = if self.config.api_keys.organizations { API_KEY_PERMISSIONS } else { &[] };
        let mut roles = vec![
            Role::new("org:admin", "Admin", &[ADMIN_PERMISSIONS, api_keys].concat()),
            Role::new("org:member", "Member", MEMBER_PERMISSIONS),
        ];
        roles.extend(self.config.organizations.roles.clone());
        roles
    }

    pub(crate) fn role(&self, key: &str) -> Option<Role> {
        self.roles().into_iter().find(|role| role.key == key)
    }

    /// Returns the permissions of a role.
    pub(crate) fn permissions_of(&self, role: &str) -> Vec<String> {
        let mut permissions = self.role(role).map(|role| role.permissions).unwrap_or_default();
        if role == "org:admin" {
            // Admins also hold every custom permission.
            let custom = self.config.organizations.roles.iter().flat_map(|role| role.permissions.iter());
            for permission in custom.filter(|permission| !permission.starts_with("org:sys_")) {
                if !permissions.contains(permission) {
                    permissions.push(permission.clone());
                }
            }
        }
        permissions
    }

    /// Returns the organizations of a user, with the memberships.
    pub(crate) fn memberships_of(&self, user_id: &str) -> Vec<(&Organization, &Member)> {
        let mut found: Vec<_> =
            self.organizations.values().filter_map(|one| Some((one, one.member(user_id)?))).collect();
        found.sort_by_key(|(_, member)| member.created_at);
        found
    }

    fn require_organizations(&self) -> Result<()> {
        if self.config.organizations.enabled {
            Ok(())
        } else {
            Err(Refusal::new(403, "organization_not_enabled_in_instance"))
        }
    }

    /// Returns an organization in which the current user has a permission; `None` requires a membership only.
    pub(crate) fn organization_for(
        &mut self,
        caller: &mut Caller,
        id: &str,
        permission: Option<&str>,
    ) -> Result<(Session, User, Organization)> {
        self.require_organizations()?;
        let (session, user) = self.current(caller)?;
        let organization =
            self.organizations.get(id).or_else(|| self.organizations.values().find(|one| one.slug == id));
        let organization = organization.ok_or_else(|| Refusal::new(404, "resource_not_found"))?.clone();
        let Some(member) = organization.member(&user.id) else {
            return Err(match permission {
                None => Refusal::new(404, "organization_not_found_or_unauthorized"),
                Some(permission) if permission.ends_with(":read") => {
                    Refusal::new(404, "organization_not_found_or_unauthorized")
                }
                Some(_) => Refusal::new(403, "not_a_member_in_organization"),
            });
        };
        if let Some(permission) = permission
            && !self.permissions_of(&member.role).iter().any(|one| one == permission)
        {
            let refusal = Refusal::new(403, "missing_organization_permission");
            return Err(refusal.meta("permissions", serde_json::json!([permission])));
        }
        Ok((session, user, organization))
    }

    pub(crate) fn save_organization(&mut self, mut organization: Organization) -> Organization {
        /// Finished invitations, requests and suggestions to keep, of each.
        const KEPT: usize = 200;
        organization.updated_at = self.now_ms();
        let pending = RequestStatus::Pending;
        keep_last(&mut organization.invitations, KEPT, |one| one.status == pending);
        keep_last(&mut organization.requests, KEPT, |one| one.status == pending);
        keep_last(&mut organization.suggestions, KEPT, |one| one.status == pending);
        self.organizations.insert(organization.id.clone(), organization.clone());
        organization
    }

    /// `POST /v1/organizations`. The creator becomes an admin.
    pub(crate) fn create_organization(&mut self, caller: &mut Caller, params: &Params) -> Result<Organization> {
        self.require_organizations()?;
        let (_, user) = self.current(caller)?;
        if !self.config.actions.create_organization {
            return Err(Refusal::new(403, "user_create_organization_not_enabled"));
        }
        let name = organization_name(params.required("name")?)?;
        let made = self.memberships_of(&user.id).iter().filter(|(_, member)| member.role == "org:admin").count();
        if self.config.actions.organizations_limit.is_some_and(|limit| made >= limit) {
            return Err(Refusal::new(403, "organization_quota_exceeded"));
        }
        let slug = match params.given("slug") {
            Some(slug) => self.new_slug(slug, None)?,
            None => self.free_slug(&name),
        };
        let now = self.now_ms();
        let member = Member::new(self.ids.id("orgmem"), user.id, "org:admin", now);
        let mut organization = Organization::new(self.ids.id("org"), name, slug, now);
        organization.members.push(member);
        Ok(self.save_organization(organization))
    }

    fn new_slug(&self, slug: &str, own: Option<&str>) -> Result<String> {
        if !self.config.organizations.slug {
            return Err(Refusal::new(403, "organization_slugs_disabled"));
        }
        let good = slug.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || matches!(one, '-' | '_'));
        if !good {
            return Err(Refusal::new(422, "form_param_format_invalid").param("slug"));
        }
        if self.organizations.values().any(|one| one.slug == slug && Some(one.id.as_str()) != own) {
            return Err(Refusal::new(422, "form_identifier_exists").param("slug"));
        }
        Ok(slug.to_owned())
    }

    fn free_slug(&self, name: &str) -> String {
        let base = slug_of(name);
        let taken = |slug: &str| self.organizations.values().any(|one| one.slug == slug);
        let mut number = self.organizations.len() + 1;
        loop {
            let slug = format!("{base}-{number}");
            if !taken(&slug) {
                return slug;
            }
            number += 1;
        }
    }

    /// `PATCH /v1/organizations/{id}`.
    pub(crate) fn update_organization(
        &mut self,
        caller: &mut Caller,
        id: &str,
        params: &Params,
    ) -> Result<Organization> {
        let (_, _, mut organization) = self.organization_for(caller, id, Some("org:sys_profile:manage"))?;
        if params.get("name").is_some() {
            organization.name = organization_name(params.required("name")?)?;
        }
        if let Some(slug) = params.given("slug") {
            organization.slug = self.new_slug(slug, Some(&organization.id))?;
        }
        Ok(self.save_organization(organization))
    }

    /// Sets or removes the logo.
    pub(crate) fn set_logo(&mut self, caller: &mut Caller, id: &str, logo: Option<Picture>) -> Result<Organization> {
        let (_, _, mut organization) = self.organization_for(caller, id, Some("org:sys_profile:manage"))?;
        organization.logo = logo;
        Ok(self.save_organization(organization))
    }

    /// `DELETE /v1/organizations/{id}`. It is deactivated in all sessions.
    pub(crate) fn delete_organization(&mut self, caller: &mut Caller, id: &str) -> Result<Organization> {
        let (_, _, organization) = self.organization_for(caller, id, Some("org:sys_profile:delete"))?;
        if !self.config.organizations.admin_delete {
            return Err(Refusal::new(403, "organization_admin_delete_not_enabled"));
        }
        self.organizations.remove(&organization.id);
        self.api_keys.retain(|key| key.subject != organization.id);
        self.leave_in_sessions(&organization.id, None);
        Ok(organization)
    }

    /// Deactivates an organization in the sessions of one user, or of all.
    pub(crate) fn leave_in_sessions(&mut self, organization_id: &str, user_id: Option<&str>) {
        let concerned: Vec<String> = self
            .clients
            .values()
            .filter(|client| client.sessions.iter().any(|one| one.organization_id.as_deref() == Some(organization_id)))
            .map(|client| client.id.clone())
            .collect();
        for client_id in concerned {
            self.change_client(&client_id, |client| {
                for session in &mut client.sessions {
                    let concerned = user_id.is_none_or(|user_id| session.user_id == user_id);
                    if concerned && session.organization_id.as_deref() == Some(organization_id) {
                        session.organization_id = None;
                    }
                }
            });
        }
    }
}

/// Drops the oldest elements that need not stay, beyond `most`.
fn keep_last<T>(list: &mut Vec<T>, most: usize, stays: impl Fn(&T) -> bool) {
    let mut surplus = list.iter().filter(|one| !stays(one)).count().saturating_sub(most);
    list.retain(|one| {
        let goes = surplus > 0 && !stays(one);
        surplus -= usize::from(goes);
        !goes
    });
}

fn organization_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Refusal::new(422, "form_param_nil").param("name"));
    }
    if name.chars().count() > MAX_NAME {
        return Err(Refusal::new(422, "form_param_max_length_exceeded").param("name"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slug_of_keeps_letters_and_digits() {
        assert_eq!(slug_of("Analytical Engines, Ltd."), "analytical-engines-ltd");
        assert_eq!(slug_of("…"), "organization");
    }
}
