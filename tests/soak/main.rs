//! A long use of the core under random faults: memory, tasks and file handles do not grow.
//!
//! The process that is measured contains the core with its HTTP transport and its sealed file, and what drives it; the
//! emulator runs in the process that starts it. Three apps with stores of their own are used at random for a time of the
//! app: tokio's clock, which timers, timeouts and the apps' clocks follow, is paused and advanced by the test, together with the
//! emulator's clock. Requests and files are real. They take no time of the app unless a fault holds them, so half an hour passes
//! in a few minutes, and each interval, pause and expiry of the core passes with it.
//!
//! At equal steps, the faults are lifted. Each app must then end its calls, converge to what the server says, and have the right
//! user; only then the process is measured. Growth between the first and the last third of the measurements fails the test; see
//! [`figures`].
//!
//! `cargo xtask soak` runs this for longer than the gate does.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing helper fails the test")]
#![allow(clippy::print_stdout, reason = "the report")]

mod app;
mod figures;
mod operations;
mod pace;
mod ports;
mod run;

use std::{
    alloc::System,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use clerk_emulator::{Config, Emulator, JwtTemplate, NewUser};
use clerk_testkit::app::{ADA, PASSWORD, config};
use run::{Leak, Plan};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Set in the process that is measured, to its [`Plan`].
const PLAN: &str = "CLERK_SOAK_PLAN";
/// The test that is the body of that process.
const BODY: &str = "core_does_not_grow_under_faults";
/// The last line of a run without growth.
const DONE: &str = "nothing grows";

fn instance() -> Config {
    let mut instance = config();
    instance.sessions.mode = "multi".to_owned();
    instance.identifiers.email_verification = ["email_link", "email_code"].map(str::to_owned).to_vec();
    instance.jwt_templates = vec![JwtTemplate::new("backend", serde_json::Map::new())];
    // Claims that are kept valid in the background.
    instance.session_claims.insert("fea".to_owned(), "o:soak".into());
    let user = |name: &str, address: &str| NewUser {
        first_name: Some(name.to_owned()),
        ..NewUser::with_password(address, PASSWORD)
    };
    instance.users = app::USERS.iter().map(|(name, address)| user(name, address)).collect();
    instance.users.push(user("Ada", ADA));
    instance
}

/// Runs the plan in a process of its own. Returns its output, and whether it succeeded.
fn run_apart(mut plan: Plan) -> (String, bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let emulator = runtime.block_on(Emulator::start(instance())).unwrap();
    plan.emulator = emulator.base_url();
    plan.publishable_key = emulator.publishable_key();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", BODY, "--nocapture"])
        .env(PLAN, serde_json::to_string(&plan).unwrap())
        // One heap for all threads: another one for each would keep memory of its own.
        .env("MALLOC_ARENA_MAX", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // Without what the test harness of that process says.
        if !line.starts_with("running ") && !line.starts_with("test ") {
            println!("{line}");
        }
        output.push_str(&line);
        output.push('\n');
    }
    (output, child.wait().unwrap().success())
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")))
}

#[test]
fn core_does_not_grow_under_faults() {
    if let Ok(plan) = std::env::var(PLAN) {
        return run::run(&serde_json::from_str(&plan).unwrap());
    }
    // A long run has time for more measurements.
    let minutes = number("CLERK_SOAK_MINUTES");
    let measurements = if minutes.is_some() { 30 } else { 6 };
    let seed = number("CLERK_SOAK_SEED").unwrap_or(1);
    let plan = Plan { minutes: minutes.unwrap_or(1), measurements, seed, ..Plan::default() };
    let (output, succeeded) = run_apart(plan);
    assert!(succeeded && output.contains(DONE), "the output says what grows, or what went wrong");
}

#[test]
fn soak_finds_each_kind_of_growth() {
    let plan = Plan { minutes: 1, measurements: 6, seed: 1, leaks: Leak::ALL.to_vec(), ..Plan::default() };
    let (output, succeeded) = run_apart(plan);
    assert!(succeeded && !output.contains(DONE));
    for leak in Leak::ALL {
        for figure in leak.figures() {
            assert!(output.contains(&format!("GROWS: {figure}")), "{leak:?}: {figure}");
        }
    }
}
