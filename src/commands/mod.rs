//! What a webview may ask for, a file a resource. Each command hands over to [`Clerk`](crate::Clerk); none decides
//! anything.

pub(crate) mod clerk;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod sign_up;

/// What a command answers: errors cross to the webview as data.
pub(crate) type CommandResult<T> = Result<T, crate::error::ErrorPayload>;
