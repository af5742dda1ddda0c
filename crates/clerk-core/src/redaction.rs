//! Prints every type that can hold a secret. `cargo xtask secrets` fails if one is missing here.

use std::{fmt::Debug, sync::Arc};

use base64::Engine;
use serde_json::{Value, json};

use crate::{
    backend::{request::FetchRequest, response::FetchResponse},
    clerk::Clerk,
    error::{ApiError, RawErrors},
    events::Status,
    exchange::{connection::TokenVerdict, session_token::Mint},
    fapi::{
        HttpTransport,
        form::Form,
        pipeline::{Credentials, Reply, Said},
        received_client::ReceivedClient,
        request::{Method, Request},
        wire::Wire,
    },
    flows::{
        attempt::{Attempt, AttemptKind, AttemptResource},
        callback_link::{CallbackLink, Claim},
        callback_params::RedirectCallbackParams,
        frontend_api::{ClerkJsState, FrontendApiPart, FrontendApiRequest, FrontendApiResponse},
        frontend_request::FrontendRequest,
        oauth::AuthenticateWithRedirectParams,
        pending::{PendingFlow, PendingRecord, Returned, Signal},
        round_trip::Pkce,
        web3::{AuthenticateWithWalletParams, AuthenticateWithWeb3Params},
    },
    jwt::ReceivedToken,
    models::{SignIn, Verification},
    ports::{
        BackendRequest, BackendResponse, Browser, Event, EventSink, HttpMethod, HttpRequest, HttpResponse, SecretKey,
        SecretStore, SystemClock, TokenUpdate, UploadPart,
    },
    resources::{
        picture::FrontendApiFile,
        session::{
            SessionVerifyAttemptFirstFactorParams, SessionVerifyAttemptSecondFactorParams,
            SessionVerifyPrepareFirstFactorParams, SessionVerifyPrepareSecondFactorParams,
        },
        sign_in::{AttemptFactorParams, PrepareFactorParams, ResetPasswordParams, SignInCreateParams},
        sign_up::{AttemptVerificationParams, PrepareVerificationParams, SignUpParams},
    },
    secret::{ClientToken, CodeVerifier, FormBody, RotatingTokenNonce, Secret, SessionToken, StoredSecret, Wipe},
    setup::ClerkSetup,
    state::{
        revocation_queue::{Revocation, Target},
        sealed::{CachedState, Sealed},
        snapshot::{ActiveSession, Snapshot},
        transition::Transition,
        vault::{Entry, EntryText, SealKey},
    },
    storage::MemoryStore,
};

/// Part of every secret.
const MARK: &str = "hunter2";
/// A byte of every key.
const BYTE: u8 = 0xd7;

fn marked(what: &str) -> String {
    format!("{MARK}-{what}")
}

fn secret() -> Secret<String> {
    Secret::new(marked("secret"))
}

fn key() -> SealKey {
    SealKey { key: Secret::new([BYTE; 32]), epoch: [1; 16] }
}

/// Parameters with the mark in every field that accepts it.
fn params<T: serde::de::DeserializeOwned>() -> T {
    let fields = ["strategy", "identifier", "password", "ticket", "token", "code", "signature", "publicKeyCredential"];
    let mut fields: serde_json::Map<String, Value> =
        fields.iter().map(|name| ((*name).to_owned(), marked(name).into())).collect();
    fields.insert("unsafeMetadata".to_owned(), json!({ "a": marked("metadata") }));
    fields.insert("resource".to_owned(), json!("signIn"));
    fields.insert("unknownField".to_owned(), json!({ "a": [marked("unknown")] }));
    serde_json::from_value(fields.into()).unwrap()
}

fn request_of_components() -> Value {
    json!({
        "method": "POST",
        "path": "/client/sign_ins",
        "query": [["a", marked("query")]],
        "form": [["password", marked("password")]],
        "parts": [{
            "name": "file",
            "value": marked("value"),
            "file": { "name": "me.png", "contentType": "image/png", "data": marked("data") },
        }],
    })
}

fn raw_client() -> Value {
    let part = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json!({ "iat": 0, "exp": 60 }).to_string());
    json!({ "id": "client_1", "sessions": [{
        "id": "sess_1", "status": "active", "user": { "id": "user_1" },
        "last_active_token": { "jwt": format!("{}.{part}.x", marked("jwt")) },
    }] })
}

fn received_client() -> ReceivedClient {
    ReceivedClient::read(&raw_client().to_string()).unwrap()
}

fn client_arrives() -> Transition {
    Transition::client(&raw_client())
}

fn flows() -> [PendingFlow; 5] {
    let (attempt, callback) = (Attempt::SignIn("sia_1".into()), || Box::new(params::<RedirectCallbackParams>()));
    [
        PendingFlow::Redirect { attempt: attempt.clone(), callback: callback() },
        PendingFlow::Component { attempt: attempt.clone(), callback: callback() },
        PendingFlow::Account { account: "eac_1".to_owned() },
        PendingFlow::EmailLink { attempt, code_verifier: secret() },
        PendingFlow::HostedAuth {
            state: secret(),
            code_verifier: secret(),
            mode: AttemptKind::SignIn,
            callback: callback(),
        },
    ]
}

fn sign_in() -> SignIn {
    let verification = json!({ "nonce": marked("nonce"), "external_verification_redirect_url": marked("page") });
    SignIn::read(&json!({ "id": "sia_1", "first_factor_verification": verification })).unwrap()
}

struct Nothing;

impl Browser for Nothing {
    fn open(&self, _: &url::Url) -> Result<(), String> {
        Ok(())
    }
}

impl EventSink for Nothing {
    fn emit(&self, _: Event) {}
}

fn frontend_request() -> FrontendRequest {
    let (transport, secrets) = (Arc::new(HttpTransport::new()), Arc::new(MemoryStore::default()));
    let setup = ClerkSetup::new(transport, secrets, Arc::new(Nothing), Arc::new(SystemClock), Arc::new(Nothing));
    let request = Clerk::new(setup).frontend_request(Method::Post, "/x").query("a", MARK).field("password", MARK);
    request.json(&json!({ "password": MARK })).unwrap()
}

async fn every_type() -> Vec<Box<dyn Debug>> {
    let token = || ClientToken::new(marked("client token"));
    let session_token = || SessionToken::new(raw_client()["sessions"][0]["last_active_token"]["jwt"].as_str().unwrap());
    let nonce = || RotatingTokenNonce::new(marked("nonce"));
    let snapshot = Snapshot::initial(Default::default(), Default::default()).after(client_arrives());
    let received = || ReceivedToken::minted(session_token(), snapshot.at);
    let entry = |token_in_file| Entry { token: Some(token()), token_in_file, key: key(), signed_out: Vec::new() };
    let form = || Form::default().with("password", marked("password"));
    let post = HttpMethod::Post(FormBody::new(marked("body")));
    let url = format!("https://clerk.example.com/v1/client?rotating_token_nonce={MARK}");
    let store = MemoryStore::default();
    store.write(&SecretKey::ClientToken("clerk.example.com".into()), entry(false).text()).await.unwrap();
    let link = format!("my-app://callback?rotating_token_nonce={MARK}&approval_token={MARK}");
    let mut types: Vec<Box<dyn Debug>> = vec![
        Box::new(token()),
        Box::new(session_token()),
        Box::new(nonce()),
        Box::new(CodeVerifier::new(marked("verifier"))),
        Box::new(StoredSecret::new(marked("stored"))),
        Box::new(secret()),
        Box::new(post.clone()),
        Box::new(HttpRequest {
            method: post,
            url: url.parse().unwrap(),
            authorization: Some(token()),
            session_token: Some(session_token()),
            user_agent: String::new(),
        }),
        Box::new(HttpResponse {
            status: 200,
            token: TokenUpdate::Set(token()),
            retry_after: None,
            body: raw_client().to_string().into_bytes(),
        }),
        Box::new(TokenUpdate::Set(token())),
        Box::new(BackendRequest {
            method: "POST".into(),
            url: format!("https://api.example.com/{MARK}?q={MARK}").parse().unwrap(),
            headers: vec![("x-key".into(), marked("header"))],
            session_token: session_token(),
            body: Some(Arc::new(Secret::new(marked("body").into_bytes()))),
        }),
        Box::new(BackendResponse {
            status: 200,
            headers: vec![("x-key".into(), marked("header"))],
            body: Box::pin(futures_util::stream::empty()),
        }),
        Box::new(FetchRequest::post(format!("https://api.example.com/{MARK}")).header("x", MARK).body(MARK)),
        Box::new(FetchResponse {
            status: 200,
            headers: vec![("x-key".into(), marked("header"))],
            url: format!("https://api.example.com/{MARK}").parse().unwrap(),
            is_redirected: false,
            body: None,
            idle_timeout: std::time::Duration::ZERO,
        }),
        Box::new(store),
        Box::new(UploadPart { name: "file".into(), file: None, content: Secret::new(marked("content").into_bytes()) }),
        Box::new(serde_json::from_value::<FrontendApiRequest>(request_of_components()).unwrap()),
        Box::new(serde_json::from_value::<FrontendApiPart>(request_of_components()["parts"][0].clone()).unwrap()),
        Box::new(
            serde_json::from_value::<FrontendApiFile>(request_of_components()["parts"][0]["file"].clone()).unwrap(),
        ),
        Box::new(ClerkJsState {
            revision: 1,
            status: Status::Ready,
            publishable_key: String::new(),
            proxy_url: String::new(),
            domain: String::new(),
            callback_url: String::new(),
            client: Secret::new(raw_client()),
            environment: Value::Null,
            active_session: ActiveSession::Unknown,
        }),
        Box::new(FrontendApiResponse {
            status: 200,
            retry_after: None,
            body: Secret::new(raw_client()),
            revision: 1,
            active_session: ActiveSession::Unknown,
        }),
        Box::new(ApiError {
            status: 422,
            errors: Vec::new(),
            clerk_trace_id: None,
            retry_after: None,
            raw: RawErrors(Arc::new(json!([{ "code": marked("raw error") }]))),
        }),
        Box::new(form()),
        Box::new(Request::new(Method::Post, "/x").query("expired_token", MARK).form(form()).nonce(Some(&nonce()))),
        Box::new(frontend_request()),
        Box::new(Credentials { client_token: Some(token()), session_token: Some(session_token()), session_id: None }),
        Box::new(Reply {
            outcome: Ok(raw_client().into()),
            said: Said::default(),
            client: Some(Box::new(received_client())),
            token: TokenUpdate::Set(token()),
        }),
        Box::new(TokenVerdict::Adopt(Some(token()))),
        Box::new(Mint { minter_token: Some(session_token()), expired_token: Some(session_token()), ..Mint::default() }),
        Box::new(received()),
        Box::new(client_arrives()),
        Box::new(Transition::TokenMinted { session: "sess_1".into(), token: received() }),
        Box::new(Transition::Restored {
            client: Box::new(received_client()),
            environment: (Box::default(), json!({}).into()),
            active: None,
            confirmed_at_ms: 0,
        }),
        Box::new(snapshot),
        Box::new(key()),
        Box::new(entry(false)),
        Box::new(EntryText::Entry(entry(true))),
        Box::new(EntryText::Token(token())),
        Box::new(CachedState {
            confirmed_at_ms: 0,
            environment: json!({}).into(),
            client: Secret::new(raw_client().into()),
        }),
        Box::new(Sealed {
            state: None,
            flow: Some(Secret::new(json!({ "code_verifier": MARK }))),
            revocations: vec![Revocation {
                target: Target::Session("sess_1".into()),
                client: "client_1".into(),
                token: Some(token()),
                queued_at_ms: 0,
                refusals: 0,
            }],
            token: Some(secret()),
        }),
        Box::new(CallbackLink::read(&link.parse().unwrap()).unwrap()),
        Box::new(Claim::Nonce(nonce())),
        Box::new(Claim::Approval(secret())),
        Box::new(Claim::Hosted { nonce: nonce(), session: "sess_1".into() }),
        Box::new(Pkce { verifier: CodeVerifier::new(MARK), challenge: String::new() }),
        Box::new(Signal::Returned(Ok(Returned::Attempt(AttemptResource::SignIn(Box::new(sign_in())))))),
        Box::new(sign_in()),
        Box::new(Verification { nonce: Some(marked("nonce")), ..sign_in().first_factor_verification.unwrap() }),
        Box::new(params::<SignInCreateParams>()),
        Box::new(params::<PrepareFactorParams>()),
        Box::new(params::<AttemptFactorParams>()),
        Box::new(params::<ResetPasswordParams>()),
        Box::new(params::<SignUpParams>()),
        Box::new(params::<PrepareVerificationParams>()),
        Box::new(params::<AttemptVerificationParams>()),
        Box::new(params::<RedirectCallbackParams>()),
        Box::new(params::<AuthenticateWithRedirectParams>()),
        Box::new(params::<SessionVerifyPrepareFirstFactorParams>()),
        Box::new(params::<SessionVerifyAttemptFirstFactorParams>()),
        Box::new(params::<SessionVerifyPrepareSecondFactorParams>()),
        Box::new(params::<SessionVerifyAttemptSecondFactorParams>()),
        Box::new(params::<AuthenticateWithWeb3Params>()),
        Box::new(params::<AuthenticateWithWalletParams>()),
    ];
    for flow in flows() {
        types.push(Box::new(Arc::new(PendingRecord { started_at_ms: 0, run: String::new(), id: 1, user: None, flow })));
    }
    types
}

#[tokio::test]
async fn debug_output_contains_no_secret() {
    for value in every_type().await {
        for text in [format!("{value:?}"), format!("{value:#?}")] {
            assert!(!text.is_empty() && !text.contains(MARK), "{text}");
            // One such number alone may be part of a time.
            let numbers = text.split_whitespace().collect::<String>();
            assert!(!numbers.contains(&format!("{BYTE},{BYTE},{BYTE}")), "the bytes of a key: {text}");
        }
    }
}

#[test]
fn wipe_overwrites_every_parameter() {
    fn wiped<T: serde::de::DeserializeOwned + serde::Serialize + Wipe>() -> String {
        let mut params: T = params();
        params.wipe();
        serde_json::to_string(&params).unwrap()
    }
    for text in [
        wiped::<SignInCreateParams>(),
        wiped::<AttemptFactorParams>(),
        wiped::<ResetPasswordParams>(),
        wiped::<SignUpParams>(),
        wiped::<AttemptVerificationParams>(),
    ] {
        assert!(text.contains("unknownField") && !text.contains(MARK), "{text}");
    }
}
