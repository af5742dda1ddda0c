//! The binary: it prints what a client needs.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use base64::Engine;

/// The timeout of every wait.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// Kills the process at the end of the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn binary_prints_key_urls_and_pages() {
    let child = Command::new(env!("CARGO_BIN_EXE_clerk-emulator"))
        .args(["--preset", "everything"])
        .env_remove("CLERK_EMULATOR_CONFIG")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut program = Program(child);
    let output = BufReader::new(program.0.stdout.take().unwrap());
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    let value = |name: &str| {
        let line = lines.recv_timeout(WAIT_LIMIT).unwrap_or_else(|error| panic!("waited for the line {name}: {error}"));
        line.strip_prefix(name).unwrap_or_else(|| panic!("{name}, not {line}")).trim().to_owned()
    };
    let key = value("CLERK_PUBLISHABLE_KEY=");
    let url = value("CLERK_PROXY_URL=");
    let host = url.strip_prefix("http://").unwrap();
    let decoded =
        base64::engine::general_purpose::STANDARD_NO_PAD.decode(key.strip_prefix("pk_test_").unwrap()).unwrap();
    assert_eq!(String::from_utf8(decoded).unwrap(), format!("{host}$"));
    let http = reqwest::Client::builder().no_proxy().timeout(WAIT_LIMIT).build().unwrap();
    for page in [value("Dashboard:"), value("Inbox:"), value("Portal:")] {
        assert!(page.starts_with(&url), "{page}");
        assert_eq!(http.get(&page).send().await.unwrap().status().as_u16(), 200, "{page}");
    }
    let environment =
        http.get(format!("{url}/v1/environment?_is_native=1")).header("authorization", "").send().await.unwrap();
    let environment: serde_json::Value = serde_json::from_str(&environment.text().await.unwrap()).unwrap();
    assert_eq!(environment["user_settings"]["sign_up"]["legal_consent_enabled"], true, "the preset");
}

#[test]
fn binary_reports_invalid_arguments() {
    let child = Command::new(env!("CARGO_BIN_EXE_clerk-emulator"))
        .args(["--preset", "nothing"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut program = Program(child);
    let mut stderr = program.0.stderr.take().unwrap();
    let (send, words) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| send.send(text))
    });
    let words = words.recv_timeout(WAIT_LIMIT).unwrap_or_else(|error| panic!("waited for the program to end: {error}"));
    assert!(!program.0.wait().unwrap().success() && words.contains("nothing") && words.contains("waitlist"), "{words}");
}
