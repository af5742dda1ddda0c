//! Fuzz target: links that the operating system passes to the app, up to the end of a flow.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use bolero::{TypeGenerator, produce};
use clerk_testkit::{client, environment, session};
use serde_json::{Value, json};
use tokio::{runtime::Runtime, sync::oneshot::error::TryRecvError};
use url::{Url, form_urlencoded};

use crate::{
    Clerk, ClerkSetup, LinkOutcome, LoadOptions,
    flows::{
        attempt::{Attempt, AttemptKind},
        callback_params::RedirectCallbackParams,
        pending::{FlowId, PendingFlow, PendingRecord, Signal, Signals},
    },
    fuzz::{changed_text, edits, pick_text, run},
    navigation::callback_url::CallbackUrl,
    ports::{
        BoxFuture, Browser, Clock, Event, EventSink, HttpMethod, HttpRequest, HttpResponse, TokenUpdate, Transport,
        TransportError,
    },
    secret::{ClientToken, Secret},
    storage::MemoryStore,
};

const NOW_MS: i64 = 1_000_000;
/// What only a genuine link has.
const NONCE: &str = "nonce-5pVw9Qd2";
const APPROVAL: &str = "approval-mX3k8Zt1";
const STATE: &str = "state-c7Rb0LfY";
const VERIFIER: &str = "verifier-Jh6sTq4e";

/// Genuine links of each flow, and links of other programs.
const LINKS: [&str; 10] = [
    "my-app://callback?rotating_token_nonce=nonce-5pVw9Qd2",
    "my-app://callback?flow_id=sia_1&approval_token=approval-mX3k8Zt1",
    "my-app://callback?state=state-c7Rb0LfY&rotating_token_nonce=nonce-5pVw9Qd2&created_session_id=sess_1",
    "my-app://callback?__clerk_status=verified&__clerk_created_session=sess_1",
    "my-app://callback?__clerk_status=failed&__clerk_error_code=oauth_access_denied",
    "my-app://callback",
    "MY-APP://CALLBACK/?rotating_token_nonce=guess#fragment",
    "my-app://callback?state=guess&rotating_token_nonce=guess&created_session_id=sess_1",
    "my-app://documents/1?flow_id=sia_1&approval_token=guess",
    "https://user:password@callback:8443/%2e%2e/?x=1",
];

/// What is inserted into links.
const WORDS: [&str; 32] = [
    "rotating_token_nonce=",
    "rotating_token_nonce=nonce-5pVw9Qd2",
    "&rotating_token_nonce=nonce-5pVw9Qd2&",
    "&rotating_token_nonce=guess&",
    "&flow_id=sia_1&",
    "&flow_id=sia_2&",
    "&approval_token=approval-mX3k8Zt1&",
    "&approval_token=guess&",
    "&state=state-c7Rb0LfY&",
    "&state=guess&",
    "&created_session_id=sess_1&",
    "&created_session_id=sess_9&",
    "&__clerk_status=failed&",
    "&__clerk_status=verified&",
    "&__clerk_error_code=oauth_access_denied&",
    "&__clerk_created_session=sess_1&",
    "my-app://callback?",
    "my-app:",
    "user:password@",
    ":8443",
    "/../",
    "?",
    "#",
    "&",
    "=",
    "%",
    "%00",
    "%ff%fe",
    "+",
    "\t",
    "\n",
    "é😀",
];

#[derive(Debug, Clone, Copy, TypeGenerator)]
enum Kind {
    Redirect,
    EmailLink,
    HostedAuth,
}

/// Who waits for the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TypeGenerator)]
enum Wait {
    /// A caller.
    Caller,
    /// Nobody any more.
    Nobody,
    /// An earlier run of the app began it.
    EarlierRun,
    /// There is no flow.
    NoFlow,
}

#[derive(Debug, Clone, TypeGenerator)]
struct Case {
    kind: Kind,
    wait: Wait,
    /// Whether the user has approved the provider's page.
    is_approved: bool,
    link: u8,
}

#[test]
fn deep_links_end_only_the_flow_that_they_prove() {
    let mut apps: Vec<Option<App>> = (0..12).map(|_| None).collect();
    run("deep-links", (produce::<Case>(), edits()), move |(case, edits)| {
        let text = changed_text(pick_text(&LINKS, case.link), edits, &WORDS);
        let Ok(link) = Url::parse(&text) else { return };
        let place = &mut apps[case.kind as usize * 4 + case.wait as usize];
        // Taken out, so that no app is used again after a failure.
        let app = place.take().unwrap_or_else(|| App::start(case.kind, case.wait));
        *place = app.check(case, &text, &link);
    });
}

/// An app, and the flow that a link may end.
struct App {
    runtime: Runtime,
    clerk: Clerk,
    server: Arc<Server>,
    flow: Option<(FlowId, Option<Signals>)>,
}

impl App {
    fn start(kind: Kind, wait: Wait) -> Self {
        // The flow does not become too old while its clock stands still.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let server = Arc::new(Server::default());
        let secrets = Arc::new(MemoryStore::default());
        let mut setup =
            ClerkSetup::new(server.clone(), secrets, Arc::new(Nothing), Arc::new(Nothing), Arc::new(Nothing));
        setup.instance.publishable_key = Some(clerk_testkit::KEY.to_owned());
        setup.callback = CallbackUrl::parse("my-app://callback");
        let clerk = Clerk::new(setup);
        let record = |run: &str| PendingRecord {
            started_at_ms: NOW_MS,
            run: run.to_owned(),
            id: 1,
            user: None,
            flow: pending_flow(kind),
        };
        let flow = runtime.block_on(async {
            clerk.load(LoadOptions::default()).await.unwrap();
            if wait == Wait::EarlierRun {
                let record = Secret::new(serde_json::to_value(record("an earlier run")).unwrap());
                assert!(clerk.update_stored(|content| content.flow = Some(record)).await);
            }
            if matches!(wait, Wait::EarlierRun | Wait::NoFlow) {
                return None;
            }
            let (flow, signals) = clerk.0.flows.begin();
            assert!(clerk.0.flows.arm(flow, Arc::new(record(&clerk.0.flows.run))));
            Some((flow, Some(signals).filter(|_| wait == Wait::Caller)))
        });
        Self { runtime, clerk, server, flow }
    }

    /// Hands the link to the app. Returns the app unless the flow is over.
    fn check(mut self, case: &Case, text: &str, link: &Url) -> Option<Self> {
        let approved = case.is_approved && matches!(case.kind, Kind::Redirect);
        self.server.approved.store(approved, Ordering::Relaxed);
        self.server.requests.store(0, Ordering::Relaxed);
        let outcome = self.runtime.block_on(self.clerk.handle_deep_link(link));
        let redeemed = self.server.redeemed.load(Ordering::Relaxed);
        assert!(redeemed || self.clerk.session().is_none(), "signed in without a proof");
        assert_eq!(is_callback(link), outcome != LinkOutcome::NotOurs, "{outcome:?}");
        if matches!(outcome, LinkOutcome::NotOurs | LinkOutcome::Refused) {
            assert!(!redeemed && !proves(case, link), "the genuine link was refused");
            self.assert_flow_goes_on(case.wait);
            // One question at most, however long the link is.
            assert!(self.server.requests.load(Ordering::Relaxed) <= 1);
            return Some(self);
        }
        let (secret, ended) = match case.kind {
            Kind::Redirect => (NONCE, redeemed),
            Kind::EmailLink => (APPROVAL, redeemed),
            // The state proves that the link comes from the page, and the page may report a failure.
            Kind::HostedAuth => (STATE, true),
        };
        assert!(ended && proves(case, link) && decoded(text).contains(secret), "ended without a proof");
        let expected = if case.wait == Wait::Caller { LinkOutcome::Delivered } else { LinkOutcome::Resumed };
        assert_eq!(outcome, expected);
        if let Some((_, Some(signals))) = &mut self.flow {
            assert!(matches!(signals.try_recv(), Ok(Signal::Returned(_))));
        }
        None
    }

    fn assert_flow_goes_on(&mut self, wait: Wait) {
        if let Some((flow, signals)) = &mut self.flow {
            assert!(self.clerk.0.flows.is_current(*flow));
            let found = self.runtime.block_on(async { self.clerk.0.flows.redeemable(NOW_MS) });
            assert!(found.is_some_and(|found| found.awaited == signals.is_some()), "the flow can't be finished");
            assert!(signals.as_mut().is_none_or(|signals| matches!(signals.try_recv(), Err(TryRecvError::Empty))));
        }
        let record = self.runtime.block_on(self.clerk.read_record());
        assert_eq!(record.is_some(), wait == Wait::EarlierRun);
    }
}

fn pending_flow(kind: Kind) -> PendingFlow {
    let attempt = Attempt::SignIn("sia_1".into());
    let callback = Box::<RedirectCallbackParams>::default();
    match kind {
        Kind::Redirect => PendingFlow::Redirect { attempt, callback },
        Kind::EmailLink => PendingFlow::EmailLink { attempt, code_verifier: Secret::new(VERIFIER.to_owned()) },
        Kind::HostedAuth => PendingFlow::HostedAuth {
            state: Secret::new(STATE.to_owned()),
            code_verifier: Secret::new(VERIFIER.to_owned()),
            mode: AttemptKind::SignIn,
            callback,
        },
    }
}

/// Whether a link names the callback of the app.
fn is_callback(link: &Url) -> bool {
    link.scheme() == "my-app"
        && link.host_str().is_some_and(|host| host.eq_ignore_ascii_case("callback"))
        && link.port().is_none()
        && matches!(link.path(), "" | "/")
}

/// Whether a link is that of the flow, by the rules that the documentation states.
fn proves(case: &Case, link: &Url) -> bool {
    if case.wait == Wait::NoFlow || !is_callback(link) || link.query().is_some_and(|query| query.len() > 8 * 1024) {
        return false;
    }
    let values = |name: &str| -> Vec<String> {
        link.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    };
    let is_absent = |name: &str| values(name).is_empty();
    let is_usable = |name: &str| match values(name).as_slice() {
        [] => true,
        [value] => !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()),
        _ => false,
    };
    match case.kind {
        Kind::Redirect => values("rotating_token_nonce") == [NONCE] && is_absent("flow_id") && is_absent("state"),
        Kind::EmailLink => {
            values("flow_id") == ["sia_1"]
                && values("approval_token") == [APPROVAL]
                && is_absent("rotating_token_nonce")
        }
        Kind::HostedAuth => {
            values("state") == [STATE] && is_usable("rotating_token_nonce") && is_usable("created_session_id")
        }
    }
}

/// Returns what a parser of URLs may make of a text, without its structure.
fn decoded(text: &str) -> String {
    let bytes: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\t' | b'\r' | b'\n')).collect();
    let hex = |digit: Option<&u8>| digit.and_then(|digit| char::from(*digit).to_digit(16));
    let (mut decoded, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            decoded.push(u8::try_from(high * 16 + low).unwrap());
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// A FAPI that accepts genuine proofs only.
#[derive(Default)]
struct Server {
    /// Whether the user has approved the provider's page.
    approved: AtomicBool,
    /// Whether a genuine proof arrived.
    redeemed: AtomicBool,
    requests: AtomicUsize,
}

impl Transport for Server {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let (status, body, token) = self.respond(&request);
        let token = token.map_or(TokenUpdate::Absent, |token| TokenUpdate::Set(ClientToken::new(token)));
        let response = HttpResponse { status, token, retry_after: None, body: body.to_string().into_bytes() };
        Box::pin(std::future::ready(Ok(response)))
    }
}

impl Server {
    fn respond(&self, request: &HttpRequest) -> (u16, Value, Option<&'static str>) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let is = |name: &str, value: &str| request.url.query_pairs().any(|pair| pair == (name.into(), value.into()));
        let names_nonce = request.url.query_pairs().any(|(name, _)| name == "rotating_token_nonce");
        let form: Vec<(String, String)> = match &request.method {
            HttpMethod::Get | HttpMethod::Upload(_) | HttpMethod::Json(_) => Vec::new(),
            HttpMethod::Post(body) => form_urlencoded::parse(body.expose().as_bytes()).into_owned().collect(),
        };
        let has = |name: &str, value: &str| form.iter().any(|pair| pair.0 == name && pair.1 == value);
        let signed_in = || client(2, &[session("sess_1")]);
        let error = |code: &str| (404, json!({ "errors": [{ "code": code }] }), None);
        let redeem = |body: Value| {
            self.redeemed.store(true, Ordering::Relaxed);
            (200, body, Some("a-new-client-token"))
        };
        match (&request.method, request.url.path()) {
            (HttpMethod::Get, "/v1/environment") => (200, environment(), Some("a-client-token")),
            (HttpMethod::Get, "/v1/client") => {
                let mut client = client(1, &[]);
                client["sign_in"] = attempt("needs_first_factor", "unverified");
                (200, json!({ "response": client }), None)
            }
            (HttpMethod::Get, "/v1/client/sign_ins/sia_1") => {
                let complete = attempt("complete", "verified");
                if is("rotating_token_nonce", NONCE) {
                    return redeem(json!({ "response": complete, "client": signed_in() }));
                }
                match (self.approved.load(Ordering::Relaxed), names_nonce) {
                    (true, true) => error("resource_not_found"),
                    (true, false) => (200, json!({ "response": complete }), None),
                    (false, _) => (200, json!({ "response": attempt("needs_first_factor", "unverified") }), None),
                }
            }
            (HttpMethod::Post(_), "/v1/client/magic_links/complete") => {
                match has("flow_id", "sia_1") && has("approval_token", APPROVAL) && has("code_verifier", VERIFIER) {
                    true => redeem(json!({ "response": { "object": "magic_link", "ticket": "ticket" } })),
                    false => error("approval_token_invalid"),
                }
            }
            (HttpMethod::Post(_), "/v1/client/sign_ins") if has("ticket", "ticket") => {
                (200, json!({ "response": attempt("complete", "verified"), "client": signed_in() }), None)
            }
            (HttpMethod::Post(_), "/v1/client") if has("_method", "GET") => {
                match has("rotating_token_nonce", NONCE) && has("code_verifier", VERIFIER) {
                    true => redeem(json!({ "response": signed_in() })),
                    false => error("rotating_token_nonce_invalid"),
                }
            }
            (HttpMethod::Post(_), "/v1/client/sessions/sess_1/touch") => {
                (200, json!({ "response": session("sess_1"), "client": client(3, &[session("sess_1")]) }), None)
            }
            _ => error("resource_not_found"),
        }
    }
}

fn attempt(status: &str, verification: &str) -> Value {
    json!({
        "object": "sign_in_attempt",
        "id": "sia_1",
        "status": status,
        "created_session_id": (status == "complete").then_some("sess_1"),
        "first_factor_verification": { "status": verification, "strategy": "email_link" },
    })
}

/// No browser, no windows, and a clock that stands still.
struct Nothing;

impl Browser for Nothing {
    fn open(&self, _: &Url) -> Result<(), String> {
        Ok(())
    }
}

impl EventSink for Nothing {
    fn emit(&self, _: Event) {}
}

impl Clock for Nothing {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }
}
