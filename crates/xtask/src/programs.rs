//! The test programs: built by one run of cargo, started by layer.
//!
//! One selection of packages for everything: cargo resolves features for the selected packages together, so `-p` for some of
//! them would compile shared dependencies a second time.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::process::{execute_and_capture, execute_and_read, program, root};

/// The layers of the test suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// Tests inside a library or a binary.
    Unit,
    /// Tests in `tests/` of a package.
    Integration,
    /// Tests of `tests/e2e`, which share a display and run one after the other.
    EndToEnd,
}

/// A test program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TestProgram {
    layer: Layer,
    pub(crate) name: String,
    /// The folder of its package, in which cargo starts tests.
    pub(crate) folder: PathBuf,
    pub(crate) executable: PathBuf,
}

/// Builds the workspace with all of its tests, and returns the test programs.
pub(crate) fn build() -> Result<Vec<TestProgram>, String> {
    let arguments = ["build", "--workspace", "--all-targets", "--locked", "--message-format=json-render-diagnostics"];
    build_with(&mut program("cargo", &arguments))
}

/// Builds with a command of cargo that writes JSON, and returns the test programs.
pub(crate) fn build_with(cargo: &mut Command) -> Result<Vec<TestProgram>, String> {
    let messages = execute_and_capture(cargo)?;
    let programs: Vec<TestProgram> = messages.lines().filter_map(test_program).collect();
    if programs.is_empty() { Err("cargo built no test programs".to_owned()) } else { Ok(programs) }
}

/// Reads one message of cargo. Returns `None` for messages about anything else.
fn test_program(line: &str) -> Option<TestProgram> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let executable = PathBuf::from(message["executable"].as_str()?);
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?.to_path_buf();
    let is_integration = message["target"]["kind"].as_array()?.iter().any(|kind| kind == "test");
    let layer = match (folder == root().join("tests/e2e"), is_integration) {
        (true, _) => Layer::EndToEnd,
        (false, true) => Layer::Integration,
        (false, false) => Layer::Unit,
    };
    Some(TestProgram { layer, name: message["target"]["name"].as_str()?.to_owned(), folder, executable })
}

/// Runs the test programs of a layer. Returns their output, and the names of those that failed as the error.
pub(crate) fn run(programs: &[TestProgram], layer: Layer) -> (String, Result<(), String>) {
    let (mut output, mut failed) = (String::new(), Vec::new());
    for test in programs.iter().filter(|test| test.layer == layer) {
        println!("\n     Running {} ({})", test.name, test.executable.display());
        let arguments: &[&str] = if layer == Layer::EndToEnd { &["--test-threads=1"] } else { &[] };
        let mut command = program(&test.executable.to_string_lossy(), arguments);
        command.current_dir(&test.folder).env("CARGO_MANIFEST_DIR", &test.folder);
        let (text, result) = execute_and_read(&mut command);
        output.push_str(&text);
        if result.is_err() {
            failed.push(test.name.as_str());
        }
    }
    let result = if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) };
    (output, result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(folder: &str, kind: &str, test: bool) -> String {
        let manifest = root().join(folder).join("Cargo.toml");
        serde_json::json!({
            "reason": "compiler-artifact",
            "manifest_path": manifest,
            "target": { "name": "sign_in", "kind": [kind] },
            "profile": { "test": test },
            "executable": "/target/debug/deps/sign_in-1",
        })
        .to_string()
    }

    #[test]
    fn test_program_has_the_layer_of_its_package_and_kind() {
        let layer = |folder, kind| test_program(&message(folder, kind, true)).map(|program| program.layer);
        assert_eq!(layer("crates/clerk-core", "lib"), Some(Layer::Unit));
        assert_eq!(layer("crates/clerk-core", "test"), Some(Layer::Integration));
        assert_eq!(layer("tests/e2e", "test"), Some(Layer::EndToEnd));
        assert_eq!(layer("tests/e2e", "lib"), Some(Layer::EndToEnd));
    }

    #[test]
    fn test_program_ignores_other_messages() {
        assert_eq!(test_program(&message("crates/clerk-core", "lib", false)), None);
        assert_eq!(test_program("{\"reason\":\"build-finished\",\"success\":true}"), None);
        assert_eq!(test_program("not JSON"), None);
    }

    #[test]
    fn run_names_the_programs_that_failed() {
        let test = |name: &str| TestProgram {
            layer: Layer::Unit,
            name: name.to_owned(),
            folder: root(),
            executable: PathBuf::from(format!("/bin/{name}")),
        };
        let (_, result) = run(&[test("true"), test("false")], Layer::Unit);
        assert_eq!(result, Err("failed: false".to_owned()));
        assert_eq!(run(&[test("false")], Layer::Integration).1, Ok(()));
    }
}
