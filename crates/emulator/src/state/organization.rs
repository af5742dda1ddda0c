//! Organizations.

use serde_json::{Map, Value};

use super::{Picture, Verification};

#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) logo: Option<Picture>,
    pub(crate) public_metadata: Map<String, Value>,
    pub(crate) members: Vec<Member>,
    pub(crate) invitations: Vec<Invitation>,
    pub(crate) requests: Vec<MembershipRequest>,
    pub(crate) suggestions: Vec<Suggestion>,
    pub(crate) domains: Vec<Domain>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) role: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Invitation {
    pub(crate) id: String,
    pub(crate) email_address: String,
    pub(crate) role: String,
    pub(crate) status: RequestStatus,
    pub(crate) url: Option<String>,
    /// ID of the domain whose enrollment created it.
    pub(crate) domain_id: Option<String>,
    pub(crate) expire_at: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct MembershipRequest {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) status: RequestStatus,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Suggestion {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) domain_id: String,
    pub(crate) status: RequestStatus,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// Status of invitations, requests and suggestions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestStatus {
    Pending,
    Accepted,
    Rejected,
    Revoked,
    Expired,
}

impl RequestStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Domain {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) enrollment_mode: String,
    pub(crate) affiliation_email: Option<String>,
    pub(crate) affiliation: Option<Verification>,
    pub(crate) verified_at: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// Why an organization can't claim a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unverifiable {
    /// A public e-mail provider.
    Common,
    /// A provider of disposable addresses.
    Disposable,
}

impl Member {
    pub(crate) fn new(id: String, user_id: String, role: &str, now: i64) -> Self {
        Self { id, user_id, role: role.to_owned(), created_at: now, updated_at: now }
    }
}

impl Domain {
    /// Creates a domain; with an affiliation it is verified.
    pub(crate) fn new(
        id: String,
        name: String,
        enrollment_mode: String,
        affiliation: Option<Verification>,
        now: i64,
    ) -> Self {
        Self {
            id,
            name,
            enrollment_mode,
            affiliation_email: None,
            verified_at: affiliation.as_ref().map(|_| now),
            affiliation,
            created_at: now,
            updated_at: now,
        }
    }

    pub(crate) fn is_verified(&self) -> bool {
        self.affiliation.as_ref().is_some_and(Verification::is_verified)
    }

    /// Returns why organizations can't claim a domain, if they can't.
    pub(crate) fn unverifiable(name: &str) -> Option<Unverifiable> {
        match name {
            "gmail.com" | "outlook.com" | "hotmail.com" | "yahoo.com" | "icloud.com" => Some(Unverifiable::Common),
            "mailinator.com" | "guerrillamail.com" => Some(Unverifiable::Disposable),
            _ => None,
        }
    }
}

impl Organization {
    /// Creates an organization without members.
    pub(crate) fn new(id: String, name: String, slug: String, now: i64) -> Self {
        Self {
            id,
            name,
            slug,
            logo: None,
            public_metadata: Map::new(),
            members: Vec::new(),
            invitations: Vec::new(),
            requests: Vec::new(),
            suggestions: Vec::new(),
            domains: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    pub(crate) fn member(&self, user_id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.user_id == user_id)
    }

    pub(crate) fn pending_invitations(&self, now: i64) -> usize {
        self.invitations.iter().filter(|one| one.status_at(now) == RequestStatus::Pending).count()
    }
}

impl Invitation {
    /// Returns the status at a time, which includes expiry.
    pub(crate) fn status_at(&self, now: i64) -> RequestStatus {
        match self.status {
            RequestStatus::Pending if self.expire_at <= now => RequestStatus::Expired,
            status => status,
        }
    }
}
