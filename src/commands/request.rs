//! Runs each command of the guest library once; see [`requests`](super::requests).

use std::any::TypeId;

use futures_util::{FutureExt, future::BoxFuture};
use tauri::{
    Manager, Runtime,
    ipc::{CommandArg, CommandItem, InvokeError},
};

use super::{
    caller::{Caller, origin},
    dispatch::Response,
    finished::{Finished, Outcome},
    requests::{Page, Requests},
};
use crate::{
    core::{RedirectOutcome, SetActiveParams},
    desktop::events::{RedirectFinished, WindowEvent},
    error::{ErrorCode, ErrorPayload, Result},
    models::SessionId,
};

/// Ends of a flow that its user or a newer flow caused.
const ENDED_ON_PURPOSE: [ErrorCode; 2] = [ErrorCode::OauthFlowSuperseded, ErrorCode::OauthFlowCancelled];

/// What a command needs to know about its own call.
pub(crate) struct Request {
    requests: Requests,
    clerk: Caller,
    label: String,
    command: &'static str,
    /// The id of the command and the page that sent it; `None` if the caller is not the guest library.
    origin: Option<(String, Page)>,
    announce: Box<dyn Fn() + Send + Sync>,
    /// Whether the command returns where to go after a flow.
    is_redirect: bool,
}

impl Request {
    /// Records the type that the command returns.
    pub(super) fn returning<T: 'static>(self) -> Self {
        Self { is_redirect: TypeId::of::<T>() == TypeId::of::<RedirectOutcome>(), ..self }
    }

    /// Runs a command, or joins the running one with the same id. `keep` is whether the result may be kept for a later repetition.
    pub(super) fn once(self, keep: bool, run: BoxFuture<'static, Result<Finished>>) -> Response {
        Box::pin(async move { Ok(self.run(keep, run).await.map(Finished::into_body)?) })
    }

    async fn run(self, keep: bool, run: BoxFuture<'static, Result<Finished>>) -> Result<Finished, ErrorPayload> {
        let run = run.map(|result| result.map_err(ErrorPayload::from)).boxed();
        let Some((id, page)) = &self.origin else { return run.await };
        let (running, is_first) = self.requests.join_or_start(&self.label, self.command, id, run);
        let result = running.await;
        if is_first {
            self.requests.finished(&self.label, self.command, id, keep);
            if self.requests.is_left(&self.label, page) {
                if let Some(outcome) = self.outcome_of(&result).await {
                    self.hand_over(outcome);
                }
            } else if self.requests.is_closed(&self.label) {
                // The user is signed in. A window that is opened later begins anew, so it does not navigate.
                self.outcome_of(&result).await;
            }
        }
        result
    }

    /// Returns the outcome of a flow through the browser or mailbox.
    async fn outcome_of(
        &self,
        result: &Result<Finished, ErrorPayload>,
    ) -> Option<Result<RedirectOutcome, ErrorPayload>> {
        let is_of_mailbox = matches!(self.command, "sign_in_with_email_link" | "sign_up_with_email_link");
        let outcome = match result {
            Ok(finished) => finished.outcome()?,
            Err(error) => return (is_of_mailbox || self.is_redirect).then(|| Err(error.clone())),
        };
        let session = match outcome {
            Outcome::Redirect(outcome) => return Some(Ok(*outcome.clone())),
            // The page would have made the session active.
            Outcome::OpenAndWait(outcome) => {
                return Some(self.clerk.continue_open_and_wait(outcome).await.map_err(ErrorPayload::from));
            }
            Outcome::Attempt(session) => session.clone().filter(|_| is_of_mailbox),
        };
        Some(self.activate(session?).await.map_err(ErrorPayload::from))
    }

    async fn activate(&self, session: SessionId) -> Result<RedirectOutcome> {
        let activated = self.clerk.activate(SetActiveParams::session(session.clone())).await?;
        let navigate_to = activated.navigate_to.unwrap_or_else(|| self.clerk.build_after_sign_in_url(&[]));
        Ok(RedirectOutcome { navigate_to: Some(navigate_to), created_session_id: Some(session), requirements: None })
    }

    /// Hands the outcome to the next page of the window.
    fn hand_over(&self, outcome: Result<RedirectOutcome, ErrorPayload>) {
        match outcome {
            Ok(outcome) => {
                self.requests.store_outcome(&self.label, outcome);
                (self.announce)();
            }
            Err(error) if ENDED_ON_PURPOSE.iter().any(|code| code.as_str() == error.code) => {}
            Err(error) => self.clerk.notice_redirect_failed(&error.code),
        }
    }
}

impl<'de, R: Runtime> CommandArg<'de, R> for Request {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let webview = command.message.webview_ref();
        let label = webview.label().to_owned();
        let requests = webview.try_state::<Requests>().map(|requests| requests.inner().clone()).unwrap_or_default();
        let origin = origin(&command).map(|(id, name)| (id.to_owned(), requests.saw(&label, name)));
        let app = webview.app_handle().clone();
        let announce = Box::new(move || {
            if let Err(error) = (RedirectFinished {}).emit(&app) {
                tracing::warn!(%error, "an event could not be sent to the windows");
            }
        });
        let name = command.name;
        Ok(Self {
            requests,
            clerk: Caller::from_command(command)?,
            label,
            command: name,
            origin,
            announce,
            is_redirect: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use clerk_testkit::app::{ADA, App, PASSWORD, config, password_params};

    use super::*;
    use crate::commands::finished::Returned;

    #[tokio::test(flavor = "multi_thread")]
    async fn once_signs_in_by_an_email_link_whose_window_was_closed() {
        let app = App::start(config()).await;
        let sign_in = app.clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
        let requests = Requests::default();
        let request = Request {
            clerk: Caller::of(app.clerk.clone()),
            label: "main".to_owned(),
            command: "sign_in_with_email_link",
            origin: Some(("page.1".to_owned(), requests.saw("main", "page"))),
            announce: Box::new(|| ()),
            is_redirect: false,
            requests: requests.clone(),
        };
        let session = sign_in.created_session_id.clone();
        let closed = requests.clone();
        let waited = async move {
            closed.remove("main");
            sign_in.finished()
        };
        request.once(true, waited.boxed()).await.unwrap();
        assert_eq!(app.clerk.session().map(|session| session.id.clone()), session);
        assert_eq!(requests.take_outcome("main", None, Instant::now(), || None), None, "the next window begins anew");
    }
}
