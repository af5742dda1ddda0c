//! Tasks in the background.
//!
//! The compiler makes the code of an `async fn` anew in each of the units that it compiles a crate in, and tokio's code for a task anew for
//! each type of future. Both take megabytes of a program. So what is called in many places returns a [`BoxFuture`], and a task runs one.

use tokio::task::JoinHandle;

use crate::ports::BoxFuture;

/// Runs a future in a task of its own.
pub(crate) fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let future: BoxFuture<'static, T> = Box::pin(future);
    tokio::spawn(future)
}
