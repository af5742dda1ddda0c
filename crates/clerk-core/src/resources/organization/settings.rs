//! Name, logo, deletion.

use super::handle::{Organizations, of};
use crate::{
    error::Result,
    fapi::request::Method,
    models::{DeletedObject, Organization, OrganizationId},
    resources::{params::params, picture::Picture},
};

params! {
    /// Parameters of [`Organizations::update`]. What is left out stays.
    pub struct UpdateOrganizationParams {
        required {}
        optional {
            /// The name.
            name: String,
            /// The name in URLs.
            slug: String,
        }
    }
}

impl Organizations {
    /// Changes the name, or the name in URLs.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `PATCH /v1/organizations/{id}`; `Organization.update()`.
    pub async fn update(&self, id: &OrganizationId, params: UpdateOrganizationParams) -> Result<Organization> {
        self.send(of(Method::Patch, id, &[]).params(params)?).await
    }

    /// Replaces the logo.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations); `option_invalid` for more than 10 MB.
    ///
    /// # Source
    /// FAPI `PUT /v1/organizations/{id}/logo`; `Organization.setLogo()`.
    pub async fn set_logo(&self, id: &OrganizationId, logo: Picture) -> Result<Organization> {
        self.send(of(Method::Put, id, &["logo"]).parts(vec![logo.part()?])).await
    }

    /// Removes the logo.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `DELETE /v1/organizations/{id}/logo`; `Organization.setLogo({ file: null })`.
    pub async fn delete_logo(&self, id: &OrganizationId) -> Result<DeletedObject> {
        self.send(of(Method::Delete, id, &["logo"])).await
    }

    /// Deletes an organization.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations); e.g. `organization_admin_delete_not_enabled`.
    ///
    /// # Source
    /// FAPI `DELETE /v1/organizations/{id}`; `Organization.destroy()`.
    pub async fn delete(&self, id: &OrganizationId) -> Result<DeletedObject> {
        self.send(of(Method::Delete, id, &[])).await
    }
}
