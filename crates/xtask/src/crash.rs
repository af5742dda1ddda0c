//! Crash consistency.

use std::process::Command;

use crate::process::{built, execute, program, root};

/// `cargo xtask crash`.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    // Builds the program as well, with the features of the gate, so that nothing else is compiled again.
    execute(&mut program("cargo", &["test", "--quiet", "--workspace", "--locked", "--no-run", "--test", "crash"]))?;
    execute(Command::new(built("crash")).args(arguments).current_dir(root()))
}
