//! Redirect URLs: validation and query parameters.

use url::Url;

use crate::{
    error::{Refusal, Result},
    state::World,
};

/// The result of opening a link or ticket.
pub(crate) enum OpenedLink {
    /// A redirect to the app's URL.
    Redirect(Url),
    /// A page with this status, and an error code if the link failed.
    Page(String, Option<&'static str>),
}

impl World {
    /// Checks a redirect URL against the allowlist.
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

/// Whether a URL would run code or open a file instead of leading to an app.
pub(crate) fn is_prohibited(url: &Url) -> bool {
    matches!(
        url.scheme(),
        "javascript" | "data" | "vbscript" | "file" | "blob" | "filesystem" | "about" | "view-source"
    )
}

/// Sets query parameters, replacing those with the same name.
pub(crate) fn set_query(url: &mut Url, pairs: &[(&str, &str)]) {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| !pairs.iter().any(|(name, _)| name == key))
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(pairs);
}
