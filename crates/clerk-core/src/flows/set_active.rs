//! Choosing the active session and organization.

use serde::{Deserialize, Serialize};

use crate::{
    clerk::{Clerk, SwitchTurn},
    error::{ErrorCode, Result},
    exchange::{requests::get_client, session_token::GetTokenParams},
    models::{OrganizationId, Session, SessionId},
    navigation::urls::with_hash,
    resources::{params::Change, session::TouchIntent},
    state::{
        snapshot::{ActiveSession, Snapshot},
        transition::Transition,
    },
};

/// Parameters of [`Clerk::set_active`].
#[derive(Debug, Clone, Default, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SetActiveParams {
    /// The session to activate. Default: the current one; `null` deactivates it.
    #[serde(default)]
    #[specta(type = Option<String>, optional)]
    pub session: Change<SessionId>,
    /// The organization to activate, by id or slug. Default: that of the session; `null` selects the personal account.
    #[serde(default)]
    #[specta(type = Option<String>, optional)]
    pub organization: Change<String>,
    /// Where to navigate afterwards. A pending task with a page in the option `taskUrls` takes precedence.
    #[serde(default)]
    #[specta(optional)]
    pub redirect_url: Option<String>,
}

/// The outcome of [`Clerk::activate`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SetActiveOutcome {
    /// Whether the session and the organization are active. False if the instance requires an organization and the
    /// personal account was requested; then nothing changed.
    pub applied: bool,
    /// The key of the pending task, if `navigate_to` is its page from the option `taskUrls`.
    pub task: Option<String>,
    /// Where to navigate: the page of the task, else the redirect URL.
    pub navigate_to: Option<String>,
}

impl SetActiveParams {
    /// Creates parameters that activate `session`.
    #[must_use]
    pub fn session(session: impl Into<SessionId>) -> Self {
        Self { session: Change::Set(session.into()), ..Self::default() }
    }
}

impl Clerk {
    /// Activates a session and an organization, here and on the server, and mints a token for them.
    ///
    /// If the session is not known, the client is reloaded first. A session that FAPI does not know either, or that is signed
    /// out, leaves no session active, like `Change::Clear`; the server is not notified and its session stays valid. If the
    /// instance requires an organization, a request for the personal account changes nothing.
    ///
    /// # Errors
    /// `not_loaded`, `no_active_session` if no session is named and none is active or if the user signs out meanwhile,
    /// `network_error`, `browser_unavailable`, or `api_response_error`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/touch`; `Clerk.setActive()`.
    pub async fn set_active(&self, params: SetActiveParams) -> Result<()> {
        let outcome = self.activate(params).await?;
        self.navigate(outcome.navigate_to.as_deref().unwrap_or_default())
    }

    /// As [`set_active`](Self::set_active), for callers that navigate themselves.
    ///
    /// # Errors
    /// As [`set_active`](Self::set_active), without `browser_unavailable`.
    pub async fn activate(&self, params: SetActiveParams) -> Result<SetActiveOutcome> {
        if !self.choose(&params).await? {
            return Ok(SetActiveOutcome::default());
        }
        let page = self.own_task_url(params.redirect_url.as_deref());
        let task = page.as_ref().and_then(|_| Some(self.snapshot().session()?.current_task()?.key.clone()));
        Ok(SetActiveOutcome { applied: true, task, navigate_to: page.or(params.redirect_url) })
    }

    /// Activates a session and an organization. Returns false if nothing was done because the instance requires an
    /// organization.
    pub(crate) async fn choose(&self, params: &SetActiveParams) -> Result<bool> {
        self.loaded().await?;
        let session = match &params.session {
            Change::Keep => self.snapshot().session().map(|session| session.id.clone()),
            Change::Clear => None,
            Change::Set(id) => Some(id.clone()),
        };
        let switched = async {
            let turn = self.0.turns.switch().await;
            self.0.turns.session_was_chosen();
            self.switch_to(params, &turn).await
        };
        self.unless_signed_out(session.as_ref(), Box::pin(switched)).await
    }

    /// Returns the app's own page for the task of the active session, with the redirect URL for afterwards.
    pub(super) fn own_task_url(&self, redirect_url: Option<&str>) -> Option<String> {
        let snapshot = self.snapshot();
        let task = snapshot.session()?.current_task()?;
        let urls = self.urls(&snapshot, &self.0.setup.app_url);
        let params: Vec<_> = redirect_url.map(|url| ("redirect_url".to_owned(), url.to_owned())).into_iter().collect();
        urls.own_task_page(task).map(|page| with_hash(page, "", &params))
    }

    async fn switch_to(&self, params: &SetActiveParams, _turn: &SwitchTurn<'_>) -> Result<bool> {
        let mut snapshot = self.loaded_snapshot()?;
        if let Change::Set(id) = &params.session
            && !snapshot.lists_session(id)
            && !snapshot.signed_out.contains(id)
        {
            // The response that named the session may have come with an older client.
            self.request(&get_client()).await?;
            snapshot = self.loaded_snapshot()?;
        }
        let client = snapshot.client.clone().unwrap_or_default();
        let target = match &params.session {
            Change::Keep => Some(snapshot.session().ok_or_else(|| {
                ErrorCode::NoActiveSession.error("setActive without a session requires an active one; pass a session")
            })?),
            Change::Clear => None,
            Change::Set(id) => client.sessions.iter().find(|session| session.id == *id),
        };
        let Some(session) = target else {
            // Even if no session is active: this marks it as the user's choice, so a later server response does not
            // select one, and brings none back that ended by our clock.
            if snapshot.active_session != ActiveSession::None || snapshot.restored || snapshot.timed_out.is_some() {
                self.commit([Transition::Activate(None)]).await;
            }
            return Ok(true);
        };
        let (organization, intent) = match choose_organization(&snapshot, session, &params.organization) {
            Choice::Keep => (session.last_active_organization_id.clone(), TouchIntent::SelectSession),
            Choice::Select(organization) => (organization, TouchIntent::SelectOrganization),
            Choice::Forbidden => {
                tracing::warn!(
                    "this instance requires an active organization; the personal account can't be activated"
                );
                return Ok(false);
            }
        };
        let id = session.id.clone();
        match self.touch_session(&id, organization.as_ref(), intent).await {
            Ok(touched) => self.follow_organization(&touched).await,
            // The session no longer exists on the server; reloading the client has updated the state.
            Err(error) if error.is_signed_out() => {}
            Err(error) => return Err(error),
        }
        if self.snapshot().client.as_deref().is_some_and(|client| client.signed_in_session(&id).is_some())
            && let Err(error) = self.get_token(GetTokenParams::new(id.clone())).await
            // The session stays usable offline; the token is minted later.
            && !error.is(ErrorCode::Offline)
        {
            return Err(error);
        }
        if self.snapshot().active_session != (ActiveSession::Session { session_id: id.clone() }) {
            self.commit([Transition::Activate(Some(id))]).await;
        }
        Ok(true)
    }
}

impl Clerk {
    /// Applies the active organization from a response without a client, which FAPI may omit.
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
