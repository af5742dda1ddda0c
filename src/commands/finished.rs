//! The results of commands, of any type.

use std::{any::Any, sync::Arc};

use tauri::ipc::{InvokeResponseBody, IpcResponse};

use crate::{
    core::{OpenAndWaitOutcome, RedirectOutcome},
    error::{ErrorCode, Result},
    models::{SessionId, SignIn, SignUp},
};

/// What a command returned, serialized. It may be sent more than once. It has no `Debug`, because it may be a session token or a secret
/// of a second factor.
#[derive(Clone)]
pub(super) struct Finished {
    body: Body,
    outcome: Option<Outcome>,
}

#[derive(Clone)]
enum Body {
    Json(Arc<str>),
    Bytes(Arc<[u8]>),
}

impl Finished {
    fn json(text: String, outcome: Option<Outcome>) -> Self {
        Self { body: Body::Json(text.into()), outcome }
    }

    fn bytes(bytes: Vec<u8>) -> Self {
        Self { body: Body::Bytes(bytes.into()), outcome: None }
    }

    /// Returns how a flow ended, if the command was one.
    pub(super) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    pub(super) fn into_body(self) -> InvokeResponseBody {
        match self.body {
            Body::Json(text) => InvokeResponseBody::Json(text.as_ref().to_owned()),
            Body::Bytes(bytes) => InvokeResponseBody::Raw(bytes.to_vec()),
        }
    }
}

/// What a command returns, of any type.
pub(super) trait Returned: IpcResponse + Sized + 'static {
    /// Serializes what a command returned.
    fn finished(self) -> Result<Finished> {
        let outcome = Outcome::of(&self);
        match self.body() {
            Ok(InvokeResponseBody::Json(text)) => Ok(Finished::json(text, outcome)),
            Ok(InvokeResponseBody::Raw(bytes)) => Ok(Finished::bytes(bytes)),
            Err(error) => Err(ErrorCode::DecodeError.error(format!("the result could not be serialized: {error}"))),
        }
    }
}

impl<T: IpcResponse + Sized + 'static> Returned for T {}

/// What is kept of a result that may finish a flow.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Redirect(Box<RedirectOutcome>),
    OpenAndWait(Box<OpenAndWaitOutcome>),
    /// A sign-in or sign-up, with the session that it created.
    Attempt(Option<SessionId>),
}

impl Outcome {
    fn of(result: &dyn Any) -> Option<Self> {
        let attempt = |session: &Option<SessionId>| Self::Attempt(session.clone());
        if let Some(outcome) = result.downcast_ref::<RedirectOutcome>() {
            return Some(Self::Redirect(Box::new(outcome.clone())));
        }
        if let Some(outcome) = result.downcast_ref::<OpenAndWaitOutcome>() {
            return Some(Self::OpenAndWait(Box::new(outcome.clone())));
        }
        if let Some(sign_in) = result.downcast_ref::<SignIn>() {
            return Some(attempt(&sign_in.created_session_id));
        }
        result.downcast_ref::<SignUp>().map(|sign_up| attempt(&sign_up.created_session_id))
    }
}
