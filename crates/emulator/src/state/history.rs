//! Past revisions of clients, for responses that are stale on purpose.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

/// Revisions to keep per client.
const REVISIONS: usize = 6;
/// Maximum number of clients with revisions.
const CLIENTS: usize = 100;

/// The newest revisions of clients.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    revisions: HashMap<String, VecDeque<Value>>,
    /// IDs of the clients, the most recently shown last.
    order: VecDeque<String>,
}

impl History {
    /// Records a client as shown. If neither this request nor another one changed it, it replaces the newest revision.
    pub(crate) fn remember(&mut self, client: Value, changed: bool) {
        let Some(id) = client["id"].as_str().map(str::to_owned) else { return };
        self.order.retain(|other| *other != id);
        self.order.push_back(id.clone());
        if self.order.len() > CLIENTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.revisions.remove(&oldest);
        }
        let revisions = self.revisions.entry(id).or_default();
        let same = revisions.back().is_some_and(|newest| newest["updated_at"] == client["updated_at"]);
        if same && !changed {
            revisions.pop_back();
        }
        revisions.push_back(client);
        if revisions.len() > REVISIONS {
            revisions.pop_front();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.revisions.len()
    }

    /// Returns a client as it was some revisions ago, or its oldest revision.
    pub(crate) fn back(&self, id: &str, revisions: usize) -> Option<&Value> {
        let kept = self.revisions.get(id)?;
        kept.get(kept.len().saturating_sub(revisions.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn history_back_counts_revisions() {
        let mut history = History::default();
        for at in 1..=9 {
            history.remember(json!({ "id": "client_1", "updated_at": at }), true);
            // A read is not a revision.
            history.remember(json!({ "id": "client_1", "updated_at": at, "read": true }), false);
        }
        let back = |revisions: usize| history.back("client_1", revisions).map(|client| client["updated_at"].clone());
        assert_eq!((back(0), back(1), back(3)), (Some(json!(9)), Some(json!(8)), Some(json!(6))));
        assert_eq!(back(99), Some(json!(4)), "the oldest that is kept");
        assert!(history.back("client_2", 1).is_none());
    }
}
