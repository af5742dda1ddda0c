//! The lower limit of reading a response: plain structs with serde's derived `Deserialize`, which accept nothing but what is expected.

#![allow(unreachable_pub, clippy::struct_field_names, reason = "the names are those of FAPI")]

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub struct Envelope {
    pub client: Client,
}

#[derive(Deserialize)]
pub struct Client {
    pub id: String,
    pub last_active_session_id: Option<String>,
    pub sessions: Vec<Session>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Deserialize)]
pub struct Session {
    pub id: String,
    pub status: String,
    pub expire_at: i64,
    pub abandon_at: i64,
    pub last_active_at: i64,
    pub last_active_organization_id: Option<String>,
    pub actor: Option<Value>,
    pub factor_verification_age: Option<Vec<i64>>,
    pub last_active_token: Option<Token>,
    pub user: Option<User>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Deserialize)]
pub struct Token {
    pub jwt: String,
}

#[derive(Deserialize)]
pub struct User {
    pub id: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub username: Option<String>,
    pub has_image: bool,
    pub image_url: String,
    pub primary_email_address_id: Option<String>,
    pub email_addresses: Vec<EmailAddress>,
    pub password_enabled: bool,
    pub two_factor_enabled: bool,
    pub public_metadata: Value,
    pub unsafe_metadata: Value,
    pub organization_memberships: Vec<Membership>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Deserialize)]
pub struct EmailAddress {
    pub id: String,
    pub email_address: String,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Deserialize)]
pub struct Membership {
    pub id: String,
    pub role: String,
    pub role_name: String,
    pub permissions: Vec<String>,
    pub public_metadata: Value,
    pub organization: Organization,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Deserialize)]
pub struct Organization {
    pub id: String,
    pub name: String,
    pub slug: Option<String>,
    pub image_url: String,
    pub has_image: bool,
    pub members_count: Option<i64>,
    pub pending_invitations_count: Option<i64>,
    pub max_allowed_memberships: i64,
    pub admin_delete_enabled: bool,
    pub public_metadata: Value,
    pub created_at: i64,
    pub updated_at: i64,
}
