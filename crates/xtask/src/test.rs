//! The gate: every check and test.

use crate::{
    modules,
    process::{Steps, execute, execute_and_read, program},
    setup,
};

/// Counts tests by layer.
#[derive(Default)]
struct Count {
    rows: Vec<(&'static str, u64, u64)>,
    failures: Vec<String>,
}

impl Count {
    /// Adds the tests that the output reports. A layer that fails or runs no test is a failure.
    fn add(&mut self, layer: &'static str, (output, result): (String, Result<(), String>)) {
        let (passed, failed) = counted(&output);
        if let Err(message) = result {
            self.failures.push(format!("{layer}: {message}"));
        } else if passed + failed == 0 {
            self.failures.push(format!("{layer}: no tests ran"));
        }
        self.rows.push((layer, passed, failed));
    }
}

/// Returns how many tests passed and failed according to cargo or vitest.
fn counted(output: &str) -> (u64, u64) {
    let (mut passed, mut failed) = (0, 0);
    for line in output.lines() {
        // Cargo: `test result: ok. 3 passed; 0 failed; …`. Vitest: `Tests  12 passed (12)`.
        let line = strip_colours(line);
        if line.starts_with("test result:") || line.trim_start().starts_with("Tests ") {
            passed += number_before(&line, "passed");
            failed += number_before(&line, "failed");
        }
    }
    (passed, failed)
}

fn strip_colours(line: &str) -> String {
    let mut result = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            result.push(character);
        }
    }
    result
}

fn number_before(line: &str, word: &str) -> u64 {
    let words: Vec<&str> =
        line.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let pair = words.windows(2).find(|pair| pair[1] == word);
    pair.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

/// Runs everything. Continues after a failure, so that one run reports every problem.
pub(crate) fn run_all(steps: &mut Steps) -> Result<(), String> {
    let mut count = Count::default();
    let check =
        |steps: &mut Steps, what: &str, failures: &mut Vec<String>, action: &mut dyn FnMut() -> Result<(), String>| {
            steps.begin(what);
            if let Err(message) = action() {
                println!("FAILED: {message}");
                failures.push(message);
            }
        };
    check(steps, "format", &mut count.failures, &mut || execute(&mut program("cargo", &["fmt", "--all", "--check"])));
    check(steps, "modules", &mut count.failures, &mut modules::check);
    check(steps, "frontend of the example", &mut count.failures, &mut || {
        execute(&mut program("npm", &["run", "build:all"]))
    });
    check(steps, "lints", &mut count.failures, &mut || {
        execute(&mut program("cargo", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
    });
    check(steps, "guest: types, lints, format", &mut count.failures, &mut || {
        execute(&mut program("npm", &["run", "check"]))
    });
    check(steps, "documentation", &mut count.failures, &mut || {
        let packages = ["doc", "--no-deps", "--locked", "-p", "tauri-plugin-clerk", "-p", "clerk-emulator"];
        execute(program("cargo", &packages).env("RUSTDOCFLAGS", "-D warnings"))
    });
    steps.begin("unit tests");
    let units = ["test", "--workspace", "--locked", "--no-fail-fast", "--lib", "--bins", "--exclude", "clerk-e2e"];
    count.add("unit", execute_and_read(&mut program("cargo", &units)));
    steps.begin("integration tests");
    let integration = ["test", "--workspace", "--locked", "--no-fail-fast", "--test", "*", "--exclude", "clerk-e2e"];
    count.add("integration", execute_and_read(&mut program("cargo", &integration)));
    let examples = ["test", "--locked", "--doc", "-p", "tauri-plugin-clerk", "-p", "clerk-emulator"];
    count.add("examples in docs", execute_and_read(&mut program("cargo", &examples)));
    steps.begin("guest tests");
    count.add("guest", execute_and_read(&mut program("npm", &["test"])));
    steps.begin("end-to-end tests: a real window, a real browser, a real keyring");
    check_build(&mut count);
    let e2e = ["test", "--locked", "-p", "clerk-e2e", "--no-fail-fast", "--", "--test-threads=1"];
    count.add("e2e", execute_and_read(&mut program("cargo", &e2e)));
    report(&count)
}

/// The e2e tests start the example app.
fn check_build(count: &mut Count) {
    if let Err(message) = execute(&mut program("cargo", &["build", "--locked", "-p", "clerk-desktop-example"])) {
        count.failures.push(message);
    }
}

fn report(count: &Count) -> Result<(), String> {
    println!("\n{:<20} {:>7} {:>7}", "tests", "passed", "failed");
    for (layer, passed, failed) in &count.rows {
        println!("{layer:<20} {passed:>7} {failed:>7}");
    }
    let passed: u64 = count.rows.iter().map(|row| row.1).sum();
    let failed: u64 = count.rows.iter().map(|row| row.2).sum();
    let failed = failed.max(count.failures.len() as u64);
    for failure in &count.failures {
        println!("FAILED: {failure}");
    }
    println!("\n{passed} passed, {failed} failed");
    if count.failures.is_empty() { Ok(()) } else { Err(format!("{} checks failed", count.failures.len())) }
}

/// `cargo xtask test`.
pub(crate) fn run() -> Result<(), String> {
    let mut steps = Steps::new(11);
    steps.begin("setup");
    setup::run()?;
    run_all(&mut steps)
}

/// `cargo xtask bindings`.
pub(crate) fn write_bindings() -> Result<(), String> {
    let test = ["test", "--quiet", "-p", "tauri-plugin-clerk", "--test", "bindings"];
    execute(program("cargo", &test).env("CLERK_WRITE_BINDINGS", "1"))?;
    println!("guest-js/bindings.ts was regenerated");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_reads_output_of_cargo_and_vitest() {
        let cargo = "running 3 tests\ntest result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n";
        assert_eq!(counted(cargo), (4, 2));
        let vitest = "\u{1b}[2m Test Files \u{1b}[22m 2 passed (2)\n\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m12 passed\u{1b}[22m | 1 failed (13)\n";
        assert_eq!(counted(vitest), (12, 1));
    }

    #[test]
    fn add_counts_tests_of_failed_layer() {
        let mut count = Count::default();
        let output = "test result: FAILED. 2 passed; 1 failed; 0 ignored\n".to_owned();
        count.add("e2e", (output, Err("failed".to_owned())));
        assert_eq!(count.rows, [("e2e", 2, 1)]);
        assert!(report(&count).is_err());
    }

    #[test]
    fn add_rejects_layer_without_tests() {
        let mut count = Count::default();
        count.add("unit", ("nothing ran".to_owned(), Ok(())));
        assert!(report(&count).is_err());
    }
}
