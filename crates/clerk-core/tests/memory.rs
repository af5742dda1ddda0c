//! The memory that a response may cost: a short text can expand to many times its size.

use clerk_core::{LoadOptions, Status};
use clerk_testkit::{ScriptedApp, client, environment, json_response, session, text_response, with_timeout};
use serde_json::json;

/// Names the shape that the second process of the test reads.
const SHAPE: &str = "CLERK_TEST_RESPONSE_SHAPE";
/// The most that a response may add to the peak memory of the process; see `docs/reliability.md`. Three copies of the largest body are
/// part of it: this test itself has two.
const LIMIT_KIB: u64 = 160 * 1024;
/// The transport reads no larger body.
const LARGEST: usize = 20 * 1024 * 1024;

/// Shapes that are small as text and large in memory: name, text before, repeated text, text after. Those of the environment
/// have a name that says so.
const SHAPES: &[(&str, &str, &str, &str)] = &[
    ("sessions", r#"{"response":{"object":"client","id":"c","sessions":["#, "{}", "]}}"),
    ("users", r#"{"response":{"object":"client","id":"c","sessions":["#, r#"{"user":{}}"#, "]}}"),
    (
        "memberships",
        r#"{"response":{"object":"client","id":"c","sessions":[{"id":"s","user":{"organization_memberships":["#,
        r#"{"organization":{}}"#,
        "]}}]}}",
    ),
    (
        "addresses",
        r#"{"response":{"object":"client","id":"c","sessions":[{"id":"s","user":{"email_addresses":["#,
        "{}",
        "]}}]}}",
    ),
    ("errors", r#"{"errors":["#, "{}", "]}"),
    ("error with details", r#"{"errors":[{"code":"a","x":["#, r#"{"a":"0123456789012345678"}"#, "]}]}"),
    (
        "odd sessions",
        r#"{"response":{"object":"client","id":"c","sessions":[7],"x":["#,
        r#"{"a":"0123456789012345678"}"#,
        "]}}",
    ),
    (
        "odd sessions and nested objects",
        r#"{"response":{"object":"client","id":"c","sessions":[7],"x":["#,
        NESTED,
        "]}}",
    ),
    (
        "nested metadata",
        r#"{"response":{"object":"client","id":"c","sessions":[{"id":"s","user":{"public_metadata":{"a":["#,
        NESTED,
        "]}}}]}}",
    ),
    ("numbers", r#"{"response":{"object":"client","id":"c","x":["#, "1", "]}}"),
    ("lists", r#"{"response":{"object":"client","id":"c","x":["#, "[]", "]}}"),
    ("texts", r#"{"response":{"object":"client","id":"c","x":["#, r#""a""#, "]}}"),
    ("one text", r#"{"response":{"object":"client","id":"c","x":[""#, "aaaaaaaaaaaaaaa", r#""]}}"#),
    ("environment: objects", r#"{"display_config":{},"user_settings":{"sign_in":{"x":["#, "{}", "]}}}"),
    ("environment: lists", r#"{"display_config":{},"auth_config":{"first_factors":["#, "[]", "]}}"),
    ("environment: texts", r#"{"display_config":{},"auth_config":{"first_factors":["#, r#""a""#, "]}}"),
    (
        "environment: factors",
        r#"{"display_config":{},"user_settings":{"attributes":{"a":{"first_factors":["#,
        r#""a""#,
        "]}}}}",
    ),
    (
        "metadata",
        r#"{"response":{"object":"client","id":"c","sessions":[{"id":"s","user":{"public_metadata":{"a":["#,
        r#"{"a":1}"#,
        "]}}}]}}",
    ),
    ("environment: one text", r#"{"display_config":{"application_name":""#, "aaaaaaaaaaaaaaa,", r#""}}"#),
];

/// Objects in objects, of which each has one field.
const NESTED: &str = r#"{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}}"#;

fn of_environment(name: &str) -> bool {
    name.starts_with("environment")
}

/// Returns the peak of the memory of this process.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Loads a client or an environment of this body, and reads the state as two windows do.
async fn load(is_environment: bool, body: String) {
    let status = if body.starts_with(r#"{"errors""#) { 422 } else { 200 };
    let app = ScriptedApp::new(move |_, path| match (path, is_environment) {
        ("/environment", true) | ("/client", false) => text_response(status, &body),
        ("/environment", false) => json_response(200, &environment()),
        _ => json_response(200, &json!({ "response": client(1, &[]) })),
    });
    let _ = app.clerk.load(LoadOptions::default()).await;
    let windows = [(); 2].map(|()| serde_json::to_string(&*app.clerk.snapshot()).unwrap());
    assert_eq!(windows[0], windows[1]);
}

#[tokio::test(start_paused = true)]
async fn response_of_any_shape_and_size_has_bounded_memory() {
    if let Ok(name) = std::env::var(SHAPE) {
        let (_, prefix, element, suffix) = SHAPES.iter().find(|shape| shape.0 == name).unwrap();
        load(of_environment(&name), format!("{prefix}{element}{suffix}")).await;
        let before = peak_kib();
        // The largest body that is accepted costs most, and where that is depends on the shape.
        let mut size = 4096;
        while size <= LARGEST {
            let repeated = format!("{element},").repeat(size / (element.len() + 1));
            load(of_environment(&name), format!("{prefix}{}{suffix}", repeated.trim_end_matches(','))).await;
            size += size / 3;
        }
        println!("peak: {}", peak_kib() - before);
        return;
    }
    for (name, ..) in SHAPES {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", "memory::response_of_any_shape_and_size_has_bounded_memory", "--nocapture"])
            .env(SHAPE, name);
        let output = tokio::task::spawn_blocking(move || child.output().unwrap());
        let output = with_timeout("the second process to end", output).await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{name}: {text}");
        let peak = text.lines().find_map(|line| line.strip_prefix("peak: ")?.parse::<u64>().ok()).unwrap();
        println!("{name}: {} MiB", peak / 1024);
        assert!(peak < LIMIT_KIB, "{name}: {} MiB", peak / 1024);
    }
}

/// An environment beyond the limits is no response of FAPI, like one that is none.
#[tokio::test(start_paused = true)]
async fn load_refuses_an_environment_beyond_the_limits() {
    let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let bodies = [
        format!(
            r#""user_settings":{{"attributes":{{"a":{{"first_factors":[{}]}}}}}}"#,
            vec![r#""a""#; 1_500_000].join(",")
        ),
        format!(r#""user_settings":{{"attributes":{{"a":{{"first_factors":[{}]}}}}}}"#, vec!["1"; 1_500_000].join(",")),
        format!(r#""user_settings":{{"social":{{{}}}}}"#, vec![r#""a":{}"#; 500_000].join(",")),
        format!(r#""unknown":{nested}"#),
        format!(r#""unknown":"{}""#, "a".repeat(LARGEST)),
    ];
    for body in bodies {
        let body = format!(r#"{{"display_config":{{}},{body}}}"#);
        let app = ScriptedApp::new(move |_, path| match path {
            "/environment" => text_response(200, &body),
            _ => json_response(200, &json!({ "response": client(1, &[session("sess_1")]) })),
        });
        let error = app.clerk.load(LoadOptions::default()).await.unwrap_err();
        assert_eq!((error.code(), app.clerk.status(), app.clerk.session()), ("decode_error", Status::Error, None));
    }
}

#[tokio::test]
async fn load_accepts_an_account_with_ten_thousand_organizations() {
    let membership = |number: usize| {
        json!({
            "object": "organization_membership",
            "id": format!("orgmem_{number}"),
            "role": "org:admin",
            "role_name": "Admin",
            "permissions": [
                "org:sys_memberships:manage", "org:sys_memberships:read", "org:sys_profile:manage", "org:sys_profile:delete",
                "org:sys_domains:read", "org:sys_domains:manage", "org:sys_billing:read", "org:sys_billing:manage",
            ],
            "created_at": 1, "updated_at": 1,
            "public_metadata": {},
            "organization": {
                "id": format!("org_{number}"), "name": "Organization", "public_metadata": {},
                "image_url": format!("https://img.clerk.com/{}", "a".repeat(100)), "slug": "organization", "has_image": false,
                "members_count": 3, "pending_invitations_count": 0, "max_allowed_memberships": 5, "created_at": 1, "updated_at": 1,
                "admin_delete_enabled": true, "object": "organization", "logo_url": null,
            },
            "public_user_data": {
                "identifier": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "user_id": "user_1",
                "has_image": false, "image_url": "https://img.clerk.com/ada", "username": null,
            },
        })
    };
    let mut of = session("sess_1");
    of["user"]["organization_memberships"] = (0..10_000).map(membership).collect();
    let body = json!({ "response": client(1, &[of]) });
    let app = ScriptedApp::new(move |_, path| match path {
        "/environment" => json_response(200, &environment()),
        _ => json_response(200, &body),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(app.clerk.user().unwrap().organization_memberships.len(), 10_000);
}
