//! The demo, and the emulator alone.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::{
    process::{Steps, built, execute, program, root},
    setup,
};

/// An example app. Its program, its package and its URL scheme have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Example {
    Desktop,
    React,
}

impl Example {
    fn name(self) -> &'static str {
        match self {
            Self::Desktop => "clerk-desktop-example",
            Self::React => "clerk-react-example",
        }
    }

    /// Returns the callback URL. The demo is no bundle, and macOS knows the schemes of bundles only.
    fn callback(self, is_macos: bool) -> String {
        if is_macos { "http://127.0.0.1:45789/callback".to_owned() } else { format!("{}://callback", self.name()) }
    }
}

/// Reads the options of `cargo xtask demo`: which example, and whether it runs under a virtual display.
fn read(options: &[&str]) -> Result<(Example, bool), String> {
    let (mut example, mut headless) = (Example::Desktop, false);
    for option in options {
        match *option {
            "--react" => example = Example::React,
            "--headless" => headless = true,
            other => return Err(format!("unknown option {other}; the demo knows --react and --headless")),
        }
    }
    Ok((example, headless))
}

/// `cargo xtask demo`.
pub(crate) fn run(options: &[&str]) -> Result<(), String> {
    let (example, headless) = read(options)?;
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
    execute(&mut program("cargo", &["build", "--locked", "-p", example.name(), "-p", "clerk-emulator"]))?;
    if headless {
        steps.begin("signing in under a virtual display");
        let demo = ["run", "--quiet", "--locked", "-p", "clerk-e2e", "--bin", "headless-demo", "--", example.name()];
        return execute(&mut program("cargo", &demo));
    }
    let callback = example.callback(cfg!(target_os = "macos"));
    let mut app = Command::new(built(example.name()));
    app.current_dir(root());
    let emulator = if std::env::var_os("CLERK_PUBLISHABLE_KEY").is_some() {
        steps.begin("using the instance of CLERK_PUBLISHABLE_KEY");
        println!(
            "In Clerk's dashboard, enable the Native API and add {callback} to the allowlist for mobile SSO redirects."
        );
        None
    } else {
        steps.begin("starting the emulator");
        let (emulator, environment) = start_emulator(&callback)?;
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
fn start_emulator(callback: &str) -> Result<(Running, Vec<(String, String)>), String> {
    let child = Command::new(built("clerk-emulator"))
        .args(["--demo", callback])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callback_of_the_demo_is_on_loopback_on_macos() {
        assert_eq!(Example::Desktop.callback(true), "http://127.0.0.1:45789/callback");
        assert_eq!(Example::React.callback(false), "clerk-react-example://callback");
    }

    #[test]
    fn read_takes_options_in_any_order() {
        assert_eq!(read(&[]), Ok((Example::Desktop, false)));
        assert_eq!(read(&["--react"]), Ok((Example::React, false)));
        assert_eq!(read(&["--headless", "--react"]), Ok((Example::React, true)));
        assert_eq!(read(&["--react", "--headless"]), Ok((Example::React, true)));
        assert!(read(&["--vue"]).is_err());
    }
}
