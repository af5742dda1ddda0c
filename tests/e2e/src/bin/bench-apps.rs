//! `cargo xtask bench --apps`: whole apps in real windows. Prints one line of JSON.
//!
//! Runs of the app with the plugin and of its peers alternate, because machines are busy at times.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures and the progress are there to be read")]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clerk_e2e::{App, Desktop, Options, Result, until};
use clerk_emulator::{Action, Config, Fault};
use serde_json::{Value, json};

/// The name on the bus that single-instance takes.
const BUS_NAME: &str = "com.example.clerk-measurements.clerk.SingleInstance";
/// After this time without anything to do, the memory of an app is read.
const IDLE: Duration = Duration::from_secs(3);
/// How late the Frontend API responds, for the comparison with clerk-js.
const LATE_MS: u64 = 150;

/// How often each measure is repeated, and with how many windows a change is measured.
struct Plan {
    starts: usize,
    memory: usize,
    windows: &'static [usize],
}

const FULL: Plan = Plan { starts: 15, memory: 5, windows: &[1, 10, 50] };
const QUICK: Plan = Plan { starts: 5, memory: 3, windows: &[1, 10] };

/// One of the two apps, with a page.
#[derive(Clone, Copy)]
struct Page {
    program: &'static str,
    page: &'static str,
}

const STATIC: Page = Page { program: "bench-bare", page: "static" };
const CLERK: Page = Page { program: "bench-clerk", page: "clerk" };
const CLERK_JS: Page = Page { program: "bench-bare", page: "clerk-js" };

struct Bench {
    desktop: Desktop,
    programs: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (programs, plan) = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [programs] => (PathBuf::from(programs), FULL),
        [programs, "--quick"] => (PathBuf::from(programs), QUICK),
        _ => return Err("usage: bench-apps FOLDER [--quick]; the folder has the apps".into()),
    };
    let mut options = Options::new(App::Desktop);
    options.browser = false;
    options.instance = Config::demo("clerk-measurements://callback");
    // clerk-js sends its token from a page.
    options.instance.native_api.allowed_origins = vec!["tauri://localhost".to_owned()];
    let bench = Bench { desktop: Desktop::start(options).await?, programs };
    println!("{}", bench.measure(&plan).await?);
    Ok(())
}

impl Bench {
    async fn measure(&self, plan: &Plan) -> Result<Value> {
        let emulator = self.desktop.emulator();
        let user = [("BENCH_USER", "ada+clerk_test@example.com"), ("BENCH_PASSWORD", "correct-horse-battery")];
        let mut app = self.start(Page { page: "", ..CLERK }, &user)?;
        let signed_in = app.figure("signed-in").await?;
        if signed_in["value"]["Err"] != Value::Null {
            return Err(format!("the app could not sign in: {signed_in}").into());
        }
        self.end(app).await?;
        // The first starts fill the caches of the system.
        for page in [STATIC, CLERK] {
            self.idle_memory(page).await?;
        }
        let mut memory = [Vec::new(), Vec::new()];
        for _ in 0..plan.memory {
            for (page, memory) in [STATIC, CLERK].into_iter().zip(&mut memory) {
                memory.push(self.idle_memory(page).await?);
            }
        }
        eprintln!("memory: done");
        emulator.fault(Fault::new("*", Action::Hold));
        let silent = self.starts(&[STATIC, CLERK], plan.starts).await?;
        emulator.clear_faults();
        eprintln!("starts without a response: done");
        emulator.fault(Fault::new("*", Action::Latency { ms: LATE_MS }));
        let late = self.starts(&[STATIC, CLERK, CLERK_JS], plan.starts).await?;
        emulator.clear_faults();
        eprintln!("starts with late responses: done");
        let ipc = self.ipc().await?;
        eprintln!("IPC: done");
        let mut changes = Vec::new();
        for windows in plan.windows {
            changes.push(self.changes(*windows).await?);
            eprintln!("changes with {windows} windows: done");
        }
        let [bare, clerk] = memory.map(median);
        Ok(json!({
            "memory": { "bare": bare, "clerk": clerk },
            "binary": { "bare": self.stripped(STATIC)?, "clerk": self.stripped(CLERK)? },
            "silent": silent,
            "late": late,
            "ipc": ipc,
            "changes": changes,
        }))
    }

    fn start(&self, page: Page, more: &[(&str, &str)]) -> Result<Measured> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3;
        let mut command = self.desktop.command(&self.programs.join(page.program));
        command.env("BENCH_PAGE", page.page).env("BENCH_START", now.to_string()).env("RUST_LOG", "off");
        command.envs(more.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::null());
        Measured::start(&mut command)
    }

    /// Ends an app, and waits until the next one is not taken for its second process.
    async fn end(&self, app: Measured) -> Result<()> {
        drop(app);
        until("the app is off the bus", || async { (!self.desktop.has_owner(BUS_NAME)).then_some(()) }).await
    }

    /// Measures from the start of the process until the name of the user is painted, page by page. Returns the medians.
    async fn starts(&self, pages: &[Page], times: usize) -> Result<Value> {
        let mut all = vec![Vec::new(); pages.len()];
        for _ in 0..times {
            for (page, times) in pages.iter().zip(&mut all) {
                let token = if page.page == CLERK_JS.page { self.client_token().await? } else { String::new() };
                let mut app = self.start(*page, &[("BENCH_CLIENT_TOKEN", &token)])?;
                let painted = app.figure("painted").await.map_err(|error| format!("{}: {error}", page.page))?;
                times.push(painted["ms"].as_f64().unwrap_or_default());
                self.end(app).await?;
            }
        }
        // Runs of one round were made one after the other.
        let above: Vec<f64> = all[0].iter().zip(&all[1]).map(|(bare, clerk)| clerk - bare).collect();
        let medians = pages.iter().zip(all).map(|(page, times)| (page.page, json!(median(times))));
        let mut report = Value::Object(medians.map(|(page, median)| (page.to_owned(), median)).collect());
        report["paired"] = json!(median(above));
        Ok(report)
    }

    /// Signs in as a client without cookies, and returns its token.
    async fn client_token(&self) -> Result<String> {
        let url = format!("{}/v1/client/sign_ins?_is_native=1", self.desktop.emulator().base_url());
        let form = [("identifier", "ada+clerk_test@example.com"), ("password", "correct-horse-battery")];
        // A browser sends such a form with this type.
        let response = reqwest::Client::new()
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish())
            .send()
            .await?;
        let token = response.headers().get("authorization").ok_or("the sign-in returned no client token")?;
        Ok(token.to_str()?.to_owned())
    }

    /// Returns the proportional share of memory of the app's own process, in bytes, when it has nothing to do.
    async fn idle_memory(&self, page: Page) -> Result<f64> {
        let mut app = self.start(page, &[])?;
        app.figure("painted").await?;
        tokio::time::sleep(IDLE).await;
        let memory = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", app.child.id()))?;
        let line = memory.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("the system reports no PSS")?;
        self.end(app).await?;
        Ok(kilobytes.trim().parse::<f64>()? * 1024.0)
    }

    async fn ipc(&self) -> Result<Value> {
        let mut app = self.start(Page { page: "ipc", ..CLERK }, &[])?;
        let mut report = serde_json::Map::new();
        for name in ["ipc-1", "ipc-16"] {
            let figure = app.figure(name).await?;
            let of = |what: &str| median(numbers(&figure["value"][what]));
            report.insert(name.to_owned(), json!({ "token": of("token"), "constant": of("constant") }));
        }
        self.end(app).await?;
        Ok(Value::Object(report))
    }

    async fn changes(&self, windows: usize) -> Result<Value> {
        let mut app = self.start(Page { page: "changes", ..CLERK }, &[("BENCH_WINDOWS", &windows.to_string())])?;
        let figure = app.figure("changes").await?;
        self.end(app).await?;
        let of = |what: &str| median(numbers(&figure["value"][what]));
        Ok(json!({ "windows": windows, "change": of("change"), "event": of("event") }))
    }

    /// Returns the size of a program without its symbols.
    fn stripped(&self, page: Page) -> Result<u64> {
        let copy = self.desktop.files().join(page.program);
        let status =
            Command::new("strip").arg("-o").arg(&copy).arg(self.programs.join(page.program)).status()?.success();
        if status { Ok(std::fs::metadata(&copy)?.len()) } else { Err("strip failed".into()) }
    }
}

/// A running app. Dropping it ends it.
struct Measured {
    child: Child,
    figures: Receiver<Value>,
}

impl Measured {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .spawn()
            .map_err(|error| format!("{} could not be started: {error}", Path::new(command.get_program()).display()))?;
        let (sender, figures) = channel();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                let lines = BufReader::new(output).lines().map_while(std::result::Result::ok);
                let mut figures = lines.filter_map(|line| serde_json::from_str(&line).ok());
                figures.try_for_each(|figure| sender.send(figure))
            });
        }
        Ok(Self { child, figures })
    }

    /// Waits until the app reports a figure. Ignores others.
    ///
    /// # Errors
    /// If it reports a problem or its end instead, or nothing.
    async fn figure(&mut self, name: &str) -> Result<Value> {
        let is_last = |figure: &Value| [name, "problem", "done"].iter().any(|last| figure["name"] == *last);
        let figure =
            until(&format!("the app reports {name}"), || async { self.figures.try_iter().find(is_last) }).await?;
        if figure["name"] == name { Ok(figure) } else { Err(format!("the app did not report {name}: {figure}").into()) }
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
