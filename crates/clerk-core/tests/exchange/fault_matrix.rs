//! Every operation with every fault of the network and of FAPI, against the table in `fault_matrix.md`.
//!
//! Each row is run on a FAPI that refuses superseded client tokens at once (`strict`), on one that accepts them (`lenient`), or
//! on both (`any`). Beside what the table says, each run checks that nothing hangs or panics, and that the app converges once
//! the fault is over: it is ready, shows the user whose session FAPI has, has stored a token that FAPI accepts, and shows the
//! same user after a restart.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Once},
    time::Duration,
};

use clerk_core::{
    CallbackUrl, Clerk, ClerkSetup, LinkOutcome, LoadOptions, SetActiveParams, SignInCreateParams, SignOutOptions,
    ports::SecretKey, storage::MemoryStore,
};
use clerk_testkit::{
    KEY, MemoryCache, RecordingBrowser, RecordingSink,
    app::Flow,
    clock::TestClock,
    faults::{Fault, FaultyNetwork, IsMain},
    google::{callback_link, sign_in_params},
    stored_token,
    strict::{Call, StrictFapi},
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// How long an operation may take, whatever happens.
const LIMIT: Duration = Duration::from_secs(10 * 60);
/// When the operation begins: the next poll of the client is due five seconds later.
const BEFORE_THE_POLL: Duration = Duration::from_secs(295);
/// How long the app has to recover by itself after a fault.
const RECOVERY: Duration = Duration::from_secs(90);
/// How long the end of a session may take to reach FAPI after a fault.
const REVOCATION: Duration = Duration::from_secs(10 * 60);

const ADA: &str = "ada";
const GRACE: &str = "grace";

/// An operation, in the situation that it begins in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    /// The app is restarted while Ada is signed in.
    Load,
    /// Ada signs in with her password; she was signed out.
    SignIn,
    /// Grace signs in, while Ada is signed in.
    SecondSignIn,
    /// Ada returns from the provider's page.
    Callback,
    /// Ada's session token has expired.
    TokenRefresh,
    /// Ada and Grace are signed in; Grace's session becomes active instead of Ada's.
    SetActive,
    /// Ada signs out.
    SignOut,
}

const OPERATIONS: [(&str, Operation); 7] = [
    ("load", Operation::Load),
    ("sign-in", Operation::SignIn),
    ("second sign-in", Operation::SecondSignIn),
    ("callback", Operation::Callback),
    ("token refresh", Operation::TokenRefresh),
    ("setActive", Operation::SetActive),
    ("signOut", Operation::SignOut),
];

const FAULTS: [(&str, Fault); 17] = [
    ("connection refused", Fault::Refused),
    ("reset", Fault::Reset),
    ("timeout", Fault::Timeout),
    ("truncated", Fault::Truncated),
    ("malformed", Fault::Malformed),
    ("HTML", Fault::Html),
    ("401", Fault::Status(401)),
    ("403", Fault::Status(403)),
    ("404", Fault::Status(404)),
    ("422", Fault::Status(422)),
    ("429", Fault::Status(429)),
    ("500", Fault::Status(500)),
    ("503", Fault::Status(503)),
    ("client deleted", Fault::ClientDeleted),
    ("stale client", Fault::StaleClient),
    ("duplicated", Fault::Duplicated),
    ("out of order", Fault::OutOfOrder),
];

const FAPIS: [(&str, bool); 2] = [("strict", false), ("lenient", true)];

/// What is observed, column by column of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    /// What the operation returned.
    result: String,
    /// The longest time that it may take, in seconds.
    within_s: u64,
    /// The status right after it.
    status: String,
    /// Who is signed in right after it.
    user: String,
    /// The client token that is stored right after it: the `newest`, a `superseded` one, or `none`.
    stored: String,
    /// What the same operation returns after the fault is over, and who is signed in then.
    again: String,
}

/// A row of the table.
struct Row {
    operation: String,
    fault: String,
    fapi: String,
    expected: Outcome,
}

/// Reads the table.
fn table() -> Vec<Row> {
    let lines = include_str!("fault_matrix.md").lines().filter(|line| line.starts_with('|')).skip(2);
    lines
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            let [operation, fault, fapi, result, within, status, user, stored, again] =
                cells.try_into().unwrap_or_else(|_| panic!("nine cells: {line}"));
            let within_s = within.strip_suffix(" s").and_then(|seconds| seconds.parse().ok());
            let within_s = within_s.unwrap_or_else(|| panic!("seconds: {line}"));
            Row { operation, fault, fapi, expected: Outcome { result, within_s, status, user, stored, again } }
        })
        .collect()
}

thread_local! {
    /// The panics of this thread, which runs all tasks of a test.
    #[allow(clippy::missing_const_for_thread_local, reason = "it is constant; the lint does not see that on Windows")]
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

/// Counts panics, which the tasks of the core would swallow.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            report(info);
        }));
    });
    PANICS.set(0);
}

/// What outlives a process of the app.
#[derive(Clone)]
struct Computer {
    network: Arc<FaultyNetwork>,
    store: Arc<MemoryStore>,
    cache: Arc<MemoryCache>,
    clock: Arc<TestClock>,
}

/// A process of the app.
struct App {
    clerk: Clerk,
    browser: Arc<RecordingBrowser>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for App {
    fn drop(&mut self) {
        self.tasks.iter().for_each(|task| task.abort());
    }
}

impl Computer {
    fn new(lenient: bool) -> Self {
        Self {
            network: FaultyNetwork::new(if lenient { StrictFapi::lenient() } else { StrictFapi::default() }),
            store: Arc::default(),
            cache: Arc::default(),
            clock: Arc::new(TestClock::off_by(0)),
        }
    }

    /// Starts a process, without loading.
    fn start(&self) -> App {
        let browser = Arc::<RecordingBrowser>::default();
        let mut setup = ClerkSetup::new(
            self.network.clone(),
            self.store.clone(),
            browser.clone(),
            self.clock.clone(),
            Arc::<RecordingSink>::default(),
        );
        setup.instance.publishable_key = Some(KEY.to_owned());
        setup.callback = CallbackUrl::parse("my-app://callback");
        setup.cache = Some(self.cache.clone());
        setup.browser_timeout = LIMIT;
        let clerk = Clerk::new(setup);
        let (polled, cached) = (clerk.clone(), clerk.clone());
        let tasks = vec![
            tokio::spawn(async move { polled.poll().await }),
            tokio::spawn(async move { cached.keep_cache().await }),
        ];
        App { clerk, browser, tasks }
    }

    async fn stored(&self) -> Option<String> {
        let key = SecretKey::ClientToken("clerk.example.test".to_owned());
        stored_token(&*self.store, &key).await
    }

    /// Describes the stored client token.
    async fn describe_stored(&self) -> String {
        let stored = self.stored().await;
        let newest = self.network.fapi.lock().unwrap().present_token();
        match stored {
            None => "none",
            stored if stored == newest => "newest",
            Some(_) => "superseded",
        }
        .to_owned()
    }
}

impl App {
    async fn load(&self) -> clerk_core::Result<()> {
        self.clerk.load(LoadOptions::default()).await
    }

    /// Signs a user in, and makes the session active.
    async fn sign_in(&self, user: &str) -> clerk_core::Result<()> {
        let params = SignInCreateParams { identifier: Some(user.to_owned()), ..SignInCreateParams::default() };
        let sign_in = self.clerk.create_sign_in(params).await?;
        self.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await
    }

    /// Makes the session of a user active.
    async fn activate(&self, user: &str) -> clerk_core::Result<()> {
        let client = self.clerk.client().unwrap();
        let of_user = client
            .sessions
            .iter()
            .find(|session| session.user.as_ref().is_some_and(|of| of.first_name.as_deref() == Some(user)));
        self.clerk.set_active(SetActiveParams::session(of_user.unwrap().id.clone())).await
    }

    fn user(&self) -> String {
        self.clerk.user().and_then(|user| user.first_name.clone()).unwrap_or_else(|| "nobody".to_owned())
    }

    fn status(&self) -> String {
        self.clerk.snapshot().status.as_str().to_owned()
    }

    /// Starts a flow through the browser, and waits for its page.
    async fn begin_flow(&self) -> Result<Flow, String> {
        let before = self.browser.0.lock().unwrap().len();
        let clerk = self.clerk.clone();
        let flow = tokio::spawn(async move { clerk.authenticate_with_redirect(sign_in_params()).await });
        while self.browser.0.lock().unwrap().len() == before {
            if flow.is_finished() {
                return Err(describe(flow.await.unwrap().map(|_| ())));
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(flow)
    }

    /// Opens the link with which the browser returns. Returns what became of the flow, or that the link was refused.
    async fn open_link(&self, flow: &mut Option<Flow>, nonce: &str) -> String {
        match self.clerk.handle_deep_link(&callback_link(&format!("?rotating_token_nonce={nonce}"))).await {
            LinkOutcome::Refused => "link refused".to_owned(),
            LinkOutcome::Delivered => describe(flow.take().unwrap().await.unwrap().map(|_| ())),
            other => format!("{other:?}"),
        }
    }
}

fn describe(result: clerk_core::Result<()>) -> String {
    match result {
        Ok(()) => "ok".to_owned(),
        Err(error) => match error.status() {
            Some(status) => format!("refused: {status}"),
            None => error.code().to_owned(),
        },
    }
}

/// An operation that is about to begin.
struct Scene {
    computer: Computer,
    app: App,
    operation: Operation,
    /// The pending flow and its nonce.
    flow: Option<Flow>,
    nonce: String,
}

impl Scene {
    async fn prepare(operation: Operation, lenient: bool) -> Self {
        let computer = Computer::new(lenient);
        let mut app = computer.start();
        let started = Instant::now();
        app.load().await.unwrap();
        app.sign_in(ADA).await.unwrap();
        let (mut flow, mut nonce) = (None, String::new());
        match operation {
            Operation::Load => {
                // The state is stored.
                sleep(Duration::from_secs(1)).await;
                drop(app);
                app = computer.start();
            }
            Operation::SignIn | Operation::Callback => {
                app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
                sleep(Duration::from_secs(1)).await;
                assert!(!computer.network.fapi.lock().unwrap().has_sessions());
            }
            Operation::SetActive => {
                app.sign_in(GRACE).await.unwrap();
                app.activate(ADA).await.unwrap();
            }
            Operation::SecondSignIn | Operation::TokenRefresh | Operation::SignOut => {}
        }
        let restarted = Instant::now();
        let polled_since = if operation == Operation::Load { restarted } else { started };
        tokio::time::sleep_until(polled_since + BEFORE_THE_POLL).await;
        if operation == Operation::Callback {
            flow = Some(app.begin_flow().await.unwrap());
            nonce = computer.network.fapi.lock().unwrap().approve(ADA, None);
        }
        Self { computer, app, operation, flow, nonce }
    }

    /// The request that decides the operation.
    fn main_request(&self) -> IsMain {
        match self.operation {
            Operation::Load => |call| call.path == "/client",
            Operation::SignIn | Operation::SecondSignIn => |call| call.path == "/client/sign_ins",
            Operation::Callback => |call| call.method == "GET" && call.path.starts_with("/client/sign_ins/"),
            Operation::TokenRefresh => |call: &Call| call.path.ends_with("/tokens"),
            Operation::SetActive => |call: &Call| call.path.ends_with("/touch"),
            Operation::SignOut => |call: &Call| call.path.ends_with("/remove"),
        }
    }

    async fn run(&mut self) -> String {
        let app = &self.app;
        match self.operation {
            Operation::Load => describe(app.load().await),
            Operation::SignIn => describe(app.sign_in(ADA).await),
            Operation::SecondSignIn => describe(app.sign_in(GRACE).await),
            Operation::Callback => app.open_link(&mut self.flow, &self.nonce).await,
            Operation::TokenRefresh => describe(app.clerk.session_token().await.map(|token| assert!(token.is_some()))),
            Operation::SetActive => describe(app.activate(GRACE).await),
            Operation::SignOut => describe(app.clerk.sign_out(SignOutOptions::default()).await),
        }
    }

    /// Repeats the operation, as a user would: one who comes back from the browser opens the link again, and signs in again if
    /// that does not help; one who is signed out signs in.
    async fn run_again(&mut self) -> String {
        let is_signed_in = self.app.clerk.is_signed_in();
        match self.operation {
            Operation::Load if !is_signed_in && self.app.clerk.snapshot().is_loaded() => {
                format!("signs in: {}", describe(self.app.sign_in(ADA).await))
            }
            Operation::TokenRefresh | Operation::SetActive if !is_signed_in => {
                format!("signs in: {}", describe(self.app.sign_in(ADA).await))
            }
            Operation::Callback if self.flow.is_some() => {
                let again = self.run().await;
                if again != "link refused" {
                    return format!("same link: {again}");
                }
                self.app.clerk.cancel_authentication().await;
                format!("new flow: {}", self.new_flow().await)
            }
            Operation::Callback => "done".to_owned(),
            Operation::SignIn if is_signed_in => "done".to_owned(),
            Operation::SecondSignIn if self.app.user() == GRACE => "done".to_owned(),
            Operation::SecondSignIn => match self.run().await {
                // FAPI has signed her in already.
                refused if refused == "refused: 400" => {
                    format!("{refused}, setActive: {}", describe(self.app.activate(GRACE).await))
                }
                result => result,
            },
            Operation::SignOut => format!("signs in: {}", describe(self.app.sign_in(ADA).await)),
            _ => self.run().await,
        }
    }

    async fn new_flow(&mut self) -> String {
        match self.app.begin_flow().await {
            Ok(flow) => {
                self.flow = Some(flow);
                self.nonce = self.computer.network.fapi.lock().unwrap().approve(ADA, None);
                self.run().await
            }
            Err(error) => error,
        }
    }

    /// Checks that app and FAPI agree. Returns what is wrong.
    async fn disagreements(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let user = self.app.user();
        if self.app.status() != "ready" {
            wrong.push(format!("the status is {} in the end", self.app.status()));
        }
        let stored = self.computer.stored().await;
        {
            let fapi = self.computer.network.fapi.lock().unwrap();
            if let Some(stored) = &stored
                && !fapi.accepts(stored)
            {
                wrong.push("the stored token is not accepted in the end".to_owned());
            }
            let mut users = fapi.users(stored.as_deref());
            let client = self.app.clerk.client().unwrap();
            let mut shown: Vec<_> = client
                .signed_in_sessions()
                .map(|session| session.user.as_ref().and_then(|user| user.first_name.clone()).unwrap_or_default())
                .collect();
            users.sort();
            shown.sort();
            if users != shown {
                wrong.push(format!("FAPI has sessions of {users:?}, and the app of {shown:?}"));
            }
        }
        // The state is stored.
        sleep(Duration::from_secs(1)).await;
        let restarted = self.computer.start();
        match timeout(LIMIT, restarted.load()).await {
            Ok(Ok(())) if restarted.user() == user && restarted.status() == "ready" => {}
            loaded => wrong.push(format!("after a restart: {loaded:?}, {}, {}", restarted.user(), restarted.status())),
        }
        wrong
    }
}

/// Runs an operation with a fault. Returns what is observed, how long it took, and what is wrong whatever the table says.
async fn observe(operation: Operation, fault: Fault, lenient: bool) -> (Outcome, Duration, Vec<String>) {
    let mut scene = Scene::prepare(operation, lenient).await;
    let network = scene.computer.network.clone();
    network.fail(fault, scene.main_request());
    let started = Instant::now();
    let result = timeout(LIMIT, scene.run()).await.unwrap_or_else(|_| "hangs".to_owned());
    let took = started.elapsed();
    // What was begun in the background and needs no time.
    sleep(Duration::from_millis(200)).await;
    let (status, user, stored) = (scene.app.status(), scene.app.user(), scene.computer.describe_stored().await);
    network.recover();
    sleep(RECOVERY).await;
    let mut wrong = Vec::new();
    if operation == Operation::SignOut {
        let ended = async {
            while network.fapi.lock().unwrap().has_sessions() {
                sleep(Duration::from_secs(1)).await;
            }
        };
        if timeout(REVOCATION, ended).await.is_err() {
            wrong.push("the session was not ended on the server".to_owned());
        }
    }
    let again = timeout(LIMIT, scene.run_again()).await.unwrap_or_else(|_| "hangs".to_owned());
    let again = format!("{again}, {}", scene.app.user());
    sleep(Duration::from_secs(10)).await;
    wrong.extend(scene.disagreements().await);
    let outcome = Outcome { result, within_s: took.as_secs() + 1, status, user, stored, again };
    (outcome, took, wrong)
}

#[test]
fn fault_matrix_is_complete_and_holds() {
    count_panics();
    let rows = table();
    let mut failures = String::new();
    let mut actual = String::new();
    let mut runs = 0;
    for (operation_name, operation) in OPERATIONS {
        for (fault_name, fault) in FAULTS {
            for (fapi_name, lenient) in FAPIS {
                let matching: Vec<_> = rows
                    .iter()
                    .filter(|row| row.operation == operation_name && row.fault == fault_name)
                    .filter(|row| row.fapi == "any" || row.fapi == fapi_name)
                    .collect();
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
                let (outcome, took, mut wrong) = runtime.block_on(observe(operation, fault, lenient));
                drop(runtime);
                runs += 1;
                let panics = PANICS.replace(0);
                if panics > 0 {
                    wrong.push(format!("{panics} tasks panicked"));
                }
                let Outcome { result, within_s, status, user, stored, again } = &outcome;
                let _ = writeln!(
                    actual,
                    "| {operation_name} | {fault_name} | {fapi_name} | {result} | {within_s} s | {status} | {user} | {stored} | {again} |"
                );
                match matching[..] {
                    [row] => {
                        let limit = Duration::from_secs(row.expected.within_s);
                        if took > limit {
                            wrong.push(format!("took {took:?}"));
                        }
                        if (Outcome { within_s: row.expected.within_s, ..outcome.clone() }) != row.expected {
                            wrong.push(format!("expected {:?}, observed {outcome:?}", row.expected));
                        }
                    }
                    _ => wrong.push(format!("{} rows", matching.len())),
                }
                for wrong in wrong {
                    let _ = writeln!(failures, "{operation_name} × {fault_name} ({fapi_name}): {wrong}");
                }
            }
        }
    }
    let known: BTreeMap<_, _> = OPERATIONS.into_iter().collect();
    for row in &rows {
        let is_known = known.contains_key(row.operation.as_str())
            && FAULTS.iter().any(|(name, _)| *name == row.fault)
            && ["any", "strict", "lenient"].contains(&row.fapi.as_str());
        assert!(is_known, "an unknown row: {} × {} ({})", row.operation, row.fault, row.fapi);
    }
    assert!(failures.is_empty(), "of {runs} runs:\n{failures}\nobserved:\n{actual}");
}
