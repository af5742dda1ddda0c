//! The app that is killed: the core with the stores of the plugin, and no window. It reports each step on its standard output,
//! before it begins and after the call returned.

use std::{
    io::{self, BufRead, Write},
    path::Path,
    sync::Arc,
};

use clerk::{
    Clerk, HttpTransport, InstanceOptions, Status,
    core::{ClerkSetup, GetTokenParams, LoadOptions, SetActiveParams, SignInCreateParams, SignOutOptions},
    models::{Session, SessionId},
    ports::{Browser, Event, EventSink, SystemClock},
    storage::{FileCache, KeyringStore},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{
    PASSWORD, STATE,
    steps::{Step, User},
};
use crate::Result;

/// Runs the app: `<folder> <service> <publishable key> <proxy URL> <whether there is a network> [step …]`. After these steps, it
/// reads others from its standard input, whose end is its own.
///
/// # Errors
/// If the arguments are wrong. What fails in Clerk is reported.
pub async fn run(arguments: &[String]) -> Result<()> {
    let [folder, service, key, proxy, online, steps @ ..] = arguments else {
        return Err("arguments are missing".into());
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .with_ansi(false)
        .init();
    let steps = steps.iter().map(|step| step.parse()).collect::<std::result::Result<Vec<Step>, _>>()?;
    let mut setup = ClerkSetup::new(
        Arc::new(HttpTransport::new()),
        Arc::new(KeyringStore::new(service)),
        Arc::new(NoBrowser),
        Arc::new(SystemClock),
        Arc::new(NoEvents),
    );
    setup.instance = InstanceOptions {
        publishable_key: Some(key.clone()),
        proxy_url: Some(proxy.clone()),
        ..InstanceOptions::default()
    };
    setup.cache = Some(Arc::new(FileCache::new(Path::new(folder).join(STATE))));
    let mut app = App { clerk: Clerk::new(setup), lines: read_lines() };
    app.load(online == "true").await;
    for step in steps {
        app.run(step).await;
    }
    report(&json!({ "at": "done" }));
    while let Some(line) = app.lines.recv().await {
        app.run(line.parse()?).await;
    }
    Ok(())
}

struct App {
    clerk: Clerk,
    /// What the parent says.
    lines: mpsc::UnboundedReceiver<String>,
}

impl App {
    /// Loads, as the plugin does at start. Without a network, waits only until the stored state is shown, while FAPI is tried again
    /// in the background.
    async fn load(&self, online: bool) {
        report(&json!({ "at": "loading" }));
        let (caching, loading) = (self.clerk.clone(), self.clerk.clone());
        tokio::spawn(async move { caching.keep_cache().await });
        let mut state = self.clerk.subscribe();
        let load =
            tokio::spawn(
                async move { loading.load(LoadOptions::default()).await.map_err(|error| error.code().to_owned()) },
            );
        let result = tokio::select! {
            result = load => result.unwrap_or_else(|_| Err("panic".to_owned())),
            _ = state.wait_for(|state| state.is_loaded()), if !online => Ok(()),
        };
        let snapshot = self.clerk.snapshot();
        let sessions: Vec<_> = self.sessions().iter().map(described).collect();
        report(&json!({
            "at": "loaded",
            "status": snapshot.status.as_str(),
            "error": result.err(),
            "notices": self.clerk.notices().iter().map(|notice| notice.code.clone()).collect::<Vec<_>>(),
            "has_client": snapshot.client.is_some(),
            "sessions": sessions,
            "active": snapshot.session().map(described),
        }));
    }

    async fn run(&mut self, step: Step) {
        match step {
            Step::SignIn(user) if self.session_of(user).is_none() => self.sign_in(step, user).await,
            Step::Activate(user) => {
                if let Some(session) = self.session_of(user) {
                    self.activate(user, session.id).await;
                }
            }
            Step::Tokens => self.mint_tokens().await,
            Step::SignOut(user) => {
                if let Some(session) = self.session_of(user) {
                    self.sign_out(step, Some(session.id)).await;
                }
            }
            Step::SignOutOfAll if !self.sessions().is_empty() => self.sign_out(step, None).await,
            Step::NetworkOff | Step::NetworkOn => {
                report(&json!({ "at": "network", "step": step.to_string() }));
                self.lines.recv().await;
                if step == Step::NetworkOn {
                    self.reconnect().await;
                }
            }
            Step::Settle => {
                begin(step, &[]);
                self.settle().await;
                end(step, &[]);
            }
            Step::SignIn(_) | Step::SignOutOfAll => {}
        }
    }

    /// Waits until a load that began without a network is complete.
    async fn reconnect(&self) {
        let mut state = self.clerk.subscribe();
        self.clerk.resume();
        // The sender lives as long as the handle.
        let _ = state.wait_for(|state| state.status == Status::Ready).await;
        // The response to the first request lets the queue of sessions be sent.
        self.settle().await;
        self.settle().await;
    }

    /// Waits until no session is being ended, as any request does. That there is no such organization does not matter.
    async fn settle(&self) {
        let _ = self.clerk.get_organization(&"org_none".into()).await;
    }

    async fn sign_in(&self, step: Step, user: User) {
        begin(step, &[]);
        let params = SignInCreateParams {
            identifier: Some(user.email()),
            password: Some(PASSWORD.to_owned()),
            ..SignInCreateParams::default()
        };
        match self.clerk.create_sign_in(params).await {
            Ok(sign_in) => {
                let Some(session) = sign_in.created_session_id else { return failed(step, "incomplete") };
                end(step, &[&session]);
                self.activate(user, session).await;
            }
            Err(error) => failed(step, error.code()),
        }
    }

    async fn activate(&self, user: User, session: SessionId) {
        let step = Step::Activate(user);
        begin(step, &[&session]);
        match self.clerk.set_active(SetActiveParams::session(session.clone())).await {
            Ok(()) => end(step, &[&session]),
            Err(error) => failed(step, error.code()),
        }
    }

    async fn mint_tokens(&self) {
        for session in self.sessions() {
            begin(Step::Tokens, &[&session.id]);
            let params = GetTokenParams { skip_cache: true, ..GetTokenParams::new(session.id.clone()) };
            match self.clerk.get_token(params).await {
                Ok(Some(_)) => end(Step::Tokens, &[&session.id]),
                Ok(None) => failed(Step::Tokens, "no token"),
                Err(error) => failed(Step::Tokens, error.code()),
            }
        }
    }

    async fn sign_out(&self, step: Step, session: Option<SessionId>) {
        let all: Vec<_> = self.sessions().into_iter().map(|session| session.id).collect();
        let ended: Vec<_> = all.iter().filter(|id| session.as_ref().is_none_or(|session| session == *id)).collect();
        begin(step, &ended);
        match self.clerk.sign_out(SignOutOptions { session_id: session.clone(), ..SignOutOptions::default() }).await {
            Ok(()) => end(step, &ended),
            Err(error) => failed(step, error.code()),
        }
    }

    fn sessions(&self) -> Vec<Session> {
        self.clerk.client().map(|client| client.signed_in_sessions().cloned().collect()).unwrap_or_default()
    }

    fn session_of(&self, user: User) -> Option<Session> {
        self.sessions().into_iter().find(|session| name_of(session) == user.name())
    }
}

fn name_of(session: &Session) -> &str {
    session.user.as_ref().and_then(|user| user.first_name.as_deref()).unwrap_or_default()
}

fn described(session: &Session) -> Value {
    json!({ "id": session.id.as_str(), "user": name_of(session) })
}

fn begin(step: Step, sessions: &[&SessionId]) {
    report(&json!({ "at": "begin", "step": step.to_string(), "sessions": sessions }));
}

fn end(step: Step, sessions: &[&SessionId]) {
    report(&json!({ "at": "end", "step": step.to_string(), "sessions": sessions }));
}

fn failed(step: Step, code: &str) {
    report(&json!({ "at": "failed", "step": step.to_string(), "code": code }));
}

/// Writes a line at once. A line that the parent can't read any more does not matter.
fn report(event: &Value) {
    let _ = io::stdout().lock().write_all(format!("{event}\n").as_bytes());
}

/// Reads the standard input on a thread of its own. Its end is the end of the parent, and of this process.
fn read_lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(std::result::Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
        std::process::exit(0);
    });
    lines
}

struct NoBrowser;

impl Browser for NoBrowser {
    fn open(&self, _: &url::Url) -> std::result::Result<(), String> {
        Err("there is no browser".to_owned())
    }
}

struct NoEvents;

impl EventSink for NoEvents {
    fn emit(&self, _: Event) {}
}
