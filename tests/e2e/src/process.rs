//! Child processes that end with their owner.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{PATIENCE, Result};

/// A running program. Dropping it ends the program.
#[derive(Debug)]
pub(crate) struct Running(Child);

impl Running {
    /// Starts a program and appends its output to a file.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Self::spawn(command)
    }

    /// Starts a program and waits for the first line of its output.
    pub(crate) fn start_and_read_line(command: &mut Command) -> Result<(Self, String)> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut running = Self::spawn(command)?;
        let mut line = String::new();
        if let Some(output) = running.0.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        match line.trim() {
            "" => Err(format!("{} ended without output", name(command)).into()),
            line => Ok((running, line.to_owned())),
        }
    }

    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let child = command.spawn();
        child
            .map(Self)
            .map_err(|error| format!("{} could not be started: {error}; run `cargo xtask setup`", name(command)).into())
    }

    pub(crate) fn stdin(&mut self) -> Option<std::process::ChildStdin> {
        self.0.stdin.take()
    }

    pub(crate) fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.0.stdout.take()
    }
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ends every process that runs `program` with `marker` in its environment, and waits until they are gone. Gives up after
/// [`PATIENCE`].
pub(crate) fn end_all(program: &Path, marker: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let running = find(program, marker);
        if running.is_empty() || Instant::now() > deadline {
            return;
        }
        for pid in running {
            // It may have ended already.
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).stderr(Stdio::null()).status();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Returns the processes that run `program` with `marker` in their environment.
pub(crate) fn find(program: &Path, marker: &str) -> Vec<u32> {
    find_by(|exe| exe == program, marker)
}

/// Returns the processes whose program has this name, with `marker` in their environment.
pub(crate) fn find_named(name: &str, marker: &str) -> Vec<u32> {
    find_by(|exe| exe.file_name().is_some_and(|file| file == name), marker)
}

fn find_by(is_program: impl Fn(&Path) -> bool, marker: &str) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|pid: &u32| {
        let path = Path::new("/proc").join(pid.to_string());
        let same = std::fs::read_link(path.join("exe")).is_ok_and(|exe| is_program(&exe));
        same && std::fs::read(path.join("environ"))
            .is_ok_and(|environ| String::from_utf8_lossy(&environ).contains(marker))
    })
    .collect()
}
