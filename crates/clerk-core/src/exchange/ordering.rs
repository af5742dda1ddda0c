//! Which reply is newer.
//!
//! Requests run at the same time and their answers arrive in any order. An answer that was overtaken must change
//! neither the client nor the client token. Pure: no I/O, no clock.

use crate::models::{Client, ClientId, UnixMillis};

/// Marks a request when it is sent, and its answer when it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    sequence: u64,
    epoch: u64,
}

/// Decides whether an answer may still change something.
#[derive(Debug, Default)]
pub(crate) struct OrderGate {
    next: u64,
    epoch: u64,
    client: u64,
    token: u64,
}

impl OrderGate {
    /// Marks a request that is about to be sent.
    pub(crate) fn stamp(&mut self) -> Stamp {
        self.next += 1;
        Stamp { sequence: self.next, epoch: self.epoch }
    }

    /// Makes every request that is under way too late: its answer belongs to another owner of the state.
    pub(crate) fn begin_epoch(&mut self) {
        self.epoch += 1;
    }

    /// Whether the answer marked `stamp` may replace the client token. If so, it is now the newest.
    pub(crate) fn admit_token(&mut self, stamp: Stamp) -> bool {
        let admitted = stamp.epoch == self.epoch && stamp.sequence > self.token;
        if admitted {
            self.token = stamp.sequence;
        }
        admitted
    }

    /// Whether the client in the answer marked `stamp` may replace `held`. If so, it is now the newest.
    ///
    /// The server's `updated_at` decides between two states of the same client, because it grows with each change: an
    /// old state is refused even in a late answer, and a newer one is taken even from an answer that was overtaken.
    /// The order of the requests decides the rest.
    pub(crate) fn admit_client(&mut self, stamp: Stamp, held: Option<&Client>, incoming: &Client) -> bool {
        let later = stamp.sequence > self.client;
        let key = |client: &Client| -> (ClientId, UnixMillis) { (client.id.clone(), client.updated_at) };
        let admitted = stamp.epoch == self.epoch
            && match held.map(key) {
                Some((id, updated_at)) if id == incoming.id && updated_at != incoming.updated_at => {
                    incoming.updated_at > updated_at
                }
                _ => later,
            };
        if admitted {
            self.client = self.client.max(stamp.sequence);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str, updated_at: i64) -> Client {
        Client { id: id.into(), updated_at: UnixMillis(updated_at), ..Client::default() }
    }

    #[test]
    fn an_overtaken_answer_with_an_old_state_is_refused() {
        let mut gate = OrderGate::default();
        let (slow, fast) = (gate.stamp(), gate.stamp());
        let newer = client("client_1", 20);
        assert!(gate.admit_client(fast, None, &newer));
        assert!(!gate.admit_client(slow, Some(&newer), &client("client_1", 10)));
        assert!(!gate.admit_client(slow, Some(&newer), &newer));
    }

    #[test]
    fn an_overtaken_answer_with_a_newer_state_is_taken() {
        let mut gate = OrderGate::default();
        let (slow, fast) = (gate.stamp(), gate.stamp());
        let held = client("client_1", 20);
        assert!(gate.admit_client(fast, None, &held));
        assert!(gate.admit_client(slow, Some(&held), &client("client_1", 30)));
    }

    #[test]
    fn a_later_answer_with_an_old_state_of_the_same_client_is_refused() {
        let mut gate = OrderGate::default();
        let held = client("client_1", 20);
        let first = gate.stamp();
        assert!(gate.admit_client(first, None, &held));
        let second = gate.stamp();
        assert!(!gate.admit_client(second, Some(&held), &client("client_1", 10)));
    }

    #[test]
    fn another_client_is_taken_by_the_order_of_requests() {
        let mut gate = OrderGate::default();
        let (slow, fast) = (gate.stamp(), gate.stamp());
        let held = client("client_2", 20);
        assert!(gate.admit_client(fast, Some(&client("client_1", 99)), &held));
        assert!(!gate.admit_client(slow, Some(&held), &client("client_1", 100)));
    }

    #[test]
    fn an_overtaken_answer_does_not_bring_its_token_back() {
        let mut gate = OrderGate::default();
        let (slow, fast) = (gate.stamp(), gate.stamp());
        assert!(gate.admit_token(fast));
        assert!(!gate.admit_token(slow));
        let later = gate.stamp();
        assert!(gate.admit_token(later));
    }

    #[test]
    fn a_new_epoch_refuses_everything_that_is_under_way() {
        let mut gate = OrderGate::default();
        let under_way = gate.stamp();
        gate.begin_epoch();
        assert!(!gate.admit_token(under_way));
        assert!(!gate.admit_client(under_way, None, &client("client_1", 1)));
        let fresh = gate.stamp();
        assert!(gate.admit_token(fresh));
    }
}
