//! The demo, and the emulator alone.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::{
    process::{Steps, built, execute, program, root},
    setup,
};

/// The callback URL of the example app.
const CALLBACK: &str = "clerk-desktop-example://callback";

/// `cargo xtask demo`.
pub(crate) fn run(headless: bool) -> Result<(), String> {
    let mut steps = Steps::new(if headless { 4 } else { 5 });
    steps.begin("installing missing prerequisites");
    setup::packages()?;
    setup::node_modules()?;
    if headless {
        setup::tauri_driver()?;
    }
    steps.begin("building the frontend");
    execute(&mut program("npm", &["run", "build:all"]))?;
    steps.begin("building the app (the first build takes several minutes)");
    execute(&mut program("cargo", &["build", "--locked", "-p", "clerk-desktop-example", "-p", "clerk-emulator"]))?;
    if headless {
        steps.begin("signing in through a real browser, under a virtual display");
        return execute(&mut program(
            "cargo",
            &["run", "--quiet", "--locked", "-p", "clerk-e2e", "--bin", "headless-demo"],
        ));
    }
    let mut app = Command::new(built("clerk-desktop-example"));
    app.current_dir(root());
    let emulator = if std::env::var_os("CLERK_PUBLISHABLE_KEY").is_some() {
        steps.begin("using the instance of CLERK_PUBLISHABLE_KEY");
        println!(
            "In Clerk's dashboard, enable the Native API and add {CALLBACK} to the allowlist for mobile SSO redirects."
        );
        None
    } else {
        steps.begin("starting the emulator");
        let (emulator, environment) = start_emulator()?;
        app.envs(environment);
        Some(emulator)
    };
    steps.begin("opening the app");
    let result = execute(&mut app);
    drop(emulator);
    result
}

/// A child process that is killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the emulator, and returns the environment variables that it prints for the app.
fn start_emulator() -> Result<(Running, Vec<(String, String)>), String> {
    let child = Command::new(built("clerk-emulator"))
        .args(["--demo", CALLBACK])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the emulator could not be started: {error}"))?;
    let mut running = Running(child);
    let mut environment = Vec::new();
    let output = running.0.stdout.take().ok_or("the output of the emulator could not be captured")?;
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|error| error.to_string())?;
        println!("  {line}");
        if let Some((name, value)) = line.split_once('=') {
            environment.push((name.to_owned(), value.to_owned()));
        }
        if line.starts_with("Inbox:") {
            return Ok((running, environment));
        }
    }
    Err("the emulator exited before it was ready; run `cargo xtask emulator` to see why".to_owned())
}

/// `cargo xtask emulator`.
pub(crate) fn emulator(arguments: &[&str]) -> Result<(), String> {
    let command = [&["run", "--quiet", "--locked", "-p", "clerk-emulator", "--"], arguments].concat();
    execute(&mut program("cargo", &command))
}
