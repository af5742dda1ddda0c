//! A long run: nothing grows without bound, nothing locks up, nothing breaks.

#![allow(clippy::unwrap_used, reason = "a helper of a test ends the test")]

mod support;

use std::sync::Arc;

use clerk_emulator::{Config, Emulator};
use support::{Native, PASSWORD};

async fn sign_up(native: &Native, address: &str) {
    let begun = native.post("/v1/client/sign_ups", &[("email_address", address), ("password", PASSWORD)]).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    let path = format!("/v1/client/sign_ups/{}", begun.text("/id"));
    native.post(&format!("{path}/prepare_verification"), &[("strategy", "email_code")]).await;
    let form = [("strategy", "email_code"), ("code", "424242")];
    let done = native.post(&format!("{path}/attempt_verification"), &form).await;
    assert_eq!(done.text("/status"), "complete", "{done:?}");
}

#[tokio::test]
async fn ten_thousand_people_sign_up_on_one_device() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let native = Native::new(&emulator);
    for number in 0..10_000 {
        sign_up(&native, &format!("n{number}+clerk_test@example.com")).await;
        // Deleting the account leaves nothing behind but what is bounded.
        if number % 2 == 0 {
            assert_eq!(native.delete("/v1/me").await.status, 200);
        }
        native.delete("/v1/client/sessions").await;
    }
    assert!(emulator.inbox().len() <= 10_000, "messages are forgotten");
    assert!(emulator.issued_client_tokens().len() <= 10_000, "tokens are forgotten");
    assert!(emulator.requests().len() <= 5_000, "requests are forgotten");
    assert_eq!(emulator.state()["users"].as_array().unwrap().len(), 5_000);
    assert_eq!(emulator.state()["clients"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_at_once() {
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
