//! The system browser.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use tokio::runtime::{Handle, RuntimeFlavor};
use url::Url;

use crate::ports::Browser;

/// Time for the system to start the browser. It may wait for a busy or broken one for ever.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Opens pages in the user's default browser.
pub(crate) struct SystemBrowser;

impl Browser for SystemBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        tauri_plugin_opener::open_url(url.as_str(), None::<&str>).map_err(|error| reason(&error))
    }
}

/// A browser that is given a limited time.
pub(crate) struct Bounded(pub(crate) Arc<dyn Browser>);

impl Browser for Bounded {
    fn open(&self, url: &Url) -> Result<(), String> {
        let (browser, url) = (self.0.clone(), url.clone());
        within(TIMEOUT, move || browser.open(&url))
    }
}

/// Why no page was opened. The error itself contains the URL, which may have a secret.
fn reason(error: &tauri_plugin_opener::Error) -> String {
    match error {
        tauri_plugin_opener::Error::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
            "no program that opens pages was found".to_owned()
        }
        _ => "the program that opens pages failed".to_owned(),
    }
}

/// Makes a blocking call on a thread of its own, and waits for it no longer than `limit`. Other tasks of the runtime go on.
fn within(limit: Duration, call: impl FnOnce() -> Result<(), String> + Send + 'static) -> Result<(), String> {
    let (done, outcome) = mpsc::sync_channel(1);
    let call = move || {
        // Nobody waits any longer if this took too long.
        let _ = done.send(call());
    };
    thread::Builder::new().name("browser".to_owned()).spawn(call).map_err(|error| error.to_string())?;
    let wait = || match outcome.recv_timeout(limit) {
        Ok(outcome) => outcome,
        Err(_) => Err("the program that opens pages did not respond".to_owned()),
    };
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
        _ => wait(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_browser_reports_a_panic_as_an_error() {
        struct Broken;
        impl Browser for Broken {
            fn open(&self, _: &Url) -> Result<(), String> {
                panic!("a bug of the app")
            }
        }
        let url = Url::parse("https://example.com").unwrap();
        assert!(Bounded(Arc::new(Broken)).open(&url).is_err());
    }

    #[test]
    fn within_returns_the_outcome() {
        for outcome in [Ok(()), Err("no browser".to_owned())] {
            let expected = outcome.clone();
            assert_eq!(within(TIMEOUT, move || outcome), expected);
        }
        assert!(within(TIMEOUT, || panic!("a bug of the opener")).is_err());
    }

    /// One worker, which would be blocked.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn within_ends_a_call_that_never_returns_and_blocks_no_other_task() {
        let opening = tokio::spawn(async {
            let (other_ran, wait) = mpsc::channel::<()>();
            tokio::spawn(async move { drop(other_ran) });
            // Returns when the other task ran.
            within(TIMEOUT, move || wait.recv().map_err(|_| "closed".to_owned()))
        });
        assert_eq!(opening.await.unwrap(), Err("closed".to_owned()), "the other task ran meanwhile");
        let (_never, wait) = mpsc::channel::<()>();
        let ended = within(Duration::from_millis(1), move || wait.recv().map_err(|_| "closed".to_owned()));
        assert_eq!(ended, Err("the program that opens pages did not respond".to_owned()));
    }

    /// Set in the process whose programs are those of this test.
    #[cfg(target_os = "linux")]
    const PROGRAMS: &str = "CLERK_TEST_PROGRAMS";

    #[test]
    #[cfg(target_os = "linux")]
    fn system_browser_says_why_it_failed_and_not_what_it_opened() {
        use std::os::unix::fs::PermissionsExt;

        let url = Url::parse("http://127.0.0.1:1/SECRET").unwrap();
        if std::env::var_os(PROGRAMS).is_some() {
            let failed = SystemBrowser.open(&url).unwrap_err();
            assert!(!failed.contains("SECRET"), "{failed}");
            return;
        }
        for script in [None, Some("#!/bin/sh\nexit 3\n")] {
            let programs = tempfile::tempdir().unwrap();
            if let Some(script) = script {
                let opener = programs.path().join("xdg-open");
                std::fs::write(&opener, script).unwrap();
                std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
            }
            let name = "desktop::browser::tests::system_browser_says_why_it_failed_and_not_what_it_opened";
            let output = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", name])
                .env(PROGRAMS, "1")
                .env("PATH", programs.path())
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
    }
}
