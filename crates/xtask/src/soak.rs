//! The soak test of the core for longer than in the gate.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::process::{execute, program};

const USAGE: &str = "usage: cargo xtask soak [--minutes N] [--seed S]";
const DEFAULT_MINUTES: u64 = 30;

/// What the arguments ask for.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    minutes: u64,
    seed: Option<u64>,
}

impl Plan {
    fn read(arguments: &[&str]) -> Result<Self, String> {
        let mut plan = Self { minutes: DEFAULT_MINUTES, seed: None };
        for pair in arguments.chunks(2) {
            let number = pair.get(1).and_then(|text| text.parse::<u64>().ok());
            match (pair[0], number) {
                ("--minutes", Some(minutes)) if minutes > 0 => plan.minutes = minutes,
                ("--seed", Some(seed)) => plan.seed = Some(seed),
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(plan)
    }
}

/// `cargo xtask soak [--minutes N] [--seed S]`: uses the core for N accelerated minutes under random faults, and fails if memory,
/// tasks, file handles or files grow. The default is 30 minutes, and a seed of its own for each run, which is printed.
///
/// The minutes are those of the app: all timers, timeouts, intervals and clocks follow a clock that the test advances, as far as
/// the real requests and files allow it. Thirty minutes take about five minutes of real time on two cores. `tests/soak` says more.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let plan = Plan::read(arguments)?;
    if !cfg!(target_os = "linux") {
        return Err("the soak test reads /proc, so it runs on Linux only".to_owned());
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // With the packages of the gate, because another selection has other features and compiles dependencies again.
    let mut command = program("cargo", &["test", "--workspace", "--locked", "--test", "soak"]);
    command.args(["--", "--exact", "core_does_not_grow_under_faults", "--nocapture"]);
    command.env("CLERK_SOAK_MINUTES", plan.minutes.to_string());
    command.env("CLERK_SOAK_SEED", plan.seed.unwrap_or(now).to_string());
    execute(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_reads_arguments_in_any_order() {
        for (arguments, expected) in [
            (&[][..], Some((30, None))),
            (&["--minutes", "5"], Some((5, None))),
            (&["--seed", "7", "--minutes", "5"], Some((5, Some(7)))),
            (&["--minutes"], None),
            (&["--minutes", "0"], None),
            (&["--minutes", "many"], None),
            (&["5"], None),
            (&["--seed", "-1"], None),
        ] {
            let expected = expected.map(|(minutes, seed)| Plan { minutes, seed });
            assert_eq!(Plan::read(arguments).ok(), expected, "{arguments:?}");
        }
    }
}
