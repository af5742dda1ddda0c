//! Choosing the active session and organization.

use serde::Deserialize;

use crate::{
    core::{
        Change, Clerk, GetTokenParams, Snapshot,
        clerk::is_signed_out,
        state::{ActiveSession, Transition},
        urls::with_hash,
    },
    error::{ErrorCode, Result},
    fapi::session::TouchIntent,
    models::{OrganizationId, Session, SessionId},
};

/// Parameters of [`Clerk::set_active`].
#[derive(Debug, Clone, Default, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SetActiveParams {
    /// The session: the active one is kept, or none is active any more, or this one is.
    #[serde(default)]
    #[specta(type = Option<String>, optional)]
    pub session: Change<SessionId>,
    /// The organization, by id or slug: the session's is kept, or the personal account is active, or this one is.
    #[serde(default)]
    #[specta(type = Option<String>, optional)]
    pub organization: Change<String>,
    /// Where to go afterwards. A task that is left comes first, where the option `taskUrls` says where it is done.
    #[serde(default)]
    #[specta(optional)]
    pub redirect_url: Option<String>,
}

impl SetActiveParams {
    /// Makes `session` the active one.
    #[must_use]
    pub fn session(session: impl Into<SessionId>) -> Self {
        Self { session: Change::Set(session.into()), ..Self::default() }
    }
}

impl Clerk {
    /// Makes a session and an organization the active ones, here and on the server, and mints a token for them.
    ///
    /// A session that is not signed in on this device, like `Change::Clear`, leaves nobody active; the server is not
    /// told and its session lives on. In an instance that forces a choice of organization, a request for the personal
    /// account changes nothing.
    ///
    /// # Errors
    /// `not_loaded`, `no_active_session` when the session is kept and there is none, `network_error`, `browser_unavailable`,
    /// or `api_response_error`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/touch`; `Clerk.setActive()`.
    pub async fn set_active(&self, params: SetActiveParams) -> Result<()> {
        if !self.activate(&params).await? {
            return Ok(());
        }
        let task = self.own_task_url(params.redirect_url.as_deref());
        self.navigate(task.or(params.redirect_url).as_deref().unwrap_or_default())
    }

    /// [`set_active`](Self::set_active) for callers that know themselves where to go. False when nothing was done, because
    /// the instance forces a choice of organization.
    pub(crate) async fn activate(&self, params: &SetActiveParams) -> Result<bool> {
        let _turn = self.0.switching.lock().await;
        self.session_was_chosen();
        self.switch_to(params).await
    }

    /// Where the app says that the task of the active session is done, with where to go afterwards.
    pub(super) fn own_task_url(&self, redirect_url: Option<&str>) -> Option<String> {
        let snapshot = self.snapshot();
        let task = snapshot.session()?.current_task()?;
        let urls = self.urls(&snapshot, &self.0.setup.app_url);
        let params: Vec<_> = redirect_url.map(|url| ("redirect_url".to_owned(), url.to_owned())).into_iter().collect();
        urls.own_task_page(task).map(|page| with_hash(page, "", &params))
    }

    /// [`activate`](Self::activate) for callers that hold `switching` already.
    async fn switch_to(&self, params: &SetActiveParams) -> Result<bool> {
        let snapshot = self.loaded()?;
        let client = snapshot.client.clone().unwrap_or_default();
        let target = match &params.session {
            Change::Keep => Some(snapshot.session().ok_or_else(|| {
                ErrorCode::NoActiveSession.error("setActive without a session needs an active one; name a session")
            })?),
            Change::Clear => None,
            Change::Set(id) => client.sessions.iter().find(|session| session.id == *id),
        };
        let Some(session) = target else {
            // Also where nobody is active: from now on that is a choice, which what Clerk says of a restored state respects.
            if snapshot.active_session != ActiveSession::None || snapshot.restored {
                self.commit([Transition::Activate(None)]).await;
            }
            return Ok(true);
        };
        let (organization, intent) = match choose_organization(&snapshot, session, &params.organization) {
            Choice::Keep => (session.last_active_organization_id.clone(), TouchIntent::SelectSession),
            Choice::Select(organization) => (organization, TouchIntent::SelectOrganization),
            Choice::Forbidden => {
                tracing::warn!(
                    "this instance forces the choice of an organization; the personal account can't be active"
                );
                return Ok(false);
            }
        };
        let id = session.id.clone();
        match self.touch_session(&id, organization.as_ref(), intent).await {
            Ok(touched) => self.follow_organization(&touched).await,
            // The session is gone on the server; reading the client again has settled what is left.
            Err(error) if is_signed_out(&error) => {}
            Err(error) => return Err(error),
        }
        if self.snapshot().client.as_deref().is_some_and(|client| client.signed_in_session(&id).is_some()) {
            let token = GetTokenParams { session_id: id.clone(), ..GetTokenParams::default() };
            if let Err(error) = self.get_token(token).await {
                // Offline the session stays usable; the token comes later.
                if !error.is(ErrorCode::Offline) {
                    return Err(error);
                }
            }
        }
        if self.snapshot().active_session != (ActiveSession::Session { session_id: id.clone() }) {
            self.commit([Transition::Activate(Some(id))]).await;
        }
        Ok(true)
    }
}

impl Clerk {
    /// Takes the active organization over from an answer that brought no client along, which FAPI may leave out.
    async fn follow_organization(&self, touched: &Session) {
        let snapshot = self.snapshot();
        let held = snapshot.client.as_deref().and_then(|client| client.signed_in_session(&touched.id));
        if held.is_some_and(|held| held.last_active_organization_id != touched.last_active_organization_id) {
            let organization = touched.last_active_organization_id.clone();
            self.commit([Transition::SelectOrganization { session: touched.id.clone(), organization }]).await;
        }
    }
}

enum Choice {
    Keep,
    Select(Option<OrganizationId>),
    Forbidden,
}

fn choose_organization(snapshot: &Snapshot, session: &Session, wanted: &Change<String>) -> Choice {
    let organization = match wanted {
        Change::Keep => return Choice::Keep,
        Change::Clear => None,
        Change::Set(id) if id.starts_with("org_") => Some(OrganizationId::from(id.as_str())),
        Change::Set(slug) => {
            let memberships = session.user.iter().flat_map(|user| &user.organization_memberships);
            let mut organizations = memberships.map(|membership| &membership.organization);
            organizations.find(|organization| organization.slug.as_ref() == Some(slug)).map(|found| found.id.clone())
        }
    };
    let forced =
        snapshot.environment.as_ref().is_some_and(|env| env.organization_settings.force_organization_selection);
    if organization.is_none() && forced { Choice::Forbidden } else { Choice::Select(organization) }
}
