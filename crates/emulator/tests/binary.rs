//! The binary: it prints what a client needs.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use base64::Engine;

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
        let line = lines.recv_timeout(Duration::from_secs(60)).unwrap();
        line.strip_prefix(name).unwrap_or_else(|| panic!("{name}, not {line}")).trim().to_owned()
    };
    let key = value("CLERK_PUBLISHABLE_KEY=");
    let url = value("CLERK_PROXY_URL=");
    let host = url.strip_prefix("http://").unwrap();
    let decoded =
        base64::engine::general_purpose::STANDARD_NO_PAD.decode(key.strip_prefix("pk_test_").unwrap()).unwrap();
    assert_eq!(String::from_utf8(decoded).unwrap(), format!("{host}$"));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
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
    let output = Command::new(env!("CARGO_BIN_EXE_clerk-emulator")).args(["--preset", "nothing"]).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && words.contains("nothing") && words.contains("waitlist"), "{words}");
}
