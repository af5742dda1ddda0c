//! Hostile values in the fields that each operation accepts, so that they reach the handlers.

#![expect(clippy::unwrap_used, reason = "a helper of a test ends the test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use clerk_emulator::{Config, Emulator, EnterpriseConnection, Identity, NewOrganization, NewPhone, NewUser};
use serde_json::json;
use support::{ADA, CALLBACK, FapiResponse, GRACE, Native, PASSWORD, ada, grace};

/// Returns hostile values.
fn hostile() -> Vec<String> {
    [
        "\u{3000}+1\u{3000}é日本語🦀@\u{202e}",
        "+1201555010\u{3000}0",
        "é",
        "\u{1}\u{7f}\r\n\t<script>",
        "javascript:alert(1)",
        "{\"a\":[{}]}",
        "[1,",
        "-1",
        "true",
        " ",
        "",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["é日".repeat(3_000)])
    .collect()
}

const STRATEGIES: &[&str] = &[
    "password",
    "email_code",
    "email_link",
    "phone_code",
    "totp",
    "backup_code",
    "passkey",
    "ticket",
    "oauth_google",
    "oauth_token_google",
    "enterprise_sso",
    "web3_metamask_signature",
    "web3_solana_signature",
    "reset_password_email_code",
    "reset_password_phone_code",
];

/// Returns a plausible value for a field.
fn plausible(field: &str, ids: &BTreeMap<&str, String>) -> String {
    let id = |name: &str| ids.get(name).cloned().unwrap_or_default();
    match field {
        "identifier" => GRACE.to_owned(),
        "sign_up_if_missing" => "true".to_owned(),
        "email_address" | "affiliation_email_address" => "fresh@example.com".to_owned(),
        "email_address_or_phone_number" => "fresh@example.com".to_owned(),
        "phone_number" => "+12015550177".to_owned(),
        "web3_wallet" => "0x52908400098527886E0F7030069857D2E4169EE7".to_owned(),
        "username" => "somebody_new".to_owned(),
        "password" | "current_password" => PASSWORD.to_owned(),
        "new_password" => "another-horse-battery".to_owned(),
        "code" => "424242".to_owned(),
        "redirect_url" | "action_complete_redirect_url" | "redirect_uri" => CALLBACK.to_owned(),
        "email_address_id" => id("email"),
        "phone_number_id" => id("phone"),
        "user_id" => id("grace"),
        "role" => "org:member".to_owned(),
        "organization_id" | "active_organization_id" => id("organization"),
        "name" => "engines.test".to_owned(),
        "slug" => "engines".to_owned(),
        "level" => "multi_factor".to_owned(),
        "enrollment_mode" => "manual_invitation".to_owned(),
        "mode" => "sign-in".to_owned(),
        "code_challenge" => "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
        "code_challenge_method" => "S256".to_owned(),
        "unsafe_metadata" => "{\"a\":1}".to_owned(),
        "public_key_credential" => json!({ "id": "x", "response": { "clientDataJSON": "e30" } }).to_string(),
        "flow_id" => id("sign_in"),
        "state" | "intent" | "signature" | "ticket" | "approval_token" | "code_verifier" => "x".to_owned(),
        _ => String::new(),
    }
}

/// Fields that are only sent when they are tested: each of them selects a flow of its own.
const ALONE: &[&str] = &[
    "transfer",
    "ticket",
    "token",
    "enterprise_connection_id",
    "sign_up_if_missing",
    "email_address_or_phone_number",
    "code_challenge",
    "code_challenge_method",
    "redirect_uri",
    "rotating_token_nonce",
];

/// Whether `name` is sent along with `field`: an unknown identifier is accepted only if it may become a sign-up.
fn goes_with(field: &str, name: &str) -> bool {
    field == "identifier" && name == "sign_up_if_missing"
}

struct Fixture {
    emulator: Emulator,
    native: Native,
    ids: BTreeMap<&'static str, String>,
    snapshot: String,
    seen: BTreeSet<String>,
    requests: usize,
    failures: Vec<String>,
}

impl Fixture {
    async fn new() -> Self {
        let mut config = Config::preset("everything").unwrap();
        config.seed = Some(7);
        config.organizations.max_memberships = 0;
        config.enterprise_sso.connections = vec![EnterpriseConnection::new("entconn_acme", "Acme", "acme.test")];
        config.users = vec![
            NewUser {
                phone_numbers: vec![NewPhone { number: "+12015550109".to_owned(), second_factor: true }],
                external_accounts: vec![Identity::new("oauth_google", ADA)],
                backup_codes: vec!["aaaa1111".to_owned()],
                ..ada()
            },
            grace(),
        ];
        config.seed_organizations = vec![NewOrganization {
            name: "Engines".to_owned(),
            creator: Some(ADA.to_owned()),
            ..NewOrganization::default()
        }];
        let emulator = Emulator::start(config).await.unwrap();
        let native = Native::new(&emulator);
        let (_, made) = emulator.control("POST", "sessions", &json!({ "user": ADA }));
        *native.token.lock().unwrap() = made["client_token"].as_str().map(str::to_owned);
        let me = native.get("/v1/me").await;
        let mut ids = BTreeMap::from([
            ("session", made["session"].as_str().unwrap().to_owned()),
            ("ada", me.text("/id")),
            ("email", me.text("/email_addresses/0/id")),
            ("phone", me.text("/phone_numbers/0/id")),
            ("account", me.text("/external_accounts/0/id")),
            ("organization", me.text("/organization_memberships/0/organization/id")),
        ]);
        let users = emulator.state()["users"].as_array().unwrap().clone();
        let grace = users.iter().find(|user| user["first_name"] == "Grace").unwrap();
        ids.insert("grace", grace["id"].as_str().unwrap().to_owned());
        let add = async |path: &str, form: &[(&str, &str)]| {
            let response = native.post(path, form).await;
            assert_eq!(response.status, 200, "{path}: {response:?}");
            response.text("/id")
        };
        ids.insert("open_email", add("/v1/me/email_addresses", &[("email_address", "open@example.com")]).await);
        ids.insert("open_phone", add("/v1/me/phone_numbers", &[("phone_number", "+12015550101")]).await);
        let wallet = [("web3_wallet", "0x8ba1f109551bD432803012645Ac136ddd64DBA72")];
        ids.insert("wallet", add("/v1/me/web3_wallets", &wallet).await);
        ids.insert("passkey", add("/v1/me/passkeys", &[]).await);
        let organization = format!("/v1/organizations/{}", ids["organization"]);
        let guest = [("email_address", "guest@example.com"), ("role", "org:member")];
        ids.insert("invitation", add(&format!("{organization}/invitations"), &guest).await);
        ids.insert("domain", add(&format!("{organization}/domains"), &[("name", "first.test")]).await);
        let sign_up = [("email_address", "up@example.com"), ("phone_number", "+12015550155")];
        ids.insert("sign_up", add("/v1/client/sign_ups", &sign_up).await);
        ids.insert("sign_in", add("/v1/client/sign_ins", &[("identifier", GRACE)]).await);
        let level = [("level", "multi_factor")];
        add(&format!("/v1/client/sessions/{}/verify", ids["session"]), &level).await;
        // Prepare codes, so that attempts compare them.
        for path in [
            format!("/v1/client/sign_ins/{}/prepare_first_factor", ids["sign_in"]),
            format!("/v1/client/sign_ups/{}/prepare_verification", ids["sign_up"]),
            format!("/v1/me/email_addresses/{}/prepare_verification", ids["open_email"]),
            format!("/v1/client/sessions/{}/verify/prepare_first_factor", ids["session"]),
        ] {
            add(&path, &[("strategy", "email_code")]).await;
        }
        let snapshot = emulator.snapshot();
        Self { emulator, native, ids, snapshot, seen: BTreeSet::new(), requests: 0, failures: Vec::new() }
    }

    /// Returns a path with the IDs of existing resources.
    fn path(&self, pattern: &str) -> String {
        let what = |before: &str| match before {
            "sign_ins" => "sign_in",
            "sign_ups" => "sign_up",
            "sessions" => "session",
            "email_addresses" => "open_email",
            "phone_numbers" => "open_phone",
            "web3_wallets" => "wallet",
            "passkeys" => "passkey",
            "external_accounts" => "account",
            "organizations" => "organization",
            "invitations" => "invitation",
            "memberships" => "grace",
            "domains" => "domain",
            _ => "ada",
        };
        let mut before = "";
        let mut parts = Vec::new();
        for part in pattern.split('/') {
            parts.push(if part == "{}" { self.ids[what(before)].clone() } else { part.to_owned() });
            before = part;
        }
        parts.join("/")
    }

    /// Sends a request on the initial state and checks the response.
    async fn request(&mut self, method: &str, path: &str, form: &[(&str, &str)], operation: &str) {
        assert!(self.emulator.restore(&self.snapshot));
        let token = self.native.token.lock().unwrap().clone();
        let response = self.native.send(method, path, form).await;
        self.requests += 1;
        let shown: Vec<_> = form.iter().map(|(key, value)| (key, value.chars().take(40).collect::<String>())).collect();
        self.check(&response, &format!("{operation} {path:.200} {shown:?}"));
        if response.status == 200 {
            // The stored values can be displayed.
            let mut statuses = vec![self.native.get("/v1/client").await.status];
            for page in ["/__emulator/", "/__emulator/inbox"] {
                statuses.push(self.native.raw("GET", page).send().await.unwrap().status().as_u16());
            }
            if statuses != [200, 200, 200] {
                self.failures.push(format!("{operation} {shown:?} left {statuses:?} behind"));
            }
        }
        *self.native.token.lock().unwrap() = token;
    }

    fn finish(&self) {
        let first: Vec<_> = self.failures.iter().take(30).collect();
        assert!(first.is_empty(), "{} of {} responses: {first:#?}", self.failures.len(), self.requests);
    }

    fn check(&mut self, response: &FapiResponse, what: &str) {
        let code = response.refusal().1.to_owned();
        let is_expected = response.status < 500 || (response.status == 501 && code == "emulator_not_implemented");
        // Browsers get a page for a link; OAuth has its own error format.
        let is_page = response.body.as_str().is_some_and(|page| page.contains("data-testid=\"error-code\""));
        let is_oauth = response.body["error"].is_string();
        let has_message = is_page || is_oauth || response.body["errors"][0]["long_message"].is_string();
        if !is_expected || (response.status >= 400 && !has_message) {
            let response: String = format!("{response:?}").chars().take(300).collect();
            self.failures.push(format!("{what}: {response}"));
        }
        self.seen.insert(code);
    }
}

#[tokio::test]
async fn operations_refuse_hostile_values_with_clerk_errors() {
    let mut fixture = Fixture::new().await;
    let hostile = hostile();
    for (method, pattern, operation) in Emulator::operations() {
        let path = fixture.path(pattern);
        let fields = Emulator::fields(operation);
        let strategies = if fields.contains(&"strategy") { STRATEGIES } else { &[""] };
        for strategy in strategies {
            for field in fields {
                // Fewer values for every strategy except the first.
                let step = if *strategy == strategies[0] { 1 } else { 3 };
                for value in hostile.iter().step_by(step) {
                    let ids = fixture.ids.clone();
                    let pairs: Vec<(&str, String)> = fields
                        .iter()
                        .filter(|name| *name == field || !ALONE.contains(name) || goes_with(field, name))
                        .map(|name| match *name {
                            name if name == *field => (name, value.clone()),
                            "strategy" => ("strategy", (*strategy).to_owned()),
                            name => (name, plausible(name, &ids)),
                        })
                        .filter(|(name, value)| name == field || !value.is_empty())
                        .collect();
                    let form: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    fixture.request(method, &path, &form, operation).await;
                    // Test each value of `strategy` once.
                    if *field == "strategy" && *strategy != STRATEGIES[0] {
                        break;
                    }
                }
            }
        }
        fixture.request(method, &path, &[], operation).await;
    }
    fixture.finish();
    let seen = &fixture.seen;
    for code in
        ["form_code_incorrect", "form_password_incorrect", "form_param_max_length_exceeded", "resource_not_found"]
    {
        assert!(seen.contains(code), "the handlers ran as far as {code}: {seen:?}");
    }
    for code in ["form_param_unknown", "unsupported_content_type", "signed_out"] {
        assert!(!seen.contains(code), "no request stopped at the door with {code}: {seen:?}");
    }
    assert!(fixture.requests > 3_000, "{} requests", fixture.requests);
}

#[tokio::test]
async fn operations_refuse_hostile_paths_and_queries_with_clerk_errors() {
    let mut fixture = Fixture::new().await;
    let encode = |text: &str| {
        let text: String = text.chars().take(2_000).collect();
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
    };
    for (method, pattern, operation) in Emulator::operations() {
        for value in hostile() {
            let value = encode(&value);
            if pattern.contains("{}") {
                fixture.request(method, &pattern.replace("{}", &value), &[], operation).await;
            }
            if method == "GET" {
                let path = fixture.path(pattern);
                for name in ["limit", "offset", "query", "status", "role", "verified", "token", "ticket", "state"] {
                    let glue = if path.contains('?') { '&' } else { '?' };
                    fixture
                        .request(method, &format!("{path}{glue}paginated=true&{name}={value}"), &[], operation)
                        .await;
                }
            }
        }
    }
    fixture.finish();
    assert!(fixture.requests > 3_000, "{} requests", fixture.requests);
}

#[tokio::test]
async fn pages_and_control_api_survive_hostile_values() {
    let mut fixture = Fixture::new().await;
    let session = fixture.ids["session"].clone();
    let browser = fixture.native.raw("GET", "/__emulator/v1/info").send().await.unwrap();
    assert_eq!(browser.status().as_u16(), 200);
    let mut ask = async |method: &str, url: &str, body: String, kind: &str| {
        assert!(fixture.emulator.restore(&fixture.snapshot));
        let request = fixture.native.raw(method, url).header("content-type", kind).body(body.clone());
        let response = request.send().await.unwrap();
        fixture.requests += 1;
        if response.status().as_u16() >= 500 {
            fixture.failures.push(format!("{method} {url:.100} {:.200}: {}", body, response.status()));
        }
        let dashboard = fixture.native.raw("GET", "/__emulator/").send().await.unwrap().status().as_u16();
        let environment = fixture.native.get("/v1/environment").await.status;
        if (dashboard, environment) != (200, 200) {
            fixture.failures.push(format!("{method} {url:.100} {body:.200} left {dashboard} and {environment} behind"));
        }
    };
    let form = "application/x-www-form-urlencoded";
    let pages =
        ["sign-in", "sign-up", "user", "organization", "create-organization", "waitlist", "hosted/x", "sign-in/choose"];
    let actions =
        ["start", "oauth", "use", "code", "again", "password", "new-password", "ticket", "register", "rename"];
    for value in hostile() {
        for page in pages {
            let query: String =
                url::form_urlencoded::byte_serialize(value.chars().take(500).collect::<String>().as_bytes()).collect();
            let url = format!(
                "/portal/{page}?redirect_url={query}&id={query}&__clerk_ticket={query}&__clerk_db_jwt={query}&mode={query}"
            );
            ask("GET", &url, String::new(), form).await;
            for action in actions {
                let names = ["identifier", "password", "strategy", "code", "email_address", "username", "name", "role"];
                let pairs = names.map(|name| (name, value.as_str()));
                let body = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("action", action)
                    .extend_pairs(pairs)
                    .finish();
                ask("POST", &url, body, form).await;
            }
        }
    }
    let values = [json!(null), json!(-1), json!(i64::MAX), json!(u64::MAX), json!([]), json!({}), json!("é\u{3000}")];
    let keys = [
        (
            "POST",
            "users",
            &["email_addresses", "phone_numbers", "username", "password", "totp_secret", "backup_codes"][..],
        ),
        ("POST", "organizations", &["name", "slug", "creator", "members", "domains"]),
        ("POST", "identities", &["strategy", "email", "verified"]),
        ("POST", "tickets", &["kind", "user", "email", "redirect_url", "actor"]),
        ("POST", "sessions", &["user"]),
        ("POST", "clock/advance", &["ms"]),
        ("POST", "clock/freeze", &["ms"]),
        ("POST", "oauth/decide", &["page", "decision", "identity"]),
        ("POST", "faults", &["path", "method", "times", "action", "ms", "bytes", "back"]),
        (
            "PATCH",
            "config",
            &["lifetimes", "identifiers", "verification", "rotation_grace_s", "environment_patch", "port"],
        ),
        ("POST", "reset", &["seed"]),
    ];
    for (method, path, keys) in keys {
        for key in keys {
            for value in &values {
                let nested = ["session_s", "verification_s", "resend_s", "username_max_length"]
                    .map(|name| (name, value.clone()));
                let nested: serde_json::Map<_, _> =
                    nested.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                for value in [value.clone(), json!([value]), json!(nested), json!({ "session_s": value })] {
                    let body = json!({ *key: value, "kind": "sign_in" }).to_string();
                    ask(method, &format!("/__emulator/v1/{path}"), body, "application/json").await;
                    let mut alone = json!({});
                    alone[*key] = value;
                    ask(method, &format!("/__emulator/v1/{path}"), alone.to_string(), "application/json").await;
                }
            }
        }
    }
    for action in ["revoke", "expire", "end", "remove", "replace", "abandon", "é%E3%80%80"] {
        ask("POST", &format!("/__emulator/v1/sessions/{session}/{action}"), String::new(), form).await;
    }
    fixture.finish();
    assert!(fixture.requests > 1_500, "{} requests", fixture.requests);
}
