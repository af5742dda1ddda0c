//! The time of the apps, which passes only when nothing is to be done at the present moment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use clerk_core::ports::Clock;
use clerk_testkit::clock::TestClock;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// How long nothing may happen before the process is ended: it hangs.
const LONGEST_STILLNESS: Duration = Duration::from_secs(300);
/// How often it is looked whether something is to be done.
const TICK: Duration = Duration::from_millis(1);
/// How long requests and files are waited for while a fault holds responses. Then time passes meanwhile. Otherwise they end by
/// themselves, however slow the machine is, so no time of the apps passes: it would run into their timeouts.
const PATIENCE: Duration = Duration::from_millis(15);

/// Counts requests and file operations in progress.
#[derive(Clone, Default)]
pub(crate) struct Busy(Arc<AtomicUsize>);

/// One of them.
pub(crate) struct Working(Busy);

impl Busy {
    pub(crate) fn begin(&self) -> Working {
        self.0.fetch_add(1, Ordering::AcqRel);
        Working(self.clone())
    }

    fn is_idle(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The control API of the emulator.
pub(crate) struct Control {
    base: String,
    http: reqwest::Client,
}

impl Control {
    pub(crate) fn new(base: &str) -> Self {
        // No connection stays open, which would be among the file handles.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        Self { base: base.to_owned(), http }
    }

    /// Sends a request, and returns the response; `None` if it is refused.
    pub(crate) async fn call(&self, method: Method, path: &str, body: &Value) -> Option<Value> {
        let url = format!("{}/__emulator/v1/{path}", self.base);
        let response = self.http.request(method, url).body(body.to_string()).send().await.unwrap();
        let accepted = response.status().is_success();
        let text = response.text().await.unwrap();
        accepted.then(|| serde_json::from_str(&text).unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        self.call(Method::GET, path, &Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Option<Value> {
        self.call(Method::POST, path, body).await
    }

    /// Approves the e-mail link on its page. Returns the page.
    pub(crate) async fn approve(&self, link: &str) -> String {
        self.http.post(link).send().await.unwrap().text().await.unwrap()
    }
}

/// The clocks.
pub(crate) struct Pace {
    pub(crate) control: Control,
    pub(crate) busy: Busy,
    /// The time of the server.
    pub(crate) clock: Arc<TestClock>,
    /// Whether a fault may hold responses.
    pub(crate) holds: bool,
    ticks: Arc<Notify>,
    /// How often time has passed.
    passes: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
}

impl Pace {
    /// Takes over tokio's clock, which must be paused.
    pub(crate) async fn new(control: Control) -> Self {
        control.post("clock/freeze", &Value::Null).await.unwrap();
        let now_ms = control.get("clock").await.unwrap()["now_ms"].as_i64().unwrap();
        let (ticks, ended) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let passes = Arc::new(AtomicUsize::new(0));
        let (tick, is_over, count) = (ticks.clone(), ended.clone(), passes.clone());
        // While a blocking task runs, tokio does not advance a paused clock by itself.
        tokio::task::spawn_blocking(move || {
            let mut last = (0, Instant::now());
            while !is_over.load(Ordering::Acquire) {
                std::thread::sleep(TICK);
                tick.notify_one();
                let now = count.load(Ordering::Relaxed);
                if now != last.0 {
                    last = (now, Instant::now());
                } else if last.1.elapsed() > LONGEST_STILLNESS {
                    println!("the run hangs");
                    std::process::abort();
                }
            }
        });
        Self {
            control,
            busy: Busy::default(),
            clock: Arc::new(TestClock::at(now_ms)),
            holds: false,
            ticks,
            passes,
            ended,
        }
    }

    /// Waits until no request is in flight and no file is written, or, while responses are held, until that takes too long.
    pub(crate) async fn settle(&self) {
        self.passes.fetch_add(1, Ordering::Relaxed);
        let started = Instant::now();
        let mut idle = 0;
        // What a response leads to may begin in the next moment.
        while idle < 2 && !(self.holds && started.elapsed() >= PATIENCE) {
            self.ticks.notified().await;
            idle = if self.busy.is_idle() { idle + 1 } else { 0 };
        }
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        self.settle().await;
        self.control.post("clock/advance", &json!({ "ms": millis(time) })).await.unwrap();
        tokio::time::advance(time).await;
    }

    /// The computer sleeps: dates go on, timers stand still.
    pub(crate) async fn sleep(&self, time: Duration) {
        self.settle().await;
        self.control.post("clock/advance", &json!({ "ms": millis(time) })).await.unwrap();
        self.clock.jump(i64::try_from(millis(time)).unwrap());
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

/// The clock of one computer, which may be wrong.
pub(crate) struct WrongClock {
    pub(crate) right: Arc<TestClock>,
    pub(crate) error_ms: std::sync::atomic::AtomicI64,
}

impl Clock for WrongClock {
    fn now_ms(&self) -> i64 {
        self.right.now_ms() + self.error_ms.load(Ordering::Relaxed)
    }

    fn monotonic(&self) -> Instant {
        self.right.monotonic()
    }
}
