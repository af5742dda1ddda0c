//! Long runs: collections stay bounded, and the server neither hangs nor fails.

mod support;

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use clerk_emulator::{Config, Decision, Emulator, Identity};
use serde_json::json;
use support::{ADA, CALLBACK, GRACE, Native, PASSWORD, ada, grace};

/// Aborts the process if a test makes no progress: a deadlock of the server's threads would also stop the runtime's timers.
struct Watchdog(mpsc::Sender<()>);

impl Watchdog {
    fn new(what: &'static str) -> Self {
        let (progress, steps) = mpsc::channel();
        std::thread::spawn(move || {
            loop {
                match steps.recv_timeout(Duration::from_secs(120)) {
                    Ok(()) => {}
                    Err(mpsc::RecvTimeoutError::Disconnected) => return,
                    Err(mpsc::RecvTimeoutError::Timeout) => break,
                }
            }
            #[expect(clippy::print_stderr, reason = "the report of a test that hangs")]
            {
                eprintln!("{what} hangs");
            }
            std::process::abort();
        });
        Self(progress)
    }

    /// Reports progress. The whole test may take as long as it needs on a busy machine.
    fn progress(&self) {
        // The thread lives until this sender is dropped.
        let _ = self.0.send(());
    }
}

async fn sign_up(native: &Native, address: &str) {
    let form = [("email_address", address), ("password", PASSWORD), ("strategy", "email_code")];
    let begun = native.post("/v1/client/sign_ups", &form).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    let path = format!("/v1/client/sign_ups/{}", begun.text("/id"));
    let form = [("strategy", "email_code"), ("code", "424242")];
    let done = native.post(&format!("{path}/attempt_verification"), &form).await;
    assert_eq!(done.text("/status"), "complete", "{done:?}");
}

/// Asserts the maximum sizes, which include what is added between two sweeps.
fn assert_bounded(emulator: &Emulator, most: &[(&'static str, usize)]) {
    let sizes = emulator.sizes();
    for (name, most) in most {
        assert!(sizes[name] <= *most, "{name}: {} > {most}", sizes[name]);
    }
    assert!(emulator.requests().iter().all(|entry| entry.status < 500), "no request failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_up_stays_bounded_after_ten_thousand_users() {
    let watchdog = Watchdog::new("signing up");
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let native = Native::new(&emulator);
    for number in 0..10_000 {
        watchdog.progress();
        sign_up(&native, &format!("n{number}+clerk_test@example.com")).await;
        // A deleted account leaves only bounded data.
        if number % 2 == 0 {
            assert_eq!(native.delete("/v1/me").await.status, 200);
        } else {
            native.delete("/v1/client/sessions").await;
        }
    }
    assert_bounded(
        &emulator,
        &[
            ("messages", 4_100),
            ("issued_tokens", 10_200),
            ("requests", 5_000),
            ("users", 5_000),
            ("owned_identifiers", 5_000),
            ("clients", 1),
            ("sessions", 10),
            ("session_clients", 10),
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_and_handles_stay_bounded() {
    let watchdog = Watchdog::new("clients and handles");
    let mut config = Config::default();
    config.users = vec![ada(), grace()];
    config.sign_up.mode = "waitlist".to_owned();
    let emulator = Emulator::start(config).await.unwrap();

    // Ended, removed and revoked sessions on two devices.
    let (desk, phone) = (Native::new(&emulator), Native::new(&emulator));
    for round in 0..40 {
        watchdog.progress();
        let session = desk.sign_in(ADA, PASSWORD).await;
        let elsewhere = phone.sign_in(ADA, PASSWORD).await;
        let path = match round % 2 {
            0 => format!("/v1/client/sessions/{session}/end"),
            _ => format!("/v1/client/sessions/{session}/remove"),
        };
        assert_eq!(phone.post(&format!("/v1/me/sessions/{elsewhere}/revoke"), &[]).await.status, 200);
        assert_eq!(desk.post(&path, &[]).await.status, 200);
    }
    assert_bounded(&emulator, &[("clients", 2), ("sessions", 20), ("session_clients", 20)]);

    // Clients that are deleted, and clients that are abandoned.
    for number in 0..7_500 {
        watchdog.progress();
        let native = Native::new_like(&desk);
        assert_eq!(native.post("/v1/client", &[]).await.status, 200);
        if number >= 2_200 {
            assert_eq!(native.delete("/v1/client").await.status, 200);
        }
    }
    assert_bounded(&emulator, &[("clients", 2_100), ("deleted_clients", 5_100), ("histories", 100)]);

    // Tickets, flows and other handles that are never used.
    let mut last = String::new();
    for number in 0..2_200 {
        watchdog.progress();
        let native = Native::new_like(&desk);
        let form = [("strategy", "oauth_google"), ("redirect_url", CALLBACK)];
        let begun = desk.post("/v1/client/sign_ins", &form).await;
        let page = begun.text("/first_factor_verification/external_verification_redirect_url");
        let identity = Identity::new("oauth_google", format!("i{number}@example.com"));
        emulator.decide(&page, Decision::Approve(identity)).unwrap();
        let (_, made) = emulator.control("POST", "tickets", &json!({ "kind": "sign_in", "user": GRACE }));
        last = made["ticket"].as_str().unwrap().to_owned();
        for address in [format!("a{number}@example.com"), format!("b{number}@example.com")] {
            assert_eq!(native.post("/v1/waitlist", &[("email_address", &address)]).await.status, 200);
        }
        assert_eq!(native.raw("POST", "/v1/dev_browser").send().await.unwrap().status().as_u16(), 200);
    }
    for _ in 0..2_200 {
        watchdog.progress();
        desk.post("/v1/client/sign_ins", &[("strategy", "oauth_google"), ("redirect_url", CALLBACK)]).await;
    }
    assert_bounded(
        &emulator,
        &[
            ("identities", 2_100),
            ("tickets", 2_100),
            ("waitlist", 4_100),
            ("dev_browsers", 2_100),
            ("round_trips", 2_100),
            ("nonces", 2_100),
            ("clients", 2_100),
        ],
    );
    let form = [("strategy", "ticket"), ("ticket", last.as_str())];
    assert_eq!(
        phone.post("/v1/client/sign_ins", &form).await.text("/status"),
        "complete",
        "the newest ticket is valid"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_handles_two_hundred_concurrent_clients() {
    let watchdog = Watchdog::new("two hundred clients");
    let emulator = Arc::new(Emulator::start(Config::default()).await.unwrap());
    let clients = (0..200).map(|number| {
        let emulator = emulator.clone();
        tokio::spawn(async move {
            let native = Native::new(&emulator);
            sign_up(&native, &format!("c{number}+clerk_test@example.com")).await;
            let organization = native.post("/v1/organizations", &[("name", "Engines")]).await;
            assert_eq!(organization.status, 200, "{organization:?}");
            for _ in 0..5 {
                assert_eq!(native.get("/v1/me").await.status, 200);
            }
            assert_eq!(native.delete("/v1/client/sessions").await.status, 200);
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
        watchdog.progress();
    }
    assert!(emulator.requests().iter().all(|entry| entry.status < 500));
    let slugs: std::collections::BTreeSet<String> = emulator.state()["organizations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["organization"]["slug"].to_string())
        .collect();
    assert_eq!(slugs.len(), 200, "every slug is unique");
}
