//! Verified domains.

use serde::Deserialize;

use super::handle::{Organizations, of};
use crate::{
    error::Result,
    fapi::{form::Form, request::Method},
    models::{DeletedObject, OrganizationDomain, OrganizationId, Page},
    resources::params::{PageParams, params},
};

/// Parameters of [`Organizations::domains`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct DomainListParams {
    /// Only those with this mode, e.g. `automatic_invitation`. Default: all.
    #[serde(default)]
    #[specta(optional)]
    pub enrollment_mode: Option<String>,
    /// The part of the list.
    #[serde(flatten, deserialize_with = "crate::resources::params::deserialize_located")]
    #[specta(type = PageParams)]
    pub page: PageParams,
}

params! {
    /// Parameters of [`Organizations::update_enrollment_mode`].
    pub struct UpdateEnrollmentModeParams {
        required {
            /// `manual_invitation`, `automatic_invitation` or `automatic_suggestion`.
            enrollment_mode: String,
        }
        optional {
            /// Whether open invitations and suggestions are deleted. Default: `false`.
            delete_pending: bool,
        }
    }
}

impl Organizations {
    /// Reads the domains.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `GET /v1/organizations/{id}/domains`; `Organization.getDomains()`.
    pub async fn domains(&self, id: &OrganizationId, params: DomainListParams) -> Result<Page<OrganizationDomain>> {
        let request = of(Method::Get, id, &["domains"]);
        let request = match params.enrollment_mode {
            Some(mode) => request.query("enrollment_mode", mode),
            None => request,
        };
        self.send(params.page.add_to(request)).await
    }

    /// Reads a domain.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `GET /v1/organizations/{id}/domains/{domain}`; `Organization.getDomain()`.
    pub async fn domain(&self, id: &OrganizationId, domain: &str) -> Result<OrganizationDomain> {
        self.send(of(Method::Get, id, &["domains", domain])).await
    }

    /// Adds a domain, which is then to be verified. `enrollment_mode` is that of [`UpdateEnrollmentModeParams`]. Default:
    /// `manual_invitation`.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `POST /v1/organizations/{id}/domains`; `Organization.createDomain()`.
    pub async fn create_domain(
        &self,
        id: &OrganizationId,
        name: &str,
        enrollment_mode: Option<&str>,
    ) -> Result<OrganizationDomain> {
        let form = Form::default().with("name", name);
        let form = enrollment_mode.into_iter().fold(form, |form, mode| form.with("enrollment_mode", mode));
        self.send(of(Method::Post, id, &["domains"]).form(form)).await
    }

    /// Sends a code to an address of the domain.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `POST …/domains/{domain}/prepare_affiliation_verification`; `OrganizationDomain.prepareAffiliationVerification()`.
    pub async fn prepare_domain_affiliation_verification(
        &self,
        id: &OrganizationId,
        domain: &str,
        email_address: &str,
    ) -> Result<OrganizationDomain> {
        let form = Form::default().with("affiliation_email_address", email_address);
        self.send(of(Method::Post, id, &["domains", domain, "prepare_affiliation_verification"]).form(form)).await
    }

    /// Verifies the domain with the code that was sent.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations); a wrong code is `form_code_incorrect`.
    ///
    /// # Source
    /// FAPI `POST …/domains/{domain}/attempt_affiliation_verification`; `OrganizationDomain.attemptAffiliationVerification()`.
    pub async fn attempt_domain_affiliation_verification(
        &self,
        id: &OrganizationId,
        domain: &str,
        code: &str,
    ) -> Result<OrganizationDomain> {
        let form = Form::default().with("code", code);
        self.send(of(Method::Post, id, &["domains", domain, "attempt_affiliation_verification"]).form(form)).await
    }

    /// Changes what happens to users with an address of the domain.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `POST …/domains/{domain}/update_enrollment_mode`; `OrganizationDomain.updateEnrollmentMode()`.
    pub async fn update_enrollment_mode(
        &self,
        id: &OrganizationId,
        domain: &str,
        params: UpdateEnrollmentModeParams,
    ) -> Result<OrganizationDomain> {
        self.send(of(Method::Post, id, &["domains", domain, "update_enrollment_mode"]).params(params)?).await
    }

    /// Removes a domain.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `DELETE /v1/organizations/{id}/domains/{domain}`; `OrganizationDomain.delete()`.
    pub async fn delete_domain(&self, id: &OrganizationId, domain: &str) -> Result<DeletedObject> {
        self.send(of(Method::Delete, id, &["domains", domain])).await
    }
}
