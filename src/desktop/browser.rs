//! The system browser.

use url::Url;

use crate::ports::Browser;

/// Opens pages in the user's default browser.
pub(crate) struct SystemBrowser;

impl Browser for SystemBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        tauri_plugin_opener::open_url(url.as_str(), None::<&str>).map_err(|error| error.to_string())
    }
}
