//! The form of requests to FAPI.

use clerk_testkit::{
    app::{App, config},
    with_timeout,
};

#[tokio::test]
async fn requests_have_the_native_parameters() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    for entry in app.emulator.requests() {
        let has = |key: &str, value: &str| entry.query.iter().any(|(name, is)| name == key && is == value);
        assert!(has("_is_native", "1") && has("__clerk_api_version", "2026-05-12"), "{}", entry.path);
        assert!(!entry.has_origin && entry.error_code.is_none(), "{}", entry.path);
    }
}

/// Tells the second process of this test what to do.
const BEHIND_A_PROXY: &str = "CLERK_TEST_BEHIND_A_PROXY";

/// A proxy in the environment would get the client token in clear; nothing listens at its address here.
#[tokio::test]
async fn transport_reaches_this_computer_without_a_proxy() {
    if std::env::var_os(BEHIND_A_PROXY).is_some() {
        App::start(config()).await;
        return;
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "fapi::transport_reaches_this_computer_without_a_proxy"]).env(BEHIND_A_PROXY, "1");
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, "http://127.0.0.1:1");
    }
    child.env_remove("no_proxy").env_remove("NO_PROXY");
    let output = tokio::task::spawn_blocking(move || child.output().unwrap());
    let output = with_timeout("the second process to end", output).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
