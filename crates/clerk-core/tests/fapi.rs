//! The form of requests to FAPI.

use clerk_testkit::app::{App, config};

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
