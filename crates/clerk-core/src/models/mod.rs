//! Clerk's resources as read from FAPI and serialized for the webview. Nothing here needs a network.

mod account;
mod api_error;
mod client;
mod environment;
mod ids;
mod organization;
mod page;
mod protect_check;
mod public_user_data;
mod reverification;
mod session;
mod session_verification;
mod sign_in;
mod sign_up;
mod time;
mod user;
mod verification;
mod waitlist;

pub use account::{BackupCodes, DeletedObject, Image, SessionActivity, SessionWithActivities, Totp};
pub use api_error::ApiErrorItem;
pub use client::Client;
pub use environment::{
    Attribute, AuthConfig, DisplayConfig, Environment, NativeSettings, OrganizationSettings, SignUpSettings,
    SocialProvider, UserSettings,
};
pub use ids::{ClientId, OrganizationId, SessionId, SignInId, SignUpId, UserId};
pub use organization::{
    DomainVerification, Organization, OrganizationDomain, OrganizationInvitation, OrganizationMembership,
    OrganizationMembershipRequest, OrganizationSuggestion, Permission, PublicOrganizationData, Role,
    UserOrganizationInvitation,
};
pub use page::Page;
pub use protect_check::ProtectCheck;
pub use public_user_data::PublicUserData;
pub use reverification::Reverification;
pub use session::{Session, SessionStatus, SessionTask};
pub use session_verification::{SessionVerification, SessionVerificationStatus};
pub use sign_in::{SignIn, SignInFactor, SignInStatus, UserData};
pub use sign_up::{SignUp, SignUpStatus, SignUpVerification, SignUpVerifications};
pub use time::UnixMillis;
pub use user::{
    EmailAddress, EnterpriseAccount, EnterpriseAccountConnection, ExternalAccount, LinkedTo, Passkey, PhoneNumber,
    User, Web3Wallet,
};
pub use verification::{Verification, VerificationStatus};
pub use waitlist::Waitlist;
