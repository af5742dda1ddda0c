//! Processes that are killed between any two writes to the secret store and the sealed file.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    LoadOptions, SignOutOptions, Status,
    ports::{SecretKey, SecretStore},
    secret::StoredSecret,
};
use clerk_testkit::{
    Response, ScriptedApp, client, disk::Disk, disk::Process, environment, json_response, session, wait_until,
};
use serde_json::json;

const SHORT: &str = "a-token";

/// A machine on which two users are signed in, and FAPI.
#[derive(Clone)]
struct Machine {
    disk: Disk,
    is_online: Arc<AtomicBool>,
    sessions: Arc<Mutex<Vec<&'static str>>>,
    changes: Arc<AtomicI64>,
    /// The newest client token; earlier ones are accepted too.
    token: Arc<Mutex<&'static str>>,
}

impl Machine {
    /// Stores the token as earlier versions did.
    async fn new(token: &'static str) -> Self {
        let machine = Self {
            disk: Disk::default(),
            is_online: Arc::new(AtomicBool::new(true)),
            sessions: Arc::new(Mutex::new(vec!["sess_1", "sess_2"])),
            changes: Arc::new(AtomicI64::new(1)),
            token: Arc::new(Mutex::new(token)),
        };
        let key = SecretKey::ClientToken("clerk.example.test".to_owned());
        machine.disk.secrets.write(&key, StoredSecret::new(token)).await.unwrap();
        machine
    }

    fn answer(&self, path: &str, token: Option<&str>) -> Option<Response> {
        if !self.is_online.load(Ordering::Relaxed) {
            return None;
        }
        if path == "/environment" {
            return json_response(200, &environment());
        }
        if token.is_none() {
            let nobody = json!({ "id": "client_new", "sessions": [], "updated_at": 999 });
            return json_response(200, &json!({ "response": nobody }));
        }
        let named = path.split('/').nth(3);
        if path.ends_with("/remove") {
            self.sessions.lock().unwrap().retain(|id| Some(*id) != named);
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        let sessions: Vec<_> = self.sessions.lock().unwrap().iter().map(|id| session(id)).collect();
        let client = client(self.changes.load(Ordering::Relaxed), &sessions);
        let mut response = match named {
            _ if path.ends_with("/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
            Some(id) => json_response(200, &json!({ "response": session(id), "client": client })),
            None => json_response(200, &json!({ "response": client })),
        }?;
        response.token = Some(*self.token.lock().unwrap());
        Some(response)
    }

    /// Starts a process. Once it is killed, it sends nothing any more.
    fn start(&self) -> (ScriptedApp, Arc<Process>) {
        let (machine, process) = (self.clone(), self.disk.process());
        let (cache, sender) = (process.clone(), process.clone());
        let app = ScriptedApp::with_tokens(
            move |_, path, token| machine.answer(path, token).filter(|_| !sender.is_killed()),
            process.clone(),
            move |setup| setup.cache = Some(cache),
        );
        (app, process)
    }

    /// Starts a process, and waits until its state is stored.
    async fn running(&self) -> (ScriptedApp, Arc<Process>) {
        let (app, process) = self.start();
        load(&app).await;
        (app, process)
    }

    fn set_online(&self, online: bool) {
        self.is_online.store(online, Ordering::Relaxed);
    }

    /// Starts the app without and with a network, and checks whom it shows: `kept`, and nobody of `gone`.
    async fn assert_restarts(&self, kept: &[&str], gone: &[&str], case: &str) {
        for online in [false, true] {
            self.set_online(online);
            let (app, process) = self.running().await;
            let case = format!("{case}, then a start {}", if online { "online" } else { "offline" });
            assert_eq!(app.events.notices(), Vec::<&str>::new(), "{case}");
            assert_eq!(app.clerk.status(), if online { Status::Ready } else { Status::Degraded }, "{case}");
            let shown: Vec<_> = app.clerk.client().unwrap().sessions.iter().map(|one| one.id.to_string()).collect();
            assert!(kept.iter().all(|id| shown.iter().any(|shown| shown == id)), "{case}: {shown:?}");
            assert!(!gone.iter().any(|id| shown.iter().any(|shown| shown == id)), "{case}: {shown:?}");
            if online {
                let ended = || !self.sessions.lock().unwrap().iter().any(|id| gone.contains(id));
                wait_until("the sessions to end on the server", ended).await;
            }
            process.kill();
        }
    }
}

/// Loads, and waits until the state is stored.
async fn load(app: &ScriptedApp) {
    // What is shown says whether it failed.
    let _ = app.clerk.load(LoadOptions::default()).await;
    let clerk = app.clerk.clone();
    tokio::spawn(async move { clerk.keep_cache().await });
    // The paused clock advances when every task waits: then the state is stored.
    tokio::time::sleep(Duration::from_millis(1)).await;
}

async fn sign_out(app: &ScriptedApp, session: &str) {
    app.clerk.sign_out(SignOutOptions { session_id: Some(session.into()), ..Default::default() }).await.unwrap();
}

/// Returns client tokens that are too long for an entry of the secret store.
fn long_tokens() -> [&'static str; 2] {
    ["x", "y"].map(|letter| &*Box::leak(letter.repeat(2_000).into_boxed_str()))
}

#[tokio::test(start_paused = true)]
async fn kill_during_a_sign_out_brings_nobody_back_who_signed_out_before() {
    for writes in 0.. {
        let machine = Machine::new(SHORT).await;
        let (app, process) = machine.running().await;
        machine.set_online(false);
        sign_out(&app, "sess_1").await;
        process.kill_after(writes);
        sign_out(&app, "sess_2").await;
        let complete = !process.is_killed();
        process.kill();
        let gone: &[&str] = if complete { &["sess_1", "sess_2"] } else { &["sess_1"] };
        machine.assert_restarts(&[], gone, &format!("killed after {writes} writes")).await;
        if complete {
            assert!(writes >= 2, "the key and the file are written");
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn kill_during_a_sign_out_keeps_the_other_users() {
    for token in [SHORT, long_tokens()[0]] {
        for writes in 0.. {
            let machine = Machine::new(token).await;
            let (app, process) = machine.running().await;
            machine.set_online(false);
            process.kill_after(writes);
            sign_out(&app, "sess_1").await;
            let complete = !process.is_killed();
            process.kill();
            let gone: &[&str] = if complete { &["sess_1"] } else { &[] };
            let case = format!("a token of {} characters, killed after {writes} writes", token.len());
            machine.assert_restarts(&["sess_2"], gone, &case).await;
            if complete {
                assert!(writes >= 2, "the key and the file are written");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn kill_during_a_rotation_keeps_a_token() {
    let [long, other] = long_tokens();
    for (before, after) in [(SHORT, "another-token"), (SHORT, long), (long, other), (long, SHORT)] {
        for writes in 0.. {
            let machine = Machine::new(before).await;
            let (app, process) = machine.running().await;
            *machine.token.lock().unwrap() = after;
            process.kill_after(writes);
            app.clerk.handle_unauthenticated().await.unwrap();
            let complete = !process.is_killed();
            process.kill();
            let case = format!("from {} to {} characters, killed after {writes} writes", before.len(), after.len());
            machine.assert_restarts(&["sess_1", "sess_2"], &[], &case).await;
            if complete {
                assert!(writes >= 1, "the token is written");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn kill_during_the_migration_keeps_the_token() {
    for token in [SHORT, long_tokens()[0]] {
        for writes in 0.. {
            let machine = Machine::new(token).await;
            let (app, process) = machine.start();
            process.kill_after(writes);
            load(&app).await;
            let complete = !process.is_killed();
            process.kill();
            machine.set_online(true);
            let (again, process) = machine.running().await;
            let case = format!("a token of {} characters, killed after {writes} writes", token.len());
            assert_eq!((again.clerk.status(), again.clerk.is_signed_in()), (Status::Ready, true), "{case}");
            assert_eq!(again.events.notices(), Vec::<&str>::new(), "{case}");
            process.kill();
            if complete {
                assert!(writes >= 2, "the entry and the file are written");
                break;
            }
        }
    }
}
