//! Calls to code outside of the core: the ports, and the callbacks of the app. A panic there is an error of that call, not of
//! the task that made it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;

use crate::{
    error::{ErrorCode, Result},
    ports::BoxFuture,
    task,
};

/// Makes a call. Returns `None` if it panics.
pub(crate) fn call<T>(what: &'static str, call: impl FnOnce() -> T) -> Option<T> {
    // What the call changed is outside of the core.
    let result = catch_unwind(AssertUnwindSafe(call)).ok();
    if result.is_none() {
        tracing::error!("{what} panicked");
    }
    result
}

/// Makes a call and waits for its result. Returns `None` if it panics.
pub(crate) async fn wait<'a, T>(what: &'static str, start: impl FnOnce() -> BoxFuture<'a, T>) -> Option<T> {
    let result = AssertUnwindSafe(call(what, start)?).catch_unwind().await.ok();
    if result.is_none() {
        tracing::error!("{what} panicked");
    }
    result
}

/// Runs `action` to its end, also if the caller is cancelled.
///
/// # Errors
/// Those of the action; `decode_error` if it panics.
pub(crate) async fn to_the_end<T: Send + 'static>(
    action: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let ended = task::spawn(action).await;
    ended.unwrap_or_else(|_| Err(ErrorCode::DecodeError.error("the response of the Frontend API could not be applied")))
}
