//! The account of the signed-in user: what the methods of `User` do in Clerk's documentation.
//!
//! Each method sends one request on behalf of the active session. What it changes is part of the state when it returns.

mod external_accounts;
mod handle;
mod identifications;
mod metadata;
mod organizations;
mod passkeys;
mod profile;
mod second_factors;
mod sessions;

pub use external_accounts::{ConnectExternalAccountParams, ReauthorizeExternalAccountParams};
pub use handle::Account;
pub use identifications::{IdentificationVerificationParams, PhoneNumberParams};
pub use profile::{RemovePasswordParams, UpdatePasswordParams, UpdateUserParams};
