//! The commands of this workspace: `cargo xtask help`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "these are commands for a terminal")]

mod bench;
mod crash;
mod demo;
mod fuzz;
mod modules;
mod platforms;
mod process;
mod programs;
mod secrets;
mod setup;
mod soak;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask setup            install missing prerequisites (Debian and Ubuntu), or list them
cargo xtask demo [--react] [--headless]
                             open the example app on the local emulator or, with CLERK_PUBLISHABLE_KEY, on a real instance;
                             --react: the one with Clerk's React components; --headless: under a virtual display, where it
                             signs in unattended and takes screenshots
cargo xtask test             run every check and test
cargo xtask fuzz [target] [--inputs N | --seconds N]
                             run the fuzz targets; by default, ten million inputs or ten minutes for each
cargo xtask soak             use the core under random faults: nothing may grow; --minutes N (default: 30), --seed S
cargo xtask crash            kill an app at random moments and check what it restores; --kills N (default: 500), --seed S
cargo xtask bench [--apps] [--quick]
                             measure what the core costs, each measure beside its limit; also as JSON in target/bench.json;
                             --apps: what whole apps cost, with and without the plugin
cargo xtask platforms [--run] [--only windows|macos]
                             check types and lints for Windows and macOS, on Debian and Ubuntu; --run: run tests under wine
cargo xtask modules          list the dependencies between files, and fail if any are cyclic
cargo xtask secrets          fail if a secret could be printed: by `Debug`, or in a log message
cargo xtask emulator …       start the emulator alone; --help lists its options
cargo xtask bindings         regenerate guest-js/bindings.ts";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["setup"] => setup::run(),
        ["demo", rest @ ..] => demo::run(rest),
        ["test"] => test::run(),
        ["soak", rest @ ..] => soak::run(rest),
        ["emulator", rest @ ..] => demo::emulator(rest),
        ["fuzz", rest @ ..] => fuzz::run(rest),
        ["crash", rest @ ..] => crash::run(rest),
        ["bench", rest @ ..] => bench::run(rest),
        ["platforms", rest @ ..] => platforms::run(rest),
        ["modules"] => modules::list(),
        ["secrets"] => secrets::check(),
        ["bindings"] => test::write_bindings(),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(format!("unknown command {}\n\n{HELP}", other.join(" "))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nerror: {message}");
            ExitCode::FAILURE
        }
    }
}
