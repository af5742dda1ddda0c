//! Organizations: what the methods of `Organization` do in Clerk's documentation.

mod create;
mod domains;
mod handle;
mod members;
mod settings;

pub use create::CreateOrganizationParams;
pub use domains::{DomainListParams, UpdateEnrollmentModeParams};
pub use handle::Organizations;
pub use members::{InviteMemberParams, MemberListParams};
pub use settings::UpdateOrganizationParams;
