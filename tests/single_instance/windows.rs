//! On Windows, a second process sends its arguments as a window message. WebView2 delivers messages while it starts, long before
//! Tauri says that the app is ready.

use std::{
    cell::RefCell,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    time::{Duration, Instant, SystemTime},
};

use clerk::storage::MemoryStore;
use serde_json::json;
use tao::{
    event_loop::{ControlFlow, EventLoop, EventLoopBuilder},
    platform::run_return::EventLoopExtRunReturn,
};
use tauri::{
    Runtime,
    plugin::{Builder, Plugin, TauriPlugin},
    test::{MockRuntime, mock_builder, mock_context, noop_assets},
};
use tauri_plugin_deep_link::DeepLinkExt;

pub(crate) const TESTS: &[(&str, fn())] = &[
    (
        "second_process_at_any_moment_of_a_start_does_not_end_the_first_and_loses_no_link",
        second_process_at_any_moment_of_a_start_does_not_end_the_first_and_loses_no_link,
    ),
    (
        "single_instance_registered_by_the_app_and_by_clerk_ends_with_a_message",
        single_instance_registered_by_the_app_and_by_clerk_ends_with_a_message,
    ),
];

/// Runs the app of a test.
pub(crate) fn run_app(role: &str) {
    const TWICE: &str = "com.example.registered-twice";
    let own = || tauri_plugin_single_instance::init(|_, _, _| {});
    match role {
        "app first" => {
            let error = mock_builder().plugin(own()).plugin(clerk_plugin()).build(context(TWICE)).unwrap_err();
            println!("{error}");
        }
        "clerk first" => {
            let built = mock_builder().plugin(clerk_plugin()).plugin(own()).build(context(TWICE));
            println!("not reached: {:?}", built.map(|_| ()));
        }
        _ => run_until_ended(),
    }
}

const SCHEME: &str = "clerk-second-start";
/// How long a webview takes to start.
const WEBVIEW_START: Duration = Duration::from_millis(300);
const LIMIT: Duration = Duration::from_secs(60);

thread_local! {
    static MESSAGES: RefCell<EventLoop<()>> =
        RefCell::new(EventLoopBuilder::new().build());
}

/// Delivers the messages of this thread for some time.
fn deliver_messages(time: Duration) {
    let end = Instant::now() + time;
    MESSAGES.with_borrow_mut(|messages| {
        messages.run_return(|_, _, flow| {
            *flow = if Instant::now() < end { ControlFlow::WaitUntil(end) } else { ControlFlow::ExitWithCode(0) };
        });
    });
}

/// Delivers messages where WebView2 does: when Tauri has asked all plugins before it for their scripts.
struct WebviewStart(TauriPlugin<MockRuntime>);

impl Plugin<MockRuntime> for WebviewStart {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn initialization_script(&self) -> Option<String> {
        println!("webview starts");
        deliver_messages(WEBVIEW_START);
        None
    }
}

fn clerk_plugin<R: Runtime>() -> impl Plugin<R> {
    clerk::Builder::new().secret_store(MemoryStore::default()).keep_state(false).build()
}

/// The tests run at the same time, so each has an app of its own.
fn context(identifier: &str) -> tauri::Context<MockRuntime> {
    let mut context = mock_context(noop_assets());
    let config = context.config_mut();
    config.identifier = identifier.to_owned();
    config.plugins.0.insert("deep-link".to_owned(), json!({ "desktop": { "schemes": [SCHEME] } }));
    context
}

/// Runs an app with one window until it is ended. A second process ends in `build`.
fn run_until_ended() {
    let app = mock_builder()
        .plugin(clerk_plugin())
        .plugin(WebviewStart(Builder::new("webview-start").build()))
        .build(context("com.example.second-start"))
        .unwrap();
    app.deep_link().on_open_url(|event| event.urls().iter().for_each(|url| println!("link {url}")));
    println!("first");
    tauri::WebviewWindowBuilder::new(&app, "main", Default::default()).build().unwrap();
    deliver_messages(LIMIT);
}

/// A process that runs one of these tests as an app.
struct Process {
    number: u64,
    child: Child,
}

impl Process {
    fn start(number: u64, lines: &Sender<(u64, String)>) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(format!("{SCHEME}://open/{number}"))
            .env(crate::ROLE, "app")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (output, lines) = (child.stdout.take().unwrap(), lines.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = lines.send((number, line));
            }
        });
        Self { number, child }
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the processes of one round have printed.
struct Output {
    lines: Receiver<(u64, String)>,
    firsts: Vec<u64>,
    links: Vec<u64>,
}

impl Output {
    /// Reads until no process has printed anything for a moment.
    fn read(&mut self, wait: Duration) {
        loop {
            match self.lines.recv_timeout(wait) {
                Ok((number, text)) if text.ends_with("first") => self.firsts.push(number),
                Ok((_, text)) => {
                    let link = text.split_once("link ").and_then(|(_, url)| url.rsplit('/').next());
                    self.links.extend(link.and_then(|number| number.parse::<u64>().ok()));
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

/// The number of starts of a second process: 20, or that in `CLERK_SECOND_STARTS`.
fn starts() -> u64 {
    std::env::var("CLERK_SECOND_STARTS").ok().and_then(|number| number.parse().ok()).unwrap_or(20)
}

fn second_process_at_any_moment_of_a_start_does_not_end_the_first_and_loses_no_link() {
    const AT_ONCE: u64 = 5;
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let mut moment = u64::try_from(seed).unwrap();
    println!("seed {seed}, {} starts of a second process", starts());
    for round in 0..starts().div_ceil(AT_ONCE) {
        let (sender, lines) = mpsc::channel();
        let mut output = Output { lines, firsts: Vec::new(), links: Vec::new() };
        let mut processes = vec![Process::start(0, &sender)];
        for number in 1..=AT_ONCE {
            // Knuth's constants for a linear congruential generator.
            moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            output.read(Duration::from_millis((moment >> 33) % 200));
            processes.push(Process::start(number, &sender));
        }
        let deadline = Instant::now() + LIMIT;
        let is_settled = |output: &Output, processes: &mut [Process]| {
            let running = processes.iter_mut().map(Process::is_running).filter(|running| *running).count();
            running <= 1 && output.links.len() >= usize::try_from(AT_ONCE).unwrap()
        };
        while !is_settled(&output, &mut processes) && Instant::now() < deadline {
            output.read(Duration::from_millis(50));
        }
        let running: Vec<u64> =
            processes.iter_mut().filter_map(|process| process.is_running().then_some(process.number)).collect();
        assert_eq!(output.firsts.len(), 1, "round {round} of seed {seed}: {:?} were the first", output.firsts);
        assert_eq!(running, output.firsts, "round {round} of seed {seed}: the first process is left, and no other");
        let first = output.firsts[0];
        output.links.sort_unstable();
        let handed_over: Vec<u64> = output.links.iter().copied().filter(|number| *number != first).collect();
        let expected: Vec<u64> = (0..=AT_ONCE).filter(|number| *number != first).collect();
        assert_eq!(handed_over, expected, "round {round} of seed {seed}: links of the second processes");
    }
}

fn single_instance_registered_by_the_app_and_by_clerk_ends_with_a_message() {
    for role in ["app first", "clerk first"] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let output = command.env(crate::ROLE, role).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains("single_instance(false)"), "{role}: {text}");
        assert!(!text.contains("not reached"), "{role}: {text}");
    }
}
