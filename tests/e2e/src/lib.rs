//! A desktop for end-to-end tests: a display, a session bus, a keyring, a browser and an emulated Clerk. Each test has its
//! own, which ends with the test.

mod app;
pub mod crash;
mod desktop;
mod memory;
mod openapi;
mod paths;
mod process;
mod session;
mod spy;
mod web_page;
mod window;

pub use app::App;
pub use desktop::{Desktop, Options};
pub use openapi::Description;
pub use spy::{SPY, parameters};
pub use web_page::WebPage;
pub use window::Window;

/// An error of the harness. It ends the test, so a message is enough.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
/// A result of the harness.
pub type Result<T> = std::result::Result<T, Error>;

/// Callback URL of [`App::Desktop`].
pub const CALLBACK: &str = App::Desktop.callback();

/// The timeout of every wait.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Waits until `condition` returns a value.
///
/// # Errors
/// After a minute; the message contains `what`.
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
            return Err(format!("timed out: {what}").into());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
