//! How an update reaches a webview: as a script that does something only in the documents that follow the state.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
};

use serde_json::Value;
use tauri::{Runtime, Webview};

/// How many documents of a window get updates.
const MOST_PAGES: usize = 4;

/// The names of documents in frames begin with this. Scripts of a webview run in its main document only.
const FRAME: &str = "frame-";

/// The webview of a window that follows the state.
#[derive(Clone)]
pub(super) struct Follower {
    /// The names of the documents that have asked for changes, the newest last.
    pages: VecDeque<String>,
    webview: Arc<dyn Evaluate>,
}

impl Follower {
    /// Adds a document to those that follow, with the webview that shows it.
    pub(super) fn add(follower: &mut Option<Self>, page: &str, webview: &Arc<dyn Evaluate>) {
        if page.starts_with(FRAME) {
            return;
        }
        let new = || Self { pages: VecDeque::new(), webview: webview.clone() };
        let follower = follower.get_or_insert_with(new);
        follower.webview = webview.clone();
        follower.pages.retain(|known| known != page);
        follower.pages.push_back(page.to_owned());
        if follower.pages.len() > MOST_PAGES {
            follower.pages.pop_front();
        }
    }

    pub(super) fn includes(&self, page: &str) -> bool {
        self.pages.iter().any(|known| known == page)
    }

    /// The names of the documents, the newest last.
    #[cfg(test)]
    pub(super) fn pages(&self) -> &VecDeque<String> {
        &self.pages
    }

    /// Sends an update.
    pub(super) fn evaluate(&self, update: &Value) {
        if let Err(error) = self.webview.evaluate(script(&self.pages, update)) {
            // It is being closed.
            tracing::debug!(%error, "an update of the state could not be sent to a window");
        }
    }
}

/// An update that was sent to a window, from one handle to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) from: u64,
    pub(super) to: u64,
    /// Whether the window was told that it was sent. If it asks again, the update got lost.
    pub(super) was_named: bool,
}

type SendUpdates = Box<dyn Fn() + Send + Sync>;

/// Sends updates, one after the other.
#[derive(Default)]
pub(super) struct Updates {
    send: OnceLock<SendUpdates>,
    progress: Progress,
}

impl Updates {
    /// Sends updates with this function from now on.
    pub(super) fn begin(&self, send: impl Fn() + Send + Sync + 'static) {
        // A second call would be that of another Clerk, which an app does not have.
        let _ = self.send.set(Box::new(send));
    }

    /// Sends updates. Changes that come meanwhile are one update.
    pub(super) fn changed(self: &Arc<Self>) {
        if self.send.get().is_none() || !self.progress.begin() {
            return;
        }
        let updates = self.clone();
        // In a thread: a task would wait for the one that has changed the state, and the changes of a large account take time.
        drop(tauri::async_runtime::spawn_blocking(move || {
            loop {
                if let Some(send) = updates.send.get()
                    && catch_unwind(AssertUnwindSafe(send)).is_err()
                {
                    tracing::error!("updates of the state could not be made");
                }
                if updates.progress.end() {
                    return;
                }
            }
        }));
    }
}

/// Whether updates are being sent, and whether the state has changed since that began.
#[derive(Debug, Default)]
struct Progress(AtomicU8);

impl Progress {
    const IDLE: u8 = 0;
    const RUNNING: u8 = 1;
    const AGAIN: u8 = 2;

    /// Returns whether the caller is to send updates. Otherwise, who does that already does it once more.
    fn begin(&self) -> bool {
        let next = |now| Some(if now == Self::IDLE { Self::RUNNING } else { Self::AGAIN });
        // It is never refused.
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).unwrap_or(Self::IDLE) == Self::IDLE
    }

    /// Returns whether the updates that were sent are the newest. Otherwise, the caller sends them once more.
    fn end(&self) -> bool {
        let next = |now| Some(if now == Self::AGAIN { Self::RUNNING } else { Self::IDLE });
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).unwrap_or(Self::IDLE) != Self::AGAIN
    }
}

/// Evaluates a script in a webview.
pub(super) trait Evaluate: Send + Sync {
    /// # Errors
    /// If the webview does not exist any more.
    fn evaluate(&self, script: String) -> tauri::Result<()>;
}

impl<R: Runtime> Evaluate for Webview<R> {
    fn evaluate(&self, script: String) -> tauri::Result<()> {
        self.eval(script)
    }
}

/// Returns the script that gives an update to the guest library (`guest-js/updates.ts`).
fn script(pages: &VecDeque<String>, update: &Value) -> String {
    let is_page: Vec<String> = pages.iter().map(|page| format!("page==={}", literal(page))).collect();
    // As a text, because `__proto__` is not a field of an object that is written out.
    let update = literal(&update.to_string());
    format!(
        "'use strict';(page=>{})(document[Symbol.for('tauri-plugin-clerk.page')])&&\
         dispatchEvent(new CustomEvent('tauri-plugin-clerk.update',{{detail:JSON.parse({update})}}))",
        is_page.join("||")
    )
}

/// Returns a text as JavaScript writes it.
fn literal(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "these are tests")]

    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn progress_lets_one_send_until_nothing_has_changed_meanwhile() {
        let progress = Progress::default();
        assert!(progress.begin() && !progress.begin() && !progress.begin());
        assert!(!progress.end(), "the state has changed");
        assert!(progress.end());
        assert!(progress.begin() && progress.end() && progress.begin());
    }

    /// `updates.test.ts` runs it.
    #[test]
    fn script_is_the_one_that_the_guest_library_is_tested_with() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/update.json");
        let vector: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let pages: VecDeque<String> = serde_json::from_value(vector["pages"].clone()).unwrap();
        let update: Value = serde_json::from_str(vector["update"].as_str().unwrap()).unwrap();
        assert_eq!(script(&pages, &update), vector["script"]);
    }
}
