//! Navigation: the callback URL, the pages of the app and of the instance, and redirects.

pub(crate) mod callback_url;
mod destination;
mod redirects;
pub(crate) mod urls;
