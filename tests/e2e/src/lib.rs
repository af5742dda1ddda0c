//! A desktop to test on: a display, a session bus, a keyring, a browser, a Clerk. All of it is real but Clerk, and all
//! of it is private to one test and ends with it.

mod desktop;
mod openapi;
mod process;
mod web_page;
mod window;

pub use desktop::{Desktop, Options};
pub use openapi::Description;
pub use web_page::WebPage;
pub use window::Window;

/// What goes wrong here ends the test, so a text is enough.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
/// A result of the harness.
pub type Result<T> = std::result::Result<T, Error>;

/// Callback URL of the example app.
pub const CALLBACK: &str = "clerk-desktop-example://callback";

/// How long to wait for something that has to happen.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Waits until `condition` answers with something.
///
/// # Errors
/// When it does not within a minute; `what` names it.
pub async fn until<T, Answer>(what: &str, mut condition: impl FnMut() -> Answer) -> Result<T>
where
    Answer: Future<Output = Option<T>>,
{
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition().await {
            return Ok(value);
        }
        if tokio::time::Instant::now() > deadline {
            return Err(format!("waited in vain: {what}").into());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
