//! Prints every type that can hold a secret. `cargo xtask secrets` fails if one is missing here.

use crate::wallet_bridge::{message::PageMessage, server::Bridge};

#[test]
fn debug_output_contains_no_secret() {
    let (bridge, _channels) = Bridge::new("127.0.0.1:1".to_owned(), "Notes", "metamask");
    let url = bridge.url();
    let ticket = url.rsplit('/').next().unwrap();
    let signature = PageMessage::parse("signature", br#"{ "signature": "hunter2" }"#).unwrap().unwrap();
    for text in [format!("{bridge:?}"), format!("{bridge:#?}")] {
        assert!(!text.contains(ticket), "{text}");
        assert_eq!(text.matches("[redacted]").count(), 3, "ticket, cookie and the page's own path: {text}");
    }
    for text in [format!("{signature:?}"), format!("{signature:#?}")] {
        assert!(text.contains("[redacted]") && !text.contains("hunter2"), "{text}");
    }
}
