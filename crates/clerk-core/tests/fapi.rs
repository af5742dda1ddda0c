//! The form of requests to FAPI.

use std::io::{Read, Write};

use clerk_core::{
    HttpTransport, SignInCreateParams,
    ports::{HttpMethod, HttpRequest, Transport},
    secret::{FormBody, SessionToken},
};
use clerk_emulator::{Action, Fault};
use clerk_testkit::{
    app::{ADA, App, PASSWORD, config, password_params},
    backend::{Backend, Reply},
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

/// What `fault_matrix.rs` assumes of the network: the codes of the faults that its own network imitates.
#[tokio::test]
async fn transport_faults_have_the_codes_of_the_fault_matrix() {
    for (action, expected) in [
        (Action::Disconnect, "network_error"),
        (Action::Reset, "network_error"),
        (Action::LoseAnswer, "network_error"),
        (Action::Truncate { bytes: 100 }, "network_error"),
        (Action::Malformed, "decode_error"),
        (Action::Html, "decode_error"),
    ] {
        let app = App::start(config()).await;
        let name = format!("{action:?}");
        app.emulator.fault(Fault::new("/v1/client/sign_ins", action).times(1));
        let error = app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap_err();
        assert_eq!((error.code(), error.is_transient()), (expected, true), "{name}");
        app.clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
    }
}

#[tokio::test]
async fn transport_sends_json_with_a_session_token() {
    let server = Backend::start(|_| Reply::text(200, "{}")).await;
    let request = HttpRequest {
        method: HttpMethod::Json(FormBody::new("{\"name\":\"x\"}")),
        url: server.url("/api_keys").parse().unwrap(),
        authorization: None,
        session_token: Some(SessionToken::new("a-session-token")),
        user_agent: "Test/1.0".to_owned(),
    };
    HttpTransport::new().send(request).await.unwrap();
    let received = server.requests().remove(0);
    assert_eq!((&*received.method, &*received.body), ("POST", &b"{\"name\":\"x\"}"[..]));
    assert_eq!(received.header("authorization"), Some("Bearer a-session-token"));
    assert_eq!(received.header("content-type"), Some("application/json"));
}

/// Serves one connection: reads the request, then writes `response` and closes the connection.
fn serve_once(response: &'static [u8]) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        stream.write_all(response).unwrap();
    });
    port
}

#[tokio::test]
async fn transport_reports_a_response_that_is_not_complete() {
    let transport = HttpTransport::new();
    let refused = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    for (what, port) in [
        ("connection refused", refused),
        ("no response", serve_once(b"")),
        ("half of a head", serve_once(b"HTTP/1.1 200 OK\r\nContent-Le")),
        ("no HTTP", serve_once(b"220 mail.example.com ESMTP\r\n")),
        (
            "half of a body",
            serve_once(b"HTTP/1.1 200 OK\r\nAuthorization: new\r\nContent-Length: 20\r\n\r\n{\"response\":"),
        ),
        ("half of the chunks", serve_once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"res\r\n")),
    ] {
        let request = HttpRequest {
            method: HttpMethod::Get,
            url: format!("http://127.0.0.1:{port}/v1/client").parse().unwrap(),
            authorization: None,
            session_token: None,
            user_agent: "Test/1.0".to_owned(),
        };
        let sent = with_timeout("the request to end", transport.send(request)).await;
        assert!(sent.is_err(), "{what}: {sent:?}");
    }
}
