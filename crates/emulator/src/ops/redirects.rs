//! Redirect URLs: which ones are allowed, and what is put into their query.

use url::Url;

use crate::{
    error::{Refusal, Result},
    state::World,
};

/// What the browser shows after a link or ticket was opened.
pub(crate) enum Opened {
    /// The app's own URL.
    Redirect(Url),
    /// A page with this status, and an error code if the link failed.
    Page(String, Option<&'static str>),
}

impl World {
    /// A redirect URL that this instance allows.
    ///
    /// Refusals: `invalid_redirect_url`, `prohibited_redirect_url`, `resource_missmatch`.
    pub(crate) fn allowed_redirect(&self, url: &str, param: &str) -> Result<String> {
        let parsed = Url::parse(url).map_err(|_| Refusal::new(422, "invalid_redirect_url").param(param))?;
        if is_prohibited(&parsed) {
            return Err(Refusal::new(422, "prohibited_redirect_url").param(param));
        }
        if !self.config.allows_redirect(url) {
            return Err(Refusal::new(400, "resource_missmatch").param(param));
        }
        Ok(url.to_owned())
    }
}

/// Whether a URL would run something, or open a file, instead of leading to an app.
pub(crate) fn is_prohibited(url: &Url) -> bool {
    matches!(
        url.scheme(),
        "javascript" | "data" | "vbscript" | "file" | "blob" | "filesystem" | "about" | "view-source"
    )
}

/// Sets query parameters; those of the same name are replaced.
pub(crate) fn set_query(url: &mut Url, pairs: &[(&str, &str)]) {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| !pairs.iter().any(|(name, _)| name == key))
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(pairs);
}
