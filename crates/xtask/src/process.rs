//! Running programs.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// Returns the root of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_path_buf()
}

/// Returns the path of a program that cargo has built.
pub(crate) fn built(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("debug").join(name)
}

/// Prepares a program to run in the root of the workspace.
pub(crate) fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(executable(name, cfg!(windows)));
    command.args(arguments).current_dir(root());
    command
}

/// Returns the name under which a program is found. On Windows, npm's programs are scripts, and Rust adds only `.exe` to a name.
fn executable(name: &str, is_windows: bool) -> &str {
    match name {
        "npm" if is_windows => "npm.cmd",
        name => name,
    }
}

/// Runs a program. Its output is printed to the terminal.
pub(crate) fn execute(command: &mut Command) -> Result<(), String> {
    let text = describe(command);
    let status = command.status().map_err(|error| cannot_start(&text, &error))?;
    if status.success() { Ok(()) } else { Err(format!("`{text}` failed ({status})")) }
}

/// Runs a program. Returns its standard output, which is also printed to the terminal, and whether it succeeded.
pub(crate) fn execute_and_read(command: &mut Command) -> (String, Result<(), String>) {
    let mut output = String::new();
    let result = read_into(command, &mut output);
    (output, result)
}

fn read_into(command: &mut Command, output: &mut String) -> Result<(), String> {
    let text = describe(command);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| cannot_start(&text, &error))?;
    for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        let line = line.map_err(|error| error.to_string())?;
        println!("{line}");
        output.push_str(&line);
        output.push('\n');
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("`{text}` failed ({status})")) }
}

/// Runs a program and returns its standard output, which is not printed.
pub(crate) fn execute_and_capture(command: &mut Command) -> Result<String, String> {
    let text = describe(command);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| cannot_start(&text, &error))?;
    if !output.status.success() {
        return Err(format!("`{text}` failed ({})", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program starts and succeeds. Its output is discarded.
pub(crate) fn works(name: &str, arguments: &[&str]) -> bool {
    let result = program(name, arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    result.is_ok_and(|status| status.success())
}

/// Returns the output of a program if it succeeds.
pub(crate) fn output(name: &str, arguments: &[&str]) -> Option<String> {
    let output =
        program(name, arguments).stdin(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    words.join(" ")
}

fn cannot_start(command: &str, error: &std::io::Error) -> String {
    format!("`{command}` could not be started: {error}. Run `cargo xtask setup` to install what is missing")
}

/// Prints the current step and the elapsed time.
pub(crate) struct Steps {
    total: usize,
    done: usize,
    started: Instant,
}

impl Steps {
    pub(crate) fn new(total: usize) -> Self {
        Self { total, done: 0, started: Instant::now() }
    }

    pub(crate) fn begin(&mut self, step: &str) {
        self.done += 1;
        println!("\n[{}/{} · {:>4} s] {step}", self.done, self.total, self.started.elapsed().as_secs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executable_of_npm_is_a_script_on_windows() {
        assert_eq!(
            (executable("npm", true), executable("npm", false), executable("cargo", true)),
            ("npm.cmd", "npm", "cargo")
        );
    }
}
