//! A process of the app, as its parent sees it.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::steps::Step;
use crate::{PATIENCE, Result, process::Running, session::Environment};

/// What a process of the app is started with.
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Environment,
    /// The file to which the standard error of the process is appended.
    pub(super) log: PathBuf,
}

/// A running process.
pub(super) struct Child {
    running: Running,
    input: Option<ChildStdin>,
    events: mpsc::Receiver<Value>,
    log: PathBuf,
}

/// What was heard of a process.
pub(super) enum Heard {
    Event(Value),
    /// The time is over.
    Nothing,
    /// It has ended.
    End,
}

impl Child {
    /// Starts a process that takes these steps.
    pub(super) fn start(launch: &Launch, online: bool, steps: &[Step]) -> Result<Self> {
        let mut command = Command::new(&launch.program);
        command.arg(super::APP).args(&launch.arguments).arg(online.to_string()).args(steps.iter().map(Step::to_string));
        command.envs(launch.environment.clone());
        let log = File::options().create(true).append(true).open(&launch.log)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut running = Running::spawn(&mut command)?;
        let output = running.stdout().ok_or("the output of the app is not captured")?;
        let (sender, events) = mpsc::channel();
        std::thread::spawn(move || {
            // The last line may be incomplete.
            for event in BufReader::new(output).lines().map_while(std::result::Result::ok) {
                let Ok(event) = serde_json::from_str(&event) else { return };
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        Ok(Self { input: running.stdin(), running, events, log: launch.log.clone() })
    }

    /// Waits for the next event, until `deadline`.
    pub(super) fn hear_until(&self, deadline: Instant) -> Heard {
        match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(event) => Heard::Event(event),
            Err(RecvTimeoutError::Timeout) => Heard::Nothing,
            Err(RecvTimeoutError::Disconnected) => Heard::End,
        }
    }

    /// Waits for the next event.
    pub(super) fn hear(&self) -> Result<Value> {
        match self.hear_until(Instant::now() + PATIENCE) {
            Heard::Event(event) => Ok(event),
            Heard::Nothing => Err("the app says nothing any more".into()),
            Heard::End => Err("the app ended by itself".into()),
        }
    }

    /// Writes a line to its standard input.
    pub(super) fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().ok_or("the input of the app is closed")?;
        Ok(writeln!(input, "{line}")?)
    }

    /// Kills the process with SIGKILL. Returns what it had reported until then.
    ///
    /// # Errors
    /// If one of its threads panicked.
    pub(super) fn kill(self) -> Result<Vec<Value>> {
        // Kills and waits.
        drop(self.running);
        let mut rest = Vec::new();
        while let Ok(event) = self.events.recv_timeout(Duration::from_secs(10)) {
            rest.push(event);
        }
        no_panic(&self.log)?;
        Ok(rest)
    }
}

fn no_panic(log: &Path) -> Result<()> {
    let log = String::from_utf8_lossy(&std::fs::read(log)?).into_owned();
    match log.lines().find(|line| line.contains("panicked at")) {
        Some(line) => Err(format!("the app panicked: {line}").into()),
        None => Ok(()),
    }
}
