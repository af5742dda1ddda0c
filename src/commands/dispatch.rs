//! Calls the command that a webview names.
//!
//! `tauri::command` would make the code that runs a command anew for each of them: the tasks of more than a hundred commands are
//! several megabytes of an app. Here, a command becomes a boxed future at once, and the rest exists once.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, future::BoxFuture};
use tauri::{
    Runtime,
    ipc::{CommandArg, CommandItem, Invoke, InvokeError, InvokeMessage, InvokeResponseBody},
    utils::acl::resolved::ResolvedCommand,
};

use crate::config::PLUGIN_NAME;

/// The call of a command.
pub(super) struct Call<'a, R: Runtime> {
    name: &'static str,
    message: &'a InvokeMessage<R>,
    acl: &'a Option<Vec<ResolvedCommand>>,
}

impl<'a, R: Runtime> Call<'a, R> {
    /// Reads an argument. `key` is its name as the webview sends it.
    pub(super) fn argument<T: CommandArg<'a, R>>(&self, key: &'static str) -> Result<T, InvokeError> {
        let Self { name, message, acl } = *self;
        T::from_command(CommandItem { plugin: Some(PLUGIN_NAME), name, key, message, acl })
    }
}

/// What a webview receives.
pub(super) type Response = BoxFuture<'static, Result<InvokeResponseBody, InvokeError>>;

/// The commands that return at once in most cases. A task of their own would take longer than they do.
const OFTEN_READY: &[&str] = &["get_token"];

/// The commands that note which page sent them. It may be left before a task runs.
const OF_A_PAGE: &[&str] = &["load", "snapshot"];

/// Reads the arguments of a command, and prepares to run it.
pub(super) type Handler<R> = for<'a> fn(&Call<'a, R>) -> Result<Response, InvokeError>;

/// Runs the command that a webview has sent. `find` returns the command with a name. Returns whether it exists.
pub(super) fn invoke<R: Runtime>(
    invoke: Invoke<R>,
    find: impl FnOnce(&str) -> Option<(&'static str, Handler<R>)>,
) -> bool {
    let Some((name, handler)) = find(invoke.message.command()) else { return false };
    let Invoke { message, resolver, acl } = invoke;
    let mut response: Response = if OF_A_PAGE.contains(&name) {
        let begun = handler(&Call { name, message: &message, acl: &acl });
        Box::pin(async move { begun?.await })
    } else {
        Box::pin(async move {
            let response = handler(&Call { name, message: &message, acl: &acl })?;
            drop((message, acl));
            response.await
        })
    };
    if OFTEN_READY.contains(&name) {
        // What it waits for needs the runtime.
        let runtime = tauri::async_runtime::handle();
        let _entered = runtime.inner().enter();
        // A panic here would end more than the command: Tauri's lock of the plugins is held.
        let begun = AssertUnwindSafe(response.as_mut()).catch_unwind().now_or_never();
        if let Some(response) = begun {
            resolver.respond(response.unwrap_or_else(|_| Err(InvokeError::from("the command panicked"))));
            return true;
        }
    }
    resolver.respond_async_serialized(response);
    true
}

/// The length of a name in camel case.
pub(super) const fn camel_case_length(name: &str) -> usize {
    let (bytes, mut at, mut length) = (name.as_bytes(), 0, 0);
    while at < bytes.len() {
        if bytes[at] != b'_' {
            length += 1;
        }
        at += 1;
    }
    length
}

/// The name of a parameter as webviews send it: `sign_in_id` is `signInId`.
pub(super) const fn camel_case<const LENGTH: usize>(name: &str) -> [u8; LENGTH] {
    let (bytes, mut camel, mut at, mut length, mut starts_word) = (name.as_bytes(), [0; LENGTH], 0, 0, false);
    while at < bytes.len() {
        if bytes[at] == b'_' {
            starts_word = true;
        } else {
            camel[length] = if starts_word { bytes[at].to_ascii_uppercase() } else { bytes[at] };
            length += 1;
            starts_word = false;
        }
        at += 1;
    }
    camel
}

/// The name of a parameter in camel case, as a constant.
macro_rules! key {
    ($parameter:ident) => {{
        const NAME: &str = stringify!($parameter);
        const KEY: [u8; $crate::commands::dispatch::camel_case_length(NAME)] =
            $crate::commands::dispatch::camel_case(NAME);
        const {
            match std::str::from_utf8(&KEY) {
                Ok(key) => key,
                Err(_) => panic!("the name of a parameter is ASCII"),
            }
        }
    }};
}
pub(super) use key;

#[cfg(test)]
mod tests {
    #[test]
    fn key_is_the_name_in_camel_case() {
        assert_eq!(key!(params), "params");
        assert_eq!(key!(sign_in_id), "signInId");
        assert_eq!(key!(is_second_factor), "isSecondFactor");
    }
}
