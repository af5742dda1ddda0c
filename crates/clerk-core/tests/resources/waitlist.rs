//! The waitlist.

use clerk_core::JoinWaitlistParams;
use clerk_emulator::Config;
use clerk_testkit::app::{App, first_error_code};

#[tokio::test]
async fn join_waitlist_accepts_an_address_and_rejects_an_invalid_one() {
    let app = App::start(Config::preset("waitlist").unwrap()).await;
    let join = async |address: &str| app.clerk.join_waitlist(JoinWaitlistParams::new(address)).await;
    assert!(!join("new@example.com").await.unwrap().id.is_empty());
    let refused = join("not an address").await.unwrap_err();
    assert!(first_error_code(&refused).starts_with("form_param"), "{refused:?}");
}
