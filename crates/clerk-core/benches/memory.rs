//! Memory and counts, which are exact: one line of JSON. `cargo xtask bench` reads it.

#![allow(clippy::print_stdout, reason = "this is a program")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing benchmark ends")]

mod support;

use std::sync::Arc;

use allocation_counter::measure;
use clerk_core::{Clerk, LoadOptions};
use serde_json::json;
use support::{Canned, SESSION, core};
use tokio::runtime::Runtime;

/// Loads a core, and returns the bytes that it holds. In one thread, because the allocations of a thread are counted.
fn load(runtime: &Runtime, canned: &Arc<Canned>) -> (Clerk, usize) {
    let mut loaded = None;
    let counted = measure(|| {
        let clerk = core(canned.clone(), |_| {});
        runtime.block_on(clerk.load(LoadOptions::default())).unwrap();
        loaded = Some(clerk);
    });
    (loaded.unwrap(), usize::try_from(counted.bytes_current).unwrap())
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (few, many) = (Canned::new(1_000, false), Canned::new(2_000, false));
    let (_first, small) = load(&runtime, &few);
    let (clerk, large) = load(&runtime, &many);
    let per_membership = (large - small) / 1_000;
    let json_per_membership = (many.clients[0].len() - few.clients[0].len()) / 1_000;

    let equal = core(Canned::new(1_000, true), |_| {});
    runtime.block_on(equal.load(LoadOptions::default())).unwrap();
    let touch = |clerk: &Clerk| runtime.block_on(clerk.sessions().touch(&SESSION.into())).unwrap();
    touch(&equal);
    let revision = equal.snapshot().revision;
    (0..31).for_each(|_| drop(touch(&equal)));
    let equal_revisions = equal.snapshot().revision - revision;

    runtime.block_on(async {
        // The first call may find a token that came with the client.
        clerk.session_token().await.unwrap();
    });
    let reads = measure(|| {
        runtime.block_on(async {
            assert!(clerk.session_token().await.unwrap().is_some());
            assert!(clerk.user().is_some());
        });
    });
    println!(
        "{}",
        json!({
            "bytes_per_membership": per_membership,
            "json_bytes_per_membership": json_per_membership,
            "revisions_of_31_equal_responses": equal_revisions,
            "snapshot_bytes_of_1000_memberships": serde_json::to_vec(&*equal.snapshot_for_window()).unwrap().len(),
            "allocations_of_session_token_and_user": reads.count_total,
        })
    );
}
