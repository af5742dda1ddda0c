//! One process per app: a second one hands its arguments over, and nothing of this ends the first one.
//!
//! This program is also the app that the tests start: single-instance reads the arguments of the process, so that they can't be those
//! of a test runner.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a helper of a test ends the test, and prints for it"
)]

use libtest_mimic::{Arguments, Trial};

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod platform;
#[cfg(target_os = "windows")]
#[path = "windows.rs"]
mod platform;
/// A bundle runs once by itself on macOS.
#[cfg(not(any(target_os = "linux", target_os = "windows")))]
mod platform {
    pub(crate) const TESTS: &[(&str, fn())] = &[];

    pub(crate) fn run_app(_: &str) {}
}

/// The environment variable that makes this program an app. It says which one.
const ROLE: &str = "CLERK_TEST_ROLE";

fn main() {
    if let Ok(role) = std::env::var(ROLE) {
        return platform::run_app(&role);
    }
    let trial = |(name, test): (&str, fn())| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    libtest_mimic::run(&Arguments::from_args(), platform::TESTS.iter().copied().map(trial).collect()).exit();
}
