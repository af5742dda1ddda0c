//! Fuzz targets: the claims of session tokens, and what is stored.

use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bolero::{TypeGenerator, produce};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    CheckAuthorizationParams, Clerk, ClerkOptions, ClerkSetup, LoadOptions, SdkMetadata, Status,
    fuzz::{changed, changed_json, changed_text, edits, json_edits, pick, pick_text, run},
    jwt::{Claims, is_fresher},
    ports::{
        BoxFuture, Browser, CacheStore, Event, EventSink, HttpRequest, HttpResponse, SecretKey, SecretStore,
        StoreError, SystemClock, TokenUpdate, Transport, TransportError,
    },
    secret::{ClientToken, Secret, SessionToken, StoredSecret},
    state::{
        authorization::check,
        revocation_queue::{Revocation, Target},
        sealed::{CachedState, Sealed},
        snapshot::Snapshot,
        transition::Transition,
        vault::{Entry, SealKey},
    },
    storage::MemoryStore,
    sync::lock,
    time::Moment,
};

const CLAIMS: [&str; 6] = [
    r#"{"iat":1000,"exp":1060,"fea":"o:reports,u:notes,ou:export","pla":"u:pro,o:team","o":{"id":"org_1"},"sub":"user_1"}"#,
    r#"{"iat":1000,"exp":1060,"fea":"u:reports","pla":"o:team","org_id":"org_1","sid":"sess_1","v":2}"#,
    r#"{"iat":1000,"exp":1060}"#,
    r#"{"iat":1000,"exp":1000,"fea":"o:reports","pla":"o:team"}"#,
    r#"{"exp":1060,"fea":"o:reports","pla":"o:team"}"#,
    r#"{"iat":"1000","exp":1060.0,"fea":["o:reports"],"pla":{"o":"team"}}"#,
];
const CLAIM_WORDS: [&str; 12] = [".", "..", "=", "e30", "e30.e30.", "fea", "o:", "reports", ",", "\"", "-", "é"];
const WANTED: [&str; 8] = ["reports", "o:reports", "user:notes", "export", "org:export", "team:reports", "", ":"];

#[derive(Debug, Clone, TypeGenerator)]
struct TokenCase {
    claims: u8,
    header: Option<i64>,
    is_plan: bool,
    wanted: u8,
    /// The clock when the token arrived, from a time before it was issued.
    received_s: u8,
    /// How long ago it arrived.
    elapsed_ms: u32,
    /// The same by the wall clock.
    wall_elapsed_s: i8,
}

#[test]
fn session_tokens_grant_nothing_unless_valid_and_fresh() {
    let claims: Vec<Value> = CLAIMS.iter().map(|claims| serde_json::from_str(claims).unwrap()).collect();
    let generator = (produce::<TokenCase>(), json_edits(), edits());
    run("session-tokens", generator, move |(case, json_edits, text_edits)| {
        let header = case.header.map_or_else(|| json!({}), |issued| json!({ "oiat": issued })).to_string();
        let payload = changed_json(pick(&claims, case.claims), json_edits);
        let jwt = format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        // Most of the tokens stay well-formed.
        let jwt = if text_edits.len() < 3 { jwt } else { changed_text(&jwt, &text_edits[2..], &CLAIM_WORDS) };
        check_token(case, &jwt);
    });
}

fn check_token(case: &TokenCase, jwt: &str) {
    let mut snapshot = Snapshot::initial(SdkMetadata::default(), ClerkOptions::default());
    let received_ms = 980_000 + i64::from(case.received_s) * 1000;
    snapshot.at.wall_ms = received_ms;
    let client = json!({ "sessions": [{
        "id": "sess_1", "status": "active", "last_active_organization_id": "org_1",
        "last_active_token": { "jwt": jwt },
        "user": { "id": "user_1", "organization_memberships": [
            { "role": "org:admin", "permissions": ["org:invoices:create"], "organization": { "id": "org_1" } },
        ] },
    }] });
    let snapshot = snapshot.after(Transition::client(&client));
    let (token, other) = (SessionToken::new(jwt), SessionToken::new("e30.eyJpYXQiOjEwMDAsImV4cCI6MTA2MH0.x"));
    is_fresher(&token, Some(&other));
    is_fresher(&other, Some(&token));
    let elapsed_ms = i64::from(case.elapsed_ms % 100_000);
    let wall_ms = received_ms + i64::from(case.wall_elapsed_s) * 1000;
    let elapsed = Duration::from_millis(elapsed_ms.unsigned_abs());
    let now = Moment { wall_ms, monotonic: snapshot.at.monotonic + elapsed };
    let granted = |params: CheckAuthorizationParams| check(&snapshot, &params, now);
    let wanted = pick_text(&WANTED, case.wanted);
    let (name, params) = if case.is_plan {
        ("pla", CheckAuthorizationParams { plan: Some(wanted.to_owned()), ..Default::default() })
    } else {
        ("fea", CheckAuthorizationParams { feature: Some(wanted.to_owned()), ..Default::default() })
    };
    let age_ms = elapsed_ms.max(wall_ms - received_ms);
    let expected = valid_claims(jwt, received_ms, age_ms).is_some_and(|claims| contains(&claims[name], wanted));
    // Numbers that nobody uses may expire early, but nothing may be granted without a valid token.
    let is_usual = Claims::read(jwt).is_none_or(|claims| {
        [claims.issued_at, claims.expires_at].iter().all(|seconds| seconds.unsigned_abs() < 1 << 40)
    });
    assert!(granted(params) == expected || (expected && !is_usual), "expected {expected}");
    // Roles are no matter of the token.
    let with_role = |role: &str| CheckAuthorizationParams { role: Some(role.to_owned()), ..Default::default() };
    assert!(granted(with_role("org:admin")) && !granted(with_role("org:owner")));
    assert!(!granted(CheckAuthorizationParams::default()));
}

/// Returns the claims of a token that is well-formed and has not expired, without any limit of the numbers.
fn valid_claims(jwt: &str, received_ms: i64, age_ms: i64) -> Option<Value> {
    let mut parts = jwt.split('.');
    let mut part = || serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok();
    let (_header, claims) = (part()?, part()?);
    let seconds = |name: &str| claims.get(name)?.as_i64().map(i128::from);
    let (issued_ms, expires_ms) = (seconds("iat")? * 1000, seconds("exp")? * 1000);
    let age_at_receipt_ms = (i128::from(received_ms) - issued_ms).max(0);
    (expires_ms - issued_ms > age_at_receipt_ms + i128::from(age_ms)).then_some(claims)
}

/// Whether a claim has a feature or plan, by Clerk's rules of scopes.
fn contains(claim: &Value, wanted: &str) -> bool {
    let (allowed, id) = match wanted.split_once(':') {
        None => (["o", "u", "ou", "uo"].as_slice(), wanted),
        Some(("o" | "org" | "organization", id)) => (["o", "ou", "uo"].as_slice(), id),
        Some(("u" | "user", id)) => (["u", "ou", "uo"].as_slice(), id),
        Some(_) => return false,
    };
    let elements = claim.as_str().unwrap_or_default().split(',').map(str::trim);
    elements.into_iter().any(|element| allowed.iter().any(|scope| element == format!("{scope}:{id}")))
}

const NAMES: [&str; 2] = ["clerk.example.test", "clerk.other.test"];
const FILE_WORDS: [&str; 5] = ["clerk-state-2\n", "clerk-state-1\n", "\0", "{}", "\u{ff}"];
const ENTRY_WORDS: [&str; 10] = ["{", "}", "\"", "\"t\":", "\"f\":true,", "\"k\":\"\",", "\"e\":\"\",", "A", "=", "é"];

/// A file and what opens it.
struct File {
    key: SealKey,
    name: &'static str,
    content: Sealed,
    bytes: Vec<u8>,
}

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let key = |byte: u8, epoch: u8| SealKey { key: Secret::new([byte; 32]), epoch: [epoch; 16] };
    let revocation = Revocation {
        target: Target::Session("sess_2".into()),
        client: "client_1".into(),
        token: Some(ClientToken::new("an-older-token")),
        queued_at_ms: 1,
        refusals: 0,
    };
    let contents = [
        Sealed::default(),
        Sealed {
            state: Some(CachedState {
                confirmed_at_ms: 1,
                environment: json!({}).into(),
                client: Secret::new(stored_client().into()),
            }),
            flow: Some(Secret::new(json!({ "kind": "redirect" }))),
            revocations: vec![revocation],
            token: Some(Secret::new("a-client-token".to_owned())),
        },
    ];
    let mut files = Vec::new();
    for (byte, epoch) in [(1, 1), (1, 2), (2, 1)] {
        for (name, content) in NAMES.iter().flat_map(|name| contents.iter().map(move |content| (*name, content))) {
            let bytes = content.seal(&key(byte, epoch), name).unwrap();
            files.push(File { key: key(byte, epoch), name, content: content.clone(), bytes });
        }
    }
    files
});

fn stored_client() -> Value {
    json!({ "object": "client", "id": "client_1", "last_active_session_id": "sess_1", "sessions": [
        { "id": "sess_1", "status": "active", "expire_at": 1_800_000_000_000_i64, "user": { "id": "user_1" } },
    ] })
}

#[derive(Debug, Clone, TypeGenerator)]
struct FileCase {
    /// The file, and the one whose key opens it.
    file: u8,
    holder: u8,
    opens_own: bool,
    /// Whether the client token is in the file.
    token_in_file: bool,
    /// Whether the content has changes, and not what is stored.
    new_content: bool,
    /// Whether the app starts with it.
    starts: u8,
}

#[test]
fn sealed_file_opens_only_as_it_was_written() {
    let generator = (produce::<FileCase>(), edits(), edits(), json_edits());
    run("sealed-file", generator, |(case, file_edits, entry_edits, json_edits)| {
        let file = pick(&FILES, case.file);
        let holder = if case.opens_own { file } else { pick(&FILES, case.holder) };
        let bytes = if case.new_content {
            let content = serde_json::to_value(&file.content).unwrap();
            sealed_text(&changed_json(&content, json_edits), file)
        } else {
            changed(&file.bytes, file_edits, &FILE_WORDS)
        };
        let opened = Sealed::open(&bytes, &holder.key, holder.name);
        let is_own = file.key == holder.key && file.name == holder.name;
        if case.new_content {
            assert!(is_own || opened.is_none(), "opened with another key, epoch or name");
            check_content(opened.clone());
        } else {
            let expected = (is_own && bytes == file.bytes).then(|| file.content.clone());
            assert!(opened == expected, "opened: {}, expected: {}", opened.is_some(), expected.is_some());
        }
        assert!(Sealed::open_old(&bytes, &holder.key.key, holder.name).is_none(), "the format is another one");
        let entry = Entry {
            token: Some(ClientToken::new("a-client-token")),
            token_in_file: case.token_in_file,
            key: holder.key.clone(),
            signed_out: if case.token_in_file { vec![("sess_1".into(), "client_1".into())] } else { Vec::new() },
        };
        let text = entry.text();
        let edited = changed_text(text.expose(), entry_edits.get(2..).unwrap_or_default(), &ENTRY_WORDS);
        let intact = edited == text.expose();
        let machine = Machine { entry: edited, file: bytes, name: holder.name };
        machine.check_open(opened.as_ref(), intact.then_some(&entry));
        if case.starts < 16 {
            machine.check_start();
        }
    });
}

/// Encrypts any text as the file of a key.
fn sealed_text(text: &str, file: &File) -> Vec<u8> {
    let (nonce, binding) = ([7; 24], [file.key.epoch.as_slice(), file.name.as_bytes()].concat());
    let payload = Payload { msg: text.as_bytes(), aad: &binding };
    let sealed = XChaCha20Poly1305::new(file.key.key.expose().into()).encrypt(&XNonce::from(nonce), payload).unwrap();
    [b"clerk-state-2\n".as_slice(), &nonce, &sealed].concat()
}

/// What could be read can be used.
fn check_content(content: Option<Sealed>) {
    let Some(state) = content.and_then(|content| content.state) else { return };
    for now_ms in [i64::MIN, 0, 1_900_000_000_000, i64::MAX] {
        state.is_recent(now_ms, Duration::from_secs(60));
        let current = state.clone().without_expired_sessions(now_ms);
        let client = current.client.expose().tree().unwrap_or_default();
        let ends = client["sessions"].as_array().into_iter().flatten().map(|session| &session["expire_at"]);
        assert!(ends.filter_map(Value::as_i64).all(|end| end == 0 || end > now_ms));
    }
}

/// What an earlier run left: an entry and a file.
struct Machine {
    entry: String,
    file: Vec<u8>,
    name: &'static str,
}

impl Machine {
    fn clerk(&self) -> Clerk {
        let secrets = MemoryStore::default();
        let write =
            secrets.write(&SecretKey::ClientToken(self.name.to_owned()), StoredSecret::new(self.entry.as_str()));
        futures_util::FutureExt::now_or_never(write).unwrap().unwrap();
        let (server, clock) = (Arc::new(Outside), Arc::new(SystemClock));
        let mut setup = ClerkSetup::new(server, Arc::new(secrets), Arc::new(Outside), clock, Arc::new(Outside));
        setup.cache = Some(Arc::new(Cache(Mutex::new(Some(self.file.clone())))));
        setup.instance.publishable_key =
            Some(format!("pk_test_{}", base64::prelude::BASE64_STANDARD_NO_PAD.encode(format!("{}$", self.name))));
        Clerk::new(setup)
    }

    /// Reads what is stored. `file` is the content that the key of the entry opens, `entry` the entry if it is intact.
    fn check_open(&self, file: Option<&Sealed>, entry: Option<&Entry>) {
        let opened = RUNTIME.block_on(self.clerk().open_stored(self.name));
        match (opened, entry) {
            (Ok(opened), Some(entry)) => {
                let in_file = || file.and_then(|file| file.token.clone());
                let token =
                    if entry.token_in_file { in_file() } else { Some(Secret::new("a-client-token".to_owned())) };
                assert_eq!(
                    opened.token.as_ref().map(ClientToken::expose),
                    token.as_ref().map(|token| &**token.expose())
                );
                assert!(opened.state == file.and_then(|file| file.state.clone()));
            }
            (Ok(opened), None) => {
                assert!(opened.state.is_none() || file.is_some(), "a state that the key does not open");
            }
            // It is reported by a notice.
            (Err(StoreError::Corrupt(_)), entry) => {
                assert!(entry.is_none_or(|entry| entry.token_in_file), "an intact entry was refused");
            }
            (Err(StoreError::Unavailable(why)), _) => panic!("what is damaged is not unavailable: {why}"),
        }
    }

    /// Starts the app: whatever is stored, the user can sign in, and the next run can read what this one stores.
    fn check_start(&self) {
        let clerk = self.clerk();
        // Its own, which ends the tasks of the app.
        runtime().block_on(async {
            clerk.load(LoadOptions::default()).await.unwrap();
            assert_eq!(clerk.status(), Status::Ready);
            assert!(clerk.session().is_none(), "FAPI says that nobody is signed in");
            assert!(
                clerk.update_stored(|content| content.flow = Some(Secret::new(json!("new")))).await,
                "nothing can be stored"
            );
            let stored = clerk.read_stored().await.unwrap();
            assert!(stored.flow == Some(Secret::new(json!("new"))));
        });
        let notices = clerk.notices();
        assert!(notices.iter().all(|notice| notice.code == "storage_corrupt"), "{notices:?}");
    }
}

/// Starts no tasks.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(runtime);

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

struct Cache(Mutex<Option<Vec<u8>>>);

impl CacheStore for Cache {
    fn read(&self) -> BoxFuture<'_, std::io::Result<Option<Vec<u8>>>> {
        Box::pin(std::future::ready(Ok(lock(&self.0).clone())))
    }
    fn write(&self, content: Vec<u8>) -> BoxFuture<'_, std::io::Result<()>> {
        *lock(&self.0) = Some(content);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A FAPI that knows nobody, and windows that don't listen.
struct Outside;

impl Transport for Outside {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let body = match request.url.path() {
            "/v1/environment" => clerk_testkit::environment(),
            _ => json!({ "response": clerk_testkit::client(1, &[]) }),
        };
        let token = TokenUpdate::Set(ClientToken::new("a-new-client-token"));
        let response = HttpResponse { status: 200, token, retry_after: None, body: body.to_string().into_bytes() };
        Box::pin(std::future::ready(Ok(response)))
    }
}

impl Browser for Outside {
    fn open(&self, _: &url::Url) -> Result<(), String> {
        Ok(())
    }
}

impl EventSink for Outside {
    fn emit(&self, _: Event) {}
}
