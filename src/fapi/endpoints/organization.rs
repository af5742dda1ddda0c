use crate::{
    fapi::{
        form::Form,
        request::{Method, Request, path},
    },
    models::OrganizationId,
};

/// `POST /v1/organizations`: creates an organization, whose admin is the user of the active session.
pub(crate) fn create(name: &str, slug: Option<&str>) -> Request {
    let form = Form::default().with("name", name);
    let form = if let Some(slug) = slug { form.with("slug", slug) } else { form };
    Request::new(Method::Post, "/organizations").form(form)
}

/// `GET /v1/organizations/{id}`.
pub(crate) fn get(id: &OrganizationId) -> Request {
    Request::new(Method::Get, path(&["organizations", id.as_str()]))
}
