//! The app is started again while it starts. `tests/single_instance/windows.rs` is the same for Windows.

use std::time::{Duration, SystemTime};

use clerk_e2e::{Desktop, Options, Result, until};

/// How many processes are started while the first one starts.
const AT_ONCE: u64 = 5;

/// The number of starts of a second process: 40, or that in `CLERK_SECOND_STARTS`.
fn starts() -> u64 {
    std::env::var("CLERK_SECOND_STARTS").ok().and_then(|number| number.parse().ok()).unwrap_or(40)
}

/// A sequence of moments within the start of an app, which takes about a second.
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> Duration {
        // Knuth's constants for a linear congruential generator.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis((self.0 >> 33) % 400)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn second_process_at_any_moment_of_a_start_does_not_end_the_first() -> Result<()> {
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    println!("seed {seed}, {} starts of a second process", starts());
    let mut moments = Moments(seed);
    let mut desktop = Desktop::start(Options::default()).await?;
    for round in 0..starts().div_ceil(AT_ONCE) {
        let mut first = None;
        desktop.start_process()?;
        for _ in 0..AT_ONCE {
            tokio::time::sleep(moments.next()).await;
            desktop.start_process()?;
            let owner = desktop.first_process();
            assert!(first.is_none() || owner == first, "round {round} of seed {seed}: {owner:?} replaced {first:?}");
            first = owner;
        }
        let first = match first {
            Some(first) => first,
            None => until("a process owns the app's name", || async { desktop.first_process() }).await?,
        };
        let alone = until(&format!("one process is left in round {round} of seed {seed}"), || async {
            Some(desktop.processes()).filter(|processes| processes.len() == 1)
        })
        .await?;
        assert_eq!(alone, [first], "round {round} of seed {seed}");
        desktop.end_app();
        assert_eq!(desktop.app_processes(), 0);
    }
    // The last one works.
    let window = desktop.start_app().await?;
    window.wait_for_text("status", "ready").await
}
