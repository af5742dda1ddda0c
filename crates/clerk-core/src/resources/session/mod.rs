//! Sessions: what the methods of `Session` do in Clerk's documentation.

mod handle;
mod lifecycle;
mod touch;
mod verification;

pub use handle::Sessions;
pub(crate) use touch::TouchIntent;
pub use verification::{
    SessionVerifyAttemptFirstFactorParams, SessionVerifyAttemptSecondFactorParams,
    SessionVerifyPrepareFirstFactorParams, SessionVerifyPrepareSecondFactorParams,
};
