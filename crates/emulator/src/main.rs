//! `clerk-emulator`: a local Clerk. See `--help`.

use std::process::ExitCode;

use clerk_emulator::{Config, Emulator};

const HELP: &str = "\
A local Clerk: Clerk's Frontend API on loopback.

Usage: clerk-emulator [OPTIONS]

  --port PORT            listen on this port (a free one by default)
  --config FILE          settings of the instance, as TOML or JSON; also CLERK_EMULATOR_CONFIG
  --preset NAME          a ready-made instance
  --demo REDIRECT_URL    the demo's people, and this redirect URL on the allowlist
  --help                 this text
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            print_error(&message);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "a program says on standard error why it ends")]
fn print_error(message: &str) {
    eprintln!("clerk-emulator: {message}");
}

#[expect(clippy::print_stdout, reason = "a program's output")]
fn print(text: &str) {
    println!("{text}");
}

fn run() -> Result<(), String> {
    let Some(config) = read_arguments(std::env::args().skip(1))? else {
        print(HELP);
        return Ok(());
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let emulator = Emulator::start(config).await.map_err(|error| format!("could not start: {error}"))?;
        let base_url = emulator.base_url();
        print(&format!("CLERK_PUBLISHABLE_KEY={}", emulator.publishable_key()));
        print(&format!("CLERK_PROXY_URL={base_url}"));
        print(&format!("Dashboard: {base_url}/__emulator/"));
        print(&format!("Inbox:     {base_url}/__emulator/inbox"));
        print(&format!("Portal:    {base_url}/portal/sign-in"));
        tokio::signal::ctrl_c().await.map_err(|error| error.to_string())
    })
}

/// Parses the arguments; `None` for `--help`.
fn read_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Option<Config>, String> {
    let mut config = match std::env::var("CLERK_EMULATOR_CONFIG") {
        Ok(file) => read_config(&file)?,
        Err(_) => Config::default(),
    };
    let mut port = None;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--port" => {
                port = Some(value()?.parse::<u16>().map_err(|_| "--port needs a number up to 65535".to_owned())?);
            }
            "--demo" => config = Config::demo(&value()?),
            "--config" => {
                let file = value()?;
                config = read_config(&file)?;
            }
            "--preset" => config = Config::preset(&value()?).map_err(|error| error.to_string())?,
            other => return Err(format!("unknown argument {other}; see --help")),
        }
    }
    if let Some(port) = port {
        config.port = port;
    }
    Ok(Some(config))
}

/// Reads a configuration file: JSON if its extension is `json`, else TOML.
fn read_config(file: &str) -> Result<Config, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file} can't be read: {error}"))?;
    let is_json = std::path::Path::new(file).extension().is_some_and(|extension| extension == "json");
    let config = if is_json { Config::from_json(&text) } else { Config::from_toml(&text) };
    config.map_err(|error| format!("{file}: {error}"))
}
