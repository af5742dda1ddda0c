//! Speed of the core, each measure beside its limit. `cargo xtask bench` makes a table of the results.

#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing benchmark ends")]

mod support;

use std::{
    hint::black_box,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, RwLock},
    thread,
    time::{Duration, Instant},
};

use clerk_core::{GetTokenParams, HttpTransport, LoadOptions};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use support::{Canned, SESSION, core, runtime, signed_in, typed};
use tokio::runtime::Runtime;

/// Times `rounds` calls in a task of the runtime, where the commands of an app run.
fn in_task<F, T>(runtime: &Runtime, rounds: u64, mut call: impl FnMut() -> F + Send + 'static) -> Duration
where
    F: Future<Output = T> + Send,
    T: Send,
{
    let timed = runtime.spawn(async move {
        let start = Instant::now();
        for _ in 0..rounds {
            black_box(call().await);
        }
        start.elapsed()
    });
    runtime.block_on(timed).unwrap()
}

/// `get_token` and `session_token()` from the cache, beside the least that shared data costs.
fn tokens(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("tokens");
    let shared: RwLock<Arc<str>> = RwLock::new("a token".into());
    group.bench_function("limit", |bencher| bencher.iter(|| shared.read().unwrap().clone()));
    for memberships in [1, 10_000] {
        let clerk = runtime.block_on(signed_in(memberships));
        runtime.block_on(async {
            assert!(clerk.session_token().await.unwrap().is_some());
        });
        group.bench_function(BenchmarkId::new("get_token", memberships), |bencher| {
            bencher.iter_custom(|rounds| {
                runtime.block_on(async {
                    let start = Instant::now();
                    for _ in 0..rounds {
                        black_box(clerk.get_token(GetTokenParams::new(SESSION)).await.unwrap());
                    }
                    start.elapsed()
                })
            });
        });
        group.bench_function(BenchmarkId::new("session_token", memberships), |bencher| {
            bencher.iter_custom(|rounds| {
                runtime.block_on(async {
                    let start = Instant::now();
                    for _ in 0..rounds {
                        black_box(clerk.session_token().await.unwrap());
                    }
                    start.elapsed()
                })
            });
        });
    }
}

/// What app code reads.
fn reading(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("reading");
    for memberships in [1, 10_000] {
        let clerk = runtime.block_on(signed_in(memberships));
        group.bench_function(BenchmarkId::new("user", memberships), |bencher| bencher.iter(|| clerk.user()));
        group.bench_function(BenchmarkId::new("session", memberships), |bencher| bencher.iter(|| clerk.session()));
        group.bench_function(BenchmarkId::new("snapshot", memberships), |bencher| bencher.iter(|| clerk.snapshot()));
    }
}

/// Reading and applying a response whose client has changed, from the bytes to the state that listeners see, beside serde's derived
/// code for the same bytes.
fn applying(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("applying");
    for memberships in [1, 100, 1_000, 10_000] {
        let canned = Canned::new(memberships, false);
        let bytes = canned.touches[0].clone();
        group.bench_function(BenchmarkId::new("limit", memberships), |bencher| {
            bencher.iter(|| serde_json::from_slice::<typed::Envelope>(&bytes).unwrap());
        });
        let clerk = core(canned, |_| {});
        runtime.block_on(clerk.load(LoadOptions::default())).unwrap();
        group.bench_function(BenchmarkId::new("response", memberships), |bencher| {
            bencher.iter_custom(|rounds| {
                let clerk = clerk.clone();
                in_task(&runtime, rounds, move || {
                    let sessions = clerk.sessions();
                    async move { sessions.touch(&SESSION.into()).await.unwrap() }
                })
            });
        });
    }
}

/// A server that responds from memory, on connections that stay open.
fn serve(canned: Arc<Canned>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let canned = canned.clone();
            thread::spawn(move || respond(&stream, &canned));
        }
    });
    port
}

fn respond(mut stream: &TcpStream, canned: &Canned) {
    stream.set_nodelay(true).unwrap();
    let mut received = Vec::new();
    let mut part = [0; 4096];
    loop {
        while let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..end]).into_owned();
            let mut words = head.split([' ', '?']);
            let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let body = canned.body(method, path);
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
            if stream.write_all(&[head.as_bytes(), &body].concat()).is_err() {
                return;
            }
            received.drain(..end + 4);
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(length) => received.extend_from_slice(&part[..length]),
        }
    }
}

/// `load` without a stored state, beside two parallel requests with the same settings.
fn loading(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("loading");
    for memberships in [1, 100, 1_000] {
        let port = serve(Canned::new(memberships, false));
        let origin = format!("http://127.0.0.1:{port}");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        group.bench_function(BenchmarkId::new("limit", memberships), |bencher| {
            bencher.iter_custom(|rounds| {
                let (http, origin) = (http.clone(), origin.clone());
                in_task(&runtime, rounds, move || {
                    let get = |path: &str| {
                        let request = http.get(format!("{origin}{path}"));
                        async { request.send().await.unwrap().bytes().await.unwrap() }
                    };
                    let (client, environment) = (get("/v1/client"), get("/v1/environment"));
                    async { tokio::join!(client, environment) }
                })
            });
        });
        let transport = Arc::new(HttpTransport::new());
        group.bench_function(BenchmarkId::new("load", memberships), |bencher| {
            bencher.iter_custom(|rounds| {
                let (transport, origin) = (transport.clone(), origin.clone());
                in_task(&runtime, rounds, move || {
                    let clerk = core(transport.clone(), |setup| setup.instance.proxy_url = Some(origin.clone()));
                    async move { clerk.load(LoadOptions::default()).await.unwrap() }
                })
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    targets = tokens, reading, applying, loading
}
criterion_main!(benches);
