use crate::{
    fapi::{
        form::Form,
        request::{Method, Request, path},
    },
    models::{OrganizationId, SessionId},
    secret::SessionToken,
};

/// `GET /v1/client/sessions/{id}`.
#[cfg_attr(not(test), allow(dead_code, reason = "used by the tests of the pipeline"))]
pub(crate) fn get(id: &SessionId) -> Request {
    Request::new(Method::Get, path(&["client", "sessions", id.as_str()])).reload()
}

/// Why a session is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TouchIntent {
    /// Another session becomes the active one.
    SelectSession,
    /// Another organization becomes the active one.
    SelectOrganization,
    /// A window got the focus.
    Focus,
}

/// `POST /v1/client/sessions/{id}/touch`: makes the session and the organization the active ones. `organization` is
/// sent on every touch: without one FAPI switches to the personal account.
pub(crate) fn touch(id: &SessionId, organization: Option<&OrganizationId>, intent: TouchIntent) -> Request {
    let intent = match intent {
        TouchIntent::SelectSession => "select_session",
        TouchIntent::SelectOrganization => "select_org",
        TouchIntent::Focus => "focus",
    };
    let form = Form::default()
        .with("active_organization_id", organization.map_or("", OrganizationId::as_str))
        .with("intent", intent);
    Request::new(Method::Post, path(&["client", "sessions", id.as_str(), "touch"])).form(form)
}

/// `POST /v1/client/sessions/{id}/remove`: signs out of one session.
pub(crate) fn remove(id: &SessionId) -> Request {
    Request::new(Method::Post, path(&["client", "sessions", id.as_str(), "remove"]))
}

/// `POST /v1/client/sessions/{id}/tokens`: mints a session token for the organization, or for the personal account.
pub(crate) fn create_token(id: &SessionId, organization: Option<&OrganizationId>, mint: &Mint) -> Request {
    let mut form = Form::default().with("organization_id", organization.map_or("", OrganizationId::as_str));
    if let Some(previous) = &mint.minter_token {
        form = form.with("token", previous.expose());
    }
    if mint.force_origin {
        form = form.with("force_origin", "true");
    }
    let mut request = Request::new(Method::Post, path(&["client", "sessions", id.as_str(), "tokens"])).form(form);
    if mint.skip_cache {
        request = request.query("debug", "skip_cache");
    }
    if let Some(expired) = &mint.expired_token {
        request = request.query("expired_token", expired.expose());
    }
    request
}

/// `POST /v1/client/sessions/{id}/tokens/{template}`: mints a token from a JWT template.
pub(crate) fn create_template_token(id: &SessionId, template: &str, skip_cache: bool) -> Request {
    let request = Request::new(Method::Post, path(&["client", "sessions", id.as_str(), "tokens", template]));
    if skip_cache { request.query("debug", "skip_cache") } else { request }
}

/// The finer points of minting a session token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mint {
    /// Whether caches on the way are to be passed by.
    pub(crate) skip_cache: bool,
    /// Whether the token has to come from its origin, for instances whose `auth_config.session_minter` is on.
    pub(crate) force_origin: bool,
    /// The previous token, for the same instances.
    pub(crate) minter_token: Option<SessionToken>,
    /// The previous token, after FAPI asked for it with `missing_expired_token`.
    pub(crate) expired_token: Option<SessionToken>,
}
