//! The fuzz targets, in an optimized build: `cargo xtask fuzz`.
//!
//! They are tests of the core, which the gate runs with a few thousand inputs.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Instant,
};

use crate::process::{execute, program};

/// The name of each target, and its test.
const TARGETS: &[(&str, &str)] = &[
    ("deep-links", "flows::fuzz::deep_links_end_only_the_flow_that_they_prove"),
    ("publishable-keys", "fapi::fuzz::publishable_keys_name_a_valid_host"),
    ("envelopes", "fapi::fuzz::envelopes_are_read_within_limits_or_reported"),
    ("session-tokens", "state::fuzz::session_tokens_grant_nothing_unless_valid_and_fresh"),
    ("sealed-file", "state::fuzz::sealed_file_opens_only_as_it_was_written"),
];

/// The usual limits: whichever is reached first.
const INPUTS: u64 = 10_000_000;
const SECONDS: u64 = 600;

/// What to run.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    targets: Vec<(&'static str, &'static str)>,
    inputs: Option<u64>,
    seconds: Option<u64>,
}

impl Plan {
    fn read(arguments: &[&str]) -> Result<Self, String> {
        let names = TARGETS.iter().map(|target| target.0).collect::<Vec<_>>().join(", ");
        let (targets, options) = match arguments {
            [name, rest @ ..] if !name.starts_with('-') => {
                let target = TARGETS.iter().find(|target| target.0 == *name);
                (vec![*target.ok_or_else(|| format!("unknown target {name}; there are {names}"))?], rest)
            }
            rest => (TARGETS.to_vec(), rest),
        };
        let count = |text: &str| match text.parse::<u64>() {
            Ok(count) if count > 0 => Ok(Some(count)),
            _ => Err(format!("{text} is not a number above 0")),
        };
        let (inputs, seconds) = match options {
            [] => (Some(INPUTS), Some(SECONDS)),
            ["--inputs", inputs] => (count(inputs)?, None),
            ["--seconds", seconds] => (None, count(seconds)?),
            _ => return Err("usage: cargo xtask fuzz [target] [--inputs N | --seconds N]".to_owned()),
        };
        Ok(Self { targets, inputs, seconds })
    }
}

/// The result of a target.
struct Row {
    target: &'static str,
    inputs: u64,
    seconds: u64,
    passed: bool,
}

/// `cargo xtask fuzz [target] [--inputs N | --seconds N]`.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let plan = Plan::read(arguments)?;
    execute(&mut cargo_test(&["--no-run"]))?;
    let mut rows = Vec::new();
    for (target, test) in &plan.targets {
        println!("\n{target}");
        rows.push(run_target(&plan, target, test)?);
    }
    println!("\n{:<20} {:>12} {:>8}  result", "target", "inputs", "seconds");
    for Row { target, inputs, seconds, passed } in &rows {
        println!("{target:<20} {inputs:>12} {seconds:>8}  {}", if *passed { "passed" } else { "FAILED" });
    }
    if rows.iter().all(|row| row.passed) { Ok(()) } else { Err("a target failed; its seed is above".to_owned()) }
}

fn cargo_test(arguments: &[&str]) -> Command {
    let test = ["test", "--quiet", "--locked", "--profile", "fuzz", "-p", "clerk-core", "--lib"];
    program("cargo", &[&test, arguments].concat())
}

fn run_target(plan: &Plan, target: &'static str, test: &str) -> Result<Row, String> {
    let mut command = cargo_test(&["--", "--exact", test, "--nocapture"]);
    command.env("BOLERO_RANDOM_ITERATIONS", plan.inputs.unwrap_or(u64::from(u32::MAX)).to_string());
    command.env_remove("BOLERO_RANDOM_TEST_TIME_MS");
    if let Some(seconds) = plan.seconds {
        command.env("BOLERO_RANDOM_TEST_TIME_MS", seconds.saturating_mul(1000).to_string());
    }
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    let mut inputs = None;
    for line in child.stderr.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        let line = line.map_err(|error| error.to_string())?;
        println!("{line}");
        inputs = inputs_in(&line).or(inputs);
    }
    let passed = child.wait().map_err(|error| error.to_string())?.success();
    let inputs = inputs.ok_or_else(|| format!("the target {target} has no test {test}"))?;
    Ok(Row { target, inputs, seconds: started.elapsed().as_secs(), passed })
}

/// Returns the number of inputs in a report of Bolero: `test x ... run time: 1s | iterations/s: 9 | rng inputs: 9`.
fn inputs_in(line: &str) -> Option<u64> {
    line.split(" | ").find_map(|part| part.trim().strip_prefix("rng inputs: "))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_reads_target_and_limit() {
        let plan =
            |arguments: &[&str]| Plan::read(arguments).map(|plan| (plan.targets.len(), plan.inputs, plan.seconds));
        assert_eq!(plan(&[]), Ok((5, Some(10_000_000), Some(600))));
        assert_eq!(plan(&["envelopes"]), Ok((1, Some(10_000_000), Some(600))));
        assert_eq!(plan(&["--inputs", "7"]), Ok((5, Some(7), None)));
        assert_eq!(plan(&["envelopes", "--seconds", "7"]), Ok((1, None, Some(7))));
        for wrong in [&["letters"][..], &["--inputs"], &["--inputs", "0"], &["--seconds", "x"], &["envelopes", "7"]] {
            assert!(Plan::read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn inputs_in_reads_reports_of_bolero() {
        let report = "test envelopes ...\trun time: 10.1s | iterations/s: 39 | rng inputs: 400";
        assert_eq!(inputs_in(report), Some(400));
        let ended = format!("{report} | exit reason: max duration (10s) exceeded");
        assert_eq!(inputs_in(&ended), Some(400));
        assert_eq!(inputs_in("running 1 test"), None);
    }
}
