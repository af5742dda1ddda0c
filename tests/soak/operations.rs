//! What users, windows, other programs and the network do, at random.

use std::{collections::BTreeMap, time::Duration};

use clerk_core::{
    AttemptVerificationParams, CheckAuthorizationParams, Clerk, GetTokenParams, PrepareVerificationParams,
    RedirectResource, Result, SetActiveParams, SignInCreateParams, SignOutOptions, SignUpParams,
    models::{OrganizationId, SessionId},
};
use clerk_emulator::{Action, Fault, Identity};
use clerk_testkit::app::{ADA, CALLBACK, PASSWORD, google_params, password_params};
use rand::{
    Rng,
    rngs::StdRng,
    seq::{IndexedMutRandom, IndexedRandom, IteratorRandom},
};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::{
    app::{DesktopApp, Habit},
    pace::Pace,
    ports::Trouble,
    run::Leak,
};

/// The most windows of an app.
const MOST_WINDOWS: usize = 5;

/// Everything that may happen at a step, with its weight.
const OPERATIONS: &[(Operation, u32)] = &[
    (Operation::ReloadWindow, 6),
    (Operation::OpenWindow, 6),
    (Operation::CloseWindow, 6),
    (Operation::AddListener, 6),
    (Operation::SignIn, 10),
    (Operation::SignInWithWrongPassword, 3),
    (Operation::SignUp, 3),
    (Operation::SignOut, 8),
    (Operation::SignOutOfOneSession, 6),
    (Operation::EndSessionElsewhere, 5),
    (Operation::SetActive, 6),
    (Operation::SetNoneActive, 3),
    (Operation::GetToken, 10),
    (Operation::MintToken, 5),
    (Operation::GetTokenOfTemplate, 5),
    (Operation::Touch, 6),
    (Operation::Resume, 4),
    (Operation::HandleUnauthenticated, 4),
    (Operation::BeginOauth, 8),
    (Operation::BeginHostedAuth, 3),
    (Operation::BeginEmailLink, 5),
    (Operation::OpenMail, 5),
    (Operation::CancelFlow, 3),
    (Operation::ForgedLink, 6),
    (Operation::ManyForgedLinks, 1),
    (Operation::Read, 6),
    (Operation::GetOrganization, 3),
    (Operation::WrongClock, 1),
    (Operation::Sleep, 1),
    (Operation::KeyringTrouble, 3),
    (Operation::FileTrouble, 3),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operation {
    ReloadWindow,
    OpenWindow,
    CloseWindow,
    AddListener,
    SignIn,
    SignInWithWrongPassword,
    SignUp,
    SignOut,
    SignOutOfOneSession,
    EndSessionElsewhere,
    SetActive,
    SetNoneActive,
    GetToken,
    MintToken,
    GetTokenOfTemplate,
    Touch,
    Resume,
    HandleUnauthenticated,
    BeginOauth,
    BeginHostedAuth,
    BeginEmailLink,
    OpenMail,
    CancelFlow,
    ForgedLink,
    ManyForgedLinks,
    Read,
    GetOrganization,
    WrongClock,
    Sleep,
    KeyringTrouble,
    FileTrouble,
}

/// How often what happened.
#[derive(Default)]
pub(crate) struct Counts(BTreeMap<String, u64>);

impl Counts {
    pub(crate) fn add(&mut self, name: &str, times: u64) {
        match self.0.get_mut(name) {
            Some(count) => *count += times,
            None => drop(self.0.insert(name.to_owned(), times)),
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all: Vec<String> = self.0.iter().map(|(name, count)| format!("{name} {count}")).collect();
        f.write_str(&all.join(", "))
    }
}

/// Does something with the app.
pub(crate) async fn operate(
    app: &mut DesktopApp,
    pace: &Pace,
    random: &mut StdRng,
    counts: &mut Counts,
    leaks: &[Leak],
) {
    let signs_out = |operation| matches!(operation, Operation::SignOut | Operation::SignOutOfOneSession);
    let operation = loop {
        let chosen = OPERATIONS.choose_weighted(random, |(_, weight)| *weight).unwrap().0;
        if app.habit != Habit::NeverSignsOut || !signs_out(chosen) {
            break chosen;
        }
    };
    counts.add(&format!("{operation:?}"), 1);
    if !leaks.is_empty() && random.random_bool(0.2) {
        leak(app, leaks);
    }
    let patient = random.random_bool(0.85);
    // A call of a window, or of the app's own code.
    let clerk = app.windows.choose(random).map_or(&app.clerk, |window| &window.clerk).clone();
    let session = any_session(&clerk, random);
    match operation {
        Operation::ReloadWindow => {
            app.close_window();
            app.open_window();
        }
        Operation::OpenWindow if app.windows.len() < MOST_WINDOWS => app.open_window(),
        Operation::OpenWindow | Operation::CloseWindow => {
            app.close_window();
        }
        Operation::AddListener => {
            if let Some(window) = app.windows.choose_mut(random) {
                window.listen();
                for listener in window.listeners.drain(..3) {
                    listener.remove();
                }
            }
        }
        Operation::SignIn => {
            let params = password_params(app.address, PASSWORD);
            app.call(patient, sign_in(clerk, params));
        }
        Operation::SignInWithWrongPassword => app.call(patient, sign_in(clerk, password_params(ADA, "wrong"))),
        Operation::SignUp => {
            let address = format!("new{}+clerk_test@example.com", random.random::<u64>());
            app.call(patient, sign_up(clerk, address));
        }
        Operation::SignOut => app.call(patient, async move { clerk.sign_out(SignOutOptions::default()).await }),
        Operation::SignOutOfOneSession => {
            let options = SignOutOptions { session_id: session, ..SignOutOptions::default() };
            app.call(patient, async move { clerk.sign_out(options).await });
        }
        Operation::EndSessionElsewhere => {
            if let Some(session) = session {
                let how = ["revoke", "expire", "end", "remove", "abandon"].choose(random).unwrap();
                pace.control.post(&format!("sessions/{session}/{how}"), &Value::Null).await;
            }
        }
        Operation::SetActive => {
            if let Some(session) = session {
                app.call(patient, async move { clerk.set_active(SetActiveParams::session(session)).await });
            }
        }
        Operation::SetNoneActive => {
            let none = SetActiveParams { session: clerk_core::Change::Clear, ..SetActiveParams::default() };
            app.call(patient, async move { clerk.set_active(none).await });
        }
        Operation::GetToken => app.call(patient, async move { clerk.session_token().await }),
        Operation::MintToken | Operation::GetTokenOfTemplate => {
            if let Some(session_id) = session {
                let template = (operation == Operation::GetTokenOfTemplate).then(|| "backend".to_owned());
                let skip_cache = template.is_none();
                let params = GetTokenParams { template, skip_cache, ..GetTokenParams::new(session_id) };
                app.call(patient, async move { clerk.get_token(params).await });
            }
        }
        Operation::Touch => app.call(patient, async move { clerk.touch().await }),
        Operation::Resume => clerk.resume(),
        Operation::HandleUnauthenticated => app.call(patient, async move { clerk.handle_unauthenticated().await }),
        Operation::BeginOauth => {
            let resource = if random.random_bool(0.7) { RedirectResource::SignIn } else { RedirectResource::SignUp };
            let params = google_params(resource);
            app.call(patient, async move { clerk.authenticate_with_redirect(params).await });
        }
        Operation::BeginHostedAuth => {
            app.call(patient, async move { clerk.start_hosted_auth(RedirectResource::SignIn).await });
        }
        Operation::BeginEmailLink => app.call(patient, sign_in_by_link(clerk, app.address)),
        Operation::OpenMail => open_mail(app, pace, random).await,
        Operation::CancelFlow => app.call(patient, async move { clerk.cancel_authentication().await }),
        Operation::ForgedLink => open_link(app, forged_link(random)),
        Operation::ManyForgedLinks => (0..50).for_each(|_| open_link(app, forged_link(random))),
        Operation::Read => {
            let _ = (clerk.snapshot(), clerk.notices(), clerk.auth_events(), clerk.take_redirect_outcome());
            let _ = clerk.check_authorization(&CheckAuthorizationParams::default());
        }
        Operation::GetOrganization => {
            app.call(patient, async move { clerk.get_organization(&OrganizationId::from("org_unknown")).await });
        }
        Operation::WrongClock => {
            let error = Duration::from_secs(random.random_range(0..3_600));
            app.set_clock(error, random.random());
        }
        Operation::Sleep => pace.sleep(Duration::from_secs(random.random_range(10..1_800))).await,
        Operation::KeyringTrouble => app.keyring.trouble.set(any_trouble(random)),
        Operation::FileTrouble => app.file_trouble.set(any_trouble(random)),
    }
}

/// Leaks one of each, as a forgotten line would.
fn leak(app: &mut DesktopApp, leaks: &[Leak]) {
    for leak in leaks {
        match leak {
            Leak::Listener => {
                // Never removed, and large enough to be seen in the memory of the process.
                let text = "x".repeat(256 * 1024);
                app.clerk.add_listener(move |_| assert!(!text.is_empty()));
            }
            Leak::Task => drop(tokio::spawn(std::future::pending::<()>())),
            Leak::Handle => std::mem::forget(std::fs::File::open("/dev/null").unwrap()),
            Leak::File => {
                let number = std::fs::read_dir(&app.folder).map_or(0, Iterator::count);
                let _ = std::fs::write(app.folder.join(format!("left {number}")), vec![0; 1_000]);
            }
            Leak::Secret => app.keyring.leak(),
            Leak::App => std::mem::forget(app.clerk.clone()),
        }
    }
}

fn any_trouble(random: &mut StdRng) -> u8 {
    *[Trouble::NONE, Trouble::FAILS, Trouble::HANGS].choose(random).unwrap()
}

fn any_session(clerk: &Clerk, random: &mut StdRng) -> Option<SessionId> {
    clerk.client()?.sessions.choose(random).map(|session| session.id.clone())
}

async fn sign_in(clerk: Clerk, params: SignInCreateParams) -> Result<()> {
    let sign_in = clerk.create_sign_in(params).await?;
    match sign_in.created_session_id {
        Some(session) => clerk.set_active(SetActiveParams::session(session)).await,
        None => Ok(()),
    }
}

async fn sign_in_by_link(clerk: Clerk, address: &'static str) -> Result<()> {
    let params = SignInCreateParams { identifier: Some(address.to_owned()), ..SignInCreateParams::default() };
    let begun = clerk.create_sign_in(params).await?;
    let sign_in = clerk.sign_in_with_email_link(&begun.id, None).await?;
    match sign_in.created_session_id {
        Some(session) => clerk.set_active(SetActiveParams::session(session)).await,
        None => Ok(()),
    }
}

async fn sign_up(clerk: Clerk, address: String) -> Result<()> {
    let params =
        SignUpParams { email_address: Some(address), password: Some(PASSWORD.to_owned()), ..SignUpParams::default() };
    let sign_up = clerk.create_sign_up(params).await?;
    let strategy = "email_code";
    let prepare = PrepareVerificationParams::new(strategy);
    clerk.prepare_sign_up_verification(&sign_up.id, prepare).await?;
    let code = Some("424242".to_owned());
    let attempt = AttemptVerificationParams { code, ..AttemptVerificationParams::new(strategy) };
    let complete = clerk.attempt_sign_up_verification(&sign_up.id, attempt).await?;
    match complete.created_session_id {
        Some(session) => clerk.set_active(SetActiveParams::session(session)).await,
        None => Ok(()),
    }
}

/// Opens a link to the app.
fn open_link(app: &mut DesktopApp, link: Url) {
    let clerk = app.clerk.clone();
    app.call(true, async move { clerk.handle_deep_link(&link).await });
}

/// Opens the newest link in the mailbox of the user.
async fn open_mail(app: &mut DesktopApp, pace: &Pace, random: &mut StdRng) {
    let query = format!("inbox/latest?to={}", app.address.replace('+', "%2B"));
    let Some(message) = pace.control.get(&query).await else { return };
    let Some(link) = message["link"].as_str() else { return };
    let html = pace.control.approve(link).await;
    let Some(back) = html.split("href=\"my-app").nth(1).and_then(|rest| rest.split('"').next()) else { return };
    let back = Url::parse(&format!("my-app{}", back.replace("&amp;", "&"))).unwrap();
    if random.random_bool(0.3) {
        open_link(app, back.clone());
    }
    open_link(app, back);
}

/// Decides on the page that is open in the browser, and comes back to the app. Some users never do.
pub(crate) async fn decide_in_browser(app: &mut DesktopApp, pace: &Pace, random: &mut StdRng, counts: &mut Counts) {
    let Some(opened) = app.browser.take() else { return };
    let decision = ["approve", "approve", "deny", "server_error", "leave"].choose(random).unwrap();
    counts.add(&format!("browser: {decision}"), 1);
    if *decision == "leave" {
        return;
    }
    let person = random.random_range(0..4);
    let identity = Identity {
        first_name: "Grace".to_owned(),
        ..Identity::new("oauth_google", format!("grace{person}@example.com"))
    };
    let mut body = json!({ "page": opened, "decision": decision });
    if *decision == "approve" {
        body["identity"] = serde_json::to_value(identity).unwrap();
    }
    // Refused for the pages of hosted flows, which the user leaves.
    let Some(answer) = pace.control.post("oauth/decide", &body).await else { return };
    if let Some(link) = answer["url"].as_str().and_then(|url| Url::parse(url).ok()) {
        open_link(app, link);
    }
}

/// Returns a link as another program might open it.
fn forged_link(random: &mut StdRng) -> Url {
    let number: u32 = random.random();
    let queries = [
        String::new(),
        format!("rotating_token_nonce={number}"),
        format!("flow_id=sia_{number}&approval_token={number}"),
        format!("state={number}&rotating_token_nonce={number}&created_session_id=sess_{number}"),
        "__clerk_status=failed".to_owned(),
        format!("__clerk_status=verified&__clerk_created_session=sess_{number}"),
        format!("x={}", "y".repeat(9_000)),
    ];
    Url::parse(&format!("{CALLBACK}?{}", queries.choose(random).unwrap())).unwrap()
}

/// Adds a fault of the network or of the server.
pub(crate) async fn add_fault(pace: &mut Pace, random: &mut StdRng) {
    let paths = [
        "*",
        "/v1/client",
        "/v1/environment",
        "/v1/client/sign_ins*",
        "/v1/client/sessions/*/tokens*",
        "/v1/client/sessions/*/touch",
        "/v1/client/sessions/*/remove",
    ];
    let json_error = |code: &str| json!({ "errors": [{ "code": code, "message": code }] }).to_string();
    let respond = |status, code: &str| Action::Respond {
        status,
        content_type: "application/json".to_owned(),
        body: json_error(code),
    };
    let actions = [
        respond(404, "resource_not_found"),
        respond(422, "form_param_value_invalid"),
        respond(500, "internal_clerk_error"),
        Action::Respond { status: 503, content_type: "text/html".to_owned(), body: "<html>".to_owned() },
        Action::LoseAnswer,
        Action::Hold,
        Action::Latency { ms: random.random_range(1..10) },
        Action::RateLimit { retry_after_s: random.random_range(1..30) },
        Action::Disconnect,
        Action::Reset,
        Action::Truncate { bytes: random.random_range(0..300) },
        Action::Malformed,
        Action::Html,
        Action::Duplicate,
        Action::StaleClient,
    ];
    let action = actions.into_iter().choose(random).unwrap();
    pace.holds |= action == Action::Hold;
    let mut fault = Fault::new(*paths.choose(random).unwrap(), action);
    if random.random_bool(0.1) {
        // Not for the client itself: to FAPI, this device would be another one from then on.
        fault = Fault::new("/v1/client/sessions/*", respond(401, "authentication_invalid"));
    }
    // Some faults go on until they are lifted.
    let fault = if random.random_bool(0.1) { fault } else { fault.times(random.random_range(1..5)) };
    let fault = fault.back(random.random_range(1..4));
    pace.control.post("faults", &serde_json::to_value(fault).unwrap()).await.unwrap();
}

/// Lifts the faults of the network and of the server.
pub(crate) async fn lift_faults(pace: &mut Pace, counts: &mut Counts) {
    for fault in pace.control.get("faults").await.unwrap().as_array().unwrap() {
        let name = fault["action"].as_str().unwrap();
        counts.add(name, fault["hits"].as_u64().unwrap());
    }
    pace.control.call(Method::DELETE, "faults", &Value::Null).await.unwrap();
    pace.holds = false;
}
