//! The server: connections, requests and responses.

mod admission;
mod dispatch;
mod fapi;
mod npm;
pub(crate) mod reply;
pub(crate) mod request;
mod routes;
mod server;

pub(crate) use routes::{fields, operations};
pub(crate) use server::run;
