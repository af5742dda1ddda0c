//! The run in the process that is measured.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use clerk_core::{
    Clerk, ClerkOptions, GetTokenParams, LoadOptions, Result, SetActiveParams, SignInCreateParams, SignOutOptions,
    SignUpParams, Status,
};
use clerk_emulator::{Action, Fault};
use clerk_testkit::app::{PASSWORD, password_params};
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    DONE,
    app::{DesktopApp, Habit},
    figures::{FIGURES, Figures, Known, growing, measure},
    operations::{Counts, add_fault, decide_in_browser, lift_faults, operate},
    pace::{Control, Pace},
    ports::Trouble,
};

/// How often sessions end before the first measurement, so that everything is full that holds a bounded number of them.
const SESSIONS_BEFORE: usize = 36;
/// How long a call may take once the faults are lifted: a link waits ten minutes for the app to load.
const LONGEST_CALL: Duration = Duration::from_secs(15 * 60);
/// How long an app may take to converge once the faults are lifted and its calls have ended: the pauses between attempts to end a
/// session on the server grow to an hour.
const LONGEST_RECOVERY: Duration = Duration::from_secs(90 * 60);
/// Longer than connections stay open that are not used: 90 seconds, looked at every 90 seconds. An app that was just started
/// retries to end sessions after 5, 10, 20, … seconds, so this ends in the middle of its seventh pause.
const QUIET: Duration = Duration::from_secs(560);
/// The steps in which it passes.
const QUIET_STEP: Duration = Duration::from_secs(5);
/// Longer than a store that hung is left alone.
const STORE_PAUSE: Duration = Duration::from_secs(90);
/// The pause between two looks at something that takes time.
const STEP: Duration = Duration::from_secs(1);

/// What to run.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) emulator: String,
    pub(crate) publishable_key: String,
    /// Minutes of the apps with faults. The pauses in which the process is measured come on top.
    pub(crate) minutes: u64,
    /// How often the process is measured.
    pub(crate) measurements: u32,
    /// Decides what happens. What happens at the same moment may happen in another order.
    pub(crate) seed: u64,
    /// What is leaked on purpose.
    pub(crate) leaks: Vec<Leak>,
}

/// A fault on purpose, to see that it is found.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Leak {
    Listener,
    Task,
    Handle,
    File,
    Secret,
    App,
}

impl Leak {
    pub(crate) const ALL: [Self; 6] = [Self::Listener, Self::Task, Self::Handle, Self::File, Self::Secret, Self::App];

    /// The figures that must grow.
    pub(crate) fn figures(self) -> &'static [&'static str] {
        match self {
            Self::Listener => &["allocated blocks", "allocated KiB", "resident KiB"],
            Self::Task => &["tasks"],
            Self::Handle => &["file handles"],
            Self::File => &["files", "stored KiB"],
            Self::Secret => &["stored secrets"],
            Self::App => &["closed apps in memory"],
        }
    }
}

/// Runs the plan, and prints what grows. Panics if an app is in a wrong state.
pub(crate) fn run(plan: &Plan) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // The threads for files stay, so that they are the same at each measurement.
    runtime.enable_all().start_paused(true).max_blocking_threads(4).thread_keep_alive(Duration::from_secs(3_600));
    runtime.build().unwrap().block_on(soak(plan));
}

struct Soak {
    apps: Vec<DesktopApp>,
    pace: Pace,
    random: StdRng,
    operations: Counts,
    faults: Counts,
    leaks: Vec<Leak>,
}

async fn soak(plan: &Plan) {
    let started = Instant::now();
    println!("seed {}, {} minutes with faults, leaks on purpose: {:?}", plan.seed, plan.minutes, plan.leaks);
    let storage = tempfile::tempdir().unwrap();
    let pace = Pace::new(Control::new(&plan.emulator)).await;
    let requests = Arc::new(AtomicU64::new(0));
    let apps = Habit::ALL.iter().enumerate();
    let apps = apps.map(|(number, _)| DesktopApp::new(number, storage.path(), &pace, plan, &requests)).collect();
    let mut soak = Soak {
        apps,
        pace,
        random: StdRng::seed_from_u64(plan.seed),
        operations: Counts::default(),
        faults: Counts::default(),
        leaks: plan.leaks.clone(),
    };
    let interval = Duration::from_secs(plan.minutes * 60) / plan.measurements;
    let mut measurements: Vec<Figures> = Vec::with_capacity(64);
    soak.recover().await;
    if plan.leaks.is_empty() {
        soak.end_sessions_before().await;
    }
    // The first measurements differ: buffers reach their size.
    for _ in 0..2 {
        soak.use_apps(interval.max(Duration::from_secs(30))).await;
        soak.recover().await;
        soak.measure(storage.path()).await;
    }
    println!("{:>8} {} | real seconds", "minute", FIGURES.map(|(name, _)| name).join(" | "));
    for number in 1..=plan.measurements {
        soak.use_apps(interval).await;
        soak.recover().await;
        let figures = soak.measure(storage.path()).await;
        let texts = figures.map(|figure| figure.to_string());
        let minute = (interval * number).as_secs_f64() / 60.0;
        println!("{minute:>8.1} {} | {}", texts.join(" | "), started.elapsed().as_secs());
        measurements.push(figures);
    }
    soak.finish().await;
    println!("{} operations: {}", soak.operations.total(), soak.operations);
    println!("{} faults: {}", soak.faults.total(), soak.faults);
    println!("{} requests, {} s of real time", requests.load(Ordering::Relaxed), started.elapsed().as_secs());
    let growing = growing(&measurements);
    for figure in &growing {
        println!("GROWS: {figure}");
    }
    if growing.is_empty() {
        println!("{DONE}");
    }
}

impl Soak {
    /// Uses the apps at random, under faults, for a time of the apps.
    async fn use_apps(&mut self, time: Duration) {
        let mut passed = Duration::ZERO;
        while passed < time {
            for app in &mut self.apps {
                app.reap();
                operate(app, &self.pace, &mut self.random, &mut self.operations, &self.leaks).await;
                decide_in_browser(app, &self.pace, &mut self.random, &mut self.operations).await;
            }
            if self.random.random_bool(0.2) {
                add_fault(&mut self.pace, &mut self.random).await;
            }
            if self.random.random_bool(0.05) {
                lift_faults(&mut self.pace, &mut self.faults).await;
            }
            let step = Duration::from_millis(self.random.random_range(20..800));
            self.pace.pass(step).await;
            passed += step;
        }
    }

    /// Lifts the faults, and waits until each app has the right state.
    async fn recover(&mut self) {
        lift_faults(&mut self.pace, &mut self.faults).await;
        for app in &mut self.apps {
            app.keyring.trouble.set(Trouble::NONE);
            app.file_trouble.set(Trouble::NONE);
            app.set_clock(Duration::ZERO, true);
            while !app.windows.is_empty() {
                app.close_window();
            }
        }
        self.end_calls().await;
        for number in 0..self.apps.len() {
            self.converge(number).await;
            if self.apps[number].habit == Habit::Restarts {
                self.restart(number).await;
            }
            for _ in 0..2 {
                self.apps[number].open_window();
            }
        }
        self.end_calls().await;
    }

    /// Lets the apps send requests of their own accord, or nearly none: then all connections close that are not leaked.
    async fn set_background_requests(&mut self, wanted: bool) {
        // A token with these claims is refreshed before it expires.
        let claims = json!({ "session_claims": { "fea": if wanted { json!("o:soak") } else { Value::Null } } });
        self.pace.control.call(Method::PATCH, "config", &claims).await.unwrap();
        for app in &mut self.apps {
            let (clerk, name, address) = (app.clerk.clone(), app.name, app.address);
            let options = ClerkOptions { polling: Some(wanted), ..ClerkOptions::default() };
            app.call(true, async move {
                clerk.load(LoadOptions { options, ..LoadOptions::default() }).await?;
                be_signed_in(&clerk, name, address).await?;
                // The client may have attempts of different sizes.
                clerk.create_sign_in(SignInCreateParams::default()).await?;
                clerk.create_sign_up(SignUpParams::default()).await
            });
        }
        self.end_calls().await;
    }

    /// Closes an app and starts it again. Its user stays signed in.
    async fn restart(&mut self, number: usize) {
        self.pace.pass(STORE_PAUSE).await;
        let app = &mut self.apps[number];
        // A change of the state: what could not be stored is stored with it.
        let clerk = app.clerk.clone();
        app.call(true, async move { clerk.create_sign_in(SignInCreateParams::default()).await });
        self.end_calls().await;
        self.pace.pass(STEP).await;
        let stored = self.apps[number].stored();
        self.apps[number].close().await;
        self.pace.pass(STEP).await;
        self.apps[number].start(&self.pace);
        self.end_calls().await;
        let app = &self.apps[number];
        let state = app.clerk.snapshot();
        let details = (state.status, &state.error);
        if app.user_name().as_deref() != Some(app.name) {
            let (user, notices) = (app.user_name(), app.clerk.notices());
            let now = self.apps[number].stored();
            panic!(
                "after a restart: {user:?}, {details:?}, {notices:?}; before: {stored}; now: {now}; {}",
                self.last_requests().await
            );
        }
        self.converge(number).await;
    }

    /// Waits until all calls have returned. Users close the pages that they left open.
    async fn end_calls(&mut self) {
        let mut passed = Duration::ZERO;
        loop {
            self.pace.settle().await;
            self.apps.iter_mut().for_each(DesktopApp::reap);
            if self.apps.iter().all(|app| app.calls.is_empty()) {
                return;
            }
            assert!(passed < LONGEST_CALL, "a call does not return");
            if passed.as_secs().is_multiple_of(5) {
                for app in &mut self.apps {
                    let clerk = app.clerk.clone();
                    app.call(true, async move { clerk.cancel_authentication().await });
                }
            }
            self.pace.pass(STEP).await;
            passed += STEP;
        }
    }

    async fn wait_quietly(&mut self) {
        let mut passed = Duration::ZERO;
        while passed < QUIET {
            self.pace.pass(QUIET_STEP).await;
            passed += QUIET_STEP;
        }
    }

    /// Does what a user would do to be signed in again, until the app and the server agree.
    async fn converge(&mut self, number: usize) {
        let mut passed = Duration::ZERO;
        loop {
            let Some(problem) = self.problem(number).await else { return };
            let app = &mut self.apps[number];
            if passed >= LONGEST_RECOVERY {
                let (name, error) = (app.name, app.last_error());
                panic!("{name} does not converge: {problem}; {error}; {}", self.last_requests().await);
            }
            let (clerk, name, address, last) = (app.clerk.clone(), app.name, app.address, app.last_error.clone());
            app.call(true, async move {
                let result = be_signed_in(&clerk, name, address).await;
                *last.lock().unwrap() = result.err();
            });
            self.end_calls().await;
            self.leave_one_session(number).await;
            let step = STEP.max(passed / 4);
            self.pace.pass(step).await;
            passed += step;
        }
    }

    /// Returns what is wrong with the state of an app.
    async fn problem(&mut self, number: usize) -> Option<String> {
        let server = self.pace.control.get("state").await.unwrap();
        let app = &self.apps[number];
        if app.status() != Status::Ready {
            return Some(format!("the status is {}", app.status().as_str()));
        }
        if app.user_name().as_deref() != Some(app.name) {
            return Some(format!("the user is {:?}", app.user_name()));
        }
        let client = app.clerk.client()?;
        let mut clients = server["clients"].as_array().unwrap().iter();
        let Some(at_server) = clients.find(|one| one["id"] == client.id.as_str()) else {
            return Some("the server does not know the client".to_owned());
        };
        let sessions: Vec<_> = client.sessions.iter().map(|one| one.id.as_str()).collect();
        let at_server = at_server["sessions"].as_array().unwrap().iter();
        // An app may not have heard yet that its session was ended elsewhere.
        let are_active = at_server.clone().all(|one| one["status"] == "active");
        let at_server: Vec<_> = at_server.map(|one| one["id"].as_str().unwrap()).collect();
        if sessions.len() != 1 || sessions != at_server {
            return Some(format!("the sessions are {sessions:?}, and those of the server {at_server:?}"));
        }
        if !are_active {
            return Some("the session has ended at the server".to_owned());
        }
        None
    }

    /// Returns the newest requests as the server saw them, for people.
    async fn last_requests(&self) -> String {
        let requests = self.pace.control.get("requests").await.unwrap();
        let requests = requests.as_array().unwrap();
        let lines = requests.iter().rev().take(60).map(|one| {
            let part = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            let rotated = if one["rotated"] == true { "rotated" } else { "" };
            let (method, path, client) = (part("method"), part("path"), part("client"));
            format!(
                "{} {method} {path} {client}: {} {rotated} {} {}",
                one["at"],
                one["status"],
                part("error_code"),
                part("fault")
            )
        });
        lines.fold("the newest requests first:".to_owned(), |text, line| text + "\n" + &line)
    }

    /// Ends all sessions but the active one.
    async fn leave_one_session(&mut self, number: usize) {
        let app = &mut self.apps[number];
        let (Some(client), Some(active)) = (app.clerk.client(), app.clerk.session()) else { return };
        let server = self.pace.control.get("state").await.unwrap();
        let clients = server["clients"].as_array().unwrap().iter();
        let sessions =
            clients.filter(|one| one["id"] == client.id.as_str()).flat_map(|one| one["sessions"].as_array().unwrap());
        for session in sessions.filter(|one| one["id"] != active.id.as_str()) {
            let id = session["id"].as_str().unwrap().to_owned();
            if app.habit == Habit::NeverSignsOut || session["status"] != "active" {
                self.pace.control.post(&format!("sessions/{id}/remove"), &Value::Null).await;
            } else {
                let options = SignOutOptions { session_id: Some(id.as_str().into()), ..SignOutOptions::default() };
                let clerk = app.clerk.clone();
                app.call(true, async move { clerk.sign_out(options).await });
            }
        }
        let clerk = app.clerk.clone();
        app.call(true, async move { clerk.touch().await });
        self.end_calls().await;
    }

    /// Ends many sessions in each way.
    async fn end_sessions_before(&mut self) {
        for _ in 0..SESSIONS_BEFORE {
            for app in &mut self.apps {
                let clerk = app.clerk.clone();
                match (app.habit, clerk.session()) {
                    (Habit::NeverSignsOut, Some(session)) => {
                        self.pace.control.post(&format!("sessions/{}/revoke", session.id), &Value::Null).await;
                        app.call(true, async move { clerk.handle_unauthenticated().await });
                    }
                    _ => app.call(true, async move { clerk.sign_out(SignOutOptions::default()).await }),
                }
            }
            self.end_calls().await;
            for app in &mut self.apps {
                let (clerk, name, address) = (app.clerk.clone(), app.name, app.address);
                app.call(true, async move { be_signed_in(&clerk, name, address).await });
            }
            self.end_calls().await;
        }
    }

    async fn measure(&mut self, storage: &Path) -> Figures {
        self.set_background_requests(false).await;
        self.wait_quietly().await;
        let mut known = Known { secrets: 0, pending: 0, closed_apps: 0 };
        for app in &self.apps {
            known.secrets += app.keyring.len();
            known.pending += app.calls.len() + usize::from(app.clerk.cancel_authentication().await);
            known.closed_apps += app.closed_in_memory();
        }
        self.pace.settle().await;
        let figures = measure(storage, &known);
        self.set_background_requests(true).await;
        figures
    }

    /// Checks that signing out reaches the server, and that each app starts offline with its user.
    async fn finish(&mut self) {
        for app in &mut self.apps {
            let clerk = app.clerk.clone();
            app.call(true, async move { clerk.sign_out(SignOutOptions::default()).await });
        }
        self.end_calls().await;
        self.wait_quietly().await;
        let server = self.pace.control.get("state").await.unwrap();
        for app in &self.apps {
            let client = app.clerk.client().unwrap();
            let mut clients = server["clients"].as_array().unwrap().iter();
            let at_server = clients.find(|one| one["id"] == client.id.as_str()).unwrap();
            let active = at_server["sessions"].as_array().unwrap().iter().any(|one| one["status"] == "active");
            assert!(!active && app.clerk.session().is_none(), "{} is not signed out", app.name);
        }
        self.recover().await;
        let offline = Fault::new("*", Action::Disconnect);
        self.pace.control.post("faults", &serde_json::to_value(offline).unwrap()).await.unwrap();
        for app in &mut self.apps {
            app.close().await;
            app.start(&self.pace);
        }
        self.end_calls().await;
        for app in &self.apps {
            let name = app.user_name();
            assert_eq!((app.status(), name.as_deref()), (Status::Degraded, Some(app.name)), "started offline");
        }
    }
}

/// Signs the user in, unless they are.
async fn be_signed_in(clerk: &Clerk, name: &str, address: &str) -> Result<()> {
    clerk.load(LoadOptions::default()).await?;
    clerk.resume();
    let is_user =
        |user: Option<&clerk_core::models::User>| user.is_some_and(|user| user.first_name.as_deref() == Some(name));
    if !is_user(clerk.user().as_deref()) {
        let client = clerk.client().unwrap_or_default();
        let held = client.signed_in_sessions().find(|session| is_user(session.user.as_deref()));
        let session = match held {
            Some(session) => Some(session.id.clone()),
            None => clerk.create_sign_in(password_params(address, PASSWORD)).await?.created_session_id,
        };
        if let Some(session) = session {
            clerk.set_active(SetActiveParams::session(session)).await?;
        }
    }
    clerk.touch().await?;
    let Some(session) = clerk.session() else { return Ok(()) };
    let params = GetTokenParams { skip_cache: true, ..GetTokenParams::new(session.id) };
    assert!(clerk.get_token(params).await?.is_some(), "a signed-in user has a token");
    Ok(())
}
