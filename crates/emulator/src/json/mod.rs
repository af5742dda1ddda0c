//! Resources as JSON: snake_case, with every key that the published description requires.

mod api_key;
mod attempt;
mod billing;
mod client;
mod list;
mod organization;
mod public;
mod session;
mod user;
mod verification;

pub(crate) use api_key::api_key;
pub(crate) use attempt::{reverification, sign_in, sign_up};
pub(crate) use billing::{Subscriber, plan, plan_id, subscription, subscription_items};
pub(crate) use client::client;
pub(crate) use list::{deleted, page};
pub(crate) use organization::{domain, invitation, membership, organization, request, role, suggestion};
pub(crate) use session::{plain_session, session, session_with_activity};
pub(crate) use user::{external_account, identification, passkey, user};
