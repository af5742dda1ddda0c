//! What the benchmarks have in common: accounts of any size, a canned Frontend API, and the peers to compare with.

#![allow(dead_code, unreachable_pub, reason = "not every benchmark uses every helper")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing benchmark ends")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use clerk_core::{
    Clerk, ClerkSetup, LoadOptions,
    ports::{BoxFuture, HttpMethod, HttpRequest, HttpResponse, SystemClock, TokenUpdate, Transport, TransportError},
    storage::MemoryStore,
};
use clerk_testkit::{KEY, RecordingBrowser, RecordingSink, environment, jwt};
use serde_json::{Value, json};

pub mod typed;

/// The session of the account.
pub const SESSION: &str = "sess_1";

/// A membership as FAPI sends it: about 0.85 kB of JSON.
fn membership(number: usize) -> Value {
    let image = format!("https://img.clerk.com/eyJ0eXBlIjoiZGVmYXVsdCIsImlpZCI6Imluc18x{number:08}");
    json!({
        "object": "organization_membership",
        "id": format!("orgmem_{number:024}"),
        "role": "org:admin",
        "role_name": "Admin",
        "permissions": [
            "org:sys_profile:manage", "org:sys_profile:delete", "org:sys_memberships:read",
            "org:sys_memberships:manage", "org:sys_domains:read", "org:sys_domains:manage",
        ],
        "public_metadata": {},
        "created_at": 1_700_000_000_000_i64,
        "updated_at": 1_700_000_000_000_i64,
        "organization": {
            "object": "organization",
            "id": format!("org_{number:027}"),
            "name": format!("Organization {number}"),
            "slug": format!("organization-{number}"),
            "image_url": image,
            "has_image": false,
            "members_count": 3,
            "pending_invitations_count": 0,
            "max_allowed_memberships": 5,
            "admin_delete_enabled": true,
            "public_metadata": {},
            "created_at": 1_700_000_000_000_i64,
            "updated_at": 1_700_000_000_000_i64,
        },
    })
}

/// A client with one session, whose user has this many memberships.
pub fn client(memberships: usize, first_name: &str, token: &str) -> Value {
    let email = json!({
        "object": "email_address", "id": "idn_1", "email_address": "ada@example.com", "reserved": false,
        "verification": { "status": "verified", "strategy": "email_code", "attempts": 1, "expire_at": 1 },
        "linked_to": [], "created_at": 1, "updated_at": 1,
    });
    let user = json!({
        "object": "user", "id": "user_1", "first_name": first_name, "last_name": "Lovelace",
        "username": null, "has_image": true, "image_url": "https://img.clerk.com/ada",
        "primary_email_address_id": "idn_1", "email_addresses": [email], "phone_numbers": [],
        "web3_wallets": [], "external_accounts": [], "enterprise_accounts": [], "passkeys": [],
        "password_enabled": true, "two_factor_enabled": false, "totp_enabled": false,
        "backup_code_enabled": false, "public_metadata": {}, "unsafe_metadata": {},
        "organization_memberships": (0..memberships).map(membership).collect::<Vec<_>>(),
        "created_at": 1, "updated_at": 2, "last_sign_in_at": 1,
    });
    let session = json!({
        "object": "session", "id": SESSION, "status": "active", "expire_at": 9_999_999_999_999_i64,
        "abandon_at": 9_999_999_999_999_i64, "last_active_at": 1, "last_active_organization_id": null,
        "actor": null, "tasks": null, "factor_verification_age": [1, -1], "created_at": 1, "updated_at": 2,
        "last_active_token": { "object": "token", "jwt": token },
        "public_user_data": { "first_name": first_name, "identifier": "ada@example.com", "user_id": "user_1" },
        "user": user,
    });
    json!({
        "object": "client", "id": "client_1", "sign_in": null, "sign_up": null,
        "last_active_session_id": SESSION, "created_at": 1, "updated_at": 2, "sessions": [session],
    })
}

/// The bodies of a Frontend API that responds from memory: the client alternates between two names of the user, unless it is equal.
pub struct Canned {
    pub clients: [Vec<u8>; 2],
    /// The responses to a touch, which bring the client along.
    pub touches: [Vec<u8>; 2],
    pub environment: Vec<u8>,
    second: AtomicBool,
    /// Whether every response is the same.
    equal: bool,
}

impl Canned {
    pub fn new(memberships: usize, equal: bool) -> Arc<Self> {
        let token = jwt(&json!({ "sid": SESSION }));
        let client = |name| client(memberships, name, &token);
        let touch = |client: Value| {
            let mut session = client["sessions"][0].clone();
            session.as_object_mut().unwrap().remove("user");
            json!({ "response": session, "client": client }).to_string().into_bytes()
        };
        Arc::new(Self {
            clients: ["Ada", "Eve"].map(|name| json!({ "response": client(name) }).to_string().into_bytes()),
            touches: ["Ada", "Eve"].map(|name| touch(client(name))),
            environment: environment().to_string().into_bytes(),
            second: AtomicBool::new(false),
            equal,
        })
    }

    pub fn body(&self, method: &str, path: &str) -> Vec<u8> {
        let next = || usize::from(!self.equal && self.second.fetch_xor(true, Ordering::Relaxed));
        match (method, path) {
            ("GET", "/v1/environment") => self.environment.clone(),
            ("GET", "/v1/client") => self.clients[0].clone(),
            _ => self.touches[next()].clone(),
        }
    }
}

impl Transport for Canned {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let method = if matches!(request.method, HttpMethod::Get) { "GET" } else { "POST" };
        let body = self.body(method, request.url.path());
        Box::pin(async { Ok(HttpResponse { status: 200, token: TokenUpdate::Absent, retry_after: None, body }) })
    }
}

/// A core on this transport, not loaded.
pub fn core(transport: Arc<dyn Transport>, adjust: impl FnOnce(&mut ClerkSetup)) -> Clerk {
    let (browser, events) = (Arc::<RecordingBrowser>::default(), Arc::<RecordingSink>::default());
    let store = Arc::new(MemoryStore::default());
    let mut setup = ClerkSetup::new(transport, store, browser, Arc::new(SystemClock), events);
    setup.instance.publishable_key = Some(KEY.to_owned());
    adjust(&mut setup);
    Clerk::new(setup)
}

/// A core that is signed in to an account with this many memberships.
pub async fn signed_in(memberships: usize) -> Clerk {
    let clerk = core(Canned::new(memberships, false), |_| {});
    clerk.load(LoadOptions::default()).await.unwrap();
    assert!(clerk.is_signed_in());
    clerk
}

/// The runtime of an app.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
