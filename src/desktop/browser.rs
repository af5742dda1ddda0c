//! The system browser.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Semaphore,
};
use url::Url;

use crate::ports::Browser;

/// Time for the system to start the browser. It may wait for a busy or broken one for ever.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How many pages may be being opened at a time. A call that never returns occupies its thread for ever.
const MAX_UNDER_WAY: usize = 8;

/// Opens pages in the user's default browser.
pub(crate) struct SystemBrowser;

impl Browser for SystemBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        tauri_plugin_opener::open_url(url.as_str(), None::<&str>).map_err(|error| reason(&error))
    }
}

/// A browser that is given a limited time, and a limited number of threads.
pub(crate) struct Bounded {
    browser: Arc<dyn Browser>,
    free: Arc<Semaphore>,
}

impl Bounded {
    pub(crate) fn new(browser: Arc<dyn Browser>) -> Self {
        Self { browser, free: Arc::new(Semaphore::new(MAX_UNDER_WAY)) }
    }

    fn open_within(&self, limit: Duration, url: &Url) -> Result<(), String> {
        let Ok(place) = self.free.clone().try_acquire_owned() else {
            return Err("the program that opens pages does not respond to earlier calls".to_owned());
        };
        let (browser, url) = (self.browser.clone(), url.clone());
        within(limit, move || {
            let _place = place;
            browser.open(&url)
        })
    }
}

impl Browser for Bounded {
    fn open(&self, url: &Url) -> Result<(), String> {
        self.open_within(TIMEOUT, url)
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
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

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
        let browser = Bounded::new(Arc::new(Broken));
        for _ in 0..=MAX_UNDER_WAY {
            assert_eq!(browser.open(&url), Err("the program that opens pages did not respond".to_owned()));
        }
    }

    #[test]
    fn bounded_browser_that_never_returns_occupies_a_limited_number_of_threads() {
        /// Counts the calls, which return when the test says so.
        struct Stuck(Arc<AtomicUsize>, Mutex<mpsc::Receiver<()>>);
        impl Browser for Stuck {
            fn open(&self, _: &Url) -> Result<(), String> {
                self.0.fetch_add(1, Ordering::SeqCst);
                // Also ends when the test does.
                let _ = self.1.lock().unwrap().recv();
                Ok(())
            }
        }
        let url = Url::parse("https://example.com").unwrap();
        let (calls, (go_on, wait)) = (Arc::<AtomicUsize>::default(), mpsc::channel());
        let browser = Bounded::new(Arc::new(Stuck(calls.clone(), Mutex::new(wait))));
        for _ in 0..100 {
            assert!(browser.open_within(Duration::ZERO, &url).is_err());
        }
        let free = || browser.free.available_permits();
        assert_eq!(free(), 0);
        go_on.send(()).unwrap();
        while free() == 0 {
            thread::yield_now();
        }
        assert_eq!(free(), 1, "a call that returned makes room");
        assert!(browser.open_within(Duration::ZERO, &url).is_err());
        drop(go_on);
        while free() < MAX_UNDER_WAY {
            thread::yield_now();
        }
        assert_eq!(calls.load(Ordering::SeqCst), MAX_UNDER_WAY + 1);
        assert_eq!(browser.open(&url), Ok(()));
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
