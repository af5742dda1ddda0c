//! An app that is killed at random moments while people sign in and out of it. Its stores are the keyring and the disk; FAPI is
//! emulated in this process, so that it survives, and rotates the client token with every request that may change something.
//!
//! After each kill, starts without and with a network must restore what the app had reported:
//!
//! - A start never fails, and gives no notice.
//! - Sessions that were signed out are not restored, and end on the server.
//! - Sessions that were signed in are restored, and FAPI accepts the stored client token. Half of the time, FAPI refuses a
//!   superseded token at once; then a session may be lost if a response was on its way. Half of the time, FAPI accepts superseded
//!   tokens until the next start; then no session may be lost.

mod app;
mod child;
mod model;
mod steps;

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use clerk_emulator::{Action, Config, Emulator, Entry, Fault, NewUser};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::Value;

pub use app::run as run_app;

use self::{
    child::{Child, Heard, Launch},
    model::{Model, Restored, Verdict},
    steps::{Step, User, workload},
};
use crate::{
    PATIENCE, Result,
    session::{SessionBus, folders},
};

/// The first argument of the program if it is to be the app.
pub const APP: &str = "app";

const PASSWORD: &str = "correct-horse-battery";
/// The name of the sealed file.
const STATE: &str = "clerk-state";
/// For how long FAPI accepts superseded tokens, if it does. Its clock stands still until the next start has succeeded.
const GRACE: Duration = Duration::from_secs(60);
/// The unit of the time between an event and the kill, and how many of them there are at most. A step takes some of them.
const TICK: Duration = Duration::from_micros(250);
const TICKS: u32 = 160;
/// After how many events the app is killed, at most. Most workloads have more.
const EVENTS: usize = 24;

/// How the app is killed.
#[derive(Debug)]
pub struct Options {
    /// How often.
    pub kills: usize,
    /// What everything but the exact moment depends on.
    pub seed: u64,
    /// The program `crash`.
    pub program: PathBuf,
    /// Is told of each kill: its number, and the step during which it came.
    pub progress: fn(usize, &str),
}

/// What was seen.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// How often the app was killed.
    pub kills: usize,
    /// How often in each step.
    pub by_step: BTreeMap<&'static str, usize>,
    /// The starts whose restored state was checked, by network and outcome.
    pub starts: BTreeMap<(&'static str, String), usize>,
    /// The sessions that were found restored.
    pub restored: usize,
    /// The session tokens that FAPI minted for them.
    pub tokens: usize,
    /// The sessions whose end on the server was seen after a kill.
    pub revoked: usize,
    /// The time that it took.
    pub elapsed: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} kills in {} s", self.kills, self.elapsed.as_secs())?;
        for (step, count) in &self.by_step {
            writeln!(f, "  {count:>5} during {step}")?;
        }
        writeln!(f, "{} starts checked", self.starts.values().sum::<usize>())?;
        for ((network, verdict), count) in &self.starts {
            writeln!(f, "  {count:>5} {network}: {verdict}")?;
        }
        writeln!(f, "{} sessions restored, {} session tokens minted for them", self.restored, self.tokens)?;
        write!(f, "{} sessions ended on the server after a kill", self.revoked)
    }
}

/// Kills the app as often as asked for.
///
/// # Errors
/// If a start is corrupted: what is wrong, and what had happened before.
pub async fn run(options: Options) -> Result<Report> {
    let files = tempfile::Builder::new().prefix("clerk-crash-").tempdir()?;
    let mut environment = folders(files.path())?;
    let _bus = SessionBus::start(files.path(), &mut environment, true).await?;
    let mut config = Config::default().strict();
    config.sessions.mode = "multi".to_owned();
    config.rotate_always = true;
    config.users = User::ALL
        .map(|user| NewUser {
            first_name: Some(user.name().to_owned()),
            ..NewUser::with_password(&user.email(), PASSWORD)
        })
        .to_vec();
    let emulator = Arc::new(Emulator::start(config).await?);
    emulator.freeze_clock();
    environment.push(("RUST_LOG", "clerk=debug,clerk_core=debug".to_owned()));
    let launch = Launch {
        program: options.program.clone(),
        arguments: Vec::new(),
        environment,
        log: files.path().join("app.log"),
    };
    let mut campaign = Campaign {
        random: StdRng::seed_from_u64(options.seed),
        options,
        emulator,
        launch,
        files: files.path().to_owned(),
        device: 0,
        model: Model::default(),
        report: Report::default(),
        history: Vec::new(),
        requests: Vec::new(),
    };
    campaign.take_new_device();
    // Waits for processes, while the emulator runs on the other threads.
    tokio::task::spawn_blocking(move || campaign.run()).await?
}

struct Campaign {
    options: Options,
    random: StdRng,
    emulator: Arc<Emulator>,
    launch: Launch,
    files: PathBuf,
    /// The number of the device: of its folder, and of its entry in the keyring.
    device: usize,
    model: Model,
    report: Report,
    /// What happened since the last start that was checked.
    history: Vec<String>,
    /// The requests of the process that was killed last.
    requests: Vec<Entry>,
}

impl Campaign {
    fn run(mut self) -> Result<Report> {
        let started = Instant::now();
        for kill in 0..self.options.kills {
            self.history.clear();
            self.requests.clear();
            self.emulator.clear_requests();
            // The processes append to it.
            fs::write(&self.launch.log, [])?;
            let checked = self.kill_and_check();
            if let Err(error) = checked {
                return Err(format!("kill {kill} of seed {}: {error}\n\n{}", self.options.seed, self.evidence()).into());
            }
        }
        self.report.elapsed = started.elapsed();
        Ok(self.report)
    }

    /// What is known about the processes since the last start that was checked: their reports, their requests, and their log.
    fn evidence(&self) -> String {
        let log = fs::read(&self.launch.log).unwrap_or_default();
        let last = self.emulator.requests();
        let requests = self.requests.iter().chain(&last).map(|request| {
            let Entry { seq, method, path, status, client, rotated, fault, .. } = request;
            let client = client.as_deref().unwrap_or("no client");
            let token = if *rotated { ", another token" } else { "" };
            let fault = fault.map(|fault| format!(", {fault}")).unwrap_or_default();
            format!("{seq}: {method} {path} of {client}: {status}{token}{fault}")
        });
        let requests = requests.collect::<Vec<_>>().join("\n");
        format!("{}\n\n{requests}\n\n{}", self.history.join("\n"), String::from_utf8_lossy(&log))
    }

    fn kill_and_check(&mut self) -> Result<()> {
        let grace = if self.random.random() { GRACE } else { Duration::ZERO };
        self.emulator.configure(|config| config.rotation_grace_s = i64::try_from(grace.as_secs()).ok());
        self.note(format!("FAPI accepts superseded tokens for {} s", grace.as_secs()));
        let online = self.random.random_bool(0.8);
        self.switch(online);
        let steps = workload(&mut self.random, online);
        let child = Child::start(&self.launch, online, &steps)?;
        self.model.begin(online);
        let child = self.wait_for_the_moment(child)?;
        for event in child.kill()? {
            self.hear(&event)?;
        }
        self.report.kills += 1;
        let step = self.model.step.unwrap_or("no step");
        *self.report.by_step.entry(step).or_default() += 1;
        self.note(format!("killed during {step}"));
        (self.options.progress)(self.report.kills, step);
        self.no_more_requests()?;
        if self.random.random_bool(0.25) {
            self.check_offline()?;
        }
        self.check_online()?;
        // What is superseded is refused from now on.
        self.emulator.advance_clock(grace + Duration::from_secs(1));
        Ok(())
    }

    /// Lets the app run until a random time after a random event.
    fn wait_for_the_moment(&mut self, mut child: Child) -> Result<Child> {
        let mut events_left = self.random.random_range(0..EVENTS);
        let delay = TICK * self.random.random_range(0..TICKS);
        let mut deadline = if events_left == 0 { Instant::now() + delay } else { Instant::now() + PATIENCE };
        loop {
            match child.hear_until(deadline) {
                Heard::Event(event) => {
                    let is_done = event["at"] == "done";
                    self.hear(&event)?;
                    if event["at"] == "network" {
                        let online = event["step"] == Step::NetworkOn.to_string();
                        self.switch(online);
                        self.model.set_online(online);
                        child.tell("go on")?;
                    }
                    if events_left > 0 {
                        events_left = if is_done { 0 } else { events_left - 1 };
                        if events_left == 0 {
                            deadline = Instant::now() + delay;
                        }
                    }
                }
                Heard::Nothing if events_left == 0 => return Ok(child),
                Heard::Nothing => return Err("the app says nothing any more".into()),
                Heard::End => return Err("the app ended by itself".into()),
            }
        }
    }

    /// Starts the app without a network.
    fn check_offline(&mut self) -> Result<()> {
        self.switch(false);
        let (child, restored) = self.start(false)?;
        let verdict = self.model.judge(&restored, false, false)?;
        self.model.has_state |= verdict != Verdict::Nothing;
        self.count("offline", verdict, &restored);
        child.kill().map(|_| ())
    }

    /// Starts the app with a network, waits for the end of the sessions that were signed out, and mints a token for each other one.
    fn check_online(&mut self) -> Result<()> {
        self.switch(true);
        self.requests = self.emulator.requests();
        self.emulator.clear_requests();
        let unfinished = self.unfinished_writes();
        let known = clients(&self.emulator.state());
        let (mut child, restored) = self.start(true)?;
        // FAPI takes the owner of a superseded token for a new client.
        let accepted = |request: &Entry| {
            request.path.starts_with("/v1/client")
                && request.client.as_ref().is_some_and(|client| known.contains(client))
        };
        let refused = !self.emulator.requests().iter().any(accepted);
        let verdict = self.model.judge(&restored, true, refused)?;
        self.count("online", verdict, &restored);
        self.model.accept(&restored, verdict);
        if let Some(left) = unfinished.iter().find(|path| path.exists()) {
            return Err(format!("{} is still there", left.display()).into());
        }
        let queued = std::mem::take(&mut self.model.queued);
        self.report.revoked += queued.len();
        self.until("the sessions that were signed out end on the server", |emulator| {
            !active_sessions(&emulator.state()).iter().any(|id| queued.contains(id))
        })?;
        for id in restored.sessions.keys() {
            if !active_sessions(&self.emulator.state()).contains(id) {
                return Err(format!("{id} is shown, and has ended on the server").into());
            }
        }
        child.tell(&Step::Tokens.to_string())?;
        child.tell(&Step::Settle.to_string())?;
        for _ in 0..2 * restored.sessions.len() + 2 {
            let event = child.hear()?;
            self.note(event.to_string());
            if event["at"] == "failed" {
                return Err("no session token was minted".into());
            }
        }
        self.report.tokens += restored.sessions.len();
        child.kill()?;
        self.no_more_requests()?;
        if verdict == Verdict::Superseded {
            // The stored queue may have sessions that this device can't end any more, and tries to end at each start.
            self.take_new_device();
            self.model.move_to_new_device();
        }
        Ok(())
    }

    /// Lets the next process find nothing stored.
    fn take_new_device(&mut self) {
        self.device += 1;
        // The kernel's keyring, which is used if there is no other one, is shared by everything on this machine.
        let service = format!("com.example.clerk-crash-{}-{}", std::process::id(), self.device);
        let folder = self.folder().display().to_string();
        self.launch.arguments = vec![folder, service, self.emulator.publishable_key(), self.emulator.base_url()];
    }

    fn folder(&self) -> PathBuf {
        self.files.join(format!("device-{}", self.device))
    }

    /// Starts the app, and returns what it restored.
    fn start(&mut self, online: bool) -> Result<(Child, Restored)> {
        self.note(format!("a start {}", if online { "online" } else { "offline" }));
        let child = Child::start(&self.launch, online, &[])?;
        loop {
            let event = child.hear()?;
            self.note(event.to_string());
            match event["at"].as_str() {
                Some("loading") => {}
                Some("loaded") => {
                    let restored = Restored::read(&event, online)?;
                    let done = child.hear()?;
                    self.note(done.to_string());
                    return Ok((child, restored));
                }
                _ => return Err(format!("loading was expected: {event}").into()),
            }
        }
    }

    fn hear(&mut self, event: &Value) -> Result<()> {
        self.note(event.to_string());
        if event["at"] == "loaded" {
            Restored::read(event, self.model.is_online())?;
        }
        self.model.hear(event)
    }

    /// Switches the network on or off.
    fn switch(&mut self, online: bool) {
        self.note(format!("the network is {}", if online { "on" } else { "off" }));
        self.emulator.clear_faults();
        if !online {
            self.emulator.fault(Fault::new("*", Action::Disconnect));
        }
    }

    /// Waits until every request of a killed process was carried out, or will never be.
    fn no_more_requests(&self) -> Result<()> {
        // The emulator accepts connections in their order. So those of the process were accepted when this one is answered.
        let mut last = TcpStream::connect(self.emulator.base_url().trim_start_matches("http://"))?;
        last.write_all(b"GET /__emulator/v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        last.read_to_end(&mut Vec::new())?;
        drop(last);
        self.until("the requests of the killed process end", |emulator| emulator.connections() == 0)
    }

    fn until(&self, what: &str, condition: impl Fn(&Emulator) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !condition(&self.emulator) {
            if Instant::now() > deadline {
                return Err(format!("timed out: {what}").into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// The files that interrupted writes left.
    fn unfinished_writes(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder()).into_iter().flatten().flatten().map(|entry| entry.path());
        let known = |path: &Path| path.ends_with(STATE) || path.ends_with(format!("{STATE}.lock"));
        entries.filter(|path| !known(path)).collect()
    }

    fn count(&mut self, network: &'static str, verdict: Verdict, restored: &Restored) {
        self.note(format!("{verdict:?}"));
        *self.report.starts.entry((network, format!("{verdict:?}").to_lowercase())).or_default() += 1;
        self.report.restored += restored.sessions.len();
    }

    fn note(&mut self, event: String) {
        self.history.push(event);
    }
}

/// Returns the active sessions on all clients.
fn active_sessions(state: &Value) -> Vec<String> {
    let clients = state["clients"].as_array().into_iter().flatten();
    let sessions = clients.flat_map(|client| client["sessions"].as_array().into_iter().flatten());
    let active = sessions.filter(|session| session["status"] == "active");
    active.filter_map(|session| session["id"].as_str().map(str::to_owned)).collect()
}

/// Returns the IDs of all clients.
fn clients(state: &Value) -> Vec<String> {
    let clients = state["clients"].as_array().into_iter().flatten();
    clients.filter_map(|client| client["id"].as_str().map(str::to_owned)).collect()
}
