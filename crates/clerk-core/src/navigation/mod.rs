//! Navigation: the callback URL, the pages of the app and of the instance, and redirects.

pub(crate) mod callback_url;
mod destination;
mod external;
mod redirects;
pub(crate) mod urls;
