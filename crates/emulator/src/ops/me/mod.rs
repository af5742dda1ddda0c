//! Operations of users on their own account: `/v1/me`.

mod accounts;
mod identifications;
mod password;
mod profile;
mod second_factors;
